"""What a save replaces, and what it never deletes."""

from __future__ import annotations

import os

import pytest
from small_model import ARRAYS, CONFIG, content

from aezoo import store


def test_an_existing_model_is_replaced_only_when_asked(model):
    before = content(model)
    with pytest.raises(FileExistsError, match=r"model: exists already.*overwrite=True \(--force"):
        store.write(model, {**CONFIG, "variant": "ae"}, ARRAYS)
    assert content(model) == before
    store.write(model, {**CONFIG, "variant": "ae"}, ARRAYS, overwrite=True)
    assert store.read(model).config["variant"] == "ae"
    assert os.listdir(model.parent) == ["model"]


def test_the_old_card_and_graphs_go_with_the_old_model(tmp_path):
    files = {"README.md": b"a", "loss.png": b"b", "record.json": b"{}", "encoder.onnx": b"c"}
    model = store.write(tmp_path / "model", CONFIG, ARRAYS, files=files)
    store.write(model, CONFIG, ARRAYS, files={"loss.png": b"new"}, overwrite=True)
    assert sorted(content(model)) == [
        "config.json",
        "loss.png",
        "manifest.json",
        "model.safetensors",
    ]
    assert store.read(model).files == {}


def test_an_empty_directory_is_used(tmp_path):
    (tmp_path / "model").mkdir()
    store.check_target(tmp_path / "model")
    store.write(tmp_path / "model", CONFIG, ARRAYS)
    assert store.read(tmp_path / "model").config == CONFIG


@pytest.mark.parametrize("make", [lambda p: p.write_bytes(b"mine"), lambda p: p.mkdir()])
@pytest.mark.parametrize("name", ["notes.txt", "my.py", ".git", "photo 1.png", "model.h5"])
def test_a_file_that_is_not_ours_is_never_deleted(model, name, make):
    make(model / name)
    before = sorted(os.listdir(model))
    for check in (
        lambda: store.write(model, CONFIG, ARRAYS, overwrite=True),
        lambda: store.check_target(model, overwrite=True),
    ):
        with pytest.raises(store.StoreError, match=f"not part of a model .'{name}'."):
            check()
    assert sorted(os.listdir(model)) == before
    assert os.listdir(model.parent) == ["model"]


@pytest.mark.parametrize(
    "files",
    [
        {"config.json": '{"architectures": ["Bert"]}', "model.safetensors": "", "README.md": ""},
        {"config.json": "not JSON"},
        {"README.md": "# Mine"},
        {"picture.png": ""},
    ],
)
def test_what_looks_like_a_model_but_is_not_ours_is_never_replaced(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(store.StoreError, match="is not a model directory of aezoo"):
        store.write(tmp_path, CONFIG, ARRAYS, overwrite=True)
    assert {name: data.decode() for name, data in content(tmp_path).items()} == files


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "manifest.json"])
def test_a_damaged_model_can_be_replaced(model, name):
    (model / name).write_bytes(b"damaged")
    store.write(model, CONFIG, ARRAYS, overwrite=True)
    assert store.read(model).config == CONFIG


def test_the_current_directory_is_not_replaced(model, monkeypatch):
    monkeypatch.chdir(model)
    with pytest.raises(store.StoreError, match="current directory"):
        store.write(".", CONFIG, ARRAYS, overwrite=True)
    assert store.read(".").config == CONFIG


def test_a_file_in_the_way_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(store.StoreError, match="file: is a file"):
            store.write(path, CONFIG, ARRAYS, overwrite=overwrite)
        with pytest.raises(store.StoreError, match="file/model: cannot be written"):
            store.write(path / "model", CONFIG, ARRAYS, overwrite=overwrite)
    assert path.read_bytes() == b"mine"
