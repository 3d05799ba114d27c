from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo import data, photos
from aezoo.bitstream import BitstreamError, parse
from aezoo.cli import main
from aezoo.tasks import compress, compression, decompress, rate_distortion
from aezoo.tasks.compression import Coder


@pytest.fixture(scope="session")
def model():
    """A model of small grey images, on ONNX Runtime, with histograms of its codes."""
    pytest.importorskip("onnxruntime")
    found = aezoo.load("vae.digits", engine="onnx")
    found.fit_sampler("histogram", data.load("digits").x)
    return found


@pytest.fixture(scope="session")
def stored(model, tmp_path_factory):
    """The same model in a directory."""
    found = aezoo.load("vae.digits")
    found.sampler = model.sampler
    place = tmp_path_factory.mktemp("models")
    aezoo.save(found, place / "plain", dtype="float16")
    return str(aezoo.export(place / "plain", place / "model"))


@pytest.fixture(scope="session")
def digits():
    return np.round(255 * data.load("digits", "test").x[:60]).astype("uint8")


@pytest.mark.parametrize("shape", [(8, 8, 1), (1, 1, 3), (20, 3, 1), (13, 30, 3), (4, 9, 11, 1)])
def test_images_of_any_size_come_back_in_their_shape(model, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    found = decompress(compress(image, model=model), model=model)
    assert (found.shape, found.dtype) == (shape, np.uint8)


@pytest.mark.parametrize("tile", [(8, 8, 1), (8, 9, 3), (40, 40, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_tiles_fit_together_again(tile, channels):
    x = np.random.default_rng(0).integers(0, 256, (3, 21, 30, channels), dtype="uint8")
    parts = compression._cut(x, tile)
    assert parts.shape == (compression._number(x.shape, tile), *tile)
    np.testing.assert_array_equal(compression._join(parts, x.shape), x)


def test_floats_and_bytes_make_the_same_file(model, digits):
    assert compress(digits[0] / 255, model=model) == compress(digits[0], model=model)


def test_a_wider_step_costs_less_and_shows_less(model, digits):
    found = []
    for step in (1, 4, 12):
        file = compress(digits, model=model, step=step)
        shown = decompress(file, model=model)
        found.append((len(file), -photos.psnr(shown[..., 0] / 255, digits[..., 0] / 255)))
    assert found[0][0] > found[1][0] > found[2][0]
    assert found[0][1] < found[1][1] < found[2][1]


def test_many_images_share_one_header(model, digits):
    one_by_one = sum(len(parse(compress(x, model=model)).message) for x in digits)
    together = len(compress(digits, model=model))
    assert together < one_by_one < together + len(digits)


def test_a_file_is_read_in_another_process(model, stored, digits, tmp_path):
    (tmp_path / "x.aez").write_bytes(compress(digits, model=model))
    script = (
        "import sys, numpy as np, pathlib, aezoo\n"
        "model = aezoo.load(sys.argv[1], engine='onnx')\n"
        "data = pathlib.Path(sys.argv[2]).read_bytes()\n"
        "np.save(sys.argv[3], aezoo.tasks.decompress(data, model=model))\n"
        "assert 'keras' not in sys.modules\n"
    )
    words = [stored, tmp_path / "x.aez", tmp_path / "y.npy"]
    subprocess.run([sys.executable, "-c", script, *words], check=True)
    expected = decompress((tmp_path / "x.aez").read_bytes(), model=model)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)


def test_keras_reads_what_onnx_wrote(model, stored, digits):
    keras = aezoo.load(stored)
    file = compress(digits, model=model)
    shown = decompress(file, model=keras)
    difference = shown.astype(int) - decompress(file, model=model)
    assert np.abs(difference).max() <= 1


def test_damaged_files_are_refused_and_never_shown(model, digits):
    file = compress(digits[0], model=model)
    for place in range(len(file)):
        damaged = bytearray(file)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(BitstreamError):
            decompress(bytes(damaged), model=model)
        with pytest.raises(BitstreamError):
            decompress(file[:place], model=model)


def test_a_sound_file_with_a_message_of_other_symbols_is_refused(model, digits):
    found = parse(compress(digits[:9], model=model))
    more = type(found)(found.model, (60, 8, 8, 1), found.step, found.message)
    for message in (b"\xff" * 400, found.message + b"\1" * 20):
        with pytest.raises(BitstreamError, match="none of this model"):
            decompress(type(found)(found.model, found.shape, 4, message).dump(), model=model)
    assert decompress(more.dump(), model=model).shape == (60, 8, 8, 1)  # what ends goes on in zeros


def test_the_file_of_another_model_is_refused(model, digits):
    other = aezoo.load("vae.digits", engine="onnx")
    other.fit_sampler("histogram", data.load("digits").x[:500])
    with pytest.raises(BitstreamError, match="made by another model"):
        decompress(compress(digits[0], model=model), model=other)


def test_what_does_not_fit_is_refused(model, digits):
    with pytest.raises(ValueError, match=r"fit_sampler\('histogram', data\)"):
        compress(digits[0], model=aezoo.load("vae.digits", engine="onnx"))
    with pytest.raises(ValueError, match="step must be an integer from 1 to 4096"):
        compress(digits[0], model=model, step=0)
    with pytest.raises(ValueError, match=r"images must have shape .* or \(n, h, w, 1 or 3\)"):
        compress(digits[..., [0, 0]], model=model)
    with pytest.raises(ValueError, match="must be one image"):
        compress(digits[..., 0][None, None], model=model)
    with pytest.raises(ValueError, match=r"images \(h, w, 1 or 3\)"):
        Coder(type("Model", (), {"sample_shape": (784,), "sampler": None}))


def test_it_is_measured_beside_jpeg_and_webp(model, digits):
    tool = Coder(model)
    found = rate_distortion.evaluate(digits[:5], tool=tool, steps=[2, 4, 12], rates=[0.5, 4.0, 6.0])
    assert [*found["curves"]] == ["without headers", "whole files", "one file of all"]
    assert set(found["scores"]["6 bpp, without headers"]) >= {"model", "jpeg"}
    assert found["scores"]["0.5 bpp, without headers"].keys() == {"model"}
    assert found["verdict"][0] == "0.5 bpp, without headers: no baseline goes there."
    point = found["curves"]["one file of all"]["model"][0]
    assert point["bpp"] == 8 * len(tool.compress(digits[:5], 2)) / digits[:5].size
    json.dumps(found)
    with pytest.raises(ValueError, match="costs more than each of these rates"):
        rate_distortion.evaluate(digits[:2], tool=tool, steps=[1], rates=[1e-3])


def test_the_commands(stored, digits, tmp_path, capsys):
    words = ["--model", stored, "--engine", "onnx"]
    file, picture = tmp_path / "x.aez", tmp_path / "y.png"
    Image.fromarray(digits[0, ..., 0]).save(tmp_path / "x.png")
    assert main(["compress", str(tmp_path / "x.png"), "--out", str(file), *words]) == 0
    assert "bits per pixel" in capsys.readouterr().err
    assert main(["compress", str(tmp_path / "x.png"), "--out", str(file), *words]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["decompress", str(file), "--out", str(picture), *words]) == 0
    assert Image.open(picture).size == (8, 8)
    file.write_bytes(file.read_bytes()[:-3])
    assert main(["decompress", str(file), "--out", str(picture), "--force", *words]) == 1
    assert "truncated: 3 of" in capsys.readouterr().err
    assert (
        main(["decompress", str(tmp_path / "x.png"), "--out", str(tmp_path / "z.png"), *words]) == 1
    )
    assert "no file of compressed images" in capsys.readouterr().err


def test_a_dataset_goes_into_one_file(stored, tmp_path, capsys):
    words = ["--model", stored, "--engine", "onnx"]
    out, curve, pairs = (str(tmp_path / name) for name in ("x.aez", "c.png", "p.png"))
    assert main(["compress", "digits", "-n", "7", "--out", out, *words]) == 0
    assert main(["decompress", out, "--out", str(tmp_path / "y.npz"), *words]) == 0
    assert np.load(tmp_path / "y.npz")["x"].shape == (7, 8, 8, 1)
    pictures = ["--curve", curve, "--compare", pairs]
    assert main(["compress", "digits", "-n", "3", "--evaluate", "--json", *pictures, *words]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 3
    assert Image.open(curve).size[0] > Image.open(pairs).size[0] > 0


def test_a_folder_with_broken_files(stored, folder, tmp_path, capsys):
    words = ["--model", stored, "--engine", "onnx"]
    small, shown = tmp_path / "small", tmp_path / "shown"
    assert main(["compress", str(folder), "--out", str(small), *words]) == 1
    assert "2 of 5 photos were left out" in capsys.readouterr().err
    assert len([*small.rglob("*.aez")]) == 3
    (small / "bad.aez").write_bytes(b"AEZ\1")
    assert main(["decompress", str(small), "--out", str(shown), *words]) == 1
    assert "bad.aez: It cannot be decompressed: truncated" in capsys.readouterr().err
    sizes = {path.stem: Image.open(path).size for path in shown.rglob("*.png")}
    assert len(sizes) == 3
    assert (87, 73) in sizes.values()
