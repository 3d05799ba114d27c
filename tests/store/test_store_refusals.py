"""What the store neither writes nor reads."""

from __future__ import annotations

import json
import os
import tracemalloc

import numpy as np
import pytest
from small_model import ARRAYS, CONFIG, SHAPES, put, sign

from aezoo import store, stored, tensors


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dtype": "int8"}, "config.json: dtype 'int8', expected one of float32"),
        ({"variant": "../vae"}, "config.json: variant '../vae', expected a registered name"),
        ({"config": {"beta": float("nan")}}, "config.json: a number that is not finite in 'beta'"),
        ({"config": {"beta": np.float32(1)}}, "config.json: a float32 in 'beta'"),
        ({"config": {"a": ["x" * 1000] * 70}}, "config.json: .* bytes of JSON, more than"),
        ({"sampler": None}, "'sampler/means' belongs to a sampler, but config.json names none"),
    ],
)
def test_an_invalid_config_is_not_written(tmp_path, change, reason):
    with pytest.raises(store.StoreError, match=reason):
        store.write(tmp_path / "model", {**CONFIG, **change}, ARRAYS)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("key", list(CONFIG))
def test_a_config_needs_every_key(tmp_path, key):
    config = {k: v for k, v in CONFIG.items() if k != key}
    with pytest.raises(store.StoreError, match=rf"config.json: (no key '{key}'|{key} 0)"):
        store.write(tmp_path / "model", config, ARRAYS)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"a": np.array([np.nan])}, "model.safetensors: 'a': NaN or infinity"),
        ({"a": np.array([1e5])}, "'a': 100000 is too large for float16"),
        ({"a": np.array([1])}, "'a': dtype int64, expected floats"),
        ({"a": np.zeros((2, 0))}, r"'a': shape \(2, 0\) holds no element"),
        ({"a" * 300: np.ones(1)}, "300 characters"),
        ({"__metadata__": np.ones(1)}, "metadata"),
        ({f"{i:0250}": np.ones(1) for i in range(4000)}, "more than the 1048576 allowed"),
    ],
)
def test_invalid_arrays_are_not_written(tmp_path, arrays, reason):
    with pytest.raises(store.StoreError, match=reason):
        store.write(tmp_path / "model", CONFIG, arrays)
    assert not os.listdir(tmp_path)


def test_a_sampler_keeps_what_float16_could_not_hold(tmp_path):
    model = store.write(tmp_path / "model", CONFIG, {"sampler/x": np.array([1e30])})
    assert store.read(model).sampler_arrays()["x"] == np.float32(1e30)


@pytest.mark.parametrize(
    "name", ["../x.png", "a/b.png", ".png", "setup.py", "model.safetensors", "readme.md", ""]
)
def test_other_files_are_not_written(tmp_path, name):
    with pytest.raises(store.StoreError, match=r"expected encoder.onnx.*Received: files="):
        store.write(tmp_path / "model", CONFIG, ARRAYS, files={name: b""})
    with pytest.raises(store.StoreError, match=r"README.md: str, expected bytes"):
        store.write(tmp_path / "model", CONFIG, ARRAYS, files={"README.md": "text"})


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "manifest.json"])
def test_a_missing_file_is_named(model, name):
    (model / name).unlink()
    with pytest.raises(store.StoreError, match=rf"{name}.* missing"):
        store.read(model)


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere: no such directory\."):
        store.read(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(store.StoreError, match="file: is a file, expected a model directory"):
        store.read(tmp_path / "file")
    with pytest.raises(store.StoreNotFoundError, match="no such directory"):
        store.read(tmp_path / "file" / "model")


def test_another_content_of_the_same_size_is_refused(model):
    data = bytearray((model / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (model / "model.safetensors").write_bytes(data)
    with pytest.raises(
        store.StoreError,
        match=r"model\.safetensors: sha256 differs from manifest\.json \(expected \w{12}\.\.\.",
    ):
        store.read(model)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_another_size_is_refused(model, name):
    data = (model / name).read_bytes()
    for other in (data[:-1], b"", data + b" "):
        (model / name).write_bytes(other)
        with pytest.raises(store.StoreError, match=rf"{name}: {len(other)} bytes, "):
            store.read(model)


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("evil.py", 0, "manifest.json: lists 'evil.py', which is no file of a model"),
        ("encoder.onnx", 0, "encoder.onnx: missing"),
        ("config.json", 2**62, "manifest.json: size 4611686018427387904 of config.json, more than"),
        (
            "encoder.onnx",
            2**23,
            "manifest.json: size 8388608 of encoder.onnx, more than the 4194304",
        ),
        (
            "model.safetensors",
            2**62,
            "safetensors: .* bytes, but manifest.json says 46116860184273",
        ),
    ],
)
def test_a_manifest_that_lists_something_else_is_refused(model, name, size, reason):
    sign(model, **{name: {"size": size, "sha256": "0" * 64}})
    with pytest.raises(store.StoreError, match=reason):
        store.read(model)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"module": "os"}, "config.json: unknown key 'module'"),
        ({"dtype": "float32"}, "model.safetensors: 'encoder/kernel' is float16, expected float32"),
        ({"dtype": "bfloat16"}, "is float16, expected bfloat16 as config.json says"),
        ({"sampler": None}, "'sampler/means' belongs to a sampler, but config.json names none"),
    ],
)
def test_a_signed_hostile_config_is_refused(model, change, reason):
    put(model, "config.json", json.dumps({**CONFIG, **change}).encode())
    with pytest.raises(store.StoreError, match=reason):
        store.read(model)


def test_a_sampler_has_a_largest_size(model, monkeypatch):
    monkeypatch.setattr(stored, "MAX_SAMPLER", 3)
    with pytest.raises(store.StoreError, match="a sampler of 4 numbers, more than the 3 allowed"):
        store.read(model)


def test_large_weights_are_refused_before_they_are_read(model, monkeypatch):
    monkeypatch.setattr(store, "LARGE", 10)
    seen = []
    stored = store.read(model, shapes=lambda config: seen.append(config) or SHAPES)
    assert seen == [stored.config] == [CONFIG]
    weights = model / "model.safetensors"
    size = 10 * 2**30
    tensor = {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}
    header = json.dumps({"encoder/kernel": tensor}).encode()
    with open(weights, "r+b") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    sign_as = {"size": weights.stat().st_size, "sha256": "0" * 64}
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["files"][weights.name] = sign_as
    (model / "manifest.json").write_text(json.dumps(manifest))
    tracemalloc.start()
    for shapes, reason in [
        (lambda config: SHAPES, "missing: 'encoder/scale'"),
        (lambda config: {"encoder/kernel": (2,)}, r"'encoder/kernel' has shape \(5368709120,\)"),
    ]:
        with pytest.raises(store.StoreError, match=rf"model\.safetensors: .*{reason}"):
            store.read(model, shapes=shapes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_sampler_in_half_precision_is_refused(model):
    arrays = {name: array.astype("float16") for name, array in ARRAYS.items()}
    put(model, "model.safetensors", tensors.dump(arrays))
    with pytest.raises(store.StoreError, match="'sampler/means' is float16, expected float32"):
        store.read(model)


def test_weights_of_another_model_are_refused(model):
    stored = store.read(model)
    with pytest.raises(
        store.StoreError,
        match=r"model\.safetensors: .*missing: 'b0', 'b1', 'b2' and 2 more; unexpected: none",
    ):
        stored.arrays(SHAPES | {f"b{i}": (1,) for i in range(5)})
    with pytest.raises(store.StoreError, match=r"missing: none; unexpected: 'encoder/scale'"):
        stored.arrays({"encoder/kernel": (4, 2)})
    with pytest.raises(store.StoreError, match=r"'encoder/kernel' has shape \(4, 2\), expected"):
        stored.arrays(SHAPES | {"encoder/kernel": (2, 4)})


def test_values_that_are_not_finite_are_refused(model):
    for value in (np.nan, np.inf):
        arrays = {
            "encoder/kernel": np.full((4, 2), value, "float16"),
            "encoder/scale": np.ones((), "float16"),
            "sampler/means": np.full((2, 2), value, "float32"),
        }
        put(model, "model.safetensors", tensors.dump(arrays))
        stored = store.read(model)
        with pytest.raises(store.StoreError, match="'encoder/kernel' holds NaN or infinity"):
            stored.arrays(SHAPES)
        with pytest.raises(store.StoreError, match="'sampler/means' holds NaN or infinity"):
            stored.sampler_arrays()


def test_a_shape_is_compared_before_memory_is_spent(tmp_path):
    large = np.zeros((1000, 1000), "float32")
    model = store.write(tmp_path / "model", {**CONFIG, "dtype": "float16"}, {"a": large})
    stored = store.read(model)
    tracemalloc.start()
    with pytest.raises(store.StoreError, match="expected"):
        stored.arrays({"a": (2**40, 2**40)})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_a_link_that_leaves_the_directory_is_refused(model, tmp_path):
    for name in ("config.json", "model.safetensors", "manifest.json"):
        (model / name).rename(tmp_path / name)
        (model / name).symlink_to(tmp_path / name)
        with pytest.raises(store.StoreError, match=f"{name}: a link that leaves"):
            store.read(model)
        (model / name).unlink()
        (tmp_path / name).rename(model / name)
    assert store.read(model).config == CONFIG


def test_links_within_the_given_root_are_read(model, tmp_path):
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    (model / "config.json").rename(blobs / "config")
    (model / "config.json").symlink_to("../blobs/config")
    with pytest.raises(store.StoreError, match=r"config\.json: a link that leaves"):
        store.read(model)
    assert store.read(model, roots=[tmp_path]).config == CONFIG
    with pytest.raises(store.StoreError, match=r"config\.json: a link that leaves"):
        store.read(model, roots=[tmp_path / "elsewhere"])


def test_a_link_to_the_directory_is_followed_by_read_and_write(model, tmp_path):
    (tmp_path / "latest").symlink_to("model")
    assert store.read(tmp_path / "latest").config == CONFIG
    store.write(tmp_path / "latest", {**CONFIG, "variant": "ae"}, ARRAYS, overwrite=True)
    assert (tmp_path / "latest").is_symlink()
    assert store.read(model).config["variant"] == "ae"
