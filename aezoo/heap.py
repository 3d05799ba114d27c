"""Freed memory, kept for who asks for as much again and again."""

from __future__ import annotations

import ctypes
import functools
import os
import platform

KEPT = {-4: 0, -1: 256 << 20, -2: 64 << 20}
"""Parameters of glibc's `mallopt`: how many blocks are mapped on their own, how much freed memory
is kept, and how much is asked for at once, in bytes."""


@functools.cache
def keep_memory() -> bool:
    """Has the C library keep the memory that one step of a long work frees for the next one.

    glibc gives large blocks back to the system at once, which clears every page of them when they
    are asked for again; trainings of small networks took half as long again for it, and photos a
    fifth. From now on the process keeps up to 256 MB at the end of its heap. Nothing happens where
    `MALLOC_...` or `GLIBC_TUNABLES` say what to do, and under other C libraries.

    Returns:
        Whether memory is kept.

    Example:
        >>> keep_memory() is keep_memory()
        True

    Reference:
        mallopt(3)
    """
    told = any(name == "GLIBC_TUNABLES" or name.startswith("MALLOC_") for name in os.environ)
    if told or platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return all(library.mallopt(parameter, value) for parameter, value in KEPT.items())
