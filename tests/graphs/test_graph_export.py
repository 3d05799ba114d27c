"""`aezoo.export`: what it writes, and what it refuses to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

import aezoo
from aezoo import store
from aezoo.cli import main
from aezoo.graphs import export as exporter
from aezoo.layout import GRAPHS, MANIFEST
from aezoo.tensors import dump
from aezoo.variants.ae import AE

BODY = {"name": "mlp", "hidden": [4]}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A stored model without graphs, with a card."""
    model = aezoo.create("vae", sample_shape=(8, 8, 1), latent_dim=2, body=BODY)
    directory = aezoo.save(model, tmp_path_factory.mktemp("saved") / "model", dtype="float16")
    (directory / "README.md").write_text("# A card")
    (directory / "loss.png").write_bytes(b"a picture")
    return directory


@pytest.fixture
def directory(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "model")


def content(directory, *, graphs=True):
    return {
        path.name: path.read_bytes()
        for path in directory.iterdir()
        if graphs or path.name not in (*GRAPHS, MANIFEST)
    }


def test_all_but_the_graphs_is_copied(saved, tmp_path):
    exported = aezoo.export(str(saved), tmp_path / "a" / "b")
    assert exported == tmp_path / "a" / "b"
    assert content(exported, graphs=False) == content(saved, graphs=False)
    assert set(content(exported)) - set(content(saved)) == {
        f"{name}.onnx" for name in ("encoder", "decoder", "prior", "posterior", "log_weight")
    }


def test_a_model_may_be_exported_in_place_and_again(directory):
    before = content(directory, graphs=False)
    aezoo.export(directory, directory, overwrite=True)
    first = content(directory)
    aezoo.export(directory, directory, overwrite=True)
    assert content(directory) == first
    assert content(directory, graphs=False) == before


def test_a_model_in_memory_is_stored_as_asked(tmp_path):
    model = aezoo.create("ae", sample_shape=(6,), latent_dim=2, body=BODY)
    for dtype in ("float32", "float16"):
        directory = aezoo.export(model, tmp_path / dtype, dtype=dtype)
        assert store.read(directory).config["dtype"] == dtype
    assert not (tmp_path / "float32" / "README.md").exists()


def test_what_is_there_is_replaced_only_when_asked(directory, saved, tmp_path):
    with pytest.raises(FileExistsError, match="overwrite=True"):
        aezoo.export(saved, directory)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(store.StoreError, match="not part of a model"):
        aezoo.export(saved, tmp_path / "other", overwrite=True)
    with pytest.raises(ValueError, match=r"model must be .*Received: int\."):
        aezoo.export(3, tmp_path / "new")
    assert not (tmp_path / "new").exists()


class Strange(AE):
    """A variant whose decoder sorts."""

    def likelihood_parameters(self, z, training=False, condition=None):
        return super().likelihood_parameters(ops.sort(z), training=training)


class Conditional(AE):
    """A variant that takes a condition."""

    conditional = True


class Loops(AE):
    """A variant with a recurrent layer that ONNX has not."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        with self.construction():
            self.recurrent = keras.layers.SimpleRNN(3)
        self.recurrent.build((None, 2, 1))

    def likelihood_parameters(self, z, training=False, condition=None):
        z = z + ops.sum(self.recurrent(z[..., None]), axis=-1, keepdims=True)
        return super().likelihood_parameters(z, training=training)


class Forgetful(AE):
    """A variant that reads what is no weight of it."""

    other = keras.Variable(np.ones(2, "float32"))

    def likelihood_parameters(self, z, training=False, condition=None):
        return super().likelihood_parameters(z * self.other, training=training)


class Sums(AE):
    """A variant whose samples depend on the whole batch."""

    def likelihood_parameters(self, z, training=False, condition=None):
        return super().likelihood_parameters(z + ops.mean(z) * ops.shape(z)[0], training=training)


def export(cls):
    model = cls((6,), 2, body=BODY)
    arrays = {n: ops.convert_to_numpy(w) for n, w in model.named_weights().items()}
    return exporter.export(model, dump(arrays))


@pytest.mark.parametrize(
    ("cls", "reason"),
    [
        (Strange, r"The function 'decode' of Strange cannot be exported: TensorFlow's \w+ '.*' "),
        (Loops, r"TensorFlow's TensorListStack '.*' cannot be exported: it is a loop; GRU and"),
        (Forgetful, r"it reads a variable that is not among named_weights\(\)"),
        (Conditional, r"Conditional models cannot be exported.*Received: Conditional"),
        (Sums, r"The exported function 'decode' of Sums differs from Keras' by \d"),
    ],
)
def test_what_cannot_be_exported_is_named(cls, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        export(cls)
    assert "engine='keras'" in str(caught.value)


def test_graphs_that_answer_otherwise_are_not_written(directory, monkeypatch):
    monkeypatch.setattr(exporter, "TOLERANCE", -1.0)
    before = content(directory)
    with pytest.raises(ValueError, match=r"differs from Keras' by .* random inputs; nothing was"):
        aezoo.export(directory, directory, overwrite=True)
    assert content(directory) == before


def test_another_backend_is_told_what_to_set(saved, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"set KERAS_BACKEND=tensorflow.*Received: 'jax'"):
        exporter.export(None, b"")


def test_tracing_leaves_keras_as_it_was(saved, tmp_path):
    loops = keras.layers.GRU.inner_loop, keras.layers.LSTM.inner_loop
    aezoo.export(saved, tmp_path / "model")
    assert (keras.layers.GRU.inner_loop, keras.layers.LSTM.inner_loop) == loops


@pytest.fixture
def run(capfd):
    def run(*words, code=0):
        assert main([*map(str, words)]) == code
        return capfd.readouterr()

    return run


def test_the_command_prints_files_and_sizes(saved, tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    out, err = run("export", saved, "--out", "model")
    listed = store.read(tmp_path / "model").listed
    assert [line.split()[-1] for line in out.splitlines()] == [*listed]
    sizes = [int(line.split()[0].replace(",", "")) for line in out.splitlines()]
    assert sizes == [size for size, _ in listed.values()]
    assert 'aezoo.load("./model", engine="onnx")' in err
    _, err = run("export", saved, "--out", "model", code=1)
    assert "--force" in err
    found = json.loads(run("export", saved, "--out", "model", "--force", "--json")[0])
    assert found == {"directory": "model", "files": {n: size for n, (size, _) in listed.items()}}


def test_the_commands_that_use_a_model_take_an_engine(saved, tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    run("export", saved, "--out", "model")
    for engine in ("keras", "onnx"):
        run("encode", "./model", "digits", "-n", "5", "-o", f"{engine}.npz", "--engine", engine)
        run("generate", "./model", "-n", "3", "-o", f"{engine}-new.npz", "--engine", engine)
        run("decode", "./model", f"{engine}.npz", "-o", f"{engine}-back.npz", "--engine", engine)
        run(
            "reconstruct", "./model", "digits", "-n", "5", "-o", f"{engine}.png", "--engine", engine
        )
        walk = ["./model", "digits:1", "digits:2", "-o", f"{engine}-walk.png"]
        run("interpolate", *walk, "--engine", engine)
    for suffix in (".npz", "-new.npz", "-back.npz"):
        first, second = (np.load(f"{engine}{suffix}") for engine in ("keras", "onnx"))
        for name in first.files:
            np.testing.assert_allclose(second[name], first[name], atol=1e-5)
    _, err = run("encode", saved, "digits", "-o", "x.npz", "--engine", "onnx", code=1)
    assert "aezoo export" in err
    _, err = run("encode", "./model", "digits", "-o", "x.npz", "--engine", "torch", code=2)
    assert "Received: engine='torch'" in err


def test_a_sampler_fitted_later_leaves_graphs_valid(saved, tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    run("export", saved, "--out", "model")
    run("fit-sampler", "./model", "normal", "--data", "digits", "--force")
    keras_model, served = aezoo.load("./model"), aezoo.load("./model", engine="onnx")
    assert served.sampler.spec["name"] == "normal"
    found, expected = (model.generate(4, seed=0) for model in (served, keras_model))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (tmp_path / "model" / "README.md").read_text() == "# A card"
