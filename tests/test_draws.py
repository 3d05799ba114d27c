from __future__ import annotations

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from aezoo import draws

N = 20_000


def draw(name, compiled):
    """Two draws of one seed, one after the other."""
    arguments = {"normal": (), "uniform": (-1.0, 3.0), "integers": (-2, 3)}[name]
    seed = keras.random.SeedGenerator(0)
    function = tf.function(
        lambda: getattr(draws, name)((N,), seed, *arguments), jit_compile=compiled
    )
    return np.asarray(function()), np.asarray(function())


@pytest.mark.parametrize("compiled", [False, True])
def test_normal_numbers_are_normal_and_move_on(compiled):
    first, second = draw("normal", compiled)
    assert first.dtype == np.float32
    assert scipy.stats.kstest(first, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    np.testing.assert_array_equal(draw("normal", compiled)[0], first)


@pytest.mark.parametrize("compiled", [False, True])
def test_uniform_numbers_fill_their_interval_and_move_on(compiled):
    first, second = draw("uniform", compiled)
    assert first.dtype == np.float32
    assert scipy.stats.kstest(first, "uniform", (-1, 4)).pvalue > 1e-3
    assert -1 <= first.min() < first.max() < 3
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


@pytest.mark.parametrize("compiled", [False, True])
def test_integers_are_equally_frequent(compiled):
    first, second = draw("integers", compiled)
    assert first.dtype == np.int32
    values, counts = np.unique(first, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert scipy.stats.chisquare(counts).pvalue > 1e-3
    assert (first != second).any()


def test_a_shape_may_hold_tensors():
    seed = keras.random.SeedGenerator(0)

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def noise(x):
        return draws.normal((keras.ops.shape(x)[0], 2), seed)

    assert noise(tf.zeros((5, 3))).shape == (5, 2)
