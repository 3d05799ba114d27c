from __future__ import annotations

import json

import numpy as np
import pytest

import aezoo
from aezoo import photos
from aezoo.cli import main
from aezoo.tasks import denoise, denoising


def restorer(sample_shape, **arguments):
    """A restorer whose network still says nothing, so that it returns what it is given."""
    body = {"name": "unet", "channels": [2], "blocks": 1}
    return aezoo.create("restorer", sample_shape=sample_shape, body=body, **arguments)


@pytest.fixture(scope="module")
def silent():
    return restorer((48, 48, 3))


@pytest.mark.parametrize("shape", [(1, 1, 3), (50, 3, 1), (48, 48, 3), (90, 61, 1)])
def test_images_of_any_size_come_back_in_their_kind(silent, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    np.testing.assert_array_equal(denoise(image, model=silent), image)
    floats = denoise(image / 255, model=silent)
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, image / 255, atol=1e-6)


def test_a_grey_model_cleans_colour_by_its_grey(photo):
    found = denoise(photo, model=restorer((48, 48, 1)))
    assert found.shape == photo.shape
    np.testing.assert_allclose(found.std(axis=-1), 0, atol=1e-6)


def test_the_preset_removes_noise_from_weak_to_strong(photo):
    rng = np.random.default_rng(0)
    for sigma, gain in ((10, 0.5), (25, 2), (50, 4)):
        noisy = np.clip(photo + rng.normal(0, sigma, photo.shape), 0, 255).astype("uint8")
        before, after = (photos.psnr(x / 255, photo / 255) for x in (noisy, denoise(noisy)))
        assert after > before + gain


def test_it_is_measured_beside_the_classics(photo):
    pytest.importorskip("skimage")
    found = denoising.evaluate([photo[:48, :48]], sigmas=[25])
    row = found["scores"]["sigma 25"]
    assert set(row) == {"model", "nlm", "tv", "wavelets", "noisy"}
    assert row["noisy"] == pytest.approx(20.4, abs=0.7)
    assert min(row["nlm"], row["tv"], row["wavelets"]) > row["noisy"]
    again = denoising.evaluate([photo[:48, :48]], sigmas=[25])
    assert again == found


def test_what_does_not_fit_is_refused(photo):
    with pytest.raises(ValueError, match="degradation 'noise'"):
        denoise(photo, model=restorer((48, 48, 4)))
    with pytest.raises(ValueError, match="larger than 32 pixels"):
        denoise(photo, model=restorer((32, 32, 3)))
    with pytest.raises(ValueError, match="must be one image"):
        denoise(photo[..., :2])


def test_the_command(folder, tmp_path, capsys):
    out = tmp_path / "clean.png"
    assert main(["denoise", str(folder / "a.png"), "--out", str(out), "--compare"]) == 0
    assert out.exists()
    assert (tmp_path / "clean.compare.png").exists()
    assert main(["denoise", str(folder / "a.png"), "--out", str(out)]) == 1
    assert "exists already" in capsys.readouterr().err
    words = [str(folder / "more"), "--evaluate", "--sigma", "25", "--json"]
    assert main(["denoise", *words]) == 0
    assert [*json.loads(capsys.readouterr().out)["scores"]] == ["sigma 25"]
    assert main(["denoise", str(folder), "--out", str(tmp_path / "all")]) == 1
    assert "2 of 5 photos were left out" in capsys.readouterr().err
    assert len([*(tmp_path / "all").rglob("*.png")]) == 3
