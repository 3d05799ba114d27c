"""Seeded noise for everything a user draws: the same numbers on every backend."""

from __future__ import annotations

import operator

import numpy as np


def generator(seed: int | None = None) -> np.random.Generator:
    """Return a numpy generator over Philox, a counter-based bit generator.

    Args:
        seed: A non-negative integer for reproducible draws, or `None` for
            entropy from the operating system.

    Returns:
        A new generator; numpy's global state is not touched.

    Raises:
        ValueError: The seed is neither `None` nor a non-negative integer.

    Example:
        >>> bool(generator(7).normal() == generator(7).normal())
        True
    """
    key = seed
    if seed is not None:
        try:
            key = -1 if isinstance(seed, (bool, np.bool_)) else operator.index(seed)
        except TypeError:
            key = -1
        if key < 0:
            raise ValueError(
                f"seed must be None or an integer of at least 0. Received: seed={seed!r}."
            )
    return np.random.Generator(np.random.Philox(key))


def some(x: np.ndarray, most: int, *, seed: int = 0) -> np.ndarray:
    """Return at most so many rows of an array, chosen at random and in their order.

    Example:
        >>> some(np.arange(3), 5).tolist(), len(some(np.arange(100), 5))
        ([0, 1, 2], 5)
    """
    if len(x) <= most:
        return x
    return x[np.sort(generator(seed).choice(len(x), most, replace=False))]
