"""The example plugin, built and installed as pip does it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"
collect_ignore = [str(PLUGIN)]  # its own tests run where it is installed


@pytest.fixture(scope="session")
def pip_install() -> Callable[[Path, Path], None]:
    """Return a function that builds a package and installs it into a directory, offline."""

    def install(source: Path, site: Path) -> None:
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", site]
        command = [sys.executable, "-m", "pip", "install", *options, source]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return install


@pytest.fixture(scope="session")
def plugin_site(
    pip_install: Callable[[Path, Path], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A directory like site-packages that holds the package of `tests/plugin`."""
    site = tmp_path_factory.mktemp("plugin") / "site"
    pip_install(PLUGIN, site)
    return site
