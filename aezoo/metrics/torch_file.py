"""Reads the weights in a `.pth` file as PyTorch wrote them before 1.6, without PyTorch."""

from __future__ import annotations

import collections
import io
import math
import pickle
import struct
from typing import Any

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MALFORMED = (
    *(pickle.UnpicklingError, struct.error, EOFError, LookupError),
    *(TypeError, ValueError, AttributeError, OverflowError),
)
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_weights(content: bytes) -> dict[str, np.ndarray]:
    """Read a state dictionary.

    A pickle can call whatever it names. This reader knows four names, makes records of them, and
    refuses every other.

    Args:
        content: The file's bytes.

    Returns:
        Name to array.

    Raises:
        ValueError: If it is no such file, names anything but tensors, or is cut short.
    """
    file = io.BytesIO(content)
    try:
        header = [_Reader(file).load() for _ in range(3)]
        tensors, storages = _Reader(file).load(), _Reader(file).load()
        if header[:2] != [_MAGIC, _PROTOCOL] or not header[2]["little_endian"]:
            raise pickle.UnpicklingError("it is not of the legacy format")
        dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
        values = {key: _read_storage(file, dtypes[key]) for key in storages}
        return {name: _view(values[t.storage.key], t) for name, t in tensors.items()}
    except _MALFORMED as error:
        raise ValueError(f"This file of weights cannot be read: {error}.") from error


Storage = collections.namedtuple("Storage", "dtype key")
Tensor = collections.namedtuple("Tensor", "storage offset shape strides")


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    return Tensor(storage, offset, shape, strides)


class _Reader(pickle.Unpickler):
    """Unpickles tensors, dictionaries and plain values only."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> Storage:
        _, dtype, key, *_ = pid
        return Storage(dtype, key)


def _read_storage(file: io.BytesIO, dtype: np.dtype) -> np.ndarray:
    (length,) = struct.unpack("<q", file.read(8))
    content = file.read(length * dtype.itemsize) if length >= 0 else b""
    if len(content) != length * dtype.itemsize:
        raise EOFError("it is cut short")
    return np.frombuffer(content, dtype)


def _view(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return a tensor as a copy of the part of its storage that its strides reach."""
    _, offset, shape, strides = tensor
    last = offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    size = math.prod(shape)
    if min([offset, *shape, *strides]) < 0 or max(last + 1, size) > len(values):
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    steps = [step * values.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(values[offset:], shape, steps).copy()
