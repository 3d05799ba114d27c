from __future__ import annotations

import doctest

import numpy as np
import pytest

from aezoo import masks


@pytest.mark.parametrize("kind", masks.MASKS)
@pytest.mark.parametrize("size", [(8, 8), (28, 28), (40, 300), (257, 64)])
def test_a_seed_is_a_mask_with_a_hole_and_a_rest(kind, size):
    for seed in range(5):
        mask = masks.draw(kind, *size, seed=seed)
        assert (mask.shape, mask.dtype) == (size, bool)
        assert mask.any()
        assert not mask.all()
        np.testing.assert_array_equal(mask, masks.draw(kind, *size, seed=seed))
    assert kind == "centre" or (mask != masks.draw(kind, *size, seed=99)).any()


@pytest.mark.parametrize(
    ("kind", "share"),
    [("scratches", 0.070), ("stains", 0.079), ("random_half", 0.5), ("centre", 0.25)],
)
def test_shares_are_those_of_the_protocol(kind, share):
    rng = np.random.default_rng(0)
    shares = [masks.draw(kind, 128, 128, seed=rng).mean() for _ in range(200)]
    assert np.mean(shares) == pytest.approx(share, rel=0.06)


def test_strokes_grow_with_the_image():
    rng = np.random.default_rng(0)
    for kind in ("scratches", "stains"):
        small, large = (
            np.mean([masks.draw(kind, side, side, seed=rng).mean() for _ in range(100)])
            for side in (128, 512)
        )
        assert small == pytest.approx(large, rel=0.2)


@pytest.mark.parametrize(
    "mask",
    [
        np.array([[False, True, True]]),
        np.array([[[False], [True], [True]]]),
        np.array([[0, 200, 255]], "uint8"),
        np.array([[0, 1, 1]], "uint8"),
        np.array([[0, 1, 1]]),
        np.array([[0.4, 0.6, 1.0]]),
    ],
)
def test_masks_of_all_kinds_are_understood(mask):
    assert masks.check(mask, (1, 3)).tolist() == [[False, True, True]]


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.zeros((3, 1), bool), r"width of the image, \(1, 3\)"),
        (np.zeros((1, 3, 3), bool), "width of the image"),
        (np.zeros((1, 3), bool), "empty"),
        (np.zeros((1, 3), "uint8"), "empty"),
        (np.ones((1, 3), bool), "full"),
        (np.full((1, 3), 255, "uint8"), "full"),
        (np.array([[0.0, 2.0, 0.0]]), "booleans"),
        (np.array([[0.0, np.nan, 0.0]]), "booleans"),
        (np.array([["a", "b", "c"]]), "booleans"),
    ],
)
def test_other_masks_are_refused(mask, reason):
    with pytest.raises(ValueError, match=reason):
        masks.check(mask, (1, 3))


def test_unknown_kinds_are_refused():
    with pytest.raises(LookupError, match="scratches, stains"):
        masks.draw("holes", 8, 8)


def test_the_examples_run():
    result = doctest.testmod(masks)
    assert (result.failed, result.attempted > 0) == (0, True)
