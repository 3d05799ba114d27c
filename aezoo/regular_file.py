"""Opening a file that a stranger may have prepared: no link out, no device, no surprise size."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path


def read(path: Path, *, roots: Sequence[Path], limit: int, length: int | None = None) -> bytes:
    """Read a regular file.

    Args:
        path: The file.
        roots: Resolved folders, in one of which `path` must lie when links are followed.
        limit: Largest size in bytes.
        length: Bytes to read from its beginning; all by default.

    Returns:
        Its content.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.

    Example:
        >>> here = Path(__file__).resolve()
        >>> read(here, roots=[here.parent], limit=100_000) == here.read_bytes()
        True
    """
    try:
        with open(inside(path, roots), "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a regular file")
            if status.st_size > limit:
                raise ValueError(f"{status.st_size} bytes, expected at most {limit}")
            return file.read(status.st_size if length is None else length)
    except FileNotFoundError:
        raise ValueError("missing") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    except MemoryError:
        raise ValueError(f"its {status.st_size} bytes do not fit into memory") from None


def inside(path: Path, roots: Sequence[Path]) -> Path:
    """Resolve a path, links included, and check that it stays within one of some folders.

    Args:
        path: The path to resolve.
        roots: The resolved folders.

    Returns:
        The resolved path, whether or not it exists.

    Raises:
        ValueError: If it leads out of all of them.
    """
    resolved = Path(os.path.realpath(path))
    if not any(resolved.is_relative_to(root) for root in roots):
        raise ValueError(f"a link that leaves {roots[0]}")
    return resolved


def _open(path: str, flags: int) -> int:
    for name in ("O_NOFOLLOW", "O_NONBLOCK"):  # no link swapped in, no waiting for a pipe
        flags |= getattr(os, name, 0)
    return os.open(path, flags)
