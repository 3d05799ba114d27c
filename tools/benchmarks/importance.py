"""Log likelihoods by importance sampling, for the networks of any library; numpy alone."""

import numpy as np

LOG_2_PI = np.log(2 * np.pi)


def log_prob(x, draw, decode, k):
    """Estimates the log likelihood of samples under a decoder with Gaussian noise of unit scale.

    Args:
        x: Samples, shape `(n, ...)`.
        draw: Function without arguments that draws a code for each sample from its posterior, and
            returns the codes and `log p(z) - log q(z | x)`, shape `(n,)`.
        decode: Maps codes to mean samples `(n, ...)`.
        k: Number of draws.

    Returns:
        `log 1/k sum_i p(x | z_i) p(z_i) / q(z_i | x)`, shape `(n,)`, float64, in nats.

    Reference:
        [Burda et al., 2016](https://arxiv.org/abs/1509.00519)
    """
    flat = np.asarray(x, "float64").reshape(len(x), -1)
    total = np.full(len(x), -np.inf)
    for _ in range(k):
        z, log_ratio = draw()
        error = np.square(flat - np.asarray(decode(z), "float64").reshape(flat.shape))
        total = np.logaddexp(total, log_ratio - 0.5 * np.sum(error + LOG_2_PI, axis=1))
    return total - np.log(k)


def gaussian_log_density(z, mean, log_variance):
    """Returns the log density of `z` under a diagonal Gaussian, summed over the last axis."""
    error = np.square(z - mean) * np.exp(-log_variance)
    return -0.5 * np.sum(error + log_variance + LOG_2_PI, axis=-1)
