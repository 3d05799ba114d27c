"""`Autoencoder`: everything that all variants share."""

from typing import Any

import keras
from keras import ops

import aezoo_registry
from aezoo import bodies, likelihoods, losses, schema
from aezoo.arrays import check_samples
from aezoo.compiled_steps import CompiledSteps
from aezoo.divergence import guarded
from aezoo.engines.keras import KerasEngine
from aezoo.fused_adam import FusedAdam
from aezoo.interface import Interface
from aezoo.networks import Decoder, Encoder, Exportable, construction
from aezoo.preprocessing import Preprocess
from aezoo.weights import named_weights

CALLBACKS = 3  # place of `callbacks` among what Keras' fit takes after x and y


class Autoencoder(Interface, CompiledSteps, Exportable):
    """Base class of every variant: an ordinary `keras.Model` with one interface.

    A variant is a subclass that overrides only its own mathematics, at tensor level:

    - `posterior(x)`: what the encoder says about a sample's code, as a dictionary.
    - `code(posterior)`: the deterministic code in it.
    - `sample_posterior(posterior, noise)`: a draw, where the posterior is a distribution.
    - `forward(x, training)`: one pass of the training objective, as a dictionary with `"x"`, the
      mean reconstruction, `"parameters"` of the likelihood, and what the terms need.
    - `terms(x, target, outputs)`: one number per sample and term.
    - `term_weights()`: the weight of each term in the loss.
    - `prior(noise)`: codes from standard normal noise, where the variant has a prior.
    - `log_weight(x, noise)`: `log p(x, z) - log q(z | x)`, where both exist.
    - `tokens(posterior)` and `embed(tokens)`: codes to indices of codebook entries and back, where
      there is a codebook; such a variant has `token_shape` and `codebook_size`, too.

    Hooks that see samples, codes or prior noise also take `condition=None`; a variant that uses it
    sets `conditional = True`. They see preprocessed float32 samples; `call`, `fit`, `encode` and
    `decode` speak raw ones. A constructor stores its own arguments under their names after
    `super().__init__`, and builds further networks in `with self.construction():`.

    Args:
        sample_shape: Shape of one sample without the batch axis: `(784,)`, `(28, 28, 1)`,
            `(t, c)`, `(t, h, w, c)`.
        latent_dim: Number of latent units.
        body: Networks: None (chosen by the sample's shape), a name from
            `aezoo.list_bodies()`, or a dictionary with `name` and arguments.
        likelihood: `"gaussian"`, `"laplace"`, `"bernoulli"`, or a dictionary with `name` and
            arguments, see `aezoo.likelihoods`.
        preprocess: None for samples in [0, 1], or steps, see `aezoo.preprocessing.Preprocess`.
        seed: Seed of the initial weights and of the training noise.
        **kwargs: `name` and `dtype` of `keras.Model`; `dtype` is the policy of the networks, and
            losses are always float32.

    Raises:
        ValueError: An argument is outside its bounds, or the body does not fit the sample shape.
    """

    posterior_parameters = 1
    conditional = False
    source = ""
    """What `aezoo.load` takes to read this model again; empty for a new one."""

    def __new__(cls, *args, **kwargs):
        """Checks the arguments against the constructors' annotations."""
        named = dict(zip(("sample_shape", "latent_dim"), args, strict=False)) | kwargs
        keras_arguments = {k: named.pop(k) for k in ("name", "dtype") if k in named}
        schema.check_arguments(cls, named, root=Autoencoder)
        return super().__new__(cls, **keras_arguments)

    def __init__(
        self,
        sample_shape: schema.Shape,
        latent_dim: schema.Size = 16,
        *,
        body: schema.Spec = None,
        likelihood: schema.Spec = "gaussian",
        preprocess: schema.Spec = None,
        seed: schema.Seed = 0,
        **kwargs: Any,
    ):
        super().__init__(autocast=False, **kwargs)
        self.sample_shape = tuple(int(size) for size in sample_shape)
        self.latent_dim = int(latent_dim)
        self.seed = int(seed)
        self.preprocess = Preprocess(preprocess, self.sample_shape)
        self.likelihood = schema.build(likelihood, likelihoods.find, "likelihood")
        if self.likelihood.unit and not self.preprocess.unit:
            raise ValueError(
                "This likelihood needs preprocessed samples in [0, 1], and 'standardise' leaves "
                "them: use likelihood='gaussian' without a link, or the step 'scale'. "
                f"Received: preprocess={preprocess!r:.200}."
            )
        self.body = bodies.build(body, self.preprocess.inner_shape)
        self.noise = keras.random.SeedGenerator(self.seed)
        with self.construction():
            inner = self.preprocess.inner_shape
            self.encoder = Encoder(self.encoder_network(), self)
            parameter_shape = self.likelihood.parameter_shape(inner)
            self.decoder = Decoder(self.body.decoder(self.code_shape, parameter_shape), self)
        self.built = True

    # What a variant may override.

    def encoder_network(self):
        """Returns the network from preprocessed samples to the parameters of the posterior."""
        return self.body.encoder(self.preprocess.inner_shape, self.posterior_shape)

    def prepare(self, x):
        """Sets weights that raw training samples `x` give in closed form, before training."""

    def posterior(self, x, training=False, condition=None):
        """Returns what the encoder says about the code of preprocessed `x`, a dictionary."""
        return {"code": self.encoder.network(x, training=training)}

    def code(self, posterior):
        """Returns the deterministic code of a posterior, shape `(n, *code_shape)`."""
        return posterior["code"]

    def likelihood_parameters(self, z, training=False, condition=None):
        """Returns the decoder's output for codes `z`: the parameters of the likelihood."""
        return self.decoder.network(z, training=training)

    def forward(self, x, training=False, condition=None):
        """Runs one pass of the training objective on preprocessed samples.

        Args:
            x: Preprocessed samples, float32, shape `(n, *preprocess.inner_shape)`.
            training: Whether layers behave as in training.
            condition: Condition of a conditional variant.

        Returns:
            A dictionary with `"x"`, the mean reconstruction; `"parameters"` of the likelihood;
            `"code"`; and whatever the terms need. Nothing summed, no losses.
        """
        posterior = self.posterior(x, training=training, condition=condition)
        return self.reconstruction(self.code(posterior), training, condition) | posterior

    def terms(self, x, target, outputs, training=False, condition=None):
        """Returns the terms of the objective, one float32 number per sample and term.

        Args:
            x: Preprocessed samples, float32.
            target: What to reconstruct: the preprocessed `y` of `fit(x, y)`, else `x`.
            outputs: What `forward` returned.
            training: Whether this is a training step.
            condition: Condition of a conditional variant.

        Returns:
            Term name to a vector of shape `(n,)`; the names of `term_weights()`.
        """
        return {"nll": self.likelihood.nll(target, outputs["parameters"], training=training)}

    def term_weights(self):
        """Returns the weight of each term in the loss, by name; 0 for one that only reports."""
        return {"nll": 1.0}

    def prior(self, noise, condition=None):
        """Maps standard normal noise `(n, *code_shape)` to codes of the prior."""
        raise NotImplementedError

    def sample_posterior(self, posterior, noise):
        """Returns a draw from the posterior made from standard normal `noise`."""
        raise NotImplementedError

    def log_weight(self, x, noise, condition=None):
        """Returns `log p(x, z) - log q(z | x)` for one posterior draw, shape `(n,)`, in nats."""
        raise NotImplementedError

    def tokens(self, posterior):
        """Returns the indices of the codebook entries in a posterior, int32 `(n, *token_shape)`."""
        raise NotImplementedError

    def embed(self, tokens):
        """Returns the codes of codebook entries, `(n, *code_shape)`."""
        raise NotImplementedError

    def default_optimizer(self, learning_rate=1e-3):
        """Returns the optimizer that `compile()` takes when none is given."""
        return FusedAdam(learning_rate)

    # What variants use.

    def reconstruction(self, z, training=False, condition=None):
        """Returns `{"x": mean reconstruction, "parameters": ...}` of codes `z`."""
        parameters = self.likelihood_parameters(z, training=training, condition=condition)
        return {"x": self.likelihood.mean(parameters), "parameters": parameters}

    @property
    def code_shape(self):
        """Shape of one code."""
        return (self.latent_dim,)

    @property
    def posterior_shape(self):
        """Shape of the encoder network's output for one sample."""
        *grid, size = self.code_shape
        return (*grid, size * self.posterior_parameters)

    @property
    def input_size(self):
        """Shape of one sample, where samples are all that the model is called with."""
        return None if self.conditional else self.sample_shape

    @property
    def sample_range(self):
        """Range `(low, high)` that raw float samples must lie in, or None for any."""
        return self.preprocess.sample_range

    @property
    def variant(self):
        """Registry name of the variant.

        Raises:
            LookupError: The class is not registered under the entry-point group `aezoo.variants`.
        """
        target = f"{type(self).__module__}:{type(self).__qualname__}"
        for name in aezoo_registry.names("variants"):
            if aezoo_registry.find("variants", name).target == target:
                return name
        raise LookupError(
            f"{type(self).__name__} has no registered name, so nobody could load it back: declare "
            f'`name = "{target}"` under the entry-point group `aezoo.variants` and install it.'
        )

    # What Keras calls.

    def call(self, x, training=False):
        """Preprocesses raw samples and runs `forward`; see there for what is returned."""
        x, condition = self._split(x)
        return self.forward(self.preprocess.forward(x), training=training, condition=condition)

    def compile(self, optimizer=None, loss=None, **kwargs):
        """Configures training as `keras.Model.compile` does, without a loss.

        Args:
            optimizer: Optimizer or its name; None for the variant's default.
            loss: Not accepted: the objective is the variant's own.
            **kwargs: Other arguments of `keras.Model.compile`.

        Raises:
            ValueError: A loss was given.
        """
        if loss is not None:
            raise ValueError(
                f"{type(self).__name__} brings its own loss: choose what the decoder's output "
                "means with likelihood='gaussian', 'laplace' or 'bernoulli' instead. "
                f"Received: loss={loss!r}."
            )
        self.trackers = {n: keras.metrics.Mean(name=n) for n in [*self.term_weights(), "mse"]}
        super().compile(optimizer=optimizer or self.default_optimizer(), **kwargs)

    def compile_from_config(self, config):
        """Compiles a model that Keras loads from a file; Keras skips overridden `compile`s."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, y=None, *args, **kwargs):
        """Trains as `keras.Model.fit` does, after checking arrays as `encode` does.

        Args:
            x: Raw samples, or a dataset of them; `{"x": ..., "condition": ...}` for a
                conditional variant.
            y: Raw targets of the same shape where they differ from `x` (noisy to clean).
            *args: Other arguments of `keras.Model.fit`.
            **kwargs: Other arguments of `keras.Model.fit`.

        Returns:
            A `History` with the loss, every term unweighted, and `mse`.

        Raises:
            DivergenceError: A term of the loss is not finite; the last finite weights are back.
            ValueError: An array does not fit the model.
        """
        self._check_training_data(x, "x")
        self._check_training_data(y, "y")
        validation = kwargs.get("validation_data")
        for array in validation[:2] if isinstance(validation, (tuple, list)) else (validation,):
            self._check_training_data(array, "validation_data")
        if y is None and kwargs.get("sample_weight") is not None:
            y = x["x"] if isinstance(x, dict) else x  # Keras drops weights without a target.
        if len(args) <= CALLBACKS:
            kwargs["callbacks"] = guarded(kwargs.get("callbacks"))
        return super().fit(x, y, *args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the weighted sum of the terms' means, and updates each term's tracker."""
        x, condition = self._split(x)
        x = self.preprocess.forward(x)
        target = x if y is None else self.preprocess.forward(y)
        terms = self.terms(x, target, y_pred, training=training, condition=condition)
        weights = self.term_weights()
        if set(terms) != set(weights):
            raise ValueError(
                f"terms() and term_weights() of {type(self).__name__} must have the same names. "
                f"Received: {sorted(terms)} and {sorted(weights)}."
            )
        if sample_weight is not None:
            sample_weight = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        if "mse" not in terms:
            terms = {**terms, "mse": losses.mean_squared_error(target, y_pred["x"])}
        total = ops.convert_to_tensor(0.0, "float32")
        for name, values in terms.items():
            values = ops.cast(values, "float32")
            self.trackers[name].update_state(values, sample_weight=sample_weight)
            total = total + weights.get(name, 0.0) * losses.weighted_mean(values, sample_weight)
        for loss in self.losses:
            total = total + ops.cast(loss, "float32")
        return total / _replicas()

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Compares the mean reconstruction with the preprocessed target in compiled metrics."""
        target = self.preprocess.forward(self._split(x)[0] if y is None else y)
        return super().compute_metrics(x, target, y_pred["x"], sample_weight)

    def get_config(self):
        """Returns the constructor's arguments as JSON values."""
        config = schema.config_of(self, root=Autoencoder)
        return {**config, "name": self.name, "dtype": self.dtype_policy.name}

    # What the interface runs on.

    @property
    def engine(self):
        """The compiled functions of this model."""
        if "_engine" not in self.__dict__:
            self.__dict__["_engine"] = KerasEngine(self.graph_functions(), self.variables)
        return self.__dict__["_engine"]

    def graph_functions(self):
        """Returns the functions behind the interface, on raw samples, codes and noise.

        Returns:
            `encode(x)` and `decode(z)`; `posterior(x, noise)`, `prior(noise)`,
            `log_weight(x, noise)`, `tokens(x)` and `embed(tokens)` where the variant has them. All
            but `embed` of a conditional variant take a condition last.
        """
        forward = self.preprocess.forward
        functions = {
            "encode": lambda x, c=None: self.encoder.encode(x, c),
            "decode": lambda z, c=None: self.decoder.decode(z, c),
            "posterior": lambda x, noise, c=None: self.sample_posterior(
                self.posterior(forward(x), condition=c), noise
            ),
            "prior": lambda noise, c=None: self.prior(noise, condition=c),
            "log_weight": lambda x, noise, c=None: self.log_weight(forward(x), noise, condition=c),
            "tokens": lambda x, c=None: self.tokens(self.posterior(forward(x), condition=c)),
            "embed": self.embed,
        }
        hooks = {name: name for name in ("prior", "log_weight", "tokens", "embed")}
        for function, hook in {"posterior": "sample_posterior", **hooks}.items():
            if getattr(type(self), hook) is getattr(Autoencoder, hook):
                del functions[function]
        return functions

    def named_weights(self):
        """Returns every weight under a stable path such as `encoder/0.conv2d/kernel`.

        The path tells the attribute that holds a network, the position and kind of a layer in it
        and the weight's own name; it does not depend on what else was built in the process.
        """
        return named_weights(self)

    def construction(self):
        """Makes the networks built inside reproducible and gives them the model's dtype policy."""
        return construction(self)

    def _split(self, x):
        """Splits what Keras hands over into samples and a condition."""
        if not self.conditional:
            if isinstance(x, dict):
                raise ValueError(
                    f"{type(self).__name__} takes no condition. Received: {sorted(x)}."
                )
            return x, None
        if not isinstance(x, dict) or set(x) != {"x", "condition"}:
            received = sorted(x) if isinstance(x, dict) else type(x).__name__
            raise ValueError(
                f"{type(self).__name__} needs {{'x': samples, 'condition': ...}}. "
                f"Received: {received}."
            )
        return x["x"], x["condition"]

    def _check_training_data(self, data, name):
        if isinstance(data, dict):
            data = data.get("x")
        if hasattr(data, "__array__"):
            check_samples(data, self.sample_shape, sample_range=self.sample_range, name=name)


def _replicas():
    """Number of replicas that `tf.distribute` sums gradients over."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync
