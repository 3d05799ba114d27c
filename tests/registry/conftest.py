"""A `sys.path` that holds nothing but the standard library and what a test installs."""

from __future__ import annotations

import importlib
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import aezoo_registry

Install = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory that takes the place of site-packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    library = sysconfig.get_path("stdlib")
    kept = [place for place in sys.path if place.startswith(library) and "-packages" not in place]
    # Not syspath_prepend: undone after setattr, it would leave this short path to later tests.
    monkeypatch.setattr(sys, "path", [str(folder), *kept])
    importlib.invalidate_caches()
    monkeypatch.delenv("AEZOO_PLUGINS", raising=False)
    loaded = set(sys.modules)
    yield folder
    for name in set(sys.modules) - loaded:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    """Return a function that writes a distribution: its metadata and its files.

    `entry_points` is the text of the file or a dict of groups; `files` maps paths below
    the place to their text.
    """

    def write(
        distribution: str,
        entry_points: str | dict[str, dict[str, str]],
        files: dict[str, str] | None = None,
        *,
        version: str = "1.0",
        place: Path = site,
    ) -> Path:
        folder = place / f"{distribution.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n\nName: no\n"
        (folder / "METADATA").write_text(metadata)
        if isinstance(entry_points, dict):
            lines = []
            for group, entries in entry_points.items():
                lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()), ""]
            entry_points = "\n".join(lines)
        (folder / "entry_points.txt").write_text(entry_points)
        for path, text in (files or {}).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text)
        aezoo_registry.clear_cache()
        return folder

    return write
