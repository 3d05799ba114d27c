"""Hostile files in, beside and instead of a model's: only listed, regular ones are opened."""

from __future__ import annotations

import json
import os
import socket
import stat

import pytest
from hostile_model import write
from hostile_watch import watched

from aezoo import store
from aezoo.layout import CONFIG, GRAPHS, MANIFEST, WEIGHTS
from aezoo.stored import StoreError

FILES = (CONFIG, WEIGHTS, MANIFEST)
EVIL = b"raise SystemExit('this code ran')\n"
PICKLE = b"cos\n_exit\n(I1\ntR."
UNLISTED = {
    name: EVIL
    for name in (
        "__init__.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "setup.py",
        "model.py", "modeling.py", "config.py", "custom_objects.py", "os.py", "json.py", "vae.py",
        "aezoo.py", "keras.py", "evil.pth", "pyproject.toml", "aezoo.toml", ".env", "keras.json",
    )
}  # fmt: skip
UNLISTED |= {
    name: PICKLE
    for name in (
        "model.pkl", "model.pickle", "pytorch_model.bin", "model.pt", "model.ckpt", "model.joblib",
        "weights.npy", "weights.npz", "sampler.pkl", "model.h5", "model.weights.h5", "model.keras",
        "saved_model.pb", "keras_metadata.pb", "encoder.onnx", "decoder.onnx", "prior.onnx",
        "README.md", "record.json", "golden.safetensors", "samples.png", "tokenizer.json",
        "CONFIG.JSON", "config.json ", "config.json.bak", "config.json\n", "manifest.json~",
        "model.safetensors.index.json", "model-00001-of-00002.safetensors", ".gitattributes",
        "config\u200b.json", "c\u043enfig.json", "\u202enosj.gifnoc", "-rf", "$(id)", "a;id",
    )
}  # fmt: skip


@pytest.mark.parametrize("name", UNLISTED)
def test_a_file_that_is_not_listed_is_never_opened(base, tmp_path, loaded, name):
    directory = write(base.copy(tmp_path / "m"), {name: UNLISTED[name]})
    assert {path.name for path in loaded(directory).opened} == {"m", *FILES}


def test_nothing_else_in_the_directory_is_opened(base, tmp_path, loaded, monkeypatch):
    directory = write(base.copy(tmp_path / "m"), UNLISTED)
    for name in ("variables", "assets", "aezoo", "keras", "code.egg-info", "__pycache__"):
        write(directory / name, {"__init__.py": EVIL, "entry_points.txt": EVIL})
    os.mkfifo(directory / "pipe")
    (directory / "link").symlink_to("/etc/passwd")
    (directory / "loop").symlink_to("loop")
    with open(directory / "huge.bin", "wb") as file:
        file.truncate(10 * 2**30)
    assert {path.name for path in loaded(directory).opened} == {"m", *FILES}
    monkeypatch.chdir(directory)
    assert {path.name for path in loaded(directory).opened} == {"m", *FILES}


# Instead of a file


def pipe(path):
    os.mkfifo(path)


def listener(path):
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


INSTEAD = {
    "nothing": lambda path: None,
    "directory": lambda path: path.mkdir(),
    "pipe": pipe,
    "socket": listener,
    "empty": lambda path: path.touch(),
    "link-to-a-secret": lambda path: path.symlink_to("/etc/passwd"),
    "link-to-zeros": lambda path: path.symlink_to("/dev/zero"),
    "link-to-random": lambda path: path.symlink_to("/dev/urandom"),
    "link-to-stdin": lambda path: path.symlink_to("/dev/stdin"),
    "link-to-memory": lambda path: path.symlink_to("/proc/self/mem"),
    "link-to-environment": lambda path: path.symlink_to("/proc/self/environ"),
    "link-up": lambda path: path.symlink_to("../" * 30 + "etc/passwd"),
    "link-to-parent": lambda path: path.symlink_to(".."),
    "link-to-itself": lambda path: path.symlink_to(path.name),
    "link-to-nothing": lambda path: path.symlink_to("nowhere"),
    "link-to-nothing-outside": lambda path: path.symlink_to("../nowhere"),
    "link-to-neighbour": lambda path: path.symlink_to(path.parent.parent / "m2" / path.name),
    "link-through-a-link": lambda path: [
        (path.parent / "up").symlink_to(".."),
        path.symlink_to(f"up/m2/{path.name}"),
    ],
    "hard-link-to-another-file": lambda path: os.link(path.parent.parent / "secret", path),
    "sparse-10-gigabytes": lambda path: [path.touch(), os.truncate(path, 10 * 2**30)],
}


@pytest.mark.parametrize("name", INSTEAD)
@pytest.mark.parametrize("file", FILES)
def test_only_a_regular_file_inside_is_read(base, tmp_path, refused, file, name):
    (tmp_path / "secret").write_bytes(b"TOKEN = 'not for anybody'")
    base.copy(tmp_path / "m2")
    directory = base.copy(tmp_path / "m")
    (directory / file).unlink()
    INSTEAD[name](directory / file)
    message = refused(directory, None if (file, name) == (MANIFEST, "nothing") else file)
    assert file in message
    assert "not for anybody" not in message


@pytest.mark.parametrize("file", FILES)
def test_a_device_is_not_read(base, tmp_path, refused, file):
    directory = base.copy(tmp_path / "m")
    (directory / file).unlink()
    try:
        os.mknod(directory / file, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError:  # only root makes devices
        (directory / file).symlink_to("/dev/zero")
    refused(directory, file)


@pytest.mark.parametrize("make", ["file", "nothing", "pipe", "link-to-nothing"])
def test_something_else_than_a_directory_is_refused(tmp_path, make):
    path = tmp_path / "m"
    {"file": path.touch, "pipe": lambda: os.mkfifo(path), "nothing": lambda: None}.get(
        make, lambda: path.symlink_to("nowhere")
    )()
    for directory in (path, path / "m"):
        with watched(tmp_path) as watch, pytest.raises(StoreError) as caught:
            store.read(directory)
        watch.check()
        assert str(caught.value).startswith((str(path), str(tmp_path / "nowhere")))


# What the manifest says

HASH = "0" * 64
LISTS = {
    name: {"size": 1, "sha256": HASH}
    for name in (
        "evil.py", "model.h5", "model.keras", "README.md", "../config.json", "/etc/passwd",
        "sub/config.json", "./config.json", "config.json/", "CONFIG.json", "..", "",
        "manifest.json", "record.json", "c\u043enfig.json", "config.json\0",
        "https://evil.example/x", "hf://evil/model",
    )
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_manifest_that_lists_another_name_is_refused(base, tmp_path, refused, name):
    directory = base.with_manifest(tmp_path / "m", lambda m: m["files"].update({name: LISTS[name]}))
    refused(directory, MANIFEST)


ENTRIES = {
    "size-negative": {"size": -1},
    "size-2**62": {"size": 2**62},
    "size-10**300": {"size": 10**300},
    "size-float": {"size": 1.0},
    "size-string": {"size": "1"},
    "size-true": {"size": True},
    "size-null": {"size": None},
    "size-one-more": {"size": 10**7},
    "sha256-zeros": {"sha256": HASH},
    "sha256-short": {"sha256": "0" * 63},
    "sha256-upper-case": {"sha256": "A" * 64},
    "sha256-null": {"sha256": None},
    "sha256-list": {"sha256": [HASH]},
    "sha256-function": {"sha256": "os.system"},
    "sha256-wide-digits": {"sha256": "\uff10" * 64},
    "url": {"url": "https://evil.example/model.safetensors"},
    "path": {"path": "../../evil"},
}


@pytest.mark.parametrize("file", [CONFIG, WEIGHTS])
@pytest.mark.parametrize("name", ENTRIES)
def test_a_manifest_entry_is_exact(base, tmp_path, refused, file, name):
    directory = base.with_manifest(tmp_path / "m", lambda m: m["files"][file].update(ENTRIES[name]))
    found_in_weights = file == WEIGHTS and name in ("size-2**62", "size-one-more")
    of_the_file = name == "sha256-zeros" or found_in_weights
    refused(directory, file if of_the_file else MANIFEST)


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_that_is_listed_is_small_and_there(base, tmp_path, refused, graph):
    for size, file in ((1, graph), (2**23, MANIFEST), (10 * 2**30, MANIFEST)):
        directory = base.with_manifest(
            tmp_path / str(size),
            lambda m, size=size: m["files"].update({graph: {"size": size, "sha256": HASH}}),
        )
        with open(directory / graph, "wb") as file_:
            file_.truncate(size)
        refused(directory, file)


FORMS = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "pickle": PICKLE,
    "no-files": b'{"format": 1, "files": {}}',
    "files-list": b'{"format": 1, "files": ["config.json", "model.safetensors"]}',
    "files-null": b'{"format": 1, "files": null}',
    "format-2": b'{"format": 2, "files": {}}',
    "format-missing": b'{"files": {}}',
    "extra-key": b'{"format": 1, "files": {}, "module": "os"}',
    "deep": b"[" * 60_000,
    "large": b" " * 100_000,
    "repeated-file": b'{"format": 1, "files": {"config.json": 1, "config.json": 2}}',
    "many-files": json.dumps({"format": 1, "files": {str(n): {} for n in range(5000)}}).encode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_only_a_plain_manifest_is_one(base, tmp_path, refused, name):
    refused(write(base.copy(tmp_path / "m"), {MANIFEST: FORMS[name]}), MANIFEST)


@pytest.mark.parametrize("listed", [[CONFIG], [WEIGHTS]])
def test_a_manifest_lists_config_and_weights(base, tmp_path, refused, listed):
    def change(document):
        document["files"] = {name: document["files"][name] for name in listed}

    refused(base.with_manifest(tmp_path / "m", change), MANIFEST)
