"""The checks of `aezoo.testing` fail for variants, bodies and samplers that break the contract."""

from __future__ import annotations

import random
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

import aezoo_registry
from aezoo import testing
from aezoo.bodies.mlp import MLP
from aezoo.engines.keras import KerasEngine
from aezoo.samplers.normal import Normal
from aezoo.schema import Weight
from aezoo.testing import ContractError, _subjects, contract
from aezoo.variants.ae import AE
from aezoo.variants.beta_vae import BetaVAE
from aezoo.variants.vae import VAE


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Vectors are enough here."""
    monkeypatch.setattr(_subjects, "SHAPES", ((13,),))


class NotAVariant(keras.Model):
    pass


class Unregistered(AE):
    pass


class ReservedName(AE):
    def __init__(self, sample_shape, latent_dim=16, *, metrics: Weight = 1.0, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)


class Unbounded(AE):
    def __init__(self, sample_shape, latent_dim=16, *, width=1, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.width = width


class NeedsArgument(AE):
    def __init__(self, sample_shape, latent_dim=16, *, width: Weight, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.width = width


class NoReference(AE):
    """Has a summary.

    Args:
        sample_shape: Shape of one sample.

    Example:
        ```python
        raise RuntimeError("not run before")
        ```
    """


class UndocumentedArgument(AE):
    """Has a summary.

    Args:
        sample_shape: Shape of one sample.
        latent_dim: Number of latent units.

    Example:
        None.

    Reference:
        None.
    """

    def __init__(self, sample_shape, latent_dim=16, *, width: Weight = 1.0, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)


class DriftingArgument(BetaVAE):
    def __init__(self, sample_shape, latent_dim=16, *, beta: Weight = 4.0, **kwargs):
        super().__init__(sample_shape, latent_dim, beta=2 * beta, **kwargs)


class ArrayArgument(BetaVAE):
    def get_config(self):
        return {**super().get_config(), "beta": (self.beta,)}


class AcceptsAnything(AE):
    def __new__(cls, *args, **kwargs):
        kwargs.pop("surprise", None)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        kwargs.pop("surprise", None)
        super().__init__(*args, **kwargs)


class OneSize(AE):
    def __init__(self, sample_shape, latent_dim=16, **kwargs):
        super().__init__(sample_shape, 8, **kwargs)


class DrawsGlobally(AE):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.extra = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])


class Unseeded(AE):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        initializer = keras.initializers.RandomNormal(seed=random.SystemRandom().getrandbits(31))
        layer = keras.layers.Dense(2, kernel_initializer=initializer)
        self.extra = keras.Sequential([keras.Input((2,)), layer])


class Meddler(AE):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        random.seed(0)


class OneSeed(AE):
    def __init__(self, *args, seed=0, **kwargs):
        super().__init__(*args, seed=0, **kwargs)


class SummedTerm(AE):
    def terms(self, x, target, outputs, training=False, condition=None):
        terms = super().terms(x, target, outputs, training, condition)
        return {"nll": ops.mean(terms["nll"])}


class NamelessTerm(AE):
    def terms(self, x, target, outputs, training=False, condition=None):
        terms = super().terms(x, target, outputs, training, condition)
        return {**terms, "extra": terms["nll"]}


class SwappedHook(AE):
    def terms(self, x, target, outputs, condition=None, training=False):
        return super().terms(x, target, outputs, training, condition)


class NoisyCode(AE):
    def code(self, posterior):
        code = posterior["code"]
        return code + 0.1 * keras.random.normal(ops.shape(code), seed=self.noise)


class CentredCode(AE):
    def code(self, posterior):
        return posterior["code"] - ops.mean(posterior["code"], axis=0)


class DeafPrior(VAE):
    def prior(self, noise, condition=None):
        return keras.random.normal(ops.shape(noise), seed=self.noise)


class ConstantPosterior(VAE):
    def sample_posterior(self, posterior, noise):
        return posterior["mean"]


class OutOfRange(AE):
    def graph_functions(self):
        functions = super().graph_functions()
        return {**functions, "decode": lambda z: 2.0 * self.decoder.decode(z)}


class RawPixels(AE):
    def graph_functions(self):
        functions = super().graph_functions()
        encode = lambda x: self.encoder.network(ops.cast(x, "float32"))  # noqa: E731
        return {**functions, "encode": encode}


class LooseGate(AE):
    def _batches(self, x, condition, batch_size):
        x = x if x.dtype == np.uint8 else np.clip(x, *self.sample_range)
        return super()._batches(x, condition, batch_size)


class TakesCondition(AE):
    def _check_condition(self, condition, n):
        return ()


class Wasteful(AE):
    def posterior(self, x, training=False, condition=None):
        posterior = super().posterior(x, training, condition)
        self.likelihood_parameters(posterior["code"])
        return posterior


class FlatDecoder(AE):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        decode = self.decoder.decode
        self.decoder.decode = lambda z, *args: ops.expand_dims(decode(z, *args), -1)

    def graph_functions(self):
        functions = super().graph_functions()
        return {**functions, "decode": lambda z: ops.squeeze(self.decoder.decode(z), -1)}


class Forgetful(AE):
    @property
    def engine(self):
        return KerasEngine(self.graph_functions(), self.variables)


class NoObjective(AE):
    def term_weights(self):
        return {"nll": 0.0}


class Detached(AE):
    def code(self, posterior):
        return ops.stop_gradient(posterior["code"])


class IdleLayer(AE):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        with self.construction():
            self.extra = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])


class OtherWeights(VAE):
    def compute_loss(self, *args, **kwargs):
        return 2.0 * super().compute_loss(*args, **kwargs)


class BatchMean(keras.metrics.Mean):
    def update_state(self, values, sample_weight=None):
        return super().update_state(ops.mean(values))


class MeanOfMeans(AE):
    def compile(self, *args, **kwargs):
        super().compile(*args, **kwargs)
        self.trackers = {name: BatchMean(name=name) for name in self.trackers}


class DropsSampleWeights(AE):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, None, training)


class DividesByAll(AE):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        return loss if sample_weight is None else loss * ops.mean(sample_weight)


class IgnoresTarget(AE):
    def terms(self, x, target, outputs, training=False, condition=None):
        return super().terms(x, x, outputs, training, condition)


class IgnoresInput(AE):
    def fit(self, x=None, y=None, *args, **kwargs):
        return super().fit(x if y is None else y, None, *args, **kwargs)


class TakesLoss(AE):
    def compile(self, optimizer=None, loss=None, **kwargs):
        super().compile(optimizer, **kwargs)


class StrayMetrics(AE):
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        y_pred = {**y_pred, "x": y_pred["x"] + 1.0}
        return super().compute_metrics(x, y, y_pred, sample_weight)


class Unstored(AE):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.offset = random.random()

    def code(self, posterior):
        return posterior["code"] + self.offset


MUTANTS = [
    (NotAVariant, testing.check_name, "subclass"),
    (Unregistered, testing.check_name, "no registered name"),
    (ReservedName, testing.check_arguments, "'metrics' has the name of an attribute"),
    (Unbounded, testing.check_arguments, "annotation"),
    (NeedsArgument, testing.check_arguments, "default"),
    (SwappedHook, testing.check_hooks, "terms must take self, x, target, outputs, training"),
    (Unregistered, testing.check_documentation, "no docstring"),
    (NoReference, testing.check_documentation, "Reference"),
    (UndocumentedArgument, testing.check_documentation, "width"),
    (NoReference, testing.check_example, "not run before"),
    (UndocumentedArgument, testing.check_example, "no ```python example"),
    (DriftingArgument, testing.check_config, "beta"),
    (ArrayArgument, testing.check_config, "JSON"),
    (AcceptsAnything, testing.check_hostile_config, "surprise=1"),
    (Unbounded, testing.check_hostile_config, "width"),
    (Unseeded, testing.check_initialisation, "extra"),
    (DrawsGlobally, testing.check_initialisation, "global state"),
    (Meddler, testing.check_initialisation, "global state"),
    (OneSeed, testing.check_initialisation, "different seeds"),
    (SummedTerm, testing.check_shapes, "'nll'"),
    (NamelessTerm, testing.check_shapes, "extra"),
    (NoisyCode, testing.check_determinism, "called twice"),
    (CentredCode, testing.check_determinism, "batches of one"),
    (DeafPrior, testing.check_seed, r"generate\(4\) with the same seed"),
    (ConstantPosterior, testing.check_seed, "must depend on its seed"),
    (OutOfRange, testing.check_range, "leaves the range"),
    (RawPixels, testing.check_preprocessing, "uint8"),
    (LooseGate, testing.check_preprocessing, "0 to 255"),
    (TakesCondition, testing.check_condition, "unconditional"),
    (Wasteful, testing.check_encode_skips_decoder, "runs the decoder"),
    (FlatDecoder, testing.check_networks, "shape"),
    (Forgetful, testing.check_compiled_once, "compile once"),
    (NoObjective, testing.check_learning, "must fall"),
    (Detached, testing.check_gradients, "encoder_network"),
    (IdleLayer, testing.check_gradients, "does not reach"),
    (OtherWeights, testing.check_loss, "weighted sum"),
    (MeanOfMeans, testing.check_loss, "weighted sum"),
    (DropsSampleWeights, testing.check_sample_weights, "weight"),
    (DividesByAll, testing.check_sample_weights, "halves"),
    (IgnoresTarget, testing.check_targets, r"same as fit\(noisy\)"),
    (IgnoresInput, testing.check_targets, r"same as fit\(clean\)"),
    (TakesLoss, testing.check_compile, "refusal"),
    (StrayMetrics, testing.check_compile, "mae"),
    (Unstored, testing.check_storage, "codes of the loaded"),
    (OneSize, testing.check_hostile_store, "other sizes"),
]


@pytest.mark.parametrize(("mutant", "check", "message"), MUTANTS)
def test_check_fails_for_mutant(monkeypatch, mutant, check, message):
    if check in (testing.check_storage, testing.check_hostile_store):
        register(monkeypatch, "mutants/one", mutant)
        monkeypatch.setattr(mutant, "variant", "mutants/one")
    with pytest.raises((ContractError, LookupError), match=message):
        check(mutant)


def test_every_check_of_variants_has_a_mutant():
    assert {check for _, check, _ in MUTANTS} == set(testing.CHECKS["variants"])


class HalfPrecision(MLP):
    def encoder(self, sample_shape, output_shape):
        network = super().encoder(sample_shape, output_shape)
        return keras.Sequential([network, keras.layers.Activation("linear", dtype="bfloat16")])


class OneShape(MLP):
    def decoder(self, code_shape, output_shape):
        return super().decoder(code_shape, (output_shape[-1] // 2,))


class Loose(MLP):
    def __init__(self, *, hidden=(4,)):
        super().__init__(hidden=hidden)


@pytest.mark.parametrize(
    ("body", "check", "message"),
    [
        (HalfPrecision, testing.check_body_networks, "float32"),
        (OneShape, testing.check_body_networks, "shape"),
        (Loose, testing.check_body_config, "refus"),
        (Loose, testing.check_body_declaration, "docstring"),
    ],
)
def test_check_fails_for_body(monkeypatch, body, check, message):
    register(monkeypatch, "mutants/body", body)
    with pytest.raises(ContractError, match=message):
        check("mutants/body")


class Moody(Normal):
    def transform(self, noise, condition=None):
        return super().transform(np.random.default_rng().standard_normal(noise.shape))


class Narrow(Normal):
    def transform(self, noise, condition=None):
        return super().transform(0.5 * noise)


class Trusting(Normal):
    def load(self, arrays):
        self.mean = arrays.get("mean", np.zeros(3, "float32"))
        self.factor = arrays.get("factor", np.eye(3, dtype="float32"))
        return self


class DoublePrecision(Normal):
    def arrays(self):
        return {"mean": self.mean.astype("float64"), "factor": self.factor.astype("float64")}


@pytest.mark.parametrize(
    ("sampler", "check", "message"),
    [
        (Moody, testing.check_sampler_distribution, "called twice"),
        (Narrow, testing.check_sampler_distribution, "covariance"),
        (Trusting, testing.check_sampler_round_trip, "load without"),
        (DoublePrecision, testing.check_sampler_round_trip, "float32"),
        (Moody, testing.check_sampler_declaration, "docstring"),
    ],
)
def test_check_fails_for_sampler(monkeypatch, sampler, check, message):
    register(monkeypatch, "mutants/sampler", sampler)
    testing.samplers._fitted.cache_clear()
    with pytest.raises(ContractError, match=message):
        check("mutants/sampler")


def test_light_load_names_what_is_imported(monkeypatch):
    monkeypatch.setattr(testing.samplers, "_LIGHT_LOAD", "import sklearn; print('sklearn')")
    with pytest.raises(ContractError, match="imports sklearn"):
        testing.check_sampler_light_load("normal")


def test_check_variant_reports_all_failures_at_once(two_checks):
    with pytest.raises(ContractError, match="breaks 2 of 2 checks") as caught:
        testing.check_variant(Unbounded)
    assert "check_documentation: " in str(caught.value)
    assert "check_arguments: " in str(caught.value)
    assert len(caught.value.__cause__.exceptions) == 2


def test_check_variant_passes_with_and_without_waivers(two_checks):
    testing.check_variant("ae")
    reasons = {"check_documentation": "none yet", "check_arguments": "free"}
    testing.check_variant(Unbounded, expected_failures=reasons)


def test_a_waiver_that_passes_is_a_failure(two_checks):
    with pytest.raises(ContractError, match=r"check_arguments: passes; remove its waiver"):
        testing.check_variant("ae", expected_failures={"check_arguments": "was broken"})


def test_an_error_that_is_no_contract_error_is_reported_with_its_type(monkeypatch):
    def check_crash(variant):
        raise KeyError("gone")

    monkeypatch.setitem(contract.CHECKS, "bodies", (check_crash,))
    with pytest.raises(ContractError, match="check_crash: KeyError: 'gone'"):
        testing.check_body("mlp")


def test_a_waiver_of_an_unknown_check_is_refused(two_checks):
    with pytest.raises(ValueError, match="check_nothing"):
        testing.check_variant("ae", expected_failures={"check_nothing": "why"})
    with pytest.raises(ValueError, match="check_seed"):
        testing.check_variant("ae", body="mlp", expected_failures={"check_seed": "why"})


def test_an_unknown_name_is_refused_before_any_check():
    with pytest.raises(LookupError, match="aee"):
        testing.check_variant("aee")


def test_parametrize_checks_gives_ids_and_strict_xfails(two_checks):
    mark = testing.parametrize_checks(
        "ae", Unbounded, expected_failures={"check_arguments": "free"}
    )
    cases = mark.args[1]
    names = ("check_documentation", "check_arguments")
    expected = [f"{variant}-{name}" for variant in ("ae", "Unbounded") for name in names]
    assert [case.id for case in cases] == expected
    assert [len(case.marks) for case in cases] == [0, 1, 0, 1]
    assert cases[1].marks[0].kwargs == {"reason": "free", "strict": True}
    cases[0].values[0]()


def test_parametrize_checks_with_a_body_runs_what_depends_on_it():
    cases = testing.parametrize_checks("ae", body="mlp").args[1]
    assert [case.id for case in cases] == [
        "ae-mlp-check_shapes",
        "ae-mlp-check_gradients",
        "ae-mlp-check_storage",
    ]
    cases[0].values[0]()


def test_parametrize_checks_refuses_an_unknown_kind():
    with pytest.raises(ValueError, match="kind='metrics'"):
        testing.parametrize_checks("mse", kind="metrics")


def test_importing_the_checks_imports_neither_keras_nor_pytest():
    code = "import sys, aezoo.testing; print({'keras', 'pytest'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_preserved_puts_everything_back():
    model = _subjects.stepwise(AE)
    before = [_subjects.to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]
    with _subjects.preserved(model):
        model.fit(_subjects.samples((13,), 8), verbose=0)
        assert (_subjects.to_numpy(model.variables[1]) != before[1]).any()
    after = [_subjects.to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))


@pytest.fixture
def two_checks(monkeypatch):
    checks = (testing.check_documentation, testing.check_arguments)
    monkeypatch.setitem(contract.CHECKS, "variants", checks)


def register(monkeypatch, name, cls):
    """Makes `cls` what the registry loads for `name`."""
    load = aezoo_registry.load

    def patched(kind, wanted):
        return cls if wanted == name else load(kind, wanted)

    monkeypatch.setattr(aezoo_registry, "load", patched)
