"""Kernels of the maximum mean discrepancy between codes and draws of the prior N(0, I)."""

from typing import Annotated

from keras import ops

from aezoo import losses
from aezoo.schema import Interval, Length, choose

Scales = Annotated[tuple[Annotated[float, Interval(1e-6, 1e6)], ...], Length(1, 32)]


class Multiscale:
    """The sum of a kernel over scales `s`, with widths `c_s = 2 d s`."""

    scales: tuple[float, ...]

    def __call__(self, a, b):
        """Returns the kernel's values of `(n, d)` and `(m, d)`, shape `(n, m)`."""
        distances = losses.squared_distances(a, b)
        return sum(self.value(distances, 2.0 * a.shape[-1] * scale) for scale in self.scales)

    def value(self, distances, width):
        """Returns the kernel's values at squared distances, for one width."""
        raise NotImplementedError


class IMQ(Multiscale):
    """Inverse multiquadratic kernel, `sum_s c_s / (c_s + |a - b|^2)` with `c_s = 2 d s`.

    Its tails are heavy, so that far outliers still feel a pull.

    Args:
        scales: Scales `s`; 1 is the expected squared distance of two draws of the prior.

    Reference:
        [Tolstikhin et al., 2018](https://arxiv.org/abs/1711.01558)
    """

    def __init__(self, *, scales: Scales = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)):
        self.scales = scales

    def value(self, distances, width):
        """Returns the kernel's values at squared distances, for one width."""
        return width / (width + distances)


class RBF(Multiscale):
    """Gaussian kernel, `sum_s exp(-|a - b|^2 / c_s)` with `c_s = 2 d s`.

    Args:
        scales: Scales `s`; 1 is the expected squared distance of two draws of the prior.

    Reference:
        [Gretton et al., 2012](https://jmlr.org/papers/v13/gretton12a.html)
    """

    def __init__(self, *, scales: Scales = (1.0,)):
        self.scales = scales

    def value(self, distances, width):
        """Returns the kernel's values at squared distances, for one width."""
        return ops.exp(-distances / width)


find = choose({"imq": IMQ, "rbf": RBF}, "kernel")
