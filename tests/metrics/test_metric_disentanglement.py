"""mig, sap, dci and factor_score, and the information that they are made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import mutual_info_score

from aezoo.metrics import NotApplicable, dci, factor_score, mig, sap
from aezoo.metrics.information import discretise, entropy, mutual_information

RNG = np.random.default_rng(0)
FACTORS = RNG.integers(0, [2, 3, 4], (800, 3))
ALIGNED = np.concatenate(  # a unit for each factor, and two that say nothing
    [(FACTORS - FACTORS.mean(0)) / FACTORS.std(0), RNG.normal(size=(800, 2))], axis=1
)
ROTATION = np.eye(5)
ROTATION[:3, :3] = (2 - 3 * np.eye(3)) / 3  # every unit takes from every factor
ROTATED = ALIGNED @ ROTATION
NOISE = RNG.normal(size=ALIGNED.shape)


DCI: dict = {}


def part_of_dci(name, codes, factors, **options):
    """One number of dci, whose three are computed once."""
    key = (codes.tobytes(), codes.shape, factors.tobytes(), factors.dtype, *options.items())
    if key not in DCI:
        DCI[key] = dci(codes, factors, **options)
    return DCI[key][name]


def disentanglement(*args, **options):
    return part_of_dci("disentanglement", *args, **options)


def completeness(*args, **options):
    return part_of_dci("completeness", *args, **options)


def informativeness(*args, **options):
    return part_of_dci("informativeness", *args, **options)


# Scores of aligned codes and of noise.
SCORES = {
    mig: (1, 0),
    sap: (np.mean([1 / 2, 2 / 3, 3 / 4]), 0),
    disentanglement: (1, 0),
    completeness: (1, 0),
    informativeness: (1, np.mean([1 / 2, 1 / 3, 1 / 4])),
    factor_score: (1, 1 / 3),
}
METRICS = pytest.mark.parametrize("metric", SCORES, ids=lambda metric: metric.__name__)


@METRICS
def test_aligned_codes_score_best_and_noise_scores_chance(metric):
    best, chance = SCORES[metric]
    assert metric(ALIGNED, FACTORS) == pytest.approx(best, abs=0.03)
    assert metric(NOISE, FACTORS) == pytest.approx(chance, abs=0.06)


@pytest.mark.parametrize("metric", [mig, sap, disentanglement, completeness, factor_score])
def test_rotated_codes_score_less(metric):
    assert metric(ROTATED, FACTORS) < 0.7 * metric(ALIGNED, FACTORS)


@METRICS
def test_scores_fall_as_noise_is_added(metric):
    scores = [metric(ALIGNED + amount * NOISE, FACTORS) for amount in (0, 1, 5)]
    assert scores[0] >= scores[1] > scores[2]  # a little noise leaves votes as they are


@METRICS
def test_scores_do_not_depend_on_the_order_scale_or_shape_of_units(metric):
    score = metric(ROTATED, FACTORS)
    other = 3 * ROTATED[:, [3, 0, 4, 1, 2]] - 7
    trees = metric in (disentanglement, completeness, informativeness)  # break ties at random
    assert metric(other, FACTORS) == pytest.approx(score, abs=0.03 if trees else 1e-9)
    assert metric(ROTATED.reshape(-1, 5, 1), FACTORS) == score


@METRICS
def test_scores_do_not_depend_on_the_names_of_values_or_on_constant_factors(metric):
    score = metric(ROTATED, FACTORS)
    named = np.insert(5 * FACTORS - 8, 1, 3, axis=1)
    assert metric(ROTATED, named) == pytest.approx(score, abs=1e-9)


@METRICS
def test_constant_units_say_nothing(metric):
    _, chance = SCORES[metric]
    assert metric(np.full((800, 4), 0.1), FACTORS) == pytest.approx(chance, abs=0.06)
    assert metric(np.insert(ALIGNED, 0, 0.1, axis=1), FACTORS) == pytest.approx(
        metric(ALIGNED, FACTORS), abs=0.03
    )


@pytest.mark.parametrize("metric", [sap, informativeness, factor_score])
def test_seeds_reproduce(metric):
    few = slice(0, 200)
    first, second, other = (metric(ROTATED[few], FACTORS[few], seed=s) for s in (1, 1, 2))
    assert first == second != other


def test_a_factor_in_two_units_has_no_gap_and_is_not_complete():
    doubled = np.concatenate([ALIGNED[:, :3], ALIGNED[:, :3]], axis=1)
    assert mig(doubled, FACTORS) == pytest.approx(0)
    assert sap(doubled, FACTORS) == pytest.approx(0)
    scores = dci(doubled, FACTORS)
    assert scores["disentanglement"] == pytest.approx(1)
    assert scores["completeness"] == pytest.approx(1 - np.log(2) / np.log(6), abs=0.05)
    assert factor_score(doubled, FACTORS) == 1


def test_a_unit_for_two_factors_is_complete_but_not_disentangled():
    merged = np.stack([FACTORS[:, 1] + 3 * FACTORS[:, 2], FACTORS[:, 0]], axis=1)
    scores = dci(merged, FACTORS)
    assert scores["completeness"] == pytest.approx(1)
    assert scores["informativeness"] == pytest.approx(1)
    weights = np.array([2, 1]) / 3  # the first unit is all that two factors need
    expected = weights @ [1 - np.log(2) / np.log(3), 1]
    assert scores["disentanglement"] == pytest.approx(expected, abs=1e-6)


def test_mig_is_the_gap_of_information_over_entropy():
    codes = ALIGNED[:, :2] + ALIGNED[:, 1:3]
    gaps = []
    for factor in FACTORS.T:
        bins = [np.digitize(u, np.histogram(u, 20)[1][1:-1]) for u in codes.T]
        low, high = sorted(mutual_info_score(b, factor) for b in bins)
        gaps.append((high - low) / scipy_entropy(np.bincount(factor)))
    assert mig(codes, FACTORS) == pytest.approx(np.mean(gaps))


@given(st.integers(0, 2**31), st.integers(1, 200), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_mutual_information_agrees_with_scikit_learn(seed, n, first, second):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, first, n), rng.integers(0, second, n)
    assert mutual_information(a, b) == pytest.approx(mutual_info_score(a, b), abs=1e-9)
    assert mutual_information(a, a) == pytest.approx(entropy(np.bincount(a)))
    assert entropy(np.bincount(a)) == pytest.approx(scipy_entropy(np.bincount(a)), abs=1e-12)


def test_bins_have_equal_widths():
    codes = np.stack([np.linspace(-1, 1, 101), np.full(101, 0.1)], axis=1)
    bins = discretise(codes, bins=4)
    assert np.bincount(bins[:, 0]).tolist() == [25, 25, 25, 26]
    assert not bins[:, 1].any()


@METRICS
def test_what_has_no_score(metric):
    with pytest.raises(NotApplicable, match="At least two factors that vary and two code units"):
        metric(ALIGNED[:, :1], FACTORS)
    with pytest.raises(NotApplicable, match="Received: 1 such factors, 5 units"):
        metric(ALIGNED, FACTORS * [1, 0, 0])
    with pytest.raises(ValueError, match=r"factors must be integers of shape \(800, number"):
        metric(ALIGNED, FACTORS[:-1])
    with pytest.raises(ValueError, match=r"factors.dtype='float64'"):
        metric(ALIGNED, FACTORS / 2)
    with pytest.raises(ValueError, match="codes must be finite"):
        metric(ALIGNED * np.nan, FACTORS)


def test_factor_score_needs_samples_of_every_value():
    with pytest.raises(ValueError, match="at least 10 samples of each value"):
        factor_score(ALIGNED[:20], FACTORS[:20])
