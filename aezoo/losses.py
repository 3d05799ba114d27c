"""Pure terms of training objectives: tensors in, one float32 number per sample out.

All logarithms are natural, all densities are in nats. `n` is the batch, `d` the latent size.
"""

import math

from keras import ops


def sum_over_sample(values):
    """Sums `(n, ...)` over all axes but the first. Returns shape `(n,)`."""
    return ops.sum(ops.reshape(values, (ops.shape(values)[0], -1)), axis=-1)


def squared_error(target, prediction):
    """Returns the squared error summed over each sample, `sum_i (x_i - y_i)^2`, shape `(n,)`."""
    return sum_over_sample(ops.square(target - prediction))


def mean_squared_error(target, prediction):
    """Returns the mean squared error per element of each sample, shape `(n,)`."""
    return ops.mean(
        ops.reshape(ops.square(target - prediction), (ops.shape(target)[0], -1)), axis=-1
    )


def bernoulli_nll(target, logits):
    """Negative log likelihood of `target` in [0, 1] under Bernoulli logits, summed over a sample.

    Args:
        target: Shape `(n, ...)`, values in [0, 1].
        logits: Log odds, same shape.

    Returns:
        `sum_i softplus(l_i) - l_i x_i`, shape `(n,)`, in nats.
    """
    return sum_over_sample(ops.softplus(logits) - logits * target)


def gaussian_nll(target, mean, log_variance):
    """Negative log density of `target` under a diagonal Gaussian, summed over a sample.

    Args:
        target: Shape `(n, ...)`.
        mean: Same shape.
        log_variance: Natural logarithm of the variance; broadcast against `mean`.

    Returns:
        `sum_i ((x_i - m_i)^2 / v_i + log v_i + log 2 pi) / 2`, shape `(n,)`, in nats.
    """
    error = ops.square(target - mean) * ops.exp(-log_variance)
    return sum_over_sample(0.5 * (error + log_variance + math.log(2.0 * math.pi)))


def gaussian_kl(mean, log_variance):
    """Kullback-Leibler divergence of N(mean, variance) from N(0, I).

    Args:
        mean: Shape `(n, d)`.
        log_variance: Natural logarithm of the variance, shape `(n, d)`.

    Returns:
        `sum_j (v_j + m_j^2 - 1 - log v_j) / 2`, shape `(n,)`, in nats, at least 0.

    Reference:
        [Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114), appendix B
    """
    return sum_over_sample(0.5 * (ops.exp(log_variance) + ops.square(mean) - 1.0 - log_variance))


def bernoulli_kl(rate, observed):
    """Kullback-Leibler divergence between Bernoulli distributions, elementwise.

    Args:
        rate: Probability of the first distribution, in (0, 1).
        observed: Probability of the second, any shape; clipped away from 0 and 1 by 1e-6.

    Returns:
        `rate log(rate / observed) + (1 - rate) log((1 - rate) / (1 - observed))`, in nats.
    """
    observed = ops.clip(observed, 1e-6, 1.0 - 1e-6)
    entropy = rate * math.log(rate) + (1.0 - rate) * math.log(1.0 - rate)
    return entropy - rate * ops.log(observed) - (1.0 - rate) * ops.log(1.0 - observed)


def logistic_loss(logits, *, real):
    """Logistic loss of a critic's decision.

    Args:
        logits: The critic's log odds of "real", shape `(n, 1)` or `(n,)`.
        real: Whether the inputs should be called real.

    Returns:
        `softplus(-logit)` when real, else `softplus(logit)`, shape `(n,)`.

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661)
    """
    return sum_over_sample(ops.softplus(-logits if real else logits))
