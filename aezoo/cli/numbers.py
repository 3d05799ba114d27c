"""Files of numbers: `.npz`, `.npy` and, for codes, `.csv`."""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from aezoo.data.images import new_file

TABLES = (".npz", ".npy", ".csv")
Add = Callable[[np.ndarray, Mapping[str, Any]], None]


def holds(path: Path, key: str) -> bool:
    """Return whether a file is an `.npz` archive with an array of this name."""
    if path.suffix != ".npz" or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return f"{key}.npy" in archive.namelist()


def read(path: Path, key: str) -> np.ndarray:
    """Read an array; objects are never unpickled.

    Args:
        path: A `.npy` file, an `.npz` archive, or a `.csv` table as `write` writes it.
        key: Name of the array in an archive.

    Returns:
        The array.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read or has no such array.
    """
    received = f"Received: path={str(path)!r}."
    if not path.is_file():
        raise FileNotFoundError(f"The file does not exist. {received}")
    try:
        if path.suffix == ".csv":
            return _read_table(path)
        if path.suffix not in (".npy", ".npz"):
            raise ValueError("expected .npz, .npy or .csv")
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found as archive:
            if key not in archive:
                raise ValueError(f"it holds {', '.join(archive.files) or 'nothing'}, not {key!r}")
            return np.asarray(archive[key])
    except (ValueError, OSError, EOFError, csv.Error, zlib.error, zipfile.BadZipFile) as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"The file cannot be used: {reason}. {received}") from error


def write(path: Path, arrays: Mapping[str, np.ndarray], *, overwrite: bool = False) -> None:
    """Write arrays, atomically.

    Args:
        path: `.npz` for all arrays by name; `.npy` for the first; `.csv` for a table with the
            columns `z0`, `z1`, ... of the first, or one of its name where it has one number a
            row, after one column for each of the others.
        arrays: Arrays with one row a sample.
        overwrite: Whether an existing file may be replaced.

    Raises:
        FileExistsError: If the file exists and `overwrite` is False.
    """
    (name, first), *others = arrays.items()
    with table(path, name, overwrite=overwrite) as add:
        add(np.asarray(first), dict(others))


@contextlib.contextmanager
def table(path: Path, name: str = "codes", *, overwrite: bool = False) -> Iterator[Add]:
    """Write what `write` writes, some rows at a time, atomically and in the memory of those.

    Args:
        path: See `write`.
        name: Name of the first array.
        overwrite: Whether an existing file may be replaced.

    Yields:
        A function of the next rows of the first array, and of those of the others by name, which
        are kept in memory where the file is an `.npz`.

    Raises:
        FileExistsError: If the file exists and `overwrite` is False.
    """
    with new_file(path, overwrite=overwrite) as file:
        if path.suffix == ".csv":
            with _lines(file, name) as add:
                yield add
        elif path.suffix == ".npy":
            with _rows(file) as add_rows:
                yield lambda rows, others: add_rows(rows)
        else:
            with tempfile.TemporaryFile(dir=path.parent) as kept:
                columns: dict[str, list[np.ndarray]] = {}

                def add_both(rows: np.ndarray, others: Mapping[str, Any]) -> None:
                    add_rows(rows)
                    for key, values in others.items():
                        columns.setdefault(key, []).append(np.asarray(values))

                with _rows(kept) as add_rows:
                    yield add_both
                _archive(file, {name: kept}, columns)


@contextlib.contextmanager
def _lines(file: BinaryIO, name: str) -> Iterator[Add]:
    """Write a `.csv` table."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer, headed = csv.writer(text, lineterminator="\n"), False

    def add(rows: np.ndarray, others: Mapping[str, Any]) -> None:
        nonlocal headed
        single, rows = rows.ndim == 1, rows.reshape(len(rows), -1)
        if not headed:
            own = [name] if single else [f"z{i}" for i in range(rows.shape[1])]
            writer.writerow([*others, *own])
            headed = True
        for index, row in enumerate(rows):
            known = (str(values[index]) for values in others.values())
            writer.writerow([*known, *(f"{value:.9g}" for value in row)])

    yield add
    text.detach()


@contextlib.contextmanager
def _rows(file: BinaryIO) -> Iterator[Callable[[np.ndarray], None]]:
    """Write a `.npy` array whose number of rows is known at the end."""
    n, shape, dtype = 0, None, None

    def head() -> None:
        described = npy.dtype_to_descr(np.dtype(dtype))
        header = {"descr": described, "fortran_order": False, "shape": (n, *(shape or ()))}
        file.seek(0)
        npy.write_array_header_1_0(file, header)  # numpy leaves room for more rows

    def add(rows: np.ndarray) -> None:
        nonlocal n, shape, dtype
        if shape is None:
            shape, dtype = rows.shape[1:], rows.dtype
            head()
        file.write(np.ascontiguousarray(rows, dtype).data)
        n += len(rows)

    yield add
    head()
    file.seek(0, 2)


def _archive(
    file: BinaryIO, stored: Mapping[str, BinaryIO], columns: Mapping[str, list[np.ndarray]]
) -> None:
    """Write an `.npz` archive of arrays in files and arrays in memory, as `numpy.savez` does."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, kept in stored.items():
            kept.seek(0)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                shutil.copyfileobj(kept, member)
        for name, parts in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.concatenate(parts), allow_pickle=False)


def _read_table(path: Path) -> np.ndarray:
    with open(path, encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    columns = [i for i, name in enumerate(heading) if name[:1] == "z" and name[1:].isdecimal()]
    if not columns or not rows:
        raise ValueError("it needs a heading with z0, z1, ... and at least one row")
    try:
        return np.array([[row[i] for i in columns] for row in rows], "float32")
    except IndexError:
        raise ValueError("a row has fewer columns than the heading") from None
