"""Times aezoo's models, on request of `benchmarks.speed`."""

import functools
import tempfile
from pathlib import Path

import keras
import numpy as np

import aezoo
from aezoo import acceleration
from aezoo.heap import keep_memory
from aezoo.shuffling import shuffled
from benchmarks import own_networks
from benchmarks.timing import Laps
from benchmarks.worker import serve

SAMPLE = (28, 28, 1)
LIKELIHOOD = {"name": "gaussian", "link": "sigmoid"}
BODIES = {
    "mlp": {"name": "mlp", "hidden": [512]},
    "small conv": {"name": "conv", "channels": [32, 64]},
    "big conv": {"name": "benchmarks/peer_conv"},
}


@functools.cache
def build(network, dtype="float32"):
    """Returns a VAE."""
    body = BODIES[network]
    return aezoo.create("vae", sample_shape=SAMPLE, body=body, likelihood=LIKELIHOOD, dtype=dtype)


@functools.cache
def load(network, engine, dtype):
    """Returns a model for inference, for ONNX Runtime through a directory."""
    if engine == "keras":
        return build(network, dtype)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "model"
        aezoo.export(build(network, dtype), directory)
        return aezoo.load(directory, engine=engine)


def images(n):
    """Returns uint8 images `(n, 28, 28, 1)`."""
    return np.random.default_rng(0).integers(0, 256, (n, *SAMPLE), dtype=np.uint8)


def train(network, batch, n):
    """Trains for one epoch as `aezoo train` does; answers with the epoch's seconds alone."""
    settings = acceleration.choose(n // batch)
    keep_memory()
    model = build(network, settings.dtype)
    model.compile(
        model.default_optimizer(1e-3),
        jit_compile=settings.jit,
        steps_per_execution=settings.steps_per_execution,
    )
    batches = shuffled(images(n), batch_size=batch, seed=0)

    def run():
        laps = Laps()
        clock = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: laps.start(), on_epoch_end=lambda *_: laps.stop()
        )
        model.fit(batches, shuffle=False, verbose=0, callbacks=[clock])
        (seconds,) = laps.seconds
        return seconds

    return run


def encode(network, n, repeats, engine="keras", dtype="float32"):
    """Encodes `n` float32 images."""
    model, x = load(network, engine, dtype), images(n).astype("float32") / 255

    def run():
        for _ in range(repeats):
            model.encode(x, batch_size=n)

    return run


def generate(network, n, repeats, engine="keras", dtype="float32"):
    """Draws `n` images from the prior."""
    model = load(network, engine, dtype)

    def run():
        for _ in range(repeats):
            model.generate(n, batch_size=n)

    return run


def save(network, directory):
    """Saves a model for both engines."""

    def run():
        aezoo.export(build(network), directory, overwrite=True)

    return run


def settings():
    """Answers with what `aezoo train` chooses on this machine."""
    return lambda: str(acceleration.choose(100))


if __name__ == "__main__":
    registration = own_networks.register()
    serve({f.__name__: f for f in (train, encode, generate, save, settings)})
