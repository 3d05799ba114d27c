"""How a generative model fills a hole: codes whose decoded sample agrees with the known pixels.

Both ways take many images at once and need no more of a model than `encode`, `decode` and
`sample_codes`, so that they are the same on every engine. They start where the model's own samples
agree best with an image, each completion from another such sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aezoo.batches import check_count, progress
from aezoo.fills import harmonic
from aezoo.noise import generator

POOL = 32
"""Samples of the model that a completion chooses its start from."""
ROUNDS = 20
SPREAD = 0.2
"""Noise on codes without a posterior at first, in standard deviations of the model's codes."""
ITERATIONS = 8
VARIANCE = 0.02
"""Variance of a pixel around the decoder's mean, of values in [0, 1]."""
LARGEST_CODE = 256
_MOMENTS = 512
_DIFFERENCE = 1e-2
_LIMIT = 2**30  # of seeds


def gibbs(
    model: Any, x: np.ndarray, masks: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Complete images by pseudo-Gibbs sampling: encode, decode, put back what is known, repeat.

    Codes are drawn from the posterior. A model without one has noise added to its codes that falls
    to 0 with the rounds; for the tokens of a codebook that noise is often another entry. The last
    round takes the code as it is.

    Args:
        model: A model of images with a prior or a fitted sampler.
        x: Images, shape `(b, h, w, c)`, float32 in the model's range; holes may hold anything.
        masks: Shape `(b, h, w)`, True in the holes.
        n: Completions of each image.
        rng: Where the chance comes from.

    Returns:
        The last decoded samples, shape `(b, n, h, w, c)`, float32, which differ from `x` in the
        known pixels, too.

    Reference:
        [Rezende et al., 2014](https://arxiv.org/abs/1401.4082), appendix F;
        [Mattei and Frellsen, 2018](https://arxiv.org/abs/1802.04826)
    """
    hole = masks[:, None, ..., None]
    codes = _seeded(model.sample_codes, n * POOL, rng)
    samples = model.decode(codes)
    decoded = samples[_nearest(samples, x, masks, n)]
    has_posterior = model.engine.has("posterior")
    spread = None if has_posterior else SPREAD * codes.std(axis=0)
    for left in reversed(range(ROUNDS)):
        state = np.where(hole, decoded, x[:, None]).reshape(-1, *x.shape[1:])
        if left and has_posterior:
            codes = _seeded(model.encode, state, rng, sample=True)
        else:
            codes = model.encode(state)
        if left and spread is not None:
            noise = rng.standard_normal(codes.shape, np.float32)
            codes = codes + spread * np.float32(left / ROUNDS) * noise
        decoded = model.decode(codes).reshape(decoded.shape)
    return decoded


def latent(
    model: Any, x: np.ndarray, masks: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Complete images by the likeliest codes given the known pixels, and draws around them.

    Pixels are taken as normal around the decoder's mean, and codes as normal with the mean and
    covariance of what the model's sampler, or prior, draws. The Levenberg-Marquardt method finds a
    mode from each start; the decoder's derivatives are differences, so that no gradient is needed.
    One completion of each image is its best mode; the others are drawn from the normal
    distribution that has the curvature at theirs (Laplace's approximation of the posterior).

    Args:
        model: A model of images whose codes are vectors, with a prior or a fitted sampler.
        x: Images, shape `(b, h, w, c)`, float32 in the model's range; holes may hold anything.
        masks: Shape `(b, h, w)`, True in the holes.
        n: Completions of each image.
        rng: Where the chance comes from.

    Returns:
        Decoded samples, shape `(b, n, h, w, c)`, float32, which differ from `x` in the known
        pixels, too.

    Raises:
        ValueError: The codes are tokens, or longer than 256 numbers.

    Reference:
        [Marquardt, 1963](https://doi.org/10.1137/0111030);
        [MacKay, 1992](https://doi.org/10.1162/neco.1992.4.3.448), on Laplace's approximation
    """
    if obstacle := _obstacle(model):
        raise ValueError(
            f"method='latent' moves codes that are vectors of at most {LARGEST_CODE} numbers, and "
            f"{obstacle}: use method='gibbs'. Received: method='latent'."
        )
    codes = _seeded(model.sample_codes, max(_MOMENTS, n * POOL), rng)
    flat = codes.reshape(len(codes), -1).astype(np.float64)
    mean, size = flat.mean(axis=0), flat.shape[1]
    covariance = np.cov(flat, rowvar=False).reshape(size, size)
    jitter = 1e-6 * max(np.trace(covariance) / size, 1e-12)
    root = np.linalg.cholesky(covariance + jitter * np.eye(size))
    whitened = np.linalg.solve(root, (flat - mean).T).T

    def decode(u: np.ndarray) -> np.ndarray:
        z = (mean + u @ root.T).astype(np.float32)
        return np.asarray(model.decode(z.reshape(-1, *model.code_shape)).reshape(len(u), -1))

    start = _nearest(model.decode(codes[: n * POOL]), x, masks, n)
    low, high = model.sample_range or (0.0, 1.0)
    scale = 1 / (high - low) / math.sqrt(VARIANCE)
    found = np.empty((len(x), n, *x.shape[1:]), np.float32)
    for index in progress(range(len(x))):
        image, mask = x[index], masks[index]
        known = np.flatnonzero(np.broadcast_to(~mask[..., None], image.shape))
        u, loss, curvature = _modes(decode, whitened[start[index]], image, known, scale)
        noise = rng.standard_normal((n, size))
        noise[np.argmin(loss)] = 0.0
        # With L L^T the curvature, L^-T maps normal noise to a covariance of its inverse.
        upper = np.linalg.cholesky(curvature).swapaxes(1, 2)
        u = u + np.linalg.solve(upper, noise[..., None])[..., 0]
        found[index] = decode(u).reshape(n, *image.shape)
    return found


METHODS: Mapping[str, Callable[..., np.ndarray]] = {"latent": latent, "gibbs": gibbs}


def default(model: Any) -> str:
    """Return the method for a model where none is named: `"latent"` unless it cannot be."""
    return "gibbs" if _obstacle(model) else "latent"


def complete(
    x: np.ndarray, holes: np.ndarray, model: Any, n: int, method: str | None, seed: int | None
) -> np.ndarray:
    """Complete images by a model.

    Args:
        x: Shape `(b, h, w, c)`, float32 in [0, 1].
        holes: Shape `(b, h, w)`, booleans, True in the hole.
        model: A model of images of this shape.
        n: Number of completions of each.
        method: See `inpaint`.
        seed: See `inpaint`.

    Returns:
        Shape `(b, n, h, w, c)`, float32 in [0, 1], those of an image in the order of how well the
        model reproduces its known pixels. These are then put in, and what the model misses at the
        rim of the hole is added within it, fading like a soap film: no seam is seen.

    Raises:
        LookupError: There is no such method.
        ValueError: `n` is not positive, or the method does not fit the model.

    Reference:
        [Perez et al., 2003](https://doi.org/10.1145/882262.882269), on the seam
    """
    check_count("n", n)
    if method is not None and method not in METHODS:
        raise LookupError(f"method must be one of {', '.join(METHODS)}. Received: {method=!r}.")
    method = method or default(model)
    low, high = model.sample_range or (0.0, 1.0)
    # A flat fill is enough: what is in a hole is never looked at.
    start = np.where(holes[..., None], 0.5, x).astype(np.float32)
    rng = generator(seed)
    found = METHODS[method](model, start * (high - low) + low, holes, int(n), rng)
    decoded = (found - low) / (high - low)
    known = ~holes[:, None, ..., None]
    errors = np.sum(known * np.square(decoded - x[:, None]), axis=(2, 3, 4))
    order = np.argsort(errors, axis=1, kind="stable")
    decoded = np.take_along_axis(decoded, order[:, :, None, None, None], axis=1)
    blended = [_blended(*each) for each in zip(decoded, x, holes, strict=True)]
    return np.clip(np.stack(blended), 0.0, 1.0, dtype=np.float32)


def _obstacle(model: Any) -> str:
    """Return why a model's codes cannot be moved, or nothing where they can."""
    size = math.prod(model.code_shape)
    if model.token_shape is not None:
        return "the model's are tokens of a codebook"
    if size > LARGEST_CODE:
        return f"the model's hold {size}, and every step would decode as many for each image"
    return ""


def _modes(
    decode: Any, u: np.ndarray, image: np.ndarray, known: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return modes of the posterior of whitened codes `(n, d)`, their losses, and curvatures."""
    n, size = u.shape
    identity = np.eye(size)
    target = image.ravel()[known]

    def residuals(u: np.ndarray) -> np.ndarray:
        return scale * (decode(u)[:, known] - target).astype(np.float64)

    r = residuals(u)
    loss, damping = np.sum(r**2, axis=1) + np.sum(u**2, axis=1), np.ones((n, 1, 1))
    for _ in range(ITERATIONS):
        moved = residuals((u[:, None] + _DIFFERENCE * identity).reshape(-1, size))
        jacobian = (moved.reshape(n, size, -1) - r[:, None]) / _DIFFERENCE
        curvature = jacobian @ jacobian.swapaxes(1, 2) + identity
        gradient = jacobian @ r[..., None] + u[..., None]
        tried = u - np.linalg.solve(curvature + damping * identity, gradient)[..., 0]
        tried_r = residuals(tried)
        tried_loss = np.sum(tried_r**2, axis=1) + np.sum(tried**2, axis=1)
        better = tried_loss < loss
        u, r = np.where(better[:, None], tried, u), np.where(better[:, None], tried_r, r)
        loss = np.where(better, tried_loss, loss)
        damping = damping * np.where(better, 0.25, 4.0)[:, None, None]
    return u, loss, curvature


def _blended(decoded: np.ndarray, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return the image with each of `(n, h, w, c)` in its hole, without seams."""
    missed = np.moveaxis(image - decoded, 0, 2)  # (h, w, n, c): one system for all
    filled = harmonic(missed.reshape(*hole.shape, -1), hole).reshape(missed.shape)
    return decoded + np.moveaxis(filled, 2, 0)


def _nearest(samples: np.ndarray, x: np.ndarray, masks: np.ndarray, n: int) -> np.ndarray:
    """Return which sample of each of n pools agrees best with the known pixels, `(b, n)`."""
    flat = samples.reshape(len(samples), -1)
    start = np.empty((len(x), n), int)
    for index, (image, mask) in enumerate(zip(x, masks, strict=True)):
        known = np.flatnonzero(np.broadcast_to(~mask[..., None], image.shape))
        errors = np.sum(np.square(flat[:, known] - image.ravel()[known]), axis=1)
        start[index] = np.argmin(errors[: n * POOL].reshape(n, POOL), axis=1)
    return start + POOL * np.arange(n)


def _seeded(function: Any, x: Any, rng: np.random.Generator, **kwargs: Any) -> np.ndarray:
    return np.asarray(function(x, seed=int(rng.integers(_LIMIT)), **kwargs))
