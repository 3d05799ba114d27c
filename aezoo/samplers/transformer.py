"""The transformer of the token samplers, for `keras.ops` while it learns and numpy when it draws.

Pre-norm blocks of attention and a `silu` network, tied input and output embeddings. `n` is the
batch, `l` the number of places, `w` the width, `k` the number of entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aezoo.samplers import mlp

EXPANSION = 4
FORBIDDEN = -1e9
EPSILON = 1e-6

Remember = Callable[[int, Any, Any], tuple[Any, Any]]


def shapes(entries: int, places: int, width: int, depth: int) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each parameter by name.

    Args:
        entries: Number of different inputs, `k`.
        places: Largest number of places of a sequence.
        width: Units of a place.
        depth: Number of blocks.
    """
    found: dict[str, tuple[int, ...]] = {
        "entry": (entries, width),
        "place": (places, width),
        "scale": (width,),
        "bias": (entries,),
    }
    for layer in range(depth):
        found |= {f"{layer}.{name}_scale": (width,) for name in ("attention", "mlp")}
        found |= {f"{layer}.attention": (width, 3 * width), f"{layer}.out": (width, width)}
        found |= mlp.shapes(_sizes(width), f"{layer}.")
    return found


def initialise(
    entries: int, places: int, width: int, depth: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Returns parameters with which every block is the identity; see `shapes` for the arguments."""
    parameters = {}
    for name, shape in shapes(entries, places, width, depth).items():
        if name.endswith("scale"):
            parameters[name] = np.ones(shape, "float32")
        elif name.endswith(("bias", ".out")):
            parameters[name] = np.zeros(shape, "float32")
        else:
            spread = width**-0.5 if "." in name else 0.1
            parameters[name] = (spread * rng.standard_normal(shape)).astype("float32")
    for layer in range(depth):
        parameters |= mlp.initialise(_sizes(width), rng, f"{layer}.")
    return parameters


def apply(
    parameters: Mapping[str, Any],
    x: Any,
    ops: Any,
    *,
    depth: int,
    heads: int,
    mask: Any = 0.0,
    remember: Remember = lambda layer, keys, values: (keys, values),
) -> Any:
    """Runs the blocks.

    Args:
        parameters: Name to array.
        x: Embedded places, `(n, l, w)`.
        ops: numpy or `keras.ops`.
        depth: Number of blocks.
        heads: Number of heads of the attention, a divisor of the width.
        mask: Added to the attention's scores, `(l, l)`: `FORBIDDEN` where a place (row) may not
            look at another (column).
        remember: Maps the index of a block and the keys and values of these places, `(n, heads, l,
            w / heads)`, to those that they look at: for steps that go on from earlier ones.

    Returns:
        Normalised outputs, `(n, l, w)`.
    """
    length, width = x.shape[1:]

    heads_shape = (-1, length, 3, heads, width // heads)
    x = ops.reshape(x, (-1, width))
    for layer in range(depth):
        y = _normalise(x, parameters[f"{layer}.attention_scale"], ops)
        y = ops.reshape(ops.matmul(y, parameters[f"{layer}.attention"]), heads_shape)
        query, key, value = (ops.transpose(y[:, :, part], (0, 2, 1, 3)) for part in range(3))
        key, value = remember(layer, key, value)
        scores = ops.matmul(query, ops.swapaxes(key, -1, -2)) * (width // heads) ** -0.5
        y = ops.matmul(probabilities(scores + mask, ops), value)
        y = ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (-1, width))
        x = x + ops.matmul(y, parameters[f"{layer}.out"])
        y = _normalise(x, parameters[f"{layer}.mlp_scale"], ops)
        x = x + mlp.apply(parameters, y, ops, layers=2, prefix=f"{layer}.")
    x = _normalise(x, parameters["scale"], ops)
    return ops.reshape(x, (-1, length, width))


def logits(parameters: Mapping[str, Any], x: Any, ops: Any) -> Any:
    """Returns the log odds of every entry, `(..., k)`, of outputs `(..., w)`."""
    return ops.matmul(x, ops.transpose(parameters["entry"])) + parameters["bias"]


def probabilities(scores: Any, ops: Any) -> Any:
    """Returns the softmax of scores over the last axis."""
    weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    return weights / ops.sum(weights, axis=-1, keepdims=True)


def surprise(scores: Any, tokens: Any, ops: Any) -> Any:
    """Returns the negative log probability of tokens `(n, l)` under log odds `(n, l, k)`."""
    scores = scores - ops.max(scores, axis=-1, keepdims=True)
    chosen = ops.take_along_axis(scores, ops.expand_dims(tokens, -1), axis=-1)[..., 0]
    return ops.log(ops.sum(ops.exp(scores), axis=-1)) - chosen


def _normalise(x, scale, ops):
    """Divides by the root mean square (RMSNorm)."""
    return x * scale / ops.sqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + EPSILON)


def _sizes(width):
    return [width, EXPANSION * width, width]
