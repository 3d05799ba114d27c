"""Whatever fails between here and the Hub, no model is half-loaded and the next attempt works."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import json
import os
import traceback
from concurrent.futures import ThreadPoolExecutor

import hub_repository
import pytest
from hub_faults import flip
from huggingface_hub import constants, file_download
from tiny import (
    ADDRESS,
    CONFIG,
    NEW,
    OLD,
    PULL_REQUESTS,
    PUSH_REQUESTS,
    REPO,
    assert_cache_is_sound,
    is_model,
)

from aezoo import hub as aezoo_hub
from aezoo import layout, sources, store
from aezoo.hub import (
    HubBusyError,
    HubDamagedError,
    HubDeniedError,
    HubError,
    HubFullError,
    HubMovedError,
    HubNotFoundError,
    HubOfflineError,
    HubUnreachableError,
    download,
)

# What the client does with what it uploads is its own business.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")


@dataclasses.dataclass(frozen=True)
class Case:
    """A fault, which request it happens to and how often, and what it must lead to.

    `state` is what the cache (of a pull) or the repository (of a push) holds before.
    """

    kind: str
    request: str
    expected: str | type[Exception]
    state: str
    times: int = 1

    def __str__(self):
        often = "once" if self.times == 1 else "always"
        return f"{self.kind}-{self.request}-{often}-{self.state}".replace(" ", "_")


# Pull

BODIES = ("manifest", "config", "weights")

# What a fault leads to when it happens once, and when it goes on.
TRANSIENT = {
    "reset": (NEW, HubUnreachableError),
    "lost": (NEW, HubUnreachableError),
    "500": (NEW, HubUnreachableError),
    "503": (NEW, HubUnreachableError),
    "429": (NEW, HubBusyError),
}
IN_BODIES = {
    "cut": (NEW, (HubUnreachableError, HubDamagedError)),
    "wrong": (NEW, (HubDamagedError, store.StoreError)),
    "html": (NEW, HubDamagedError),
}
REFUSED = {
    "401": HubDeniedError,
    "403": HubDeniedError,
    "403 gated": HubDeniedError,
    "404 repository": HubNotFoundError,
    "404 revision": HubNotFoundError,
    "404 file": HubNotFoundError,
}


def pull_cases():
    for request in PULL_REQUESTS:
        faults = TRANSIENT | (IN_BODIES if request in BODIES else {})
        for kind, (once, always) in faults.items():
            yield Case(kind, request, once, "empty")
            yield Case(kind, request, always, "empty", times=99)
        for kind, expected in REFUSED.items():
            yield Case(kind, request, expected, "empty")
        yield Case("echo", request, HubError, "empty")
    for state in ("older", "partial", "damaged"):
        for request in ("weights head", "weights"):
            for kind in ("reset", "503"):
                yield Case(kind, request, NEW, state)
                yield Case(kind, request, HubUnreachableError, state, times=99)
            yield Case("404 file", request, HubNotFoundError, state)
        yield Case("cut", "weights", NEW, state)
        # One forced download follows what is damaged, whether it was in the cache or came now.
        once = HubDamagedError if state == "damaged" else NEW
        yield Case("wrong", "weights", once, state)
        yield Case("wrong", "weights", HubDamagedError, state, times=99)


PULLS = list(pull_cases())


def prepare_cache(state, repository):
    """Bring the cache into the state that an earlier pull left."""
    if state == "older":
        head, repository.branches["main"] = repository.branches["main"], repository.tags["v1"]
        aezoo_hub.pull(ADDRESS)
        repository.branches["main"] = head
    if state in ("partial", "damaged"):
        weights = aezoo_hub.pull(ADDRESS).directory / layout.WEIGHTS
        blob = weights.resolve()
        if state == "damaged":
            blob.write_bytes(flip(blob.read_bytes()))
        else:
            weights.unlink()
            blob.unlink()


@pytest.mark.parametrize("case", PULLS, ids=str)
def test_a_pull_survives(case, published, hub, client):
    prepare_cache(case.state, published)
    method, path = PULL_REQUESTS[case.request]
    fault = hub.fail(case.kind, path, method=method, times=case.times)
    if isinstance(case.expected, str):
        assert is_model(aezoo_hub.pull(ADDRESS), case.expected)
    else:
        with pytest.raises(case.expected):
            aezoo_hub.pull(ADDRESS)
    assert fault.reached.is_set()
    hub.heal()
    assert_cache_is_sound(published, client)
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


def mistaken_digest(manifest):
    """Return a manifest that is valid, but with another hash of the weights."""
    document = json.loads(manifest)
    document["files"][layout.WEIGHTS]["sha256"] = "0" * 64
    return json.dumps(document).encode().ljust(len(manifest))


@pytest.mark.parametrize("times", [1, 99])
def test_a_manifest_that_arrived_wrong_but_valid_does_not_stay(published, hub, client, times):
    hub.fail("wrong", "/manifest.json", times=times, wrong=mistaken_digest)
    if times == 1:
        assert is_model(aezoo_hub.pull(ADDRESS), NEW)
    else:
        with pytest.raises(HubDamagedError):
            aezoo_hub.pull(ADDRESS)
    hub.heal()
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


@pytest.mark.parametrize("stage", ["manifest", "weights"])
@pytest.mark.parametrize("times", [1, 99])
def test_a_pull_does_not_wait_for_ever(published, hub, client, monkeypatch, stage, times):
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.05)
    monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.05)
    method, path = PULL_REQUESTS[stage]
    hub.fail("slow", path, method=method, times=times)
    with ThreadPoolExecutor() as pool:
        pulled = pool.submit(aezoo_hub.pull, ADDRESS)
        try:
            error = pulled.exception(timeout=10)
        finally:
            hub.heal()
    assert isinstance(error, HubUnreachableError if times > 1 else type(None))
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("full_at", range(3))
def test_a_full_disk(published, client, monkeypatch, full_at, code):
    moves = itertools.count()
    move = file_download._chmod_and_move

    def fails(source, destination):
        if next(moves) == full_at:
            raise OSError(code, os.strerror(code), str(source))
        move(source, destination)

    monkeypatch.setattr(file_download, "_chmod_and_move", fails)
    with pytest.raises(HubFullError, match="disk is full"):
        aezoo_hub.pull(ADDRESS)
    assert_cache_is_sound(published, client)
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


def test_a_pull_stays_with_the_commit_it_resolved(published, hub):
    before = published.branches["main"]
    moved = hub.after(
        PULL_REQUESTS["config head"][1], lambda: published.commit({"config.json": b"{}"})
    )
    snapshot = aezoo_hub.pull(ADDRESS)
    assert moved.reached.is_set()
    assert snapshot.address.revision == before
    assert is_model(snapshot, NEW)


# A server, or a cache, that nobody should trust


@pytest.mark.parametrize("etag", ["../../../evil", "/{tmp}/evil", "", ".", "..", "a" * 200, "a b"])
def test_an_etag_never_becomes_a_path(published, hub, client, monkeypatch, tmp_path, etag):
    monkeypatch.setattr(
        hub_repository.File, "etag", property(lambda self: etag.format(tmp=tmp_path))
    )
    with pytest.raises(HubError):
        aezoo_hub.pull(ADDRESS)
    assert not [*tmp_path.rglob("evil*")]
    monkeypatch.undo()


def test_a_download_ends_where_it_should():
    bar = download._bounded("hf://org/tiny: config.json", 100)(total=100, disable=True)
    bar.update(100)
    bar.update(2**20)
    with pytest.raises(store.StoreError, match=r"config\.json: more than the 100 bytes expected"):
        bar.update(2**20)


@pytest.mark.parametrize("name", [layout.MANIFEST, layout.CONFIG, layout.WEIGHTS])
@pytest.mark.parametrize("kind", ["elsewhere", "other", "loop", "pipe", "endless"])
def test_a_snapshot_that_was_tampered_with_is_made_whole(
    published, hub, client, tmp_path, name, kind
):
    directory = aezoo_hub.pull(ADDRESS).directory
    entry = directory / name
    other = layout.CONFIG if name != layout.CONFIG else layout.WEIGHTS
    target = (directory / other).resolve()
    entry.unlink()
    if kind == "elsewhere":
        (tmp_path / "secret").write_bytes(b"secret")
        entry.symlink_to(tmp_path / "secret")
    elif kind == "other":
        entry.symlink_to(target)
    elif kind == "loop":
        entry.symlink_to(entry.name)
    elif kind == "endless":
        entry.symlink_to("/dev/zero")
    else:
        os.mkfifo(entry)
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)
    assert not (tmp_path / "secret").exists() or (tmp_path / "secret").read_bytes() == b"secret"


def test_a_directory_in_place_of_a_file_is_named(published, client):
    entry = aezoo_hub.pull(ADDRESS).directory / layout.CONFIG
    entry.unlink()
    entry.mkdir()
    with pytest.raises(HubError, match=r"config\.json: .* is no file; delete it"):
        aezoo_hub.pull(ADDRESS)
    entry.rmdir()
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


def test_a_cache_behind_links_is_a_cache(published, client, tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    client.cache.parent.mkdir(exist_ok=True)
    client.cache.symlink_to(tmp_path / "disk")
    snapshot = aezoo_hub.pull(ADDRESS)
    assert is_model(snapshot, NEW)
    assert sources.read(snapshot.directory).config == CONFIG
    folder = next((tmp_path / "disk").glob("models--*"))
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


# Without the Hub


@pytest.mark.parametrize("revision", ["", "@v1", "@{commit}"])
def test_offline_with_a_warm_cache_asks_nothing(published, hub, client, revision):
    source = ADDRESS + revision.format(commit=published.branches["main"])
    warm = aezoo_hub.pull(source)
    hub.requests.clear()
    client.offline()
    assert aezoo_hub.pull(source).directory == warm.directory
    assert hub.requests == []


@pytest.mark.parametrize("revision", ["", "@v1", "@" + "0" * 40])
def test_offline_with_a_cold_cache_is_an_error(published, hub, client, revision):
    client.offline()
    with pytest.raises(HubOfflineError, match="HF_HUB_OFFLINE"):
        aezoo_hub.pull(ADDRESS + revision)
    assert hub.requests == []
    client.offline(False)
    assert is_model(aezoo_hub.pull(ADDRESS), NEW)


def test_a_branch_whose_hub_is_gone_is_the_commit_it_was_at(published, hub, client, capsys):
    warm = aezoo_hub.pull(ADDRESS)
    hub.fail("reset", times=999)
    assert aezoo_hub.pull(ADDRESS).address == warm.address
    assert "the last commit known is used" in capsys.readouterr().err


# Push

PUSH_REFUSED = {
    "401": HubDeniedError,
    "403": HubDeniedError,
    "404 repository": HubNotFoundError,
    "409": HubMovedError,
    "412": HubMovedError,
}


def push_cases():
    for request in PUSH_REQUESTS:
        # A repository that is there is not created, and what it may lack is a branch.
        state = "nothing" if request == "create" else "older"
        for kind in ("reset", "lost", "503"):
            yield Case(kind, request, NEW, state)
            # What the Hub has received it does not want again: no further attempt gets there.
            there = request == "verify" or (kind == "lost" and request in ("upload", "commit"))
            yield Case(kind, request, NEW if there else HubUnreachableError, state, times=99)
        yield Case("429", request, NEW if request == "verify" else HubBusyError, state, times=99)
        yield Case("echo", request, HubError, state, times=99)
        if request not in ("branch", "upload", "verify"):  # whose answers nobody reads
            yield Case("html", request, HubError, state, times=99)
        for kind, expected in PUSH_REFUSED.items():
            if (kind, request) not in {("409", "create"), ("409", "branch")}:  # "is there already"
                yield Case(kind, request, expected, state)
    for request in ("info", "upload", "commit"):
        yield Case("503", request, NEW, "nothing")
        yield Case("reset", request, HubUnreachableError, "nothing", times=99)


PUSHES = list(push_cases())


def pushed(contents, request="commit"):
    """Push to main, or to a new branch where the fault is in making one."""
    return aezoo_hub.push(contents, REPO, branch="dev" if request == "branch" else None)


@pytest.mark.parametrize("case", PUSHES, ids=str)
def test_a_push_survives(case, hub, client, models):
    if case.state == "older":
        hub.add_repository(REPO, models[OLD], private=True)
    method, path = PUSH_REQUESTS[case.request]
    fault = hub.fail(case.kind, path, method=method, times=case.times)
    if case.expected == NEW:
        pushed(models[NEW], case.request)
    else:
        with pytest.raises(case.expected) as caught:
            pushed(models[NEW], case.request)
        assert hub.WRITER not in "".join(traceback.format_exception(caught.value))
    assert fault.reached.is_set()
    hub.heal()
    branch = "dev" if case.request == "branch" else "main"
    if REPO in hub.repositories and branch in hub.repositories[REPO].branches:
        assert hub.repositories[REPO].files(branch) in ({}, models[OLD], models[NEW])
    done = pushed(models[NEW], case.request)
    repository = hub.repositories[REPO]
    assert repository.private
    assert repository.files(branch) == models[NEW]
    assert repository.branches[branch] == done.commit
    assert len(repository.commits) == (3 if case.state == "older" else 2)
    assert is_model(aezoo_hub.pull(done.address), NEW)


@pytest.mark.parametrize("stage", ["info", "preupload", "upload", "verify"])
def test_a_push_does_not_undo_what_somebody_pushed_meanwhile(hub, client, models, stage):
    repository = hub.add_repository(REPO, models[OLD], private=True)
    method, path = PUSH_REQUESTS[stage]
    hub.after(path, lambda: repository.commit({"README.md": b"theirs"}), method=method)
    with pytest.raises(HubMovedError):
        aezoo_hub.push(models[NEW], REPO)
    assert repository.files() == models[OLD] | {"README.md": b"theirs"}
    aezoo_hub.push(models[NEW], REPO)
    assert repository.files() == models[NEW]


def test_the_cases_are_many():
    assert len(PULLS) + len(PUSHES) >= 60
