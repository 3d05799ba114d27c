"""The autoencoder whose code is to be stored in few bits."""

import math
from typing import Annotated

import keras
import numpy as np
from keras import ops

from aezoo import losses
from aezoo.core import Autoencoder
from aezoo.quantize import Density
from aezoo.schema import Interval, Length

FITTED = 20_000  # samples of the principal components
Step = Annotated[float, Interval(2.0**-10, 2.0**10)]


@keras.saving.register_keras_serializable(package="aezoo")
class Compressor(Autoencoder):
    """Autoencoder that trades the bits of its rounded code against the error of the sample.

    A code is stored as whole multiples of a step. In training uniform noise as wide as the step
    takes the place of the rounding; the step is drawn for each sample, so that one model serves all
    rates between: a wide step costs few bits. The objective is `rate + distortion`: the information
    of the code under a learned density of independent numbers, in nats, and the squared error over
    `2 (scale * step)^2`.

    `encode` gives the code before it is rounded. `aezoo.tasks.compress` rounds it and writes the
    bits; it takes the probabilities from the sampler `histogram`, which `aezoo train` fits.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        scale: Root mean squared error, over the step, at which a further nat is no longer worth it.
        steps: Smallest and largest step in training.
        components: Logistic distributions that the density of each number is a mixture of.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("compressor", sample_shape=(8, 8, 1), latent_dim=32)
        model.compile("adam")
        x = aezoo.data.load("digits").x
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
        latent_dim=64,
        *,
        scale: Annotated[float, Interval(1e-4, 1e4)] = 0.5,
        steps: Annotated[tuple[Step, ...], Length(2, 2)] = (0.125, 1.0),
        components: Annotated[int, Interval(1, 16)] = 3,
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        if steps[0] > steps[1]:
            raise ValueError(f"steps must be in order. Received: {steps=!r}.")
        self.scale, self.steps, self.components = scale, tuple(steps), int(components)
        inner = self.preprocess.inner_shape
        with self.construction():
            self.analysis = Skip(inner, self.code_shape)
            self.synthesis = Skip(self.code_shape, self.likelihood.parameter_shape(inner))
            self.density = Density(self.code_shape, self.components)

    def prepare(self, x):
        """Starts the linear part at the principal components of training samples."""
        chosen = np.asarray(x)[:: -(-len(x) // FITTED)]
        flat = ops.convert_to_numpy(self.preprocess.forward(ops.convert_to_tensor(chosen)))
        flat = flat.reshape(len(flat), -1)
        mean = flat.mean(axis=0)
        variances, axes = np.linalg.eigh(np.cov(flat.T))
        rank = min(self.latent_dim, len(variances))
        axes, deviations = axes[:, -rank:], np.sqrt(np.maximum(variances[-rank:], 1e-12))
        unit = self.scale * math.sqrt(12.0)  # a step then makes an error of `scale` of it
        self.analysis.start(axes / unit, -mean @ axes / unit)
        self.synthesis.start(axes.T * unit, mean)
        self.density.start(deviations / unit)

    def posterior(self, x, training=False, condition=None):
        """Returns the `code`: the linear transform of the sample, and what the network adds."""
        return {"code": self.analysis(x, self.encoder.network(x, training=training))}

    def likelihood_parameters(self, z, training=False, condition=None):
        """Returns the linear transform of the codes, and what the network adds."""
        return self.synthesis(z, self.decoder.network(z, training=training))

    def forward(self, x, training=False, condition=None):
        """Reconstructs from codes with the noise of a rounding to a random step."""
        code = self.posterior(x, training=training, condition=condition)["code"]
        shape = (ops.shape(code)[0], *(1,) * len(self.code_shape))
        low, high = map(math.log, self.steps)
        step = ops.exp(keras.random.uniform(shape, low, high, seed=self.noise))
        noisy = code + step * keras.random.uniform(ops.shape(code), -0.5, 0.5, seed=self.noise)
        return self.reconstruction(noisy, training, condition) | {"code": noisy, "step": step}

    def terms(self, x, target, outputs, training=False, condition=None):
        """Returns `rate` and `distortion`."""
        step = outputs["step"]
        error = losses.squared_error(target, outputs["x"])
        return {
            "rate": losses.sum_over_sample(self.density(outputs["code"], step)),
            "distortion": 0.5 * error / ops.square(self.scale * ops.reshape(step, (-1,))),
        }

    def term_weights(self):
        """Weighs both by 1."""
        return {"rate": 1.0, "distortion": 1.0}


class Skip(keras.layers.Layer):
    """A linear transform beside a network, whose output is weighted by a gate that starts closed.

    Args:
        inputs: Shape of one input.
        outputs: Shape of one output.
    """

    def __init__(self, inputs, outputs):
        super().__init__(dtype="float32")
        self.outputs, sizes = tuple(outputs), (math.prod(inputs), math.prod(outputs))
        self.kernel = self.add_weight(name="kernel", shape=sizes, initializer="orthogonal")
        self.bias = self.add_weight(name="bias", shape=sizes[1:], initializer="zeros")
        self.gate = self.add_weight(name="gate", shape=self.outputs, initializer="zeros")
        self.built = True

    def call(self, x, added):
        """Returns the transform of `x`, `(n, *inputs)`, and the gated `added`, `(n, *outputs)`."""
        flat = ops.reshape(ops.cast(x, "float32"), (-1, self.kernel.shape[0]))
        linear = ops.matmul(flat, self.kernel) + self.bias
        return ops.reshape(linear, (-1, *self.outputs)) + self.gate * ops.cast(added, "float32")

    def start(self, kernel, bias):
        """Takes a kernel and a bias; columns or rows that are missing are zeros."""
        missing = [(0, w - k) for w, k in zip(self.kernel.shape, kernel.shape, strict=True)]
        self.kernel.assign(np.pad(kernel, missing))
        self.bias.assign(np.pad(bias, (0, self.bias.shape[0] - len(bias))))
