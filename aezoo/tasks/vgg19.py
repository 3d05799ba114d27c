"""VGG19 as a feature encoder of style transfer: an image is found that has the moved features."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.transport import Fit

LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1")
SAMPLE = 8192
STEPS = 30
RATE = 0.02
URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
MD5 = "253f8cb515780f3b799900260a226db6"
"""Of the file, as `keras.applications` pins it."""
# What the weights were trained on: BGR around these means, from 0 to 255.
_MEANS = np.array([103.939, 116.779, 123.68], np.float32)


class VGG19:
    """Features of VGG19, moved at four layers; the image follows by gradient descent.

    Args:
        network: Maps images `(n, h, w, 3)`, BGR around their means, to a list of features
            `(n, height, width, d)`, differentiably; None for `load()`.
    """

    rounds, least = 1, 96

    def __init__(self, network: Any = None):
        self.network = load() if network is None else network

    def move(self, image: np.ndarray, style: np.ndarray, fit: Fit, rng: Any) -> np.ndarray:
        """Return an image `(h, w, 3)` whose features are those of an image, moved to a style's."""
        import keras
        import tensorflow as tf

        found = []
        for own, other in zip(self._features(image), self._features(style), strict=True):
            own, other = (np.asarray(each)[0] for each in (own, other))
            rows = [each.reshape(-1, each.shape[-1]) for each in (own, other)]
            samples = [rng.permutation(each)[:SAMPLE] for each in rows]
            moved = (
                fit(samples[0], samples[1], rng)(rows[0]).reshape(1, *own.shape).astype(np.float32)
            )
            found.append((moved, 1 / max(float(moved.var()), 1e-8)))
        picture = tf.Variable(image[None])
        optimizer = keras.optimizers.Adam(RATE)

        @tf.function
        def step() -> None:
            with tf.GradientTape() as tape:
                pairs = zip(self.network(_prepared(picture)), found, strict=True)
                loss = tf.add_n([w * tf.reduce_mean((x - y) ** 2) for x, (y, w) in pairs])
            optimizer.apply([tape.gradient(loss, picture)], [picture])
            picture.assign(tf.clip_by_value(picture, 0.0, 1.0))

        for _ in range(STEPS):
            step()
        return np.asarray(picture)[0]

    def _features(self, image: np.ndarray) -> Any:
        return self.network(_prepared(image[None]))


def load() -> Any:
    """Return VGG19 up to its fourth block, with the weights of `keras.applications`.

    Keras downloads the file, 80 MB, where its cache has none. Its hash is checked before it is
    read, by h5py: nothing in it is ever executed.

    Raises:
        FileNotFoundError: The file is neither in Keras' cache nor to be had.
        ValueError: Keras does not run on TensorFlow, or the file is another one.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "features='vgg19' needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow. "
            f"Received: backend {keras.backend.backend()!r}."
        )
    path = check(_fetch())
    whole = keras.applications.VGG19(include_top=False, weights=None)
    whole.load_weights(path)
    network = keras.Model(whole.inputs, [whole.get_layer(name).output for name in LAYERS])
    network.trainable = False
    return network


def check(path: Path) -> Path:
    """Return the path of the weights, unless it is another file.

    Raises:
        ValueError: Its MD5 is not the pinned one.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != MD5:
        raise ValueError(
            f"{path} is not VGG19's weights as keras.applications pins them, MD5 {MD5}: delete "
            f"it and run again. Received: a file with MD5 {found}."
        )
    return path


def _fetch() -> Path:
    import keras

    name = URL.rpartition("/")[2]
    try:
        return Path(keras.utils.get_file(name, URL, cache_subdir="models", file_hash=MD5))
    except Exception as error:  # Keras raises bare exceptions
        raise FileNotFoundError(
            f"The weights of VGG19 could not be had: put {name} from {URL} into "
            "~/.keras/models, or use features='random' or 'self', which need no download. "
            f"Keras says: {error}"
        ) from error


def _prepared(image: Any) -> Any:
    return 255 * image[..., ::-1] - _MEANS
