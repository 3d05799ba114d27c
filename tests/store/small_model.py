"""A small model for the tests of the store, and what changes its files."""

from __future__ import annotations

import json

import numpy as np

from aezoo import layout

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
