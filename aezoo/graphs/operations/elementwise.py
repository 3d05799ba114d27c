"""One number from one, two or three numbers."""

from __future__ import annotations

import math

import numpy as np

from aezoo.graphs.operations import Conversion, code, sizes

_SAME_NAME = (
    "Abs", "Atan", "Ceil", "Cos", "Elu", "Equal", "Erf", "Exp", "Floor", "Greater", "Log", "Mul",
    "Neg", "Pow", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign",
    "Sqrt", "Sub", "Tanh",
)  # fmt: skip
_OTHER_NAME = {
    "Add": "Add",
    "AddV2": "Add",
    "GreaterEqual": "GreaterOrEqual",
    "Inv": "Reciprocal",
    "LessEqual": "LessOrEqual",
    "LogicalNot": "Not",
    "LogicalOr": "Or",
    "RealDiv": "Div",
}
_SELU = (1.0507009873554805, 1.6732632423543772)  # scale and alpha of TensorFlow's


def _named(operator):
    return Conversion(lambda builder, operation, *inputs: builder.each(operator, *inputs))


def _add_all(builder, operation, first, *rest):
    for value in rest:
        first = builder.each("Add", first, value)
    return first


def _cast(builder, operation, x):
    if operation.get_attr("SrcT") == operation.get_attr("DstT"):
        return x
    return builder.each("Cast", x, to=code(operation.get_attr("DstT")))


def _and(builder, operation, a, b):
    never = [v for v in (a, b) if v in builder.constants and not builder.constants[v].any()]
    return never[0] if never else builder.each("And", a, b)


def _atan2(builder, operation, y, x):
    zero, tiny = _number(builder, 0.0), _number(builder, 1e-37)
    x = builder.each("Where", builder.each("Equal", x, zero), tiny, x)
    half_turn = (_number(builder, turn) for turn in (-math.pi, math.pi))
    turn = builder.each("Where", builder.each("Less", y, zero), *half_turn)
    turn = builder.each("Where", builder.each("Less", x, zero), turn, zero)
    return builder.each("Add", builder.each("Atan", builder.each("Div", y, x)), turn)


def _bits(builder, operation):
    """Says 0 for the bits by which Keras' `argmin` tells -0.0 from 0.0: for ONNX they are equal."""
    signs = operation.outputs[0].consumers()
    below = [less for sign in signs for less in sign.outputs[0].consumers()]
    both = [last for less in below for last in less.outputs[0].consumers()]
    zeros = {tensor.op.type for last in both for tensor in last.inputs}
    kinds = [{op.type for op in ops} for ops in (signs, below, both)]
    if kinds != [{"BitwiseAnd"}, {"Less"}, {"LogicalAnd"}] or zeros != {"Equal", "Less"}:
        raise ValueError("it looks at bits, which ONNX does not")
    return builder.constant(0, "int32")


def _bound(operator, position):
    """Says Max or Min with a number as Clip, which ONNX Runtime computes many times faster."""

    def convert(builder, operation, x, bound):
        if x in builder.constants:
            x, bound = bound, x
        if builder.shapes[bound] or bound not in builder.constants:
            return builder.each(operator, x, bound)
        bounds = ["", ""]
        bounds[position] = bound
        clip = builder.maker(x)
        if clip is not None and clip.operator == "Clip":
            both = [new or old for new, old in zip(bounds, clip.inputs[1:], strict=True)]
            low, high = (builder.constants.get(name) for name in both)
            if not clip.inputs[1 + position] and low <= high:
                x, bounds = clip.inputs[0], both
        return builder.each("Clip", x, *bounds)

    return Conversion(convert)


def _expm1(builder, operation, x):
    return builder.each("Sub", builder.each("Exp", x), _number(builder, 1.0))


def _identities(builder, operation, *inputs):
    return inputs


def _is_finite(builder, operation, x):
    largest = _number(builder, np.finfo("float32").max)
    return builder.each("LessOrEqual", builder.each("Abs", x), largest)


def _leaky_relu(builder, operation, x):
    return builder.each("LeakyRelu", x, alpha=float(operation.get_attr("alpha")))


def _less(builder, operation, a, b):
    if a in builder.constants and b in builder.constants:
        return builder.constant(builder.constants[a] < builder.constants[b])
    return builder.each("Less", a, b)


def _log1p(builder, operation, x):
    return builder.each("Log", builder.each("Add", x, _number(builder, 1.0)))


def _not_equal(builder, operation, a, b):
    return builder.each("Not", builder.each("Equal", a, b))


def _relu6(builder, operation, x):
    return builder.each("Clip", x, _number(builder, 0.0), _number(builder, 6.0))


def _rsqrt(builder, operation, x):
    return builder.each("Reciprocal", builder.each("Sqrt", x))


def _selu(builder, operation, x):
    scale, alpha = _SELU
    return builder.each("Mul", builder.each("Elu", x, alpha=alpha), _number(builder, scale))


def _select(builder, operation, condition, a, b):
    never = condition in builder.constants and not builder.constants[condition].any()
    if never and list(builder.shapes[b]) == sizes(operation.outputs[0]):
        return b
    return builder.each("Where", condition, a, b)


def _square(builder, operation, x):
    return builder.each("Mul", x, x)


def _squared_difference(builder, operation, a, b):
    return _square(builder, operation, builder.each("Sub", a, b))


def _number(builder, value):
    return builder.constant(value, np.float32)


CONVERSIONS = {
    **{name: _named(name) for name in _SAME_NAME},
    **{name: _named(operator) for name, operator in _OTHER_NAME.items()},
    "AddN": Conversion(_add_all),
    "Atan2": Conversion(_atan2),
    "Bitcast": Conversion(_bits, slice(0)),
    "BitwiseAnd": Conversion(lambda builder, operation, bits, mask: bits),
    "Cast": Conversion(_cast),
    "Expm1": Conversion(_expm1),
    "IdentityN": Conversion(_identities),
    "IsFinite": Conversion(_is_finite),
    "LeakyRelu": Conversion(_leaky_relu),
    "Less": Conversion(_less),
    "Log1p": Conversion(_log1p),
    "LogicalAnd": Conversion(_and),
    "Maximum": _bound("Max", 0),
    "Minimum": _bound("Min", 1),
    "NotEqual": Conversion(_not_equal),
    "Relu6": Conversion(_relu6),
    "Rsqrt": Conversion(_rsqrt),
    "SelectV2": Conversion(_select),
    "Selu": Conversion(_selu),
    "Square": Conversion(_square),
    "SquaredDifference": Conversion(_squared_difference),
    **{
        name: Conversion(lambda builder, operation, x: x)
        for name in ("EnsureShape", "Identity", "PreventGradient", "Snapshot", "StopGradient")
    },
}
