"""What the normalising flows share: whitening, maximum likelihood, storage."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from aezoo.noise import generator
from aezoo.samplers import mlp
from aezoo.samplers.learned import Learned
from aezoo.schema import Interval

LAYERS = 3
STEEPEST = 3.0
"""Largest logarithm of the factor by which a block stretches a number."""


class Flow(Learned):
    """Base of the flows: blocks of invertible maps between white codes and normal noise.

    A block is a network that gives a shift and a logarithmic scale for each number; a subclass
    says which numbers they may depend on, and which way the block is run.

    Args:
        blocks: Number of blocks.
        units: Units of each of a block's two hidden layers.
        iterations: Largest number of steps of Adam; they end once held-out codes no longer gain.
        learning_rate: Size of the steps at the start; it falls to zero.
    """

    def __init__(
        self,
        *,
        blocks: Annotated[int, Interval(1, 64)] = 5,
        units: Annotated[int, Interval(1, 4096)] = 96,
        iterations: Annotated[int, Interval(1, 10**6)] = 10_000,
        learning_rate: Annotated[float, Interval(1e-6, 1.0)] = 2e-3,
    ):
        self.blocks, self.units = blocks, units
        self.iterations, self.learning_rate = iterations, learning_rate

    def normalise(self, parameters: Any, block: int, x: Any, ops: Any) -> tuple[Any, Any]:
        """Runs one block from codes to noise.

        Args:
            parameters: Name to array.
            block: Index of the block.
            x: Shape `(n, r)`.
            ops: numpy or `keras.ops`.

        Returns:
            What becomes of `x`, and the log determinant of the Jacobian, `(n,)`.
        """
        raise NotImplementedError

    def generate(self, parameters: Any, block: int, z: np.ndarray) -> np.ndarray:
        """Runs one block from noise to codes: the inverse of `normalise`."""
        raise NotImplementedError

    def log_prob(self, codes: np.ndarray) -> np.ndarray:
        """Returns the log density of codes, by the change of variables.

        Where codes are constant along some direction, the density is that within the others.

        Args:
            codes: Shape `(n, d)`.

        Returns:
            Natural logarithms, shape `(n,)`, float64.
        """
        white = self.whitening.forward(codes)
        loss = self._loss(self.parameters, white, np).astype("float64")
        return -loss - self.whitening.log_determinant()

    def _sizes(self, r):
        return [r, self.units, self.units, 2 * r]

    def _shapes(self, r):
        found = {}
        for block in range(self.blocks):
            found |= mlp.shapes(self._sizes(r), f"{block}.")
        return found

    def _learn(self, white, seed):
        from aezoo.samplers.fitting import minimise

        rng, start = generator(seed), {}
        for block in range(self.blocks):
            start |= mlp.initialise(self._sizes(white.shape[1]), rng, f"{block}.")
        return minimise(
            self._loss,
            start,
            white,
            sampler=self.name,
            seed=seed,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
        )

    def _loss(self, parameters, white, ops):
        """Returns the negative log likelihood of white codes, `(n,)`."""
        x, total = white, 0.0
        for block in range(self.blocks):
            x, log_determinant = self.normalise(parameters, block, x, ops)
            total = total + log_determinant
        constant = 0.5 * white.shape[1] * np.log(2 * np.pi)
        return 0.5 * ops.sum(ops.square(x), axis=1) + float(constant) - total

    def _map(self, noise):
        for block in reversed(range(self.blocks)):
            noise = self.generate(self.parameters, block, noise)
        return noise


def shift_and_scale(outputs: Any, ops: Any) -> tuple[Any, Any]:
    """Splits a network's outputs `(n, 2 r)` into shifts and bounded logarithmic scales."""
    half = outputs.shape[1] // 2
    return outputs[:, :half], STEEPEST * ops.tanh(outputs[:, half:] / STEEPEST)
