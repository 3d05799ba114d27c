"""The regularised autoencoder with an L2 penalty on the decoder."""

import keras
from keras import ops

from aezoo import losses
from aezoo.core import Autoencoder
from aezoo.schema import Weight


@keras.saving.register_keras_serializable(package="aezoo")
class RAEL2(Autoencoder):
    """Regularised autoencoder: deterministic, with short codes and small decoder weights.

    It has no prior: fit a sampler (`model.fit_sampler("gmm", data)`) to generate, as the paper
    does. The paper's reconstruction loss, the squared error without the half, is the likelihood
    `{"name": "gaussian", "scale": 0.7071}`.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        code_weight: Weight of half the squared norm of the code.
        decoder_weight: Weight of the squared norm of the decoder's weights and biases.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("rae_l2", sample_shape=(8, 8, 1), code_weight=0.01)
        model.compile("adam")
        digits = aezoo.data.load("digits").x
        model.fit(digits, epochs=1, verbose=0)
        model.fit_sampler("gmm", digits, components=4)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Ghosh et al., 2020](https://arxiv.org/abs/1903.12436)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        code_weight: Weight = 1e-4,
        decoder_weight: Weight = 1e-7,
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.code_weight, self.decoder_weight = code_weight, decoder_weight

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `code_norm` of each sample and `decoder_norm`, the same for all."""
        terms = super().terms(x, target, outputs, training, condition)
        code_norm = 0.5 * losses.squared_error(outputs["code"], 0.0)
        weights = self.decoder.trainable_variables
        decoder_norm = sum(ops.sum(ops.square(ops.cast(w, "float32"))) for w in weights)
        decoder_norm = decoder_norm * ops.ones_like(code_norm)
        return {**terms, "code_norm": code_norm, "decoder_norm": decoder_norm}

    def term_weights(self):
        """Weighs the norms by `code_weight` and `decoder_weight`."""
        weights = {"code_norm": self.code_weight, "decoder_norm": self.decoder_weight}
        return {**super().term_weights(), **weights}
