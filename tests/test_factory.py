from __future__ import annotations

import functools
import json
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

import aezoo
import aezoo_registry
from aezoo import factory, store
from aezoo.layout import CONFIG, MANIFEST, WEIGHTS, manifest
from aezoo.variants.ae import AE

X = np.random.default_rng(0).random((16, 6)).astype("float32")
BODY = {"name": "mlp", "hidden": [4]}


@pytest.fixture(scope="module")
def model():
    model = aezoo.create("vae", sample_shape=(6,), latent_dim=2, body=BODY, seed=3)
    model.fit_sampler("normal", X)
    return model


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    return aezoo.save(model, tmp_path_factory.mktemp("models") / "vae")


def edited(saved, target, change):
    """Copies a model with another config.json, manifest included."""
    config = json.loads((saved / CONFIG).read_text())
    change(config)
    return written(saved, target, {CONFIG: json.dumps(config).encode()})


def written(saved, target, files):
    contents = {name: (saved / name).read_bytes() for name in (CONFIG, WEIGHTS)} | files
    target.mkdir()
    for name, data in {**contents, MANIFEST: manifest(contents)}.items():
        (target / name).write_bytes(data)
    return target


def test_create_builds_the_variant_of_that_name():
    model = aezoo.create("beta_vae", sample_shape=(6,), latent_dim=2, body=BODY, beta=2.0)
    assert isinstance(model, keras.Model)
    assert isinstance(model, aezoo.Autoencoder)
    assert (model.variant, model.beta, model.latent_dim) == ("beta_vae", 2.0, 2)


@pytest.mark.parametrize(("name", "hint"), [("vea", "vae"), ("beta_vea", "beta_vae")])
def test_an_unknown_variant_gets_one_suggestion(name, hint):
    with pytest.raises(LookupError, match=f"Did you mean '{hint}'") as error:
        aezoo.create(name, sample_shape=(6,))
    assert str(error.value).count("Did you mean") == 1


def test_what_is_saved_is_loaded(model, saved):
    again = aezoo.load(saved)
    assert type(again) is type(model)
    assert factory.model_config(again) == factory.model_config(model)
    np.testing.assert_array_equal(again.encode(X), model.encode(X))
    np.testing.assert_array_equal(again.generate(5, seed=1), model.generate(5, seed=1))
    prior = [m.generate(5, seed=1, sampler="prior") for m in (model, again)]
    np.testing.assert_array_equal(*prior)
    assert again.sampler.spec == {"name": "normal"}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_stored_and_widened(model, tmp_path, dtype):
    again = aezoo.load(aezoo.save(model, tmp_path / "m", dtype=dtype))
    assert all(weight.dtype == "float32" for weight in again.weights)
    np.testing.assert_allclose(again.encode(X), model.encode(X), atol=0.05)
    twice = aezoo.load(aezoo.save(again, tmp_path / "n", dtype=dtype))
    np.testing.assert_array_equal(twice.encode(X), again.encode(X))
    np.testing.assert_array_equal(twice.sampler.factor, model.sampler.factor)


def test_a_trained_policy_and_name_stay_behind(tmp_path):
    model = AE((6,), 2, body=BODY, dtype="mixed_bfloat16", name="mine")
    saved = aezoo.save(model, tmp_path / "m")
    assert set(json.loads((saved / CONFIG).read_text())["config"]) == {
        "sample_shape", "latent_dim", "body", "likelihood", "preprocess", "seed",
    }  # fmt: skip
    assert aezoo.load(saved).dtype_policy.name == "float32"


def test_the_versions_that_shaped_a_model_are_recorded(saved):
    versions = json.loads((saved / CONFIG).read_text())["versions"]
    assert set(versions) == {"aezoo", "keras", keras.backend.backend(), "python"}


def test_nothing_is_overwritten_unasked(model, saved, tmp_path):
    with pytest.raises(FileExistsError, match="exists already"):
        aezoo.save(model, saved)
    with pytest.raises(ValueError, match="dtype"):
        aezoo.save(model, tmp_path / "new", dtype="int8")
    assert not (tmp_path / "new").exists()


def test_the_state_of_a_likelihood_is_saved(tmp_path):
    likelihood = {"name": "gaussian", "scale": "batch"}
    model = aezoo.create("ae", sample_shape=(6,), latent_dim=2, body=BODY, likelihood=likelihood)
    model.compile("adam")
    model.fit(X, verbose=0)
    again = aezoo.load(aezoo.save(model, tmp_path / "m"))
    again.compile()
    scores = [m.evaluate(X, return_dict=True, verbose=0)["nll"] for m in (model, again)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-5)
    assert float(again.likelihood.steps.numpy()) == 1


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        (lambda c: c.update(variant="gan"), LookupError, "gan"),
        (lambda c: c.update(variant="acme/gan"), LookupError, "acme/gan"),
        (lambda c: c.update(variant="os:system"), store.StoreError, "registered name"),
        (lambda c: c.update(extra=1), store.StoreError, "extra"),
        (lambda c: c["config"].update(extra=1), ValueError, "VAE has no argument 'extra'"),
        (lambda c: c["config"].pop("sample_shape"), ValueError, "VAE needs sample_shape="),
        (lambda c: c["config"].update(name="x"), ValueError, "VAE has no argument 'name'"),
        (lambda c: c["config"].update(cls="x"), ValueError, "VAE has no argument 'cls'"),
        (lambda c: c["config"].update(self="x"), ValueError, "VAE has no argument 'self'"),
        (
            lambda c: c["config"].update(dtype={"class_name": "Lambda", "config": {}}),
            ValueError,
            "VAE has no argument 'dtype'",
        ),
        (lambda c: c["config"].update(latent_dim=2**40), ValueError, "VAE's latent_dim"),
        (lambda c: c["config"].update(latent_dim=10**300), store.StoreError, "beyond 64 bits"),
        (lambda c: c["config"].update(sample_shape=[2**20]), ValueError, "VAE's sample_shape"),
        (lambda c: c["config"].update(body="../../evil"), ValueError, "evil"),
        (lambda c: c["config"].update(body={"name": "mlp", "x": 1}), ValueError, "no argument 'x'"),
        (lambda c: c["config"].update(likelihood={"name": 3}), ValueError, "likelihood"),
        (lambda c: c["config"].update(preprocess=["scale"] * 9 + [3]), ValueError, "preprocess"),
        (lambda c: c["config"].update(latent_dim=3), store.StoreError, "shape"),
        (lambda c: c["config"].update(body="rnn", sample_shape=[3, 2]), store.StoreError, "not th"),
        (lambda c: c.update(variant="wae_mmd"), ValueError, "WAEMMD has no argument 'kl_penalty'"),
        (
            lambda c: c["config"].pop("kl_penalty") or c.update(variant="aae"),
            store.StoreError,
            "its weights are not this model's",
        ),
        (lambda c: c["sampler"].update(name="gmm"), ValueError, "'gmm'"),
        (lambda c: c["sampler"]["config"].update(k=1), ValueError, "Normal has no argument 'k'"),
        (lambda c: c["sampler"].update(name="mcmc"), LookupError, "mcmc"),
        (lambda c: c.update(sampler=None), store.StoreError, "belongs to a sampler"),
        (lambda c: c.update(dtype="float16"), store.StoreError, "is float32, expected float16"),
    ],
)
def test_a_hostile_config_is_refused(saved, tmp_path, change, error, reason):
    with pytest.raises((error, LookupError)) as caught:
        aezoo.load(edited(saved, tmp_path / "m", change))
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_config_that_asks_for_terabytes_costs_nothing(saved, tmp_path):
    def grow(config):
        config["config"] |= {
            "sample_shape": [2**13, 2**13],
            "latent_dim": 2**16,
            "body": {"name": "mlp", "hidden": [2**16] * 32},
        }

    target = edited(saved, tmp_path / "m", grow)
    program = f"""
        import resource, time
        import aezoo, keras, numpy
        aezoo.create("ae", sample_shape=(2,))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.monotonic()
        try:
            aezoo.load({str(target)!r})
        except aezoo.store.StoreError as error:
            assert "shape" in str(error) or "not this model's" in str(error), error
        else:
            raise AssertionError
        # Keras allocates what a closed scope left behind when the next one closes.
        aezoo.create("ae", sample_shape=(2,))
        with keras.StatelessScope():
            pass
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        assert grown < 100, grown
        assert time.monotonic() - start < 60
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_a_sampler_of_another_size_is_refused(model, saved, tmp_path):
    other = aezoo.create("vae", sample_shape=(6,), latent_dim=3, body=BODY)
    other.fit_sampler("normal", X)
    stored = store.read(saved)
    weights = {name: stored.arrays({n: s for n, (_, s) in stored.header.items()
                                    if not n.startswith("sampler/")})[name]
               for name in stored.header if not name.startswith("sampler/")}  # fmt: skip
    arrays = {f"sampler/{name}": array for name, array in other.sampler.arrays().items()}
    target = store.write(tmp_path / "m", stored.config, weights | arrays)
    with pytest.raises(store.StoreError, match=r"sampler 'normal' draws codes of 3 numbers, not 2"):
        aezoo.load(target)


def test_a_failed_load_leaves_nothing(saved, tmp_path, monkeypatch):
    built = []
    original = aezoo.Autoencoder.__init__

    @functools.wraps(original)
    def counted(self, *args, **kwargs):
        original(self, *args, **kwargs)
        built.append(all(weight._value is not None for weight in self.weights))

    monkeypatch.setattr(aezoo.Autoencoder, "__init__", counted)
    with pytest.raises(store.StoreError):
        aezoo.load(edited(saved, tmp_path / "m", lambda c: c["config"].update(latent_dim=3)))
    assert built == [False]
    aezoo.load(saved)
    assert built == [False, False, True]


def test_a_registered_object_that_is_no_autoencoder_is_refused(saved, monkeypatch):
    monkeypatch.setattr(aezoo_registry, "load", lambda kind, name: dict)
    refusal = "'vae' of aezoo .* is not a subclass of aezoo.Autoencoder"
    with pytest.raises(aezoo_registry.PluginError, match=refusal):
        aezoo.load(saved)
    with pytest.raises(aezoo_registry.PluginError, match=refusal):
        aezoo.create("vae", sample_shape=(2,))
