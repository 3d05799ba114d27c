"""The body whose networks equal pythae's own for MNIST, for aezoo's side of the comparison."""

import sys
import tempfile
from pathlib import Path

import keras
from keras import layers

import aezoo_registry
from aezoo.bodies.strided import StridedConvolution
from aezoo.bodies.transposed import TransposedConvolution

CHANNELS = (128, 256, 512, 1024)
STAGES = ((512, 7), (256, 14))


class PeerConv:
    """`Encoder_Conv_VAE_MNIST` and `Decoder_Conv_AE_MNIST` of pythae, for images `(28, 28, 1)`."""

    def check(self, sample_shape):
        """Raises ValueError unless samples are images `(28, 28, 1)`."""
        if tuple(sample_shape) != (28, 28, 1):
            raise ValueError(f"peer_conv needs (28, 28, 1). Received: {sample_shape!r}.")

    def encoder(self, sample_shape, output_shape):
        """Returns the network from `(n, 28, 28, 1)` to `(n, units)`."""
        stack = [keras.Input(tuple(sample_shape))]
        for channels in CHANNELS[:2]:  # whose maps are too large for products of patches to pay
            stack += [layers.ZeroPadding2D(1), layers.Conv2D(channels, 4, 2), *_normalised()]
        for channels in CHANNELS[2:]:
            stack += [StridedConvolution(channels, 4, padding=1), *_normalised()]
        stack += [layers.Flatten(), layers.Dense(*output_shape, dtype="float32")]
        return keras.Sequential(stack, name="encoder_network")

    def decoder(self, code_shape, output_shape):
        """Returns the network from `(n, d)` to `(n, 28, 28, 1)`."""
        stack = [keras.Input(tuple(code_shape)), layers.Dense(4 * 4 * CHANNELS[-1])]
        stack += [layers.Reshape((4, 4, CHANNELS[-1]))]
        for channels, size in STAGES:
            transposed = TransposedConvolution(channels, 3, height=size, width=size, padding=1)
            stack += [transposed, *_normalised()]
        stack += [layers.Conv2DTranspose(output_shape[-1], 3, 2, dtype="float32")]
        stack += [layers.Cropping2D(((1, 0), (1, 0)), dtype="float32")]
        return keras.Sequential(stack, name="decoder_network")


def register():
    """Registers the body as `peer_conv`, as a plugin's package would."""
    folder = tempfile.TemporaryDirectory()
    package = Path(folder.name) / "aezoo_benchmarks-0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: aezoo-benchmarks\nVersion: 0\n")
    entry = f"[aezoo.bodies]\nbenchmarks/peer_conv = {__name__}:PeerConv\n"
    (package / "entry_points.txt").write_text(entry)
    sys.path.append(folder.name)
    aezoo_registry.clear_cache()
    return folder  # its life is that of the registration


def _normalised():
    return [layers.BatchNormalization(epsilon=1e-5, momentum=0.9), layers.ReLU()]
