import numpy as np
import pytest

from aezoo import evaluation
from aezoo.metrics import active_units


def test_units_are_active_by_the_variance_of_their_mean():
    codes = np.random.default_rng(0).normal(0, [1.0, 0.2, 0.05, 0.0], (4000, 4))
    assert active_units(codes) == 2
    assert active_units(codes, threshold=0.5) == 1
    assert active_units(codes + 100) == 2
    assert active_units(codes.reshape(-1, 2, 2)) == 2


def test_evaluation_counts_with_the_same_function():
    assert evaluation.active_units is active_units


def test_codes_are_checked():
    with pytest.raises(ValueError, match="codes must be finite"):
        active_units(np.full((3, 2), np.nan))
