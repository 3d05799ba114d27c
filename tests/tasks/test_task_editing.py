"""Editing images by their codes: formulas, mistakes, the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo import tasks
from aezoo.baseline import PCABaseline
from aezoo.cli import main
from aezoo.data import Dataset
from aezoo.tasks import editing

FADE = 0.2


class Linear:
    """A model whose decoder is a matrix, so that formulas can be checked."""

    sample_shape, code_shape, token_shape = (4, 4, 1), (3,), None

    class engine:
        has = staticmethod(lambda function: False)

    def __init__(self):
        basis = np.linalg.qr(np.random.default_rng(0).standard_normal((16, 3)))[0]
        self.basis = basis.astype("float32")

    def encode(self, x):
        x = np.asarray(x)
        x = x / 255 if x.dtype == np.uint8 else x
        return (x.reshape(len(x), -1) @ self.basis).astype("float32")

    def decode(self, z):
        return (z @ self.basis.T).reshape(-1, *self.sample_shape)


@pytest.fixture(scope="module")
def model():
    return aezoo.load("vae.digits", engine="onnx")


@pytest.fixture(scope="module")
def to_eight(model, digits):
    return editing.attribute_direction(model, digits[0].examples(8), digits[0].examples(3))


@pytest.fixture
def x():
    return np.random.default_rng(1).uniform(0.4, 0.6, (6, 4, 4, 1)).astype("float32")


def test_a_direction_is_the_difference_of_mean_codes(x):
    linear = Linear()
    direction = editing.attribute_direction(linear, x[:2], x[2:])
    expected = linear.encode(x[:2].mean(0)[None])[0] - linear.encode(x[2:].mean(0)[None])[0]
    np.testing.assert_allclose(direction, expected, atol=1e-6)
    assert direction.dtype == np.float32
    np.testing.assert_array_equal(editing.attribute_direction(linear, x, x), 0)


def test_an_edit_keeps_the_details_of_what_stays(x):
    linear, direction = Linear(), np.array([0.1, 0, 0], "float32")
    edited = editing.edit(linear, x[0], direction, strength=0.5)
    before = linear.decode(linear.encode(x[:1]))[0]
    change = 0.05 * linear.basis[:, 0].reshape(4, 4, 1)
    expected = before + change + np.exp(-((change / FADE) ** 2)) * (x[0] - before)
    np.testing.assert_allclose(edited, expected, atol=1e-5)


def test_no_strength_gives_the_image(model, digits, to_eight):
    image = digits[1].x[0]
    np.testing.assert_allclose(editing.edit(model, image, to_eight, strength=0), image, atol=1e-6)
    np.testing.assert_allclose(
        editing.variations(model, image, 2, strength=0, seed=0), [image] * 2, atol=1e-6
    )


def test_several_strengths_are_single_ones(model, digits, to_eight):
    image = (digits[1].x[0] * 255).astype("uint8")
    several = editing.edit(model, image, to_eight, strength=[-1, 0.5])
    assert several.shape == (2, 8, 8, 1)
    assert several.dtype == np.uint8
    for strength, edited in zip((-1, 0.5), several, strict=True):
        single = editing.edit(model, image, to_eight, strength=strength)
        assert single.shape == image.shape
        np.testing.assert_allclose(single.astype(int), edited, atol=1)
    assert editing.edit(model, image / 255, to_eight).dtype == np.float32


def test_neighbours_repeat_with_their_seed(model, digits):
    image = digits[1].x[0]
    a, b, c = (editing.variations(model, image, 3, seed=seed) for seed in (1, 1, 2))
    assert a.shape == (3, 8, 8, 1)
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0.01
    far = editing.variations(model, image, 3, strength=2, seed=1)
    assert np.abs(far - image).mean() > np.abs(a - image).mean()


def test_neighbours_without_a_posterior_are_gaussian(x):
    linear = Linear()
    found = editing.variations(linear, x[0], 2000, seed=0, strength=0.1)
    moved = linear.encode(found) - linear.encode(x[:1])
    np.testing.assert_allclose(moved.mean(0), 0, atol=0.01)
    expected = 0.1 * linear.encode(x[:1]).std() / 2
    np.testing.assert_allclose(moved.std(0), expected, rtol=0.1)


@pytest.mark.parametrize("name", ["ae.fashion_mnist", "vq_vae.fashion_mnist", "vae.twemoji"])
def test_any_model_of_images_is_edited(name):
    model = aezoo.load(name, engine="onnx")
    x = np.random.default_rng(0).random((4, *model.sample_shape), dtype="float32")
    direction = editing.attribute_direction(model, x[:2], x[2:])
    assert direction.shape == model.code_shape
    edits = tasks.edit(model, x[0], direction, strength=[0, 1])
    np.testing.assert_allclose(edits[0], x[0], atol=1e-5)
    assert np.abs(edits[1] - x[0]).max() > 0.01
    neighbours = editing.variations(model, x[0], 2, seed=0)
    assert neighbours.shape == (2, *model.sample_shape)
    assert np.abs(neighbours[0] - neighbours[1]).max() > 0.001


def test_mistakes(model, digits, to_eight):
    image = digits[1].x[0]
    vectors = Linear()
    vectors.sample_shape = (16,)
    for call, problem in (
        (lambda: editing.edit(vectors, image, to_eight), "Only a model of images"),
        (lambda: editing.edit(model, image[:4], to_eight), r"crop and resize it.*\(4, 8, 1\)"),
        (lambda: editing.edit(model, image[None], to_eight), r"pass `image\[0\]`"),
        (lambda: editing.edit(model, image * 255, to_eight), "0 to 255"),
        (lambda: editing.edit(model, image, to_eight[:3]), "direction has the wrong shape"),
        (lambda: editing.edit(model, image, to_eight, strength=[]), "strength must be"),
        (lambda: editing.edit(model, image, to_eight, strength=np.nan), "strength must be"),
        (lambda: editing.variations(model, image, 0), "n must be"),
        (lambda: editing.variations(model, image, 1, strength=-1), "strength must be"),
        (lambda: editing.attribute_direction(model, image[None], np.zeros((2, 3))), "shape"),
        (lambda: editing.evaluate(model, "digits", towards=8, away=3, strength=0), "strength"),
        (lambda: editing.evaluate(model, digits[1], towards=8, away=3), "train must be"),
    ):
        with pytest.raises(ValueError, match=problem):
            call()


def test_examples_are_found_by_label(digits):
    data = digits[1]
    found = data.examples("8")
    np.testing.assert_array_equal(found, data.x[data.labels == 8])
    np.testing.assert_array_equal(found, data.examples(8))
    with pytest.raises(LookupError, match=r"there are 0, 1, .*Received: label='boot'"):
        data.examples("boot")
    bare = Dataset("bare", "test", data.x, None, "", "")
    with pytest.raises(ValueError, match="has no labels"):
        bare.examples(1)


def test_evaluate_compares_at_equal_change(model, digits):
    train, test = digits
    scores = editing.evaluate(model, test, train=train, towards=8, away=3)
    assert json.loads(json.dumps(scores)) == scores
    assert scores == editing.evaluate(model, "digits", towards="8", away="3")
    assert scores["components"] == model.code_shape[0]
    assert scores["n"] == (test.labels == 3).sum()
    assert scores["judge_accuracy"] > 0.9
    x = test.examples(3)
    pixels = train.examples(8).mean(0) - train.examples(3).mean(0)
    moved = np.clip(x + scores["strength"]["pixels"] * pixels, 0, 1)
    assert np.sqrt(np.mean((moved - x) ** 2)) == pytest.approx(scores["change"], abs=1e-3)
    better = max(scores["success"]["pca"], scores["success"]["pixels"])
    word = "loses" if scores["success"]["model"] < better else "wins"
    assert f"By success the model {word}: {scores['success']['model']:.1%}" in scores["verdict"]


def test_a_verdict_says_plainly_who_wins():
    success = {"model": 0.5, "pca": 0.4, "pixels": 0.45}
    assert editing._verdict(success, None) == (
        "By success the model wins: 50.0% against 45.0% with pixels."
    )
    distance = {"model": 2.0, "pca": 1.0, "pixels": 3.0}
    verdict = editing._verdict(success | {"model": 0.45}, distance)
    assert verdict.startswith("By success the model ties")
    assert verdict.endswith("By distance from real images it loses: 2.000 against 1.000 with PCA.")


def test_pca_is_a_space_to_edit_in(digits):
    pca = PCABaseline(digits[0].x, components=5)
    x = digits[1].x[:7]
    assert pca.encode(x).shape == (7, 5)
    np.testing.assert_array_equal(pca.decode(pca.encode(x)), pca.reconstruct(x))


@pytest.fixture
def run(capfd, tmp_path, monkeypatch):
    """Run the command in an empty folder; returns stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words, code=0):
        found = main(["edit", "vae.digits", *map(str, words), "--engine", "onnx"])
        out, err = capfd.readouterr()
        assert found == code, err
        assert "Traceback" not in err
        return out, err

    return run


ATTRIBUTE = ["--data", "digits", "--towards", 8, "--away", 3]


def test_the_command_shows_edits_beside_the_original(run, model, digits, to_eight):
    out, err = run("digits:5", *ATTRIBUTE, "--strength", 1, "--steps", 4, "-o", "a.png", "--json")
    assert err == "Wrote a.png.\n"
    facts = json.loads(out)
    assert facts["strengths"] == [0.25, 0.5, 0.75, 1]
    pixels = np.asarray(Image.open("a.png"))
    assert pixels.shape == (20 + 60, 6 * 58 + 2)
    tiles = [pixels[25:78:7, 2 + 58 * column + 3 :: 7][:8, :8] / 255 for column in range(6)]
    image = digits[1].x[5]
    np.testing.assert_allclose(tiles[0], image[..., 0], atol=0.01)
    np.testing.assert_allclose(tiles[1], model.reconstruct(image[None])[0, ..., 0], atol=0.01)
    np.testing.assert_allclose(tiles[5], editing.edit(model, image, to_eight)[..., 0], atol=0.01)


def test_the_command_writes_numbers_animations_walks_and_neighbours(run, model, digits):
    run("digits", "-n", 2, *ATTRIBUTE, "-o", "a.npz", "--brightness", 0.2)
    with np.load("a.npz") as archive:
        assert archive["x"].shape == (2 * 6, 8, 8, 1)
    run("digits", "-n", 2, *ATTRIBUTE, "-o", "a.gif")
    with Image.open("a.gif") as animation:
        assert (animation.n_frames, animation.size) == (46, (118, 118))
    run("digits", "-n", 2, "--to", "digits:7", "--kind", "spherical", "-o", "walk.npy")
    expected = model.interpolate(digits[1].x[:2], digits[1].x[[7, 7]], steps=6, kind="spherical")
    np.testing.assert_allclose(np.load("walk.npy"), expected.reshape(-1, 8, 8, 1), atol=1e-5)
    run("digits:0", "--to", "digits:7", "-o", "walk.png")
    assert np.asarray(Image.open("walk.png")).shape == (80, 8 * 58 + 2)
    run("digits:0", "--seed", 4, "-o", "near.npy")
    expected = editing.variations(model, digits[1].x[0], 6, seed=4)
    np.testing.assert_allclose(np.load("near.npy"), expected, atol=1e-5)


def test_the_command_takes_folders_of_examples(run, tmp_path, digits):
    for label in (3, 8):
        (tmp_path / str(label)).mkdir()
        for index, image in enumerate(digits[0].examples(label)[:4, ..., 0]):
            Image.fromarray((image * 255).astype("uint8")).save(f"{label}/{index}.png")
    (tmp_path / "8" / "text.png").write_text("no image")
    _, err = run("3/0.png", "--towards", "./8", "--away", "./3", "-o", "a.png")
    assert "1 of 5 images were left out" in err
    assert (tmp_path / "a.png").exists()


def test_the_command_evaluates(run):
    out, _ = run("digits:5", *ATTRIBUTE, "-o", "a.png", "--evaluate")
    assert "scores.success.pixels" in out
    assert "By success the model" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["digits:5", "--towards", 8, "-o", "x.png"], 2, "belong together"),
        (["digits:5", *ATTRIBUTE, "--to", "digits:1", "-o", "x.png"], 2, "either --to"),
        (["digits:5", "--data", "digits", "-o", "x.png"], 2, "--data needs"),
        (["digits:5", "--evaluate", "-o", "x.png"], 2, "--evaluate needs --data"),
        (["digits:5", *ATTRIBUTE[:4], "--away", "boot", "-o", "x.png"], 2, "there are 0, 1"),
        (["digits:5", "--towards", 8, "--away", 3, "-o", "x.png"], 2, "no file or folder"),
        (["digits:5", "--to", "digits:1", "--kind", "round", "-o", "x.png"], 2, "kind must be"),
        (["digits:5", "-o", "x.tiff"], 2, "must end in"),
        (["digits:5", "-o", "there.png"], 1, "--force"),
        (["there.png", "-o", "x.png"], 1, "is not a PNG"),
        (["digits:900", "-o", "x.png"], 2, "no such sample"),
    ],
)
def test_mistakes_of_the_command(run, tmp_path, words, code, message):
    (tmp_path / "there.png").write_text("text")
    out, err = run(*words, code=code)
    assert out == ""
    assert message in err
    assert [path.name for path in tmp_path.iterdir()] == ["there.png"]
