"""Arrays in files, read a batch at a time: a file of any size in the memory of one batch."""

from __future__ import annotations

import contextlib
import math
import pathlib
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy


class StoredRows:
    """The rows of an array in a `.npy` file, or in an `.npz` archive, as batches.

    Args:
        path: The file. Pickled objects in it are refused.
        key: Name of the array in an archive.
        rows: Which rows, without a step.
        sample_shape: Shape that rows are given, where they lack its last axis, of length 1, only.
        batch_size: Rows at a time.

    Attributes:
        shape: Shape of the array, of those rows only.
        dtype: Its dtype.

    Raises:
        ValueError: The file is damaged, or the array cannot be read row by row.

    Example:
        >>> import tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "many.npy")
        >>> np.save(path, np.arange(10).reshape(5, 2))
        >>> [part.tolist() for part in StoredRows(path, rows=slice(1, 4), batch_size=2)]
        [[[2, 3], [4, 5]], [[6, 7]]]
    """

    def __init__(
        self,
        path: pathlib.Path,
        key: str = "x",
        *,
        rows: slice = slice(None),
        sample_shape: tuple[int, ...] | None = None,
        batch_size: int = 256,
    ):
        self.path, self._key, self.batch_size = path, key, batch_size
        with self._open() as file:
            shape, columns_first, self.dtype = _header(file)
        if self.dtype.hasobject or columns_first or not shape:
            problem = "holds objects" if self.dtype.hasobject else "is not stored row by row"
            raise ValueError(f"The array {problem}. Received: path={str(path)!r}.")
        self._start, stop, _ = rows.indices(shape[0])
        row = shape[1:]
        if sample_shape is not None and sample_shape == (*row, 1):
            row = sample_shape
        self.shape = (max(0, stop - self._start), *row)

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-self.shape[0] // self.batch_size)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the batches, in their order.

        Raises:
            ValueError: The file is shorter than it says.
        """
        size = math.prod(self.shape[1:]) * self.dtype.itemsize
        with self._open() as file:
            _header(file)
            file.seek(self._start * size, 1)
            for first in range(0, self.shape[0], self.batch_size):
                n = min(self.batch_size, self.shape[0] - first)
                content = file.read(n * size)
                if len(content) < n * size:
                    raise ValueError(f"it ends at row {self._start + first}")
                yield np.frombuffer(content, self.dtype).reshape(n, *self.shape[1:])

    @contextlib.contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        with contextlib.ExitStack() as stack:
            try:
                if self.path.suffix == ".npz":
                    archive = stack.enter_context(zipfile.ZipFile(self.path))
                    yield stack.enter_context(archive.open(f"{self._key}.npy"))  # type: ignore[misc]
                else:
                    yield stack.enter_context(open(self.path, "rb"))
            except FileNotFoundError:
                raise
            except (ValueError, KeyError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as e:
                reason = str(e).strip("'\"").rstrip(".")
                raise ValueError(
                    f"The file cannot be used: {reason}. Received: path={str(self.path)!r}."
                ) from e


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read what stands before the values of an array: shape, order of the axes, dtype."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    found: tuple[tuple[int, ...], bool, np.dtype] = read(file)
    return found
