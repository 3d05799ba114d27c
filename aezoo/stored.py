"""What a model directory holds, verified, before it is a model."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aezoo import tensors
from aezoo.layout import CONFIG, GRAPHS, SAMPLER_PREFIX, WEIGHTS, parse_config

MAX_SAMPLER = 2**25  # numbers: a full covariance of 5,000 units


class StoreError(ValueError):
    """A model directory cannot be read or written; says which file, and why."""


class StoreExistsError(StoreError, FileExistsError):
    """Something is there already, and nobody asked to overwrite it."""


class StoreNotFoundError(StoreError, FileNotFoundError):
    """There is no such directory."""


@dataclasses.dataclass(frozen=True, eq=False)
class Stored:
    """A model directory that has been read and verified, before it is a model.

    Attributes:
        directory: Where it was read from.
        config: The checked content of `config.json`.
        files: Content of the ONNX graphs that the manifest lists, by file name.
        source: What `aezoo.load` takes to read the same again: the directory, or the pinned
            address on the Hub.
        weights: Content of `model.safetensors`.
        listed: Size in bytes and SHA-256 of each file that the manifest lists, by name.
    """

    directory: Path
    config: dict[str, Any]
    files: dict[str, bytes]
    _tensors: dict[str, np.ndarray] = dataclasses.field(repr=False)
    source: str = ""
    weights: bytes = dataclasses.field(default=b"", repr=False)
    listed: dict[str, tuple[int, str]] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def header(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Storage dtype and shape of every array, the sampler's included, by name."""
        return _header(self._tensors)

    def arrays(self, expected: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
        """Return the model's weights if they are exactly the expected ones.

        Args:
            expected: Shape of every weight of the model, by name, without the
                sampler's. All names and shapes are compared before anything is
                allocated.

        Returns:
            Float32 arrays in the order of `expected`, the stored values exactly.

        Raises:
            StoreError: If a name is missing or unexpected, a shape differs, or a
                value is not finite.

        Example:
            >>> values = {"encoder/bias": np.ones(2, "float32")}
            >>> Stored(Path("model"), {}, {}, values).arrays({"encoder/bias": (2,)})
            {'encoder/bias': array([1., 1.], dtype=float32)}
        """
        with naming(self.directory / WEIGHTS):
            check_shapes(self.header, expected)
            return {name: _widened(name, self._tensors[name]) for name in expected}

    def stored_arrays(self) -> dict[str, np.ndarray]:
        """Return the model's weights as they are stored, read-only and without a copy, by name.

        Raises:
            StoreError: If a value is not finite.
        """
        with naming(self.directory / WEIGHTS):
            arrays = {n: a for n, a in self._tensors.items() if not n.startswith(SAMPLER_PREFIX)}
            for name, array in arrays.items():
                _check_finite(name, array)
            return arrays

    def sampler_arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted sampler's arrays, float32, by name without `sampler/`.

        Raises:
            StoreError: If a value is not finite.
        """
        with naming(self.directory / WEIGHTS):
            return {
                name.removeprefix(SAMPLER_PREFIX): _widened(name, array)
                for name, array in self._tensors.items()
                if name.startswith(SAMPLER_PREFIX)
            }


def decode(directory: Path, files: Mapping[str, bytes]) -> Stored:
    """Parse the files of a manifest and check that they fit each other.

    Args:
        directory: Where they are from, for errors.
        files: Content by name.

    Returns:
        The verified content.

    Raises:
        StoreError: Naming the file and what is wrong with it.
    """
    with naming(directory / CONFIG):
        config = parse_config(files[CONFIG])
    with naming(directory / WEIGHTS):
        arrays = tensors.parse(files[WEIGHTS])
        check_header(_header(arrays), config)
    graphs = {name: data for name, data in files.items() if name in GRAPHS}
    return Stored(directory, config, graphs, arrays, str(directory), files[WEIGHTS])


def check_header(header: tensors.Header, config: Mapping[str, Any]) -> None:
    """Check that arrays are stored as `config.json` says.

    Args:
        header: Storage dtype and shape of every array, by name.
        config: Checked content of `config.json`.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.
    """
    learned = 0
    for name, (dtype, shape) in header.items():
        if dtype != dtype_of(name, config["dtype"]):
            raise ValueError(
                f"{name!r} is {dtype}, expected {dtype_of(name, config['dtype'])} as {CONFIG} says"
            )
        if name.startswith(SAMPLER_PREFIX):
            if config["sampler"] is None:
                raise ValueError(f"{name!r} belongs to a sampler, but {CONFIG} names none")
            learned += math.prod(shape)
    if learned > MAX_SAMPLER:
        raise ValueError(f"a sampler of {learned} numbers, more than the {MAX_SAMPLER} allowed")


def check_shapes(header: tensors.Header, expected: Mapping[str, tuple[int, ...]]) -> None:
    """Check that weights are exactly those of a model.

    Args:
        header: Storage dtype and shape of every array, the sampler's included, by name.
        expected: Shape of every weight of the model, by name.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.
    """
    names = [name for name in header if not name.startswith(SAMPLER_PREFIX)]
    missing = [name for name in expected if name not in header]
    unexpected = [name for name in names if name not in expected]
    if missing or unexpected:
        raise ValueError(
            f"its weights are not this model's (missing: {few(missing)}; "
            f"unexpected: {few(unexpected)})"
        )
    for name, shape in expected.items():
        if header[name][1] != tuple(shape):
            raise ValueError(f"{name!r} has shape {header[name][1]}, expected {tuple(shape)}")


@contextlib.contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Name the file in a `LookupError`, and turn any other reason into a `StoreError`."""
    try:
        yield
    except StoreError:
        raise
    except LookupError as error:
        raise LookupError(f"{path}: {error}") from error
    except ValueError as error:
        raise StoreError(f"{path}: {str(error).rstrip('.')}.") from error


def dtype_of(name: str, dtype: str) -> str:
    """Return the storage dtype of an array in a model that is stored in `dtype`."""
    return "float32" if name.startswith(SAMPLER_PREFIX) else dtype


def few(names: Iterable[str]) -> str:
    """Return the first names of many, for a sentence."""
    names = [repr(name) for name in names]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "none"


def _header(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (array.dtype.name, array.shape) for name, array in arrays.items()}


def _widened(name: str, array: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        wide = array.astype(np.float32)
    _check_finite(name, wide)
    return wide


def _check_finite(name: str, array: np.ndarray) -> None:
    if not np.isfinite(array).all():
        raise ValueError(f"{name!r} holds NaN or infinity")
