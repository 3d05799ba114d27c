"""A save that ends early leaves a whole model."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import warnings

import pytest
from small_model import ARRAYS, CONFIG, content

from aezoo import store


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("function", ["mkdir", "fsync", "rename"])
def test_an_error_of_the_file_system_keeps_the_old_model(model, monkeypatch, number, function):
    real = getattr(os, function)

    def fail(*args, **kwargs):
        if function == "mkdir" and ".new-" not in str(args[0]):
            return real(*args, **kwargs)
        raise OSError(number, os.strerror(number))

    before = content(model)
    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        reason = os.strerror(number)
        with pytest.raises(store.StoreError, match=rf"model: cannot be written \({reason}\)\."):
            store.write(model, {**CONFIG, "variant": "ae"}, ARRAYS, overwrite=True)
    assert content(model) == before
    assert os.listdir(model.parent) == ["model"]


def test_a_file_that_may_not_be_read_is_named(model, monkeypatch):
    real_open = os.open

    def denied(path, *args, **kwargs):
        if str(path).endswith("config.json"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(store.StoreError, match=r"config\.json: cannot be read \(Permission denied"):
        store.read(model)


def interrupt(model):
    """Leave what a kill between the two renames leaves."""
    unfinished = model.with_name("model.new-0123456789abcdef")
    unfinished.mkdir()
    (unfinished / "config.json").touch()
    return model.rename(model.with_name("model.old-0123456789abcdef"))


def test_read_undoes_an_interrupted_save_and_says_so(model):
    aside = interrupt(model)
    with pytest.warns(UserWarning, match=f"model: a save was interrupted.*{aside.name}") as caught:
        stored = store.read(model)
    assert stored.config == CONFIG
    assert caught[0].filename == __file__
    assert not aside.exists()


def test_write_undoes_an_interrupted_save_and_says_so(model):
    aside = interrupt(model)
    with (
        pytest.warns(UserWarning, match=f"recovered from {aside.name}") as caught,
        pytest.raises(store.StoreExistsError),
    ):
        store.write(model, CONFIG, ARRAYS)
    assert caught[0].filename == __file__
    assert store.read(model).config == CONFIG
    store.write(model, CONFIG, ARRAYS, overwrite=True)
    assert os.listdir(model.parent) == ["model"]


def test_an_incomplete_model_aside_is_not_taken(model):
    model.rename(model.with_name("model.old-0123456789abcdef"))
    (model.with_name("model.old-0123456789abcdef") / "manifest.json").unlink()
    with pytest.raises(store.StoreNotFoundError), warnings.catch_warnings(action="error"):
        store.read(model)


CHAOS = textwrap.dedent(
    """
    import os, random, signal, sys, time
    from pathlib import Path
    import numpy as np
    from aezoo import store

    target = Path(sys.argv[1])
    config = {"format": 1, "variant": "vae", "config": {}, "sampler": None, "dtype": "float32"}

    def write(number):
        arrays = {f"w{i}": np.full(20_000, number, "float32") for i in range(3)}
        versions = {"number": str(number)}
        store.write(target, {**config, "versions": versions}, arrays, overwrite=True)

    def read():
        stored = store.read(target)
        number = int(stored.config["versions"]["number"])
        arrays = stored.arrays({f"w{i}": (20_000,) for i in range(3)})
        assert all((array == number).all() for array in arrays.values())
        return number

    os.fsync = lambda descriptor: None  # a kill is no power cut
    rng, latest = random.Random(0), 0
    write(0)
    for _ in range(50):
        child = os.fork()
        while child == 0:
            latest += 1
            write(latest)
        until = time.monotonic() + rng.uniform(0.005, 0.03)
        try:
            while time.monotonic() < until:
                if sys.argv[2] == "wait":
                    time.sleep(0.001)
                    continue
                number = read()
                assert number >= latest, (number, latest)
                latest = number
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        number = read()
        assert number >= latest, (number, latest)
        latest = number
    write(latest + 1)
    assert os.listdir(target.parent) == [target.name], os.listdir(target.parent)
    assert "keras" not in sys.modules and "tensorflow" not in sys.modules
    print(latest)
    """
)


@pytest.mark.parametrize("reading", ["read", "wait"])
def test_kills_during_saves_leave_a_whole_model(tmp_path, reading):
    run = subprocess.run(
        [sys.executable, "-c", CHAOS, str(tmp_path / "model"), reading],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 10
