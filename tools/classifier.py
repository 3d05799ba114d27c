"""Trains the Fashion-MNIST classifier whose features measure samples (`aezoo.metrics`).

    python tools/classifier.py

It learns from the 55,000 images of the training split alone, with a fixed seed. The weights are
rounded to half precision, stored, read back by the code that users run, and only then measured on
the test split. Scores made with other weights cannot be compared: train again only to replace
every published score.
"""

import hashlib
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import safetensors.numpy
import tensorflow as tf
from keras import layers

from aezoo import data
from aezoo.metrics import classifier

FOLDER = Path(classifier.__file__).parent
RECIPE = {
    "data": "fashion_mnist",
    "split": "train",
    "seed": 0,
    "epochs": 15,
    "batch_size": 128,
    "learning_rate": 2e-3,
    "shift": 1,
    "dropout": 0.4,
    "widths": [24, 48, 80],
}


def build():
    """Builds the network, with batch normalisation that `fold` removes."""
    keras.utils.set_random_seed(RECIPE["seed"])
    images = x = keras.Input(classifier.SHAPE)
    for place, width in enumerate(RECIPE["widths"]):
        x = layers.Conv2D(width, 3, 2, padding="same", use_bias=False, name=f"conv.{place}")(x)
        x = layers.BatchNormalization(name=f"conv.{place}_norm")(x)
        x = layers.ReLU()(x)
    x = layers.Dropout(RECIPE["dropout"])(layers.Flatten()(x))
    x = layers.Dense(classifier.FEATURES, use_bias=False, name="hidden")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="hidden_norm")(x))
    return keras.Model(images, layers.Dense(10, name="logits")(x))


def augment(images, rng):
    """Mirrors half of the images and shifts all by up to so many pixels."""
    shift, n = RECIPE["shift"], len(images)
    padded = np.pad(images, [(0, 0), (shift, shift), (shift, shift), (0, 0)])
    down, across = (rng.integers(0, 2 * shift + 1, n) for _ in range(2))
    rows = (down[:, None] + np.arange(28))[:, :, None]
    columns = np.arange(28) + across[:, None]
    mirrored = rng.random(n) < 0.5
    columns[mirrored] = columns[mirrored, ::-1]
    return padded[np.arange(n)[:, None, None], rows, columns[:, None, :]]


def fit(model, images, labels):
    """Trains with Adam and a cosine schedule, one new augmentation an epoch."""
    rng = np.random.default_rng(RECIPE["seed"])
    steps = RECIPE["epochs"] * -(-len(images) // RECIPE["batch_size"])
    schedule = keras.optimizers.schedules.CosineDecay(RECIPE["learning_rate"], steps)
    model.compile(
        keras.optimizers.Adam(schedule),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
        steps_per_execution=10,
    )
    for epoch in range(RECIPE["epochs"]):
        order = rng.permutation(len(images))
        batch = RECIPE["batch_size"]
        x = augment(images[order], rng)
        history = model.fit(x, labels[order], batch_size=batch, shuffle=False, verbose=0)
        print(f"epoch {epoch + 1}: loss {history.history['loss'][0]:.4f}", flush=True)


def fold(model):
    """Returns kernels and biases by name, with the batch normalisation inside them."""
    weights = {}
    for name in (*(f"conv.{place}" for place in range(len(RECIPE["widths"]))), "hidden"):
        norm = model.get_layer(f"{name}_norm")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        weights[f"{name}/kernel"] = model.get_layer(name).get_weights()[0] * scale
        weights[f"{name}/bias"] = beta - mean * scale
    weights["logits/kernel"], weights["logits/bias"] = model.get_layer("logits").get_weights()
    return {name: np.ascontiguousarray(w, np.float16) for name, w in weights.items()}


def write(facts):
    """Writes what `aezoo.metrics.classifier.about` reads."""
    (FOLDER / "classifier.json").write_text(json.dumps(facts, indent=2) + "\n")
    classifier.about.cache_clear()


def main():
    """Trains, stores and measures."""
    tf.config.experimental.enable_op_determinism()
    train, test = data.load("fashion_mnist", "train"), data.load("fashion_mnist", "test")
    model = build()
    fit(model, np.divide(train.x, 255, dtype=np.float32), train.labels.astype("int32"))

    content = safetensors.numpy.save(fold(model))
    (FOLDER / "classifier.safetensors").write_bytes(content)
    facts = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "train": RECIPE,
        "train_n": len(train.x),
    }
    write(facts)
    predicted = classifier.logits(classifier.features(test.x)).argmax(axis=1)
    accuracy = round(float((predicted == test.labels).mean()), 4)
    write({**facts, "test_accuracy": accuracy, "test_n": len(test.x)})
    print(f"test accuracy {accuracy}, {len(content)} bytes")


if __name__ == "__main__":
    main()
