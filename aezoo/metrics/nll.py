"""Negative log likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from aezoo.metrics.samples import NotApplicable


def nll(
    model: Any,
    x: Any,
    *,
    importance_samples: int = 100,
    seed: int = 0,
    batch_size: int = 256,
) -> float:
    """Mean negative log likelihood in nats per sample, by importance sampling. Lower is better.

    `-log 1/K sum_i p(x, z_i) / q(z_i | x)` with `z_i` from the posterior `q`. Its expectation
    lies above the negative log likelihood and falls to it as K grows; with `K = 1` it is the
    negative of `elbo`. Compare models at one K. The density is that of the preprocessed sample,
    so it can have any sign; with the `bernoulli` likelihood on grey values it is no density, and
    compares models with that likelihood only.

    Args:
        model: A model with a posterior and a prior.
        x: Samples `(n, *sample_shape)`, or an iterable of batches of them.
        importance_samples: K, the number of posterior draws a sample, at least 1.
        seed: Seed of the draws.
        batch_size: Largest number of samples, or draws of them, in memory at once.

    Returns:
        The mean over samples, in nats.

    Raises:
        NotApplicable: If the model has no posterior and prior.
        ValueError: If the samples do not fit the model.

    Example:
        ```python
        import aezoo
        from aezoo.metrics import nll

        x = aezoo.data.load("digits", "test").x[:10]
        assert nll(aezoo.load("vae.digits"), x, importance_samples=5) < 100
        ```

    Reference:
        [Burda et al., 2016](https://arxiv.org/abs/1509.00519)
    """
    check_likelihood("nll", model)
    log_prob = model.log_prob(x, k=importance_samples, seed=seed, batch_size=batch_size)
    return float(-np.mean(log_prob))


def check_likelihood(metric: str, model: Any) -> None:
    """Raise `NotApplicable` unless the model gives samples a likelihood.

    Args:
        metric: Name of the metric, for the error.
        model: Any model.
    """
    if not model.engine.has("log_weight"):
        raise NotApplicable(
            f"{metric} needs a model with a posterior and a prior. "
            f"Received: model of type {type(model).__name__}."
        )
