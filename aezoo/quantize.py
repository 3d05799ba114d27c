"""Codebooks: the nearest entry, its gradient, how entries follow the codes, and their use.

`n` is the number of vectors, `d` their size and `k` the number of entries. Indices are int32.
"""

from typing import Literal

import keras
from keras import ops

from aezoo import draws

LEAST = 1e-12
"""Usage from which on an entry has a mean."""


def nearest(vectors, entries):
    """Returns the index of the entry nearest to each vector, by Euclidean distance.

    Args:
        vectors: Shape `(..., d)`.
        entries: Shape `(k, d)`.

    Returns:
        Indices `(...)`, int32, from 0 to `k - 1`; the lowest where several are nearest.
    """
    products = ops.matmul(vectors, ops.transpose(entries))
    # The vector's own square is the same for all entries.
    distances = ops.sum(ops.square(entries), axis=-1) - 2.0 * products
    return ops.cast(ops.argmin(distances, axis=-1), "int32")


def straight_through(vectors, quantised):
    """Returns `quantised`, with the gradient of the identity with respect to `vectors`.

    Reference:
        [Bengio et al., 2013](https://arxiv.org/abs/1308.3432)
    """
    return vectors + ops.stop_gradient(quantised - vectors)


def moving_average(average, value, decay):
    """Returns `decay * average + (1 - decay) * value`."""
    return decay * average + (1.0 - decay) * value


def means(sums, counts, otherwise):
    """Returns the mean of the vectors of each entry, `sums_i / counts_i`, shape `(k, d)`.

    Args:
        sums: Sum of the vectors of each entry, `(k, d)`.
        counts: Number of the vectors of each entry, `(k,)`.
        otherwise: What stands for the mean of no vectors, `(k, d)`.
    """
    counts = ops.expand_dims(counts, -1)
    return ops.where(counts > LEAST, sums / ops.maximum(counts, LEAST), otherwise)


def perplexity(counts):
    """Returns the exponential of the entropy of relative frequencies, from 1 to `k`.

    Args:
        counts: How often each entry was used, `(k,)`; 0 in all gives 1.
    """
    share = counts / ops.maximum(ops.sum(counts), 1.0)
    return ops.exp(-ops.sum(share * ops.log(ops.maximum(share, 1e-30))))


def distance(a, b):
    """Returns the squared Euclidean distance of vectors `(n, ..., d)`, a mean a sample, `(n,)`."""
    distances = ops.sum(ops.square(a - b), axis=-1)
    return ops.mean(ops.reshape(distances, (ops.shape(a)[0], -1)), axis=-1)


class Codebook(keras.layers.Layer):
    """Vectors that others are replaced by, learned from these others.

    Entries start as vectors of the first batches. Those that fall out of use are restarted as
    vectors of the current batch.

    Args:
        size: Number of entries, `k`.
        dim: Size of a vector, `d`.
        learned: `"ema"`: entries are exponential moving averages of the vectors that they stand
            for; `"gradient"`: they follow the gradient of a term of the objective.
        decay: Decay of the moving averages.
        restart: Share of the mean usage below which an entry is restarted; 0 to only start.
        noise: `keras.random.SeedGenerator` of the choice of vectors.

    Reference:
        [van den Oord et al., 2017](https://arxiv.org/abs/1711.00937), appendix A.1;
        [Dhariwal et al., 2020](https://arxiv.org/abs/2005.00341) for restarts
    """

    def __init__(
        self,
        size: int,
        dim: int,
        *,
        learned: Literal["ema", "gradient"] = "ema",
        decay: float = 0.99,
        restart: float = 0.1,
        noise,
    ):
        super().__init__(name="codebook", dtype="float32")
        self.decay, self.restart, self.noise = decay, restart, noise
        self.entries = self._state("entries", (size, dim), "random_normal")
        self.counts = self._state("counts", (size,), "zeros")
        # Gradients reach an offset, because in training Keras lets no layer assign what they reach.
        self.offset = self.sums = None
        if learned == "gradient":
            self.offset = self.add_weight(name="offset", shape=(size, dim), initializer="zeros")
        else:
            self.sums = self._state("sums", (size, dim), "zeros")
        self.built = True

    def vectors(self):
        """Returns the entries, `(k, d)`."""
        entries = ops.convert_to_tensor(self.entries)
        return entries if self.offset is None else entries + self.offset

    def embed(self, tokens):
        """Returns the entries of indices `(...)`, shape `(..., d)`."""
        return ops.take(self.vectors(), tokens, axis=0)

    def tokens(self, vectors):
        """Returns the indices of the entries nearest to vectors `(..., d)`, int32 `(...)`."""
        return nearest(vectors, self.vectors())

    def call(self, vectors, training=False):
        """Quantises vectors; in training, entries start, follow and restart.

        Args:
            vectors: Shape `(..., d)`, float32.
            training: Whether to learn from them.

        Returns:
            Indices `(...)` and the entries that they stand for, `(..., d)`.
        """
        if not training:
            tokens = self.tokens(vectors)
            return tokens, self.embed(tokens)
        rows = ops.stop_gradient(ops.reshape(vectors, (-1, vectors.shape[-1])))
        self._revive(rows)
        tokens = self.tokens(vectors)
        quantised = self.embed(tokens)
        self._follow(rows, ops.reshape(tokens, (-1,)))
        return tokens, quantised

    def _revive(self, rows):
        """Replaces entries out of use by different rows, as far as there are enough."""
        size, n = self.counts.shape[0], ops.shape(rows)[0]
        least = self.restart * ops.cast(n, "float32") / size
        dead = self.counts <= least
        rank = ops.cumsum(ops.cast(dead, "int32")) - 1
        dead = ops.logical_and(dead, rank < n)
        order = ops.argsort(draws.uniform((n,), self.noise))
        chosen = ops.take(rows, ops.take(order, ops.clip(rank, 0, n - 1)), axis=0)
        column = ops.expand_dims(dead, -1)
        # Only just alive: an entry that the next batch does not use gives way to another vector.
        _replace(self.counts, dead, least)
        if self.offset is None:
            _replace(self.sums, column, least * chosen)
        else:
            chosen = chosen - ops.stop_gradient(ops.convert_to_tensor(self.offset))
        _replace(self.entries, column, chosen)

    def _follow(self, rows, tokens):
        member = ops.one_hot(tokens, self.counts.shape[0], dtype="float32")
        self.counts.assign(moving_average(self.counts, ops.sum(member, axis=0), self.decay))
        if self.sums is not None:
            sums = ops.matmul(ops.transpose(member), rows)
            self.sums.assign(moving_average(self.sums, sums, self.decay))
            state = (self.sums, self.counts, self.entries)
            self.entries.assign(means(*(ops.convert_to_tensor(variable) for variable in state)))

    def _state(self, name, shape, initializer):
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=False, aggregation="mean"
        )


def _replace(variable, where, values):
    variable.assign(ops.where(where, values, ops.convert_to_tensor(variable)))


class CodeUsage(keras.metrics.Metric):
    """Share of the entries that were used since the last reset, and their perplexity.

    Args:
        size: Number of entries.
        **kwargs: See `keras.metrics.Metric`.
    """

    def __init__(self, size, name="code_usage", **kwargs):
        super().__init__(name=name, **kwargs)
        self.counts = self.add_variable((size,), initializer="zeros", name="counts")

    def update_state(self, tokens):
        """Takes indices of any shape."""
        tokens = ops.reshape(tokens, (-1,))
        member = ops.one_hot(tokens, self.counts.shape[0], dtype="float32")
        self.counts.assign(self.counts + ops.sum(member, axis=0))

    def result(self):
        """Returns `usage`, in [0, 1], and `perplexity`, from 1 to the number of entries."""
        used = ops.mean(ops.cast(self.counts > 0, "float32"))
        return {"usage": used, "perplexity": perplexity(self.counts)}
