"""The importance weighted autoencoder."""

from typing import Annotated

import keras
from keras import ops

from aezoo import draws, losses
from aezoo.schema import Interval
from aezoo.variants.vae import VAE


@keras.saving.register_keras_serializable(package="aezoo")
class IWAE(VAE):
    """VAE trained on a tighter bound, that of several importance-weighted posterior samples.

    The loss is `nll_bound`, which lies above the negative log likelihood and falls to it as
    samples are added. Beside it training reports `nll`, the mean over the samples, and `kl`,
    whose sum is the VAE's bound. `x` and `mse` are those of the first sample, as in the VAE.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        importance_samples: Posterior samples for each training sample; with 1 it is the VAE.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("iwae", sample_shape=(8, 8, 1), importance_samples=10)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Burda et al., 2016](https://arxiv.org/abs/1509.00519)
    """

    kl_weight = 0.0

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        importance_samples: Annotated[int, Interval(1, 4096)] = 5,
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.importance_samples = importance_samples

    def forward(self, x, training=False, condition=None):
        """Decodes all posterior samples; `x`, `parameters` and `code` are those of the first."""
        posterior = self.posterior(x, training=training, condition=condition)
        repeated = {name: self._repeat(value) for name, value in posterior.items()}
        noise = draws.normal(ops.shape(repeated["mean"]), self.noise)
        z = self.sample_posterior(repeated, noise)
        condition = None if condition is None else self._repeat(condition)
        outputs = {"code": z, **self.reconstruction(z, training, condition)}
        ratio = losses.gaussian_log_ratio(z, repeated["mean"], repeated["log_variance"])
        first = {name: value[:: self.importance_samples] for name, value in outputs.items()}
        return {**posterior, **first, "all_parameters": outputs["parameters"], "log_ratio": ratio}

    def terms(self, x, target, outputs, training=False, condition=None):
        """Gives `nll_bound`, and `nll` and `kl` of the same samples."""
        shape = (-1, self.importance_samples)
        target, parameters = self._repeat(target), outputs["all_parameters"]
        nll = ops.reshape(self.likelihood.nll(target, parameters, training=training), shape)
        log_weights = -nll - ops.reshape(outputs["log_ratio"], shape)
        kl = losses.gaussian_kl(outputs["mean"], outputs["log_variance"])
        bound = -losses.importance_bound(log_weights)
        return {"nll": ops.mean(nll, axis=1), "kl": kl, "nll_bound": bound}

    def term_weights(self):
        """Weighs `nll_bound` by 1, and reports `nll` and `kl`."""
        return {"nll": 0.0, "kl": 0.0, "nll_bound": 1.0}

    def _repeat(self, values):
        """Repeats each sample for its posterior samples, `(n * importance_samples, ...)`."""
        return ops.repeat(values, self.importance_samples, axis=0)
