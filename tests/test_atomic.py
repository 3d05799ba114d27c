from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
import threading

import pytest

from aezoo import atomic

OLD = {"weights": b"old" * 1000, "seal": b"old"}
NEW = {"weights": b"new" * 1000, "graph": b"g", "seal": b"new"}
NAMES = {"weights", "graph", "seal"}


def replace(target, files):
    with atomic.locked(target.parent):
        atomic.recover(target, seal="seal")
        atomic.replace(target, files, seal="seal", removable=NAMES.__contains__)


def content(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_replace_writes_then_replaces_and_leaves_nothing_beside(tmp_path):
    target = tmp_path / "model"
    replace(target, OLD)
    assert content(target) == OLD
    replace(target, NEW)
    assert content(target) == NEW
    assert os.listdir(tmp_path) == ["model"]


def test_replace_keeps_the_permissions_of_the_directory(tmp_path):
    target = tmp_path / "model"
    target.mkdir(mode=0o700)
    replace(target, NEW)
    assert target.stat().st_mode & 0o777 == 0o700


def test_an_unwritten_target_is_left_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk_after(1))
    with pytest.raises(OSError, match="No space left"):
        replace(tmp_path / "model", NEW)
    assert os.listdir(tmp_path) == []


def test_everything_is_synced_before_the_step_that_relies_on_it(tmp_path, monkeypatch):
    target = tmp_path / "model"
    replace(target, OLD)
    events = []

    def spy(name, describe):
        real = getattr(os, name)

        def call(*args):
            events.append((name, describe(*args)))
            return real(*args)

        monkeypatch.setattr(os, name, call)

    spy("fsync", lambda descriptor: os.fstat(descriptor).st_ino)
    spy("rename", lambda source, destination: destination.name.partition(".")[2][:3])
    spy("unlink", lambda path: path.name)
    replace(target, NEW)
    monkeypatch.undo()
    inodes = [(target / name).stat().st_ino for name in NEW]
    assert events == [
        *(("fsync", inode) for inode in inodes),
        ("fsync", target.stat().st_ino),
        ("rename", "old"),
        ("rename", ""),
        ("fsync", tmp_path.stat().st_ino),
        ("unlink", "seal"),
        ("unlink", "weights"),
    ]


def full_disk_after(calls):
    left = iter(range(calls))

    def fsync(_):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return fsync


@pytest.mark.parametrize("calls", range(5))
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_an_error_at_any_step_keeps_one_whole_directory(tmp_path, monkeypatch, calls, error):
    target = tmp_path / "model"
    replace(target, OLD)
    steps = iter(range(calls))

    def failing(function):
        def call(*args, **kwargs):
            if next(steps, None) is None:
                monkeypatch.undo()
                raise error
            return function(*args, **kwargs)

        return call

    for name in ("mkdir", "fsync", "rename"):
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    with pytest.raises(type(error)):
        replace(target, NEW)
    assert content(target) == OLD
    assert os.listdir(tmp_path) == ["model"]


def test_an_error_between_the_two_renames_is_undone(tmp_path, monkeypatch):
    target = tmp_path / "model"
    replace(target, OLD)
    rename = os.rename

    def failing(source, destination):
        if destination == target:
            monkeypatch.undo()
            raise KeyboardInterrupt
        rename(source, destination)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        replace(target, NEW)
    assert content(target) == OLD
    assert os.listdir(tmp_path) == ["model"]


def test_recover_takes_the_newest_whole_directory(tmp_path):
    target = tmp_path / "model"
    for number, files in enumerate((OLD, NEW, {"weights": b"part"})):
        aside = tmp_path / f"model.old-{number:016x}"
        aside.mkdir()
        for name, data in files.items():
            (aside / name).write_bytes(data)
            os.utime(aside / name, (number, number))
    recovered = atomic.recover(target, seal="seal")
    assert recovered.name == "model.old-0000000000000001"
    assert content(target) == NEW
    assert atomic.recover(target, seal="seal") is None


@pytest.mark.parametrize("name", ["model.old-1", "model.old-" + "g" * 16, "other.old-" + "0" * 16])
def test_recover_leaves_other_names_alone(tmp_path, name):
    aside = tmp_path / name
    aside.mkdir()
    (aside / "seal").touch()
    assert atomic.recover(tmp_path / "model", seal="seal") is None
    replace(tmp_path / "model", NEW)
    assert content(aside) == {"seal": b""}


def test_leftovers_are_deleted_but_not_what_somebody_put_there(tmp_path):
    target = tmp_path / "model"
    for kind in ("new", "old"):
        for number, names in enumerate((["weights"], ["seal", "notes.txt"])):
            leftover = tmp_path / f"model.{kind}-{number:016x}"
            leftover.mkdir()
            for name in names:
                (leftover / name).touch()
    os.symlink(tmp_path, tmp_path / ("model.new-" + "f" * 16))
    target.mkdir()
    replace(target, NEW)
    assert sorted(os.listdir(tmp_path)) == [
        "model",
        "model.new-" + "0" * 15 + "1",
        "model.new-" + "f" * 16,
        "model.old-" + "0" * 15 + "1",
    ]
    assert os.listdir(tmp_path / ("model.old-" + "0" * 15 + "1")) == ["notes.txt"]


def test_the_lock_makes_writers_wait(tmp_path):
    order = []

    def second():
        with atomic.locked(tmp_path):
            order.append("second")

    with atomic.locked(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_replaced_directory_is_noticed(tmp_path):
    target = tmp_path / "model"
    with atomic.watched(target) as replaced:
        assert not replaced()
        replace(target, OLD)
        assert replaced()
    with atomic.watched(target) as replaced:
        (target / "weights").write_bytes(b"")
        assert not replaced()
        for _ in range(20):  # inode numbers are soon used again
            replace(target, NEW)
            assert replaced()


def test_a_directory_that_cannot_be_locked_is_no_error(tmp_path):
    with atomic.locked(tmp_path / "missing"):
        entered = True
    assert entered


KILLS = textwrap.dedent(
    """
    import json, os, signal, sys
    from pathlib import Path
    from aezoo import atomic

    target = Path(sys.argv[1])
    OLD, NEW = {"weights": b"old", "seal": b"old"}, {"weights": b"new", "seal": b"new"}
    removable = {"weights", "seal"}.__contains__

    def replace(files):
        with atomic.locked(target.parent):
            atomic.recover(target, seal="seal")
            atomic.replace(target, files, seal="seal", removable=removable)

    def dying(function):
        def call(*args, **kwargs):
            global left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return function(*args, **kwargs)
        return call

    os.fsync = lambda descriptor: None  # a kill is no power cut
    outcomes, left = [], -1
    for point in range(100):
        replace(OLD)
        child = os.fork()
        if child == 0:
            left = point
            for name in ("mkdir", "fsync", "rename", "unlink", "rmdir", "open", "close", "scandir"):
                setattr(os, name, dying(getattr(os, name)))
            replace(NEW)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        for aside in target.parent.glob("*.old-*"):
            whole = {path.name for path in aside.iterdir()} == set(OLD)
            assert whole or not (aside / "seal").exists(), os.listdir(aside)
        missing = not target.exists()
        recovered = atomic.recover(target, seal="seal") is not None
        found = {path.name: path.read_bytes() for path in target.iterdir()}
        outcomes.append((["old", "new"][[OLD, NEW].index(found)], missing, recovered))
        replace(OLD)
        assert os.listdir(target.parent) == [target.name], os.listdir(target.parent)
        if status == 0:
            break
    print(json.dumps(outcomes))
    """
)


def test_a_kill_at_any_step_leaves_the_old_or_the_new_directory(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    outcomes = json.loads(run.stdout)
    assert len(outcomes) > 15
    states = [state for state, *_ in outcomes]
    assert states == sorted(states, reverse=True)
    assert states[0] == "old"
    assert states[-1] == "new"
    assert all(missing == recovered for _, missing, recovered in outcomes)
    assert sum(recovered for *_, recovered in outcomes) >= 1


def test_a_file_that_is_too_large_keeps_the_old_directory(tmp_path):
    target = tmp_path / "model"
    replace(target, OLD)
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            replace(target, {"weights": bytes(100_000), "seal": b"new"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert content(target) == OLD
    assert os.listdir(tmp_path) == ["model"]
