from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from aezoo import heap

ROUNDS = """
import resource

import numpy as np

from aezoo import heap


def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        [np.ones(2**18, "float32") for _ in range(8)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


faults()
first, kept, second = faults(), heap.keep_memory(), [faults(), faults()][1]
print(first, kept, second)
"""


def rounds(**environment):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    run = [sys.executable, "-c", ROUNDS]
    found = subprocess.run(
        run, env=inherited | environment, capture_output=True, text=True, check=True
    )
    before, kept, after = found.stdout.split()[-3:]
    return int(before), kept == "True", int(after)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_freed_memory_is_kept():
    before, kept, after = rounds()
    assert kept
    assert before > 200  # as it was: pages of every round are new
    assert after < before / 4


def test_what_the_user_set_stays():
    assert rounds(MALLOC_ARENA_MAX="4")[1] is False


def test_other_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("musl", "1.2"))
    monkeypatch.delattr(heap.ctypes, "CDLL")
    assert heap.keep_memory.__wrapped__() is False
