"""What `load(source)` means: an address, a path or a preset, in this order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import aezoo_registry
from aezoo import hub, paths, sources, store

CONFIG = {
    "format": 1,
    "variant": "ae",
    "config": {},
    "sampler": None,
    "dtype": "float32",
    "versions": {},
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def model(tmp_path):
    return store.write(tmp_path / "model", CONFIG, {"bias": np.ones(2, "float32")})


@pytest.mark.parametrize("source", ["./m", "../m", "/m", "~/m", ".", "..", Path("m"), Path("vae")])
def test_paths_are_told_by_how_they_start(source):
    assert paths.is_path(source)


@pytest.mark.parametrize("source", ["m", "org/name", "hf://org/name", "vae.digits", "m/../n"])
def test_anything_else_is_no_path(source):
    assert not paths.is_path(source)


def test_a_bare_name_is_never_a_path(model, monkeypatch):
    monkeypatch.chdir(model.parent)
    with pytest.raises(LookupError, match=r"a directory such as './model'"):
        sources.read("model")
    assert sources.read("./model").config == CONFIG
    assert sources.pull("./model") == model
    name = aezoo_registry.preset_names()[0]
    Path(name).mkdir()
    assert sources.read(name).directory == aezoo_registry.preset(name).path


def test_what_is_missing_is_named():
    with pytest.raises(store.StoreNotFoundError, match="no such directory"):
        sources.read("./missing")
    with pytest.raises(LookupError, match=r"'hf://org/name' for a model on the Hub, '\./org/name'"):
        sources.read("org/name")
    with pytest.raises(ValueError, match="Received: 'hf://org'"):
        sources.read("hf://org")


def test_an_unknown_preset_gets_one_suggestion():
    name = aezoo_registry.preset_names()[0]
    with pytest.raises(LookupError, match=f"Did you mean '{name}'") as error:
        sources.read(name + "x")
    assert str(error.value).count("Did you mean") == 1


@pytest.fixture
def pulled(monkeypatch, model):
    """What is asked of the Hub, which answers with `model`."""
    calls = []

    def pull(source, pin=None, shapes=None):
        calls.append((source, pin))
        return hub.Snapshot(hub.Address.parse(source), store.read(model))

    monkeypatch.setattr(hub, "pull", pull)
    return calls


def preset(path, **record):
    return aezoo_registry.Preset("ae.bias", "ae", "aezoo", path, record)


def home(**changes):
    files = {"config.json": {"size": 7, "sha256": "0" * 64}}
    return {"repo": "org/ae.bias", "commit": COMMIT, "files": files} | changes


def test_an_address_is_asked_of_the_hub(pulled):
    assert sources.read("hf://org/name@v1").config == CONFIG
    assert pulled == [("hf://org/name@v1", None)]


def test_a_preset_with_two_homes_is_read_from_the_package(pulled, model):
    assert sources.of_preset(preset(model, hub=home())).directory == model
    assert not pulled


def test_a_preset_of_the_hub_only_is_fetched_as_pinned(pulled, tmp_path):
    sources.of_preset(preset(tmp_path, hub=home()))
    assert pulled == [(f"hf://org/ae.bias@{COMMIT}", {"config.json": (7, "0" * 64)})]


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        {},
        home(repo="org"),
        home(commit="main"),
        home(files=[]),
        home(files={"config.json": {"size": 1}}),
    ],
    ids=json.dumps,
)
def test_a_damaged_pin_is_refused_by_name(pulled, tmp_path, damaged):
    with pytest.raises(store.StoreError, match=r"record\.json: its 'hub' is not as"):
        sources.of_preset(preset(tmp_path, hub=damaged))
    assert not pulled


def test_a_preset_without_files_and_pin_is_refused(tmp_path):
    with pytest.raises(store.StoreError, match=r"manifest\.json is missing"):
        sources.of_preset(preset(tmp_path))
