"""The regularised autoencoder."""

import keras
from aezoo import Autoencoder, losses
from aezoo.schema import Weight


@keras.saving.register_keras_serializable(package="acme")
class RAE(Autoencoder):
    """Regularised autoencoder: deterministic, with short codes; no penalty on the decoder.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        shrinkage: Weight of half the squared norm of the code.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("acme/rae", sample_shape=(8, 8, 1), shrinkage=0.1)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Ghosh et al., 2020](https://arxiv.org/abs/1903.12436)
    """

    def __init__(self, sample_shape, latent_dim=16, *, shrinkage: Weight = 0.01, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.shrinkage = shrinkage

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `norm`, half the squared norm of the code."""
        terms = super().terms(x, target, outputs, training, condition)
        return {**terms, "norm": 0.5 * losses.squared_error(outputs["code"], 0.0)}

    def term_weights(self):
        """Weighs `norm` by `shrinkage`."""
        return {**super().term_weights(), "norm": self.shrinkage}
