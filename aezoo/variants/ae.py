"""The undercomplete autoencoder."""

import keras

from aezoo.core import Autoencoder


@keras.saving.register_keras_serializable(package="aezoo")
class AE(Autoencoder):
    """Undercomplete autoencoder: a code smaller than the sample, trained on reconstruction alone.

    It has no prior: fit a sampler (`model.fit_sampler("gmm", data)`) to generate.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1), latent_dim=4)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Hinton and Salakhutdinov, 2006](https://doi.org/10.1126/science.1127647)
    """
