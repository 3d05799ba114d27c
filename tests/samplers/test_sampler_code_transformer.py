"""The transformer over tokens: its formulas, what it learns, what it draws."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from keras import ops

from aezoo.noise import generator
from aezoo.samplers import build, transformer
from aezoo.samplers.uniform import to_uniform

K, PLACES = 4, 6
SIZES = (K, PLACES, 8, 2)
START = np.array([0.5, 0.25, 0.125, 0.125])
STEP = np.array([[0.7, 0.1, 0.1, 0.1], [0.0, 0.5, 0.5, 0.0], [0.1, 0.0, 0.0, 0.9], [0.25] * 4])


def noise(*shape, seed=0):
    return generator(seed).standard_normal(shape)


def random_parameters(entries=K, places=PLACES, width=8, depth=2, seed=0):
    shapes = transformer.shapes(entries, places, width, depth)
    return {name: noise(*shape, seed=seed + i) for i, (name, shape) in enumerate(shapes.items())}


def chain(n, seed=0):
    """Draws a Markov chain."""
    rng = generator(seed)
    tokens = np.empty((n, PLACES), "int32")
    tokens[:, 0] = rng.choice(K, n, p=START)
    for place in range(1, PLACES):
        shares = np.cumsum(STEP[tokens[:, place - 1]], axis=1)
        tokens[:, place] = (shares < rng.random((n, 1))).sum(1).clip(max=K - 1)
    return tokens


def chain_log_prob(tokens):
    with np.errstate(divide="ignore"):
        steps = np.log(STEP)[tokens[:, :-1], tokens[:, 1:]].sum(axis=1)
        return np.log(START)[tokens[:, 0]] + steps


def sampler(**arguments):
    return build({"name": "code_transformer", "width": 8, "heads": 2, **arguments})


@pytest.fixture(scope="module")
def loaded():
    arrays = {name: array.astype("float32") for name, array in random_parameters().items()}
    return sampler().load(arrays)


@pytest.fixture(scope="module")
def learned():
    small = {"name": "code_transformer", "width": 24, "heads": 2, "depth": 1, "iterations": 600}
    return build(small).fit(chain(1500).reshape(-1, 2, 3), codebook_size=K, seed=0)


def test_attention_is_the_formula():
    parameters = random_parameters(depth=1)
    parameters |= {name: 0.0 * parameters[name] for name in ("0.kernel_1", "0.bias_1")}
    x, mask = noise(3, PLACES, 8, seed=5), np.triu(np.full((PLACES, PLACES), -np.inf), 1)
    found = transformer.apply(parameters, x, np, depth=1, heads=2, mask=mask)

    def rms_norm(x, scale):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * scale

    y = rms_norm(x, parameters["0.attention_scale"]) @ parameters["0.attention"]
    heads = []
    for head in range(2):
        query, key, value = (y[..., i * 8 + head * 4 : i * 8 + head * 4 + 4] for i in range(3))
        scores = np.einsum("nid,njd->nij", query, key) / np.sqrt(4) + mask
        heads.append(scipy.special.softmax(scores, axis=-1) @ value)
    x = x + np.concatenate(heads, axis=-1) @ parameters["0.out"]
    np.testing.assert_allclose(found, rms_norm(x, parameters["scale"]), atol=1e-10)


def test_keras_and_numpy_compute_the_same():
    parameters, x = random_parameters(), noise(3, PLACES, 8)
    expected = transformer.logits(parameters, transformer.apply(
        parameters, x, np, depth=2, heads=2), np)  # fmt: skip
    tensors = {name: ops.convert_to_tensor(a, "float32") for name, a in parameters.items()}
    y = transformer.apply(tensors, ops.convert_to_tensor(x, "float32"), ops, depth=2, heads=2)
    found = ops.convert_to_numpy(transformer.logits(tensors, y, ops))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_surprise_is_the_negative_log_softmax():
    scores, tokens = noise(5, PLACES, K), chain(5)
    expected = -np.take_along_axis(
        scipy.special.log_softmax(scores, axis=-1), tokens[..., None], axis=-1
    )
    np.testing.assert_allclose(transformer.surprise(scores, tokens, np), expected[..., 0])


def test_at_first_every_block_is_the_identity():
    parameters = transformer.initialise(*SIZES, generator(0))
    assert {n: a.shape for n, a in parameters.items()} == transformer.shapes(*SIZES)
    x = noise(2, PLACES, 8)
    found = transformer.apply(parameters, x, np, depth=2, heads=2)
    np.testing.assert_allclose(found, x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6))


def test_probabilities_of_all_sequences_sum_to_one():
    arrays = random_parameters(entries=3, places=4)
    small = sampler().load({name: array.astype("float32") for name, array in arrays.items()})
    every = np.stack(np.meshgrid(*[np.arange(3)] * 4), axis=-1).reshape(-1, 4)
    assert np.exp(small.log_prob(every)).sum() == pytest.approx(1.0, abs=1e-9)


def test_a_token_depends_on_those_before_alone(loaded):
    uniform = generator(0).random((20, PLACES))
    tokens = loaded._draw(uniform)
    for place in range(PLACES):
        later = uniform.copy()
        later[:, place:] = generator(1).random((20, PLACES - place))
        np.testing.assert_array_equal(loaded._draw(later)[:, :place], tokens[:, :place])


def test_draws_have_the_frequencies_of_log_prob():
    arrays = random_parameters(entries=3, places=3, seed=9)
    arrays = {name: (0.5 * array).astype("float32") for name, array in arrays.items()}
    small = sampler().load(arrays)
    every = np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3)
    drawn = small.transform(noise(20_000, 3))
    frequencies = (drawn[:, None] == every).all(-1).mean(0)
    np.testing.assert_allclose(frequencies, np.exp(small.log_prob(every)), atol=0.015)


def test_it_learns_a_markov_chain_to_its_entropy(learned):
    new = chain(2000, seed=7)
    gap = chain_log_prob(new).mean() - learned.log_prob(new).mean()
    assert 0.0 < gap < 0.15


def test_its_draws_step_as_the_chain_does(learned):
    drawn = learned.transform(noise(4000, PLACES, seed=3))
    assert drawn.dtype == np.int32
    starts = np.bincount(drawn[:, 0], minlength=K) / len(drawn)
    np.testing.assert_allclose(starts, START, atol=0.05)
    for token in range(K):
        following = drawn[:, 1:][drawn[:, :-1] == token]
        found = np.bincount(following, minlength=K) / len(following)
        np.testing.assert_allclose(found, STEP[token], atol=0.07)


def test_temperature_sharpens_and_flattens(learned):
    def drawn(temperature):
        spec = {**learned.spec, "temperature": temperature}
        return build(spec).load(learned.arrays()).transform(noise(500, PLACES))

    assert len(np.unique(drawn(1e-3), axis=0)) == 1
    frequencies = np.bincount(drawn(1e3).ravel()) / (500 * PLACES)
    np.testing.assert_allclose(frequencies, 0.25, atol=0.03)
    np.testing.assert_array_equal(drawn(1.0), learned.transform(noise(500, PLACES)))


def test_draws_do_not_depend_on_how_many_there_are(learned):
    draws = noise(600, PLACES)
    together = learned.transform(draws)
    np.testing.assert_array_equal(learned.transform(draws[590:]), together[590:])


def test_the_far_ends_of_the_noise_are_tokens(learned):
    for far in (-40.0, 40.0):
        tokens = learned.transform(np.full((2, PLACES), far))
        assert ((tokens >= 0) & (tokens < K)).all()
    np.testing.assert_array_equal(to_uniform(np.array([-40.0, 40.0])), [0.0, 1.0])


def test_too_few_samples_and_heads_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match=r"at least 10 samples. Received: 9 samples"):
        sampler().fit(chain(9), codebook_size=K)
    with pytest.raises(ValueError, match=r"heads must divide width. Received: heads=3, width=8"):
        sampler(heads=3)


ARRAYS = {name: a.astype("float32") for name, a in random_parameters().items()}


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {**ARRAYS, "extra": np.zeros(1, "float32")},
        {**ARRAYS, "entry": np.zeros((K, 9), "float32")},
        {**ARRAYS, "entry": np.zeros((), "float32")},
        {**ARRAYS, "bias": np.zeros(K + 1, "float32")},
        {**ARRAYS, "place": np.zeros((0, 8), "float32")},
        {name: array for name, array in ARRAYS.items() if not name.startswith("1.")},
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays):
    with pytest.raises(ValueError, match="'code_transformer'"):
        sampler().load(arrays)
