"""The autoencoder that keeps neighbours together."""

import keras
import numpy as np
from keras import ops

from aezoo import draws, losses, neighbours
from aezoo.core import Autoencoder
from aezoo.noise import some
from aezoo.schema import Size, Weight

_MOST = 60_000  # samples whose neighbours are found


@keras.saving.register_keras_serializable(package="aezoo")
class NeighbourAE(Autoencoder):
    """Autoencoder whose codes keep neighbours together: for maps, with two latent numbers.

    Beside the reconstruction it learns which of a batch of samples is the neighbour of each, from
    the distances of their codes, under the kernel of t-SNE: a parametric t-SNE, estimated by
    contrast with the rest of the batch.

    `prepare(x)`, which `aezoo train` calls, finds the neighbours among all training samples; in
    validation and without it they are the nearest of the batch. A batch should hold a hundred
    samples or more.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        neighbour_weight: Weight of the cross-entropy of neighbours.
        neighbour_count: Neighbours of a training sample, of which one is drawn at a time.
        neighbour_metric: Their distance, see `aezoo.neighbours.nearest`: `"euclidean"`, `"cosine"`,
            or for samples of at least 0, such as images, `"hellinger"`.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("neighbour_ae", sample_shape=(8, 8, 1), latent_dim=2)
        x = aezoo.data.load("digits").x
        model.prepare(x)
        model.compile("adam")
        model.fit(x, epochs=1, batch_size=128, verbose=0)
        points = model.encode(x)
        ```

    Reference:
        [Sainburg et al., 2021](https://arxiv.org/abs/2009.12981);
        [Damrich et al., 2023](https://arxiv.org/abs/2206.01816)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        neighbour_weight: Weight = 10.0,
        neighbour_count: Size = 10,
        neighbour_metric: neighbours.Metric = "euclidean",
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.neighbour_weight, self.neighbour_count = neighbour_weight, neighbour_count
        self.neighbour_metric = neighbour_metric

    def prepare(self, x):
        """Finds the neighbours of raw training samples, of up to 60,000."""
        x = some(np.asarray(x), _MOST, seed=self.seed)
        if len(x) > 1:
            found = neighbours.nearest(x, self.neighbour_count, metric=self.neighbour_metric)
            self.__dict__["_pairs"] = ops.convert_to_tensor(x), ops.convert_to_tensor(found)

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `neighbours`, the cross-entropy of the neighbour of each sample in the batch."""
        terms = super().terms(x, target, outputs, training, condition)
        known = self.__dict__.get("_pairs") if training else None
        if known is None:
            codes = outputs["code"]
            pairs = codes, ops.take(codes, _nearest(x), axis=0)
        else:
            pairs = [self._code(samples) for samples in self._draw(ops.shape(x)[0], *known)]
        return {**terms, "neighbours": losses.neighbour_entropy(*pairs)}

    def term_weights(self):
        """Weighs `neighbours` by `neighbour_weight`."""
        return {**super().term_weights(), "neighbours": self.neighbour_weight}

    def _draw(self, n, samples, found):
        """Returns `n` training samples and a neighbour of each."""
        rows = draws.integers((n,), self.noise, 0, samples.shape[0])
        chosen = draws.integers((n,), self.noise, 0, found.shape[1])
        partners = ops.take(ops.reshape(found, (-1,)), rows * found.shape[1] + chosen)
        return (ops.take(samples, index, axis=0) for index in (rows, partners))

    def _code(self, samples):
        return self.code(self.posterior(self.preprocess.forward(samples), training=True))


def _nearest(x):
    """Returns the index of the nearest other sample of the batch; of a single one its own."""
    flat = ops.reshape(ops.cast(x, "float32"), (ops.shape(x)[0], -1))
    distances = losses.squared_distances(flat, flat)
    apart = ops.eye(ops.shape(flat)[0], dtype="float32") * (1.0 + ops.max(distances))
    return ops.argmin(distances + apart, axis=1)
