"""Telling a path from a name: a bare name is never a path."""

from __future__ import annotations

import os

PREFIXES = ("./", "../", "/", "~")


def is_path(source: str | os.PathLike[str]) -> bool:
    """Return whether a source names a directory or file.

    Args:
        source: A `Path`, or a string that starts with `./`, `../`, `/` or `~` if it is a path.

    Example:
        >>> is_path("./model"), is_path("model")
        (True, False)
    """
    if isinstance(source, os.PathLike):
        return True
    return isinstance(source, str) and (source in (".", "..") or source.startswith(PREFIXES))
