from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy

import aezoo
import aezoo_registry
from aezoo.cli import main
from aezoo.verification import GOLDEN, golden, verify


@pytest.fixture(scope="module")
def model():
    return aezoo.create("ae", sample_shape=(6,), latent_dim=2, body={"name": "mlp", "hidden": []})


@pytest.fixture
def preset(model, tmp_path, monkeypatch):
    """The directory of a preset that is the only one."""
    path = tmp_path / "ae.noise"
    aezoo.save(model, path)
    x = np.random.default_rng(0).random((3, 6), dtype="float32")
    safetensors.numpy.save_file(golden(model, x), path / GOLDEN)
    record = {"golden": {"tolerance": 1e-4}}
    found = aezoo_registry.Preset("ae.noise", "ae", "aezoo", path, record)
    monkeypatch.setattr("aezoo_registry.preset", lambda name: found)
    monkeypatch.setattr("aezoo_registry.preset_names", lambda: ["ae.noise"])
    return found


def outcome(preset):
    return [(check.name, check.ok) for check in verify(preset.name)]


def change(preset, name, amount):
    arrays = safetensors.numpy.load_file(preset.path / GOLDEN)
    arrays[name] = arrays[name] + np.float32(amount)
    safetensors.numpy.save_file(arrays, preset.path / GOLDEN)


def test_a_preset_as_it_was_published(preset):
    assert outcome(preset) == [("files", True), ("latent", True), ("output", True)]
    change(preset, "output", 5e-5)
    assert outcome(preset) == [("files", True), ("latent", True), ("output", True)]


def test_each_half_is_compared_by_itself(preset):
    change(preset, "output", 0.01)
    assert outcome(preset) == [("files", True), ("latent", True), ("output", False)]
    assert verify(preset.name)[2].detail == "differs by 0.01, allowed are 0.0001"


def test_damage_ends_the_checks(preset):
    weights = preset.path / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert outcome(preset) == [("files", False)]
    assert "model.safetensors" in verify(preset.name)[0].detail


@pytest.mark.parametrize("damage", ["missing", "short", "shape", "record"])
def test_golden_outputs_that_cannot_be_compared(preset, damage):
    path = preset.path / GOLDEN
    if damage == "missing":
        path.unlink()
    elif damage == "short":
        path.write_bytes(path.read_bytes()[:-8])
    elif damage == "shape":
        arrays = safetensors.numpy.load_file(path)
        safetensors.numpy.save_file(arrays | {"output": arrays["output"][:2]}, path)
    else:
        del preset.record["golden"]
    assert outcome(preset) == [("files", True), ("golden", False)]
    assert "cannot be compared: " in verify(preset.name)[1].detail


def test_the_command(preset, capsys):
    assert main(["verify"]) == 0
    out, err = capsys.readouterr()
    assert "ae.noise" in out
    assert err == "1 of 1 presets are as they were published.\n"
    change(preset, "latent", 1.0)
    assert main(["verify", "ae.noise", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["preset"], row["check"], row["ok"]) for row in rows][1] == (
        "ae.noise",
        "latent",
        False,
    )
