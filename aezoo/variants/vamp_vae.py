"""The variational autoencoder with a mixture of posteriors as its prior."""

from typing import Annotated

import keras
from keras import ops

from aezoo import losses
from aezoo.schema import Interval
from aezoo.variants.vae import VAE


@keras.saving.register_keras_serializable(package="aezoo")
class VampVAE(VAE):
    """Variational autoencoder whose prior is the mixture of the posteriors of learned inputs.

    The prior (VampPrior) is `1/k sum_i q(z | u_i)`, with pseudo-inputs `u_i` that are trained with
    the networks. They start as faint noise and grow apart: those that start at training samples
    stay near them, and the prior covers less of the data. It has no closed divergence: `kl` is
    `log q(z | x) - log p(z)` at the posterior sample. The paper raises its weight slowly:
    `kl_penalty={"name": "warm_up", "steps": ...}`.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        pseudo_inputs: Number of pseudo-inputs, the components of the prior.
        **kwargs: See `aezoo.variants.vae.VAE`.

    Example:
        ```python
        model = aezoo.create("vamp_vae", sample_shape=(8, 8, 1), pseudo_inputs=20)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Tomczak and Welling, 2018](https://arxiv.org/abs/1705.07120)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        pseudo_inputs: Annotated[int, Interval(1, 4096)] = 50,
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.pseudo_inputs = int(pseudo_inputs)
        shape = (self.pseudo_inputs, *self.preprocess.inner_shape)
        with self.construction():
            self.inputs_of_prior = PseudoInputs(shape, unit=self.preprocess.unit)

    @property
    def prior_noise_shape(self):
        """Shape of the noise of one code: its own, and one number that chooses the component."""
        return (self.latent_dim + 1,)

    def components(self):
        """Returns `mean` and `log_variance` of the prior's components, `(k, latent_dim)` each."""
        return self.posterior(self.inputs_of_prior.values())

    def kl_by_unit(self, outputs):
        """Returns the log ratio of posterior and prior at the posterior sample, `(n, 1)`."""
        return self.log_ratio(outputs["code"], outputs)[:, None]

    def log_ratio(self, z, posterior):
        """Returns `log q(z | x) - log p(z)`, shape `(n,)`, in nats."""
        components = self.components()
        prior = losses.gaussian_mixture_nll(z, components["mean"], components["log_variance"])
        return prior - losses.gaussian_nll(z, posterior["mean"], posterior["log_variance"])

    def prior(self, noise, condition=None):
        """Draws from the component that the last number of the noise chooses."""
        noise, k = ops.cast(noise, "float32"), self.pseudo_inputs
        uniform = 0.5 * (1.0 + ops.erf(noise[:, -1] / 2.0**0.5))
        chosen = ops.clip(ops.cast(k * uniform, "int32"), 0, k - 1)
        components = {n: ops.take(value, chosen, axis=0) for n, value in self.components().items()}
        return self.sample_posterior(components, noise[:, :-1])

    def log_weight(self, x, noise, condition=None):
        """Returns `log p(x | z) + log p(z) - log q(z | x)` at one posterior sample."""
        posterior = self.posterior(x, condition=condition)
        z = self.sample_posterior(posterior, noise)
        parameters = self.likelihood_parameters(z, condition=condition)
        return -self.likelihood.nll(x, parameters) - self.log_ratio(z, posterior)


class PseudoInputs(keras.layers.Layer):
    """Preprocessed samples that are trained as weights are: what they share, and each one's own.

    Args:
        shape: Their number, and the shape of a preprocessed sample.
        unit: Whether to cut them to [0, 1].
    """

    def __init__(self, shape, *, unit):
        super().__init__(name="pseudo_inputs", dtype="float32")
        self.unit = unit
        faint = shape[0] ** -0.5
        self.own = self.add_weight(
            name="own", shape=shape, initializer=keras.initializers.RandomUniform(-faint, faint)
        )
        self.shared = self.add_weight(name="shared", shape=shape[1:], initializer="zeros")
        self.built = True

    def values(self):
        """Returns the pseudo-inputs, `(k, ...)`."""
        values = self.own + self.shared
        return ops.clip(values, 0.0, 1.0) if self.unit else values
