"""Training samples in an order that is a function of seed and epoch alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np


def shuffled(x: np.ndarray, *, batch_size: int, seed: int) -> Any:
    """Returns batches for one `fit`, from the backend's own pipeline where that is faster.

    Args:
        x: Samples `(n, ...)`.
        batch_size: Samples a batch; an incomplete last batch is left out.
        seed: Seed of the order.

    Returns:
        On TensorFlow a `tf.data.Dataset`, which calls Python once an epoch; elsewhere
        `ShuffledBatches`. The first pass over both, the second, ... give the same batches.
    """
    if keras.backend.backend() != "tensorflow":
        return ShuffledBatches(x, batch_size=batch_size, seed=seed)
    import tensorflow as tf

    steps, samples = len(x) // batch_size, tf.constant(x)
    rows = tf.TensorSpec((steps, batch_size), "int64")
    orders = _orders(len(x), steps, batch_size, seed)
    epochs = tf.data.Dataset.from_generator(lambda: iter([next(orders)]), output_signature=rows)
    batches = epochs.unbatch().map(lambda row: tf.gather(samples, row)).prefetch(4)
    options = tf.data.Options()
    # The end of an epoch waits for the tuner, which sleeps for up to 0.64 seconds.
    options.autotune.enabled = False
    return batches.apply(tf.data.experimental.assert_cardinality(steps)).with_options(options)


def _orders(n: int, steps: int, batch_size: int, seed: int) -> Iterator[np.ndarray]:
    epoch = 0
    while True:
        order = _order(n, seed, epoch)
        yield order[: steps * batch_size].reshape(steps, batch_size)
        epoch += 1


def _order(n: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(n)


class ShuffledBatches(keras.utils.PyDataset):
    """Batches of an array in an order that is a function of seed and epoch alone.

    Args:
        x: Samples `(n, ...)`.
        batch_size: Samples a batch; an incomplete last batch is left out.
        seed: Seed of the order.
    """

    def __init__(self, x: np.ndarray, *, batch_size: int, seed: int):
        super().__init__()
        self._x, self._batch_size, self._seed, self._epoch = x, batch_size, seed, 0
        self._shuffle()

    def __len__(self) -> int:
        """Returns the number of batches in an epoch."""
        return len(self._x) // self._batch_size

    def __getitem__(self, index: int) -> np.ndarray:
        """Returns one batch."""
        start = index * self._batch_size
        return self._x[self._order[start : start + self._batch_size]]

    def on_epoch_end(self) -> None:
        """Draws the next epoch's order."""
        self._epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        self._order = _order(len(self._x), self._seed, self._epoch)
