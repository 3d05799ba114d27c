"""Pulses at random times."""

import numpy as np
from aezoo.data import SPLITS, Dataset


def pulses(split="train"):
    """Load Gaussian pulses of random time and width, `(n, 50, 1)`, float32 in [0, 1]."""
    rng = np.random.default_rng(SPLITS.index(split))
    n = {"train": 1000, "validation": 100, "test": 100}[split]
    centre, width = rng.uniform(0.1, 0.9, (n, 1)), rng.uniform(0.02, 0.1, (n, 1))
    x = np.exp(-0.5 * ((np.linspace(0, 1, 50) - centre) / width) ** 2)
    x = x[..., None].astype("float32")
    return Dataset("acme/pulses", split, x, None, licence="CC0-1.0", source="generated")
