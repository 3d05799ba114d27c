"""The beta-TCVAE."""

from typing import Annotated

import keras

from aezoo import losses
from aezoo.schema import MAX_INTEGER, Interval, Weight
from aezoo.variants.vae import VAE


@keras.saving.register_keras_serializable(package="aezoo")
class BetaTCVAE(VAE):
    """VAE whose KL term is split, so that only the dependence between units is weighed up.

    The parts are estimated from each batch and from one draw of the posterior; `kl`, in closed
    form, is reported beside them. With all weights 1 the objective is that of the VAE.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        alpha: Weight of the mutual information between sample and code.
        beta: Weight of the total correlation of the units.
        gamma: Weight of the units' divergence from the prior.
        dataset_size: Number of training samples, for the paper's minibatch stratified sampling;
            None for weighted sampling, which needs no such number.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("beta_tc_vae", sample_shape=(8, 8, 1), beta=4.0)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, batch_size=128, verbose=0)
        ```

    Reference:
        [Chen et al., 2018](https://arxiv.org/abs/1802.04942)
    """

    kl_weight = 0.0

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        alpha: Weight = 1.0,
        beta: Weight = 6.0,
        gamma: Weight = 1.0,
        dataset_size: Annotated[int, Interval(2, MAX_INTEGER)] | None = None,
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.alpha, self.beta, self.gamma = alpha, beta, gamma
        self.dataset_size = dataset_size

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `mutual_information`, `total_correlation` and `dimension_kl`."""
        terms = super().terms(x, target, outputs, training, condition)
        posterior = outputs["mean"], outputs["log_variance"]
        parts = losses.kl_decomposition(outputs["code"], *posterior, self.dataset_size)
        names = ("mutual_information", "total_correlation", "dimension_kl")
        return {**terms, **dict(zip(names, parts, strict=True))}

    def term_weights(self):
        """Weighs the parts by `alpha`, `beta` and `gamma`, and reports `kl`."""
        parts = {"mutual_information": self.alpha, "total_correlation": self.beta}
        return {**super().term_weights(), **parts, "dimension_kl": self.gamma}
