"""The graphs of a model, made and compared with what made them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from aezoo import tensors
from aezoo.engines import onnx
from aezoo.graphs import check
from aezoo.graphs.facts import Facts
from aezoo.graphs.graph import Graph, stored_weights
from aezoo.graphs.onnx_file import dump
from aezoo.layout import GRAPH_FILES
from aezoo.noise import generator

TOLERANCE = 1e-5
"""Largest difference of two answers, of their largest magnitude where that is above 1."""

DIFFERENT_TOKENS = 0.01
"""Part of the tokens that may differ: where two entries are as near, rounding decides."""


def export(model: Any, weights: bytes) -> dict[str, bytes]:
    """Returns a graph for each function of a model.

    A graph holds no weights: it says where in `model.safetensors` they are.

    Args:
        model: An `aezoo.Autoencoder` as `aezoo.load` returns it, on the TensorFlow backend.
        weights: Content of the `model.safetensors` that it was loaded from.

    Returns:
        Content of ONNX files by file name, `aezoo.layout.GRAPH_FILES`.

    Raises:
        ModuleNotFoundError: ONNX Runtime is not installed.
        ValueError: The model cannot be exported, or ONNX Runtime's answers are not Keras'.
    """
    import keras

    from aezoo.graphs import conversion, tracing
    from aezoo.graphs.builder import Builder

    onnx.require()
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Models are exported on the TensorFlow backend: set KERAS_BACKEND=tensorflow in the "
            f"environment and start again. Received: {keras.backend.backend()!r}."
        )
    if model.conditional:
        raise ValueError(
            "Conditional models cannot be exported: no graph says what a condition is. Serve this "
            f"one with engine='keras'. Received: {type(model).__name__}."
        )
    facts, places = Facts.of_model(model), stored_weights(weights)
    graphs = {}
    with tracing.marked():
        for name, function in model.graph_functions().items():
            builder = Builder(facts.inputs(name), places)
            try:
                traced = tracing.trace(function, facts.inputs(name), model.named_weights())
                value = conversion.convert(traced, builder)
                graph = builder.finish(name, value, facts.output(name), facts.texts(name))
                data = dump(graph)
                graphs[name] = data, check.read(data, name, places)
            except ValueError as error:
                raise ValueError(
                    f"The function {name!r} of {type(model).__name__} cannot be exported: {error}. "
                    "Serve it with engine='keras', or write it with other keras.ops."
                ) from error
    _compare(model, facts, graphs, tensors.parse(weights))
    return {GRAPH_FILES[name]: data for name, (data, _) in graphs.items()}


def _compare(
    model: Any,
    facts: Facts,
    graphs: Mapping[str, tuple[bytes, Graph]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Raises ValueError unless graphs answer as the model does, to batches of different sizes."""
    engine = onnx.OnnxEngine(
        {
            name: functools.partial(onnx.session, data, {n: arrays[n] for n in graph.weights})
            for name, (data, graph) in graphs.items()
        },
        facts.sample_range,
    )
    rng = generator(0)
    for name in graphs:
        for n in (1, 3):
            inputs = [
                _draw(rng, key, (n, *value.shape), facts)
                for key, value in facts.inputs(name).items()
            ]
            found, expected = engine(name, *inputs), model.engine(name, *inputs)
            if found.shape != expected.shape or found.dtype != expected.dtype:
                difference = f"{found.dtype} {found.shape}, not {expected.dtype} {expected.shape}"
            elif name == "tokens":
                share = float(np.mean(found != expected))
                difference = f"{share:.1%} of the tokens" if share > DIFFERENT_TOKENS else ""
            else:
                distance = float(np.max(np.abs(found - expected)))
                largest = TOLERANCE * max(1.0, float(np.max(np.abs(expected))))
                difference = "" if distance <= largest else f"{distance:.2g}"
            if difference:
                raise ValueError(
                    f"The exported function {name!r} of {type(model).__name__} differs from "
                    f"Keras' by {difference} on {n} random inputs; nothing was written. Serve "
                    "this model with engine='keras'."
                )


def _draw(rng: np.random.Generator, name: str, shape: tuple[int, ...], facts: Facts) -> np.ndarray:
    if name == "tokens":
        return rng.integers(0, facts.codebook_size, shape).astype("int32")
    if name == "x" and facts.sample_range is not None:
        return rng.uniform(*facts.sample_range, shape).astype("float32")
    return rng.standard_normal(shape).astype("float32")
