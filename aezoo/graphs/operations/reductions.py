"""What looks along axes: sums, extremes and where they are, softmax."""

from __future__ import annotations

from aezoo.graphs.operations import Conversion, code, static

_FIRST = slice(1)
_REDUCTIONS = {
    "Max": "ReduceMax",
    "Mean": "ReduceMean",
    "Min": "ReduceMin",
    "Prod": "ReduceProd",
    "Sum": "ReduceSum",
}


def _reduction(operator):
    def convert(builder, operation, x):
        axes = static(operation.inputs[1]).reshape(-1).tolist()
        if not axes:
            return x
        keep = int(operation.get_attr("keep_dims"))
        return builder.add(operator, x, builder.integers(axes), keepdims=keep)

    return Conversion(convert, _FIRST)


def _position(operator):
    def convert(builder, operation, x):
        axis = int(static(operation.inputs[1]))
        found = builder.add(operator, x, axis=axis, keepdims=0)
        return builder.add("Cast", found, to=code(operation.outputs[0].dtype))

    return Conversion(convert, _FIRST)


def _cumulative(builder, operation, x):
    axis = builder.constant(static(operation.inputs[1]))
    flags = {name: int(operation.get_attr(name)) for name in ("exclusive", "reverse")}
    return builder.add("CumSum", x, axis, **flags)


def _top_k(builder, operation, x):
    count = builder.integers([int(static(operation.inputs[1]))])
    values, indices = builder.add_many(2, "TopK", x, count, axis=-1, largest=1, sorted=1)
    return values, builder.add("Cast", indices, to=code(operation.outputs[1].dtype))


def _softmax(operator):
    return Conversion(lambda builder, operation, x: builder.add(operator, x, axis=-1))


CONVERSIONS = {
    **{name: _reduction(operator) for name, operator in _REDUCTIONS.items()},
    **{name: _position(name) for name in ("ArgMax", "ArgMin")},
    **{name: _softmax(name) for name in ("Softmax", "LogSoftmax")},
    "Cumsum": Conversion(_cumulative, _FIRST),
    "TopKV2": Conversion(_top_k, _FIRST),
}
