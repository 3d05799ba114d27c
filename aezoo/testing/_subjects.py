"""What the checks look at: small models, structured samples, and one training of each variant."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import aezoo_registry
from aezoo.noise import generator

# An image, one of odd size, a video, a sequence, a vector.
SHAPES: tuple[tuple[int, ...], ...] = ((8, 8, 1), (7, 9, 3), (2, 5, 4, 1), (5, 3), (13,))
LATENT_DIM = 8


def resolve(variant: str | type) -> type:
    """Returns the class of a variant that is given by its name or as a class."""
    return aezoo_registry.load("variants", variant) if isinstance(variant, str) else variant


def shapes(body: str | None = None) -> list[tuple[int, ...]]:
    """Returns the sample shapes that a body takes, the one to train on first.

    Without a body all, an image first, for the default bodies; else the simplest first.
    """
    if body is None:
        return list(SHAPES)
    from aezoo import bodies

    fitting = []
    for shape in reversed(SHAPES):
        with contextlib.suppress(ValueError):
            bodies.build(body, shape)
            fitting.append(shape)
    if not fitting:
        raise ValueError(f"The body takes none of the shapes {SHAPES}. Received: body={body!r}.")
    return fitting


def samples(shape: tuple[int, ...], n: int) -> np.ndarray:
    """Returns `n` samples in [0, 1] that two numbers each describe: on noise nothing is learnt."""
    position = np.linspace(0.0, 2.0 * math.pi, math.prod(shape))
    waves = np.stack([np.cos(3.0 * position), np.sin(5.0 * position)])
    factors = generator(0).uniform(-1.0, 1.0, (n, 2))
    flat = 0.5 + 0.25 * factors @ waves
    return np.asarray(flat.reshape(n, *shape), "float32")


def to_numpy(tensor: Any) -> np.ndarray:
    """Returns a copy of a tensor or variable of any backend."""
    from keras import ops

    return np.array(ops.convert_to_numpy(ops.convert_to_tensor(tensor)))


def create(variant: str | type, body: str | None = None, **config: Any) -> Any:
    """Builds a small model of a variant."""
    arguments = {"sample_shape": shapes(body)[0], "latent_dim": LATENT_DIM, "body": body}
    return resolve(variant)(**(arguments | config))


def fit_sampler(model: Any, x: np.ndarray) -> Any:
    """Fits the model a small sampler of what its codes are, and returns it."""
    if model.token_shape is None:
        return model.fit_sampler("normal", x)
    small = {"width": 4, "depth": 1, "heads": 1, "iterations": 1}
    return model.fit_sampler("code_transformer", x, **small)


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        model: The model; checks leave its weights as they are.
        x: What it was trained on.
        history: One number an epoch by name.
    """

    model: Any
    x: np.ndarray
    history: dict[str, list[float]]


def trained(variant: str | type) -> Trained:
    """Returns a variant's default model, trained once for all checks."""
    return _trained(resolve(variant))


@functools.lru_cache(maxsize=2)
def _trained(cls: type) -> Trained:
    model = create(cls)
    model.compile(model.default_optimizer(3e-3))
    # Variables that are made while tracing cost a second trace.
    model.optimizer.build(model.trainable_variables)
    x = samples(model.sample_shape, 128)
    return Trained(model, x, model.fit(x, batch_size=32, epochs=8, verbose=0).history)


def stepwise(variant: str | type) -> Any:
    """Returns a variant's model of vectors, compiled to run step by step: nothing is traced."""
    return _stepwise(resolve(variant))


@functools.lru_cache(maxsize=2)
def _stepwise(cls: type) -> Any:
    model = create(cls, sample_shape=SHAPES[-1])
    model.compile(metrics=["mae"], run_eagerly=True)
    model.optimizer.build(model.trainable_variables)
    return model


@contextlib.contextmanager
def preserved(model: Any) -> Iterator[None]:
    """Puts back weights, optimizer and noise of a model."""
    variables = [*model.variables, *model.optimizer.variables]
    values = [to_numpy(variable) for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
