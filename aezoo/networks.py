"""The two halves of a model as plain `keras.Model`s that share its weights."""

import keras


class Encoder(keras.Model):
    """Raw samples to deterministic codes: `model.encoder`.

    Args:
        network: Preprocessed samples to posterior parameters.
        owner: The autoencoder whose hooks turn parameters into a code.
    """

    def __init__(self, network, owner):
        super().__init__(name="encoder", autocast=False)
        self.network = network
        self.encode = lambda x, condition=None, training=False: owner.code(
            owner.posterior(owner.preprocess.forward(x), training=training, condition=condition)
        )
        self.built = True

    def call(self, x, condition=None, training=False):
        """Returns the codes of raw samples `(n, *sample_shape)`, shape `(n, *code_shape)`."""
        return self.encode(x, condition, training)


class Decoder(keras.Model):
    """Codes to samples in the declared range, float32: `model.decoder`.

    Args:
        network: Codes to the parameters of the likelihood.
        owner: The autoencoder whose likelihood and preprocessing turn them into samples.
    """

    def __init__(self, network, owner):
        super().__init__(name="decoder", autocast=False)
        self.network = network
        self.decode = lambda z, condition=None, training=False: owner.preprocess.inverse(
            owner.reconstruction(z, training=training, condition=condition)["x"]
        )
        self.built = True

    def call(self, z, condition=None, training=False):
        """Returns the samples of codes `(n, *code_shape)`, shape `(n, *sample_shape)`."""
        return self.decode(z, condition, training)
