"""Samples a batch at a time: what counts as a stream, and the bar that long work shows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

LONG = 200


def check_batch_size(batch_size: Any) -> None:
    """Raises ValueError unless `batch_size` is an integer of at least 1."""
    check_count("batch_size", batch_size)


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raises ValueError unless the argument of this name is an integer of at least `least`."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise ValueError(
            f"{name} must be an integer of at least {least}. Received: {name}={value!r}."
        )


def is_stream(x: Any) -> bool:
    """Returns whether `x` gives batches, one after another, and is no array of samples."""
    array_like = hasattr(x, "__array__") or isinstance(x, (list, tuple, str, bytes, dict))
    return not array_like and (isinstance(x, Iterable) or hasattr(x, "__getitem__"))


def samples_of(stream: Iterable[Any]) -> Iterator[Any]:
    """Yields the samples of each batch of a stream, the first item of a batch that is a tuple.

    Raises:
        ValueError: There is no batch.
    """
    empty = True
    for batch in progress(stream):
        empty = False
        yield batch[0] if isinstance(batch, (tuple, list)) else batch
    if empty:
        raise ValueError("x is empty: the iterable gave no batch.")


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Returns batches as one array; a single one is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def progress(batches: Any) -> Iterable[Any]:
    """Returns the batches, with a bar on a terminal where there are more than `LONG`."""
    length = len(batches) if hasattr(batches, "__len__") else 0
    if length <= LONG or not sys.stderr.isatty():
        return batches
    from rich.console import Console
    from rich.progress import track

    return track(batches, description="", console=Console(stderr=True), transient=True)
