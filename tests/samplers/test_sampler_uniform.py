from __future__ import annotations

import numpy as np
from scipy.stats import norm

from aezoo.samplers.uniform import to_uniform


def test_to_uniform_is_the_normal_distribution_function():
    noise = np.linspace(-30, 30, 2001).reshape(3, -1)
    found = to_uniform(noise)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, norm.cdf(noise), rtol=1e-12)
    np.testing.assert_array_equal(to_uniform([-np.inf, -99.0, 99.0, np.inf]), [0, 0, 1, 1])
    assert to_uniform(np.zeros(())).shape == ()
    assert to_uniform(np.zeros((0, 3), "float32")).shape == (0, 3)
