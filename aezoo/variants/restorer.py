"""The autoencoder that restores: its encoder is a known degradation."""

from typing import Annotated

import keras
import numpy as np

from aezoo import degradations, schema
from aezoo.core import Autoencoder

FITTED = 2048  # samples of a fit in closed form


@keras.saving.register_keras_serializable(package="aezoo")
class Restorer(Autoencoder):
    """Autoencoder with a given encoder, a degradation, and a decoder that learns to undo it.

    The code is what the degradation leaves of a sample: a small image, a noisy one, one with
    holes. `decode` restores, `encode` degrades, and `reconstruct` does both, so that its error is
    that of the restoration. The decoder is a classical estimate plus a residual network, whose body
    should keep places: `unet`.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Not used: the degradation decides the shape of the code.
        degradation: `"noise"`, `"downscale"`, `"holes"`, `"hidden"`, or a dictionary with `name`
            and arguments, see `aezoo.degradations`.
        contrast: Factor of what the network sees of an image, which is how each pixel differs from
            those around; what it answers is divided by it, but for `hidden`. 0 for the pixels as
            they are, of which it learns details later, but to remove strong noise better.
        likelihood: `"gaussian"`, `"laplace"`, or a dictionary with a `scale`; it takes no link.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create(
            "restorer",
            sample_shape=(8, 8, 1),
            degradation={"name": "downscale", "factor": 2},
            body={"name": "unet", "channels": [8], "blocks": 1},
        )
        x = aezoo.data.load("digits").x
        model.prepare(x)  # the estimate alone; `aezoo train` does it by itself
        model.compile("adam")
        model.fit(x, epochs=1, verbose=0)
        large = model.decode(model.encode(x[:4]))
        ```

    Reference:
        [Ongie et al., 2020](https://arxiv.org/abs/2005.06001);
        [Zhang et al., 2017](https://arxiv.org/abs/1608.03981)
    """

    learns_code = False

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        degradation: schema.Spec = "noise",
        contrast: Annotated[float, schema.Interval(0.0, 100.0)] = 5.0,
        likelihood: schema.Spec = "gaussian",
        **kwargs,
    ):
        self.contrast = contrast
        self.degradation = schema.build(degradation, degradations.find, "degradation")
        super().__init__(sample_shape, latent_dim, likelihood=likelihood, **kwargs)
        if getattr(self.likelihood, "link", None) != "identity":
            raise ValueError(
                "A restorer corrects an estimate of the sample: use likelihood='gaussian' or "
                f"'laplace' without a link. Received: {likelihood=!r:.200}."
            )
        with self.construction():
            self.start = self.degradation.start(self.preprocess.inner_shape)

    @property
    def code_shape(self):
        """Shape of one code: what the degradation leaves of a sample."""
        return self.degradation.code_shape(self.preprocess.inner_shape)

    def encoder_network(self):
        """Returns the degradation, which has no weights."""
        self.degradation.code_shape(self.preprocess.inner_shape)  # refuses what it is not for
        x = keras.Input(self.preprocess.inner_shape)
        return keras.Model(x, self.degradation.observe(x), name="encoder_network")

    def likelihood_parameters(self, z, training=False, condition=None):
        """Returns the classical estimate of the samples, corrected by the network."""
        estimate = self.start(z)
        view = self.degradation.view(z, estimate, self.contrast)
        answer = self.decoder.network(view, training=training)
        if self.contrast and self.degradation.small:
            answer = answer / self.contrast
        return estimate + self.degradation.free(z) * answer

    def forward(self, x, training=False, condition=None):
        """Restores from a degraded copy."""
        code = self.degradation.corrupt(x, self.noise)
        return self.reconstruction(code, training, condition) | {"code": code}

    def prepare(self, x):
        """Fits the classical estimate to samples, where it has a closed form."""
        if hasattr(self.start, "fit"):
            chosen = np.asarray(x)[:: -(-len(x) // FITTED)]
            large = self.preprocess.forward(keras.ops.convert_to_tensor(chosen))
            small = self.degradation.corrupt(large, self.noise)
            self.start.fit(*map(keras.ops.convert_to_numpy, (small, large)))
