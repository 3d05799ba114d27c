from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from aezoo.engines.keras import KerasEngine

X = np.random.default_rng(0).normal(size=(11, 3)).astype("float32")


class Traced:
    """`x @ weight + shift`, counting how often it is traced and with which batch."""

    def __init__(self):
        self.weight = keras.Variable(np.eye(3, dtype="float32"))
        self.batches = []

    def __call__(self, x, shift=0.0):
        self.batches.append(int(x.shape[0]))
        return ops.cast(x, "float32") @ self.weight.value + shift


@pytest.fixture
def function():
    return Traced()


@pytest.fixture
def engine(function):
    return KerasEngine({"run": function}, [function.weight])


@pytest.mark.parametrize(
    ("n", "bucket"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (8, 8), (9, 16), (11, 16)]
)
def test_a_batch_is_padded_to_a_power_of_two_and_cut_back(engine, function, n, bucket):
    np.testing.assert_allclose(engine("run", X[:n]), X[:n], rtol=1e-6)
    assert set(function.batches) == {bucket}


def test_every_size_meets_one_of_few_compiled_functions(engine, function):
    for n in range(1, 12):
        engine("run", X[:n])
    assert engine.compiled == 5
    traced = len(function.batches)
    for n in range(1, 12):
        engine("run", X[:n])
    assert engine.compiled == 5
    assert len(function.batches) == traced


def test_every_dtype_and_shape_has_its_own_function(engine):
    engine("run", X)
    levels = (X > 0).astype("uint8")
    np.testing.assert_array_equal(engine("run", levels), levels)
    assert engine("run", levels).dtype == np.float32
    assert engine.compiled == 2
    engine("run", X[:, None])
    assert engine.compiled == 3


def test_further_inputs_are_padded_with_the_first(engine):
    np.testing.assert_allclose(engine("run", X, X), 2 * X, rtol=1e-6)
    shift = np.arange(11, dtype="float32")[:, None]
    np.testing.assert_allclose(engine("run", X, shift), X + shift, rtol=1e-6)


def test_new_values_of_variables_are_used_without_compiling(engine, function):
    engine("run", X)
    function.weight.assign(3 * np.eye(3))
    np.testing.assert_allclose(engine("run", X), 3 * X, rtol=1e-6)
    assert engine.compiled == 1


def test_the_result_of_a_sample_does_not_depend_on_the_padding(engine):
    whole = engine("run", X)
    for n in range(1, 12):
        np.testing.assert_allclose(engine("run", X[:n]), whole[:n], atol=1e-6)


def test_the_input_is_left_alone(engine):
    before = X.copy()
    engine("run", X)
    np.testing.assert_array_equal(X, before)


def test_it_knows_what_it_has(engine):
    assert engine.has("run")
    assert not engine.has("prior")


def test_what_computes_nothing_gives_a_copy():
    engine = KerasEngine({"prior": lambda noise, condition=None: noise}, [])
    drawn = engine("prior", X)
    np.testing.assert_array_equal(drawn, X)
    assert not np.shares_memory(drawn, X)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a habit of TensorFlow")
def test_a_call_does_not_format_its_inputs_as_text(engine, monkeypatch):
    import tensorflow as tf

    def format_(tensor):
        raise AssertionError("formatted")

    engine("run", X)
    monkeypatch.setattr(type(tf.constant(0)), "__repr__", format_)
    np.testing.assert_allclose(engine("run", X), X, rtol=1e-6)
