"""JSON from strangers: bounded in size and depth, no repeated keys, plain finite values."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_KEY = 256
MAX_TEXT = 1024


def parse(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON and check every value in it.

    Args:
        data: The whole document, UTF-8.
        max_bytes: Largest document accepted.
        max_depth: Deepest nesting of objects and arrays accepted.

    Returns:
        The value, made of dict, list, str, int, float, bool and None.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.

    Example:
        >>> parse(b'{"beta": 4.0}')
        {'beta': 4.0}
    """
    if len(data) > max_bytes:
        raise ValueError(f"{len(data)} bytes of JSON, more than the {max_bytes} allowed")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(f"nested deeper than {max_depth} levels") from None
    except ValueError as error:
        raise ValueError(f"not valid JSON ({error})") from None
    check(value, max_depth=max_depth)
    return value


def dump(value: Any) -> bytes:
    """Write a checked value as indented JSON that `parse` reads back.

    Args:
        value: Nested dict, list, tuple, str, int, float, bool and None.

    Returns:
        UTF-8 bytes that end in a newline. Tuples become arrays.

    Raises:
        ValueError: If `parse` would refuse it.
    """
    check(value)
    return (json.dumps(value, indent=2) + "\n").encode()


def check(value: Any, *, max_depth: int = MAX_DEPTH, key: str = "the document") -> None:
    """Check that a value is plain JSON within the bounds of this module.

    Args:
        value: What to check.
        max_depth: Levels of nesting left.
        key: What an error calls the value.

    Raises:
        ValueError: Naming the nearest key and what is wrong with its value.
    """
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"an integer beyond 64 bits in {key}")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"a number that is not finite in {key}")
    elif isinstance(value, str):
        _check_text(value, MAX_TEXT, f"text in {key}")
    elif isinstance(value, dict | list | tuple):
        if max_depth < 1:
            raise ValueError(f"nested too deeply in {key}")
        if isinstance(value, dict):
            for name, item in value.items():
                _check_text(name, MAX_KEY, f"a name in {key}")
                check(item, max_depth=max_depth - 1, key=repr(name))
        else:
            for item in value:
                check(item, max_depth=max_depth - 1, key=key)
    else:
        raise ValueError(f"a {type(value).__name__} in {key}, which JSON cannot hold")


def check_keys(value: Any, keys: Collection[str], name: str) -> None:
    """Check that a value is an object with exactly these keys.

    Args:
        value: What to check.
        keys: The keys it has to have.
        name: What an error calls the value.

    Raises:
        ValueError: Naming the first key that is unknown or missing.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {type(value).__name__}, expected an object")
    for key in value:
        if key not in keys:
            raise ValueError(f"unknown key {key!r} in {name}, expected {', '.join(keys)}")
    for key in keys:
        if key not in value:
            raise ValueError(f"no key {key!r} in {name}")


def is_integer(value: Any) -> bool:
    """Whether a value is a JSON integer, which `true` is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, item in pairs:
        if name in value:
            raise ValueError(f"the key {name[:MAX_KEY]!r} is repeated")
        value[name] = item
    return value


def _check_text(value: Any, limit: int, name: str) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} as {name}, expected a string")
    if len(value) > limit:
        raise ValueError(f"{name} of {len(value)} characters, more than the {limit} allowed")
    if not value.isprintable():
        raise ValueError(f"unprintable characters as {name}: {value[:40]!r}")
