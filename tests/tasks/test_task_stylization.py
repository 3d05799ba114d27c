from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo.cli import main
from aezoo.tasks import style_features, style_score, stylization, stylize, vgg19
from aezoo.transport import METHODS


@pytest.fixture(scope="module")
def style():
    """A picture of another size, uint8."""
    from sklearn.datasets import load_sample_image

    return np.ascontiguousarray(load_sample_image("flower.jpg")[200:264, 300:350])


@pytest.mark.parametrize("features", ["random", "self"])
@pytest.mark.parametrize("method", METHODS)
def test_colours_come_nearer_to_the_style(photo, style, method, features):
    found = stylize(photo, style, method=method, features=features)
    assert found.shape == photo.shape
    assert found.dtype == np.uint8

    def distance(image):
        return np.abs(image.mean(axis=(0, 1)) - style.mean(axis=(0, 1))).mean()

    assert distance(found) < 0.25 * distance(photo)
    np.testing.assert_array_equal(found, stylize(photo, style, method=method, features=features))


def test_strength_leads_from_the_photo_to_the_style(photo, style):
    unit = photo / np.float32(255)
    np.testing.assert_array_equal(stylize(photo, style, strength=0), photo)
    changes = [
        np.abs(stylize(unit, style, method="ot", strength=s) - unit).mean() for s in (0.3, 0.6, 1)
    ]
    assert 0.01 < changes[0] < changes[1] < changes[2]


def test_the_seed_decides(photo, style):
    assert np.any(stylize(photo, style, seed=1) != stylize(photo, style, seed=2))


def test_features_alone_move_where_colours_stay(photo, style):
    few, all_ = (stylize(photo, style, keep_colours=True, strength=s, seed=0) for s in (0.5, 1))
    assert 0 < np.abs(few - photo.astype(int)).mean() < np.abs(all_ - photo.astype(int)).mean()


def test_colours_may_stay(photo, style):
    found = stylize(photo, style, keep_colours=True) / 255
    # One number for the three channels of a pixel, as far as none is clipped.
    inside = np.all((found > 0.01) & (found < 0.99), axis=-1)
    change = (found - photo / 255)[inside]
    assert np.abs(change).mean() > 0.01
    np.testing.assert_allclose(change - change.mean(axis=-1, keepdims=True), 0, atol=0.01)
    assert abs(found.mean() - photo.mean() / 255) < 0.05


def test_grey_photos_get_colours_where_the_style_has_some(photo, style):
    grey = photo[..., :1]
    assert stylize(grey, style).shape == photo.shape
    assert stylize(grey, style[..., :1]).shape == grey.shape
    assert stylize(grey, style, keep_colours=True).shape == grey.shape
    assert stylize(photo, style[..., :1]).shape == photo.shape


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 90, 3), (5, 4, 1), (40, 3, 3)])
def test_any_size_will_do(shape, style):
    image = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    assert stylize(image, style).shape == (*shape[:2], 3)
    assert stylize(style, image).shape == style.shape


@pytest.mark.parametrize("features", ["random", "self"])
@pytest.mark.parametrize("method", ["ot", "sliced"])
def test_constant_images(photo, method, features):
    flat = np.full((40, 50, 3), (200, 100, 50), "uint8")
    given = {"method": method, "features": features}
    assert np.ptp(stylize(flat, photo, **given), axis=(0, 1)).max() <= 30
    assert np.abs(stylize(photo, flat, **given).mean(axis=(0, 1)) - flat[0, 0]).max() < 12


def test_a_large_photo_is_worked_on_at_a_smaller_size(photo, style, monkeypatch):
    monkeypatch.setattr(stylization, "LARGEST", 1000)
    monkeypatch.setattr(stylization, "STRIP", 16)
    found = stylize(photo, style, method="ot")
    assert found.shape == photo.shape
    # Detail that the small size does not have is the photo's.
    fine = [np.diff(each.astype(float), axis=1).mean(axis=-1).ravel() for each in (found, photo)]
    assert np.corrcoef(*fine)[0, 1] > 0.8


def test_all_patches_are_put_back_where_they_were(photo):
    encoder, unit = style_features.Random(), photo / np.float32(255)
    still = encoder.move(unit, unit, lambda x, y, rng: lambda z: z, np.random.default_rng(0))
    np.testing.assert_allclose(still, unit, atol=1e-6)
    brighter = encoder.move(0.5 * unit, unit, lambda x, y, rng: lambda z: 2 * z, rng(0))
    np.testing.assert_allclose(brighter, unit, atol=1e-5)


def rng(seed):
    return np.random.default_rng(seed)


def test_a_texture_is_made_from_noise(style):
    found = stylization.synthesise(style, (32, 48), seed=1)
    assert found.shape == (32, 48, 3)
    assert found.dtype == np.uint8
    assert np.abs(found.mean(axis=(0, 1)) - style.mean(axis=(0, 1))).max() < 25
    assert np.any(found != stylization.synthesise(style, (32, 48), seed=2))
    assert stylization.synthesise(style[..., :1] / 255).shape == (64, 50, 1)


def test_another_autoencoder_gives_the_features(photo, style):
    model = aezoo.create("ae", sample_shape=(6, 6, 3), latent_dim=8)
    assert stylize(photo, style, features="self", model=model).shape == photo.shape
    for shape, hint in (((8, 8, 1), "square colour images"), ((8, 6, 3), "square colour images")):
        with pytest.raises(ValueError, match=hint):
            stylize(photo, style, features="self", model=aezoo.create("ae", sample_shape=shape))
    codebook = aezoo.create("vq_vae", sample_shape=(8, 8, 3))
    with pytest.raises(ValueError, match="codebook"):
        stylize(photo, style, features="self", model=codebook)


def test_what_does_not_fit_is_refused(photo, style):
    with pytest.raises(LookupError, match="method must be one of adain, ot, sliced, wct"):
        stylize(photo, style, method="magic")
    with pytest.raises(LookupError, match="features must be one of random, self, vgg19"):
        stylize(photo, style, features="resnet")
    with pytest.raises(ValueError, match="strength must be from 0 to 1"):
        stylize(photo, style, strength=1.5)
    with pytest.raises(ValueError, match="style must be one image"):
        stylize(photo, style[..., 0])
    with pytest.raises(ValueError, match="for features='self' only"):
        stylize(photo, style, model=object())
    for size in ((8, 32), (32.0, 32), (32,), (32, 99_999)):
        with pytest.raises(ValueError, match="size must be"):
            stylization.synthesise(style, size)


class TestVGG19:
    def test_an_image_is_found_that_has_the_moved_features(self, photo, style):
        import keras

        keras.utils.set_random_seed(0)
        inputs = keras.Input((None, None, 3))
        first = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs / 255)
        second = keras.layers.Conv2D(8, 3, 2, padding="same", activation="relu")(first)
        encoder = vgg19.VGG19(keras.Model(inputs, [first, second]))
        unit, other = (each.astype("float32") / 255 for each in (photo, style))
        found = encoder.move(unit, other, METHODS["ot"], rng(0))
        assert found.shape == unit.shape
        means = [each.mean(axis=(0, 1)) for each in (found, unit, other)]
        assert np.abs(means[0] - means[2]).sum() < 0.7 * np.abs(means[1] - means[2]).sum()

    def test_another_file_is_refused_unread(self, tmp_path, monkeypatch, photo):
        import keras

        other = tmp_path / "weights.h5"
        other.write_bytes(b"cposix\nsystem\n")
        monkeypatch.setattr(vgg19, "_fetch", lambda: other)
        monkeypatch.setattr(keras.applications, "VGG19", lambda **_: pytest.fail("was built"))
        with pytest.raises(ValueError, match="MD5 253f8cb515780f3b799900260a226db6: delete"):
            stylize(photo, photo, features="vgg19")

    def test_without_the_file_nothing_takes_its_place(self, tmp_path, monkeypatch, photo):
        import keras

        def offline(*args, **kwargs):
            assert kwargs["file_hash"] == vgg19.MD5
            raise Exception("URL fetch failure")

        monkeypatch.setattr(keras.utils, "get_file", offline)
        with pytest.raises(FileNotFoundError, match="use features='random' or 'self'"):
            stylize(photo, photo, features="vgg19")

    def test_the_pin_is_that_of_keras(self):
        import inspect

        import keras

        source = inspect.getsource(inspect.getmodule(inspect.unwrap(keras.applications.VGG19)))
        assert vgg19.MD5 in source
        assert vgg19.URL.rpartition("/")[2] in source


class TestScore:
    def test_content_is_kept_by_brightness_and_contrast_not_by_noise(self, photo):
        unit = photo / 255
        assert style_score.content_distance(0.4 * unit + 0.3, unit) < 0.1
        noisy = [unit + rng(0).normal(0, s, unit.shape) for s in (0.05, 0.2)]
        costs = [style_score.content_distance(each, unit) for each in noisy]
        assert 1 < costs[0] < costs[1] < 100

    def test_style_does_not_depend_on_places(self, photo):
        unit = photo / 255
        own = style_score.statistics(unit)
        assert own.shape == (102, 256)
        scale = np.maximum(own.var(axis=1), 1e-8)
        mirrored = style_score.statistics(unit[::-1, ::-1])
        blurred = style_score.statistics((unit + np.roll(unit, 1, axis=1)) / 2)
        near, far = (style_score.style_distance(each, own, scale) for each in (mirrored, blurred))
        assert near < 0.01 < far

    def test_responses_are_the_largest_at_their_wavelength_and_orientation(self):
        wave = np.cos(2 * np.pi * np.arange(96) / 12) * np.ones((96, 1))
        energies = np.mean(np.abs(style_score.responses(wave)) ** 2, axis=(1, 2))
        assert energies.argmax() == 2 * style_score.ORIENTATIONS
        assert (
            energies.argmax()
            != np.mean(np.abs(style_score.responses(wave.T)) ** 2, axis=(1, 2)).argmax()
        )

    def test_baselines_do_what_they_say(self, photo, style):
        unit, other = photo / 255 * 0.5 + 0.25, style / 255 * 0.2 + 0.4
        moved = style_score.colour_transport(unit, other).reshape(-1, 3)
        np.testing.assert_allclose(np.cov(moved.T), np.cov(other.reshape(-1, 3).T), atol=1e-4)
        lab = style_score.to_lab(style_score.reinhard(unit, other))
        wanted = style_score.to_lab(other)
        np.testing.assert_allclose(lab.mean(axis=(0, 1)), wanted.mean(axis=(0, 1)), atol=0.01)
        np.testing.assert_allclose(lab.std(axis=(0, 1)), wanted.std(axis=(0, 1)), atol=0.01)

    def test_the_method_is_compared_at_equal_content(self, photo, style):
        found = stylization.evaluate([photo[:48, :48]], [style[:48]], method="ot")
        assert found["n"] == 1
        assert found["unit"] == "%"
        assert len(found["scores"]) == len(style_score.MEASURED)
        for row in found["scores"].values():
            assert set(row) == {"model", *style_score.BASELINES, "identity"}
            assert row["identity"] == 0
        assert found["wins"][1] == 1
        assert len(found["verdict"]) == len(style_score.MEASURED)
        json.dumps(found)


def test_the_command(folder, tmp_path, capsys, style):
    picture = tmp_path / "style.png"
    Image.fromarray(style).save(picture)
    out = tmp_path / "x.png"
    words = ["stylize", str(folder / "a.png"), "--style", str(picture), "--out", str(out)]
    assert main([*words, "--method", "ot", "--compare"]) == 0
    assert out.exists()
    assert (tmp_path / "x.compare.png").exists()
    assert main(words) == 1
    assert "exists already" in capsys.readouterr().err
    all_ = ["stylize", str(folder), "--style", str(picture), "--method", "ot"]
    assert main([*all_, "--out", str(tmp_path / "all")]) == 1
    assert "2 of 5 photos were left out" in capsys.readouterr().err
    assert len([*(tmp_path / "all").rglob("*.png")]) == 3
    texture = tmp_path / "texture.png"
    words = ["stylize", str(picture), "--texture", "--size", "32x40", "--out", str(texture)]
    assert main(words) == 0
    with Image.open(texture) as made:
        assert made.size == (40, 32)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ([], 2, "Name either a --style"),
        (["--texture", "--style", "STYLE"], 2, "Name either a --style"),
        (["--style", "STYLE", "--size", "32x32"], 2, "--size is for --texture"),
        (["--texture", "--size", "big"], 2, "--size must be like 512x512"),
        (["--texture", "--strength", "0.5"], 2, "not for --texture"),
        (["--style", "text.png"], 1, "text.png"),
        (["--style", "missing.png"], 1, "does not exist"),
        (["--style", "STYLE", "--method", "magic"], 2, "method must be one of"),
        (["--style", "STYLE", "--features", "magic"], 2, "features must be one of"),
        (["--style", "STYLE", "--strength", "2"], 2, "--strength"),
    ],
)
def test_bad_options(folder, tmp_path, monkeypatch, capsys, words, code, hint):
    monkeypatch.chdir(folder)
    words = [str(folder / "a.png") if word == "STYLE" else word for word in words]
    assert main(["stylize", "a.png", "--out", str(tmp_path / "x.png"), *words]) == code
    assert hint in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()
