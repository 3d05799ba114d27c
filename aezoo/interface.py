"""What users call on every model, whatever runs it: checked, batched and seeded numpy in and out.

Nothing here knows Keras. A subclass owns an *engine*, which runs one graph function on one batch.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol

import numpy as np

from aezoo.arrays import check_codes, check_samples
from aezoo.noise import generator


class Engine(Protocol):
    """Runs a model's graph functions on batches of numpy arrays."""

    def has(self, function: str) -> bool:
        """Returns whether the model has this function."""

    def __call__(self, function: str, *arrays: np.ndarray) -> np.ndarray:
        """Runs `encode`, `posterior`, `decode`, `prior` or `log_weight` on one batch."""


class Interface:
    """`encode`, `decode`, `generate` and their relatives, over an engine.

    A subclass provides `engine`, `sample_shape`, `sample_range`, `code_shape`, `conditional` and
    `sampler`; everything else is here.

    Arrays of samples have shape `(n, *sample_shape)` and hold uint8 (0 to 255) or floats in
    `sample_range`. A `tf.data.Dataset` or any other iterable of batches (arrays, or tuples
    whose first item is one) is read once, batch by batch.
    """

    engine: Engine
    sample_shape: tuple[int, ...]
    sample_range: tuple[float, float] | None
    code_shape: tuple[int, ...]
    conditional: bool = False
    sampler: Any = None

    def encode(self, x, sample=False, *, seed=None, condition=None, batch_size=256):
        """Maps samples to codes.

        Args:
            x: Samples `(n, *sample_shape)`, or an iterable of batches of them.
            sample: Draw from the posterior instead of taking its mean (or mode, or code).
            seed: Seed of that draw; None for a new one each time.
            condition: Condition of a conditional model, `(n, ...)`.
            batch_size: Largest number of samples in memory at once.

        Returns:
            Codes `(n, *code_shape)`, float32. Deterministic unless `sample`.

        Raises:
            ValueError: `x` does not fit the model, or the model has no posterior to sample.
        """
        if sample:
            self._require("posterior", "encode(sample=True)", "a posterior distribution")
        rng = generator(seed)
        codes = []
        for arrays in self._batches(x, condition, batch_size):
            if sample:
                noise = self._noise(rng, len(arrays[0]))
                codes.append(self.engine("posterior", arrays[0], noise, *arrays[1:]))
            else:
                codes.append(self.engine("encode", *arrays))
        return np.concatenate(codes)

    def decode(self, z, *, condition=None, batch_size=256):
        """Maps codes to samples.

        Args:
            z: Codes `(n, *code_shape)`.
            condition: Condition of a conditional model, `(n, ...)`.
            batch_size: Largest number of codes decoded at once.

        Returns:
            Mean samples `(n, *sample_shape)`, float32, in `sample_range`.

        Raises:
            ValueError: `z` does not fit the model.
        """
        _check_batch_size(batch_size)
        z = check_codes(z, self.code_shape)
        condition = self._check_condition(condition, len(z))
        outputs = None
        for start in _progress(range(0, len(z), batch_size)):
            part = slice(start, start + batch_size)
            decoded = self.engine("decode", z[part], *(c[part] for c in condition))
            if outputs is None:
                outputs = np.empty((len(z), *decoded.shape[1:]), decoded.dtype)
            outputs[part] = decoded
        return outputs

    def reconstruct(self, x, *, condition=None, batch_size=256):
        """Returns `decode(encode(x))`, shape `(n, *sample_shape)`, float32, in `sample_range`.

        Args:
            x: Samples `(n, *sample_shape)`, or an iterable of batches of them.
            condition: Condition of a conditional model, `(n, ...)`.
            batch_size: Largest number of samples in memory at once.
        """
        parts = [
            self.engine("decode", self.engine("encode", *arrays), *arrays[1:])
            for arrays in self._batches(x, condition, batch_size)
        ]
        return np.concatenate(parts)

    def generate(self, n, *, seed=None, sampler=None, condition=None, batch_size=256):
        """Draws new samples.

        Codes come from the fitted sampler where there is one, else from the model's prior.

        Args:
            n: Number of samples, at least 1.
            seed: Seed; the same seed gives the same samples. None for new ones each time.
            sampler: None, `"prior"` to force the model's prior, or a fitted sampler object.
            condition: Condition of a conditional model, `(n, ...)`.
            batch_size: Largest number of samples decoded at once.

        Returns:
            Samples `(n, *sample_shape)`, float32, in `sample_range`.

        Raises:
            ValueError: The model has neither prior nor fitted sampler, or `n` is not positive.
        """
        codes = self.sample_codes(n, seed=seed, sampler=sampler, condition=condition)
        return self.decode(codes, condition=condition, batch_size=batch_size)

    def sample_codes(self, n, *, seed=None, sampler=None, condition=None):
        """Draws the codes that `generate` decodes.

        Args:
            n: Number of codes, at least 1.
            seed: Seed; None for new codes each time.
            sampler: None, `"prior"`, or a fitted sampler object.
            condition: Condition of a conditional model, `(n, ...)`.

        Returns:
            Codes `(n, *code_shape)`, float32.
        """
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
            raise ValueError(f"n must be an integer of at least 1. Received: n={n!r}.")
        condition = self._check_condition(condition, n)
        rng = generator(seed)
        if isinstance(sampler, str) and sampler != "prior":
            raise ValueError(
                "sampler must be None, 'prior' or a fitted sampler; fit one by name with "
                f"fit_sampler({sampler!r}, data). Received: sampler={sampler!r}."
            )
        chosen = self.sampler if sampler is None else sampler
        if chosen is None or isinstance(chosen, str):
            what = "a prior" if sampler == "prior" else "a prior or a fitted sampler"
            self._require("prior", "generate", what)
            return self.engine("prior", self._noise(rng, n), *condition)
        codes = chosen.transform(rng.standard_normal((n, chosen.noise_dim)), *condition)
        return check_codes(codes.reshape(n, *self.code_shape), self.code_shape)

    def interpolate(
        self, a, b, *, steps=8, kind: Literal["linear", "spherical"] = "linear", condition=None
    ):
        """Decodes a walk between the codes of two sets of samples.

        Args:
            a: Samples `(n, *sample_shape)` to start from.
            b: Samples `(n, *sample_shape)` to end at.
            steps: Number of samples on each walk, ends included; at least 2.
            kind: `"linear"`, or `"spherical"` along the great circle.
            condition: Condition of a conditional model, `(n, ...)`.

        Returns:
            Samples `(n, steps, *sample_shape)`, float32, in `sample_range`.
        """
        if not isinstance(steps, (int, np.integer)) or steps < 2:
            raise ValueError(f"steps must be an integer of at least 2. Received: {steps=!r}.")
        if kind not in ("linear", "spherical"):
            raise ValueError(f"kind must be 'linear' or 'spherical'. Received: {kind=!r}.")
        start, end = self.encode(a, condition=condition), self.encode(b, condition=condition)
        if len(start) != len(end):
            raise ValueError(
                f"a and b must hold equally many samples. Received: {len(start)} and {len(end)}."
            )
        walk = _walk(start.reshape(len(start), -1), end.reshape(len(end), -1), steps, kind)
        if condition is not None:
            condition = np.repeat(np.asarray(condition), steps, axis=0)
        samples = self.decode(walk.reshape(-1, *self.code_shape), condition=condition)
        return samples.reshape(len(start), steps, *samples.shape[1:])

    def log_prob(self, x, *, k=1, seed=0, condition=None, batch_size=256):
        """Estimates the log likelihood of samples from below, by importance sampling.

        `log 1/k sum_i p(x, z_i) / q(z_i | x)` with `z_i` from the posterior `q`; with `k=1` a
        one-sample evidence bound. The density is that of the preprocessed sample.

        Args:
            x: Samples `(n, *sample_shape)`, or an iterable of batches of them.
            k: Number of posterior samples, at least 1.
            seed: Seed of these samples; with `k` above 1 they depend on `batch_size` too.
            condition: Condition of a conditional model, `(n, ...)`.
            batch_size: Largest number of samples in memory at once.

        Returns:
            Log likelihoods in nats, shape `(n,)`, float64.

        Raises:
            ValueError: The model has no posterior and prior.

        Reference:
            [Burda et al., 2016](https://arxiv.org/abs/1509.00519)
        """
        if not isinstance(k, (int, np.integer)) or k < 1:
            raise ValueError(f"k must be an integer of at least 1. Received: {k=!r}.")
        self._require("log_weight", "log_prob", "a posterior and a prior")
        rng = generator(seed)
        results = []
        for x_batch, *rest in self._batches(x, condition, batch_size):
            total = np.full(len(x_batch), -np.inf)
            for _ in range(k):
                noise = self._noise(rng, len(x_batch))
                weight = self.engine("log_weight", x_batch, noise, *rest)
                total = np.logaddexp(total, weight)
            results.append(total - np.log(k))
        return np.concatenate(results)

    def fit_sampler(self, name, data, *, seed=0, batch_size=256, **config):
        """Fits a sampler to the codes of `data` and makes it the model's own.

        It is used by `generate` from then on, and saved with the model.

        Args:
            name: Name of a sampler, see `aezoo.list_samplers()`.
            data: Samples `(n, *sample_shape)`, or an iterable of batches of them.
            seed: Seed of the fit.
            batch_size: Largest number of samples in memory at once.
            **config: Arguments of the sampler.

        Returns:
            The fitted sampler.
        """
        from aezoo.samplers import build

        sampler = build({"name": name, **config})
        codes = self.encode(data, batch_size=batch_size)
        sampler.fit(codes.reshape(len(codes), -1), seed=seed)
        sampler.load(sampler.arrays())  # what a saved model will hold, to the last bit
        self.sampler = sampler
        return sampler

    def _require(self, function, caller, what):
        if not self.engine.has(function):
            remedy = (
                "fit one with fit_sampler('gmm', data)"
                if function == "prior"
                else "use a variational model such as 'vae'"
            )
            raise ValueError(
                f"{caller} needs {what}, and {type(self).__name__} has none: {remedy}."
            )

    def _noise(self, rng, n):
        return rng.standard_normal((n, *self.code_shape)).astype("float32")

    def _check_condition(self, condition, n) -> tuple[np.ndarray, ...]:
        if condition is None:
            if self.conditional:
                raise ValueError(f"{type(self).__name__} needs condition=. Received: None.")
            return ()
        if not self.conditional:
            raise ValueError(
                f"{type(self).__name__} takes no condition: it is an unconditional model. "
                f"Received: condition={condition!r:.80}."
            )
        condition = np.asarray(condition)
        if condition.shape[:1] != (n,):
            raise ValueError(
                f"condition must hold one entry a sample, {n}. "
                f"Received: condition.shape={condition.shape}."
            )
        return (condition,)

    def _batches(self, x, condition, batch_size) -> Iterator[tuple[np.ndarray, ...]]:
        _check_batch_size(batch_size)
        if _is_stream(x):
            if condition is not None or self.conditional:
                raise ValueError("A stream of batches cannot carry a condition: pass arrays.")
            empty = True
            for batch in _progress(x):
                empty = False
                batch = batch[0] if isinstance(batch, (tuple, list)) else batch
                yield from self._batches(batch, None, batch_size)
            if empty:
                raise ValueError("x is empty: the iterable gave no batch.")
            return
        x = check_samples(x, self.sample_shape, sample_range=self.sample_range)
        arrays = (x, *self._check_condition(condition, len(x)))
        for start in _progress(range(0, len(x), batch_size)):
            yield tuple(array[start : start + batch_size] for array in arrays)


def _check_batch_size(batch_size: Any) -> None:
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ValueError(f"batch_size must be an integer of at least 1. Received: {batch_size=!r}.")


def _is_stream(x: Any) -> bool:
    array_like = hasattr(x, "__array__") or isinstance(x, (list, tuple, str, bytes, dict))
    return not array_like and (isinstance(x, Iterable) or hasattr(x, "__getitem__"))


def _progress(batches: Any) -> Iterable[Any]:
    """Shows a bar on a terminal when the work is long (more than 200 batches)."""
    length = len(batches) if hasattr(batches, "__len__") else 0
    if length <= 200 or not sys.stderr.isatty():
        return batches
    from rich.console import Console
    from rich.progress import track

    return track(batches, description="", console=Console(stderr=True), transient=True)


def _walk(start, end, steps, kind):
    """Returns `(n, steps, d)` points between `(n, d)` starts and ends."""
    t = np.linspace(0.0, 1.0, steps, dtype="float32")[None, :, None]
    linear = (1 - t) * start[:, None] + t * end[:, None]
    if kind == "linear":
        return linear
    norms = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    cosine = np.sum(start * end, axis=-1) / np.maximum(norms, 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))[:, None, None]
    sine = np.sin(angle)
    safe = np.where(sine < 1e-4, 1.0, sine)
    arc = (np.sin((1 - t) * angle) * start[:, None] + np.sin(t * angle) * end[:, None]) / safe
    return np.where(sine < 1e-4, linear, arc).astype("float32")
