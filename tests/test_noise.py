import numpy as np
import pytest

from aezoo.noise import generator


def test_the_bits_of_a_seed_never_change():
    assert generator(0).bit_generator.random_raw() == 259491006799949737


def test_a_seed_gives_the_same_draws():
    np.testing.assert_array_equal(
        generator(3).normal(size=9), generator(np.int64(3)).normal(size=9)
    )


def test_seeds_and_entropy_differ():
    draws = [generator(seed).random() for seed in (0, 1, 2**80, None, None)]
    assert len(set(draws)) == len(draws)


def test_numpys_global_state_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    generator(5).normal(size=100)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True, [1], np.nan])
def test_other_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=r"seed must be None or an integer.*Received: seed="):
        generator(seed)
