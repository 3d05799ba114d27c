from __future__ import annotations

import collections
import json
import random
import tracemalloc

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aezoo import tensors

ARRAYS = {
    f"layer_{i}/kernel": np.random.default_rng(i).normal(size=(8, i + 1)).astype("float32")
    for i in range(6)
}
RAW = tensors.dump(ARRAYS)
HEADER_SIZE = int.from_bytes(RAW[:8], "little")
HEADER = json.loads(RAW[8 : 8 + HEADER_SIZE])
VALUES = RAW[8 + HEADER_SIZE :]

shapes = hnp.array_shapes(min_dims=0, max_dims=4, max_side=5)
finite = hnp.arrays("float32", shapes, elements=st.floats(-6e4, 6e4, width=32))


def build(header, values=VALUES) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + values


def edited(**change) -> bytes:
    return build({**HEADER, "layer_0/kernel": {**HEADER["layer_0/kernel"], **change}})


@given(st.dictionaries(st.text("abc/_", min_size=1, max_size=8), finite, max_size=4))
def test_parse_reads_what_dump_wrote(arrays):
    read = tensors.parse(tensors.dump(arrays))
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read[name].shape == array.shape
        assert read[name].tobytes() == array.tobytes()


@given(finite, st.sampled_from(list(tensors.DTYPES)))
def test_cast_rounds_to_nearest_and_keeps_the_shape(array, dtype):
    rounded = tensors.cast(array, dtype)
    assert rounded.dtype == tensors.DTYPES[dtype]
    assert rounded.shape == array.shape
    assert rounded.flags.c_contiguous
    precision = {"float32": 0.0, "float16": 2.0**-11, "bfloat16": 2.0**-8}[dtype]
    bound = np.abs(array.astype("float64")) * precision + (2.0**-25 if precision else 0.0)
    assert (np.abs(rounded.astype("float64") - array) <= bound).all()


@pytest.mark.parametrize("dtype", list(tensors.DTYPES))
def test_widening_is_lossless(dtype):
    bits = np.arange(2**16, dtype="uint16")
    if dtype == "float32":
        bits = bits.astype("uint32") << 16
    values = bits.view(tensors.DTYPES[dtype])
    values = values[np.isfinite(values.astype("float32"))]
    stored = tensors.parse(tensors.dump({"x": values}))["x"]
    wide = stored.astype("float32")
    assert wide.astype(tensors.DTYPES[dtype]).tobytes() == values.tobytes()


def test_cast_takes_any_layout_and_float():
    array = np.arange(12, dtype=">f8").reshape(3, 4).T
    for given_array in (array, array.astype(ml_dtypes.bfloat16), np.asfortranarray(array)):
        rounded = tensors.cast(given_array, "float16")
        np.testing.assert_array_equal(rounded, array)
        np.testing.assert_array_equal(tensors.parse(tensors.dump({"x": rounded}))["x"], array)


@pytest.mark.parametrize(
    ("array", "dtype", "reason"),
    [
        (np.array([1.0, np.nan]), "float32", "NaN or infinity"),
        (np.array([-np.inf]), "float16", "NaN or infinity"),
        (np.array([65520.0]), "float16", "65520 is too large for float16"),
        (np.array([-1e39]), "float32", "too large for float32"),
        (np.array([3.4e38], "float32"), "bfloat16", "too large for bfloat16"),
        (np.array([1, 2]), "float32", "dtype int64, expected floats"),
        (np.array([1j]), "float32", "dtype complex128"),
        (np.array(["a"]), "float32", "expected floats"),
        (np.zeros((3, 0)), "float32", "holds no element"),
    ],
)
def test_cast_refuses(array, dtype, reason):
    with pytest.raises(ValueError, match=reason):
        tensors.cast(array, dtype)


def test_parse_gives_views_that_cannot_be_written():
    read = tensors.parse(RAW)
    assert not any(array.flags.writeable or array.flags.owndata for array in read.values())


KERNEL = HEADER["layer_0/kernel"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "shorter than its header"),
        (RAW[:7], "shorter than its header"),
        (RAW[: 8 + HEADER_SIZE - 1], "shorter than its header"),
        (b"\xff" * 16, "shorter than its header"),
        (RAW[:-1], "but its header describes"),
        (RAW + b"\0", "but its header describes"),
        (build(b" " * 2**20 + b"{}"), "more than the 1048576 allowed"),
        (build(b"{"), "in its header, not valid JSON"),
        (build(b"[" * 10_000), "nested deeper"),
        (build(b"[]"), "not an object"),
        (build(b'{"a": 1}'), "'a' is int, expected an object"),
        (build(b'{"a": {}, "a": {}}'), "'a' is repeated"),
        (build({**HEADER, "__metadata__": {"format": "pt"}}), "metadata"),
        (build({**HEADER, "__metadata__": KERNEL}), "metadata"),
        (edited(extra=1), "unknown key 'extra'"),
        (edited(dtype="F64"), "dtype 'F64', expected one of F32, F16, BF16"),
        (edited(dtype=["F32"]), "expected one of"),
        (edited(shape=[8, 1, -1]), "positive integers"),
        (edited(shape=[8, True]), "positive integers"),
        (edited(shape=[8.0, 1]), "positive integers"),
        (edited(shape=[0, 2**40]), "positive integers"),
        (edited(shape=[1] * 8 + [8]), "at most 8"),
        (edited(shape=[1] * 100_000), r"shape \[1, 1, 1, 1, 1, 1, ...\], expected"),
        (edited(shape=[2**62, 2**62]), "in 32 bytes of F32"),
        (edited(shape=[2**32, 2**32, 8]), "in 32 bytes of F32"),
        (edited(data_offsets=[32, 0]), "in -32 bytes"),
        (edited(data_offsets=[-32, 0]), "expected .start, end."),
        (edited(data_offsets=[0, 32, 64]), "expected .start, end."),
        (edited(data_offsets=[4, 36]), "starts at byte 4, expected 0"),
        (edited(data_offsets=[32, 64]), "starts at byte"),
    ],
)
def test_parse_refuses(data, reason):
    with pytest.raises(ValueError, match=reason):
        tensors.parse(data)


@pytest.mark.parametrize("more", [0, 1])
def test_describe_needs_only_the_beginning(more):
    data = tensors.dump({"a": np.zeros((3, 5), "float16"), "b": np.ones((), "float32")})
    start = data[: 8 + int.from_bytes(data[:8], "little")]
    if more:
        with pytest.raises(ValueError, match="35 bytes of values, but its header describes 34"):
            tensors.describe(start, len(data) + more)
    else:
        header = tensors.describe(start, len(data))
        assert header == {"a": ("float16", (3, 5)), "b": ("float32", ())}


def test_a_huge_shape_allocates_nothing():
    data = edited(shape=[2**40], data_offsets=[0, 2**42])
    tracemalloc.start()
    with pytest.raises(ValueError, match="starts at byte 32, expected 4398046511104"):
        tensors.parse(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def mutated(rng: random.Random) -> bytes:
    """A structured mutation: of entries, of the header's length, of the values."""
    numbers = [0, 1, -1, 2**31, 2**63, 2**64 - 1, 2**64, 1.5, True, "x", None, [], {}]
    header, values = json.loads(json.dumps(HEADER)), VALUES
    for _ in range(rng.randrange(1, 4)):
        name = rng.choice(list(header))
        entry = header[name]
        match rng.randrange(9):
            case 0:
                entry["shape"] = [rng.choice([*numbers, 8]) for _ in range(rng.randrange(4))]
            case 1:
                ends = [*numbers, 4, 100, len(VALUES)]
                entry["data_offsets"] = [rng.choice(ends) for _ in range(rng.randrange(4))]
            case 2:
                entry["dtype"] = rng.choice(["F16", "F64", "I8", "BOOL", "BF16", "F8_E4M3", ""])
            case 3 if len(header) > 1:
                header.pop(name)
            case 4:
                header[f"new_{rng.randrange(9)}"] = entry
            case 5:
                header["__metadata__"] = {rng.choice(["a", "\0", "../"]): rng.choice(["b", 1])}
                return build(header, values)
            case 6:
                values = values[: rng.randrange(len(values) + 1)]
            case 7:
                values += rng.randbytes(rng.randrange(9))
            case _:
                other = rng.choice(list(header))
                header[name], header[other] = header[other], header[name]
    text = json.dumps(header).encode()
    lengths = [len(text)] * 9 + [rng.choice([0, 1, 2**32, 2**63, len(text) + 1, len(text) - 1])]
    return rng.choice(lengths).to_bytes(8, "little") + text + values


def test_whatever_is_accepted_the_reference_library_reads_alike():
    rng = random.Random(0)
    outcomes = collections.Counter()
    for _ in range(4000):
        data = mutated(rng)
        try:
            ours = tensors.parse(data)
        except ValueError:
            outcomes["refused"] += 1
            continue
        outcomes["accepted"] += 1
        if any(array.dtype.name == "bfloat16" for array in ours.values()):
            continue  # the library's numpy reader does not know it
        reference = safetensors.numpy.load(data)
        assert ours.keys() == reference.keys()
        for name, array in ours.items():
            assert array.dtype == reference[name].dtype
            assert array.shape == reference[name].shape
            assert array.tobytes() == reference[name].tobytes()
    assert outcomes["refused"] > 2500
    assert outcomes["accepted"] > 50
