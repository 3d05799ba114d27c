"""A masked autoregressive flow."""

import numpy as np

from aezoo.samplers.autoregressive import Autoregressive


class MAF(Autoregressive):
    """Autoregressive flow that is fast on codes, which it learns from by their likelihood.

    Drawing goes number by number, and costs what one pass through the network costs.

    Args:
        blocks: Number of autoregressive blocks.
        units: Units of each of a block's two hidden layers.
        iterations: Largest number of steps of Adam; they end once held-out codes no longer gain.
        learning_rate: Size of the steps at the start; it falls to zero.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("maf", aezoo.data.load("digits").x, iterations=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Papamakarios et al., 2017](https://arxiv.org/abs/1705.07057)
    """

    name = "maf"

    def normalise(self, parameters, block, x, ops):
        """Runs one block from codes to noise, in one pass."""
        return self.parallel(parameters, block, x, ops)

    def generate(self, parameters, block, z):
        """Runs one block from noise to codes, number by number."""
        return self.sequential(parameters, block, z, np)[0]
