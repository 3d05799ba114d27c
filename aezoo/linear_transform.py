"""A linear transform and its inverse."""

import math

import keras
import numpy as np
from keras import ops


class LinearTransform(keras.layers.Layer):
    """Samples to a few numbers and back, by one matrix; orthogonal to begin with.

    Args:
        shape: Shape of a sample.
        size: Numbers that it is mapped to.
    """

    def __init__(self, shape, size):
        super().__init__(name="transform", dtype="float32")
        self.shape, sizes = tuple(shape), (size, math.prod(shape))
        self.kernel = self.add_weight(name="kernel", shape=sizes, initializer="orthogonal")
        self.gain = self.add_weight(name="gain", shape=(size,), initializer="ones")
        self.mean = self.add_weight(name="mean", shape=sizes[1:], initializer="zeros")
        self.built = True

    def analyse(self, x):
        """Returns the numbers, `(n, size)`, of samples `(n, *shape)`."""
        flat = ops.reshape(x, (-1, self.kernel.shape[1])) - self.mean
        return ops.matmul(flat, ops.transpose(self.kernel)) * self.gain

    def synthesise(self, z):
        """Returns the samples of numbers."""
        return ops.reshape(ops.matmul(z, self.kernel) + self.mean, (-1, *self.shape))

    def fit(self, x, unit):
        """Takes the principal components of samples; a number of 1 is `unit` of a sample.

        Returns:
            The standard deviation of each number, `(size,)`.
        """
        flat = x.reshape(len(x), -1).astype("float64")
        found, axes = np.linalg.eigh(np.cov(flat.T))
        rank = min(self.gain.shape[0], len(found))
        kernel, variances = np.zeros(self.kernel.shape), np.zeros(self.gain.shape[0])
        kernel[:rank], variances[:rank] = axes.T[::-1][:rank], found[::-1][:rank]
        self.kernel.assign(kernel * unit)
        self.gain.assign(np.full(len(kernel), unit**-2))
        self.mean.assign(flat.mean(axis=0))
        return np.sqrt(np.maximum(variances, 1e-6)) / unit
