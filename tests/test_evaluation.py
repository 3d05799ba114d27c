from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

import aezoo_registry
from aezoo.baseline import PCABaseline
from aezoo.data import Dataset
from aezoo.evaluation import aggregate_posterior, evaluate
from aezoo.metrics import mse, psnr


class Noise:
    """Stands for the variable of a Keras `SeedGenerator`."""

    def __init__(self):
        self.state = self
        self.value = [7, 3]

    def numpy(self):
        return np.array(self.value)

    def assign(self, value):
        self.value = list(map(int, value))


class LinearModel:
    """Projects samples on their first pixels; the interface of a model, in numpy."""

    compiled = False
    sample_range = (0.0, 1.0)

    def __init__(self, units):
        self.units = units
        self.noise = Noise()

    @property
    def engine(self):
        return self

    def has(self, function):
        return False

    def compile(self):
        self.compiled = True

    def encode(self, x, *, batch_size):
        x = x / 255 if x.dtype == np.uint8 else x
        return x.reshape(len(x), -1)[:, : self.units].astype("float32")

    def reconstruct(self, x, *, batch_size):
        flat = np.zeros((len(x), math.prod(x.shape[1:])), "float32")
        flat[:, : self.units] = self.encode(x, batch_size=batch_size)
        return flat.reshape(x.shape)

    def evaluate(self, x, *, batch_size, return_dict, verbose):
        assert self.compiled
        draw = np.random.default_rng(self.noise.value).random()
        self.noise.value[1] += 1
        return {"loss": np.float32(draw), "nll": np.float32(2.0)}


@pytest.fixture(scope="module")
def digits():
    images = (load_digits().images / 16).astype("float32")[..., None]
    return {
        "train": Dataset("digits", "train", images[:1400], None, "BSD", "scikit-learn"),
        "test": Dataset("digits", "test", images[1400:], None, "BSD", "scikit-learn"),
    }


def test_scores_are_those_of_the_metrics(digits):
    model = LinearModel(40)
    result = evaluate(model, digits["test"], train=digits["train"])
    x = digits["test"].x
    y = model.reconstruct(x, batch_size=1)
    assert result["metrics"] == {"mse": mse(x, y), "psnr": psnr(x, y)}
    assert "11x11" in result["skipped"]["ssim"]
    assert result["terms"]["nll"] == 2.0
    assert (result["dataset"], result["split"], result["n"]) == ("digits", "test", len(x))
    assert result["latent_units"] == 40
    assert 0 < result["active_units"] < 40
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_baseline_is_pca_of_the_same_size_on_the_same_samples(digits):
    x, train = digits["test"].x, digits["train"].x
    baseline = evaluate(LinearModel(8), digits["test"], train=digits["train"])["baseline"]
    centre = train.reshape(len(train), -1).mean(0)
    axes = np.linalg.svd(train.reshape(len(train), -1) - centre, full_matrices=False)[2][:8]
    flat = x.reshape(len(x), -1)
    expected = np.clip((flat - centre) @ axes.T @ axes + centre, 0, 1).reshape(x.shape)
    assert baseline["metrics"]["mse"] == pytest.approx(mse(x, expected), rel=1e-3)
    assert set(baseline["metrics"]) == {"mse", "psnr"}
    assert (baseline["components"], baseline["n_train"]) == (8, len(train))


def test_a_name_stands_for_its_test_split_with_its_training_split_as_baseline():
    result = evaluate(LinearModel(8), "digits")
    assert (result["dataset"], result["split"]) == ("digits", "test")
    assert result["baseline"]["n_train"] > result["n"]


def test_baseline_is_left_out_where_there_is_none(digits):
    assert evaluate(LinearModel(8), digits["test"].x)["baseline"] is None
    assert evaluate(LinearModel(64), digits["test"], train=digits["train"])["baseline"] is None


def test_arrays_and_uint8_score_alike(digits):
    images = (digits["test"].x * 255).round().astype("uint8")
    train = digits["train"].x
    first = evaluate(LinearModel(8), images, train=train)
    second = evaluate(LinearModel(8), (images / 255).astype("float32"), train=train)
    assert (first["dataset"], first["split"]) == (None, None)
    assert first["metrics"]["mse"] == pytest.approx(second["metrics"]["mse"], abs=1e-7)
    assert first["baseline"]["metrics"]["mse"] == pytest.approx(
        second["baseline"]["metrics"]["mse"], abs=1e-7
    )


def test_the_seed_fixes_the_noise_and_the_models_own_is_put_back(digits):
    model = LinearModel(8)
    first, second = (evaluate(model, digits["test"], seed=5)["terms"] for _ in range(2))
    assert first == second
    assert evaluate(model, digits["test"], seed=6)["terms"] != first
    assert model.noise.value == [7, 3]


def test_only_the_named_metrics(digits):
    assert set(evaluate(LinearModel(8), digits["test"], metrics=["psnr"])["metrics"]) == {"psnr"}


def test_unknown_metric_is_refused_before_any_work(digits):
    with pytest.raises(LookupError, match=r"ssin.*'ssim'"):
        evaluate(None, digits["test"], metrics=["ssin"])


def test_baseline_uses_at_most_so_many_numbers(monkeypatch, digits):
    monkeypatch.setattr("aezoo.baseline._NUMBERS_TO_FIT", 300 * 64)
    train, x = digits["train"].x, digits["test"].x
    part = PCABaseline(train, components=8)
    assert part.n_fitted == 300
    assert mse(x, part.reconstruct(x)) < 0.7 * mse(x, np.broadcast_to(x.mean(0), x.shape))


def test_baseline_does_not_depend_on_batches(digits):
    pca = PCABaseline(digits["train"].x, components=8)
    x = digits["test"].x
    np.testing.assert_allclose(pca.reconstruct(x, batch_size=7), pca.reconstruct(x), atol=1e-6)


@pytest.mark.parametrize("components", [0, 64, 100])
def test_baseline_refuses_too_many_components(digits, components):
    with pytest.raises(ValueError, match=rf"components must be.*{components}\."):
        PCABaseline(digits["train"].x, components=components)


class Generator(LinearModel):
    """Generates what a function of the number and seed returns; not a `keras.Model`."""

    token_shape = None
    prior_noise_shape = (4,)
    evaluate = property()  # as in a model that Keras does not run: hasattr is False

    def __init__(self, draw, units=8):
        super().__init__(units)
        self.sampler, self.draw = SimpleNamespace(spec={"name": "mine"}), draw

    def generate(self, n, *, seed, sampler, batch_size):
        return self.draw(n, seed)


@pytest.fixture
def spread(monkeypatch):
    """Two metrics of samples, under names of aezoo's own."""

    def distance(real, generated, *, sample_range):
        return abs(float(real.mean()) - float(generated.mean()))

    def near(generated, train, real):
        return {"n": len(generated), "real": len(real), "train": len(train)}

    own = {"kid_classifier": distance, "memorisation": near}
    load = aezoo_registry.load
    monkeypatch.setattr(
        aezoo_registry, "load", lambda kind, name: own.get(name) or load(kind, name)
    )


@pytest.mark.usefixtures("spread")
def test_samples_have_references(digits):
    x, train = digits["test"].x, digits["train"].x
    names = ["mse", "kid_classifier", "memorisation"]
    model = Generator(lambda n, seed: np.full((n, 8, 8, 1), 0.1 * seed, "float32"))
    result = evaluate(model, digits["test"], train=digits["train"], metrics=names, seed=5)
    n = len(x)
    assert result["metrics"]["kid_classifier"] == pytest.approx(abs(x.mean() - 0.5), abs=1e-6)
    references = result["references"]["kid_classifier"]
    rebuilt = model.reconstruct(x, batch_size=1).mean()
    assert references["reconstructions"] == pytest.approx(abs(x.mean() - rebuilt), abs=1e-6)
    assert references["real"] < 0.05
    assert result["references"]["memorisation.real"] == {"real": (n + 1) // 2, "reconstructions": n}
    assert result["references"]["memorisation.train"]["real"] == len(train)
    expected = {"generated": n, "real": n, "sampler": "mine", "reference": "train"}
    assert result["samples"] == expected
    assert set(result["baseline"]["metrics"]) == {"mse"}
    assert result["terms"] is None
    assert json.loads(json.dumps(result, allow_nan=False)) == result


@pytest.mark.usefixtures("spread")
def test_without_other_samples_halves_are_compared(digits):
    model = Generator(lambda n, seed: np.zeros((n, 8, 8, 1), "float32"))
    names = ["kid_classifier", "memorisation"]
    result = evaluate(model, digits["test"], metrics=names, samples=100)
    assert result["samples"]["reference"] == "halves"
    assert (result["samples"]["generated"], result["samples"]["real"]) == (100, 100)
    assert "no training split" in result["skipped"]["memorisation"]
    assert set(result["references"]) == {"kid_classifier"}
    alone = evaluate(model, digits["test"], metrics=["precision"], samples=6)
    assert set(alone["references"]["precision"]) == {"reconstructions"}  # a half is too few
    same = evaluate(model, digits["train"], train=digits["train"], metrics=names, samples=100)
    assert same["samples"]["reference"] == "halves"


def test_without_metrics_of_samples_nothing_is_generated(digits):
    result = evaluate(Generator(None), digits["test"])
    assert (result["references"], result["samples"]) == ({}, None)


def test_all_that_apply(digits):
    model = Generator(lambda n, seed: digits["train"].x[:n])
    result = evaluate(model, digits["test"], metrics="all", train=digits["train"], samples=4)
    assert {"mse", "psnr", "active_units", "trustworthiness", "memorisation"} <= {
        *result["metrics"]
    }
    assert result["metrics"]["memorisation"] == 0
    assert {*result["metrics"]}.isdisjoint(result["skipped"])
    reasons = result["skipped"]
    for name, reason in {
        "knn_accuracy": "no labels",
        "mig": "no known factors",
        "code_usage": "no codebook",
        "fid_classifier": "28x28",
        "precision": "k neighbours need 6 samples",
    }.items():
        assert reason in reasons[name]


@pytest.mark.parametrize("samples", [0, -1, 2.5, "many"])
def test_bad_numbers_of_samples(digits, samples):
    with pytest.raises(ValueError, match="samples must be an integer of at least 1"):
        evaluate(None, digits["test"], samples=samples)


@pytest.mark.parametrize("standard", [True, False])
def test_codes_are_compared_with_a_standard_normal_prior_only(digits, standard):
    class Engine:
        def has(self, function):
            return function == "prior"

        def __call__(self, function, noise):
            return noise if standard else noise + 1

    options = {"engine": Engine(), "prior_noise_shape": (4,)}
    model = type("Patched", (LinearModel,), options)(4)
    found = aggregate_posterior(model, digits["test"].x)
    assert (found is not None) == standard
