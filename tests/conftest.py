"""What every test shares: no network, a seed, the example plugin as pip installs it, counts."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path(__file__).parent / "plugin"
collect_ignore = [str(PLUGIN)]  # its own tests run where it is installed


LOOPBACK = ("127.0.0.1", "::1", "localhost")
FAULTS = ("hub/test_hub_faults.py", "hub/test_hub_processes.py")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Let sockets reach this machine only."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"A test tried to reach {address[0]}.")
        connect(self, address)

    def resolve_here(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and host not in LOOPBACK:
            raise AssertionError(f"A test tried to look up {host}.")
        return resolve(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        patch.setattr(socket, "getaddrinfo", resolve_here)
        yield


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Give a test that draws weights without a seed the same ones in every run."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many faults of the Hub and hostile directories a model survived."""
    passed = [report.nodeid for report in terminalreporter.getreports("passed")]
    survived = sum(name.partition("::")[0].endswith(FAULTS) for name in passed)
    refused = {
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "refused a hostile directory"
    }
    if refused:
        _, seconds, megabytes = zip(*refused, strict=True)
        terminalreporter.write_line(
            f"{len(refused)} hostile directories refused, each within {max(seconds):.2f} s of CPU "
            f"and {max(megabytes):.0f} MB"
        )
    if survived:
        terminalreporter.write_line(
            f"{survived} faults of the Hub: nothing half-loaded, and every next attempt worked"
        )
