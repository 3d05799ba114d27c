"""An inverse autoregressive flow."""

import numpy as np

from aezoo.samplers.autoregressive import Autoregressive


class IAF(Autoregressive):
    """Autoregressive flow that is fast on noise: it draws in one pass.

    The likelihood of codes, from which it learns, goes number by number: the fit takes several
    times as long as that of `maf`.

    Args:
        blocks: Number of autoregressive blocks.
        units: Units of each of a block's two hidden layers.
        iterations: Largest number of steps of Adam; they end once held-out codes no longer gain.
        learning_rate: Size of the steps at the start; it falls to zero.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1), latent_dim=4)
        model.fit_sampler("iaf", aezoo.data.load("digits").x, iterations=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Kingma et al., 2016](https://arxiv.org/abs/1606.04934)
    """

    name = "iaf"

    def __init__(self, *, blocks=3, **kwargs):
        super().__init__(blocks=blocks, **kwargs)

    def normalise(self, parameters, block, x, ops):
        """Runs one block from codes to noise, number by number."""
        return self.sequential(parameters, block, x, ops)

    def generate(self, parameters, block, z):
        """Runs one block from noise to codes, in one pass."""
        return self.parallel(parameters, block, z, np)[0]
