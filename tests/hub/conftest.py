"""A Hub on loopback, and huggingface_hub set up to talk to it and to nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_repository import Repository
from hub_server import HubServer
from huggingface_hub import constants, file_download
from huggingface_hub.utils import _detect_agent, _http
from tiny import ARRAYS, CONFIG, NEW, OLD, REPO, card

from aezoo import store
from aezoo.hub import calls


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """A running Hub. A test fails if the server itself did."""
    with HubServer() as server:
        yield server
    assert not server.errors


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What `HF_HOME` is, in this process and in others."""
    return tmp_path / "huggingface"


@pytest.fixture
def client(hub: HubServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """This process's huggingface_hub as a client of `hub`, with a token that may write.

    Nothing waits between two attempts: the seconds that the client would are in `waits`. `login`
    sets another token or, with None, no token; `offline` stands for `HF_HUB_OFFLINE=1`.
    """
    for name, value in {
        "ENDPOINT": hub.endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_STORED_TOKENS_PATH": str(home / "stored_tokens"),
        "AGENT_HARNESSES_PATH": str(home / ".agent_harnesses.json"),
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_OFFLINE": False,
    }.items():
        monkeypatch.setattr(constants, name, value)
    for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING_FACE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(_detect_agent, "_registry", None)
    waits: list[float] = []
    for module in (_http, file_download, calls):
        monkeypatch.setattr(
            module, "time", SimpleNamespace(sleep=waits.append, monotonic=time.monotonic)
        )
    monkeypatch.setattr(calls, "WAITS", (0.0,) * len(calls.WAITS))

    def login(token: str | None) -> None:
        if token is None:
            monkeypatch.delenv("HF_TOKEN", raising=False)
        else:
            monkeypatch.setenv("HF_TOKEN", token)

    def offline(value: bool = True) -> None:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", value)

    login(hub.WRITER)
    return SimpleNamespace(cache=home / "hub", waits=waits, login=login, offline=offline)


@pytest.fixture
def start(
    hub: HubServer, home: Path, tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts Python code in a process that is a client of `hub`.

    What comes after the code are its arguments; keywords are further environment variables.
    """
    started: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING_FACE_"))}
        settings = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": str(home),
            "HF_TOKEN": hub.WRITER,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=kept | settings | environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files of two models with the same shapes, by name, as they are pushed."""
    made = {}
    for name, values in ARRAYS.items():
        directory = tmp_path_factory.mktemp(name) / "model"
        store.write(directory, CONFIG, values, files=card(name))
        made[name] = store.contents(directory)
    return made


@pytest.fixture
def published(
    hub: HubServer, client: SimpleNamespace, models: dict[str, dict[str, bytes]]
) -> Repository:
    """A repository whose main branch has an older model below a newer one."""
    made = hub.add_repository(REPO, models[OLD])
    made.tags["v1"] = made.branches["main"]
    made.commit(models[NEW])
    return made
