"""How much of the KL term a variational model pays for: less at first, or beyond an allowance."""

from typing import Annotated

import keras
from keras import ops

from aezoo import losses
from aezoo.schema import MAX_INTEGER, Interval, choose

Nats = Annotated[float, Interval(0.0, 1e6)]
Steps = Annotated[int, Interval(1, MAX_INTEGER)]


class FreeBits:
    """Leaves units alone that carry little information, so that none dies early.

    A unit whose KL, averaged over the batch, is below the allowance counts as the allowance.

    Args:
        nats: Allowance of each latent unit, in nats.

    Reference:
        [Kingma et al., 2016](https://arxiv.org/abs/1606.04934), appendix C
    """

    def __init__(self, *, nats: Nats = 0.25):
        self.nats = nats

    def penalty(self, kl, training=False):
        """Returns the penalty of each sample, shape `(n,)`.

        Args:
            kl: KL of each latent unit, shape `(n, ..., d)`, in nats.
            training: Whether this is a training step.
        """
        paid = ops.mean(kl, axis=0) > self.nats
        return losses.sum_over_sample(ops.where(paid, kl, self.nats))


class Ramp(keras.layers.Layer):
    """A number that rises from 0 to 1 over the steps of training, stored with the weights.

    Args:
        steps: Number of training steps until it is 1.
    """

    def __init__(self, steps):
        super().__init__(name="ramp", dtype="float32")
        self.steps = steps
        self.step = self.add_weight(
            name="step", shape=(), initializer="zeros", trainable=False, aggregation="mean"
        )
        self.built = True

    def level(self, training):
        """Returns the current level, and goes one step on in training."""
        level = self.step / self.steps
        if training:
            self.step.assign(ops.minimum(self.step + 1.0, self.steps))
        return level


class WarmUp(Ramp):
    """Raises the weight of the KL linearly from 0, so that the decoder learns to use codes first.

    Args:
        steps: Number of training steps until the KL has its full weight.

    Reference:
        [Bowman et al., 2016](https://arxiv.org/abs/1511.06349);
        [Sonderby et al., 2016](https://arxiv.org/abs/1602.02282)
    """

    def __init__(self, *, steps: Steps = 1000):
        super().__init__(steps)

    def penalty(self, kl, training=False):
        """Returns the penalty of each sample, shape `(n,)`; see `FreeBits.penalty`."""
        return self.level(training) * losses.sum_over_sample(kl)


class Capacity(Ramp):
    """Holds the KL of every sample at a capacity that rises linearly from 0.

    The penalty is the distance of the KL from the capacity; the paper weighs it by 1000, which is
    the `beta` of `beta_vae`.

    Args:
        nats: Final capacity, in nats.
        steps: Number of training steps until the capacity is reached.

    Reference:
        [Burgess et al., 2018](https://arxiv.org/abs/1804.03599)
    """

    def __init__(self, *, nats: Nats = 25.0, steps: Steps = 100_000):
        super().__init__(steps)
        self.nats = nats

    def penalty(self, kl, training=False):
        """Returns the penalty of each sample, shape `(n,)`; see `FreeBits.penalty`."""
        return ops.abs(losses.sum_over_sample(kl) - self.nats * self.level(training))


find = choose({"free_bits": FreeBits, "warm_up": WarmUp, "capacity": Capacity}, "kl_penalty")
