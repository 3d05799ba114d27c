from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from aezoo.noise import generator
from aezoo.samplers import build
from aezoo.samplers.kde import CANDIDATES, likeliest_width


def codes_of(n, d, seed=0):
    rng = generator(seed)
    return (rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 5.0).astype("float32")


def noise(n, sampler, seed=1):
    return generator(seed).standard_normal((n, sampler.noise_dim))


@pytest.mark.parametrize("bandwidth", [None, 0.0, 0.5, 2.0])
def test_draws_have_the_moments_of_the_codes_whatever_the_bandwidth(bandwidth):
    codes = codes_of(300, 3)
    sampler = build({"name": "kde", "bandwidth": bandwidth}).fit(codes)
    drawn = sampler.transform(noise(60_000, sampler))
    scale = np.cov(codes.T).max()
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.03 * scale**0.5)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.03 * scale)


def test_without_bandwidth_draws_are_codes_in_equal_shares():
    codes = codes_of(20, 2)
    sampler = build({"name": "kde", "bandwidth": 0.0}).fit(codes)
    distances = cdist(sampler.transform(noise(20_000, sampler)), codes)
    assert distances.min(axis=1).max() < 1e-4
    shares = np.bincount(distances.argmin(axis=1), minlength=20) / 20_000
    np.testing.assert_allclose(shares, 0.05, atol=0.01)


def test_the_width_is_the_likeliest_of_the_candidates_by_leaving_one_out():
    white = generator(0).standard_normal((80, 2))
    white[:40] = 0.05 * white[:40] + 2.0
    squared = cdist(white, white) ** 2
    np.fill_diagonal(squared, np.inf)
    widths = CANDIDATES * 80 ** (-1 / 6)
    scores = [logsumexp(-0.5 * squared / w**2, axis=1).mean() - 2 * np.log(w) for w in widths]
    assert likeliest_width(white) == pytest.approx(widths[np.argmax(scores)])
    assert 0 < np.argmax(scores) < len(widths) - 1


def test_the_width_of_a_gaussian_is_near_scotts():
    white = generator(0).standard_normal((2000, 4))
    assert likeliest_width(white) == pytest.approx(2000 ** (-1 / 8), rel=0.3)


def test_copies_among_the_codes_do_not_make_the_width_vanish():
    white = np.repeat(generator(0).standard_normal((50, 2)), 2, axis=0)
    assert likeliest_width(white) == pytest.approx(CANDIDATES[0] * 100 ** (-1 / 6))


def test_no_more_codes_are_kept_than_the_limit():
    codes = codes_of(100, 2)
    sampler = build({"name": "kde", "limit": 7}).fit(codes, seed=3)
    kept = sampler.whitening.inverse(sampler.centres)
    assert len(kept) == 7
    assert cdist(kept, codes).min(axis=1).max() < 1e-3
    other = build({"name": "kde", "limit": 7}).fit(codes, seed=4)
    assert not np.array_equal(other.centres, sampler.centres)


def test_the_ends_of_the_noise_choose_a_code():
    sampler = build({"name": "kde", "bandwidth": 0.0}).fit(codes_of(5, 2))
    ends = np.array([[0.0, 0.0, -40.0], [0.0, 0.0, 40.0]])
    expected = sampler.whitening.inverse(sampler.centres[[0, -1]])
    np.testing.assert_allclose(sampler.transform(ends), expected)


def test_too_few_codes_name_the_number_needed():
    with pytest.raises(ValueError, match=r"kde needs at least 2 samples.*Received: 1 samples"):
        build("kde").fit(codes_of(1, 2))


@pytest.mark.parametrize(
    "change",
    [
        {"width": np.array([-1.0])},
        {"width": np.array([np.nan])},
        {"width": np.array([99.0])},
        {"width": np.zeros(2)},
        {"centres": np.zeros((5, 3))},
        {"centres": np.zeros(2)},
        {"centres": np.zeros((0, 2))},
        {"centres": np.zeros(())},
        {"centres": np.full((5, 2), np.inf)},
        {"extra": np.zeros(1)},
    ],
)
def test_arrays_that_are_no_estimate_are_refused(change):
    arrays = build("kde").fit(codes_of(5, 2)).arrays()
    with pytest.raises(ValueError, match="sampler 'kde'"):
        build("kde").load(arrays | change)
