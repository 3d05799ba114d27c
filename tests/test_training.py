from __future__ import annotations

import re

import keras
import numpy as np
import pytest

import aezoo
from aezoo import acceleration, data, training
from aezoo.divergence import DivergenceError, StopOnDivergence, guarded
from aezoo.fused_adam import FusedAdam
from aezoo.muon import Muon
from aezoo.shuffling import ShuffledBatches, shuffled

CONFIG = {"latent_dim": 2, "body": {"name": "mlp", "hidden": [8]}}


def dataset(n, split="train", seed=0):
    x = np.random.default_rng(seed).random((n, 6)).astype("float32")
    return data.Dataset("noise", split, x, None, "CC0", "generated")


SAMPLES, VALIDATION = dataset(70), dataset(20, "validation", seed=1)


def train(out, variant="ae", **arguments):
    arguments = {
        "validation": VALIDATION,
        "epochs": 2,
        "batch_size": 16,
        "config": CONFIG,
        "dtype": "float32",
        "jit": False,
        **arguments,
    }
    return training.train(variant, SAMPLES, out, **arguments)


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C while a batch of an epoch is trained."""

    def __init__(self, epoch):
        super().__init__()
        self.at, self.now = epoch, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.at:
            raise KeyboardInterrupt


class Snapshots(keras.callbacks.Callback):
    """Keeps the weights of every epoch."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append([weight.numpy() for weight in self.model.weights])


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    out = tmp_path_factory.mktemp("training") / "runs" / "vae"
    config = {"latent_dim": 4, "body": {"name": "mlp", "hidden": [32]}, "likelihood": "bernoulli"}
    return training.train(
        "vae", "digits", out, epochs=3, learning_rate=5e-3, config=config, sampler="normal"
    )


def test_a_dataset_by_name_becomes_a_model_in_a_directory(digits):
    assert {path.name for path in digits.directory.iterdir()} == {
        "config.json", "model.safetensors", "manifest.json",
    }  # fmt: skip
    loaded = aezoo.load(digits.directory)
    x = data.load("digits", "test").x[:8]
    np.testing.assert_array_equal(loaded.encode(x), digits.model.encode(x))
    assert loaded.sampler.spec == {"name": "normal"}
    np.testing.assert_array_equal(loaded.generate(3, seed=0), digits.model.generate(3, seed=0))
    assert loaded.sample_shape == (8, 8, 1)


def test_the_sampler_is_the_one_for_the_codes(tmp_path):
    body = {"name": "mlp", "hidden": [8]}
    config = {"latent_dim": 2, "body": body}
    kept = training.train("ae", "digits", tmp_path / "ae", epochs=1, config=config, sampler="auto")
    assert kept.model.sampler.spec["name"] == kept.model.default_sampler == "gmm"
    tokens = aezoo.create("vq_vae", sample_shape=(8, 8, 1), latent_dim=2)
    assert tokens.default_sampler == "code_transformer"
    assert aezoo.create("restorer", sample_shape=(8, 8, 1)).default_sampler is None


def test_the_history_has_a_number_an_epoch_and_falls(digits):
    names = {"loss", "nll", "kl", "mse"}
    assert set(digits.history) == names | {f"val_{name}" for name in names}
    for values in digits.history.values():
        assert len(values) == 3
        assert all(type(value) is float for value in values)
    assert digits.history["loss"][-1] < digits.history["loss"][0]
    assert digits.history["val_nll"][-1] < digits.history["val_nll"][0]
    assert not digits.interrupted
    assert digits.seconds > 0


def test_settings_are_a_function_of_the_machine(digits):
    choose = acceleration.choose
    x = data.load("digits").x
    assert digits.settings == choose(len(x) // 32, values=3 * x.size)  # few samples
    assert choose(100) == choose(100)
    assert [choose(steps).steps_per_execution for steps in (1, 7, 20, 900)] == [1, 7, 20, 20]
    fixed = choose(5, dtype="mixed_bfloat16", jit=True)
    assert (fixed.dtype, fixed.jit) == ("mixed_bfloat16", True)
    with pytest.raises(ValueError, match="dtype must be 'auto', 'float32' or"):
        choose(5, dtype="float16")


def test_a_short_training_is_compiled_only_where_that_costs_nothing():
    short, long = (acceleration.choose(100, values=values) for values in (99e6, 100e6))
    free = keras.backend.backend() == "jax" or acceleration.has_accelerator()
    assert short.jit == (long.jit and free)
    assert acceleration.choose(100, values=1.0, jit=True).jit


def test_the_machine_is_described_without_names():
    assert re.search(r" \d+ cores?\b", acceleration.machine())
    assert acceleration.machine() == acceleration.machine()


def test_a_seed_gives_the_same_training(tmp_path):
    seen = [Snapshots() for _ in range(3)]
    for i, (snapshots, seed) in enumerate(zip(seen, (0, 0, 1), strict=True)):
        train(tmp_path / str(i), "vae", seed=seed, callbacks=[snapshots], epochs=1)
    assert same(seen[0].weights[0], seen[1].weights[0])
    assert not same(seen[0].weights[0], seen[2].weights[0])


def test_batches_come_in_an_order_of_seed_and_epoch_alone():
    x = np.arange(10)

    def epochs(seed):
        batches = ShuffledBatches(x, batch_size=3, seed=seed)
        order = []
        for _ in range(3):
            order.append(np.concatenate([batches[i] for i in range(len(batches))]).tolist())
            batches.on_epoch_end()
        return order

    assert len(ShuffledBatches(x, batch_size=3, seed=0)) == 3
    assert epochs(0) == epochs(0)
    assert epochs(0) != epochs(1)
    first, second, third = epochs(0)
    assert first != second != third
    assert all(len(set(order)) == 9 for order in (first, second, third))


def test_ctrl_c_keeps_the_last_finished_epoch(tmp_path):
    snapshots = Snapshots()
    result = train(tmp_path / "m", epochs=5, callbacks=[snapshots, Interrupt(2)])
    assert result.interrupted
    assert len(snapshots.weights) == 2
    assert same([w.numpy() for w in result.model.weights], snapshots.weights[-1])
    assert [len(values) for values in result.history.values()] == [2] * len(result.history)
    stored = aezoo.load(tmp_path / "m")
    assert same([w.numpy() for w in stored.weights], snapshots.weights[-1])


def test_ctrl_c_before_the_first_epoch_ends_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "m", callbacks=[Interrupt(0)])
    assert list(tmp_path.iterdir()) == []


def test_the_epoch_that_a_crash_interrupts_does_not_cost_the_one_before(tmp_path):
    class Crash(Interrupt):
        def on_train_batch_end(self, batch, logs=None):
            if self.now == self.at:
                raise MemoryError

    snapshots = Snapshots()
    with pytest.raises(MemoryError):
        train(tmp_path / "m", callbacks=[snapshots, Crash(1)])
    assert same([w.numpy() for w in aezoo.load(tmp_path / "m").weights], snapshots.weights[0])


def test_an_existing_directory_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        training.train("no such variant", "no such data", tmp_path / "m")
    with pytest.raises(ValueError, match=r"notes\.txt"):
        train(tmp_path / "m", overwrite=True)
    assert (tmp_path / "m" / "notes.txt").read_text() == "mine"


def test_a_model_is_replaced_on_request(tmp_path):
    train(tmp_path / "m", epochs=1)
    with pytest.raises(FileExistsError):
        train(tmp_path / "m", epochs=1)
    again = train(tmp_path / "m", "vae", epochs=1, overwrite=True, weights="float16")
    assert aezoo.load(tmp_path / "m").variant == again.model.variant == "vae"
    rounded = [w.numpy().astype("float16").astype("float32") for w in again.model.weights]
    assert same(rounded, [w.numpy() for w in again.model.weights])


def test_the_rate_falls_to_zero_along_a_cosine(tmp_path):
    rates = []

    class Rates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate.numpy()))

    train(tmp_path / "m", epochs=4, learning_rate=0.1, callbacks=[Rates()])
    expected = 0.05 * (1 + np.cos(np.pi * np.arange(1, 5) / 4))
    np.testing.assert_allclose(rates, expected, atol=1e-6)


@pytest.mark.parametrize(("name", "kind"), [("adam", FusedAdam), ("muon", Muon)])
def test_the_optimizer_is_the_one_named(tmp_path, name, kind):
    found = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            found.append(type(self.model.optimizer))

    result = train(tmp_path / "m", epochs=4, optimizer=name, callbacks=[Look()])
    assert found == 4 * [kind]
    assert result.history["loss"][-1] < result.history["loss"][0]


def test_standardise_is_fitted_on_the_training_split(tmp_path):
    result = train(tmp_path / "m", config={**CONFIG, "preprocess": "standardise"}, epochs=1)
    (step,) = result.model.preprocess.spec
    np.testing.assert_allclose(step["mean"], SAMPLES.x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(step["std"], SAMPLES.x.std(axis=0), rtol=1e-5)
    assert CONFIG == {"latent_dim": 2, "body": {"name": "mlp", "hidden": [8]}}


def test_standardised_samples_stay_in_their_range(tmp_path):
    config = {**CONFIG, "preprocess": "standardise"}
    model = train(tmp_path / "m", config=config, epochs=1).model
    low, high = model.sample_range
    assert (low, high) == SAMPLES.sample_range
    far = model.decode(np.full((1, 2), 50.0))
    assert low <= far.min() <= far.max() <= high


def test_the_pipeline_gives_the_batches_of_the_sequence():
    x = np.arange(10, dtype="uint8")[:, None]
    sequence, pipeline = (f(x, batch_size=3, seed=4) for f in (ShuffledBatches, shuffled))
    for _ in range(3):
        expected = [sequence[i] for i in range(len(sequence))]
        np.testing.assert_array_equal([*map(np.asarray, pipeline)], expected)
        sequence.on_epoch_end()
    assert len(pipeline) == 3


class Poison(keras.callbacks.Callback):
    """Ruins a weight at the start of the second epoch."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            weight = self.model.trainable_variables[self.weight]
            weight.assign(np.full(weight.shape, np.nan))


# Of NaN the processor's relu makes 0 or NaN, so that a loss hides the first kernel or shows it.
@pytest.mark.parametrize(("weight", "what"), [(0, "(kernel|mse, nll)"), (-1, "mse, nll")])
def test_a_training_that_diverges_says_where_and_keeps_the_last_finite_weights(
    tmp_path, weight, what
):
    with pytest.raises(DivergenceError, match=rf"epoch 2: .*{what} not finite.*kept in") as error:
        train(tmp_path / "m", epochs=3, callbacks=[Poison(weight)])
    assert "those of the end of epoch 1 again" in str(error.value)
    assert np.isfinite(aezoo.load(tmp_path / "m").encode(SAMPLES.x)).all()


def test_fit_stops_at_the_step_that_diverges():
    model = aezoo.create("ae", sample_shape=(6,), **CONFIG)
    model.compile("sgd")
    model.optimizer.learning_rate = 1e30
    with pytest.raises(DivergenceError, match=r"step 2 of epoch 1: mse, nll not finite"):
        model.fit(SAMPLES.x, batch_size=14, verbose=0)
    assert all(np.isfinite(weight.numpy()).all() for weight in model.weights)


def test_a_fit_is_guarded_once():
    ours, other = StopOnDivergence(), keras.callbacks.History()
    assert [type(callback) for callback in guarded(None)] == [StopOnDivergence]
    assert guarded(other)[1] is other
    assert guarded([other, ours]) == [other, ours]


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"variant": "ea"}, LookupError, "ae"),
        ({"epochs": 0}, ValueError, "epochs must be an integer of at least 1"),
        ({"epochs": 1.5}, ValueError, "epochs must be"),
        ({"batch_size": 0}, ValueError, "batch_size must be"),
        ({"batch_size": 71}, ValueError, "at most the number of training samples, 70"),
        ({"optimizer": "sgd"}, ValueError, "optimizer must be one of adam, muon"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate must be above 0"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate must be above 0"),
        ({"dtype": "float64"}, ValueError, "dtype must be"),
        ({"weights": "int8"}, ValueError, "weights must be one of float32, float16, bfloat16"),
        ({"sampler": "gmn"}, LookupError, "gmm"),
        (
            {"sampler": "code_masked"},
            ValueError,
            "no tokens of a codebook, which the sampler needs",
        ),
        ({"sampler": {"name": "gmm", "parts": 2}}, ValueError, "no argument 'parts'"),
        ({"config": {"latent": 2}}, ValueError, "AE has no argument 'latent'"),
        ({"config": {"body": "conv"}}, ValueError, "Conv needs images"),
        ({"config": {"seed": 1}}, ValueError, "Received: config with ['seed']"),
        ({"config": {"dtype": "float32"}}, ValueError, "use seed= and dtype="),
    ],
)
def test_bad_arguments_leave_nothing(tmp_path, arguments, error, reason):
    with pytest.raises(error, match=re.escape(reason)):
        train(tmp_path / "m", **arguments, callbacks=[Interrupt(0)])
    assert list(tmp_path.iterdir()) == []
