"""The ONNX operators that a graph may hold: their attributes, and the shapes of what they give.

One table serves both sides: the exporter writes nothing else, and nothing else is run. No operator
here reads or writes files, loops, calls, draws at random, or makes a shape that depends on values
other than constants.

See the [operators](https://onnx.ai/onnx/operators/).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Call(NamedTuple):
    """What the rule of an operator sees.

    Attributes:
        shapes: Shape of each input; `()` for one that is left out.
        values: The values of each input that is a constant of the graph itself, else None.
        attributes: By name.
        outputs: How many outputs are named.
    """

    shapes: Sequence[Shape]
    values: Sequence[np.ndarray | None]
    attributes: Mapping[str, Any]
    outputs: int = 1

    def integers(self, position: int) -> list[int]:
        """Returns an input that has to be a constant list of integers."""
        value = self.values[position] if position < len(self.values) else None
        if value is None or value.dtype != np.int64 or value.ndim > 1 or value.size > 64:
            raise ValueError("sizes that are no constant")
        return [int(size) for size in value.reshape(-1)]


Rule = Callable[[Call], list[Shape]]


class Operator(NamedTuple):
    """An operator of ONNX.

    Attributes:
        rule: Maps a call to the shapes of its outputs; raises ValueError where it cannot be.
        attributes: Type of each attribute that it may have, by name.
        work: Maps a call and the sizes of its outputs to about how many multiplications it takes.
    """

    rule: Rule
    attributes: Mapping[str, type]
    work: Callable[[Call, int], int] = lambda call, size: size


def find(name: str) -> Operator:
    """Returns an operator.

    Args:
        name: Its name in ONNX.

    Raises:
        ValueError: Graphs of aezoo do not hold it.
    """
    if name not in OPERATORS:
        raise ValueError(f"the operator {name[:40]!r}, which no graph of aezoo has")
    return OPERATORS[name]


def broadcast(*shapes: Shape) -> Shape:
    """Returns the shape that arrays of these shapes have together.

    Raises:
        ValueError: They do not fit.
    """
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    together = []
    for sizes in zip(*padded, strict=True):
        several = {size for size in sizes if size != 1}
        if len(several) > 1:
            raise ValueError(f"shapes that do not fit: {list(shapes)}")
        together.append(several.pop() if several else 1)
    return tuple(together)


def _same(call: Call) -> list[Shape]:
    return [call.shapes[0]]


def _elementwise(call: Call) -> list[Shape]:
    return [broadcast(*call.shapes)]


def _matmul(call: Call) -> list[Shape]:
    a, b = call.shapes
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise ValueError(f"matrices of shapes {a} and {b}")
    return [(*broadcast(a[:-2], b[:-2]), a[-2], b[-1])]


def _conv(call: Call) -> list[Shape]:
    x, kernel = call.shapes[:2]
    strides, pads, dilations = _window(call, len(x) - 2)
    group = call.attributes.get("group", 1)
    if len(x) != len(kernel) or x[1] != kernel[1] * group or kernel[0] % group:
        raise ValueError(f"a kernel of shape {kernel} on {x}")
    sizes = _slide(x[2:], kernel[2:], strides, pads, dilations)
    return [(x[0], kernel[0], *sizes)]


def _conv_transpose(call: Call) -> list[Shape]:
    x, kernel = call.shapes[:2]
    strides, pads, dilations = _window(call, len(x) - 2)
    extra = call.attributes.get("output_padding", (0,) * len(strides))
    group = call.attributes.get("group", 1)
    if len(x) != len(kernel) or x[1] != kernel[0] or len(extra) != len(strides) or group != 1:
        raise ValueError(f"a kernel of shape {kernel} on {x}")
    sizes = [
        stride * (size - 1) + (width - 1) * dilation + 1 + more - before - after
        for size, width, stride, dilation, more, before, after in zip(
            x[2:], kernel[2:], strides, dilations, extra, *pads, strict=True
        )
    ]
    return [(x[0], kernel[1], *sizes)]


def _pool(call: Call) -> list[Shape]:
    (x,) = call.shapes
    strides, pads, dilations = _window(call, len(x) - 2)
    width = call.attributes.get("kernel_shape", ())
    return [(*x[:2], *_slide(x[2:], width, strides, pads, dilations))]


def _window(call: Call, rank: int) -> tuple[Sequence[int], list[Sequence[int]], Sequence[int]]:
    ones = (1,) * rank
    strides, dilations = (call.attributes.get(name, ones) for name in ("strides", "dilations"))
    pads = call.attributes.get("pads", (0,) * 2 * rank)
    lengths = (len(strides), len(dilations), len(pads) / 2)
    if rank < 1 or lengths != (rank,) * 3 or min(*strides, *dilations) < 1 or min(pads) < 0:
        raise ValueError("a window that does not fit")
    return strides, [pads[:rank], pads[rank:]], dilations


def _slide(sizes: Shape, widths: Shape, strides: Any, pads: Any, dilations: Any) -> list[int]:
    if len(sizes) != len(widths):
        raise ValueError("a window that does not fit")
    return [
        (size + before + after - (width - 1) * dilation - 1) // stride + 1
        for size, width, stride, dilation, before, after in zip(
            sizes, widths, strides, dilations, *pads, strict=True
        )
    ]


def _reshape(call: Call) -> list[Shape]:
    sizes, total = call.integers(1), math.prod(call.shapes[0])
    if -1 in sizes:
        known = math.prod(size for size in sizes if size != -1)
        sizes[sizes.index(-1)] = total // known if known else 0
    if min(sizes, default=1) < 1 or math.prod(sizes) != total:
        raise ValueError(f"shape {call.shapes[0]} made {sizes}")
    return [tuple(sizes)]


def _transpose(call: Call) -> list[Shape]:
    (shape,), order = call.shapes, call.attributes.get("perm", ())
    if sorted(order) != [*range(len(shape))]:
        raise ValueError(f"axes {order} of shape {shape}")
    return [tuple(shape[axis] for axis in order)]


def _slice(call: Call) -> list[Shape]:
    shape = [*call.shapes[0]]
    starts, ends, axes, steps = (call.integers(position) for position in range(1, 5))
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step == 0:
            raise ValueError("a step of 0")
        axis = _axis(axis, shape)
        shape[axis] = len(range(shape[axis])[start:end:step])
    return [tuple(shape)]


def _concat(call: Call) -> list[Shape]:
    first = call.shapes[0]
    axis = _axis(call.attributes.get("axis", 0), first)
    if len({shape[:axis] + shape[axis + 1 :] for shape in call.shapes}) != 1:
        raise ValueError(f"shapes {list(call.shapes)} in a row")
    return [(*first[:axis], sum(shape[axis] for shape in call.shapes), *first[axis + 1 :])]


def _split(call: Call) -> list[Shape]:
    shape = call.shapes[0]
    axis, sizes = _axis(call.attributes.get("axis", 0), shape), call.integers(1)
    if sum(sizes) != shape[axis]:
        raise ValueError(f"shape {shape} in parts {sizes}")
    return [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]


def _gather(call: Call) -> list[Shape]:
    shape, indices = call.shapes
    axis = _axis(call.attributes.get("axis", 0), shape)
    return [shape[:axis] + indices + shape[axis + 1 :]]


def _expand(call: Call) -> list[Shape]:
    return [broadcast(call.shapes[0], tuple(call.integers(1)))]


def _pad(call: Call) -> list[Shape]:
    shape, pads = call.shapes[0], call.integers(1)
    rank = len(shape)
    if len(pads) != 2 * rank or len(call.shapes) > 3:
        raise ValueError(f"shape {shape} padded by {pads}")
    return [tuple(size + pads[i] + pads[i + rank] for i, size in enumerate(shape))]


def _reduce(call: Call) -> list[Shape]:
    return [_reduced(call, call.integers(1))]


def _arg(call: Call) -> list[Shape]:
    return [_reduced(call, [call.attributes.get("axis", 0)])]


def _reduced(call: Call, axes: Sequence[int]) -> Shape:
    shape, keep = call.shapes[0], call.attributes.get("keepdims", 1)
    reduced = {_axis(axis, shape) for axis in axes}
    left = [1 if axis in reduced else size for axis, size in enumerate(shape)]
    return tuple(size for axis, size in enumerate(left) if keep or axis not in reduced)


def _top_k(call: Call) -> list[Shape]:
    shape = call.shapes[0]
    axis, (k,) = _axis(call.attributes.get("axis", -1), shape), call.integers(1)
    return [(*shape[:axis], k, *shape[axis + 1 :])] * 2


def _one_hot(call: Call) -> list[Shape]:
    shape, (depth,) = call.shapes[0], call.integers(1)
    axis = _axis(call.attributes.get("axis", -1), (*shape, depth))
    return [(*shape[:axis], depth, *shape[axis:])]


def _einsum(call: Call) -> list[Shape]:
    terms, arrow, out = call.attributes.get("equation", "").partition("->")
    sizes: dict[str, int] = {}
    for letters, shape in zip(terms.split(","), call.shapes, strict=True):
        for letter, size in zip(letters, shape, strict=True):
            if not letter.isalpha() or sizes.setdefault(letter, size) != size:
                raise ValueError(f"the sum {terms!r} of shapes {list(call.shapes)}")
    if not arrow or not set(out) <= set(sizes):
        raise ValueError(f"the sum {terms!r} without a result")
    return [tuple(sizes[letter] for letter in out)]


def _recurrent(call: Call) -> list[Shape]:
    time, n, _ = call.shapes[0]
    units = call.attributes.get("hidden_size", 0)
    return [(time, 1, n, units), *[(1, n, units)] * (call.outputs - 1)]


def _axis(axis: int, shape: Sequence[int]) -> int:
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis {axis} of shape {tuple(shape)}")
    return axis % len(shape)


def _times_last(call: Call, size: int) -> int:
    return size * call.shapes[0][-1]


def _times_kernel(call: Call, size: int) -> int:
    return size * math.prod(call.shapes[1][1:])


def _times_all(call: Call, size: int) -> int:
    return size * math.prod(math.prod(shape) for shape in call.shapes)


UNARY = (
    "Abs", "Atan", "Ceil", "Cos", "Erf", "Exp", "Floor", "Identity", "Log", "Neg", "Not",
    "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Tanh",
)  # fmt: skip
"""Those that map each number by itself."""

NARY = (
    "Add", "And", "Clip", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max",
    "Min", "Mul", "Or", "Pow", "Sub", "Where",
)  # fmt: skip
"""Those that combine numbers in the same place."""

_WINDOW = {"strides": tuple, "pads": tuple, "dilations": tuple}
_AXIS = {"axis": int}
_KEEP = {"keepdims": int}

OPERATORS = {
    **{name: Operator(_same, {}) for name in UNARY},
    **{name: Operator(_elementwise, {}) for name in NARY},
    **{name: Operator(_reduce, _KEEP) for name in (
        "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    )},
    **{name: Operator(_arg, {**_AXIS, **_KEEP}) for name in ("ArgMax", "ArgMin")},
    **{name: Operator(_same, {"alpha": float}) for name in ("Elu", "LeakyRelu")},
    **{name: Operator(_same, _AXIS) for name in ("Softmax", "LogSoftmax")},
    "AveragePool": Operator(_pool, {**_WINDOW, "kernel_shape": tuple, "count_include_pad": int}),
    "Cast": Operator(_same, {"to": int}),
    "Concat": Operator(_concat, _AXIS),
    "Conv": Operator(_conv, {**_WINDOW, "group": int}, _times_kernel),
    "ConvTranspose": Operator(
        _conv_transpose, {**_WINDOW, "output_padding": tuple}, _times_kernel
    ),
    "CumSum": Operator(_same, {"exclusive": int, "reverse": int}),
    "Einsum": Operator(_einsum, {"equation": str}, _times_all),
    "Expand": Operator(_expand, {}),
    "GRU": Operator(_recurrent, {"hidden_size": int, "linear_before_reset": int}, _times_all),
    "Gather": Operator(_gather, _AXIS),
    "LSTM": Operator(_recurrent, {"hidden_size": int}, _times_all),
    "MatMul": Operator(_matmul, {}, _times_last),
    "MaxPool": Operator(_pool, {**_WINDOW, "kernel_shape": tuple}),
    "OneHot": Operator(_one_hot, _AXIS),
    "Pad": Operator(_pad, {"mode": str}),
    "Reshape": Operator(_reshape, {}),
    "Slice": Operator(_slice, {}),
    "Split": Operator(_split, _AXIS),
    "TopK": Operator(_top_k, {"axis": int, "largest": int, "sorted": int}),
    "Transpose": Operator(_transpose, {"perm": tuple}),
}  # fmt: skip
