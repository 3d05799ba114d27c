"""The same numbers in another arrangement."""

from __future__ import annotations

import math

import numpy as np

from aezoo.graphs.graph import CODES
from aezoo.graphs.operations import Conversion, one_row, sizes, static
from aezoo.graphs.tracing import BATCH

_FIRST, _NONE = slice(1), slice(0)
_END = 2**63 - 1


def _batch_to_space(builder, operation, x):
    block, crops = (static(tensor).tolist() for tensor in operation.inputs[1:])
    count, *inner, rest = _spatial(builder, x, len(block))
    n, rank = count // math.prod(block), len(block)
    y = builder.reshape(x, (*block, n, *inner, *rest))
    pairs = [axis for i in range(rank) for axis in (rank + 1 + i, i)]
    y = builder.transpose(y, (rank, *pairs, *range(2 * rank + 1, 2 * rank + 1 + len(rest))))
    grown = [size * by for size, by in zip(inner, block, strict=True)]
    y = builder.reshape(y, (n, *grown, *rest))
    ends = [size - after for size, (_, after) in zip(grown, crops, strict=True)]
    starts = [0, *(before for before, _ in crops), *[0] * len(rest)]
    return _cut(builder, y, starts, [_END, *ends, *[_END] * len(rest)])


def _space_to_batch(builder, operation, x):
    block, pads = (static(tensor).tolist() for tensor in operation.inputs[1:])
    rank = len(block)
    rest = len(builder.shapes[x]) - rank - 1
    before, after = zip(*([0, 0], *pads, *[[0, 0]] * rest), strict=True)
    x = builder.add("Pad", x, builder.integers([*before, *after]), mode="constant")
    n, *inner, rest = _spatial(builder, x, rank)
    parts = [part for size, by in zip(inner, block, strict=True) for part in (size // by, by)]
    y = builder.reshape(x, (n, *parts, *rest))
    whole, within = range(1, 2 * rank + 1, 2), range(2, 2 * rank + 1, 2)
    y = builder.transpose(y, (*within, 0, *whole, *range(2 * rank + 1, 2 * rank + 1 + len(rest))))
    return builder.reshape(y, (n * math.prod(block), *parts[::2], *rest))


def _spatial(builder, x, rank):
    """Returns the batch, each of `rank` sizes after it, and the list of those left."""
    n, *shape = builder.shapes[x]
    return n, *shape[:rank], shape[rank:]


def _broadcast_to(builder, operation, x):
    return builder.add("Expand", x, builder.integers(one_row(operation.outputs[0])))


def _concat(builder, operation, *inputs):
    return builder.add("Concat", *inputs, axis=int(static(operation.inputs[-1])))


def _constant(builder, operation):
    values, shape = static(operation.outputs[0]), one_row(operation.outputs[0])
    row = values[tuple(slice(size) for size in shape)]
    if not (values == row).all():
        raise ValueError("it differs from sample to sample")
    return builder.constant(row)


def _fill(builder, operation):
    return _full(builder, operation, static(operation.inputs[1]))


def _full(builder, operation, value):
    tensor = operation.outputs[0]
    return builder.constant(np.full(one_row(tensor), value, tensor.dtype.as_numpy_dtype))


def _gather(builder, operation, x, indices):
    if operation.get_attr("batch_dims"):
        raise ValueError("it gathers within each sample")
    return builder.add("Gather", x, indices, axis=int(static(operation.inputs[2])))


def _one_hot(builder, operation, indices):
    depth, on, off = (static(tensor) for tensor in operation.inputs[1:])
    indices = builder.add("Cast", indices, to=CODES["int64"])
    values = builder.constant(np.array([off, on]))
    return builder.add(
        "OneHot", indices, builder.integers([depth]), values, axis=operation.get_attr("axis")
    )


def _pack(builder, operation, *inputs):
    axis = operation.get_attr("axis") % operation.outputs[0].shape.rank
    rows = []
    for value in inputs:
        shape = builder.shapes[value]
        rows.append(builder.reshape(value, (*shape[:axis], 1, *shape[axis:])))
    return builder.add("Concat", *rows, axis=axis)


def _pad(builder, operation, x):
    before, after = static(operation.inputs[1]).T
    pads, value = builder.integers([*before, *after]), []
    mode = {"MirrorPad": "reflect"}.get(operation.type, "constant")
    if operation.type == "MirrorPad" and operation.get_attr("mode") != b"REFLECT":
        raise ValueError("it pads symmetrically; 'reflect' can be said")
    if operation.type == "PadV2":
        value = [builder.constant(static(operation.inputs[2]))]
    return builder.add("Pad", x, pads, *value, mode=mode)


def _reshape(builder, operation, x):
    return builder.reshape(x, sizes(operation.outputs[0]))


def _slice(builder, operation, x):
    begin, size = (static(tensor) for tensor in operation.inputs[1:])
    return _cut(
        builder, x, begin, [b + s if s >= 0 else _END for b, s in zip(begin, size, strict=True)]
    )


def _strided_slice(builder, operation, x):
    begin, end, strides = (static(tensor) for tensor in operation.inputs[1:])
    masks = {
        name: operation.get_attr(f"{name}_mask")
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    rank, axis = len(builder.shapes[x]), 0
    starts, ends, steps = [0] * rank, [_END] * rank, [1] * rank
    indexed = [i for i in range(len(begin)) if not masks["new_axis"] >> i & 1]
    for i in indexed:
        if masks["ellipsis"] >> i & 1:
            axis += rank - len(indexed) + 1
            continue
        steps[axis] = step = int(strides[i])
        if masks["shrink_axis"] >> i & 1:
            starts[axis], ends[axis] = int(begin[i]), int(begin[i]) + 1 or _END
        else:
            first, last = (0, _END) if step > 0 else (_END, -_END)
            starts[axis] = first if masks["begin"] >> i & 1 else int(begin[i])
            ends[axis] = last if masks["end"] >> i & 1 else int(end[i])
        axis += 1
    return builder.reshape(_cut(builder, x, starts, ends, steps), sizes(operation.outputs[0]))


def _reverse(builder, operation, x):
    axes = {int(axis) % len(builder.shapes[x]) for axis in static(operation.inputs[1])}
    steps = [-1 if axis in axes else 1 for axis in range(len(builder.shapes[x]))]
    return _cut(builder, x, [0 if s > 0 else _END for s in steps], [s * _END for s in steps], steps)


def _cut(builder, x, starts, ends, steps=None):
    # The batch that was traced ends where the batch ends.
    ends = [_END if end == BATCH else end for end in ends]
    cuts = [*zip(starts, ends, steps or [1] * len(starts), strict=True)]
    axes = [
        axis
        for axis, (size, cut) in enumerate(zip(builder.shapes[x], cuts, strict=True))
        if range(size)[slice(*cut)] != range(size)
    ]
    if not axes:
        return x
    columns = zip(*(cuts[axis] for axis in axes), strict=True)
    start, end, step = (builder.integers(column) for column in columns)
    return builder.add("Slice", x, start, end, builder.integers(axes), step)


def _split(builder, operation, x):
    axis = int(static(operation.inputs[2 if operation.type == "SplitV" else 0]))
    parts = [sizes(output)[axis] for output in operation.outputs]
    return builder.add_many(len(parts), "Split", x, builder.integers(parts), axis=axis)


def _tile(builder, operation, x):
    shape, target = builder.shapes[x], sizes(operation.outputs[0])
    for axis, (size, wanted) in enumerate(zip(shape, target, strict=True)):
        if size not in (1, wanted):
            x = builder.add("Concat", *[x] * (wanted // size), axis=axis)
    grown = [1 if size == wanted else wanted for size, wanted in zip(shape, target, strict=True)]
    return builder.add("Expand", x, builder.integers(grown)) if max(grown) > 1 else x


def _transpose(builder, operation, x):
    return builder.transpose(x, static(operation.inputs[1]).tolist())


def _unpack(builder, operation, x):
    axis, shape = operation.get_attr("axis"), [*builder.shapes[x]]
    count = shape.pop(axis)
    rows = builder.add_many(count, "Split", x, builder.integers([1] * count), axis=axis)
    return [builder.reshape(row, shape) for row in rows]


CONVERSIONS = {
    "BatchToSpaceND": Conversion(_batch_to_space, _FIRST),
    "BroadcastTo": Conversion(_broadcast_to, _FIRST),
    "ConcatV2": Conversion(_concat, slice(-1)),
    "Const": Conversion(_constant, _NONE),
    "ExpandDims": Conversion(_reshape, _FIRST),
    "Fill": Conversion(_fill, _NONE),
    "GatherV2": Conversion(_gather, slice(2)),
    "MirrorPad": Conversion(_pad, _FIRST),
    "OneHot": Conversion(_one_hot, _FIRST),
    "OnesLike": Conversion(lambda builder, operation: _full(builder, operation, 1), _NONE),
    "Pack": Conversion(_pack),
    "Pad": Conversion(_pad, _FIRST),
    "PadV2": Conversion(_pad, _FIRST),
    "Range": Conversion(_constant, _NONE),
    "Reshape": Conversion(_reshape, _FIRST),
    "ReverseV2": Conversion(_reverse, _FIRST),
    "Slice": Conversion(_slice, _FIRST),
    "SpaceToBatchND": Conversion(_space_to_batch, _FIRST),
    "Split": Conversion(_split, slice(1, 2)),
    "SplitV": Conversion(_split, _FIRST),
    "Squeeze": Conversion(_reshape, _FIRST),
    "StridedSlice": Conversion(_strided_slice, _FIRST),
    "Tile": Conversion(_tile, _FIRST),
    "Transpose": Conversion(_transpose, _FIRST),
    "Unpack": Conversion(_unpack),
    "ZerosLike": Conversion(lambda builder, operation: _full(builder, operation, 0), _NONE),
}
