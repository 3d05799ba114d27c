"""The two halves of a model as plain `keras.Model`s that share its weights."""

import contextlib
import random

import keras


class Exportable(keras.Model):
    """A model that can be exported without a call before: its constructor builds all of it.

    Keras' `export` takes the shapes that it noted when the model was first called. `input_size`
    is the shape of one input.
    """

    def export(self, *args, **kwargs):
        """Exports as `keras.Model.export` does; see there for the arguments."""
        if self.input_size and not self._called:
            self(keras.Input(self.input_size))
            object.__setattr__(self, "_build_shapes_dict", {"x": (None, *self.input_size)})
        return super().export(*args, **kwargs)


class Encoder(Exportable):
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
        self.input_size = owner.sample_shape
        self.built = True

    def call(self, x, condition=None, training=False):
        """Returns the codes of raw samples `(n, *sample_shape)`, shape `(n, *code_shape)`."""
        return self.encode(x, condition, training)


class Decoder(Exportable):
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
        self.input_size = owner.code_shape
        self.built = True

    def call(self, z, condition=None, training=False):
        """Returns the samples of codes `(n, *code_shape)`, shape `(n, *sample_shape)`."""
        return self.decode(z, condition, training)


@contextlib.contextmanager
def construction(owner):
    """Makes the networks built inside reproducible and gives them the owner's dtype policy.

    Keras draws the default seeds of initializers from Python's `random`, and takes the policy of
    new layers from a global; both are restored.

    Args:
        owner: The autoencoder, whose `seed` begins a sequence that each use goes on with.
    """
    state, policy = random.getstate(), keras.config.dtype_policy()
    random.setstate(owner.__dict__.get("_seeds") or random.Random(owner.seed).getstate())
    keras.config.set_dtype_policy(owner.dtype_policy)
    try:
        yield
    finally:
        owner.__dict__["_seeds"] = random.getstate()
        random.setstate(state)
        keras.config.set_dtype_policy(policy)
