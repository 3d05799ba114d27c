"""Every operation that is converted answers in ONNX Runtime as in TensorFlow."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from graph_runs import converted
from keras import layers, ops

IMAGE = np.random.default_rng(0).normal(size=(3, 6, 5, 4)).astype("float32")
ROWS = np.random.default_rng(1).normal(size=(3, 7)).astype("float32")
SEQUENCE = np.random.default_rng(2).normal(size=(3, 5, 4)).astype("float32")
# Both signs, zeros and what rounds to even.
EDGES = np.array([[-2.5, -1.5, -0.5, -0.0], [0.0, 0.5, 1.5, 2.5]], "float32")


def number(x):
    return ops.cast(x, "float32")


ELEMENTWISE = {
    **{
        function.__name__: function
        for function in (
            ops.abs, ops.ceil, ops.cos, ops.elu, ops.erf, ops.exp, ops.expm1, ops.floor, ops.gelu,
            ops.hard_sigmoid, ops.leaky_relu, ops.log_sigmoid, ops.log_softmax, ops.negative,
            ops.relu, ops.relu6, ops.round, ops.selu, ops.sigmoid, ops.sign, ops.silu, ops.sin,
            ops.softmax, ops.softplus, ops.softsign, ops.square, ops.tanh,
        )
    },
    "arctan": ops.arctan,
    "arctan2": lambda x: ops.arctan2(x + 0.1, x[:, ::-1]),
    "clip": lambda x: ops.clip(x, -1.0, 0.7),
    "clip-beyond-itself": lambda x: ops.maximum(ops.minimum(x, -0.5), 0.5),
    "clip-twice": lambda x: ops.clip(ops.clip(x, -1.0, 0.7), -0.3, 0.9),
    "clip-one-side": lambda x: ops.maximum(ops.minimum(0.5, x), -x),
    "comparisons": lambda x: sum(
        number(compare(x, x[:, ::-1]))
        for compare in (
            ops.greater, ops.greater_equal, ops.less, ops.less_equal, ops.equal, ops.not_equal,
        )
    ),
    "divide": lambda x: x / (ops.abs(x[:, ::-1]) + 1.0),
    "log": lambda x: ops.log(ops.abs(x) + 0.1) + ops.log1p(ops.abs(x)),
    "logical": lambda x: number(
        ops.logical_or(ops.logical_not(x > 0.0), ops.logical_and(x > 0.2, x < 1.0))
    ),
    "power": lambda x: ops.power(ops.abs(x) + 0.1, 1.7),
    "reciprocal": lambda x: ops.reciprocal(ops.abs(x) + 0.5),
    "roots": lambda x: ops.sqrt(ops.abs(x)) + ops.rsqrt(ops.abs(x) + 0.5),
    "squared-difference": lambda x: ops.square(x - 0.3),
    "where": lambda x: ops.where(x > 0.1, x, 2.0 * x),
    "zeros-and-ones": lambda x: x * ops.ones_like(x) + ops.zeros_like(x) + ops.full_like(x, 2.0),
}  # fmt: skip
REDUCTIONS = {
    **{
        f"{function.__name__}-{axis}-{keepdims}": functools.partial(
            function, axis=axis, keepdims=keepdims
        )
        for function in (ops.sum, ops.mean, ops.max, ops.min, ops.prod, ops.logsumexp, ops.var)
        for axis, keepdims in ((-1, False), ((1, 2), True), ((1, 2, 3), False))
    },
    **{
        f"{function.__name__}-{axis}": lambda x, f=function, a=axis: number(f(x, axis=a))
        for function in (ops.argmax, ops.argmin)
        for axis in (-1, 1)
    },
    "cumsum": lambda x: ops.cumsum(x, axis=2),
    "top_k": lambda x: ops.top_k(x, 2)[0] + number(ops.top_k(x, 2)[1]),
    "one_hot": lambda x: ops.one_hot(ops.argmax(x, axis=-1), 4),
    "normalise": lambda x: ops.normalize(x, axis=-1),
}
SHAPES = {
    "reshape": lambda x: ops.reshape(x, (-1, 5, 24)),
    "reshape-into-the-batch": lambda x: ops.reshape(ops.reshape(x, (-1, 4)) * 2.0, (-1, 6, 20)),
    "flatten": lambda x: ops.reshape(x, (ops.shape(x)[0], -1)),
    "transpose": lambda x: ops.transpose(x, (0, 3, 1, 2)),
    "transpose-twice": lambda x: ops.transpose(
        ops.exp(ops.transpose(x, (0, 3, 1, 2))), (0, 2, 3, 1)
    ),
    "swapaxes": lambda x: ops.swapaxes(x, 1, 2),
    "expand-and-squeeze": lambda x: ops.squeeze(ops.expand_dims(x, 2) * 2.0, 2),
    "concatenate": lambda x: ops.concatenate([x, 2.0 * x, x], axis=-1),
    "stack": lambda x: ops.stack([x, -x], axis=2),
    "split": lambda x: ops.split(x, 2, axis=-1)[1],
    "split-at": lambda x: ops.split(x, [1, 3], axis=1)[1],
    "unstack": lambda x: ops.unstack(x, axis=1)[2],
    "slice": lambda x: x[:, 1:-1, ::2, 3],
    "slice-backwards": lambda x: x[:, ::-1, -2:, :],
    "slice-ellipsis": lambda x: x[..., 1:3],
    "slice-new-axis": lambda x: x[:, None, 2, ..., 0],
    "slice-of-sizes": lambda x: ops.slice(x, (0, 1, 0, 2), (ops.shape(x)[0], 3, 5, 1)),
    "pad": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0))),
    "pad-constant": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)), constant_values=3.0),
    "pad-reflect": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)), mode="reflect"),
    "tile": lambda x: ops.tile(x[:, :1], (1, 3, 2, 1)),
    "broadcast_to": lambda x: ops.broadcast_to(x[:, :1], ops.shape(x)),
    "repeat": lambda x: ops.repeat(x, 2, axis=1),
    "take": lambda x: ops.take(x, [3, 0, 0], axis=-1),
    "flip": lambda x: ops.flip(x, axis=2),
    "meshgrid": lambda x: x + ops.cast(ops.arange(4), "float32"),
}  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name):
    for x in (ROWS, EDGES):
        agree(ELEMENTWISE[name], x)


@pytest.mark.parametrize("name", [*REDUCTIONS, *SHAPES])
def test_reductions_and_shapes(name):
    agree({**REDUCTIONS, **SHAPES}[name], IMAGE)


PRODUCTS = {
    "matmul": lambda x: ops.matmul(x, ops.swapaxes(x, 1, 2)),
    "matmul-constant": lambda x: ops.matmul(x, np.ones((4, 2), "float32")),
    "einsum": lambda x: ops.einsum("ntc,nsc->nts", x, x),
    "tensordot": lambda x: ops.tensordot(x, np.ones((5, 4, 2), "float32"), axes=2),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name):
    agree(PRODUCTS[name], SEQUENCE)


LAYERS = {
    "dense": (layers.Dense(3, activation="tanh"), ROWS),
    "dense-of-sequences": (layers.Dense(3), SEQUENCE),
    "einsum-dense": (layers.EinsumDense("abc,cd->abd", (5, 3), bias_axes="d"), SEQUENCE),
    "attention": (layers.MultiHeadAttention(2, 3), SEQUENCE),
    "batch-normalization": (layers.BatchNormalization(), IMAGE),
    "layer-normalization": (layers.LayerNormalization(), IMAGE),
    "group-normalization": (layers.GroupNormalization(2), IMAGE),
    "prelu": (layers.PReLU(), IMAGE),
    "gru": (layers.GRU(3), SEQUENCE),
    "gru-sequences": (layers.GRU(3, return_sequences=True), SEQUENCE),
    "lstm": (layers.LSTM(3), SEQUENCE),
    "lstm-sequences": (layers.LSTM(3, return_sequences=True), SEQUENCE),
    "gru-of-one-step": (layers.GRU(3, return_sequences=True), SEQUENCE[:, :1]),
    "conv1d": (layers.Conv1D(3, 3, padding="same", strides=2), SEQUENCE),
    "conv-and-softmax": (layers.Conv2D(3, 1, activation="softmax"), IMAGE),
    "separable": (layers.SeparableConv2D(3, 3, padding="same"), IMAGE),
    "depthwise": (layers.DepthwiseConv2D(3, depth_multiplier=2), IMAGE),
    "upsampling": (layers.UpSampling2D(2), IMAGE),
    "upsampling-bilinear": (layers.UpSampling2D((2, 3), interpolation="bilinear"), IMAGE),
    "average-pooling": (layers.AveragePooling2D(2, padding="same"), IMAGE),
    "max-pooling": (layers.MaxPooling2D(3, 2, padding="same"), IMAGE),
    "global-pooling": (layers.GlobalAveragePooling2D(), IMAGE),
    "zero-padding": (layers.ZeroPadding2D(((1, 0), (2, 1))), IMAGE),
    "cropping": (layers.Cropping2D(1), IMAGE),
    "repeat-vector": (layers.RepeatVector(4), ROWS),
    **{
        f"conv-{padding}-{strides}-{dilation}": (
            layers.Conv2D(3, (3, 2), strides, padding=padding, dilation_rate=dilation),
            IMAGE,
        )
        for padding in ("same", "valid")
        for strides, dilation in ((1, 1), (2, 1), (1, 2))
    },
    **{
        f"conv-transpose-{padding}-{kernel}-{strides}": (
            layers.Conv2DTranspose(3, kernel, strides, padding=padding),
            IMAGE,
        )
        for padding in ("same", "valid")
        for kernel, strides in ((3, 1), (3, 2), (4, 2), (2, 3))
    },
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    layer, x = LAYERS[name]
    call = (lambda x: layer(x, x)) if name == "attention" else (lambda x: layer(x, training=False))
    call(x)
    rng = np.random.default_rng(3)
    variables = {}
    for weight in layer.weights:
        weight.assign(rng.uniform(0.1, 0.9, weight.shape))
        variables[weight.path] = weight
    agree(call, x, variables)


RESIZES = [
    (size, antialias, interpolation)
    for size in ((3, 4), (12, 7))
    for antialias in (False, True)
    for interpolation in ("bilinear", "nearest", "bicubic", "lanczos3")
    if not (interpolation == "nearest" and antialias)
]


@pytest.mark.parametrize(("size", "antialias", "interpolation"), RESIZES)
def test_resizing_is_two_products_of_matrices(size, antialias, interpolation):
    agree(
        lambda x: ops.image.resize(
            x,
            size,
            interpolation=interpolation,
            antialias=antialias,
            data_format="channels_last",
        ),
        IMAGE,
    )


def test_depth_to_space():
    agree(lambda x: ops.depth_to_space(x, 2, data_format="channels_last"), IMAGE)


def test_two_inputs():
    agree(lambda x, noise: x + ops.exp(x[:, :1]) * noise, ROWS, second=ROWS[::-1].copy())


def agree(function, x, variables=None, second=None):
    """Assert that both answer alike, to batches of different sizes."""
    inputs = [x] if second is None else [x, second]
    expected = np.asarray(function(*inputs))
    shapes = [array.shape[1:] for array in inputs]
    run = converted(function, shapes, expected.shape[1:], variables)
    for n in (len(x), 1):
        found = run(*(array[:n] for array in inputs))
        assert found.shape == (n, *expected.shape[1:])
        np.testing.assert_allclose(found, expected[:n], rtol=1e-5, atol=1e-5)
