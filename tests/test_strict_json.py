from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aezoo import strict_json

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("abc é_/.", max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc_", max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text("xyz", max_size=3), values, max_size=4))
def test_parse_reads_what_dump_wrote(value):
    assert strict_json.parse(strict_json.dump(value)) == value


def test_dump_writes_tuples_as_arrays():
    assert json.loads(strict_json.dump({"shape": (28, 28, 1)})) == {"shape": [28, 28, 1]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{} {}", "Extra data"),
        (b"\xff\xfe{}", "utf-8"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'{"a": 1, "a": 2}', "'a' is repeated"),
        (b'{"b": {"a": 1, "\\u0061": 2}}', "'a' is repeated"),
        (b'{"a": NaN}', "not finite in 'a'"),
        (b'{"a": [-Infinity]}', "not finite in 'a'"),
        (b'{"a": 1e999}', "not finite in 'a'"),
        (b'{"a": 9223372036854775808}', "beyond 64 bits in 'a'"),
        (b'{"a": -9223372036854775809}', "beyond 64 bits in 'a'"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"a": "' + b"x" * 1025 + b'"}', "1025 characters"),
        (b'{"' + b"x" * 257 + b'": 1}', "257 characters"),
        (b'{"a": "\\u001b[2J"}', "unprintable"),
        (b'{"a": "\\ud800"}', "unprintable"),
        (b'{"\\u202e": 1}', "unprintable"),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "more than the 65536 allowed"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "nested too deeply"),
        (b"[" * 60_000, "nested deeper than 16"),
    ],
)
def test_parse_refuses(data, reason):
    with pytest.raises(ValueError, match=reason):
        strict_json.parse(data)


def test_a_repeated_key_among_many_is_found_at_once():
    members = [f'"{number}":0' for number in [*range(100_000), 99_999]]
    start = time.process_time()
    with pytest.raises(ValueError, match="the key '99999' is repeated"):
        strict_json.parse(f"{{{','.join(members)}}}".encode(), max_bytes=2**21)
    assert time.process_time() - start < 1


def test_parse_accepts_the_limits():
    deep = b'{"a":' * 16 + b"1" + b"}" * 16
    strict_json.parse(deep)
    assert strict_json.parse(b'{"a": 9223372036854775807}') == {"a": 2**63 - 1}
    assert strict_json.parse(b'{"a": "' + b"x" * 1024 + b'"}')["a"] == "x" * 1024


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": float("nan")}, "not finite in 'a'"),
        ({"a": {1, 2}}, "a set in 'a'"),
        ({1: "a"}, "expected a string"),
        ({"a": object()}, "a object in 'a'"),
        ({"a": 2**63}, "beyond 64 bits"),
    ],
)
def test_dump_refuses_what_json_cannot_hold(value, reason):
    with pytest.raises(ValueError, match=reason):
        strict_json.dump(value)


def test_check_keys_names_the_key():
    strict_json.check_keys({"a": 1, "b": 2}, ("a", "b"), "it")
    with pytest.raises(ValueError, match="unknown key 'c' in it, expected a, b"):
        strict_json.check_keys({"a": 1, "b": 2, "c": 3}, ("a", "b"), "it")
    with pytest.raises(ValueError, match="no key 'b' in it"):
        strict_json.check_keys({"a": 1}, ("a", "b"), "it")
    with pytest.raises(ValueError, match="it is list, expected an object"):
        strict_json.check_keys([], ("a",), "it")


def test_true_is_no_integer():
    assert strict_json.is_integer(1)
    assert not strict_json.is_integer(True)
    assert not strict_json.is_integer(1.0)
