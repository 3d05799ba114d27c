"""The autoencoder whose code is to be stored in few bits."""

import math
from typing import Annotated

import keras
import numpy as np
from keras import ops

from aezoo import draws, losses, schema
from aezoo.core import Autoencoder
from aezoo.density import Density
from aezoo.linear_transform import LinearTransform
from aezoo.schema import Interval, Length, Size

FITTED = 20_000  # samples of the principal components

Step = Annotated[float, Interval(2.0**-10, 2.0**10)]


@keras.saving.register_keras_serializable(package="aezoo")
class Compressor(Autoencoder):
    """Autoencoder that trades the bits of its rounded code against the error of the sample.

    The code is that of the networks and, after it, a linear transform of what they leave of the
    sample, so that more bits go on giving better samples. It is stored as whole multiples of a
    step. In training uniform noise as wide as the step takes the place of the rounding; the step is
    drawn for each sample, so that one model serves all rates: a wide step costs few bits. The
    objective is `rate + distortion`: the information of the code under a learned density of
    independent numbers, in nats, and the squared error over `2 (scale * step)^2`.

    `encode` gives the code before it is rounded. `aezoo.tasks.compress` rounds it and writes the
    bits, with the probabilities of the sampler `histogram`.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Numbers that the networks give.
        residual_dim: Numbers of the linear transform.
        scale: Root mean squared error, over the step, at which a further nat is no longer worth it.
        steps: Smallest and largest step in training.
        components: Logistic distributions that the density of each number is a mixture of.
        likelihood: `"gaussian"`; only its mean counts, and it takes no link.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("compressor", sample_shape=(8, 8, 1), latent_dim=8, residual_dim=16)
        x = aezoo.data.load("digits").x
        model.prepare(x)  # the linear transform; `aezoo train` does it by itself
        model.compile("adam")
        model.fit(x, epochs=1, verbose=0)
        model.fit_sampler("histogram", x)
        data = aezoo.tasks.compress(x[0], model=model)
        image = aezoo.tasks.decompress(data, model=model)
        ```

    Reference:
        [Ballé et al., 2017](https://arxiv.org/abs/1611.01704);
        [Theis et al., 2017](https://arxiv.org/abs/1703.00395)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        residual_dim: Size = 64,
        scale: Annotated[float, Interval(1e-4, 1e4)] = 0.5,
        steps: Annotated[tuple[Step, ...], Length(2, 2)] = (0.125, 1.0),
        components: Annotated[int, Interval(1, 16)] = 2,
        likelihood: schema.Spec = "gaussian",
        **kwargs,
    ):
        self.residual_dim = int(residual_dim)
        super().__init__(sample_shape, latent_dim, likelihood=likelihood, **kwargs)
        if getattr(self.likelihood, "link", None) != "identity":
            raise ValueError(
                "A compressor adds a linear transform: use likelihood='gaussian' without a link. "
                f"Received: {likelihood=!r:.200}."
            )
        if steps[0] > steps[1]:
            raise ValueError(f"steps must be in order. Received: {steps=!r}.")
        self.scale, self.steps, self.components = scale, tuple(steps), int(components)
        with self.construction():
            self.transform = LinearTransform(self.preprocess.inner_shape, self.residual_dim)
            self.density = Density(self.code_shape, self.components)

    @property
    def code_shape(self):
        """Shape of one code: the numbers of the networks, and those of the transform."""
        return (self.latent_dim + self.residual_dim,)

    @property
    def default_sampler(self):
        """The entropy model of `aezoo.tasks.compress`."""
        return "histogram"

    def encoder_network(self):
        """Returns the network of the first numbers of the code."""
        return self.body.encoder(self.preprocess.inner_shape, (self.latent_dim,))

    def prepare(self, x):
        """Starts the linear transform at the principal components of training samples."""
        chosen = np.asarray(x)[:: -(-len(x) // FITTED)]
        inner = self.preprocess.forward(ops.convert_to_tensor(chosen))
        # A step in a code then makes an error of `scale` of it.
        deviations = self.transform.fit(ops.convert_to_numpy(inner), self.scale * math.sqrt(12.0))
        self.density.fit(np.concatenate([np.ones(self.latent_dim), deviations]))

    def posterior(self, x, training=False, condition=None):
        """Returns the `code`: that of the network, and the transform of what it leaves."""
        first = ops.cast(self.encoder.network(x, training=training), "float32")
        alone = ops.pad(first, ((0, 0), (0, self.residual_dim)))
        left = x - ops.cast(self.decoder.network(alone, training=training), "float32")
        return {"code": ops.concatenate([first, self.transform.analyse(left)], axis=-1)}

    def likelihood_parameters(self, z, training=False, condition=None):
        """Returns what the network makes of the codes, and the inverse transform."""
        z = ops.cast(z, "float32")
        decoded = ops.cast(self.decoder.network(z, training=training), "float32")
        return decoded + self.transform.synthesise(z[:, self.latent_dim :])

    def forward(self, x, training=False, condition=None):
        """Reconstructs from codes with the noise of a rounding to a random step."""
        code = self.posterior(x, training=training, condition=condition)["code"]
        low, high = map(math.log, self.steps)
        step = ops.exp(draws.uniform((ops.shape(code)[0], 1), self.noise, low, high))
        noisy = code + step * draws.uniform(ops.shape(code), self.noise, -0.5, 0.5)
        return self.reconstruction(noisy, training, condition) | {"code": noisy, "step": step}

    def terms(self, x, target, outputs, training=False, condition=None):
        """Returns `rate` and `distortion`."""
        error = losses.squared_error(target, outputs["x"])
        return {
            "rate": losses.sum_over_sample(self.density(outputs["code"], outputs["step"])),
            "distortion": 0.5 * error / ops.square(self.scale * outputs["step"][:, 0]),
        }

    def term_weights(self):
        """Weighs both by 1."""
        return {"rate": 1.0, "distortion": 1.0}
