import sys

import numpy as np
import pytest
from PIL import Image

from aezoo import pictures


def tiles(n, h=64, w=64, c=1):
    return np.arange(n, dtype=np.uint8).repeat(h * w * c).reshape(n, h, w, c)


def test_a_grid_places_images_row_by_row():
    picture = pictures.grid(tiles(5, c=3), columns=3, pad=2)
    assert picture.shape == (2 * 66 + 2, 3 * 66 + 2, 3)
    assert picture.dtype == np.uint8
    for index in range(5):
        top, left = 2 + 66 * (index // 3), 2 + 66 * (index % 3)
        assert (picture[top : top + 64, left : left + 64] == index).all()
    assert (picture[68:, 2 + 2 * 66 :] == 255).all()
    assert (picture[:2] == 255).all()


@pytest.mark.parametrize(("n", "expected"), [(1, (1, 1)), (4, (2, 2)), (10, (3, 4)), (64, (8, 8))])
def test_a_grid_is_about_square(n, expected):
    height, width, _ = pictures.grid(tiles(n), pad=0).shape
    assert (height // 64, width // 64) == expected


@pytest.mark.parametrize(("side", "shown"), [(8, 56), (28, 56), (33, 66), (56, 56), (64, 64)])
def test_small_images_are_enlarged_by_a_whole_factor(side, shown):
    assert pictures.grid(tiles(1, side, side), pad=0).shape == (shown, shown, 1)
    assert pictures.grid(tiles(1, side, side), pad=0, scale=1).shape == (side, side, 1)


def test_enlarging_repeats_pixels():
    image = np.array([[[0], [255]]], np.uint8)[None]
    picture = pictures.grid(image, pad=0, scale=3)
    assert picture[..., 0].tolist() == [[0, 0, 0, 255, 255, 255]] * 3


def test_floats_are_scaled_to_pixels():
    assert (pictures.grid(np.full((1, 64, 64, 1), 0.5), pad=0) == 128).all()


def test_pairs_put_each_reconstruction_under_its_original():
    originals, reconstructions = tiles(5), tiles(5) + 100
    picture = pictures.pairs(originals, reconstructions, columns=3, pad=2)
    pair = 2 * 66 + 2
    assert picture.shape == (2 * pair + 2, 3 * 66 + 2, 1)
    for index in range(5):
        top, left = (pair + 2) * (index // 3) + 2, 2 + 66 * (index % 3)
        assert (picture[top : top + 64, left : left + 64] == index).all()
        assert (picture[top + 66 : top + 130, left : left + 64] == index + 100).all()
    assert (picture[pair : pair + 4] == 255).all()
    assert (picture[pair:, 2 + 2 * 66 :] == 255).all()


@pytest.mark.parametrize("pad", [0, 1, 5])
def test_pairs_of_one_image(pad):
    picture = pictures.pairs(tiles(1), tiles(1), pad=pad)
    assert picture.shape == (2 * 64 + 3 * pad, 64 + 2 * pad, 1)


@pytest.mark.parametrize(
    "samples",
    [np.zeros((4, 16)), np.zeros((4, 28, 28)), np.zeros((4, 8, 8, 2)), np.zeros((4, 5, 8, 8, 3))],
)
def test_samples_that_are_no_images_are_refused(samples):
    with pytest.raises(ValueError, match=r"Only images .*Received: images.shape="):
        pictures.grid(samples)
    with pytest.raises(ValueError, match="Only images"):
        pictures.pairs(samples, samples)


@pytest.mark.parametrize(
    "arguments", [{"columns": 0}, {"columns": 2.5}, {"pad": -1}, {"scale": 0}, {"scale": "2"}]
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="must be an integer of at least"):
        pictures.grid(tiles(2), **arguments)
    with pytest.raises(ValueError, match="must be an integer of at least"):
        pictures.pairs(tiles(2), tiles(2), **arguments)


def test_pairs_must_match():
    with pytest.raises(ValueError, match="must have the same shape"):
        pictures.pairs(tiles(2), tiles(3))


HISTORY = {
    "kl": [1.0, 2.0, 3.0],
    "loss": [9.0, 5.0, 4.0],
    "val_kl": [1.0, 2.2, 3.3],
    "val_loss": [9.0, 6.0, 5.0],
    "nll": [8.0, 3.0, float("nan")],
}


def test_the_loss_plot_draws_training_and_validation(tmp_path):
    pictures.loss_plot(HISTORY, tmp_path / "loss.png")
    pixels = np.asarray(Image.open(tmp_path / "loss.png")).astype(int)
    assert pixels.shape[1] > 2 * pixels.shape[0]
    blue = (abs(pixels - [31, 119, 180]).sum(-1) < 30).sum(0)
    orange = (abs(pixels - [255, 127, 14]).sum(-1) < 30).sum(0)
    thirds = np.array_split(np.arange(pixels.shape[1]), 3)
    assert all(blue[third].sum() > 50 for third in thirds)
    assert [bool(orange[third].sum() > 50) for third in thirds] == [True, True, False]


def test_the_loss_plot_leaves_pyplot_alone(tmp_path):
    sys.modules.pop("matplotlib.pyplot", None)
    pictures.loss_plot({"loss": [1.0]}, tmp_path / "loss.png")
    assert "matplotlib.pyplot" not in sys.modules


def test_the_loss_plot_replaces_nothing_unasked(tmp_path):
    path = tmp_path / "loss.png"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        pictures.loss_plot(HISTORY, path)
    assert path.read_bytes() == b"old"
    pictures.loss_plot(HISTORY, path, overwrite=True)
    assert path.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("history", [{}, {"loss": []}])
def test_an_empty_history_is_refused(tmp_path, history):
    with pytest.raises(ValueError, match="at least one epoch"):
        pictures.loss_plot(history, tmp_path / "loss.png")


def test_a_row_aligns_images_of_any_size_at_the_top():
    first, second = np.zeros((2, 3, 1)), np.full((4, 1, 3), 0.5)
    picture = pictures.row([first, second], pad=1)
    assert picture.shape == (6, 7, 3)
    assert (picture[1:3, 1:4] == 0).all()
    assert (picture[1:5, 5] == 128).all()
    rest = picture.copy()
    rest[1:3, 1:4] = rest[1:5, 5] = 255
    assert (rest == 255).all()


def test_a_row_needs_images():
    with pytest.raises(ValueError, match="at least one image"):
        pictures.row([])


def shown(path):
    """The pixels and durations of an animation."""
    with Image.open(path) as image:
        frames = []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append((np.asarray(image.convert("RGB")), image.info["duration"]))
        return frames, image.info["loop"]


def test_an_animation_runs_there_and_back(tmp_path):
    frames = [np.full((6, 9, 1), level, np.uint8) for level in (0, 100, 255)]
    pictures.animation(frames, tmp_path / "a.gif", milliseconds=50)
    found, loop = shown(tmp_path / "a.gif")
    assert [pixels.max() for pixels, _ in found] == [0, 100, 255, 100]
    assert {duration for _, duration in found} == {50}
    assert loop == 0
    assert found[0][0].shape == (6, 9, 3)
    pictures.animation(frames, tmp_path / "b.gif", there_and_back=False)
    assert len(shown(tmp_path / "b.gif")[0]) == 3


def test_an_animation_keeps_every_grey_and_is_close_to_colours(tmp_path):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    pictures.animation([ramp, ramp[::-1]], tmp_path / "grey.gif")
    found, _ = shown(tmp_path / "grey.gif")
    np.testing.assert_array_equal(found[1][0], ramp[::-1].repeat(3, axis=-1))
    colours = np.stack(np.meshgrid(*[np.linspace(0, 1, 20)] * 2), axis=-1)
    colours = np.concatenate([colours, 1 - colours[..., :1]], axis=-1)
    pictures.animation([colours], tmp_path / "colour.gif")
    found, _ = shown(tmp_path / "colour.gif")
    assert np.abs(found[0][0] / 255 - colours).mean() < 0.03


@pytest.mark.parametrize(
    ("frames", "name", "options", "problem"),
    [
        ([], "a.gif", {}, "at least one picture"),
        ([np.zeros((2, 2, 1)), np.zeros((2, 3, 1))], "a.gif", {}, "all of one shape"),
        ([np.zeros((2, 2))], "a.gif", {}, "Only images"),
        ([np.zeros((2, 2, 1))], "a.png", {}, "written as .gif"),
        ([np.zeros((2, 2, 1))], "a.gif", {"milliseconds": 0}, "at least 20"),
    ],
)
def test_what_is_no_animation_is_refused(tmp_path, frames, name, options, problem):
    with pytest.raises(ValueError, match=problem):
        pictures.animation(frames, tmp_path / name, **options)
    assert not [*tmp_path.iterdir()]


def test_an_animation_replaces_nothing_unasked(tmp_path):
    (tmp_path / "a.gif").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        pictures.animation([np.zeros((2, 2, 1))], tmp_path / "a.gif")
    assert (tmp_path / "a.gif").read_bytes() == b"old"
    pictures.animation([np.zeros((2, 2, 1))], tmp_path / "a.gif", overwrite=True)
    assert (tmp_path / "a.gif").read_bytes()[:3] == b"GIF"
