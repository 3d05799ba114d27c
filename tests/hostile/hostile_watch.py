"""What a process does while somebody else's files are read: audit events, time and memory."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

SECONDS = 1.0
MEGABYTES = 64
READS = ("open", "os.listdir", "os.scandir")
FORBIDDEN = {
    "code", "compile", "cpython", "ctypes", "exec", "fcntl", "http", "import", "marshal", "mmap",
    "os", "pickle", "pty", "shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile",
    "urllib", "webbrowser",
}  # fmt: skip
HARMLESS = ("fcntl.flock",)  # waiting for a writer to finish


class Watch:
    """What happened in one `watched` block.

    Attributes:
        opened: Paths that were opened or listed.
        events: Audit events that no reading of a model may cause.
        seconds: CPU time.
        megabytes: Growth of the process's memory at its peak.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = Path(os.path.realpath(directory))
        self.opened: list[Path] = []
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self.seconds = self.megabytes = 0.0

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an audit event."""
        if event in READS:
            if isinstance(arguments[0], int):
                return
            path = Path(os.path.abspath(os.fsdecode(arguments[0])))
            self.opened.append(path)
            if path.is_relative_to(self.directory):
                return
        elif event in HARMLESS or event.partition(".")[0] not in FORBIDDEN:
            return
        self.events.append((event, arguments))

    def check(self) -> None:
        """Assert that nothing happened that should not, in bounded time and memory."""
        assert self.events == [], self.events
        assert self.seconds < SECONDS, self.seconds
        assert self.megabytes < MEGABYTES, self.megabytes


_current: Watch | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _current is not None:
        _current.see(event, arguments)


sys.addaudithook(_hook)  # for good: a hook cannot be removed


@contextlib.contextmanager
def watched(directory: Path) -> Iterator[Watch]:
    """Watch this process, all threads, while it reads a model directory."""
    global _current
    watch = Watch(directory)
    before = random.getstate(), keras.config.dtype_policy(), set(sys.modules)
    _forget_peak()
    memory, start = _peak(), time.process_time()
    gc.disable()  # what earlier tests left may delete files when it is collected
    _current = watch
    try:
        yield watch
    finally:
        _current = None
        gc.enable()
        watch.seconds, watch.megabytes = time.process_time() - start, _peak() - memory
        after = random.getstate(), keras.config.dtype_policy(), set(sys.modules)
        assert after == before


def _peak() -> float:
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def _forget_peak() -> None:
    """Let Linux measure the peak from here on; elsewhere only growth beyond the last one shows."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")
