"""Blocks in which each number is shifted and scaled by a network of those before it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from aezoo.samplers import mlp
from aezoo.samplers.flow import LAYERS, Flow, shift_and_scale


class Autoregressive(Flow):
    """Base of the autoregressive flows: a block, run in one pass or number by number.

    The network is masked (MADE): numbers and hidden units have degrees, and depend on lower ones
    only. Every second block counts from the other end.

    Reference:
        [Germain et al., 2015](https://arxiv.org/abs/1502.03509)
    """

    def parallel(self, parameters: Any, block: int, u: Any, ops: Any) -> tuple[Any, Any]:
        """Maps `u` to `(u - shift(u)) / scale(u)` in one pass.

        Args:
            parameters: Name to array.
            block: Index of the block.
            u: Shape `(n, r)`.
            ops: numpy or `keras.ops`.

        Returns:
            The result, and the log determinant of the Jacobian, `(n,)`.
        """
        outputs = mlp.apply(
            parameters,
            u,
            ops,
            layers=LAYERS,
            prefix=f"{block}.",
            masks=masks(u.shape[1], self.units, block),
        )
        shift, log_scale = shift_and_scale(outputs, ops)
        return (u - shift) * ops.exp(-log_scale), -ops.sum(log_scale, axis=1)

    def sequential(self, parameters: Any, block: int, v: Any, ops: Any) -> tuple[Any, Any]:
        """Inverts `parallel`, number by number.

        A hidden unit is computed once, as soon as all that it depends on is known, so that all
        steps together cost what one pass costs.

        Args:
            parameters: Name to array.
            block: Index of the block.
            v: Shape `(n, r)`.
            ops: numpy or `keras.ops`.

        Returns:
            The result, and the log determinant of the Jacobian, `(n,)`.
        """
        r = v.shape[1]
        of_number, of_unit = degrees(r, self.units, block)
        order = np.argsort(of_number)
        known = np.searchsorted(of_unit, np.arange(r + 1), side="right")
        kernels = [parameters[f"{block}.kernel_{layer}"] for layer in range(LAYERS)]
        biases = [parameters[f"{block}.bias_{layer}"] for layer in range(LAYERS)]
        kernels[0] = ops.take(kernels[0], order, axis=0)
        kernels[2], biases[2] = (
            ops.reshape(ops.transpose(ops.reshape(array, (-1, 2, r)), (2, 0, 1)), (r, -1, 2))
            for array in (kernels[2], biases[2])
        )
        numbers: list[Any] = []
        first: list[Any] = []
        second: list[Any] = []
        log_determinant = ops.zeros_like(v[:, 0])
        for step, column in enumerate(order):
            outputs = biases[2][column]
            if second:
                hidden = ops.concatenate(second, axis=1)
                outputs = outputs + ops.matmul(hidden, kernels[2][column, : known[step]])
            shift, log_scale = shift_and_scale(outputs, ops)
            numbers.append(v[:, column : column + 1] * ops.exp(log_scale) + shift)
            log_determinant = log_determinant + log_scale[:, 0]
            units = slice(known[step], known[step + 1])
            if units.start < units.stop:
                x = ops.concatenate(numbers, axis=1)
                x = ops.matmul(x, kernels[0][: step + 1, units]) + biases[0][units]
                first.append(mlp.silu(x, ops))
                x = ops.matmul(ops.concatenate(first, axis=1), kernels[1][: units.stop, units])
                second.append(first[-1] + mlp.silu(x + biases[1][units], ops))
        u = ops.concatenate([numbers[step] for step in np.argsort(order)], axis=1)
        return u, log_determinant


def degrees(r: int, units: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the degrees of the numbers, 1 to `r`, and of the hidden units, rising."""
    of_number = np.arange(1, r + 1)
    of_unit = 1 + np.arange(units) * max(r - 1, 1) // units
    return of_number[::-1] if block % 2 else of_number, of_unit


@functools.lru_cache(maxsize=64)
def masks(r: int, units: int, block: int) -> tuple[np.ndarray, ...]:
    """Returns which inputs each unit of the three layers may depend on, as zeros and ones."""
    of_number, of_unit = degrees(r, units, block)
    kept = (
        of_number[:, None] <= of_unit,
        of_unit[:, None] <= of_unit,
        of_unit[:, None] < np.tile(of_number, 2),
    )
    return tuple(mask.astype("float32") for mask in kept)
