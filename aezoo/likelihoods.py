"""What the decoder's output means: the distribution of a sample given its code."""

import math
from typing import Annotated, Literal

import keras
from keras import ops

from aezoo import losses
from aezoo.schema import Interval, choose

Scale = Annotated[float, Interval(1e-4, 1e4)]
Link = Literal["identity", "sigmoid"]


class _Centred(keras.layers.Layer):
    """What distributions that are symmetric around the decoder's output have in common."""

    density = True  # whether exp(-nll) integrates to 1 over the samples

    def __init__(self, scale, link):
        super().__init__(name="likelihood", dtype="float32")
        self.scale, self.link = scale, link
        self.unit = link == "sigmoid"  # whether targets must lie in [0, 1]
        self.built = True

    def parameter_shape(self, sample_shape):
        """Returns the shape of the decoder's output for one sample."""
        return tuple(sample_shape)

    def mean(self, parameters):
        """Returns the expected sample, same shape as `parameters`."""
        mean = ops.cast(parameters, "float32")
        return ops.sigmoid(mean) if self.link == "sigmoid" else mean


class Gaussian(_Centred):
    """Independent Gaussian around the decoder's output, with one standard deviation.

    Args:
        scale: Standard deviation. With 1.0 the negative log likelihood is half the squared
            error plus a constant. `"batch"` is the analytic optimum of sigma-VAE: in training
            the root mean squared error of the batch, at inference its running geometric mean
            (of all batches so far, with a decay of 0.99 after the first hundred), which is
            stored with the weights.
        link: How the decoder's output becomes the mean: `"identity"`, or `"sigmoid"` for samples
            in [0, 1].

    Reference:
        [Rybkin et al., 2021](https://arxiv.org/abs/2006.13202)
    """

    def __init__(self, *, scale: Scale | Literal["batch"] = 1.0, link: Link = "identity"):
        super().__init__(scale, link)
        if scale == "batch":
            self.running_log_variance = self._state("log_variance")
            self.steps = self._state("steps")

    def nll(self, target, parameters, training=False):
        """Returns `-log p(target | parameters)` summed over the sample, shape `(n,)`, in nats."""
        mean = self.mean(parameters)
        return losses.gaussian_nll(target, mean, self._log_variance(target, mean, training))

    def _log_variance(self, target, mean, training):
        if self.scale != "batch":
            return ops.convert_to_tensor(2.0 * math.log(self.scale), "float32")
        if not training:
            return ops.convert_to_tensor(self.running_log_variance)
        log_variance = ops.log(ops.maximum(ops.mean(ops.square(target - mean)), 1e-8))
        steps = ops.minimum(self.steps + 1.0, 100.0)
        change = (ops.stop_gradient(log_variance) - self.running_log_variance) / steps
        self.steps.assign(steps)
        self.running_log_variance.assign(self.running_log_variance + change)
        return log_variance

    def _state(self, name):
        return self.add_weight(
            name=name, shape=(), initializer="zeros", trainable=False, aggregation="mean"
        )


class Laplace(_Centred):
    """Independent Laplace distribution around the decoder's output: the absolute error.

    Few large errors weigh less than under a Gaussian, so that networks that restore images learn
    sooner, and sharper edges.

    Args:
        scale: Mean absolute deviation. With 1.0 the negative log likelihood is the absolute error
            plus a constant.
        link: How the decoder's output becomes the mean: `"identity"`, or `"sigmoid"` for samples
            in [0, 1].

    Reference:
        [Lim et al., 2017](https://arxiv.org/abs/1707.02921), section 3.1
    """

    def __init__(self, *, scale: Scale = 1.0, link: Link = "identity"):
        super().__init__(scale, link)

    def nll(self, target, parameters, training=False):
        """Returns `-log p(target | parameters)` summed over the sample, shape `(n,)`, in nats."""
        return losses.laplace_nll(target, self.mean(parameters), self.scale)


class Bernoulli(keras.layers.Layer):
    """Independent Bernoulli probabilities from the decoder's log odds (cross-entropy).

    Targets are probabilities in [0, 1]; for grey values strictly inside, the term is the usual
    cross-entropy and the evidence bound is that of the continuous relaxation.
    """

    unit = True
    density = False

    def __init__(self):
        super().__init__(name="likelihood", dtype="float32")
        self.built = True

    def parameter_shape(self, sample_shape):
        """Returns the shape of the decoder's output for one sample."""
        return tuple(sample_shape)

    def mean(self, parameters):
        """Returns the expected sample, the sigmoid of the log odds."""
        return ops.sigmoid(ops.cast(parameters, "float32"))

    def nll(self, target, parameters, training=False):
        """Returns `-log p(target | parameters)` summed over the sample, shape `(n,)`, in nats."""
        return losses.bernoulli_nll(target, ops.cast(parameters, "float32"))


find = choose({"gaussian": Gaussian, "laplace": Laplace, "bernoulli": Bernoulli}, "likelihood")
