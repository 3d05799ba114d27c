"""Writing a directory so that it is there whole or not at all, whatever interrupts."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)  # no waiting for a pipe's other end


@contextlib.contextmanager
def locked(parent: Path) -> Iterator[None]:
    """Keep other writers out of a directory's children; waits for them first.

    The lock lives in the kernel: it leaves no file, and ends with the process. Where a
    file system has no locks the block runs without one.

    Args:
        parent: The directory that holds the directories to write.
    """
    with contextlib.ExitStack() as stack:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                descriptor = os.open(parent, _FOLDER)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def replace(
    target: Path,
    files: Mapping[str, bytes],
    *,
    seal: str,
    removable: Callable[[str], bool],
) -> None:
    """Make `target` a directory of exactly these files, in place of what it was.

    A sibling `target.new-<id>` is written and synced, `target` steps aside as
    `target.old-<id>`, the new directory takes its name, and the old one is deleted.
    After an error or Ctrl-C `target` is what it was; after a kill between the two
    renames `recover` puts it back. Call it within `locked(target.parent)`.

    Args:
        target: Absolute path whose last part is no link; its parent exists.
        files: File name to content, written in this order.
        seal: The file that makes a directory complete: last in `files`, first deleted.
        removable: Tells by its name whether a file of an old or unfinished directory
            may be deleted. Others are kept, in the sibling they are in.

    Raises:
        OSError: What the file system said.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "model"
        >>> files = {"a": b"1", "seal": b""}
        >>> with locked(target.parent):
        ...     replace(target, files, seal="seal", removable=files.__contains__)
        >>> sorted(os.listdir(target))
        ['a', 'seal']
    """
    new = _sibling(target, "new")
    try:
        os.mkdir(new)
        for name, data in files.items():
            with open(new / name, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if target.is_dir():
            shutil.copymode(target, new)
            _sync(new)
            os.rename(target, _sibling(target, "old"))
        else:
            _sync(new)
        os.rename(new, target)
        _sync(target.parent)
    finally:
        recover(target, seal=seal)
        _clean(target, seal, removable)


def recover(target: Path, *, seal: str) -> Path | None:
    """Put back the directory that an interrupted `replace` had moved aside.

    Args:
        target: Where the directory should be. Nothing happens if something is there.
        seal: The file that a complete directory has.

    Returns:
        The sibling that became `target`, or None.

    Raises:
        OSError: If it cannot be renamed.
    """
    if os.path.lexists(target):
        return None
    complete = [path for path in _siblings(target, "old") if (path / seal).is_file()]
    if not complete:
        return None
    latest = max(complete, key=lambda path: (path / seal).stat().st_mtime_ns)
    os.rename(latest, target)
    return latest


@contextlib.contextmanager
def watched(directory: Path) -> Iterator[Callable[[], bool]]:
    """Notice that a directory is replaced while its files are read.

    Args:
        directory: The directory, which may be missing.

    Yields:
        A function that tells whether another directory is there by now.
    """
    with contextlib.ExitStack() as stack:
        here: Path | int = directory
        with contextlib.suppress(OSError):  # held open, its inode number is not given away
            here = os.open(directory, _FOLDER)
            stack.callback(os.close, here)
        before = _identity(here)
        yield lambda: _identity(directory) != before


def _identity(directory: Path | int) -> tuple[int, int] | None:
    try:
        status = os.stat(directory)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _clean(target: Path, seal: str, removable: Callable[[str], bool]) -> None:
    """Delete what earlier calls left beside `target`, as far as that is possible."""
    leftovers = _siblings(target, "new")
    if os.path.lexists(target):
        leftovers += _siblings(target, "old")
    for path in leftovers:
        with contextlib.suppress(OSError):
            names = sorted(os.listdir(path), key=lambda name: name != seal)
            for name in filter(removable, names):
                os.unlink(path / name)
            os.rmdir(path)


def _sibling(target: Path, kind: str) -> Path:
    return target.with_name(f"{target.name}.{kind}-{secrets.token_hex(8)}")


def _siblings(target: Path, kind: str) -> list[Path]:
    pattern = re.compile(re.escape(f"{target.name}.{kind}-") + "[0-9a-f]{16}")
    try:
        with os.scandir(target.parent) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if pattern.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


def _sync(directory: Path) -> None:
    if fcntl is None:  # Windows cannot open a directory
        return
    descriptor = os.open(directory, _FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
