from __future__ import annotations

import json

import pytest

from aezoo import layout

CONFIG = {
    "format": 1,
    "variant": "acme/fancy_vae",
    "config": {"beta": 1.5},
    "sampler": {"name": "gmm", "config": {}},
    "dtype": "float16",
    "versions": {"aezoo": "0.1.0"},
}
FILES = {"config.json": b"{}", "model.safetensors": b"weights", "encoder.onnx": b""}
ENTRY = {"size": 0, "sha256": "0" * 64}


def test_a_config_is_read_as_it_is():
    for config in (CONFIG, {**CONFIG, "sampler": None, "variant": "vae"}):
        assert layout.parse_config(json.dumps(config).encode()) == config


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 0}, "format 0, expected 1"),
        ({"format": 2}, "format 2 is of a newer aezoo, this one reads 1: update"),
        ({"format": True}, "format True, expected 1"),
        ({"format": 1.0}, r"format 1\.0, expected 1"),
        ({"variant": None}, "variant None, expected a registered name"),
        ({"variant": ""}, "variant '', expected"),
        ({"variant": "../vae"}, "variant '../vae', expected"),
        ({"variant": "a/b/c"}, "variant 'a/b/c', expected"),
        ({"variant": "Vae"}, "variant 'Vae', expected"),
        ({"variant": "os.path:join"}, "variant 'os.path:join', expected"),
        ({"variant": "vae\n"}, "unprintable"),
        ({"variant": "V" * 1000}, r"variant 'V{12}\.\.\.V{13}', expected"),
        ({"config": []}, "config is list, expected an object"),
        ({"sampler": []}, "'sampler' is list, expected an object"),
        ({"sampler": {"name": "gmm"}}, "no key 'config' in 'sampler'"),
        ({"sampler": {"name": "gmm", "config": {}, "x": 1}}, "unknown key 'x' in 'sampler'"),
        ({"sampler": {"name": "GMM", "config": {}}}, "sampler 'GMM', expected"),
        ({"sampler": {"name": "gmm", "config": 1}}, "sampler config is int"),
        ({"dtype": "int8"}, "dtype 'int8', expected one of float32, float16, bfloat16"),
        ({"dtype": ["float32"]}, r"dtype \['float32'\], expected"),
        ({"versions": None}, "versions is NoneType"),
        ({"versions": {"keras": 3}}, "version 3 of 'keras', expected one such as '3.15.1'"),
        ({"versions": {"keras": "hf://org/name"}}, "version 'hf://org/name' of 'keras', expected"),
        ({"versions": {"../keras": "3.15.1"}}, "a version of '../keras', expected a package"),
        ({"sampler": {"name": "gmm", "config": {"name": "x"}}}, "a second 'name' in sampler"),
        ({"variant": "v" * 129}, "expected a registered name"),
        ({"weights": {}}, "unknown key 'weights' in the document, expected format, variant"),
    ],
)
def test_a_config_of_another_form_is_refused(change, reason):
    with pytest.raises(ValueError, match=reason):
        layout.parse_config(json.dumps({**CONFIG, **change}).encode())


@pytest.mark.parametrize("parse", [layout.parse_config, layout.parse_manifest])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not valid JSON"),
        (b"[]", "the document is list, expected an object"),
        (b"{}", "format 0, expected 1"),
        (b'{"format": 1, "format": 1}', "'format' is repeated"),
        (b" " * 70_000, "70000 bytes of JSON, more than the 65536 allowed"),
        (b"[" * 50_000, "nested deeper"),
        (b'{"format": 1}', "no key "),
    ],
)
def test_bad_json_is_refused(parse, data, reason):
    with pytest.raises(ValueError, match=reason):
        parse(data)


def test_a_manifest_says_what_the_files_are():
    listed = layout.parse_manifest(layout.manifest(FILES))
    assert {name: size for name, (size, _) in listed.items()} == {
        "config.json": 2,
        "model.safetensors": 7,
        "encoder.onnx": 0,
    }
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert listed["encoder.onnx"][1] == empty


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"files": []}, "files is list, expected an object"),
        ({"extra": 1}, "unknown key 'extra'"),
        ({"format": 2}, "format 2 is of a newer aezoo"),
        ({"files": {}}, "does not list config.json"),
        ({"files": {"config.json": ENTRY}}, "does not list model.safetensors"),
    ],
)
def test_a_manifest_of_another_form_is_refused(change, reason):
    manifest = json.loads(layout.manifest(FILES)) | change
    with pytest.raises(ValueError, match=reason):
        layout.parse_manifest(json.dumps(manifest).encode())


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("evil.py", {}, "lists 'evil.py', which is no file of a model"),
        ("../config.json", {}, "which is no file of a model"),
        ("README.md", {}, "which is no file of a model"),
        ("manifest.json", {}, "which is no file of a model"),
        ("encoder.onnx", {"size": -1}, "size -1 of encoder.onnx, expected a number of bytes"),
        ("encoder.onnx", {"size": True}, "size True of encoder.onnx"),
        ("encoder.onnx", {"size": 1.0}, "size 1.0 of encoder.onnx"),
        ("encoder.onnx", {"sha256": "0" * 63}, "expected 64 digits"),
        ("encoder.onnx", {"sha256": "A" * 64}, "expected 64 digits"),
        ("encoder.onnx", {"sha256": None}, "sha256 None of encoder.onnx"),
        ("encoder.onnx", {"url": "x"}, "unknown key 'url' in 'encoder.onnx'"),
    ],
)
def test_a_manifest_entry_of_another_form_is_refused(name, change, reason):
    manifest = json.loads(layout.manifest(FILES))
    manifest["files"][name] = {**ENTRY, **change}
    with pytest.raises(ValueError, match=reason):
        layout.parse_manifest(json.dumps(manifest).encode())


@pytest.mark.parametrize("name", ["README.md", "record.json", "samples.png", "loss-1.2_a.png"])
def test_the_card(name):
    assert layout.is_card(name)
    assert layout.is_part(name)


@pytest.mark.parametrize(
    "name", ["readme.md", ".png", "a/b.png", "../a.png", "a b.png", "a.png\n", "notes.txt", ""]
)
def test_what_is_no_part_of_a_model(name):
    assert not layout.is_card(name)
    assert not layout.is_part(name)


def test_a_part_that_is_no_card():
    for name in ("config.json", "model.safetensors", "manifest.json", "prior.onnx"):
        assert layout.is_part(name)
        assert not layout.is_card(name)
