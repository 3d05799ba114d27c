from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from aezoo import bodies
from aezoo.bodies.conv import Upsample, halvings

SMALL = {
    "mlp": {"name": "mlp", "hidden": [5]},
    "conv": {"name": "conv", "channels": [2, 3], "hidden": [4]},
    "resnet": {"name": "resnet", "channels": [2, 3], "blocks": 1},
    "rnn": {"name": "rnn", "units": 4},
}
IMAGES = [(8, 8, 1), (7, 5, 3), (1, 1, 2), (1, 9, 1), (2, 3, 4), (13, 1, 1)]
FITS = [
    *((name, shape) for name in SMALL for shape in IMAGES),
    *(("mlp", shape) for shape in [(1,), (6,), (5, 2), (2, 3, 4, 1)]),
    *(("rnn", shape) for shape in [(1, 1), (5, 2), (2, 3, 4, 1)]),
]


def samples(shape, n=3):
    return np.random.default_rng(0).random((n, *shape)).astype("float32")


@pytest.mark.parametrize(("name", "shape"), FITS)
def test_networks_go_from_every_shape_to_the_code_and_back(name, shape):
    body = bodies.build(SMALL[name], shape)
    encoder, decoder = body.encoder(shape, (4,)), body.decoder((4,), shape)
    codes = encoder(samples(shape))
    assert codes.shape == (3, 4)
    decoded = decoder(codes)
    assert decoded.shape == (3, *shape)
    assert codes.dtype == decoded.dtype == "float32"
    assert np.isfinite(keras.ops.convert_to_numpy(decoded)).all()


@pytest.mark.parametrize("name", SMALL)
def test_a_code_may_have_any_shape(name):
    body = bodies.build(SMALL[name], (7, 5, 1))
    assert body.encoder((7, 5, 1), (2, 3)).output_shape == (None, 2, 3)
    assert body.decoder((2, 3), (7, 5, 4)).output_shape == (None, 7, 5, 4)


@pytest.mark.parametrize("name", SMALL)
def test_networks_end_in_float32_under_half_precision(name):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        body = bodies.build(SMALL[name], (6, 5, 1))
        encoder, decoder = body.encoder((6, 5, 1), (4,)), body.decoder((4,), (6, 5, 1))
    finally:
        keras.config.set_dtype_policy(policy)
    codes = encoder(samples((6, 5, 1)))
    assert codes.dtype == decoder(codes).dtype == "float32"
    assert any(layer.compute_dtype == "bfloat16" for layer in encoder.layers)


def test_the_default_body_follows_the_shape():
    defaults = {(6,): "mlp", (9, 3): "rnn", (8, 8, 1): "conv", (2, 8, 8, 1): "mlp"}
    assert {shape: bodies.build(None, shape).spec["name"] for shape in defaults} == defaults


@pytest.mark.parametrize("name", ["mlp", "conv", "resnet", "rnn"])
def test_the_spec_is_complete_json(name):
    body = bodies.build(name, (8, 8, 1))
    assert body.spec["name"] == name
    assert len(body.spec) > 1
    again = bodies.build(json.loads(json.dumps(body.spec)), (8, 8, 1))
    assert again.spec == body.spec


def test_arguments_shape_the_networks():
    mlp = bodies.build({"name": "mlp", "hidden": [7, 5]}, (6,))
    assert [w.shape for w in mlp.encoder((6,), (2,)).weights[::2]] == [(6, 7), (7, 5), (5, 2)]
    assert [w.shape for w in mlp.decoder((2,), (6,)).weights[::2]] == [(2, 5), (5, 7), (7, 6)]
    linear = bodies.build({"name": "mlp", "hidden": []}, (6,)).encoder((6,), (2,))
    assert linear.count_params() == 6 * 2 + 2
    conv = bodies.build({"name": "conv", "channels": [2], "kernel_size": 5}, (8, 8, 1))
    assert conv.encoder((8, 8, 1), (2,)).weights[0].shape == (5, 5, 1, 2)
    lstm = bodies.build({"name": "rnn", "units": 3, "cell": "lstm"}, (4, 2))
    assert lstm.encoder((4, 2), (2,)).weights[0].shape == (2, 4 * 3)


def test_a_residual_block_starts_as_the_identity():
    shape = (8, 8, 1)
    counts = []
    for blocks in (1, 3):
        body = bodies.build({"name": "resnet", "channels": [2], "blocks": blocks}, shape)
        network = body.encoder(shape, (4,))
        zeros = [w for w in network.weights if w.name == "kernel" and not w.numpy().any()]
        counts.append(len(zeros))
    assert counts == [1, 3]


def test_halvings_round_up():
    assert halvings((7, 1, 3), 3) == [(7, 1), (4, 1), (2, 1), (1, 1)]


@pytest.mark.parametrize("size", [(4, 6), (3, 6), (4, 5), (3, 5)])
def test_upsample_spreads_channels_over_space_and_crops(size):
    x = np.arange(2 * 3 * 4, dtype="float32").reshape(1, 2, 3, 4)
    expected = np.zeros((4, 6), "float32")
    for offset in range(4):
        expected[offset // 2 :: 2, offset % 2 :: 2] = x[0, ..., offset]
    layer = Upsample(*size)
    np.testing.assert_array_equal(layer(x)[0, ..., 0], expected[: size[0], : size[1]])
    assert Upsample.from_config(layer.get_config())(x).shape == (1, *size, 1)


@pytest.mark.parametrize(
    ("spec", "shape", "error", "reason"),
    [
        ("conv", (8,), ValueError, "Conv needs images (h, w, c)"),
        ("resnet", (8, 8), ValueError, "ResNet needs images (h, w, c)"),
        ("rnn", (8,), ValueError, "RNN needs sequences (t, c)"),
        ("cnov", (8, 8, 1), LookupError, "conv"),
        ({"name": "conv", "channels": []}, (8, 8, 1), ValueError, "Conv's channels must be"),
        ({"name": "conv", "channels": [2] * 13}, (8, 8, 1), ValueError, "Conv's channels"),
        ({"name": "conv", "channels": [2.5]}, (8, 8, 1), ValueError, "Conv's channels"),
        ({"name": "conv", "kernel_size": 0}, (8, 8, 1), ValueError, "Conv's kernel_size"),
        ({"name": "conv", "activation": "softmax"}, (8, 8, 1), ValueError, "activation"),
        ({"name": "mlp", "hidden": [0]}, (8,), ValueError, "MLP's hidden must be"),
        ({"name": "mlp", "hidden": 8}, (8,), ValueError, "MLP's hidden must be"),
        ({"name": "mlp", "width": 8}, (8,), ValueError, "MLP has no argument 'width'"),
        ({"name": "rnn", "cell": "elman"}, (8, 2), ValueError, "RNN's cell must be 'gru' or"),
        ({"name": "resnet", "blocks": 65}, (8, 8, 1), ValueError, "ResNet's blocks must be"),
        (3, (8,), ValueError, "body must be a name or a dictionary"),
    ],
)
def test_bodies_that_do_not_fit_are_refused(spec, shape, error, reason):
    with pytest.raises(error) as caught:
        bodies.build(spec, shape)
    assert reason in str(caught.value)
