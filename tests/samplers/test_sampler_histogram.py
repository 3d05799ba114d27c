from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aezoo.noise import generator
from aezoo.range_coder import PRECISION
from aezoo.samplers import build
from aezoo.samplers.histogram import STEPS


def codes_of(n, d, seed=0):
    rng = generator(seed)
    return (rng.standard_normal((n, d)) * np.geomspace(3.0, 0.05, d)).astype("float32")


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(0, 5))
def test_tables_count_what_is_rounded(step, seed):
    codes = codes_of(500, 4, seed)
    tables = build("histogram").fit(codes).tables(step)
    rounded = np.floor(codes.astype("float64") * STEPS / step + 0.5).astype(int)
    for column, (first, cumulative) in zip(rounded.T, tables, strict=True):
        frequencies = np.diff(cumulative)
        assert (cumulative[0], cumulative[-1]) == (0, 2**PRECISION)
        assert frequencies.min() >= 1
        assert all(type(value) is int for value in cumulative)
        assert first <= column.min() <= column.max() < first + len(frequencies)
        counted = np.bincount(column - first, minlength=len(frequencies))
        expected = (counted + 1 / 16) / (len(column) + len(frequencies) / 16)
        np.testing.assert_allclose(frequencies / 2**PRECISION, expected, atol=1e-4)


def test_tables_are_the_same_after_a_round_trip():
    sampler = build("histogram").fit(codes_of(300, 5))
    again = build("histogram").load(sampler.arrays())
    assert again.tables(3) == sampler.tables(3)


def test_draws_are_distributed_as_the_codes():
    codes = codes_of(2000, 3)
    sampler = build("histogram").fit(codes)
    drawn = sampler.transform(generator(1).standard_normal((20_000, 3)))
    for quantile in (0.02, 0.25, 0.5, 0.75, 0.98):
        found, expected = (np.quantile(x, quantile, axis=0) for x in (drawn, codes))
        np.testing.assert_allclose(found, expected, atol=0.15)


def test_codes_that_reach_too_far_are_refused():
    with pytest.raises(ValueError, match=r"within 4096 of zero.*2 codes from 0 to 5e\+03"):
        build("histogram").fit(np.array([[0.0], [5000.0]]))


@pytest.mark.parametrize(
    "change",
    [
        {"counts": np.zeros(3)},
        {"counts": np.array([1.0, 0.5, 1.0])},
        {"counts": np.array([1.0, -1.0, 1.0])},
        {"counts": np.ones(4)},
        {"sizes": np.array([2.0, 0.0])},
        {"sizes": np.array([3.0, -2.0])},
        {"sizes": np.array([1.0])},
        {"first": np.array([0.0, 1e9])},
        {"first": np.array([0.0, 0.5])},
        {"first": np.zeros((2, 1))},
        {"extra": np.zeros(1)},
    ],
)
def test_arrays_that_are_no_counts_are_refused(change):
    arrays = {"counts": np.ones(3), "first": np.zeros(2), "sizes": np.array([2.0, 1.0])}
    assert build("histogram").load(arrays).noise_dim == 2
    with pytest.raises(ValueError, match="sampler 'histogram'"):
        build("histogram").load(arrays | change)
