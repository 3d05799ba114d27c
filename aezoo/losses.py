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


def laplace_nll(target, mean, scale):
    """Negative log density of `target` under independent Laplace distributions, over a sample.

    Args:
        target: Shape `(n, ...)`.
        mean: Same shape.
        scale: Mean absolute deviation `b`, a positive number.

    Returns:
        `sum_i (|x_i - m_i| / b + log 2 b)`, shape `(n,)`, in nats.
    """
    return sum_over_sample(ops.abs(target - mean) / scale + math.log(2.0 * scale))


def gaussian_kl_by_unit(mean, log_variance):
    """Kullback-Leibler divergence of N(mean, variance) from N(0, I), of each latent unit.

    Args:
        mean: Shape `(n, d)`.
        log_variance: Natural logarithm of the variance, shape `(n, d)`.

    Returns:
        `(v_j + m_j^2 - 1 - log v_j) / 2`, shape `(n, d)`, in nats, at least 0.

    Reference:
        [Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114), appendix B
    """
    return 0.5 * (ops.exp(log_variance) + ops.square(mean) - 1.0 - log_variance)


def gaussian_kl(mean, log_variance):
    """Kullback-Leibler divergence of N(mean, variance) from N(0, I).

    Args:
        mean: Shape `(n, d)`.
        log_variance: Natural logarithm of the variance, shape `(n, d)`.

    Returns:
        The sum of `gaussian_kl_by_unit` over the units, shape `(n,)`, in nats, at least 0.
    """
    return sum_over_sample(gaussian_kl_by_unit(mean, log_variance))


def gaussian_log_ratio(z, mean, log_variance):
    """Log density ratio of N(mean, variance) to N(0, I) at `z`: the divergence of one draw.

    Args:
        z: Points, usually drawn from N(mean, variance), shape `(n, d)`.
        mean: Shape `(n, d)`.
        log_variance: Natural logarithm of the variance, shape `(n, d)`.

    Returns:
        `sum_j (z_j^2 - (z_j - m_j)^2 / v_j - log v_j) / 2`, shape `(n,)`, in nats; its mean over
        draws is `gaussian_kl`.
    """
    error = ops.square(z - mean) * ops.exp(-log_variance)
    return sum_over_sample(0.5 * (ops.square(z) - error - log_variance))


def gaussian_mixture_nll(z, means, log_variances):
    """Negative log density under a mixture of `k` diagonal Gaussians of equal weight.

    Args:
        z: Points, shape `(n, d)`.
        means: Shape `(k, d)`.
        log_variances: Natural logarithms of the variances, shape `(k, d)`.

    Returns:
        `-log 1/k sum_i N(z; m_i, v_i)`, shape `(n,)`, in nats.
    """
    components = ops.sum(_log_densities(z, means, log_variances), axis=-1)
    return math.log(means.shape[0]) - ops.logsumexp(components, axis=1)


def kl_decomposition(z, mean, log_variance, dataset_size=None):
    """Splits the divergence of posteriors from N(0, I) into its three causes.

    The aggregate posterior q(z), a mixture over the data, is estimated from the batch at the draw
    of each sample: the sample's own posterior has its share `1 / dataset_size`, and the others of
    the batch stand for the rest. This is the paper's minibatch stratified sampling, averaged over
    the order of the batch. Without `dataset_size` the batch counts as the whole data; that differs
    by a constant from minibatch weighted sampling.

    Args:
        z: One draw from each posterior, shape `(n, d)`.
        mean: Means of the posteriors, shape `(n, d)`.
        log_variance: Natural logarithm of their variances, shape `(n, d)`.
        dataset_size: Number of samples that the batch was drawn from; None for `n`.

    Returns:
        Three vectors of shape `(n,)`, in nats, whose sum is `gaussian_log_ratio`:
        the mutual information of sample and code, `log q(z|x) - log q(z)`; the total
        correlation, `log q(z) - sum_j log q(z_j)`; and the divergence of each unit,
        `sum_j log q(z_j) - log p(z_j)`. Single values may be negative.

    Reference:
        [Chen et al., 2018](https://arxiv.org/abs/1802.04942), section 3 and appendix C
    """
    n = ops.cast(ops.shape(z)[0], "float32")
    size = n if dataset_size is None else dataset_size
    own = -ops.log(ops.cast(size, "float32"))
    other = ops.log((size - 1.0) / (size * ops.maximum(n - 1.0, 1.0)))
    share = ops.where(ops.eye(ops.shape(z)[0], dtype="bool"), own, other)
    by_unit = _log_densities(z, mean, log_variance)
    log_joint = ops.logsumexp(share + ops.sum(by_unit, axis=-1), axis=1)
    log_product = ops.sum(ops.logsumexp(share[:, :, None] + by_unit, axis=1), axis=-1)
    log_posterior = -gaussian_nll(z, mean, log_variance)
    log_prior = -gaussian_nll(z, ops.zeros_like(z), ops.zeros_like(z))
    return log_posterior - log_joint, log_joint - log_product, log_product - log_prior


def _log_densities(z, means, log_variances):
    """Returns the log density of each unit of `(n, d)` under each of `k` Gaussians, `(n, k, d)`."""
    error = ops.square(z[:, None] - means[None]) * ops.exp(-log_variances[None])
    return -0.5 * (error + log_variances[None] + math.log(2.0 * math.pi))


def importance_bound(log_weights):
    """Lower bound of a log likelihood by importance weights.

    Args:
        log_weights: `log p(x, z_i) - log q(z_i | x)` of draws `z_i`, shape `(n, k)`, in nats.

    Returns:
        `log 1/k sum_i exp(w_i)`, shape `(n,)`, in nats; with `k = 1` the weight itself.

    Reference:
        [Burda et al., 2016](https://arxiv.org/abs/1509.00519)
    """
    k = ops.cast(ops.shape(log_weights)[1], "float32")
    return ops.logsumexp(log_weights, axis=1) - ops.log(k)


def squared_distances(a, b):
    """Returns the squared Euclidean distances of `(n, d)` to `(m, d)`, shape `(n, m)`."""
    products = ops.matmul(a, ops.transpose(b))
    norms = ops.sum(ops.square(a), axis=1)[:, None] + ops.sum(ops.square(b), axis=1)[None]
    return ops.maximum(norms - 2.0 * products, 0.0)


def squared_mmd(codes, draws, kernel):
    """Squared maximum mean discrepancy of two sets of equal size, by the unbiased statistic.

    Args:
        codes: Shape `(n, d)`.
        draws: As many draws of the other distribution, `(n, d)`.
        kernel: Function of `(n, d)` and `(m, d)` to the kernel's values `(n, m)`.

    Returns:
        The share of each pair `(code, draw)`, shape `(n,)`, whose mean is the statistic: kernel
        values within both sets without a point and itself, less twice those between the sets.
        It may be negative, and is 0 for a batch of one.

    Reference:
        [Gretton et al., 2012](https://jmlr.org/papers/v13/gretton12a.html)
    """
    n = ops.cast(ops.shape(codes)[0], "float32")
    between = kernel(codes, draws)
    within = _off_diagonal(kernel(codes, codes)) + _off_diagonal(kernel(draws, draws))
    crossed = (ops.sum(between, axis=1) + ops.sum(between, axis=0)) / n
    share = ops.sum(within, axis=1) / ops.maximum(n - 1.0, 1.0) - crossed
    return share * ops.minimum(n - 1.0, 1.0)


def _off_diagonal(matrix):
    return matrix * (1.0 - ops.eye(ops.shape(matrix)[0], dtype="float32"))


def neighbour_entropy(codes, partners):
    """Cross-entropy of telling each code's partner from the partners of the others.

    Args:
        codes: Shape `(n, d)`.
        partners: The code of a neighbour of each, `(n, d)`.

    Returns:
        `-log(q_ii / sum_j q_ij)` with the kernel of t-SNE, `q_ij = 1 / (1 + |z_i - p_j|^2)`, shape
        `(n,)`, in nats; 0 for a batch of one.

    Reference:
        [Damrich et al., 2023](https://arxiv.org/abs/2206.01816)
    """
    n = ops.shape(codes)[0]
    codes, partners = (ops.reshape(values, (n, -1)) for values in (codes, partners))
    own = -ops.log1p(squared_error(codes, partners))
    similarities = -ops.log1p(squared_distances(codes, partners))
    return ops.logsumexp(similarities, axis=1) - own


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


def weighted_mean(values, sample_weight=None):
    """Returns the mean of `values` `(n,)`, weighted by `sample_weight` `(n,)` where there is one.

    Where all weights are 0 it is 0.
    """
    if sample_weight is None:
        return ops.mean(values)
    return ops.sum(values * sample_weight) / ops.maximum(ops.sum(sample_weight), 1e-9)
