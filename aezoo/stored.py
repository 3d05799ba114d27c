"""What a model directory holds, verified, before it is a model."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aezoo import tensors
from aezoo.layout import CONFIG, GRAPHS, SAMPLER_PREFIX, WEIGHTS, parse_config


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
    """

    directory: Path
    config: dict[str, Any]
    files: dict[str, bytes]
    _tensors: dict[str, np.ndarray] = dataclasses.field(repr=False)

    @property
    def header(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Storage dtype and shape of every array, the sampler's included, by name."""
        return {name: (array.dtype.name, array.shape) for name, array in self._tensors.items()}

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
        stored = {n: a for n, a in self._tensors.items() if not n.startswith(SAMPLER_PREFIX)}
        missing = [name for name in expected if name not in stored]
        unexpected = [name for name in stored if name not in expected]
        with naming(self.directory / WEIGHTS):
            if missing or unexpected:
                raise ValueError(
                    f"its weights are not this model's (missing: {few(missing)}; "
                    f"unexpected: {few(unexpected)})"
                )
            for name, shape in expected.items():
                if stored[name].shape != tuple(shape):
                    raise ValueError(
                        f"{name!r} has shape {stored[name].shape}, expected {tuple(shape)}"
                    )
            return {name: _widened(name, stored[name]) for name in expected}

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
        for name, array in arrays.items():
            if array.dtype.name != dtype_of(name, config["dtype"]):
                raise ValueError(
                    f"{name!r} is {array.dtype.name}, expected {dtype_of(name, config['dtype'])} "
                    f"as {CONFIG} says"
                )
            if name.startswith(SAMPLER_PREFIX) and config["sampler"] is None:
                raise ValueError(f"{name!r} belongs to a sampler, but {CONFIG} names none")
    graphs = {name: data for name, data in files.items() if name in GRAPHS}
    return Stored(directory, config, graphs, arrays)


@contextlib.contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Turn a reason into a `StoreError` that names the file."""
    try:
        yield
    except StoreError:
        raise
    except ValueError as error:
        raise StoreError(f"{path}: {error}.") from error


def dtype_of(name: str, dtype: str) -> str:
    """Return the storage dtype of an array in a model that is stored in `dtype`."""
    return "float32" if name.startswith(SAMPLER_PREFIX) else dtype


def few(names: Iterable[str]) -> str:
    """Return the first names of many, for a sentence."""
    names = [repr(name) for name in names]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "none"


def _widened(name: str, array: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        wide = array.astype(np.float32)
    if not np.isfinite(wide).all():
        raise ValueError(f"{name!r} holds NaN or infinity")
    return wide
