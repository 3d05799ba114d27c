from __future__ import annotations

import doctest

import numpy as np
import pytest
from skimage import data

import aezoo.damage
from aezoo.damage import damage


@pytest.mark.parametrize("size", [(16, 16), (128, 128), (50, 201)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_seed_is_a_damage_of_a_photo_of_any_size(size, channels):
    photo = np.full((*size, channels), 120, "uint8")
    damaged, mask = damage(photo, seed=4)
    assert (damaged.shape, damaged.dtype) == (photo.shape, np.uint8)
    assert (mask.shape, mask.dtype) == (size, bool)
    again = damage(photo, seed=4)
    np.testing.assert_array_equal(damaged, again[0])
    np.testing.assert_array_equal(mask, again[1])
    assert (damage(photo, seed=5)[0] != damaged).any()
    assert (photo == 120).all()


def test_floats_stay_floats_and_a_generator_draws_many():
    rng = np.random.default_rng(0)
    photo = data.astronaut()[::4, ::4] / 255
    many = [damage(photo, seed=rng) for _ in range(50)]
    assert {damaged.dtype.name for damaged, _ in many} == {"float32"}
    assert all(damaged.min() >= 0 and damaged.max() <= 1 for damaged, _ in many)
    assert 0.02 < np.mean([mask.mean() for _, mask in many]) < 0.1
    assert all(mask.any() for _, mask in many)


def test_the_mask_is_where_the_photo_changes_most():
    inside, outside = [], []
    for seed in range(40):
        damaged, mask = damage(np.full((128, 128, 1), 0.5), seed=seed)
        distance = np.abs(damaged[..., 0] - np.median(damaged[~mask]))
        inside.append(distance[mask].mean())
        outside.append(distance[~mask].mean())
    assert np.mean(inside) > 3 * np.mean(outside)


def test_what_is_no_photo_is_refused():
    with pytest.raises(ValueError, match="photo must be one image"):
        damage(np.zeros((8, 8)))


def test_the_examples_run():
    result = doctest.testmod(aezoo.damage)
    assert (result.failed, result.attempted > 0) == (0, True)
