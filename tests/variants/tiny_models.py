"""Small models of vectors, and what the tests of variants look at."""

from __future__ import annotations

import numpy as np
from keras import ops

import aezoo

D = 5
X = np.random.default_rng(0).random((16, D)).astype("float32")


def create(name, *, latent_dim=3, **config):
    """A model with one hidden layer of four units."""
    body = {"name": "mlp", "hidden": [4], "activation": "tanh"}
    return aezoo.create(name, sample_shape=(D,), latent_dim=latent_dim, body=body, **config)


def spread(model):
    """Gives every weight a value that matters: biases are zero at first."""
    rng = np.random.default_rng(1)
    for weight in model.trainable_variables:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return model


def value(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def run(model, x=X, target=X, training=False):
    """Outputs and terms of one pass, as numpy."""
    outputs = model.forward(x, training=training)
    terms = model.terms(x, target, outputs, training=training)
    return ({name: value(tensor) for name, tensor in part.items()} for part in (outputs, terms))


def scores(model, x=X):
    """What `evaluate` reports, in one batch."""
    model.compile("adam")
    return model.evaluate(x, batch_size=len(x), return_dict=True, verbose=0)
