"""Convolutions and what else moves a window over an image.

TensorFlow's images are `(n, h, w, c)`, ONNX' are `(n, c, h, w)`.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aezoo.graphs.operations import Conversion, sizes

_TO_ONNX, _FROM_ONNX = (0, 3, 1, 2), (0, 2, 3, 1)
_KERNELS = {b"triangle": "bilinear", b"keyscubic": "bicubic"}  # others have the method's name
_RESIZES = {
    "ResizeBicubic": "bicubic",
    "ResizeBilinear": "bilinear",
    "ResizeNearestNeighbor": "nearest",
}


def _conv(builder, operation, x, kernel):
    strides, dilations = _spatial(operation, "strides"), _spatial(operation, "dilations")
    x = _channels_first(builder, operation, x)
    pads = _pads(operation, builder.shapes[x][2:], builder.shapes[kernel][:2], strides, dilations)
    group = builder.shapes[x][1] // builder.shapes[kernel][2]
    kernel = builder.transpose(kernel, (3, 2, 0, 1))
    y = builder.add("Conv", x, kernel, strides=strides, pads=pads, dilations=dilations, group=group)
    return builder.transpose(y, _FROM_ONNX)


def _depthwise(builder, operation, x, kernel):
    height, width, channels, multiplier = builder.shapes[kernel]
    kernel = builder.reshape(kernel, (height, width, 1, channels * multiplier))
    return _conv(builder, operation, x, kernel)


def _conv_transpose(builder, operation, kernel, x):
    strides, dilations = _spatial(operation, "strides"), _spatial(operation, "dilations")
    x = _channels_first(builder, operation, x)
    wanted, widths = sizes(operation.outputs[0])[1:3], builder.shapes[kernel][:2]
    pads = _pads(operation, wanted, widths, strides, dilations)
    extra = tuple(
        goal - (stride * (size - 1) + (width - 1) * dilation + 1 - before - after)
        for goal, size, width, stride, dilation, before, after in zip(
            wanted, builder.shapes[x][2:], widths, strides, dilations, pads[:2], pads[2:],
            strict=True,
        )
    )  # fmt: skip
    y = builder.add(
        "ConvTranspose", x, builder.transpose(kernel, (3, 2, 0, 1)),
        strides=strides, pads=pads, dilations=dilations, output_padding=extra,
    )  # fmt: skip
    return builder.transpose(y, _FROM_ONNX)


def _pool(operator):
    def convert(builder, operation, x):
        strides, widths = _spatial(operation, "strides"), _spatial(operation, "ksize")
        x = _channels_first(builder, operation, x)
        pads = _pads(operation, builder.shapes[x][2:], widths, strides, (1, 1))
        y = builder.add(operator, x, kernel_shape=widths, strides=strides, pads=pads)
        return builder.transpose(y, _FROM_ONNX)

    return Conversion(convert)


def _bias(builder, operation, x, bias):
    """Gives the bias to the convolution before, which is faster than an addition of its own."""
    turn = builder.maker(x)
    conv = builder.maker(turn.inputs[0]) if turn and turn.operator == "Transpose" else None
    if conv and conv.operator in ("Conv", "ConvTranspose") and len(conv.inputs) == 2:
        y = builder.add(conv.operator, *conv.inputs, bias, **conv.attributes)
        return builder.transpose(y, turn.attributes["perm"])
    if operation.get_attr("data_format") != b"NHWC":
        raise ValueError("its channels come first")
    return builder.add("Add", x, bias)


def _depth_to_space(builder, operation, x):
    block = operation.get_attr("block_size")
    n, h, w, c = builder.shapes[x]
    c //= block**2
    y = builder.reshape(x, (n, h, w, block, block, c))
    y = builder.transpose(y, (0, 1, 3, 2, 4, 5))
    return builder.reshape(y, (n, h * block, w * block, c))


def _resize(builder, operation, x):
    """Resizes by a matrix for the height and one for the width, which TensorFlow makes."""
    n, height, width, channels = builder.shapes[x]
    _, *wanted, _ = sizes(operation.outputs[0])
    rows, columns = (
        _resizing(operation, before, after)
        for before, after in zip((height, width), wanted, strict=True)
    )
    y = builder.reshape(x, (n, height, width * channels))
    y = builder.add("MatMul", builder.constant(rows), y)
    y = builder.reshape(y, (n, len(rows), width, channels))
    return builder.add("MatMul", builder.constant(columns), y)


def _resizing(operation, before, after):
    """Returns the matrix `(after, before)` by which an operation resizes one axis."""
    if operation.type == "ScaleAndTranslate":
        kernel = operation.get_attr("kernel_type")
        method = _KERNELS.get(kernel, kernel.decode())
        antialias = operation.get_attr("antialias")
    else:
        method, antialias = _RESIZES[operation.type], False
    resized = tf.image.resize(
        np.eye(before, dtype="float32")[:, :, None], (after, before), method, antialias=antialias
    )
    return resized.numpy()[:, :, 0]


def _channels_first(builder, operation, x):
    if operation.get_attr("data_format") != b"NHWC":
        raise ValueError("its channels come first; use data_format='channels_last'")
    return builder.transpose(x, _TO_ONNX)


def _spatial(operation, attribute):
    return tuple(operation.get_attr(attribute)[1:3])


def _pads(operation, shape, widths, strides, dilations):
    """Returns what TensorFlow pads a forward convolution by, in ONNX' order."""
    padding = operation.get_attr("padding")
    if padding == b"VALID":
        return (0, 0, 0, 0)
    if padding == b"EXPLICIT":
        _, _, top, bottom, left, right, _, _ = operation.get_attr("explicit_paddings")
        return (top, left, bottom, right)
    totals = [
        max((-(-size // stride) - 1) * stride + (width - 1) * dilation + 1 - size, 0)
        for size, width, stride, dilation in zip(shape, widths, strides, dilations, strict=True)
    ]
    return (*(total // 2 for total in totals), *(total - total // 2 for total in totals))


CONVERSIONS = {
    "AvgPool": _pool("AveragePool"),
    "BiasAdd": Conversion(_bias),
    "Conv2D": Conversion(_conv),
    "Conv2DBackpropInput": Conversion(_conv_transpose, slice(1, 3)),
    "DepthToSpace": Conversion(_depth_to_space),
    "DepthwiseConv2dNative": Conversion(_depthwise),
    "MaxPool": _pool("MaxPool"),
    **{name: Conversion(_resize, slice(1)) for name in ("ScaleAndTranslate", *_RESIZES)},
}
