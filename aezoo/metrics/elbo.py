"""Evidence lower bound."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.nll import check_likelihood


def elbo(
    model: Any,
    x: ArrayLike,
    *,
    posterior_samples: int = 1,
    seed: int = 0,
    batch_size: int = 256,
) -> float:
    """Mean evidence lower bound in nats per sample. Higher is better.

    `E_q(z|x)[log p(x | z) + log p(z) - log q(z | x)]`, at most the log likelihood and below it by
    the divergence of the posterior from the true one. It is that of the model as it stands, not
    its training objective: every term has the weight 1. The density is that of the preprocessed
    sample, see `nll`.

    Args:
        model: A model with a posterior and a prior.
        x: Samples `(n, *sample_shape)`.
        posterior_samples: Number of posterior draws a sample that the expectation is the mean of,
            at least 1; more make the estimate less noisy, not higher.
        seed: Seed of the draws.
        batch_size: Largest number of samples in memory at once.

    Returns:
        The mean over samples and draws, in nats.

    Raises:
        NotApplicable: If the model has no posterior and prior.
        ValueError: If the samples do not fit the model, or there are no draws.

    Example:
        ```python
        import aezoo
        from aezoo.metrics import elbo

        x = aezoo.data.load("digits", "test").x[:10]
        assert elbo(aezoo.load("vae.digits"), x) > -100
        ```

    Reference:
        [Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114)
    """
    check_likelihood("elbo", model)
    if posterior_samples < 1:
        raise ValueError(f"posterior_samples must be at least 1. Received: {posterior_samples=!r}.")
    seeds = [seed, *np.random.SeedSequence(seed).generate_state(posterior_samples - 1)]
    bounds = [model.log_prob(x, seed=each, batch_size=batch_size).mean() for each in seeds]
    return float(np.mean(bounds))
