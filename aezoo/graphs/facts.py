"""What a model's graphs say about it, so that it can be used without its class."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from reprlib import repr as short
from typing import Any

from aezoo import strict_json
from aezoo.graphs.check import INPUTS, OUTPUTS
from aezoo.graphs.graph import Graph, Shape, Tensor
from aezoo.schema import MAX_INTEGER, MAX_NUMBER

LATENTS = ("vector", "posterior", "tokens")
"""What samplers can draw, see `aezoo.samplers`."""

_TEXTS = ("sample_range", "codebook_size", "latents")


@dataclasses.dataclass(frozen=True)
class Facts:
    """What `aezoo.interface.Interface` needs to know; attributes are as there."""

    sample_shape: Shape
    code_shape: Shape
    prior_noise_shape: Shape
    token_shape: Shape | None
    sample_range: tuple[float, float] | None
    codebook_size: int | None
    latents: tuple[str, ...]

    @classmethod
    def of_model(cls, model: Any) -> Facts:
        """Returns the facts about an `aezoo.Autoencoder`."""
        return cls(**{field.name: getattr(model, field.name) for field in dataclasses.fields(cls)})

    @classmethod
    def of_graphs(cls, graphs: Mapping[str, Graph]) -> Facts:
        """Returns what graphs say.

        Args:
            graphs: Checked graphs by function; `encode` and `decode` are among them.

        Raises:
            ValueError: The encoder's do not say it, with the reason, phrased to follow its file's
                name and a colon.
        """
        encoder = graphs["encode"]
        prior, tokens = graphs.get("prior"), graphs.get("tokens")
        if tuple(encoder.facts) != _TEXTS:
            raise ValueError(f"facts {short([*encoder.facts])}, expected {', '.join(_TEXTS)}")
        values = {key: strict_json.parse(text.encode()) for key, text in encoder.facts.items()}
        code_shape = encoder.outputs["z"].shape
        token_shape = None if tokens is None else tokens.outputs["tokens"].shape
        return cls(
            encoder.inputs["x"].shape,
            code_shape,
            code_shape if prior is None else prior.inputs["noise"].shape,
            token_shape,
            _sample_range(values["sample_range"]),
            _codebook_size(values["codebook_size"], token_shape),
            _latents(values["latents"]),
        )

    def check(self, function: str, graph: Graph) -> None:
        """Raises ValueError unless the graph of a function fits these facts."""
        expected = (self.inputs(function), self.output(function), self.texts(function))
        found = (dict(graph.inputs), dict(graph.outputs), dict(graph.facts))
        if found != expected:
            raise ValueError(f"{short(found)}, where the encoder needs {short(expected)}")

    def inputs(self, function: str) -> dict[str, Tensor]:
        """Returns what goes into the graph of a function, by name."""
        return {name: self._value(name, function) for name in INPUTS[function]}

    def output(self, function: str) -> dict[str, Tensor]:
        """Returns what comes out of the graph of a function, by name."""
        name = OUTPUTS[function]
        return {name: self._value(name, function)}

    def texts(self, function: str) -> dict[str, str]:
        """Returns what the graph of a function has to keep beside its shapes, as JSON."""
        if function != "encode":
            return {}
        return {name: json.dumps(getattr(self, name)) for name in _TEXTS}

    def _value(self, name: str, function: str) -> Tensor:
        shapes = {
            "x": self.sample_shape,
            "z": self.code_shape,
            "noise": self.prior_noise_shape if function == "prior" else self.code_shape,
            "tokens": self.token_shape,
            "log_weight": (),
        }
        return Tensor("int32" if name == "tokens" else "float32", shapes[name] or ())


def _sample_range(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    pair = isinstance(value, list) and len(value) == 2 and all(type(v) is float for v in value)
    if not pair or not -MAX_NUMBER <= value[0] < value[1] <= MAX_NUMBER:
        raise ValueError(f"sample_range {short(value)}, expected [low, high]")
    return value[0], value[1]


def _codebook_size(value: Any, token_shape: Shape | None) -> int | None:
    if value is None and token_shape is None:
        return None
    if token_shape is None or not strict_json.is_integer(value) or not 1 <= value <= MAX_INTEGER:
        raise ValueError(f"codebook_size {short(value)} of tokens of shape {token_shape}")
    return int(value)


def _latents(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(latent not in LATENTS for latent in value):
        raise ValueError(f"latents {short(value)}, expected some of {', '.join(LATENTS)}")
    return tuple(value)
