"""A hostile `model.safetensors`, signed: only the model's own finite values are taken."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest
from hostile_model import safetensors

from aezoo.layout import CONFIG, MANIFEST, WEIGHTS, manifest
from aezoo.tensors import dump, parse

KERNEL = "encoder/0.dense/kernel"
BIAS = "decoder/0.dense/bias"


def tensor(shape, size=None, start=0, dtype="F32"):
    size = 4 * int(np.prod(shape)) if size is None else size
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, start + size]}


FILES = {
    "empty": b"",
    "seven-bytes": bytes(7),
    "only-zeros": bytes(100),
    "pickle": b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93.",
    "torch-zip": b"PK\x03\x04" + bytes(200),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(200),
    "gzip": b"\x1f\x8b\x08" + bytes(200),
    "numpy": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "header-of-2**63": (2**63).to_bytes(8, "little") + b"{}",
    "header-of-2**64-1": (2**64 - 1).to_bytes(8, "little") + b"{}",
    "header-past-the-end": (100).to_bytes(8, "little") + b"{}",
    "header-of-2-MiB": safetensors(b" " * 2**21 + b"{}"),
    "header-just-above-1-MiB": safetensors(b"{}" + b" " * (2**20 - 1)),
    "header-of-1-MiB-of-lists": safetensors(b"[" * 2**20),
    "header-of-1-MiB-of-keys": safetensors(
        b"{" + b",".join(b'"%06d":0' % n for n in [*range(90_000), 89_999]) + b"}"
    ),
    "header-of-10000-tensors": safetensors(
        {f"{n:06}": tensor([1], start=4 * n) for n in range(10_000)}, bytes(40_000)
    ),
    "header-list": safetensors([]),
    "header-null": safetensors(b"null"),
    "header-not-json": safetensors(b"{import os}"),
    "header-empty": safetensors({}),
    "header-repeats-a-tensor": safetensors(b'{"a": 1, "a": 2}'),
    "header-repeats-a-shape": safetensors(
        b'{"a": {"dtype": "F32", "shape": [1], "shape": [2], "data_offsets": [0, 4]}}', bytes(4)
    ),
    "metadata": safetensors({"__metadata__": {"format": "pt", "code": "os.system"}}),
    "entry-extra-key": safetensors({"a": {**tensor([1]), "module": "os"}}, bytes(4)),
    "entry-string": safetensors({"a": "os.system"}),
    "shape-huge": safetensors({"a": tensor([2**40, 2**40], size=4)}, bytes(4)),
    "shape-overflows-64-bits": safetensors({"a": tensor([2**32, 2**32], size=0)}),
    "shape-of-10**18": safetensors({"a": tensor([1], size=4) | {"shape": [10**18] * 8}}, bytes(4)),
    "shape-negative": safetensors({"a": tensor([-1, -1], size=4)}, bytes(4)),
    "shape-zero": safetensors({"a": tensor([0], size=0)}),
    "shape-rank-9": safetensors({"a": tensor([1] * 9)}, bytes(4)),
    "shape-float": safetensors({"a": tensor([1]) | {"shape": [1.0]}}, bytes(4)),
    "shape-true": safetensors({"a": tensor([1]) | {"shape": [True]}}, bytes(4)),
    "shape-string": safetensors({"a": tensor([1]) | {"shape": "1"}}, bytes(4)),
    "dtype-pickle": safetensors({"a": tensor([1], dtype="O")}, bytes(4)),
    "dtype-integers": safetensors({"a": tensor([1], dtype="I32")}, bytes(4)),
    "dtype-double": safetensors({"a": tensor([1], size=8, dtype="F64")}, bytes(8)),
    "dtype-path": safetensors({"a": tensor([1], dtype="numpy.float32")}, bytes(4)),
    "offsets-overlap": safetensors({"a": tensor([2]), "b": tensor([2], start=4)}, bytes(12)),
    "offsets-leave-a-hole": safetensors({"a": tensor([1]), "b": tensor([1], start=8)}, bytes(12)),
    "offsets-shared": safetensors({"a": tensor([1]), "b": tensor([1])}, bytes(4)),
    "offsets-reversed": safetensors({"a": tensor([1]) | {"data_offsets": [4, 0]}}, bytes(4)),
    "offsets-negative": safetensors({"a": tensor([1]) | {"data_offsets": [-4, 0]}}, bytes(4)),
    "offsets-past-the-end": safetensors({"a": tensor([1], start=2**62)}, bytes(4)),
    "values-missing": safetensors({"a": tensor([4])}, bytes(8)),
    "values-left-over": safetensors({"a": tensor([1])}, b"PK\x03\x04" * 100),
    "name-long": safetensors({"a" * 300: tensor([1])}, bytes(4)),
    "name-null": safetensors({"a\0b": tensor([1])}, bytes(4)),
    "name-escape": safetensors({"\x1b[2J": tensor([1])}, bytes(4)),
    "name-path": safetensors({"../../etc/passwd": tensor([1])}, bytes(4)),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_another_file_in_place_of_the_weights_is_refused(base, tmp_path, refused, name):
    refused(base.copy(tmp_path / "m", weights=FILES[name]), WEIGHTS)


def swap(arrays, name, array):
    arrays[name] = np.asarray(array, "float32")


ARRAYS = {
    "nan": lambda a: a[KERNEL].fill(np.nan),
    "one-nan": lambda a: swap(a, BIAS, [0, 0, 0, np.nan]),
    "infinity": lambda a: a[KERNEL].fill(np.inf),
    "minus-infinity": lambda a: a[BIAS].fill(-np.inf),
    "missing": lambda a: a.pop(KERNEL),
    "missing-all": lambda a: a.clear(),
    "missing-all-but-the-sampler": lambda a: [a.pop(n) for n in list(a) if "sampler" not in n],
    "extra": lambda a: swap(a, "evil", [1]),
    "extra-layer": lambda a: swap(a, "encoder/9.lambda/code", [1]),
    "extra-10000": lambda a: [swap(a, f"extra/{n}", [1]) for n in range(10_000)],
    "renamed": lambda a: swap(a, KERNEL + "_", a.pop(KERNEL)),
    "upper-case": lambda a: swap(a, KERNEL.upper(), a.pop(KERNEL)),
    "look-alike": lambda a: swap(a, KERNEL.replace("e", "\u0435"), a.pop(KERNEL)),
    "transposed": lambda a: swap(a, KERNEL, a[KERNEL].T),
    "flat": lambda a: swap(a, KERNEL, a[KERNEL].ravel()),
    "one-more-axis": lambda a: swap(a, KERNEL, a[KERNEL][None]),
    "one-number": lambda a: swap(a, KERNEL, 1.0),
    "too-large": lambda a: swap(a, KERNEL, np.ones((1000, 1000))),
    "float16": lambda a: a.update({KERNEL: a[KERNEL].astype("float16")}),
    "all-float16": lambda a: a.update({n: v.astype("float16") for n, v in a.items()}),
}
SAMPLERS = {
    "no-arrays": lambda a: [a.pop(n) for n in list(a) if n.startswith("sampler/")],
    "no-means": lambda a: a.pop("sampler/means"),
    "extra": lambda a: swap(a, "sampler/evil", [1]),
    "of-another-kind": lambda a: swap(a, "sampler/mean", a.pop("sampler/means")),
    "nan": lambda a: a["sampler/means"].fill(np.nan),
    "infinity": lambda a: a["sampler/factors"].fill(np.inf),
    "means-that-overflow": lambda a: [a[f"sampler/{n}"].fill(3e38) for n in ("means", "factors")],
    "factors-that-overflow": lambda a: a["sampler/factors"].fill(-3e38),
    "weights-negative": lambda a: swap(a, "sampler/weights", [-1, 2]),
    "weights-zero": lambda a: a["sampler/weights"].fill(0),
    "weights-of-another-length": lambda a: swap(a, "sampler/weights", np.ones(3)),
    "weights-of-rank-2": lambda a: swap(a, "sampler/weights", np.ones((2, 1))),
    "means-of-rank-1": lambda a: swap(a, "sampler/means", np.ones(2)),
    "means-of-another-size": lambda a: swap(a, "sampler/means", np.ones((2, 3))),
    "factors-of-rank-2": lambda a: swap(a, "sampler/factors", np.ones((2, 2))),
    "factors-not-square": lambda a: swap(a, "sampler/factors", np.ones((2, 2, 3))),
    "for-another-code": lambda a: a.update(mixture(2, 3)),
    "for-a-huge-code": lambda a: a.update(mixture(1, 1000)),
}  # fmt: skip


def mixture(k, d):
    shapes = {"weights": (k,), "means": (k, d), "factors": (k, d, d)}
    return {f"sampler/{name}": np.ones(shape, "float32") for name, shape in shapes.items()}


@pytest.mark.parametrize("name", ARRAYS)
def test_other_weights_than_the_models_are_refused(base, tmp_path, refused, name):
    refused(base.with_arrays(tmp_path / "m", ARRAYS[name]), WEIGHTS)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_that_does_not_fit_is_refused(base, tmp_path, refused, name):
    refused(base.with_arrays(tmp_path / "m", SAMPLERS[name]), WEIGHTS)


@pytest.mark.parametrize(
    ("change", "file"),
    [
        ({"sampler": None}, WEIGHTS),
        ({"sampler": {"name": "normal", "config": {}}}, WEIGHTS),
        ({"dtype": "float16"}, WEIGHTS),
        ({"variant": "wae_mmd"}, CONFIG),  # which has no such arguments
        ({"variant": "ae"}, CONFIG),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_weights_of_another_config_are_refused(base, tmp_path, refused, change, file):
    refused(base.with_config(tmp_path / "m", lambda c: c.update(change)), file)


def test_half_precision_that_overflows_is_refused(base, tmp_path, refused):
    arrays = parse(base.weights)
    halves = {
        name: array if name.startswith("sampler/") else np.full(array.shape, np.inf, "float16")
        for name, array in arrays.items()
    }
    config = json.dumps({**json.loads(base.config), "dtype": "float16"}).encode()
    message = refused(base.copy(tmp_path / "m", config=config, weights=dump(halves)), WEIGHTS)
    assert "NaN or infinity" in message


# Files of ten gigabytes that hold nothing


def sparse(base, target, header, size):
    """A file that says what is wanted of it, ten gigabytes of zeros that take no space."""
    base.copy(target)
    head = safetensors(header)
    with open(target / WEIGHTS, "wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    listed = json.loads((target / MANIFEST).read_bytes())
    listed["files"][WEIGHTS]["size"] = len(head) + size
    (target / MANIFEST).write_text(json.dumps(listed))
    return target


TEN_GB = 10 * 2**30
GIANT = functools.partial(tensor, [TEN_GB // 4])


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "in its header"),
        ({}, "bytes of values, but its header describes 0"),
        ({KERNEL: tensor([6, 4])}, "bytes of values, but its header describes 96"),
        ({KERNEL: GIANT()}, "missing"),
        ({"evil": GIANT()}, "unexpected: 'evil'"),
        ({"sampler/means": GIANT()}, "a sampler of 2684354560 numbers"),
        ({KERNEL: GIANT(dtype="F16") | {"shape": [TEN_GB // 2]}}, "is float16, expected float32"),
    ],
    ids=["zeros", "no-tensor", "small-tensor", "one-tensor", "unexpected", "sampler", "dtype"],
)
def test_ten_gigabytes_are_refused_unread(base, tmp_path, refused, header, reason):
    assert reason in refused(sparse(base, tmp_path / "m", header, TEN_GB), WEIGHTS)


def test_a_giant_among_the_right_names_is_refused_unread(base, tmp_path, refused):
    header, start = {}, 0
    for name, array in parse(base.weights).items():
        shape = (2**21, 2**10) if name == KERNEL else array.shape
        header[name] = tensor(shape, start=start)
        start += 4 * int(np.prod(shape, dtype="int64"))
    message = refused(sparse(base, tmp_path / "m", header, start), WEIGHTS)
    assert f"'{KERNEL}' has shape (2097152, 1024), expected (6, 4)" in message


def test_the_good_model_still_loads(base, tmp_path, loaded):
    directory = base.copy(tmp_path / "m")
    listed = json.loads((directory / MANIFEST).read_bytes())["files"]
    assert listed == json.loads(manifest({CONFIG: base.config, WEIGHTS: base.weights}))["files"]
    opened = {path.name for path in loaded(directory).opened}
    assert opened == {"m", MANIFEST, CONFIG, WEIGHTS}
