"""The Wasserstein autoencoder with maximum mean discrepancy."""

import keras
from keras import ops

from aezoo import draws, kernels, losses, schema
from aezoo.core import Autoencoder
from aezoo.schema import Weight


@keras.saving.register_keras_serializable(package="aezoo")
class WAEMMD(Autoencoder):
    """Wasserstein autoencoder: deterministic codes, as a whole distributed like N(0, I).

    The distance between a batch of codes and as many draws of the prior is the maximum mean
    discrepancy, so batches should hold a hundred samples or more. The paper's cost, the squared
    error without the half, is the likelihood `{"name": "gaussian", "scale": 0.7071}`.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        mmd_weight: Weight of the squared discrepancy.
        kernel: `"imq"`, `"rbf"`, or a dictionary with `name` and `scales`, see `aezoo.kernels`.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("wae_mmd", sample_shape=(8, 8, 1), kernel="rbf")
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, batch_size=128, verbose=0)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Tolstikhin et al., 2018](https://arxiv.org/abs/1711.01558)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        mmd_weight: Weight = 10.0,
        kernel: schema.Spec = "imq",
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.mmd_weight = mmd_weight
        self.kernel = schema.build(kernel, kernels.find, "kernel")

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `mmd`, the squared discrepancy of the batch of codes from the prior."""
        terms = super().terms(x, target, outputs, training, condition)
        code = outputs["code"]
        prior = draws.normal(ops.shape(code), self.noise)
        return {**terms, "mmd": losses.squared_mmd(code, prior, self.kernel)}

    def term_weights(self):
        """Weighs `mmd` by `mmd_weight`."""
        return {**super().term_weights(), "mmd": self.mmd_weight}

    def prior(self, noise, condition=None):
        """Returns the noise: the prior is N(0, I)."""
        return ops.cast(noise, "float32")
