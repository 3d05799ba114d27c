"""Named float arrays as safetensors bytes, read strictly and without copying."""

from __future__ import annotations

import math
from collections.abc import Mapping
from reprlib import repr as short
from typing import Any

import ml_dtypes
import numpy as np
import safetensors.numpy

from aezoo import strict_json

DTYPES = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
}
MAX_HEADER = 1024 * 1024
MAX_PREFIX = 8 + MAX_HEADER
MAX_RANK = 8

Header = Mapping[str, tuple[str, tuple[int, ...]]]
"""Storage dtype and shape of arrays, by name."""

_TAGS = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def cast(array: np.ndarray, dtype: str) -> np.ndarray:
    """Round an array to a storage dtype, refusing what would not survive.

    Args:
        array: Floating-point array of any shape with at least one element.
        dtype: `"float32"`, `"float16"` or `"bfloat16"`.

    Returns:
        A contiguous array of that dtype and the same shape.

    Raises:
        ValueError: If the array is not of floats, is empty, holds a value that is
            not finite, or holds one too large for `dtype`.

    Example:
        >>> cast(np.array([0.1], "float32"), "bfloat16").astype("float32").item()
        0.10009765625
    """
    array = np.asarray(array)
    if array.dtype.kind != "f" and array.dtype != DTYPES["bfloat16"]:
        raise ValueError(f"dtype {array.dtype}, expected floats")
    if array.size == 0:
        raise ValueError(f"shape {array.shape} holds no element")
    with np.errstate(all="ignore"):
        if not np.isfinite(array).all():
            raise ValueError("NaN or infinity")
        rounded = np.array(array, dtype=DTYPES[dtype], order="C")
        if not np.isfinite(rounded).all():
            largest = float(np.abs(array).max())
            raise ValueError(f"{largest:.6g} is too large for {dtype}")
    return rounded


def dump(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Serialise arrays of storage dtypes.

    Args:
        arrays: Name to array, as `cast` returns them.

    Returns:
        The bytes of a safetensors file.
    """
    return safetensors.numpy.save(dict(arrays))


def parse(data: bytes) -> dict[str, np.ndarray]:
    """Read a safetensors file from memory, refusing all that is not exact.

    The header is at most 1 MiB without repeated keys or metadata; shapes, dtypes and
    offsets must account for every byte of the file once.

    Args:
        data: The bytes of the whole file.

    Returns:
        Name to read-only view into `data`: nothing is allocated for the values.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.

    Example:
        >>> parse(dump({"bias": np.zeros(3, "float32")}))["bias"].shape
        (3,)
    """
    values = memoryview(data)[_header_end(data, len(data)) :]
    return {
        name: np.frombuffer(values[slice(*entry["data_offsets"])], _dtype(entry)).reshape(
            entry["shape"]
        )
        for name, entry in _entries(data, len(data)).items()
    }


def describe(data: bytes, size: int) -> Header:
    """Read the header of a safetensors file, as strictly as `parse`.

    Args:
        data: The first `MAX_PREFIX` bytes of the file, or all where it is shorter.
        size: Bytes of the whole file.

    Returns:
        Name to dtype and shape.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.

    Example:
        >>> data = dump({"bias": np.zeros(3, "float32")})
        >>> describe(data, len(data))
        {'bias': ('float32', (3,))}
    """
    return {
        name: (_TAGS[entry["dtype"]], tuple(entry["shape"]))
        for name, entry in _entries(data, size).items()
    }


def places(data: bytes) -> dict[str, tuple[int, int]]:
    """Tell where each array's values are in a safetensors file, as strictly as `parse`.

    Args:
        data: The bytes of the whole file.

    Returns:
        Name to the first byte and the number of bytes.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.

    Example:
        >>> places(dump({"bias": np.zeros(3, "float32")}))
        {'bias': (72, 12)}
    """
    first = _header_end(data, len(data))
    spans = {name: entry["data_offsets"] for name, entry in _entries(data, len(data)).items()}
    return {name: (first + start, stop - start) for name, (start, stop) in spans.items()}


def _header_end(data: bytes, size: int) -> int:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > size - 8:
        raise ValueError("shorter than its header")
    if length > MAX_HEADER:
        raise ValueError(f"a header of {length} bytes, more than the {MAX_HEADER} allowed")
    return 8 + length


def _entries(data: bytes, size: int) -> dict[str, Any]:
    """Return the checked entries of the header of a file of `size` bytes."""
    first = _header_end(data, size)
    try:
        header = strict_json.parse(data[8:first], max_bytes=MAX_HEADER, max_depth=3)
    except ValueError as error:
        raise ValueError(f"in its header, {error}") from None
    if not isinstance(header, dict):
        raise ValueError("its header is not an object")
    if "__metadata__" in header:
        raise ValueError("its header holds metadata, expected arrays only")
    spans = {name: _span(name, entry) for name, entry in header.items()}
    end = 0
    for name, (start, stop) in sorted(spans.items(), key=lambda item: item[1]):
        if start != end:
            raise ValueError(f"{name!r} starts at byte {start}, expected {end}")
        end = stop
    if end != size - first:
        raise ValueError(f"{size - first} bytes of values, but its header describes {end}")
    return header


def _dtype(entry: Mapping[str, Any]) -> np.dtype:
    return DTYPES[_TAGS[entry["dtype"]]]


def _span(name: str, entry: Any) -> tuple[int, int]:
    """Check one header entry by itself and return where its values lie."""
    strict_json.check_keys(entry, ("dtype", "shape", "data_offsets"), repr(name))
    tag, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(tag, str) or tag not in _TAGS:
        raise ValueError(f"{name!r} of dtype {short(tag)}, expected one of {', '.join(_TAGS)}")
    if not _are_counts(shape) or len(shape) > MAX_RANK or 0 in shape:
        raise ValueError(
            f"{name!r} of shape {short(shape)}, expected at most {MAX_RANK} positive integers"
        )
    if not _are_counts(offsets) or len(offsets) != 2:
        raise ValueError(f"{name!r} at offsets {short(offsets)}, expected [start, end]")
    start, stop = offsets
    if stop - start != math.prod(shape) * _dtype(entry).itemsize:
        raise ValueError(f"{name!r} of shape {short(shape)} in {stop - start} bytes of {tag}")
    return start, stop


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(strict_json.is_integer(n) and n >= 0 for n in value)
