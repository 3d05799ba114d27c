"""code_usage and code_perplexity."""

import numpy as np
import pytest

from aezoo.metrics import code_perplexity, code_usage

METRICS = {"code_usage": code_usage, "code_perplexity": code_perplexity}


def test_usage_is_the_share_of_entries_seen():
    assert code_usage([[0, 5], [5, 9]], codebook_size=12) == 0.25
    assert code_usage(np.arange(512).reshape(2, 16, 16), codebook_size=512) == 1


@pytest.mark.parametrize("used", [1, 3, 64])
def test_entries_used_equally_often_count_in_full(used):
    tokens = np.tile(np.arange(used), 7).reshape(7, used)
    assert code_perplexity(tokens, codebook_size=64) == pytest.approx(used)


def test_perplexity_is_the_exponential_of_the_entropy():
    shares = np.array([0.5, 0.25, 0.25])
    tokens = np.repeat([0, 1, 2], [4, 2, 2]).reshape(4, 2)
    expected = np.exp(-(shares * np.log(shares)).sum())
    assert code_perplexity(tokens, codebook_size=10) == pytest.approx(expected)


def test_a_codebook_that_collapses_scores_less():
    tokens = np.random.default_rng(0).integers(0, 64, (100, 4, 4))
    versions = [np.minimum(tokens, highest) for highest in (63, 31, 7, 0)]
    for metric in METRICS.values():
        scores = [metric(version, codebook_size=64) for version in versions]
        assert scores == sorted(set(scores), reverse=True)
        assert metric(63 - tokens, codebook_size=64) == pytest.approx(scores[0])


@pytest.mark.parametrize("name", METRICS)
def test_tokens_are_checked(name):
    with pytest.raises(ValueError, match="from 0 to 3"):
        METRICS[name]([[0, 4]], codebook_size=4)
    with pytest.raises(ValueError, match="tokens must be integers"):
        METRICS[name]([[0.5]], codebook_size=4)
