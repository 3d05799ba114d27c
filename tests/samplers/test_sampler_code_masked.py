"""The masked transformer over tokens: what it hides, what it learns, how it draws."""

from __future__ import annotations

import numpy as np
import pytest

from aezoo.noise import generator
from aezoo.samplers import build, transformer
from aezoo.samplers.code_masked import schedule

K, PLACES = 4, 6


def noise(*shape, seed=0):
    return generator(seed).standard_normal(shape)


def pairs(n, seed=0):
    """Draws tokens of which the second half repeats the first, and the last but one is fixed."""
    rng = generator(seed)
    half = rng.choice(K, (n, 3), p=[0.4, 0.3, 0.2, 0.1])
    half[:, 1] = 2
    return np.concatenate([half, half], axis=1).astype("int32")


def sampler(**arguments):
    return build({"name": "code_masked", "width": 8, "heads": 2, **arguments})


@pytest.fixture(scope="module")
def loaded():
    shapes = transformer.shapes(K + 1, PLACES, 8, 2)
    arrays = {name: noise(*shape, seed=i) for i, (name, shape) in enumerate(shapes.items())}
    return sampler(steps=4).load({name: a.astype("float32") for name, a in arrays.items()})


@pytest.fixture(scope="module")
def learned():
    small = {"name": "code_masked", "width": 24, "heads": 2, "depth": 1, "iterations": 800}
    return build(small).fit(pairs(1500).reshape(-1, 2, 3), codebook_size=K, seed=0)


def test_the_schedule_falls_along_a_cosine_to_nothing():
    assert schedule(100, 4) == [92, 70, 38, 0]
    assert schedule(4, 8) == [3, 2, 1, 0]
    assert schedule(49, 1) == [0]
    for places, steps in ((1, 1), (1, 64), (7, 7), (256, 12)):
        remaining = schedule(places, steps)
        assert remaining[-1] == 0
        assert len(remaining) == min(places, steps)
        assert (np.diff([places, *remaining]) < 0).all()


def test_it_hides_the_share_of_the_cosine(loaded):
    tokens = np.zeros((20_000, PLACES), "int32")
    seen, hidden = loaded._corrupt(tokens, generator(0))
    assert seen is tokens
    assert set(np.unique(hidden)) == {0.0, 1.0}
    number = hidden.sum(axis=1)
    uniform = (np.arange(100_000) + 0.5) / 100_000
    expected = np.ceil(PLACES * np.cos(0.5 * np.pi * uniform))
    found, expected = (np.bincount(n.astype(int), minlength=7) / len(n) for n in (number, expected))
    np.testing.assert_allclose(found, expected, atol=0.015)
    np.testing.assert_allclose(hidden.mean(axis=0), number.mean() / PLACES, atol=0.015)


def test_the_loss_is_the_surprise_of_hidden_tokens_alone(loaded):
    tokens, hidden = pairs(5), np.tile(np.array([1, 0, 0, 1, 1, 0], "float32"), (5, 1))
    found = loaded._loss(loaded.parameters, tokens, hidden, np)
    scores = loaded._fill(loaded.parameters, tokens, hidden, np)
    log_odds = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_odds, tokens[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(found, -chosen[:, [0, 3, 4]].mean(axis=1))
    other = tokens.copy()
    other[:, [0, 3, 4]] = 3
    np.testing.assert_array_equal(loaded._fill(loaded.parameters, other, hidden, np), scores)


def test_every_step_keeps_what_those_before_decided(loaded, monkeypatch):
    seen = []
    fill = type(loaded)._fill

    def watch(self, parameters, tokens, hidden, ops):
        seen.append((tokens.copy(), np.broadcast_to(hidden, tokens.shape).copy()))
        return fill(self, parameters, tokens, hidden, ops)

    monkeypatch.setattr(type(loaded), "_fill", watch)
    drawn = loaded.transform(noise(7, loaded.noise_dim))
    remaining = schedule(PLACES, 4)
    assert loaded.noise_dim == 2 * PLACES * len(remaining)
    assert [hidden.sum(axis=1).tolist() for _, hidden in seen] == [
        [left] * 7 for left in (PLACES, *remaining[:-1])
    ]
    for tokens, hidden in seen:
        np.testing.assert_array_equal(tokens[~hidden], drawn[~hidden])


@pytest.mark.parametrize("choice_temperature", [0.0, 4.5])
def test_independent_tokens_have_the_frequencies_of_the_model(choice_temperature):
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    shapes = transformer.shapes(K + 1, PLACES, 8, 2)
    arrays = {name: np.zeros(shape, "float32") for name, shape in shapes.items()}
    arrays["bias"][:K] = np.log(shares)
    fixed = sampler(choice_temperature=choice_temperature).load(arrays)
    drawn = fixed.transform(noise(5000, fixed.noise_dim))
    np.testing.assert_allclose(np.bincount(drawn.ravel()) / drawn.size, shares, atol=0.01)
    correlation = np.corrcoef(drawn.T) - np.eye(PLACES)
    np.testing.assert_allclose(correlation, 0.0, atol=0.06)


def test_its_draws_are_like_what_it_learned(learned):
    drawn, given = learned.transform(noise(3000, learned.noise_dim)), pairs(3000, seed=5)
    assert drawn.dtype == np.int32
    for place in range(PLACES):
        found, expected = (np.bincount(a[:, place], minlength=K) / 3000 for a in (drawn, given))
        np.testing.assert_allclose(found, expected, atol=0.07)
    assert (drawn[:, :3] == drawn[:, 3:]).mean() > 0.95
    assert (drawn[:, 0] == drawn[:, 2]).mean() < 0.5


def test_draws_do_not_depend_on_how_many_there_are(learned):
    draws = noise(300, learned.noise_dim)
    together = learned.transform(draws)
    np.testing.assert_array_equal(learned.transform(draws[295:]), together[295:])


def test_the_far_ends_of_the_noise_are_tokens(learned):
    for far in (-40.0, 40.0):
        tokens = learned.transform(np.full((2, learned.noise_dim), far))
        assert ((tokens >= 0) & (tokens < K)).all()


def test_arrays_of_a_codebook_without_the_hidden_token_are_refused():
    shapes = transformer.shapes(1, PLACES, 8, 2)
    with pytest.raises(ValueError, match="'code_masked' knows 1 entries at 6 places"):
        sampler().load({name: np.zeros(shape, "float32") for name, shape in shapes.items()})
