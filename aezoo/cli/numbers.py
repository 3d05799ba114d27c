"""Files of numbers: `.npz`, `.npy` and, for codes, `.csv`."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from aezoo.data.images import new_file


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
            columns `z0`, `z1`, ... of the first, after one column for each of the others.
        arrays: Arrays with one row a sample.
        overwrite: Whether an existing file may be replaced.

    Raises:
        FileExistsError: If the file exists and `overwrite` is False.
    """
    with new_file(path, overwrite=overwrite) as file:
        if path.suffix == ".csv":
            text = io.TextIOWrapper(file, "utf-8", newline="")
            csv.writer(text, lineterminator="\n").writerows(_table([*arrays.items()]))
            text.detach()
        elif path.suffix == ".npy":
            np.save(file, next(iter(arrays.values())))
        else:
            np.savez(file, **arrays)  # type: ignore[arg-type]


def _table(arrays: list[tuple[str, np.ndarray]]) -> Iterator[list[str]]:
    (_, codes), *others = arrays
    codes = codes.reshape(len(codes), -1)
    yield [*(name for name, _ in others), *(f"z{i}" for i in range(codes.shape[1]))]
    for row, code in enumerate(codes):
        yield [*(str(values[row]) for _, values in others), *(f"{value:.9g}" for value in code)]


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
