"""The sparse autoencoder."""

from typing import Annotated

import keras
from keras import ops

from aezoo import losses, schema
from aezoo.core import Autoencoder
from aezoo.dead_units import DeadUnits
from aezoo.schema import Interval, Size, Weight


class L1:
    """Non-negative codes with an L1 penalty, `weight * sum_j |z_j|`.

    Args:
        weight: Weight of the penalty.
    """

    def __init__(self, *, weight: Weight = 0.1):
        self.weight = weight

    def code(self, h):
        """Returns the code of the encoder's output."""
        return ops.relu(h)

    def penalty(self, code):
        """Returns the penalty of each sample, shape `(n,)`."""
        return ops.sum(ops.abs(code), axis=-1)


class KL:
    """Sigmoid codes whose mean activation over the batch is drawn to a rate.

    Args:
        rate: Wanted mean activation of a unit.
        weight: Weight of the penalty, `sum_j KL(rate || mean activation of unit j)`.

    Reference:
        [Ng, 2011](https://web.stanford.edu/class/cs294a/sparseAutoencoder_2011new.pdf)
    """

    def __init__(
        self, *, rate: Annotated[float, Interval(1e-4, 0.9999)] = 0.1, weight: Weight = 1.0
    ):
        self.rate, self.weight = rate, weight

    def code(self, h):
        """Returns the code of the encoder's output."""
        return ops.sigmoid(h)

    def penalty(self, code):
        """Returns the batch's penalty for each sample, shape `(n,)`."""
        penalty = ops.sum(losses.bernoulli_kl(self.rate, ops.mean(code, axis=0)))
        return penalty * ops.ones_like(code[:, 0])


class TopK:
    """Linear codes of which only the largest few by magnitude are kept (k-sparse).

    Args:
        active: Number of units kept in a code.

    Reference:
        [Makhzani and Frey, 2014](https://arxiv.org/abs/1312.5663)
    """

    weight = 0.0

    def __init__(self, *, active: Size = 4):
        self.active = active

    def code(self, h):
        """Returns the code of the encoder's output."""
        magnitude = ops.abs(h)
        kept = min(self.active, h.shape[-1])
        threshold = ops.min(ops.top_k(magnitude, kept, sorted=False)[0], axis=-1, keepdims=True)
        return ops.where(magnitude >= threshold, h, ops.zeros_like(h))

    def penalty(self, code):
        """Returns zeros: the code is sparse by construction."""
        return ops.zeros_like(code[:, 0])


find = schema.choose({"l1": L1, "kl": KL, "top_k": TopK}, "sparsity")


@keras.saving.register_keras_serializable(package="aezoo")
class SparseAE(Autoencoder):
    """Sparse autoencoder: few units of a code are active for any one sample.

    Training reports `active`, the mean share of units above `threshold` in magnitude, and `dead`,
    the share of units that no sample of the epoch activated.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units; may exceed the sample's size.
        sparsity: `"l1"`, `"kl"`, `"top_k"`, or a dictionary with `name` and arguments
            (`weight`, `rate`, `active`).
        threshold: Magnitude above which a unit counts as active.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        sparsity = {"name": "top_k", "active": 8}
        model = aezoo.create("sparse_ae", sample_shape=(8, 8, 1), latent_dim=64, sparsity=sparsity)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Ng, 2011](https://web.stanford.edu/class/cs294a/sparseAutoencoder_2011new.pdf);
        [Makhzani and Frey, 2014](https://arxiv.org/abs/1312.5663)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        sparsity: schema.Spec = "l1",
        threshold: Annotated[float, Interval(0.0, 1e6)] = 0.01,
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.sparsity = schema.build(sparsity, find, "sparsity")
        self.threshold = threshold
        self.dead_units = DeadUnits(self.latent_dim)

    def posterior(self, x, training=False, condition=None):
        """Returns the sparse code."""
        h = super().posterior(x, training, condition)["code"]
        return {"code": self.sparsity.code(h)}

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `sparsity`, the penalty, and `active`, the share of active units."""
        code = outputs["code"]
        active = ops.cast(ops.abs(code) > self.threshold, "float32")
        self.dead_units.update_state(active)
        terms = super().terms(x, target, outputs, training, condition)
        penalty = self.sparsity.penalty(code)
        return {**terms, "sparsity": penalty, "active": ops.mean(active, axis=-1)}

    def term_weights(self):
        """Weighs `sparsity` by its own weight, and reports `active`."""
        return {**super().term_weights(), "sparsity": self.sparsity.weight, "active": 0.0}
