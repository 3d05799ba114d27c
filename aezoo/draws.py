"""Random tensors inside a model: Keras' own, by a generator that is fast when it is compiled.

The generator that XLA chooses on a CPU takes 50 ms for noise on a batch of 128 images of 28 x 28,
longer than the networks take; Philox takes two.
"""

import keras


def normal(shape, seed):
    """Returns standard normal numbers, float32.

    Args:
        shape: Shape, whole numbers or tensors of them.
        seed: A `keras.random.SeedGenerator`, such as `model.noise`, which moves on.

    Example:
        ```python
        import keras
        from aezoo import draws

        assert draws.normal((2, 3), keras.random.SeedGenerator(0)).shape == (2, 3)
        ```

    Reference:
        [Salmon et al., 2011](https://doi.org/10.1145/2063384.2063405)
    """
    if keras.backend.backend() != "tensorflow":
        return keras.random.normal(shape, seed=seed)
    import tensorflow as tf

    return tf.random.stateless_normal(shape, _key(seed), alg="philox")


def uniform(shape, seed, low=0.0, high=1.0):
    """Returns numbers of `[low, high)`, float32; see `normal`."""
    if keras.backend.backend() != "tensorflow":
        return keras.random.uniform(shape, low, high, seed=seed)
    import tensorflow as tf

    return tf.random.stateless_uniform(shape, _key(seed), low, high, alg="philox")


def integers(shape, seed, low, high):
    """Returns whole numbers of `[low, high)`, int32; see `normal`."""
    if keras.backend.backend() != "tensorflow":
        return keras.random.randint(shape, low, high, seed=seed)
    import tensorflow as tf

    return tf.random.stateless_uniform(shape, _key(seed), low, high, "int32", alg="philox")


def _key(seed):
    return keras.ops.cast(seed.next(), "int32")
