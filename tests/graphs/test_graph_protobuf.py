"""Protocol buffers are read and written as their own library does it."""

from __future__ import annotations

import random

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aezoo.graphs.protobuf import MAX_FIELDS, Field, decode, encode

INNER = {1: Field("key", "text"), 2: Field("value", "text")}
SCHEMA = {
    1: Field("sizes", "int", True),
    2: Field("number", "int"),
    3: Field("ratio", "float"),
    9: Field("data", "bytes"),
    16: Field("entries", INNER, True),
    300: Field("name", "text"),
}
INTEGERS = st.integers(-(2**63), 2**63 - 1)
MESSAGES = st.fixed_dictionaries(
    {
        "sizes": st.lists(INTEGERS),
        "number": INTEGERS,
        "ratio": st.floats(width=32, allow_nan=False),
        "data": st.binary(),
        "entries": st.lists(st.fixed_dictionaries({"key": st.text(), "value": st.text()})),
        "name": st.text(),
    }
)


@given(MESSAGES)
def test_what_was_written_is_read(message):
    assert decode(encode(message, SCHEMA), SCHEMA) == message


@given(st.lists(INTEGERS, max_size=5), st.text(), st.binary())
def test_the_bytes_are_those_of_the_library(dims, name, data):
    tensor = onnx.TensorProto(dims=dims, name=name, raw_data=data)
    schema = {1: Field("dims", "int", True), 8: Field("name", "text"), 9: Field("data", "bytes")}
    content = {"dims": dims, "name": name, "data": data}
    assert encode(content, schema) == tensor.SerializeToString()
    assert decode(tensor.SerializeToString(), schema) == content


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        message = decode(data, SCHEMA)
    except ValueError:
        return
    assert {"sizes", "entries"} <= set(message) <= {field.name for field in SCHEMA.values()}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("1801", "a field 3 that no graph"),  # an integer where a float is
        ("2001", "a field 4 that no graph"),
        ("08", "ends too early"),
        ("0880", "ends too early"),
        ("4a05", "ends too early"),
        ("1d0000", "ends too early"),
        ("08" + "ff" * 10, "beyond 64 bits"),
        ("0a0101", "a field 1 that no graph"),  # packed, as ONNX does not write them
    ],
)
def test_what_is_not_of_the_schema_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        decode(bytes.fromhex(data), SCHEMA)


def test_the_number_of_fields_is_bounded():
    assert decode(b"\x08\x01" * MAX_FIELDS, SCHEMA)["sizes"] == [1] * MAX_FIELDS
    with pytest.raises(ValueError, match="more than 65536 fields"):
        decode(b"\x08\x01" * (MAX_FIELDS + 1), SCHEMA)


def test_one_wrong_bit_is_read_or_refused():
    message = {"sizes": [300, -1], "number": 7, "data": b"abc", "name": "n"}
    data = encode({**message, "entries": [{"key": "k", "value": "v"}]}, SCHEMA)
    rng = random.Random(0)
    for _ in range(200):
        changed = bytearray(data)
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            decode(bytes(changed), SCHEMA)
        except ValueError as error:
            assert str(error)  # noqa: PT017
