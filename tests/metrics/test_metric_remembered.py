import numpy as np
import pytest

from aezoo.metrics.remembered import RESULTS, remembered


@pytest.fixture
def counted():
    calls = []

    @remembered
    def double(x, factor=2):
        calls.append(len(x))
        return x * factor

    return double, calls


def test_equal_arrays_are_computed_once(counted):
    double, calls = counted
    x = np.arange(6.0)
    first = double(x)
    assert double(x.copy()) is first
    assert double(np.arange(12.0)[::2] / 2) is first
    np.testing.assert_array_equal(double(x, factor=3), 3 * x)
    assert len(calls) == 2


def test_what_differs_is_computed_again(counted):
    double, calls = counted
    x = np.arange(6.0)
    variants = [x, x.astype("float32"), x.reshape(2, 3), x + 1]
    for variant in variants:
        np.testing.assert_array_equal(double(variant), 2 * variant)
    x[0] = 5.0
    assert double(x)[0] == 10.0
    assert len(calls) == 5


def test_old_results_are_forgotten_and_none_can_be_changed(counted):
    double, calls = counted
    for size in range(1, RESULTS + 2):
        double(np.zeros(size))
    double(np.zeros(2))
    assert len(calls) == RESULTS + 1
    double(np.zeros(1))
    assert len(calls) == RESULTS + 2
    with pytest.raises(ValueError, match="read-only"):
        double(np.zeros(1))[0] = 1
