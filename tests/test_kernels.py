from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.spatial.distance
from keras import ops

from aezoo import kernels, schema

RNG = np.random.default_rng(0)
A = RNG.normal(size=(6, 3)).astype("float32")
B = RNG.normal(size=(4, 3)).astype("float32")
DISTANCES = scipy.spatial.distance.cdist(A, B, "sqeuclidean")


def build(spec):
    return schema.build(spec, kernels.find, "kernel")


def test_the_inverse_multiquadratic_kernel_is_its_formula():
    for scales in ([1.0], [0.1, 3]):
        expected = sum(6 * scale / (6 * scale + DISTANCES) for scale in scales)
        found = build({"name": "imq", "scales": scales})(A, B)
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_gaussian_kernel_is_its_formula():
    for scales in ([1.0], [0.1, 3]):
        expected = sum(np.exp(-DISTANCES / (6 * scale)) for scale in scales)
        found = build({"name": "rbf", "scales": scales})(A, B)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["imq", "rbf"])
def test_kernels_are_symmetric_positive_and_largest_at_the_same_point(name):
    kernel = build(name)
    gram = ops.convert_to_numpy(kernel(A, A))
    np.testing.assert_allclose(gram, gram.T, rtol=1e-5)
    np.testing.assert_allclose(np.diag(gram), len(kernel.scales), rtol=1e-4)
    assert (gram <= len(kernel.scales) * 1.0001).all()
    assert np.linalg.eigvalsh(gram).min() > 0


def test_a_scale_of_one_is_the_expected_distance_of_two_draws():
    draws = RNG.normal(size=(2, 5000, 3))
    assert np.square(draws[0] - draws[1]).sum(axis=1).mean() == pytest.approx(6, rel=0.05)


def test_specs_are_complete_json():
    scales = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert json.loads(json.dumps(build("imq").spec)) == {"name": "imq", "scales": scales}
    assert build("rbf").spec == {"name": "rbf", "scales": [1.0]}


@pytest.mark.parametrize(
    "spec",
    [
        "linear",
        None,
        {"name": "imq", "scales": []},
        {"name": "rbf", "scales": [0]},
        {"name": "imq", "scales": 1},
    ],
)
def test_bad_kernels_are_refused(spec):
    with pytest.raises(ValueError, match="Received"):
        build(spec)
