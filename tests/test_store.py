from __future__ import annotations

import copy
import doctest
import errno
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aezoo import atomic, layout, regular_file, store, stored, strict_json, tensors

CONFIG = {
    "format": 1,
    "variant": "vae",
    "config": {"sample_shape": [4], "body": {"name": "mlp", "widths": [8, 8]}, "beta": 1.5},
    "sampler": {"name": "acme/gmm", "config": {"components": 2}},
    "dtype": "float16",
    "versions": {"aezoo": "0.1.0", "keras": "3.15.1"},
}
ARRAYS = {
    "encoder/kernel": np.arange(8, dtype="float32").reshape(4, 2) / 7,
    "encoder/scale": np.array(0.1, "float32"),
    "sampler/means": np.arange(4, dtype="float32").reshape(2, 2) / 7,
}
SHAPES = {"encoder/kernel": (4, 2), "encoder/scale": ()}
WEIGHTS = {name: ARRAYS[name].astype("float16").astype("float32") for name in SHAPES}


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """No test here cuts the power: test_atomic.py checks what is synced, and when."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def model(tmp_path):
    return store.write(tmp_path / "model", CONFIG, ARRAYS)


def sign(directory, **entries):
    """Make the manifest fit the files again, as somebody hostile would."""
    files = {name: (directory / name).read_bytes() for name in (layout.CONFIG, layout.WEIGHTS)}
    manifest = json.loads(layout.manifest(files))
    manifest["files"] |= entries
    (directory / layout.MANIFEST).write_text(json.dumps(manifest))


def put(directory, name, data):
    (directory / name).write_bytes(data)
    sign(directory)


def content(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize(
    "module", [atomic, layout, regular_file, store, stored, strict_json, tensors]
)
def test_the_examples_run(module, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    result = doctest.testmod(module)
    assert result.failed == 0


# Round trips


def test_write_then_read_gives_the_stored_bits(model):
    assert sorted(content(model)) == ["config.json", "manifest.json", "model.safetensors"]
    stored = store.read(model)
    assert stored.config == CONFIG
    assert stored.directory == model
    assert stored.header == {
        "encoder/kernel": ("float16", (4, 2)),
        "encoder/scale": ("float16", ()),
        "sampler/means": ("float32", (2, 2)),
    }
    arrays = stored.arrays(SHAPES)
    assert list(arrays) == list(SHAPES)
    for name, array in arrays.items():
        assert array.dtype == np.float32
        assert array.flags.writeable
        assert array.tobytes() == WEIGHTS[name].tobytes()
    sampler = stored.sampler_arrays()
    assert list(sampler) == ["means"]
    assert sampler["means"].tobytes() == ARRAYS["sampler/means"].tobytes()


names = st.text("abc_/", min_size=1, max_size=9).map("weights/{}".format)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, max_side=4)
finite = hnp.arrays(
    st.sampled_from(["float16", "float32", "float64"]),
    shapes,
    elements=st.floats(-6e4, 6e4, width=16),
)


@given(st.dictionaries(names, finite, max_size=4), st.sampled_from(list(tensors.DTYPES)))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_arrays_survive(tmp_path, arrays, dtype):
    config = {**CONFIG, "dtype": dtype}
    stored = store.read(store.write(tmp_path / "any", config, arrays, overwrite=True))
    read = stored.arrays({name: array.shape for name, array in arrays.items()})
    for name, array in arrays.items():
        expected = array.astype(tensors.DTYPES[dtype]).astype("float32")
        assert read[name].tobytes() == expected.tobytes()
        assert read[name].shape == array.shape
    again = store.write(tmp_path / "again", config, read, overwrite=True)
    assert content(again) == content(tmp_path / "any")


def test_the_same_model_gives_the_same_bytes(model, tmp_path):
    other = store.write(tmp_path / "other", CONFIG, dict(reversed(ARRAYS.items())))
    assert content(other) == content(model)


def test_the_manifest_says_size_and_sha256_and_leaves_the_card_out(tmp_path):
    files = {"README.md": b"# Card", "samples-1.png": b"png", "record.json": b"{}"}
    graphs = {"encoder.onnx": b"graph", "prior.onnx": b""}
    model = store.write(tmp_path / "model", CONFIG, ARRAYS, files={**files, **graphs})
    manifest = json.loads((model / "manifest.json").read_bytes())
    assert manifest.keys() == {"format", "files"}
    assert set(manifest["files"]) == {"config.json", "model.safetensors", *graphs}
    for name, entry in manifest["files"].items():
        data = (model / name).read_bytes()
        assert entry == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert (model / "samples-1.png").read_bytes() == b"png"
    assert store.read(model).files == graphs


def test_read_opens_only_what_the_manifest_lists(model, monkeypatch):
    for name in ("README.md", "evil.py", "encoder.onnx", "weights.h5"):
        os.mkfifo(model / name)
    opened = []
    real_open = os.open

    def spy(path, *args, **kwargs):
        opened.append(os.path.basename(path))
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", spy)
    assert store.read(model).files == {}
    assert opened == ["model", "manifest.json", "config.json", "model.safetensors"]


def test_parents_are_created_and_a_relative_path_is_returned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(store.write("runs/today/vae", CONFIG, ARRAYS)) == "runs/today/vae"
    assert store.read("runs/today/vae").directory == tmp_path / "runs/today/vae"


# What is not written


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


# What is not read


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


def test_every_flipped_bit_is_refused(tmp_path):
    config = {**CONFIG, "config": {"beta": 1.5}, "versions": {"aezoo": "0.1.0"}}
    model = store.write(tmp_path / "model", config, {"sampler/x": np.ones(3)})
    flips = 0
    for path in model.iterdir():
        data = path.read_bytes()
        for position in range(len(data)):
            for bit in range(8):
                damaged = bytearray(data)
                damaged[position] ^= 1 << bit
                path.write_bytes(damaged)
                with pytest.raises(store.StoreError):
                    store.read(model)
                flips += 1
        path.write_bytes(data)
    assert store.read(model).config == config
    assert flips > 4000


def mutate(rng, document):
    """Replace, remove, add or repeat something anywhere in a JSON document."""
    values = [
        None, True, 0, -1, 2**31, 2**63, 2**64, 1.5, float("nan"), "", "x", "vae", "a/b", "../x",
        "\x1b", "float32", "F32", [], {}, [1], {"a": 1}, [[[]]] * 3, "y" * 2000,
    ]  # fmt: skip
    for _ in range(rng.randrange(1, 4)):
        node = document
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(node[key], dict | list) and rng.random() < 0.7:
                node = node[key]
                continue
            match rng.randrange(4):
                case 0:
                    node[key] = copy.deepcopy(rng.choice(values))
                case 1:
                    del node[key]
                case 2 if isinstance(node, dict):
                    node[rng.choice(["new", "format", "", "\0", "x" * 300])] = rng.choice(values)
                case _ if isinstance(node, dict):
                    other = rng.choice(keys)
                    node[key], node[other] = node[other], node[key]
            break
    return document


def mutated_bytes(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(3):
            case 0:
                data[place:place] = rng.choice([b"[", b"{", b'"', b"\0", b",", b"1e999", b"\xff"])
            case 1:
                del data[place : place + rng.randrange(1, 9)]
            case _:
                data[place:place] = data[: rng.randrange(40)]
    return bytes(data)


def mutated_weights(rng, data):
    size = int.from_bytes(data[:8], "little")
    header = mutate(rng, json.loads(data[8 : 8 + size])) if rng.random() < 0.7 else None
    text = data[8 : 8 + size] if header is None else json.dumps(header).encode()
    values = data[8 + size :] if header else mutated_bytes(rng, data[8 + size :])
    return len(text).to_bytes(8, "little") + text + values


@pytest.mark.parametrize(
    ("name", "rounds"), [("config.json", 1000), ("manifest.json", 500), ("model.safetensors", 1000)]
)
def test_a_mutated_directory_is_read_exactly_or_refused(model, name, rounds):
    rng = random.Random(name)
    original = (model / name).read_bytes()
    refusals = []
    for _ in range(rounds):
        if name == "model.safetensors":
            data = mutated_weights(rng, original)
        elif rng.random() < 0.7:
            data = json.dumps(mutate(rng, json.loads(original))).encode()
        else:
            data = mutated_bytes(rng, original)
        (model / name).write_bytes(data)
        if name != "manifest.json":
            sign(model)
        try:
            stored = store.read(model)
            arrays, sampler = stored.arrays(SHAPES), stored.sampler_arrays()
        except store.StoreError as error:
            refusals.append(str(error))
            continue
        if name == "config.json":
            assert stored.config == json.loads(data)
        values = tensors.parse((model / "model.safetensors").read_bytes())
        for key, array in arrays.items():
            assert array.shape == SHAPES[key]
            assert array.tobytes() == values[key].astype("float32").tobytes()
        assert all(np.isfinite(array).all() for array in sampler.values())
    assert len(refusals) > 0.6 * rounds
    for message in refusals:
        assert str(model) in message
        assert len(message) < 3000
        assert message.isprintable()


# Links


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


# Overwriting


def test_an_existing_model_is_replaced_only_when_asked(model):
    before = content(model)
    with pytest.raises(FileExistsError, match=r"model: exists already.*overwrite=True \(--force"):
        store.write(model, {**CONFIG, "variant": "ae"}, ARRAYS)
    assert content(model) == before
    store.write(model, {**CONFIG, "variant": "ae"}, ARRAYS, overwrite=True)
    assert store.read(model).config["variant"] == "ae"
    assert os.listdir(model.parent) == ["model"]


def test_the_old_card_and_graphs_go_with_the_old_model(tmp_path):
    files = {"README.md": b"a", "loss.png": b"b", "record.json": b"{}", "encoder.onnx": b"c"}
    model = store.write(tmp_path / "model", CONFIG, ARRAYS, files=files)
    store.write(model, CONFIG, ARRAYS, files={"loss.png": b"new"}, overwrite=True)
    assert sorted(content(model)) == [
        "config.json",
        "loss.png",
        "manifest.json",
        "model.safetensors",
    ]
    assert store.read(model).files == {}


def test_an_empty_directory_is_used(tmp_path):
    (tmp_path / "model").mkdir()
    store.check_target(tmp_path / "model")
    store.write(tmp_path / "model", CONFIG, ARRAYS)
    assert store.read(tmp_path / "model").config == CONFIG


@pytest.mark.parametrize("make", [lambda p: p.write_bytes(b"mine"), lambda p: p.mkdir()])
@pytest.mark.parametrize("name", ["notes.txt", "my.py", ".git", "photo 1.png", "model.h5"])
def test_a_file_that_is_not_ours_is_never_deleted(model, name, make):
    make(model / name)
    before = sorted(os.listdir(model))
    for check in (
        lambda: store.write(model, CONFIG, ARRAYS, overwrite=True),
        lambda: store.check_target(model, overwrite=True),
    ):
        with pytest.raises(store.StoreError, match=f"not part of a model .'{name}'."):
            check()
    assert sorted(os.listdir(model)) == before
    assert os.listdir(model.parent) == ["model"]


@pytest.mark.parametrize(
    "files",
    [
        {"config.json": '{"architectures": ["Bert"]}', "model.safetensors": "", "README.md": ""},
        {"config.json": "not JSON"},
        {"README.md": "# Mine"},
        {"picture.png": ""},
    ],
)
def test_what_looks_like_a_model_but_is_not_ours_is_never_replaced(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(store.StoreError, match="is not a model directory of aezoo"):
        store.write(tmp_path, CONFIG, ARRAYS, overwrite=True)
    assert {name: data.decode() for name, data in content(tmp_path).items()} == files


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "manifest.json"])
def test_a_damaged_model_can_be_replaced(model, name):
    (model / name).write_bytes(b"damaged")
    store.write(model, CONFIG, ARRAYS, overwrite=True)
    assert store.read(model).config == CONFIG


def test_the_current_directory_is_not_replaced(model, monkeypatch):
    monkeypatch.chdir(model)
    with pytest.raises(store.StoreError, match="current directory"):
        store.write(".", CONFIG, ARRAYS, overwrite=True)
    assert store.read(".").config == CONFIG


def test_a_file_in_the_way_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(store.StoreError, match="file: is a file"):
            store.write(path, CONFIG, ARRAYS, overwrite=overwrite)
        with pytest.raises(store.StoreError, match="file/model: cannot be written"):
            store.write(path / "model", CONFIG, ARRAYS, overwrite=overwrite)
    assert path.read_bytes() == b"mine"


# Interruptions


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("function", ["mkdir", "fsync", "rename"])
def test_an_error_of_the_file_system_keeps_the_old_model(model, monkeypatch, number, function):
    real = getattr(os, function)

    def fail(*args, **kwargs):
        if function == "mkdir" and ".new-" not in str(args[0]):
            return real(*args, **kwargs)
        raise OSError(number, os.strerror(number))

    before = content(model)
    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        reason = os.strerror(number)
        with pytest.raises(store.StoreError, match=rf"model: cannot be written \({reason}\)\."):
            store.write(model, {**CONFIG, "variant": "ae"}, ARRAYS, overwrite=True)
    assert content(model) == before
    assert os.listdir(model.parent) == ["model"]


def test_a_file_that_may_not_be_read_is_named(model, monkeypatch):
    real_open = os.open

    def denied(path, *args, **kwargs):
        if str(path).endswith("config.json"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(store.StoreError, match=r"config\.json: cannot be read \(Permission denied"):
        store.read(model)


def interrupt(model):
    """Leave what a kill between the two renames leaves."""
    unfinished = model.with_name("model.new-0123456789abcdef")
    unfinished.mkdir()
    (unfinished / "config.json").touch()
    return model.rename(model.with_name("model.old-0123456789abcdef"))


def test_read_undoes_an_interrupted_save_and_says_so(model):
    aside = interrupt(model)
    with pytest.warns(UserWarning, match=f"model: a save was interrupted.*{aside.name}") as caught:
        stored = store.read(model)
    assert stored.config == CONFIG
    assert caught[0].filename == __file__
    assert not aside.exists()


def test_write_undoes_an_interrupted_save_and_says_so(model):
    aside = interrupt(model)
    with (
        pytest.warns(UserWarning, match=f"recovered from {aside.name}") as caught,
        pytest.raises(store.StoreExistsError),
    ):
        store.write(model, CONFIG, ARRAYS)
    assert caught[0].filename == __file__
    assert store.read(model).config == CONFIG
    store.write(model, CONFIG, ARRAYS, overwrite=True)
    assert os.listdir(model.parent) == ["model"]


def test_an_incomplete_model_aside_is_not_taken(model):
    model.rename(model.with_name("model.old-0123456789abcdef"))
    (model.with_name("model.old-0123456789abcdef") / "manifest.json").unlink()
    with pytest.raises(store.StoreNotFoundError), warnings.catch_warnings(action="error"):
        store.read(model)


CHAOS = textwrap.dedent(
    """
    import os, random, signal, sys, time
    from pathlib import Path
    import numpy as np
    from aezoo import store

    target = Path(sys.argv[1])
    config = {"format": 1, "variant": "vae", "config": {}, "sampler": None, "dtype": "float32"}

    def write(number):
        arrays = {f"w{i}": np.full(20_000, number, "float32") for i in range(3)}
        versions = {"number": str(number)}
        store.write(target, {**config, "versions": versions}, arrays, overwrite=True)

    def read():
        stored = store.read(target)
        number = int(stored.config["versions"]["number"])
        arrays = stored.arrays({f"w{i}": (20_000,) for i in range(3)})
        assert all((array == number).all() for array in arrays.values())
        return number

    os.fsync = lambda descriptor: None  # a kill is no power cut
    rng, latest = random.Random(0), 0
    write(0)
    for _ in range(50):
        child = os.fork()
        while child == 0:
            latest += 1
            write(latest)
        until = time.monotonic() + rng.uniform(0.005, 0.03)
        try:
            while time.monotonic() < until:
                if sys.argv[2] == "wait":
                    time.sleep(0.001)
                    continue
                number = read()
                assert number >= latest, (number, latest)
                latest = number
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        number = read()
        assert number >= latest, (number, latest)
        latest = number
    write(latest + 1)
    assert os.listdir(target.parent) == [target.name], os.listdir(target.parent)
    assert "keras" not in sys.modules and "tensorflow" not in sys.modules
    print(latest)
    """
)


@pytest.mark.parametrize("reading", ["read", "wait"])
def test_kills_during_saves_leave_a_whole_model(tmp_path, reading):
    run = subprocess.run(
        [sys.executable, "-c", CHAOS, str(tmp_path / "model"), reading],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 10
