from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from aezoo import kl_penalties, schema

KL = np.random.default_rng(0).gamma(1.0, 1.0, (8, 4)).astype("float32") * [0.1, 1, 2, 0]
KL = KL.astype("float32")


def build(name, **arguments):
    return schema.build({"name": name, **arguments}, kl_penalties.find, "kl_penalty")


def penalty(built, training=False):
    return ops.convert_to_numpy(built.penalty(KL, training=training)).astype("float64")


@pytest.mark.parametrize("nats", [0.0, 0.5, 1.5, 100])
def test_free_bits_is_the_larger_of_allowance_and_mean_summed_over_units(nats):
    found = penalty(build("free_bits", nats=nats))
    assert found.shape == (8,)
    expected = np.maximum(KL.mean(axis=0, dtype="float64"), nats).sum()
    assert found.mean() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["free_bits", "warm_up", "capacity"])
def test_codes_on_a_grid_pay_as_vectors_do(name):
    grid = build(name).penalty(KL.reshape(8, 2, 2), training=False)
    np.testing.assert_allclose(grid, penalty(build(name)), rtol=1e-5)


def test_free_bits_pull_only_at_units_above_the_allowance():
    kl = tf.constant(KL)
    with tf.GradientTape() as tape:
        tape.watch(kl)
        loss = tf.reduce_mean(build("free_bits", nats=0.5).penalty(kl))
    expected = np.where(KL.mean(axis=0) > 0.5, 1 / 8, 0) * np.ones_like(KL)
    np.testing.assert_allclose(tape.gradient(loss, kl), expected, atol=1e-7)


def test_warm_up_raises_the_weight_from_0_to_1():
    built, kl = build("warm_up", steps=4), KL.sum(axis=1)
    for level in (0, 0.25, 0.5, 0.75, 1, 1):
        np.testing.assert_allclose(penalty(built), level * kl, rtol=1e-5)
        np.testing.assert_allclose(penalty(built, training=True), level * kl, rtol=1e-5)


def test_capacity_is_the_distance_from_a_rising_target():
    built, kl = build("capacity", nats=3.0, steps=2), KL.sum(axis=1)
    for level in (0, 0.5, 1, 1):
        expected = np.abs(kl - 3.0 * level)
        np.testing.assert_allclose(penalty(built, training=True), expected, rtol=1e-5)


def test_the_number_of_steps_is_the_only_state_and_stops_at_the_end():
    built = build("warm_up", steps=3)
    for _ in range(5):
        penalty(built, training=True)
    assert [float(ops.convert_to_numpy(w)) for w in built.weights] == [3.0]
    assert built.trainable_weights == []


def test_specs_are_complete_json():
    specs = [build(name).spec for name in ("free_bits", "warm_up", "capacity")]
    assert json.loads(json.dumps(specs)) == [
        {"name": "free_bits", "nats": 0.25},
        {"name": "warm_up", "steps": 1000},
        {"name": "capacity", "nats": 25.0, "steps": 100_000},
    ]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("free_bits", {"nats": -1}),
        ("free_bits", {"steps": 3}),
        ("warm_up", {"steps": 0}),
        ("warm_up", {"steps": 0.5}),
        ("capacity", {"nats": float("nan")}),
        ("annealing", {}),
    ],
)
def test_bad_penalties_are_refused(name, arguments):
    with pytest.raises(ValueError, match="Received"):
        build(name, **arguments)
