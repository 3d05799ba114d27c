"""Networks for pythae's models that equal aezoo's, initial weights included.

Runs in the peer's environment.
"""

import math

from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from torch import nn

SAMPLE = (1, 28, 28)


class ConvEncoder(BaseEncoder):
    """aezoo's body `conv` (32, 64): stride 2 with TensorFlow's "same" padding of even sizes.

    Args:
        heads: Name of each output to its units.
        grid: Whether codes are vectors at the 7x7 places of the last stage, `(n, units, 7, 7)`.
    """

    def __init__(self, heads, grid=False):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 32, 3, 2), nn.ReLU(),
            nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(32, 64, 3, 2), nn.ReLU(),
            nn.Identity() if grid else nn.Flatten(),
        )  # fmt: skip
        self.heads = nn.ModuleDict()
        for name, units in heads.items():
            self.heads[name] = nn.Conv2d(64, units, 1) if grid else nn.Linear(64 * 7 * 7, units)

    def forward(self, x):
        """Maps images `(n, 1, 28, 28)` to every head's output."""
        hidden = self.layers(x)
        return ModelOutput(**{name: head(hidden) for name, head in self.heads.items()})


class ConvDecoder(BaseDecoder):
    """The decoder of aezoo's body `conv` (32, 64): convolutions and pixel shuffles.

    Args:
        latent_dim: Number of latent units, at each place where there is a grid.
        grid: Whether codes are `(n, latent_dim, 7, 7)`.
    """

    def __init__(self, latent_dim, grid=False):
        super().__init__()
        spatial = [nn.Conv2d(latent_dim, 64, 3, padding=1)]
        flat = [nn.Linear(latent_dim, 64 * 7 * 7), nn.Unflatten(1, (64, 7, 7))]
        self.layers = nn.Sequential(
            *(spatial if grid else flat), nn.ReLU(),
            nn.Conv2d(64, 4 * 32, 3, padding=1), nn.ReLU(), nn.PixelShuffle(2),
            nn.Conv2d(32, 4, 3, padding=1), nn.PixelShuffle(2), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, z):
        """Maps codes to images `(n, 1, 28, 28)` in [0, 1]."""
        return ModelOutput(reconstruction=self.layers(z))


def initialise(model):
    """Sets the networks' weights as Keras does, Glorot uniform, and biases to zero.

    The heads of an encoder count as one layer, as they are in aezoo.
    """
    encoder = model.encoder
    names = ("embedding", "log_var", "log_concentration")
    heads = list(encoder.heads.values()) if hasattr(encoder, "heads") else []
    heads += [getattr(encoder, name) for name in names if hasattr(encoder, name)]
    networks = (getattr(model, name, None) for name in ("encoder", "decoder", "discriminator"))
    layers = [layer for network in networks if network for layer in network.modules()]
    for layer in layers:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    units = sum(len(head.weight) for head in heads)
    for head in heads:
        limit = math.sqrt(6.0 / (head.weight[0].numel() + units))
        nn.init.uniform_(head.weight, -limit, limit)
