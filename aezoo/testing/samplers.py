"""Checks of a sampler: what it learns from codes, and how it is stored."""

from __future__ import annotations

import dataclasses
import functools
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import aezoo_registry
from aezoo import samplers
from aezoo.noise import generator
from aezoo.testing._documentation import expect_arguments_documented, expect_sections, run_example
from aezoo.testing._expect import expect, expect_close, expect_equal, expect_refusal
from aezoo.testing.declaration import HOSTILE

_ENTRIES = 3
_CORNERS = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
_LIGHT_LOAD = """
import json, sys
import numpy as np
from aezoo import samplers
sampler = samplers.build(json.loads(sys.argv[1])).load(dict(np.load(sys.argv[2])))
sampler.transform(np.zeros((2, sampler.noise_dim)))
print(*sorted({"sklearn", "scipy", "keras", "tensorflow"} & set(sys.modules)))
"""


def check_sampler_declaration(sampler: str) -> None:
    """Checks that the docstring describes the arguments and has an example that runs."""
    cls = aezoo_registry.load("samplers", sampler)
    expect_sections(cls, "Example")
    expect_arguments_documented(cls)
    run_example(cls)


def check_sampler_config(sampler: str) -> None:
    """Checks that a sampler's description is JSON and that hostile values are refused."""
    spec = samplers.build(sampler).spec
    restored = json.loads(json.dumps(spec, allow_nan=False))
    expect(restored == spec, f"Arguments of {sampler!r} must be JSON values. Received: {spec!r}.")
    expect(samplers.build(restored).spec == spec, f"Rebuilding {sampler!r} changes its arguments.")
    for name, value in spec.items():
        for hostile in HOSTILE if name != "name" else ():
            if not (isinstance(value, float) and isinstance(hostile, int)):
                changed = {**spec, name: hostile}
                expect_refusal(functools.partial(samplers.build, changed), f"sampler {changed}")
    expect_refusal(lambda: samplers.build({**spec, "surprise": 1}), "an unknown argument")


def check_sampler_distribution(sampler: str) -> None:
    """Checks that draws have mean and covariance of the codes, and are a function of the noise.

    For tokens, these are frequencies, of entries and of pairs of them.
    """
    fitted, codes = _fitted(sampler), _subject(sampler).codes
    noise = generator(1).standard_normal((4000, fitted.noise_dim))
    draws, expected = fitted.transform(noise), (4000, codes.shape[1])
    expect(draws.shape == expected, f"transform gives shape {draws.shape}, expected {expected}.")
    dtype = "int32" if codes.dtype == "int32" else "float32"
    expect(draws.dtype == dtype, f"transform gives {draws.dtype}, expected {dtype}.")
    expect_equal(fitted.transform(noise), draws, "transform called twice")
    expect_close(fitted.transform(noise[:1]), draws[:1], "transform in a batch of one")
    expect_equal(_fit(sampler).transform(noise), draws, "two fits with the same seed")
    drawn, given = _features(draws), _features(codes)
    tolerance = 0.05 if dtype == "int32" else 0.1
    expect_close(drawn.mean(0), given.mean(0), "mean of the draws and of the codes", tolerance)
    covariance = np.cov(given.T)
    expect_close(np.cov(drawn.T), covariance, "covariance of draws and codes", tolerance)


def check_sampler_round_trip(sampler: str) -> None:
    """Checks that a sampler's arrays restore it, and that arrays of another shape are refused."""
    fitted = _fitted(sampler)
    arrays = fitted.arrays()
    kinds = {array.dtype.name for array in arrays.values()}
    expect(kinds <= {"float32"}, f"arrays() must be float32. Received: {sorted(kinds)}.")
    loaded = samplers.build(fitted.spec).load(arrays)
    expect(loaded.noise_dim == fitted.noise_dim, "load(arrays()) changes noise_dim.")
    noise = generator(1).standard_normal((8, loaded.noise_dim))
    again = samplers.build(fitted.spec).load(loaded.arrays())
    expect_equal(again.transform(noise), loaded.transform(noise), "a sampler loaded twice")
    expect_close(loaded.transform(noise), fitted.transform(noise), "load(arrays()) and the fit")
    for name, array in arrays.items():
        rest = {other: arrays[other] for other in arrays if other != name}
        longer = {**rest, name: np.concatenate([array, array], axis=-1)}
        for what, damaged in {"load without": rest, "load with a longer": longer}.items():
            refused = functools.partial(samplers.build(fitted.spec).load, damaged)
            expect_refusal(refused, f"{what} {name!r}")


def check_sampler_light_load(sampler: str) -> None:
    """Checks that loading a fitted sampler imports neither scikit-learn nor Keras."""
    fitted = _fitted(sampler)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "arrays.npz")
        arrays: dict[str, Any] = fitted.arrays()
        np.savez(path, **arrays)
        command = [sys.executable, "-c", _LIGHT_LOAD, json.dumps(fitted.spec), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"Loading failed in a new process: {done.stderr[-500:]}")
    expect(not done.stdout.strip(), f"Loading imports {done.stdout.strip()}.")


@dataclasses.dataclass(frozen=True)
class _Subject:
    """What a sampler learns from.

    Attributes:
        given: The arguments of `fit`.
        codes: What its draws should be like, `(n, d)`.
    """

    given: tuple[Any, dict[str, Any]]
    codes: np.ndarray


def _subject(sampler: str) -> _Subject:
    cls = aezoo_registry.load("samplers", sampler)
    latent, rng = samplers.latent_of(cls), generator(0)
    if latent == "tokens":
        first, last = np.meshgrid(*[np.repeat(np.arange(_ENTRIES), [5, 3, 2])] * 2)
        tokens = np.stack([first, first, np.ones_like(first), last], axis=-1)
        tokens = np.tile(tokens.reshape(-1, 4).astype("int32"), (30, 1))
        given = {"codebook_size": _ENTRIES}
        return _Subject(((tokens.reshape(-1, 2, 2),), given), tokens)
    codes = rng.standard_normal((100, 3)) @ np.diag([1.0, 0.5, 0.0]) + [0.5, -0.5, 0.25]
    codes[:, 1] += 0.5 * codes[:, 0]  # correlated, and the last number is constant
    codes = codes.astype("float32")
    if latent == "posterior":
        deviations = np.full_like(codes, 0.5)
        spread = (codes[:, None] + 0.5 * _CORNERS).reshape(-1, 3).astype("float32")
        return _Subject(((codes, deviations), {}), spread)
    if getattr(cls, "spherical", False):
        codes = np.tile(_CORNERS, (10, 1)).astype("float32")
    return _Subject(((codes,), {}), codes)


def _features(codes: np.ndarray) -> np.ndarray:
    """Returns codes as they are, and tokens as zeros and ones."""
    if codes.dtype != "int32":
        return codes
    return np.eye(_ENTRIES)[codes].reshape(len(codes), -1)


def _fit(sampler: str) -> Any:
    arguments, given = _subject(sampler).given
    fitted = samplers.build(sampler)
    fitted.fit(*arguments, **given, seed=0)
    return fitted


_fitted = functools.lru_cache(maxsize=1)(_fit)
