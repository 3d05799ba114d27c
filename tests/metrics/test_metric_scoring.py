"""How evaluation finds out what a metric asks for, makes it once, and says what there is not."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import aezoo
import aezoo_registry
from aezoo import metrics
from aezoo.metrics import NotApplicable, scoring
from aezoo.metrics.arguments import GIVEN, OPTIONS, Arguments, parameters


class Model:
    """The interface of a model that counts what is asked of it."""

    sample_range = (0.0, 2.0)
    token_shape = None
    codebook_size = None
    sampler = None

    def __init__(self, prior=True):
        self.calls = []
        self.engine = SimpleNamespace(has=lambda name: prior and name == "prior")

    def sample_codes(self, n, *, sampler):
        raise ValueError("The model has no prior.")

    def __getattr__(self, method):
        def run(x, **options):
            self.calls.append((method, options))
            return np.zeros((x, 3)) if method == "generate" else np.full((len(x), 2), 7.0)

        return run


@pytest.fixture
def given():
    return Arguments(Model(), np.arange(30.0).reshape(10, 3), samples=6, seed=3, batch_size=4)


def test_parameters_are_told_by_their_names():
    def metric(codes, labels, *, seed=0, k=5, sample_range=None):
        """A metric."""

    assert parameters(metric) == (["codes", "labels"], ["seed", "sample_range"])


@pytest.mark.parametrize(
    "metric",
    [
        lambda images: 0.0,
        lambda real, generated, seed=0: 0.0,
        lambda real, generated, **options: 0.0,
        lambda *samples: 0.0,
        lambda target, reconstruction, *, window: 0.0,
    ],
)
def test_what_is_unknown_is_refused_by_name(metric, monkeypatch):
    monkeypatch.setattr(aezoo_registry, "load", lambda kind, name: metric)
    with pytest.raises(aezoo_registry.PluginError, match=r"'acme/m' cannot be used\. .*Received: "):
        scoring.load(["acme/m"])


@pytest.mark.parametrize("metric", [3.0, dict.fromkeys, type("Opaque", (), {"__call__": min})()])
def test_what_is_no_function_with_parameters_is_refused(metric, monkeypatch):
    monkeypatch.setattr(aezoo_registry, "load", lambda kind, name: metric)
    with pytest.raises(aezoo_registry.PluginError, match=r"'acme/m' cannot be used"):
        scoring.load(["acme/m"])


def test_every_name_is_served_or_not_applicable(given):
    missing = ["train", "labels", "factors", "tokens", "codebook_size"]
    for name in (*GIVEN, *OPTIONS):
        if name in missing:
            with pytest.raises(NotApplicable, match=r"no .*\w.*\."):
                getattr(given, name)
        else:
            assert getattr(given, name) is not None


def test_every_metric_of_aezoo_can_be_asked():
    functions, broken = scoring.load_all()
    assert not broken
    assert set(functions) == set(aezoo_registry.names("metrics"))
    assert {metrics.NotApplicable.__name__, *functions} >= set(metrics.__all__)


def test_values_are_made_once_and_only_when_they_are_asked_for(given):
    functions = {
        "a": lambda codes, *, seed=0: codes.sum() + seed,
        "b": lambda codes, x: codes.mean() + len(x),
    }
    scores, skipped = scoring.score(functions, given)
    assert (scores, skipped) == ({"a": 143.0, "b": 17.0}, {})
    assert given.model.calls == [("encode", {"batch_size": 4})]


def test_as_many_real_as_generated_samples(given):
    assert len(given.real) == len(given.generated) == 6
    assert given.model.calls == [("generate", {"seed": 3, "sampler": None, "batch_size": 4})]
    rows = (given.real[:, 0] / 3).astype(int)
    assert (np.diff(rows) > 0).all()
    other = Arguments(given.model, given.x, samples=6, seed=4)
    assert not np.array_equal(other.real, given.real)
    few = Arguments(given.model, given.x, samples=50)
    assert few.real is not few.generated
    assert (len(few.real), len(few.generated)) == (10, 50)


def test_what_stands_in_for_generated_samples(given):
    halves = given.halved
    assert {*halves.real[:, 0]} | {*halves.generated[:, 0]} == {*given.real[:, 0]}
    assert len(halves.real) == len(halves.generated) == 3
    trained = Arguments(given.model, given.x, samples=6, train=given.x + 100).against_train
    assert len(trained.generated) == 6
    assert (trained.generated >= 100).all()
    rebuilt = given.against_reconstructions
    np.testing.assert_array_equal(rebuilt.generated, np.full((6, 2), 7.0))
    assert rebuilt.real is given.real


@pytest.mark.parametrize(
    ("prior", "fitted", "sampler", "source"),
    [
        (True, None, None, "prior"),
        (True, "gmm", None, "gmm"),
        (True, "gmm", "prior", "prior"),
        (False, "gmm", None, "gmm"),
        (False, None, None, None),
        (False, "gmm", "prior", None),
        (False, None, SimpleNamespace(spec={"name": "kde"}), "kde"),
    ],
)
def test_what_generates(prior, fitted, sampler, source):
    model = Model(prior)
    model.sampler = fitted and SimpleNamespace(spec={"name": fitted})
    given = Arguments(model, np.zeros((3, 2)), samples=3, sampler=sampler)
    assert given.source == source
    if source is None:
        with pytest.raises(NotApplicable, match="The model has no prior"):
            _ = given.generated
        assert not model.calls
    else:
        assert len(given.generated) == 3


def test_a_model_without_anything_to_generate_from_says_what_to_fit():
    model = aezoo.create("ae", sample_shape=(4,), latent_dim=2, body={"name": "mlp", "hidden": [3]})
    with pytest.raises(NotApplicable, match=r"fit_sampler\('gmm', data\)"):
        _ = Arguments(model, np.zeros((3, 4)), samples=3).generated


def test_results_are_finite_numbers_by_name(given):
    functions = {
        "parts": lambda x: {"one": np.float32(1), "two": 2, "none": float("nan")},
        "count": lambda x: 3,
        "endless": lambda x: float("inf"),
    }
    scores, skipped = scoring.score(functions, given)
    assert scores == {"parts.one": 1.0, "parts.two": 2.0, "count": 3.0}
    assert {*map(type, scores.values())} == {float}
    assert skipped == {
        "parts.none": "The result is no finite number but nan.",
        "endless": "The result is no finite number but inf.",
    }


def test_too_few_samples_are_an_error_of_a_metric_that_was_named(given):
    def metric(x):
        raise ValueError("At least 99 samples are needed.")

    with pytest.raises(ValueError, match="At least 99") as caught:
        scoring.score({"m": metric}, given)
    assert "'m'" in caught.value.__notes__[0]
    scores, skipped = scoring.score({"m": metric, "n": lambda x: 1.0}, given, tolerant=True)
    assert (scores, skipped) == ({"n": 1.0}, {"m": "At least 99 samples are needed."})
