from __future__ import annotations

import json
import shutil

import pytest

import aezoo
import aezoo_registry
from aezoo import store
from aezoo.layout import MANIFEST
from aezoo.record import write_record
from aezoo.stored import StoreError

SHIPPED = aezoo_registry.preset("vae.digits").path
RECORD = json.loads((SHIPPED / "record.json").read_text())
MODEL = [MANIFEST, *store.read(SHIPPED).listed]


@pytest.fixture(scope="module")
def splits():
    return {split: aezoo.data.load("digits", split) for split in ("train", "test")}


@pytest.fixture
def directory(tmp_path):
    """The model of a preset without its record."""
    model = tmp_path / "vae.digits"
    model.mkdir()
    for name in MODEL:
        shutil.copy(SHIPPED / name, model)
    return model


def nearly(found, expected):
    if isinstance(expected, dict):
        return [*found] == [*expected] and all(nearly(found[k], expected[k]) for k in expected)
    if isinstance(expected, list):
        return all(nearly(*pair) for pair in zip(found, expected, strict=True))
    return found == (pytest.approx(expected, rel=1e-3) if type(expected) is float else expected)


def test_the_record_of_a_shipped_preset_comes_out_again(directory, splits):
    known = {"recipe": RECORD["recipe"], "computed": RECORD["computed"]}
    record = write_record(directory, "vae.digits", **splits, **known)
    assert json.loads((directory / "record.json").read_text()) == record
    names = {path.name for path in directory.iterdir()}
    assert names == {"golden.safetensors", "record.json", *MODEL}
    names = [name for name in RECORD if name != "hub"]
    assert [*record] == names
    for name in names:
        assert name == "versions" or nearly(record[name], RECORD[name]), name
    assert (directory / "record.json").read_text().endswith("}\n")


def test_a_record_holds_the_metrics_that_are_asked_for(directory, splits):
    record = write_record(
        directory, "vae.digits", **splits, recipe={}, metrics=["mse", "memorisation"]
    )
    assert [*record["metrics"]["metrics"]] == ["mse", "memorisation"]
    assert record["metrics"]["samples"]["sampler"] == "gmm"
    assert {*record["metrics"]["references"]} == {"memorisation"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vae.other", "must be named like the preset without its vendor"),
        ("acme/vae.other", "Received: directory='.*vae.digits', name='acme/vae.other'"),
        ("vae", "must be named like"),
    ],
)
def test_the_name_is_that_of_the_directory(directory, splits, name, message):
    with pytest.raises(ValueError, match=message):
        write_record(directory, name, **splits, recipe={})
    assert not (directory / "record.json").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("ae.digits", "names another one"), ("digits", "is not `variant.tag`")],
)
def test_the_name_is_that_of_a_preset_of_the_variant(directory, splits, name, message):
    moved = directory.rename(directory.with_name(name))
    with pytest.raises(ValueError, match=message):
        write_record(moved, f"acme/{name}", **splits, recipe={})
    assert not (moved / "record.json").exists()


def test_there_has_to_be_a_model(tmp_path, splits):
    with pytest.raises(StoreError, match="no such directory"):
        write_record(tmp_path / "vae.digits", "vae.digits", **splits, recipe={})


def test_samples_of_another_shape_are_refused_and_nothing_is_written(directory, splits):
    cut = aezoo.data.Dataset("cut", "test", splits["test"].x[:, :7], None, "CC0-1.0", "digits")
    with pytest.raises(ValueError, match=r"Expected shape \(n, 8, 8, 1\)"):
        write_record(directory, "vae.digits", train=splits["train"], test=cut, recipe={})
    assert not (directory / "record.json").exists()
    assert not (directory / "golden.safetensors").exists()
