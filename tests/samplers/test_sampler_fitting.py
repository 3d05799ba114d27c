from __future__ import annotations

import random

import numpy as np
import pytest

from aezoo.noise import generator
from aezoo.samplers.fitting import PATIENCE, minimise

CODES = generator(0).standard_normal((400, 2)).astype("float32") + np.float32([3.0, -1.0])
START = {"centre": np.zeros(2, "float32")}
SETTINGS = {"sampler": "mine", "seed": 0, "iterations": 500, "learning_rate": 0.05}


def distance(parameters, codes, ops):
    return ops.sum(ops.square(codes - parameters["centre"]), axis=1)


def test_the_least_loss_is_found():
    found = minimise(distance, START, CODES, **SETTINGS)
    assert found["centre"].dtype == np.float32
    np.testing.assert_allclose(found["centre"], CODES.mean(axis=0), atol=0.1)


def test_a_fit_is_a_function_of_its_seed_and_touches_no_global_state():
    settings = SETTINGS | {"iterations": 100}
    state = random.getstate(), repr(np.random.get_state())
    found = [
        minimise(distance, START, CODES, **settings | {"seed": seed})["centre"]
        for seed in (5, 5, 6)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert (random.getstate(), repr(np.random.get_state())) == state


def test_what_is_learnt_from_is_drawn_anew_and_what_is_held_out_once():
    seen = []

    def draw(codes, rng):
        noise = rng.standard_normal(len(codes)).astype("float32")
        seen.append((codes, noise[0]))
        return codes, noise[:, None]

    def loss(parameters, codes, noise, ops):
        return distance(parameters, codes + 0.0 * noise, ops)

    minimise(loss, START, CODES[:60], draw=draw, **SETTINGS | {"iterations": 300})
    held_out, *looks = [codes for codes, _ in seen]
    assert [len(codes) for codes, _ in seen] == [6, 5400, 5400, 5400]  # 54 in each of 100 batches
    assert len({first for _, first in seen}) == 4
    rest = {tuple(code) for code in looks[0]}
    assert len(rest) == 54
    assert not rest & {tuple(code) for code in held_out}
    counts = np.unique(np.concatenate(looks), axis=0, return_counts=True)[1]
    np.testing.assert_array_equal(counts, 300)


def test_the_best_look_at_held_out_codes_is_kept_and_patience_ends_the_fit():
    drawn = []

    def draw(codes, rng):
        drawn.append(len(codes))
        held_out = len(codes) == 40
        return codes, np.full((len(codes), 1), -1.0 if held_out else 1.0, "float32")

    def loss(parameters, codes, sign, ops):
        return sign[:, 0] * distance(parameters, codes, ops)

    once = minimise(loss, START, CODES, draw=draw, **SETTINGS | {"iterations": 100})
    drawn.clear()
    found = minimise(loss, START, CODES, draw=draw, **SETTINGS | {"iterations": 5000})
    assert 0 < np.abs(found["centre"]).max() < 2 * np.abs(once["centre"]).max()
    assert len(drawn) == 1 + 1 + PATIENCE


def test_a_loss_that_is_not_finite_says_so():
    def broken(parameters, codes, ops):
        return ops.log(distance(parameters, codes, ops) * 0.0 - 1.0)

    with pytest.raises(ValueError, match=r"'mine' diverged: .* is nan. Try a lower learning_rate"):
        minimise(broken, START, CODES, **SETTINGS)
