"""The formulas of codebooks, and how a codebook starts, follows and restarts."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from aezoo import quantize

to_numpy = ops.convert_to_numpy


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def codebook(size=4, dim=3, **arguments):
    return quantize.Codebook(size, dim, noise=keras.random.SeedGenerator(0), **arguments)


@given(st.integers(1, 40), st.integers(1, 30), st.integers(1, 9), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_nearest_is_what_brute_force_finds(n, k, d, seed):
    vectors, entries = normal(n, d, seed=seed), normal(k, d, seed=seed + 1)
    found = to_numpy(quantize.nearest(vectors, entries))
    distances = np.linalg.norm(vectors[:, None].astype("float64") - entries, axis=-1)
    assert found.dtype == np.int32
    np.testing.assert_allclose(distances[np.arange(n), found], distances.min(axis=1), atol=1e-5)


def test_nearest_keeps_the_places_and_prefers_the_lowest():
    entries = np.array([[9.0, 9.0], [1.0, 0.0], [1.0, 0.0]], "float32")
    vectors = np.array([[[[1.0, 0.1]], [[8.0, 9.0]]]], "float32")
    assert to_numpy(quantize.nearest(vectors, entries)).tolist() == [[[1], [0]]]


def test_straight_through_gives_the_entry_and_the_gradient_of_the_identity():
    import tensorflow as tf

    vectors, entries = tf.constant(normal(5, 3)), tf.constant(normal(5, 3, seed=1))
    weights = normal(5, 3, seed=2)
    with tf.GradientTape() as tape:
        tape.watch([vectors, entries])
        found = quantize.straight_through(vectors, entries)
        loss = ops.sum(found * weights)
    np.testing.assert_allclose(found, entries, atol=1e-6)
    gradients = tape.gradient(loss, [vectors, entries])
    np.testing.assert_array_equal(gradients[0], weights)
    assert gradients[1] is None


def test_means_keep_what_has_no_vectors():
    sums, otherwise, counts = normal(3, 2), normal(3, 2, seed=1), np.array([3.0, 0.0, 0.01], "f")
    found = to_numpy(quantize.means(sums, counts, otherwise))
    np.testing.assert_allclose(found[[0, 2]], sums[[0, 2]] / counts[[0, 2], None], rtol=1e-5)
    np.testing.assert_array_equal(found[1], otherwise[1])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([3.0] * 8, 8.0), ([0.0, 5.0, 0.0], 1.0), ([1.0, 1.0, 0.0], 2.0), ([0.0, 0.0], 1.0)],
)
def test_perplexity_counts_entries_of_equal_use(counts, expected):
    found = quantize.perplexity(np.array(counts, "float32"))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_perplexity_is_the_exponential_of_the_entropy():
    from scipy.stats import entropy

    counts = np.array([1.0, 7.0, 2.0, 30.0], "float32")
    expected = np.exp(entropy(counts))
    assert float(quantize.perplexity(counts)) == pytest.approx(expected, rel=1e-5)


def test_distance_sums_over_the_vector_and_averages_over_the_places():
    a, b = normal(3, 2, 5, 4), normal(3, 2, 5, 4, seed=1)
    expected = ((a - b) ** 2).sum(-1).mean((1, 2))
    np.testing.assert_allclose(quantize.distance(a, b), expected, rtol=1e-5)
    found = quantize.distance(a[:, 0, 0], b[:, 0, 0])
    np.testing.assert_allclose(found, ((a - b)[:, 0, 0] ** 2).sum(-1), rtol=1e-5)


@pytest.mark.parametrize("learned", ["ema", "gradient"])
def test_entries_start_as_different_vectors_of_the_first_batch(learned):
    book, vectors = codebook(learned=learned), normal(50, 3)
    _, quantised = book(vectors, training=True)
    used = np.unique(to_numpy(quantised), axis=0)
    assert len(used) == 4
    assert {tuple(row) for row in used} <= {tuple(row) for row in vectors}


def test_a_batch_too_small_starts_a_part_of_the_entries():
    book, first, second = codebook(size=6, restart=0.0), normal(4, 3), 99.0 + normal(4, 3)
    for rows, started in ((first, 4), (second, 6)):
        book(rows, training=True)
        assert (to_numpy(book.counts) > 0).sum() == started
    found = to_numpy(book.vectors())
    np.testing.assert_allclose(found[:4], first[quantize.nearest(found[:4], first)], atol=1e-5)
    assert (found[4:] > 50.0).all()


def test_a_step_is_the_recursion_of_the_moving_averages():
    book = codebook(decay=0.9, restart=0.0)
    first, second = normal(40, 3), normal(40, 3, seed=1)
    book(first, training=True)
    counts, sums, entries = (to_numpy(v) for v in (book.counts, book.sums, book.entries))
    tokens, quantised = (to_numpy(v) for v in book(second, training=True))
    np.testing.assert_array_equal(tokens, to_numpy(quantize.nearest(second, entries)))
    np.testing.assert_array_equal(quantised, entries[tokens])
    member = np.eye(4)[tokens]
    counts = 0.9 * counts + 0.1 * member.sum(0)
    sums = 0.9 * sums + 0.1 * member.T @ second
    np.testing.assert_allclose(to_numpy(book.counts), counts, rtol=1e-5)
    np.testing.assert_allclose(to_numpy(book.sums), sums, rtol=1e-4, atol=1e-5)
    expected = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1e-12)[:, None], entries)
    np.testing.assert_allclose(to_numpy(book.vectors()), expected, rtol=1e-4, atol=1e-5)


def test_moving_averages_converge_to_the_centres_of_clusters():
    centres = np.array([[-5.0, 0.0], [5.0, 0.0], [0.0, 9.0], [0.0, -9.0]])
    rng = np.random.default_rng(0)
    book = codebook(size=4, dim=2, decay=0.9, restart=0.1)
    for _ in range(150):
        batch = centres[rng.integers(4, size=64)] + 0.3 * rng.standard_normal((64, 2))
        book(batch.astype("float32"), training=True)
    found = to_numpy(book.vectors())
    assert np.linalg.norm(centres[:, None] - found, axis=-1).min(axis=1).max() < 0.2


@pytest.mark.parametrize("learned", ["ema", "gradient"])
def test_an_entry_out_of_use_is_restarted_and_others_are_kept(learned):
    book = codebook(learned=learned, decay=0.5)
    book(normal(40, 3), training=True)
    far = 100.0 + normal(40, 3, seed=1)
    for _ in range(12):
        book(far, training=True)
    assert (to_numpy(book.vectors()) > 50.0).all()
    never = codebook(learned=learned, decay=0.5, restart=0.0)
    never(normal(40, 3), training=True)
    for _ in range(12):
        never(far, training=True)
    assert (to_numpy(never.vectors()) < 50.0).any()


def test_without_training_nothing_is_learned():
    book = codebook()
    before = [to_numpy(v) for v in book.variables]
    tokens, quantised = book(normal(2, 5, 7, 3))
    assert tokens.shape == (2, 5, 7)
    assert quantised.shape == (2, 5, 7, 3)
    after = [to_numpy(v) for v in book.variables]
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))


def test_code_usage_is_that_of_all_batches():
    metric = quantize.CodeUsage(8)
    for tokens in ([[0, 1], [1, 0]], [[2, 3], [3, 2]]):
        metric.update_state(np.array(tokens, "int32"))
    found = metric.result()
    assert float(found["usage"]) == 0.5
    assert float(found["perplexity"]) == pytest.approx(4.0, rel=1e-5)
    metric.reset_state()
    assert float(metric.result()["usage"]) == 0.0
