"""The von Mises-Fisher distribution on the unit sphere of `d` dimensions, `d` at least 2.

Its density at an angle `a` from the mean direction is `exp(kappa cos(a))` over the normaliser. All
functions are elementwise in the concentration `kappa`, any shape, above 0.
"""

import math

from keras import ops

STEPS = 10
"""Orders by which the Bessel functions are raised for their asymptotic expansion."""
CELLS = 128
REACH = 7.0
"""Half of the range of angles that `angle` covers, in standard deviations."""


def log_area(d):
    """Returns the logarithm of the surface of the unit sphere in `d` dimensions."""
    return math.log(2.0) + 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d)


def log_density(cosine, kappa, d):
    """Returns the log density at an angle from the mean direction, in nats.

    Args:
        cosine: Cosine of the angle, the shape of `kappa`.
        kappa: Concentration.
        d: Dimension.
    """
    return kappa * (cosine - 1.0) + _bessel(kappa, d)[0] - 0.5 * d * math.log(2.0 * math.pi)


def mean_cosine(kappa, d):
    """Returns the length of the mean of the distribution, the expected cosine, from 0 to 1."""
    return 1.0 - _bessel(kappa, d)[1]


def kl_from_uniform(kappa, d):
    """Returns the Kullback-Leibler divergence from the uniform distribution, in nats.

    Args:
        kappa: Concentration.
        d: Dimension.

    Returns:
        `kappa A + log C + log S` with the mean cosine `A`, the normaliser `C` and the surface `S`;
        within 1e-4 relative to `1 + KL` for `kappa` up to 1e4 and `d` up to 64.

    Reference:
        [Davidson et al., 2018](https://arxiv.org/abs/1804.00891), appendix B
    """
    log_scale, shortfall = _bessel(kappa, d)
    return log_scale - kappa * shortfall + log_area(d) - 0.5 * d * math.log(2.0 * math.pi)


def angle(uniform, kappa, d):
    """Returns the angle from the mean direction below which lies a share of the distribution.

    The inverse distribution function, of a density that is linear between `CELLS` angles around the
    mode. It is differentiable in `kappa`.

    Args:
        uniform: The share, from 0 to 1, the shape of `kappa`.
        kappa: Concentration.
        d: Dimension.

    Returns:
        Angles from 0 to pi.
    """
    cosine = 2.0 * kappa / (d - 2.0 + ops.sqrt((d - 2.0) ** 2 + 4.0 * ops.square(kappa)))
    tangent = ops.sqrt((d - 2.0) / (kappa * cosine)) if d > 2 else ops.zeros_like(cosine)
    mode = ops.arctan(tangent)
    # The curvature at the mode; on the circle the mode is an end of the range.
    reach = REACH / ops.sqrt(kappa * (cosine + (1.0 / cosine if d > 2 else 0.0)))
    low, high = ops.maximum(mode - reach, 0.0), ops.minimum(mode + reach, math.pi)
    width = ops.expand_dims((high - low) / CELLS, -1)
    angles = ops.expand_dims(low, -1) + width * ops.arange(CELLS + 1, dtype="float32")
    log_density = -2.0 * ops.expand_dims(kappa, -1) * ops.square(ops.sin(0.5 * angles))
    log_density += (d - 2.0) * ops.log(ops.maximum(ops.sin(angles), 1e-30))
    density = ops.exp(log_density - ops.max(log_density, axis=-1, keepdims=True))
    masses = density[..., 1:] + density[..., :-1]
    masses = masses / ops.sum(masses, axis=-1, keepdims=True)
    below = ops.cumsum(masses, axis=-1) - masses
    # Closer shares than the floor are the same in single precision, and their gradients overflow.
    inside = (ops.expand_dims(uniform, -1) - below) / ops.maximum(masses, 1e-7)
    return low + ops.sum(width * ops.clip(inside, 0.0, 1.0), axis=-1)


def _bessel(kappa, d):
    """Returns `log(kappa^v / (I_v(kappa) e^-kappa))` and `1 - I_(v+1) / I_v`, `v = d / 2 - 1`.

    The ratio of a high order is nearly the one that solves its differential equation with the
    derivative of a bound; it is carried down by the recurrence of Bessel functions, together with
    its distance from 1, which it would lose to rounding. The logarithm of a high order is an
    asymptotic expansion.

    Reference:
        [Amos, 1974](https://doi.org/10.1090/S0025-5718-1974-0333287-7);
        [DLMF](https://dlmf.nist.gov/10.41), 10.41.3
    """
    kappa = ops.cast(kappa, "float32")
    lowest, top = 0.5 * d - 1.0, 0.5 * d - 1.0 + STEPS
    half, inner = top + 0.5, (top + 1.0) ** 2 - 0.25
    root = ops.sqrt(inner + ops.square(kappa))
    bend = ops.square(kappa / (half + root)) * (half + inner / root)  # kappa^2 times derivative
    slope = ops.sqrt(half**2 + ops.square(kappa) - bend)
    ratio = (kappa - bend / kappa) / (half + slope)
    shortfall = (half + (half**2 - bend) / (slope + kappa) + bend / kappa) / (half + slope)
    log_ratios = 0.0
    for step in reversed(range(STEPS)):
        doubled = 2.0 * (lowest + step + 1.0) / kappa
        ratio, shortfall = 1.0 / (doubled + ratio), (doubled - shortfall) / (doubled + ratio)
        log_ratios += ops.log(ratio / kappa)
    norm = ops.sqrt(top**2 + ops.square(kappa))
    t = ops.square(top / norm)
    first = (3.0 - 5.0 * t) / (24.0 * norm)
    second = (81.0 - 462.0 * t + 385.0 * ops.square(t)) / (1152.0 * ops.square(norm))
    expansion = 0.5 * ops.log(2.0 * math.pi * norm) - ops.log1p(first + second)
    exponent = top * ops.log(top + norm) - top**2 / (norm + kappa)
    return exponent + expansion + log_ratios, shortfall
