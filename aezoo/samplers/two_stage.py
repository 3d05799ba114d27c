"""A second variational autoencoder, of the codes."""

import math
from typing import Annotated

import numpy as np

from aezoo.noise import generator
from aezoo.samplers import mlp
from aezoo.samplers.learned import Learned
from aezoo.schema import Interval

LAYERS = 3
LINEAR = 0.7
"""Factor of the latents in the codes at the start; noise explains the rest of the variance."""
LOG_REST = 0.5 * math.log(1.0 - LINEAR**2)


class TwoStage(Learned):
    """Second variational autoencoder, which maps codes to as many latents that are normal.

    The standard deviation of its decoder is learnt, and a draw holds that noise too.

    Args:
        units: Units of the two hidden layers of encoder and decoder.
        iterations: Largest number of steps of Adam; they end once held-out codes no longer gain.
        learning_rate: Size of the steps at the start; it falls to zero.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("two_stage", aezoo.data.load("digits").x, iterations=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Dai and Wipf, 2019](https://arxiv.org/abs/1903.05789)
    """

    name = "two_stage"

    def __init__(
        self,
        *,
        units: Annotated[int, Interval(1, 4096)] = 192,
        iterations: Annotated[int, Interval(1, 10**6)] = 10_000,
        learning_rate: Annotated[float, Interval(1e-6, 1.0)] = 2e-3,
    ):
        self.units, self.iterations = units, iterations
        self.learning_rate = learning_rate

    @property
    def noise_dim(self):
        """Numbers of noise for one code: its latents, and what the decoder adds."""
        return 2 * super().noise_dim

    def decode(self, parameters, latents, ops):
        """Returns the mean of the white codes of latents `(n, r)`."""
        straight = ops.matmul(latents, parameters["decoder.linear"])
        return straight + mlp.apply(parameters, latents, ops, layers=LAYERS, prefix="decoder.")

    def encode(self, parameters, white, ops):
        """Returns mean and log standard deviation of the latents of white codes `(n, r)`."""
        r = white.shape[1]
        outputs = mlp.apply(parameters, white, ops, layers=LAYERS, prefix="encoder.")
        straight = ops.matmul(white, parameters["encoder.linear"])
        return straight + outputs[:, :r], LOG_REST + outputs[:, r:]

    def _shapes(self, r):
        return {
            **mlp.shapes([r, self.units, self.units, r], "decoder."),
            "decoder.linear": (r, r),
            "decoder.log_deviation": (r,),
        }

    def start(self, r, rng):
        """Returns the parameters at the start, whose draws are standard normal.

        Args:
            r: Numbers of a white code.
            rng: Source of the kernels.
        """
        linear = (LINEAR * np.eye(r)).astype("float32")
        return {
            **mlp.initialise([r, self.units, self.units, r], rng, "decoder."),
            **mlp.initialise([r, self.units, self.units, 2 * r], rng, "encoder."),
            "decoder.linear": linear,
            "encoder.linear": linear,
            "decoder.log_deviation": np.full(r, LOG_REST, "float32"),
        }

    def _learn(self, white, seed):
        from aezoo.samplers.fitting import minimise

        learned = minimise(
            self._loss,
            self.start(white.shape[1], generator(seed)),
            white,
            draw=lambda codes, rng: (codes, rng.standard_normal(codes.shape).astype("float32")),
            sampler=self.name,
            seed=seed,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
        )
        return {name: learned[name] for name in self._shapes(white.shape[1])}

    def _loss(self, parameters, white, noise, ops):
        """Returns the negative evidence bound of white codes, `(n,)`."""
        mean, log_deviation = self.encode(parameters, white, ops)
        latents = mean + ops.exp(log_deviation) * noise
        log_scale = parameters["decoder.log_deviation"]
        error = (white - self.decode(parameters, latents, ops)) * ops.exp(-log_scale)
        nll = 0.5 * ops.square(error) + log_scale + 0.5 * math.log(2.0 * math.pi)
        kl = 0.5 * (ops.square(mean) + ops.exp(2.0 * log_deviation) - 1.0) - log_deviation
        return ops.sum(nll + kl, axis=1)

    def _map(self, noise):
        latents, spread = np.split(noise, 2, axis=1)
        scale = np.exp(self.parameters["decoder.log_deviation"])
        return self.decode(self.parameters, latents, np) + scale * spread
