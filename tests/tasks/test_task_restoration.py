from __future__ import annotations

import json
import re

import numpy as np
import pytest

import aezoo
from aezoo import damage, photos
from aezoo.cli import main
from aezoo.tasks import repair, restoration
from aezoo.tasks.restoration import restore


def restorer(sample_shape, degradation):
    """A restorer whose network still says nothing."""
    body = {"name": "unet", "channels": [2], "blocks": 1}
    return aezoo.create("restorer", sample_shape=sample_shape, degradation=degradation, body=body)


@pytest.fixture(scope="module")
def filler():
    return restorer((64, 64, 4), "holes")


@pytest.fixture(scope="module")
def finder():
    return restorer((64, 64, 4), "hidden")


def hole(photo):
    mask = np.zeros(photo.shape[:2], bool)
    mask[20:24] = mask[40:60, 30:50] = True
    return mask


def test_what_is_known_stays_and_holes_get_near_what_was_there(filler, photo):
    x, mask = photos.check(photo), hole(photo)
    for model in (filler, None):
        filled = repair.fill(np.where(mask[..., None], 0, x), mask, model=model)
        np.testing.assert_array_equal(filled[~mask], x[~mask])
        black = photos.psnr(np.where(mask[..., None], 0, x), x, mask)
        assert photos.psnr(filled, x, mask) > black + 5


@pytest.mark.parametrize("shape", [(3, 2, 3), (65, 200, 1)])
def test_photos_of_any_size(filler, shape):
    x = np.random.default_rng(0).random(shape).astype("float32")
    mask = np.zeros(shape[:2], bool)
    mask[:2, 0] = True
    filled = repair.fill(x, mask, model=filler)
    assert filled.shape == shape
    assert np.isfinite(filled).all()


def test_deep_in_a_hole_the_surface_is_smooth(filler):
    x = np.full((160, 160, 1), 0.4, "float32")
    mask = np.zeros((160, 160), bool)
    mask[16:144, 16:144] = True
    filled = repair.fill(np.where(mask[..., None], 0, x), mask, model=filler)
    np.testing.assert_allclose(filled, 0.4, atol=0.01)
    np.testing.assert_array_equal(
        filled[48:112, 48:112],
        repair.classical(np.where(mask[..., None], 0, x), mask)[48:112, 48:112],
    )


def test_a_silent_finder_finds_nothing_and_nothing_changes(finder, filler, photo):
    assert not restoration.find_damage(photo, model=finder).any()
    nothing = np.zeros(photo.shape[:2], bool)
    found = restore(photo, nothing, filler=filler, denoiser=False)
    np.testing.assert_array_equal(found, photo)


def test_only_the_mask_changes(filler, photo):
    mask = hole(photo)
    found = restore(photo, mask, filler=filler, denoiser=False)
    changed = (found != photo).any(axis=-1)
    assert changed.any()
    assert not (changed & ~restoration.grown(mask)).any()
    empty = np.zeros_like(mask)
    np.testing.assert_array_equal(restore(photo, empty, denoiser=False), photo)
    np.testing.assert_array_equal(restore(photo, ~empty, denoiser=False), photo)


def test_it_is_measured_beside_a_classical_detector(finder, filler, photo):
    found = restoration.evaluate([photo], finder=finder, filler=filler)
    overlap, repaired = found["scores"].values()
    assert overlap["model"] == 0
    assert overlap["outliers"] > 0
    assert repaired["model"] == repaired["damaged"]
    assert "LOSES" in found["verdict"][0]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"mask": np.zeros((3, 3), bool)}, "one boolean for each pixel"),
        ({"mask": "float"}, "one boolean for each pixel"),
        ({"image": np.zeros((4, 4, 2))}, "must be one image"),
    ],
)
def test_what_does_not_fit_is_refused(photo, arguments, reason):
    given = {"image": photo, "mask": np.zeros(photo.shape[:2], bool), **arguments}
    if isinstance(given.get("mask"), str):
        given["mask"] = np.zeros(photo.shape[:2])
    with pytest.raises(ValueError, match=reason):
        restore(**given)


def test_models_of_another_kind_are_refused(filler, finder, photo):
    with pytest.raises(ValueError, match="degradation 'hidden'"):
        restoration.find_damage(photo, model=filler)
    with pytest.raises(ValueError, match="degradation 'holes'"):
        repair.fill(photos.check(photo), hole(photo), model=finder)
    with pytest.raises(ValueError, match="larger than 48 pixels"):
        repair.fill(photos.check(photo), hole(photo), model=restorer((48, 48, 4), "holes"))


def test_the_presets_find_and_repair(photo):
    old, where = damage.mark(np.tile(photo, (2, 2, 1)), seed=2)
    found = restoration.find_damage(old)
    assert found[where].mean() > 5 * found[~where].mean()
    new = restore(old, denoiser=False)
    whole = photos.check(np.tile(photo, (2, 2, 1)))
    assert photos.psnr(photos.check(new), whole) > photos.psnr(photos.check(old), whole)


def test_the_command(folder, tmp_path, capsys):
    out = tmp_path / "new.png"
    assert main(["restore", str(folder / "a.png"), "--out", str(out), "--compare"]) == 0
    assert out.exists()
    assert (tmp_path / "new.compare.png").exists()
    assert re.search(r"Found damage in \d+\.\d% of the pixels", capsys.readouterr().err)
    assert main(["restore", str(folder / "a.png"), "--out", str(out), "--keep-grain"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["restore", str(folder / "more"), "--evaluate", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["scores"]) == 2
    out = tmp_path / "other.png"
    assert main(["restore", str(folder / "a.png"), "-o", str(out), "--model", "vae.digits"]) == 2
    assert "degradation 'hidden'" in capsys.readouterr().err
    assert main(["restore", str(folder / "a.png"), "-o", str(out), "--json"]) == 2
    assert "--json is for what --evaluate prints" in capsys.readouterr().err
