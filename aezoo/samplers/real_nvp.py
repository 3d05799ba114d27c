"""A flow of affine couplings."""

import numpy as np

from aezoo.samplers import mlp
from aezoo.samplers.flow import LAYERS, Flow, shift_and_scale


class RealNVP(Flow):
    """Flow of affine couplings: half of the numbers shift and scale the other half.

    Both directions take one pass.

    Args:
        blocks: Number of couplings.
        units: Units of each of a coupling's two hidden layers.
        iterations: Largest number of steps of Adam; they end once held-out codes no longer gain.
        learning_rate: Size of the steps at the start; it falls to zero.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("real_nvp", aezoo.data.load("digits").x, iterations=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Dinh et al., 2017](https://arxiv.org/abs/1605.08803)
    """

    name = "real_nvp"

    def normalise(self, parameters, block, x, ops):
        """Runs one coupling from codes to noise."""
        shift, log_scale = self._coupling(parameters, block, x, ops)
        return (x - shift) * ops.exp(-log_scale), -ops.sum(log_scale, axis=1)

    def generate(self, parameters, block, z):
        """Runs one coupling from noise to codes."""
        shift, log_scale = self._coupling(parameters, block, z, np)
        return z * np.exp(log_scale) + shift

    def _coupling(self, parameters, block, x, ops):
        kept = halves(x.shape[1], block)
        outputs = mlp.apply(parameters, x * kept, ops, layers=LAYERS, prefix=f"{block}.")
        return shift_and_scale(outputs * np.tile(1.0 - kept, 2), ops)


def halves(r: int, block: int) -> np.ndarray:
    """Returns ones where a coupling leaves numbers as they are, zeros elsewhere.

    The numbers are split by one binary digit of their index, from the lowest to the highest, and
    each half in turn is left: any two numbers part in one of the splits.
    """
    digits = max(r - 1, 1).bit_length()
    digit = np.arange(r) >> (block // 2 % digits) & 1
    return (digit == block % 2).astype("float32")
