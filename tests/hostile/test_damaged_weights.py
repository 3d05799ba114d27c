"""Damaged weights: none loads; signed again, whatever loads is finite."""

from __future__ import annotations

import collections
import random

import keras
import numpy as np
from hostile_watch import watched

import aezoo
from aezoo.layout import WEIGHTS
from aezoo.stored import StoreError

FILES = 200


def damaged(data, seed):
    """Return the kind of damage, and the data with it."""
    rng = random.Random(seed)
    changed = bytearray(data)
    kind = ("truncated", "flipped", "zeroed")[seed % 3]
    if kind == "truncated":
        del changed[rng.randrange(len(data)) :]
    elif kind == "flipped":
        for _ in range(rng.choice([1, 1, 1, 8, 64])):
            changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    else:
        length = rng.choice([1, 4, 16, 64, 256])
        start = rng.randrange(len(data) - length)
        changed[start : start + length] = bytes(length)
    return kind, bytes(changed)


def damages(data):
    """Yield 200 distinct damages."""
    seen, seed = {data}, 0
    while len(seen) <= FILES:
        kind, changed = damaged(data, seed)
        seed += 1
        if changed not in seen:
            seen.add(changed)
            yield kind, changed


def test_no_damaged_weights_load(base, tmp_path):
    directory = base.copy(tmp_path / "m")
    refused = collections.Counter()
    for kind, data in damages(base.weights):
        (directory / WEIGHTS).write_bytes(data)
        with watched(directory) as watch:
            try:
                aezoo.load(directory)
            except StoreError as error:
                assert str(error).startswith(f"{directory / WEIGHTS}: ")  # noqa: PT017
                refused[kind] += 1
        watch.check()
    print(f"damaged weights refused: {dict(refused)}")
    assert refused.total() == FILES
    assert min(refused[kind] for kind in ("truncated", "flipped", "zeroed")) > 50


def test_damaged_weights_that_are_signed_load_finite_or_not_at_all(base, tmp_path):
    outcomes = collections.Counter()
    for kind, data in damages(base.weights):
        directory = base.copy(tmp_path / "m", weights=data)
        with watched(directory) as watch:
            try:
                model = aezoo.load(directory)
            except StoreError as error:
                assert str(error).startswith(f"{directory / WEIGHTS}: ")  # noqa: PT017
                outcomes[kind, "refused"] += 1
                continue
        watch.check()
        outcomes[kind, "loaded"] += 1
        arrays = [keras.ops.convert_to_numpy(w) for w in model.named_weights().values()]
        assert all(np.isfinite(array).all() for array in arrays)
        assert all(np.isfinite(array).all() for array in model.sampler.arrays().values())
        codes = model.sampler.transform(np.zeros((2, model.sampler.noise_dim)))
        assert np.isfinite(codes).all()
    print(f"damaged weights, signed again: {dict(outcomes)}")
    assert outcomes.total() == FILES
    assert outcomes["truncated", "loaded"] == 0
