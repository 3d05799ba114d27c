"""`aezoo.load(engine="onnx")` and what it refuses."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import aezoo
from aezoo import store
from aezoo.graphs.onnx_file import dump, parse
from aezoo.layout import MANIFEST
from aezoo.served import Served
from aezoo.stored import StoreError

X = np.random.default_rng(0).random((4, 6)).astype("float32")
BODY = {"name": "mlp", "hidden": [4]}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model of vectors with a codebook, and one with a posterior and a sampler."""
    folder = tmp_path_factory.mktemp("exported")
    vq = aezoo.create("vq_vae", sample_shape=(6,), latent_dim=2, codebook_size=8, body=BODY)
    aezoo.export(vq, folder / "vq_vae")
    vae = aezoo.create("vae", sample_shape=(6,), latent_dim=2, body=BODY)
    vae.fit_sampler("normal", np.random.default_rng(1).random((50, 6)))
    aezoo.export(vae, folder / "vae")
    return folder


@pytest.fixture
def directory(exported, tmp_path):
    """A copy of the second model."""
    return shutil.copytree(exported / "vae", tmp_path / "vae")


def test_presets_run_without_anything_heavy():
    heavy = (
        "keras tensorflow jax torch sklearn scipy PIL matplotlib onnx huggingface_hub httpx2 typer"
    )
    program = (
        "import aezoo, numpy as np, sys\n"
        "model = aezoo.load('vae.digits', engine='onnx')\n"
        "x = np.zeros((2, *model.sample_shape))\n"
        "model.decode(model.encode(x)); model.reconstruct(x); model.generate(2, seed=0)\n"
        "model.log_prob(x); model.interpolate(x, x); model.encode(x, sample=True)\n"
        f"print(*set('{heavy}'.split()) & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_nothing_is_read_after_loading(directory):
    model = aezoo.load(directory, engine="onnx")
    shutil.rmtree(directory)
    assert model.encode(X).shape == (4, 2)
    assert model.generate(3, seed=0).shape == (3, 6)
    assert np.isfinite(model.log_prob(X)).all()


def test_a_session_is_made_once_and_for_what_is_used(directory, monkeypatch):
    from aezoo.engines import onnx

    made, session = [], onnx.session

    def counted(graph, weights):
        made.append(parse(graph).name)
        return session(graph, weights)

    monkeypatch.setattr(onnx, "session", counted)
    model = aezoo.load(directory, engine="onnx")
    assert made == []
    for _ in range(2):
        model.encode(X)
        model.reconstruct(X)
    assert made == ["encode", "decode"]


def test_samples_are_checked_as_by_every_model(directory):
    model = aezoo.load(directory, engine="onnx")
    pixels = np.round(X * 255).astype("uint8")
    np.testing.assert_allclose(model.encode(pixels), model.encode(pixels / 255.0), atol=1e-6)
    np.testing.assert_array_equal(model.encode(iter([X[:3], X[3:]])), model.encode(X))
    for wrong, reason in (
        (X[:, :5], "wrong shape"),
        (X * 200, "looks like pixel values"),
        (np.full((1, 6), np.nan), "must be finite"),
        (np.zeros((0, 6)), "is empty"),
    ):
        with pytest.raises(ValueError, match=reason):
            model.encode(wrong)
    with pytest.raises(ValueError, match="takes no condition"):
        model.encode(X, condition=np.zeros(4))
    with pytest.raises(ValueError, match="this vae has none: use a quantised"):
        model.tokenize(X)


def test_a_sampler_can_be_fitted_to_a_served_model(exported):
    model = aezoo.load(exported / "vq_vae", engine="onnx")
    assert (model.token_shape, model.codebook_size, model.latents) == ((1,), 8, ("tokens",))
    served = aezoo.load(exported / "vae", engine="onnx")
    sampler = served.fit_sampler("normal", np.random.default_rng(2).random((50, 6)), seed=0)
    assert served.sampler is sampler
    assert np.isfinite(served.generate(2, seed=0)).all()


def test_the_engine_has_a_name(directory):
    assert isinstance(aezoo.load(directory, engine="onnx"), Served)
    with pytest.raises(ValueError, match=r"must be 'keras' or 'onnx'. Received: engine='torch'"):
        aezoo.load(directory, engine="torch")


def test_what_to_do_without_graphs_is_told(tmp_path):
    model = aezoo.create("ae", sample_shape=(6,), latent_dim=2, body=BODY)
    directory = aezoo.save(model, tmp_path / "model")
    with pytest.raises(StoreError) as caught:
        aezoo.load(directory, engine="onnx")
    assert str(caught.value) == (
        f"{directory}: has no encoder.onnx and no decoder.onnx, which engine='onnx' runs; "
        f"`aezoo export {directory} --out DIR` writes a copy that has them."
    )


def test_what_to_install_is_told(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'aezoo\[onnx\]'"):
        aezoo.load(directory, engine="onnx")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'aezoo\[onnx\]'"):
        aezoo.export(directory, directory.parent / "again")
    assert not (directory.parent / "again").exists()


def test_the_weights_are_those_of_the_manifest(directory):
    weights = bytearray((directory / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (directory / "model.safetensors").write_bytes(weights)
    with pytest.raises(StoreError, match=r"model\.safetensors: sha256 differs"):
        aezoo.load(directory, engine="onnx")


def signed(directory, **graphs):
    """Change graphs, by function name of the file without its suffix, and sign them again."""
    stored = store.read(directory)
    arrays = {**stored.stored_arrays()}
    arrays |= {f"sampler/{name}": array for name, array in stored.sampler_arrays().items()}
    files = dict(stored.files)
    for name, change in graphs.items():
        content = change(parse(files[f"{name}.onnx"]))
        if content is None:
            del files[f"{name}.onnx"]
        else:
            files[f"{name}.onnx"] = dump(content)
    return store.write(directory, stored.config, arrays, files=files, overwrite=True)


def facts(**texts):
    def change(graph):
        known = {key: text for key, text in graph.facts.items() if key not in texts}
        given = {key: text for key, text in texts.items() if text is not None}
        order = [*graph.facts, *given]
        both = {**known, **given}
        return dataclasses.replace(graph, facts={key: both[key] for key in order if key in both})

    return change


FACTS = [
    ({"sample_range": None}, "facts"),
    ({"more": "1"}, "facts"),
    ({"sample_range": "[0.0]"}, "sample_range"),
    ({"sample_range": "[1.0, 0.0]"}, "sample_range"),
    ({"sample_range": "[0, 1]"}, "sample_range"),
    ({"sample_range": "[0.0, 1e39]"}, "sample_range"),
    ({"sample_range": "[0.0, NaN]"}, "not finite"),
    ({"sample_range": '"all"'}, "sample_range"),
    ({"sample_range": "["}, "not valid JSON"),
    ({"sample_range": "[" * 1000}, "nested"),
    ({"codebook_size": "4"}, "codebook_size"),
    ({"latents": "[]"}, "latents"),
    ({"latents": '["os.system"]'}, "latents"),
    ({"latents": '{"vector": 1}'}, "latents"),
    ({"latents": "[[1]]"}, "latents"),
]


@pytest.mark.parametrize(("texts", "reason"), FACTS)
def test_what_a_graph_says_is_checked(directory, texts, reason):
    signed(directory, encoder=facts(**texts))
    with pytest.raises(StoreError, match=rf"encoder\.onnx: .*{reason}"):
        aezoo.load(directory, engine="onnx")


@pytest.mark.parametrize("size", ["null", "0", "-8", "8.0", "true", "1e99", str(2**40)])
def test_the_size_of_a_codebook_is_checked(exported, tmp_path, size):
    directory = shutil.copytree(exported / "vq_vae", tmp_path / "vq_vae")
    signed(directory, encoder=facts(codebook_size=size))
    with pytest.raises(StoreError, match=r"encoder\.onnx: codebook_size"):
        aezoo.load(directory, engine="onnx")


def test_facts_are_the_encoders(directory):
    signed(directory, decoder=lambda graph: dataclasses.replace(graph, facts={"a": "1"}))
    with pytest.raises(StoreError, match=r"decoder\.onnx: .*where the encoder needs"):
        aezoo.load(directory, engine="onnx")


def test_graphs_of_another_model_do_not_fit(directory, tmp_path):
    other = aezoo.create("vae", sample_shape=(6,), latent_dim=3, body=BODY)
    files = store.read(aezoo.export(other, tmp_path / "other")).files
    signed(directory, decoder=lambda _: parse(files["decoder.onnx"]))
    with pytest.raises(StoreError, match=r"decoder\.onnx: .*is not where model.safetensors has it"):
        aezoo.load(directory, engine="onnx")


def test_a_prior_of_other_codes_does_not_fit(directory):
    def wider(graph):
        sides = {
            side: {k: dataclasses.replace(v, shape=(3,)) for k, v in getattr(graph, side).items()}
            for side in ("inputs", "outputs")
        }
        return dataclasses.replace(graph, **sides)

    signed(directory, prior=wider)
    with pytest.raises(StoreError, match=r"prior\.onnx: .*where the encoder needs"):
        aezoo.load(directory, engine="onnx")


@pytest.mark.parametrize("name", ["prior", "posterior", "log_weight"])
def test_a_function_may_be_missing(directory, name):
    signed(directory, **{name: lambda _: None})
    model = aezoo.load(directory, engine="onnx")
    assert not model.engine.has(name)
    assert model.encode(X).shape == (4, 2)


def test_what_onnx_runtime_refuses_names_the_file(directory):
    def logical(graph):  # of floats, whose shapes fit
        nodes = (*graph.nodes[:-1], dataclasses.replace(graph.nodes[-1], operator="Not"))
        return dataclasses.replace(graph, nodes=nodes)

    signed(directory, decoder=logical)
    model = aezoo.load(directory, engine="onnx")
    with pytest.raises(StoreError, match=r"decoder\.onnx: ONNX Runtime refuses it"):
        model.decode(np.zeros((1, 2)))


def test_the_manifest_lists_every_graph(directory):
    listed = json.loads((directory / MANIFEST).read_bytes())["files"]
    assert set(listed) == {path.name for path in directory.iterdir()} - {MANIFEST}


@pytest.mark.parametrize("name", ["fit", "compile", "encoder", "decoder"])
def test_what_only_keras_has_is_refused_with_the_remedy(directory, name):
    served = aezoo.load(directory, engine="onnx")
    assert not hasattr(served, name)
    with pytest.raises(AttributeError, match=rf"'{name}'.*Load it without engine='onnx'"):
        getattr(served, name)
