from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from aezoo.interface import Interface

X = np.random.default_rng(0).random((10, 4)).astype("float32")


class LinearEngine:
    """z = x[:, :2] + condition, decode = z z; counts the sizes of the batches it meets."""

    def __init__(self, *functions):
        self.functions = functions
        self.batches = []

    def has(self, function):
        return function in self.functions

    def __call__(self, function, *arrays):
        assert function in self.functions
        self.batches.append(len(arrays[0]))
        return np.asarray(getattr(self, function)(*arrays), "float32")

    def encode(self, x, condition=0.0):
        if x.dtype == np.uint8:
            x = x / 255.0
        return x[:, :2] + condition

    def posterior(self, x, noise, condition=0.0):
        return self.encode(x, condition) + 0.1 * noise

    def decode(self, z, condition=0.0):
        return np.concatenate([z, z], axis=1) - np.tile(np.broadcast_to(condition, z.shape), 2)

    def prior(self, noise, condition=0.0):
        return noise + condition

    def log_weight(self, x, noise, condition=0.0):
        return noise.sum(axis=1)


class Linear(Interface):
    sample_shape = (4,)
    sample_range = (0.0, 1.0)
    code_shape = (2,)

    def __init__(self, *functions, conditional=False, code_shape=(2,)):
        self.engine = LinearEngine("encode", "decode", *functions)
        self.conditional, self.code_shape = conditional, code_shape


class Shift:
    noise_dim = 3

    def transform(self, noise, condition=None):
        shift = 10.0 if condition is None else condition
        return (noise[:, :2] + shift).astype("float32")


@pytest.fixture
def model():
    return Linear("posterior", "prior", "log_weight")


@pytest.fixture
def plain():
    return Linear()


@pytest.fixture
def conditional():
    return Linear("posterior", "prior", "log_weight", conditional=True)


def test_the_interface_needs_no_keras():
    program = """
        import sys, aezoo.interface
        assert not {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_encode_is_the_engine_in_batches(model):
    np.testing.assert_array_equal(model.encode(X, batch_size=4), X[:, :2])
    assert model.engine.batches == [4, 4, 2]
    assert model.encode(X).dtype == np.float32


def test_encode_takes_uint8_and_lists_and_single_batches(model):
    levels = np.full((2, 4), 51, "uint8")
    np.testing.assert_allclose(model.encode(levels), 0.2, atol=1e-6)
    np.testing.assert_allclose(model.encode([[0.5] * 4]), [[0.5, 0.5]])


def test_a_posterior_draw_is_seeded_and_does_not_depend_on_the_batch_size(model):
    draw = model.encode(X, sample=True, seed=3)
    assert np.abs(draw - X[:, :2]).max() > 0.01
    np.testing.assert_array_equal(draw, model.encode(X, True, seed=3, batch_size=3))
    assert not np.array_equal(draw, model.encode(X, sample=True, seed=4))
    assert not np.array_equal(model.encode(X, True), model.encode(X, True))


def test_decode_is_the_engine_in_batches(model):
    z = np.arange(10).reshape(5, 2)
    expected = np.concatenate([z, z], axis=1)
    decoded = model.decode(z, batch_size=2)
    np.testing.assert_array_equal(decoded, expected)
    assert decoded.dtype == np.float32
    assert model.engine.batches == [2, 2, 1]


def test_reconstruct_is_encode_then_decode(model):
    np.testing.assert_array_equal(model.reconstruct(X, batch_size=3), model.decode(X[:, :2]))


def test_generate_decodes_the_prior(model):
    samples = model.generate(7, seed=1, batch_size=2)
    codes = model.sample_codes(7, seed=1)
    np.testing.assert_array_equal(samples, model.decode(codes))
    np.testing.assert_array_equal(samples, model.generate(7, seed=1))
    assert not np.array_equal(samples, model.generate(7, seed=2))
    assert not np.array_equal(model.generate(7), model.generate(7))


def test_the_noise_of_a_seed_is_philox(model):
    noise = np.random.Generator(np.random.Philox(5)).standard_normal((4, 2)).astype("float32")
    np.testing.assert_array_equal(model.sample_codes(4, seed=5), noise)


def test_a_fitted_sampler_goes_before_the_prior(model):
    model.sampler = Shift()
    assert model.sample_codes(50, seed=0).mean() > 5
    assert abs(model.sample_codes(50, seed=0, sampler="prior").mean()) < 1
    model.sampler = None
    assert model.sample_codes(50, seed=0, sampler=Shift()).mean() > 5


def test_codes_of_a_sampler_take_the_shape_of_the_models():
    model = Linear(code_shape=(1, 2))
    assert model.sample_codes(3, sampler=Shift()).shape == (3, 1, 2)


def test_linear_interpolation_walks_from_code_to_code(model):
    walk = model.interpolate(X[:3], X[3:6], steps=5)
    assert walk.shape == (3, 5, 4)
    np.testing.assert_allclose(walk[:, 0], model.reconstruct(X[:3]), atol=1e-6)
    np.testing.assert_allclose(walk[:, -1], model.reconstruct(X[3:6]), atol=1e-6)
    np.testing.assert_allclose(walk[:, 2], (walk[:, 0] + walk[:, -1]) / 2, atol=1e-6)


def test_spherical_interpolation_follows_the_great_circle(model):
    start, end = np.eye(4, dtype="float32")[:1], np.eye(4, dtype="float32")[1:2]
    walk = model.interpolate(start, end, steps=7, kind="spherical")[0, :, :2]
    np.testing.assert_allclose(np.linalg.norm(walk, axis=1), 1, atol=1e-5)
    angles = np.arctan2(walk[:, 1], walk[:, 0])
    np.testing.assert_allclose(np.diff(angles), np.pi / 12, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_spherical_interpolation_between_parallel_codes_is_linear(model, scale):
    start, end = X[:2], X[:2] * np.float32(scale)
    np.testing.assert_allclose(
        model.interpolate(start, end, kind="spherical"),
        model.interpolate(start, end),
        atol=1e-6,
    )


def test_log_prob_is_the_log_of_the_mean_weight(model):
    log_weights = np.random.Generator(np.random.Philox(0)).standard_normal((3, 10, 2)).sum(axis=2)
    expected = np.log(np.exp(log_weights).mean(axis=0))
    found = model.log_prob(X, k=3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, model.log_prob(X, k=3, seed=0))
    np.testing.assert_allclose(model.log_prob(X), log_weights[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(10, [10] * 7), (34, [30, 30, 10]), (4, [4] * 17 + [2])]
)
def test_log_prob_fills_its_batches_with_draws(model, batch_size, sizes):
    found = model.log_prob(X, k=7, batch_size=batch_size)
    assert model.engine.batches == sizes
    if batch_size >= len(X):  # else the noise is drawn in another order
        np.testing.assert_allclose(found, model.log_prob(X, k=7, batch_size=99), rtol=1e-6)


def test_log_prob_does_not_overflow(model):
    model.engine.log_weight = lambda x, noise: np.full(len(x), -1e5)
    np.testing.assert_allclose(model.log_prob(X, k=4), -1e5)


def test_streams_are_read_once_batch_by_batch(model):
    def stream():
        yield X[:3]
        yield (X[3:5], "labels")
        yield [X[5:]]

    np.testing.assert_array_equal(model.encode(stream(), batch_size=4), X[:, :2])
    assert model.engine.batches == [3, 2, 4, 1]
    np.testing.assert_array_equal(model.reconstruct(stream()), model.reconstruct(X))
    np.testing.assert_array_equal(model.log_prob(stream()), model.log_prob(X))


def test_a_stream_without_batches_is_an_error(model):
    with pytest.raises(ValueError, match="x is empty: the iterable gave no batch"):
        model.encode(iter([]))


def test_a_condition_reaches_every_function(conditional):
    condition = np.ones((10, 1), "float32")
    np.testing.assert_allclose(
        conditional.encode(X, condition=condition, batch_size=3), X[:, :2] + 1
    )
    draw = conditional.encode(X, sample=True, seed=0, condition=condition)
    assert draw.mean() > 1
    np.testing.assert_allclose(
        conditional.reconstruct(X, condition=condition), np.tile(X[:, :2], 2), atol=1e-6
    )
    z = X[:, :2]
    np.testing.assert_allclose(conditional.decode(z, condition=condition), np.tile(z, 2) - 1)
    assert conditional.sample_codes(10, seed=0, condition=condition * 9).mean() > 5
    assert conditional.generate(10, seed=0, condition=condition).shape == (10, 4)
    assert conditional.log_prob(X, k=2, condition=condition).shape == (10,)
    walk = conditional.interpolate(X[:2], X[2:4], steps=3, condition=condition[:2])
    np.testing.assert_allclose(walk[:, 0], np.tile(X[:2, :2], 2), atol=1e-6)
    codes = conditional.sample_codes(10, seed=0, sampler=Shift(), condition=condition * 9)
    assert 5 < codes.mean() < 10


def test_conditions_are_demanded_and_refused(model, conditional):
    with pytest.raises(ValueError, match="Linear needs condition="):
        conditional.encode(X)
    with pytest.raises(ValueError, match="Linear takes no condition"):
        model.encode(X, condition=np.ones(10))
    for condition in (np.ones(9), 3.0):
        with pytest.raises(ValueError, match="condition must hold one entry a sample, 10"):
            conditional.encode(X, condition=condition)
    with pytest.raises(ValueError, match="A stream of batches cannot carry a condition"):
        conditional.encode(iter([X]), condition=np.ones(10))


def test_a_model_without_a_prior_says_what_to_do(plain):
    with pytest.raises(ValueError, match=r"generate needs a prior or a fitted sampler.*fit_samp"):
        plain.generate(2)
    plain.sampler = Shift()
    assert plain.generate(2).shape == (2, 4)
    with pytest.raises(ValueError, match="generate needs a prior, and Linear has none"):
        plain.generate(2, sampler="prior")
    with pytest.raises(ValueError, match="use a variational model such as 'vae'"):
        plain.encode(X, sample=True)
    with pytest.raises(ValueError, match="log_prob needs a posterior and a prior"):
        plain.log_prob(X)


def test_fit_sampler_learns_the_codes_and_serves_generate(plain):
    x = np.random.default_rng(1).normal([0.5, 0.2, 0, 0], [0.05, 0.02, 0, 0], (4000, 4))
    sampler = plain.fit_sampler("normal", np.clip(x, 0, 1))
    assert plain.sampler is sampler
    assert sampler.spec == {"name": "normal"}
    codes = plain.sample_codes(4000, seed=0)
    np.testing.assert_allclose(codes.mean(axis=0), [0.5, 0.2], atol=0.005)
    np.testing.assert_allclose(codes.std(axis=0), [0.05, 0.02], atol=0.003)
    fitted = plain.fit_sampler("gmm", np.clip(x, 0, 1), seed=2, components=2)
    assert fitted.spec == {"name": "gmm", "components": 2, "limit": fitted.limit}
    with pytest.raises(LookupError, match="normal"):
        plain.fit_sampler("norml", X)
    with pytest.raises(ValueError, match="GMM has no argument 'parts'"):
        plain.fit_sampler("gmm", X, parts=3)
    assert plain.sampler is fitted


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda m: m.encode(X[0]), "For a single sample pass `x[None]`"),
        (lambda m: m.encode(X[:0]), "x"),
        (lambda m: m.encode(X * 255), "looks like pixel values"),
        (lambda m: m.encode(X * np.nan), "must be finite"),
        (lambda m: m.encode(X + 0j), "complex"),
        (lambda m: m.encode("images"), "x"),
        (lambda m: m.encode(X, batch_size=0), "batch_size must be an integer of at least 1"),
        (lambda m: m.encode(X, True, seed=-1), "seed must be None or an integer"),
        (lambda m: m.decode(X), "z has the wrong shape"),
        (lambda m: m.decode(X[:, :2], batch_size=-1), "batch_size must be an integer"),
        (lambda m: m.decode(X[:, :2], batch_size=2.5), "batch_size must be an integer"),
        (lambda m: m.generate(0), "n must be an integer of at least 1. Received: n=0"),
        (lambda m: m.generate(2.0), "n must be"),
        (lambda m: m.generate(True), "n must be"),
        (lambda m: m.generate("2"), "n must be"),
        (lambda m: m.generate(2, sampler="gmm"), "fit one by name with fit_sampler('gmm', data)"),
        (lambda m: m.interpolate(X[:2], X[:3]), "a and b must hold equally many samples"),
        (lambda m: m.interpolate(X, X, steps=1), "steps must be an integer of at least 2"),
        (lambda m: m.interpolate(X, X, kind="cubic"), "kind must be 'linear' or 'spherical'"),
        (lambda m: m.log_prob(X, k=0), "k must be an integer of at least 1. Received: k=0"),
    ],
)
def test_bad_arguments_are_refused(model, call, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        call(model)
