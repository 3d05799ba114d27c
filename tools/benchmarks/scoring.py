"""Scores what a trained model left; one scorer for both libraries: aezoo's metrics."""

import functools

import numpy as np

import aezoo_registry

SAMPLERS = ("prior", "normal", "gmm", "gmm 40")
LOWER, HIGHER = "lower", "higher"
BETTER = {
    "mse": LOWER,
    "nll": LOWER,
    **{f"kid {sampler}": LOWER for sampler in SAMPLERS},
    **{f"coverage {sampler}": HIGHER for sampler in SAMPLERS},
    "processor": LOWER,
    "megabytes": LOWER,
}
"""Which way each number is better."""


def score(arrays, test, count):
    """Scores the arrays of one model.

    Args:
        arrays: `reconstruction` of `test`; where there are such, `codes` of `test`, `log_prob` of
            some of it, and `generated/<sampler>` images.
        test: Test images `(n, 28, 28, 1)`, uint8.
        count: Number of test images that generated ones are compared with.

    Returns:
        Name to number, see `BETTER`, and `active_units`.
    """
    metric = functools.partial(aezoo_registry.load, "metrics")
    scores = {"mse": metric("mse")(test, arrays["reconstruction"])}
    if "log_prob" in arrays:
        scores["nll"] = -float(np.mean(arrays["log_prob"]))
    if "codes" in arrays:
        scores["active_units"] = int(metric("active_units")(arrays["codes"]))
    for name, generated in arrays.items():
        if name.startswith("generated/"):
            sampler = name.removeprefix("generated/")
            real, generated = test[:count], np.clip(generated, 0.0, 1.0)
            scores[f"kid {sampler}"] = metric("kid_classifier")(real, generated)
            scores[f"coverage {sampler}"] = metric("coverage")(real, generated)
    return scores


def collect(records):
    """Returns name to the list of a number's values.

    Args:
        records: Dictionaries of numbers, one a seed; a name may be missing in some.
    """
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [r[name] for r in records if name in r] for name in names}


def worse(own, peer):
    """Returns the names of the numbers in which aezoo is worse beyond the spread of both.

    Args:
        own: What `collect` returned for aezoo.
        peer: The same for the peer.

    Returns:
        Names for which every seed of aezoo is worse than every seed of the peer.
    """
    shared = [name for name in BETTER if name in own and name in peer]
    return [
        name
        for name in shared
        if (
            min(own[name]) > max(peer[name])
            if BETTER[name] == LOWER
            else max(own[name]) < min(peer[name])
        )
    ]
