"""Other processes: at once, killed in the middle, and what all of them say of the token."""

from __future__ import annotations

import itertools
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny import (
    ADDRESS,
    ARRAYS,
    CONFIG,
    NEW,
    OLD,
    PULL_REQUESTS,
    PUSH_REQUESTS,
    REPO,
    assert_cache_is_sound,
    card,
    is_model,
)

from aezoo import hub as aezoo_hub
from aezoo import layout, store

# What the client does with what it uploads is its own business.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")

PULL = """
import sys
from aezoo import hub
print(hub.pull(sys.argv[1]).directory)
"""
PUSH = """
import sys
from aezoo import hub, store
print(hub.push(store.contents(sys.argv[1]), sys.argv[2]).commit)
"""


def wait_until(condition):
    """Wait for something that another process is about to do."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def pull_twice(hub, start):
    """Start two processes that pull: the first is in the middle of the weights, the second behind.

    Returns the processes and the fault that holds the first one back.
    """
    slow = hub.fail("slow", "/large/")
    first = start(PULL, ADDRESS)
    assert slow.reached.wait(60)
    hub.requests.clear()
    second = start(PULL, ADDRESS)
    wait_until(lambda: any(r.path.endswith(layout.WEIGHTS) for r in hub.requests))
    return first, second, slow


def assert_pulled(process):
    """Wait for a process that pulls, and check what it pulled."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    directory = Path(output.strip())
    stored = store.read(directory, roots=[directory.parents[1] / "blobs"])
    assert is_model(SimpleNamespace(stored=stored), NEW)


def test_a_pinned_commit_in_the_cache_asks_nothing(published, hub, start):
    source = f"{ADDRESS}@{published.branches['main']}"
    assert_pulled(start(PULL, source))
    hub.requests.clear()
    assert_pulled(start(PULL, source))
    assert hub.requests == []


def test_processes_that_pull_at_once(published, hub, start):
    first, second, _ = pull_twice(hub, start)
    hub.heal()
    assert_pulled(first)
    assert_pulled(second)


def kill(process, fault):
    """Kill a process as soon as it waits for what a slow fault holds back."""
    assert fault.reached.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("stage", ["manifest", "config", "weights"])
def test_a_pull_that_is_killed(published, hub, client, start, stage):
    method, path = PULL_REQUESTS[stage]
    kill(start(PULL, ADDRESS), hub.fail("slow", path, method=method))
    assert_cache_is_sound(published, client)
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


def test_a_pull_that_waits_for_one_that_is_killed(published, hub, start):
    first, second, slow = pull_twice(hub, start)
    kill(first, slow)
    assert_pulled(second)


@pytest.mark.parametrize("stage", ["create", "preupload", "upload", "verify", "commit"])
def test_a_push_that_is_killed(hub, client, start, models, tmp_path, stage):
    directory = store.write(tmp_path / "model", CONFIG, ARRAYS[NEW], files=card(NEW))
    method, path = PUSH_REQUESTS[stage]
    kill(start(PUSH, directory, REPO), hub.fail("slow", path, method=method))
    repository = hub.repositories[REPO]
    assert repository.files() == (models[NEW] if stage == "commit" else {})
    done = aezoo_hub.push(models[NEW], REPO)
    assert done.changed == (stage != "commit")
    assert repository.files() == models[NEW]
    assert is_model(aezoo_hub.pull(done.address), NEW)


# Tokens

CANARY = "hf_canary_Qw8Zk3"
TALK = """
import logging, sys, time, traceback
from aezoo import hub, store
from aezoo.cli import main
from aezoo.hub import calls

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
calls.WAITS, time.sleep = (0.0,), lambda seconds: None
directory, *repositories = sys.argv[1:]
for repository in repositories:
    for attempt in (
        lambda: hub.pull("hf://" + repository),
        lambda: hub.push(store.contents(directory), repository),
        lambda: main(["pull", "hf://" + repository]),
        lambda: main(["push", directory, repository, "--debug"]),
    ):
        try:
            print("returned", attempt())
        except Exception as error:
            traceback.print_exc()
            print("raised", [error, vars(error), error.__cause__, error.__context__])
"""


def test_no_token_is_told(hub, start, models, tmp_path):
    directory = store.write(tmp_path / "model", CONFIG, ARRAYS[NEW], files=card(NEW))
    hub.api.users[CANARY] = hub.api.users[hub.WRITER]
    kinds = ("echo", "401", "403 gated", "404 repository", "412", "429", "503", "html", "reset")
    requests = ("(/|$)", "/resolve/.*/model.safetensors", "/commit/")
    faults = list(itertools.product(kinds, requests))
    for index, (kind, request) in enumerate(faults):
        hub.add_repository(f"org/r{index}", models[OLD], private=True)
        hub.fail(kind, f"/org/r{index}{request}", times=999)
    names = sorted(hub.repositories)
    process = start(TALK, directory, *names, HF_TOKEN=CANARY, HF_HUB_VERBOSITY="debug")
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert output.count("raised ") >= len(faults)
    assert output.count("returned ") >= len(faults)
    assert {request.token for request in hub.requests} == {CANARY, None}
    assert CANARY not in output + errors
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in stored if CANARY.encode() in path.read_bytes()]
