from __future__ import annotations

import os
from pathlib import Path

import pytest

from aezoo import regular_file


def read(path, limit=100):
    return regular_file.read(path, roots=[path.parent], limit=limit)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_bytes(b"content")
    return path


def test_a_file_is_read_up_to_the_limit(path):
    assert read(path, limit=7) == b"content"
    with pytest.raises(ValueError, match="7 bytes, expected at most 6"):
        read(path, limit=6)


def test_a_huge_limit_costs_nothing(path):
    assert read(path, limit=2**62) == b"content"


def test_links_are_followed_within_the_root_only(path, tmp_path):
    (path.parent / "inside").symlink_to("file")
    (tmp_path / "outside").write_bytes(b"secret")
    (path.parent / "leaving").symlink_to(tmp_path / "outside")
    (path.parent / "up").symlink_to("..")
    assert read(path.parent / "inside") == b"content"
    for name in ("leaving", "../outside", "up/outside"):
        with pytest.raises(ValueError, match=r"a link that leaves .*folder"):
            regular_file.read(path.parent / name, roots=[path.parent], limit=100)
    assert regular_file.read(path.parent / "leaving", roots=[tmp_path], limit=100) == b"secret"


def test_a_neighbour_with_a_longer_name_is_outside(tmp_path):
    root = tmp_path / "model"
    with pytest.raises(ValueError, match="a link that leaves"):
        regular_file.inside(tmp_path / "model-2" / "file", [root])
    assert regular_file.inside(root / "gone", [root]) == root / "gone"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "missing"),
        (lambda path: os.symlink("gone", path), "missing"),
        (lambda path: os.symlink(path.name, path), "cannot be read"),
        (os.mkdir, "cannot be read"),
        (os.mkfifo, "not a regular file"),
        (lambda path: os.symlink("/dev/zero", path), "a link that leaves"),
    ],
)
def test_what_is_no_regular_file_is_refused(path, make, reason):
    path.unlink()
    make(path)
    with pytest.raises(ValueError, match=reason):
        read(path)


def test_a_device_is_refused():
    with pytest.raises(ValueError, match="not a regular file"):
        read(Path("/dev/zero"))


def test_a_sparse_file_that_no_memory_holds_is_refused(path):
    resource = pytest.importorskip("resource")
    os.truncate(path, 2**42)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**40, limits[1]))
    try:
        with pytest.raises(ValueError, match="its 4398046511104 bytes do not fit into memory"):
            read(path, limit=2**42)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
