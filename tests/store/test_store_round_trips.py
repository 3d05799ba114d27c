"""What is written is what is read."""

from __future__ import annotations

import doctest
import hashlib
import json
import os
import tempfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from small_model import ARRAYS, CONFIG, SHAPES, WEIGHTS, content

from aezoo import atomic, layout, regular_file, store, stored, strict_json, tensors


@pytest.mark.parametrize(
    "module", [atomic, layout, regular_file, store, stored, strict_json, tensors]
)
def test_the_examples_run(module, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    result = doctest.testmod(module)
    assert result.failed == 0


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
