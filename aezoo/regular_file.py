"""Opening a file that a stranger may have prepared: no link out, no device, no surprise size."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read(path: Path, *, root: Path, limit: int) -> bytes:
    """Read a whole regular file.

    Args:
        path: The file.
        root: Resolved folder that `path` may not leave, links included.
        limit: Largest size in bytes.

    Returns:
        Its content.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.

    Example:
        >>> here = Path(__file__).resolve()
        >>> read(here, root=here.parent, limit=100_000) == here.read_bytes()
        True
    """
    try:
        with open(inside(path, root), "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a regular file")
            if status.st_size > limit:
                raise ValueError(f"{status.st_size} bytes, expected at most {limit}")
            return file.read(status.st_size)
    except FileNotFoundError:
        raise ValueError("missing") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    except MemoryError:
        raise ValueError(f"its {status.st_size} bytes do not fit into memory") from None


def inside(path: Path, root: Path) -> Path:
    """Resolve a path, links included, and check that it stays within a folder.

    Args:
        path: The path to resolve.
        root: The resolved folder.

    Returns:
        The resolved path, whether or not it exists.

    Raises:
        ValueError: If it leads out of `root`.
    """
    resolved = Path(os.path.realpath(path))
    if not resolved.is_relative_to(root):
        raise ValueError(f"a link that leaves {root}")
    return resolved


def _open(path: str, flags: int) -> int:
    for name in ("O_NOFOLLOW", "O_NONBLOCK"):  # no link swapped in, no waiting for a pipe
        flags |= getattr(os, name, 0)
    return os.open(path, flags)
