from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo import photos
from aezoo.cli import main
from aezoo.tasks import super_resolution, super_resolve


def restorer(sample_shape, factor=2):
    """A restorer whose network still says nothing."""
    return aezoo.create(
        "restorer",
        sample_shape=sample_shape,
        degradation={"name": "downscale", "factor": factor},
        body={"name": "unet", "channels": [2], "blocks": 1},
    )


@pytest.fixture(scope="module")
def doubler():
    return restorer((64, 64, 1))


def test_an_untrained_network_gives_the_bicubic_interpolation(doubler, photo):
    found = super_resolve(photo, 2, model=doubler)
    expected = super_resolution.bicubic(photo, 2)
    assert found.shape == (2 * photo.shape[0], 2 * photo.shape[1], 3)
    assert found.dtype == np.uint8
    inner = (slice(8, -8), slice(8, -8))
    assert np.abs(found[inner].astype(int) - expected[inner]).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 50, 3), (24, 24, 1), (90, 25, 3)])
def test_images_of_any_size(doubler, shape):
    image = np.random.default_rng(0).random(shape)
    found = super_resolve(image, 2, model=doubler)
    assert found.shape == (2 * shape[0], 2 * shape[1], shape[2])
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1


def test_tiles_leave_no_seams(photo):
    rng = np.random.default_rng(0)
    small, large = restorer((64, 64, 1)), restorer((240, 240, 1))
    for one, other in zip(small.trainable_weights, large.trainable_weights, strict=True):
        value = 0.2 * rng.standard_normal(one.shape)
        one.assign(value)
        other.assign(value)
    by_tiles, at_once = (super_resolve(photo, 2, model=model) for model in (small, large))
    assert np.abs(by_tiles.astype(int) - at_once).max() <= 1


def test_the_ensemble_treats_all_orientations_alike(photo):
    rng, model = np.random.default_rng(0), restorer((64, 64, 1))
    for weight in model.trainable_weights:
        weight.assign(0.2 * rng.standard_normal(weight.shape))
    square = photo[:40, :40]
    turned = super_resolve(np.rot90(square), 2, model=model, ensemble=True)
    upright = super_resolve(square, 2, model=model, ensemble=True)
    assert np.abs(turned.astype(int) - np.rot90(upright)).max() <= 1


def test_three_channels_go_through_a_model_of_three(photo):
    found = super_resolve(photo, 2, model=restorer((64, 64, 3)))
    assert found.shape == (2 * photo.shape[0], 2 * photo.shape[1], 3)
    grey = super_resolve(photo[..., :1], 2, model=restorer((64, 64, 3)))
    assert grey.shape == (*found.shape[:2], 1)


@pytest.mark.parametrize("scale", [2, 3])
def test_the_protocol_is_that_of_the_literature(photo, scale):
    model = restorer((32 * scale, 32 * scale, 1), scale)
    scores = super_resolution.evaluate([photo], scale, model=model)["scores"][f"x{scale}"]
    luma = np.round(255 * photos.luma(photo / 255))[..., 0]
    luma = luma[: len(luma) // scale * scale, : luma.shape[1] // scale * scale]
    height, width = luma.shape
    small = Image.fromarray(luma.astype("float32")).resize(
        (width // scale, height // scale), Image.Resampling.BICUBIC
    )
    small = np.clip(np.round(np.asarray(small)), 0, 255).astype("float32")
    for name, kind in (("bicubic", "BICUBIC"), ("lanczos", "LANCZOS")):
        large = Image.fromarray(small).resize((width, height), Image.Resampling[kind])
        difference = np.clip(np.round(np.asarray(large)), 0, 255) - luma
        inner = difference[scale:-scale, scale:-scale].astype(float)
        expected = 10 * np.log10(255**2 / np.mean(inner**2))
        assert scores[name] == pytest.approx(expected, abs=1e-3)
    assert scores["model"] == pytest.approx(scores["bicubic"], abs=0.05)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"scale": 5}, "scale must be 2, 3 or 4"),
        ({"scale": 3, "model": "own"}, "by scale=3"),
        ({"image": np.zeros((8, 8))}, "needs `image"),
        ({"image": np.full((8, 8, 3), 200)}, "unknown scale"),
    ],
)
def test_what_cannot_be_enlarged_is_refused(doubler, photo, arguments, reason):
    given = {"image": photo, **arguments}
    if given.get("model") == "own":
        given["model"] = doubler
    with pytest.raises(ValueError, match=reason):
        super_resolve(**given)


def test_tiny_models_and_images_are_refused_with_the_size_needed(photo):
    with pytest.raises(ValueError, match="more than 24 pixels"):
        super_resolve(photo, 2, model=restorer((32, 32, 1)))
    with pytest.raises(ValueError, match="more than 6 pixels"):
        super_resolution.evaluate([photo[:4, :4]], 2, model=restorer((64, 64, 1)))


def test_a_folder_is_enlarged_but_for_its_broken_files(folder, tmp_path, capsys):
    out = tmp_path / "large"
    assert main(["super-resolve", str(folder), "--out", str(out), "--compare"]) == 1
    written = {path.relative_to(out).as_posix() for path in out.rglob("*.png")}
    results = {"a.png.png", "a.jpg.png", "more/tiny.png"}
    assert written == results | {name[:-4] + ".compare.png" for name in results}
    said = capsys.readouterr().err
    assert "2 of 5 photos were left out" in said
    assert "text.png: The file is not a PNG" in said
    with Image.open(out / "a.jpg.png") as turned, Image.open(folder / "a.png") as upright:
        assert turned.size == (2 * upright.height, 2 * upright.width)
    before = {path: path.read_bytes() for path in out.rglob("*.png")}
    assert main(["super-resolve", str(folder), "--out", str(out)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*.png")} == before


def test_the_command_scores_photos(folder, capsys):
    photo = str(folder / "a.png")
    assert main(["super-resolve", photo, "--scale", "3", "--evaluate", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scores"]["x3"]["model"] > found["scores"]["x3"]["bicubic"]
    assert main(["super-resolve", photo, "--scale", "3", "--evaluate"]) == 0
    assert "the model is" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["{folder}/a.png"], 2, "--out"),
        (["{folder}/a.png", "--out", "{folder}/b.gif"], 2, ".png"),
        (["{folder}/a.png", "--out", "{folder}/a.jpg"], 1, "exists already"),
        (["{folder}/a.png", "--out", "{folder}/b.png", "--scale", "7"], 2, "2, 3 or 4"),
        (["{folder}/text.png", "--out", "{folder}/b.png"], 1, "not a PNG"),
        (["{folder}/a.png", "--out", "{folder}/b.png", "--max-pixels", "99"], 1, "more than"),
        (["{folder}/none.png", "--out", "{folder}/b.png"], 1, "does not exist"),
        (["{folder}/more/..", "--out", "{folder}/a.png"], 1, "name a folder"),
    ],
)
def test_bad_input_of_the_command(folder, capsys, words, code, reason):
    words = [word.format(folder=folder) for word in words]
    assert main(["super-resolve", *words]) == code
    assert reason in capsys.readouterr().err
    assert not (folder / "b.png").exists()
