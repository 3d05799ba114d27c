from __future__ import annotations

import random

import numpy as np
import pytest

from aezoo.noise import generator
from aezoo.samplers.fitting import minimise

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
    assert [len(codes) for codes, _ in seen] == [20, 4000, 4000, 4000]  # 40 in each of 100 batches
    assert len({first for _, first in seen}) == 4
    rest = {tuple(code) for code in looks[0]}
    assert len(rest) == 40
    assert not rest & {tuple(code) for code in held_out}
    counts = np.unique(np.concatenate(looks), axis=0, return_counts=True)[1]
    np.testing.assert_array_equal(counts, 300)


def test_the_best_look_at_held_out_codes_is_kept_and_patience_ends_the_fit():
    """Held-out codes are one step further on than those that are learnt from."""
    drawn = []

    def draw(codes, rng):
        drawn.append(len(codes))
        return (np.full((len(codes), 1), 0.1 if len(codes) == 40 else 1.0, "float32"),)

    found = minimise(
        distance,
        START,
        CODES,
        draw=draw,
        **SETTINGS | {"iterations": 5000, "learning_rate": 1e-3},
    )
    np.testing.assert_allclose(found["centre"], 0.1, atol=0.07)
    assert len(drawn) < 1 + 20


@pytest.mark.parametrize("seed", range(5))
def test_what_chance_explains_is_not_learnt(seed):
    codes = generator(100 + seed).standard_normal((100, 2)).astype("float32")
    found = minimise(distance, START, codes, **SETTINGS | {"seed": seed})
    assert found is START


def test_a_loss_that_is_not_finite_says_so():
    def broken(parameters, codes, ops):
        return ops.log(distance(parameters, codes, ops) * 0.0 - 1.0)

    with pytest.raises(
        ValueError, match=r"'mine' diverged: .* not finite. Try a lower learning_rate"
    ):
        minimise(broken, START, CODES, **SETTINGS)
