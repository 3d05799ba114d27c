from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.special import expit

from aezoo.noise import generator
from aezoo.samplers import mlp


def random_parameters(sizes, seed=0, prefix=""):
    rng = generator(seed)
    return {name: rng.standard_normal(s) for name, s in mlp.shapes(sizes, prefix).items()}


def test_silu_is_its_formula_and_never_overflows():
    x = np.concatenate([np.linspace(-30, 30, 101), [-1e30, 1e30]])
    np.testing.assert_allclose(mlp.silu(x, np), x * expit(x), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(mlp.silu(x, keras.ops), x * expit(x), rtol=1e-5, atol=1e-5)


def test_a_network_is_its_formula_whatever_computes_it():
    parameters = random_parameters([3, 5, 5, 2], prefix="a.")
    x = generator(1).standard_normal((7, 3))
    kernels = [parameters[f"a.kernel_{layer}"] for layer in range(3)]
    biases = [parameters[f"a.bias_{layer}"] for layer in range(3)]
    first = mlp.silu(x @ kernels[0] + biases[0], np)
    second = first + mlp.silu(first @ kernels[1] + biases[1], np)
    expected = second @ kernels[2] + biases[2]
    found = mlp.apply(parameters, x, np, layers=3, prefix="a.")
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    tensors = {name: array.astype("float32") for name, array in parameters.items()}
    found = mlp.apply(tensors, x.astype("float32"), keras.ops, layers=3, prefix="a.")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-3, atol=1e-4)


def test_masks_cut_connections():
    parameters = random_parameters([3, 4, 2])
    masks = [np.ones((3, 4)), np.ones((4, 2))]
    masks[0][1] = 0.0
    x = generator(1).standard_normal((5, 3))
    changed = x + np.array([0.0, 9.0, 0.0])
    cut = [mlp.apply(parameters, a, np, layers=2, masks=masks) for a in (x, changed)]
    whole = [mlp.apply(parameters, a, np, layers=2) for a in (x, changed)]
    np.testing.assert_array_equal(*cut)
    assert np.abs(whole[0] - whole[1]).min() > 1e-6


@pytest.mark.parametrize("sizes", [[1, 4, 1], [3, 8, 8, 2], [2, 6, 6, 6, 5]])
def test_a_new_network_gives_zero_and_can_learn(sizes):
    parameters = mlp.initialise(sizes, generator(0))
    assert {name: array.shape for name, array in parameters.items()} == mlp.shapes(sizes)
    x = generator(1).standard_normal((9, sizes[0]))
    assert not mlp.apply(parameters, x, np, layers=len(sizes) - 1).any()
    last = len(sizes) - 2
    for layer in range(last):
        assert parameters[f"kernel_{layer}"].std() > 0.1
    assert not parameters[f"kernel_{last}"].any()
