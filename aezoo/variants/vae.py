"""The variational autoencoder."""

import keras
from keras import ops

from aezoo import draws, kl_penalties, losses, schema
from aezoo.core import Autoencoder


@keras.saving.register_keras_serializable(package="aezoo")
class VAE(Autoencoder):
    """Variational autoencoder with a diagonal Gaussian posterior and the prior N(0, I).

    The objective is the negative evidence bound, `nll + kl`, with one posterior sample. `encode`
    and `reconstruct` use the posterior mean.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        kl_penalty: None to pay for the KL as it is; or `"free_bits"`, `"warm_up"`, `"capacity"`,
            or a dictionary with `name` and arguments (`nats`, `steps`), see `aezoo.kl_penalties`.
            Then `kl` is only reported, and `kl_penalty` takes its place in the loss.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("vae", sample_shape=(8, 8, 1), likelihood="bernoulli")
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114);
        [Rezende et al., 2014](https://arxiv.org/abs/1401.4082)
    """

    posterior_parameters = 2
    kl_weight = 1.0
    """Weight of the KL in the loss; 0 in a variant that only reports it."""

    def __init__(self, sample_shape, latent_dim=16, *, kl_penalty: schema.Spec = None, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.kl_penalty = None
        if kl_penalty is not None:
            if type(self).kl_weight == 0.0:
                raise ValueError(
                    f"{type(self).__name__} has no KL term in its loss, and so no penalty on it: "
                    f"leave kl_penalty=None. Received: kl_penalty={kl_penalty!r:.200}."
                )
            self.kl_penalty = schema.build(kl_penalty, kl_penalties.find, "kl_penalty")

    def posterior(self, x, training=False, condition=None):
        """Returns `mean` and `log_variance` of the posterior, `(n, latent_dim)` each."""
        parameters = ops.cast(self.encoder.network(x, training=training), "float32")
        mean, log_variance = ops.split(parameters, 2, axis=-1)
        return {"mean": mean, "log_variance": log_variance}

    def code(self, posterior):
        """Returns the posterior mean."""
        return posterior["mean"]

    def sample_posterior(self, posterior, noise):
        """Returns `mean + standard deviation * noise`."""
        return posterior["mean"] + ops.exp(0.5 * posterior["log_variance"]) * noise

    def forward(self, x, training=False, condition=None):
        """Reconstructs from one posterior sample, in validation too."""
        posterior = self.posterior(x, training=training, condition=condition)
        noise = draws.normal(ops.shape(posterior["mean"]), self.noise)
        z = self.sample_posterior(posterior, noise)
        return {"code": z, **posterior, **self.reconstruction(z, training, condition)}

    def kl_by_unit(self, outputs):
        """Returns the KL of each latent unit, or of each group of them, `(n, groups)`, in nats."""
        return losses.gaussian_kl_by_unit(outputs["mean"], outputs["log_variance"])

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `kl`, the divergence of the posterior from the prior, and a penalty in its place."""
        terms = super().terms(x, target, outputs, training, condition)
        by_unit = self.kl_by_unit(outputs)
        terms["kl"] = losses.sum_over_sample(by_unit)
        if self.kl_penalty is not None:
            terms["kl_penalty"] = self.kl_penalty.penalty(by_unit, training=training)
        return terms

    def term_weights(self):
        """Weighs `kl`, or the penalty in its place, by `kl_weight`: 1 for the evidence bound."""
        if self.kl_penalty is None:
            return {**super().term_weights(), "kl": self.kl_weight}
        return {**super().term_weights(), "kl": 0.0, "kl_penalty": self.kl_weight}

    def prior(self, noise, condition=None):
        """Returns the noise: the prior is N(0, I)."""
        return ops.cast(noise, "float32")

    def log_weight(self, x, noise, condition=None):
        """Returns `log p(x | z) + log p(z) - log q(z | x)` at one posterior sample."""
        posterior = self.posterior(x, condition=condition)
        z = self.sample_posterior(posterior, noise)
        parameters = self.likelihood_parameters(z, condition=condition)
        ratio = losses.gaussian_log_ratio(z, posterior["mean"], posterior["log_variance"])
        return -self.likelihood.nll(x, parameters) - ratio
