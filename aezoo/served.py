"""A stored model that needs neither Keras nor TensorFlow."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from aezoo.engines import onnx
from aezoo.graphs import check
from aezoo.graphs.facts import Facts
from aezoo.graphs.graph import Graph, stored_weights
from aezoo.interface import Interface
from aezoo.layout import GRAPH_FILES, WEIGHTS
from aezoo.stored import Stored, StoreError, naming


class Served(Interface):
    """A trained model on ONNX Runtime, with the interface of every model.

    `aezoo.load(source, engine="onnx")` makes it from the graphs that `aezoo.export` wrote. Its
    answers are those of the Keras model within 1e-5.

    Args:
        stored: The verified files of a model with graphs.

    Attributes:
        variant: Registered name of the variant.
        source: What `aezoo.load` takes to read this model again.

    Raises:
        ModuleNotFoundError: ONNX Runtime is not installed.
        StoreError: A graph is missing, or is none that `aezoo.export` writes.
    """

    prior_noise_shape: tuple[int, ...] = ()
    latents: tuple[str, ...] = ()

    def __init__(self, stored: Stored):
        onnx.require()
        missing = [
            GRAPH_FILES[f] for f in ("encode", "decode") if GRAPH_FILES[f] not in stored.files
        ]
        if missing:
            raise StoreError(
                f"{stored.directory}: has no {' and no '.join(missing)}, which engine='onnx' runs; "
                f"`aezoo export {stored.source} --out DIR` writes a copy that has them."
            )
        arrays = stored.stored_arrays()
        with naming(stored.directory / WEIGHTS):
            places = stored_weights(stored.weights)
        places = {name: places[name] for name in arrays}  # without the sampler's
        graphs: dict[str, Graph] = {}
        for function, name in GRAPH_FILES.items():
            if name in stored.files:
                with naming(stored.directory / name):
                    graphs[function] = check.read(stored.files[name], function, places)
        with naming(stored.directory / GRAPH_FILES["encode"]):
            facts = Facts.of_graphs(graphs)
        for function, graph in graphs.items():
            with naming(stored.directory / GRAPH_FILES[function]):
                facts.check(function, graph)
        for field in dataclasses.fields(facts):
            setattr(self, field.name, getattr(facts, field.name))
        self.learns_code = bool(graphs["encode"].weights)
        self.variant: str = stored.config["variant"]
        self.source = stored.source
        self._arrays = arrays
        self.engine = onnx.OnnxEngine(
            {
                function: functools.partial(_session, stored, function, graph, arrays)
                for function, graph in graphs.items()
            },
            facts.sample_range,
        )

    def named_weights(self) -> dict[str, np.ndarray]:
        """Returns every weight as it is stored, read-only, by the name it has in a Keras model."""
        return dict(self._arrays)

    @property
    def _kind(self) -> str:
        return f"this {self.variant}"

    def __getattr__(self, name: str) -> Any:
        """Raises AttributeError: nothing is looked up."""
        raise AttributeError(
            f"A model on ONNX Runtime has no {name!r}: it answers, but does not train and has no "
            "Keras networks. Load it without engine='onnx' for these.",
            name=name,
            obj=self,
        )

    def __repr__(self) -> str:
        """Returns the variant, where it comes from, and what runs it."""
        return f"<{self.variant} of {self.source} on ONNX Runtime>"


def _session(stored: Stored, function: str, graph: Graph, arrays: Mapping[str, np.ndarray]) -> Any:
    name = GRAPH_FILES[function]
    with naming(stored.directory / name):
        return onnx.session(stored.files[name], {n: arrays[n] for n in graph.weights})
