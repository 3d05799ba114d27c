"""What users call on every model, whatever runs it: checked, batched and seeded numpy in and out.

Nothing here knows Keras. A subclass owns an *engine*, which runs one graph function on one batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol

import numpy as np

from aezoo.arrays import check_codes, check_samples, check_tokens
from aezoo.batches import check_batch_size, check_count, is_stream, joined, progress, samples_of
from aezoo.interpolation import between
from aezoo.noise import generator


class Engine(Protocol):
    """Runs a model's graph functions on batches of numpy arrays."""

    def has(self, function: str) -> bool:
        """Returns whether the model has this function."""

    def __call__(self, function: str, *arrays: np.ndarray) -> np.ndarray:
        """Runs one of `FUNCTIONS` on one batch."""


FUNCTIONS = ("encode", "decode", "posterior", "prior", "log_weight", "tokens", "embed")
"""What an engine may run: the names of `Autoencoder.graph_functions`."""


class Interface:
    """`encode`, `decode`, `generate` and their relatives, over an engine.

    A subclass provides `engine`, `sample_shape`, `sample_range`, `code_shape`, `conditional` and
    `sampler`, and, where codes are entries of a codebook, `token_shape` and `codebook_size`;
    everything else is here.

    Arrays of samples have shape `(n, *sample_shape)` and hold uint8 or floats in `sample_range`. A
    `tf.data.Dataset` or other iterable of batches (arrays, or tuples that begin so) is read once.
    """

    engine: Engine
    sample_shape: tuple[int, ...]
    sample_range: tuple[float, float] | None
    code_shape: tuple[int, ...]
    token_shape: tuple[int, ...] | None = None
    codebook_size: int | None = None
    conditional: bool = False
    learns_code: bool = True  # PCA is no baseline of an encoder that is given
    sampler: Any = None
    _kind = property(lambda self: type(self).__name__)  # what errors call the model

    @property
    def prior_noise_shape(self) -> tuple[int, ...]:
        """Shape of the noise that the prior makes one code of."""
        return self.code_shape

    @property
    def latents(self) -> tuple[str, ...]:
        """What samplers can draw for this model, see `aezoo.samplers`."""
        if self.token_shape is not None:
            return ("tokens",)
        return ("vector", "posterior") if self.engine.has("posterior") else ("vector",)

    @property
    def default_sampler(self) -> str | None:
        """Name of the sampler that `aezoo train` fits where none is named; None for none."""
        fitting = "gmm" if self.token_shape is None else "code_transformer"
        return fitting if self.learns_code else None

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
        if not sample:
            return self._map("encode", x, condition, batch_size)
        self._require("posterior", "encode(sample=True)", "a posterior distribution")
        rng = generator(seed)
        codes = []
        for x_batch, *rest in self._batches(x, condition, batch_size):
            noise = self._noise(rng, len(x_batch))
            codes.append(self.engine("posterior", x_batch, noise, *rest))
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
        check_batch_size(batch_size)
        z = check_codes(z, self.code_shape)
        condition = self._check_condition(condition, len(z))
        if len(z) <= batch_size:
            return self.engine("decode", z, *condition)
        outputs = None
        for start in progress(range(0, len(z), batch_size)):
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
        return joined(parts)

    def tokenize(self, x, *, condition=None, batch_size=256):
        """Maps samples to the indices of their codebook entries.

        Args:
            x: Samples `(n, *sample_shape)`, or an iterable of batches of them.
            condition: Condition of a conditional model, `(n, ...)`.
            batch_size: Largest number of samples in memory at once.

        Returns:
            Tokens `(n, *token_shape)`, int32, from 0 to `codebook_size - 1`.

        Raises:
            ValueError: `x` does not fit the model, or the model has no codebook.
        """
        self._require("tokens", "tokenize", "a codebook")
        return self._map("tokens", x, condition, batch_size)

    def detokenize(self, tokens, *, condition=None, batch_size=256):
        """Maps the indices of codebook entries to samples.

        Args:
            tokens: Integers `(n, *token_shape)`, from 0 to `codebook_size - 1`.
            condition: Condition of a conditional model, `(n, ...)`.
            batch_size: Largest number of samples decoded at once.

        Returns:
            Mean samples `(n, *sample_shape)`, float32, in `sample_range`.

        Raises:
            ValueError: `tokens` do not fit the model, or the model has no codebook.
        """
        self._require("embed", "detokenize", "a codebook")
        return self.decode(self._embed(tokens), condition=condition, batch_size=batch_size)

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
        check_count("n", n)
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
            noise = rng.standard_normal((n, *self.prior_noise_shape)).astype("float32")
            return self.engine("prior", noise, *condition)
        drawn = chosen.transform(rng.standard_normal((n, chosen.noise_dim)), *condition)
        if self.token_shape is not None:
            return self._embed(drawn.reshape(n, *self.token_shape))
        return check_codes(drawn.reshape(n, *self.code_shape), self.code_shape)

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
        check_count("steps", steps, 2)
        if kind not in ("linear", "spherical"):
            raise ValueError(f"kind must be 'linear' or 'spherical'. Received: {kind=!r}.")
        start, end = self.encode(a, condition=condition), self.encode(b, condition=condition)
        if len(start) != len(end):
            raise ValueError(
                f"a and b must hold equally many samples. Received: {len(start)} and {len(end)}."
            )
        walk = between(start.reshape(len(start), -1), end.reshape(len(end), -1), int(steps), kind)
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
        check_count("k", k)
        self._require("log_weight", "log_prob", "a posterior and a prior")
        rng = generator(seed)
        results = []
        for x_batch, *rest in self._batches(x, condition, batch_size):
            n = len(x_batch)
            at_once = max(1, batch_size // n)  # draws of the whole batch
            total = np.full(n, -np.inf)
            for first in range(0, k, at_once):
                draws = min(at_once, k - first)
                arrays = [np.concatenate([array] * draws) for array in (x_batch, *rest)]
                noise = self._noise(rng, draws * n)
                weights = self.engine("log_weight", arrays[0], noise, *arrays[1:])
                total = np.logaddexp.reduce([total, *weights.reshape(draws, n)])
            results.append(total - np.log(k))
        return np.concatenate(results)

    def fit_sampler(self, name, data, *, seed=0, batch_size=256, **config):
        """Fits a sampler to the codes of `data` and makes it the model's own.

        It is used by `generate` from then on, and saved with the model. A sampler of vectors learns
        from draws of the posterior where there is one, else from the codes that `encode` returns.

        Args:
            name: Name of a sampler, see `aezoo.list_samplers()`.
            data: Samples `(n, *sample_shape)`, or an iterable of batches of them.
            seed: Seed of the fit.
            batch_size: Largest number of samples in memory at once.
            **config: Arguments of the sampler.

        Returns:
            The fitted sampler.

        Raises:
            LookupError: No such sampler.
            ValueError: The sampler is not for this model's codes, or they are too few for it.
        """
        from aezoo.samplers import build, check_latent, latent_of

        sampler = build({"name": name, **config})
        check_latent(sampler, self.latents)
        latent = latent_of(sampler)
        if latent == "tokens":
            tokens = self.tokenize(data, batch_size=batch_size)
            sampler.fit(tokens, codebook_size=self.codebook_size, seed=seed)
        elif latent == "posterior":
            sampler.fit(*self._posteriors(data, batch_size), seed=seed)
        else:
            drawn = self.engine.has("posterior")  # what the decoder was trained on
            codes = self.encode(data, sample=drawn, seed=seed, batch_size=batch_size)
            codes = check_codes(codes, self.code_shape, name="codes")
            sampler.fit(codes.reshape(len(codes), -1), seed=seed)
        sampler.load(sampler.arrays())  # what a saved model will hold, to the last bit
        self.sampler = sampler
        return sampler

    def _require(self, function, caller, what):
        if not self.engine.has(function):
            remedies = {
                "prior": f"fit one with fit_sampler({self.default_sampler or 'gmm'!r}, data)",
                **dict.fromkeys(("tokens", "embed"), "use a quantised model such as 'vq_vae'"),
            }
            remedy = remedies.get(function, "use a variational model such as 'vae'")
            raise ValueError(f"{caller} needs {what}, and {self._kind} has none: {remedy}.")

    def _map(self, function, x, condition, batch_size):
        """Returns what a function of samples gives for all of them."""
        batches = self._batches(x, condition, batch_size)
        return joined([self.engine(function, *arrays) for arrays in batches])

    def _posteriors(self, x, batch_size):
        """Returns means and standard deviations of the posteriors, `(n, d)` each."""
        means, deviations = [], []
        for (batch,) in self._batches(x, None, batch_size):
            noise = np.zeros((len(batch), *self.code_shape), "float32")
            mean = self.engine("posterior", batch, noise)
            means.append(mean)
            deviations.append(self.engine("posterior", batch, noise + 1) - mean)
        return tuple(np.concatenate(a).reshape(sum(map(len, a)), -1) for a in (means, deviations))

    def _embed(self, tokens):
        tokens = check_tokens(tokens, self.token_shape, self.codebook_size)
        return self.engine("embed", tokens)

    def _noise(self, rng, n):
        return rng.standard_normal((n, *self.code_shape)).astype("float32")

    def _check_condition(self, condition, n) -> tuple[np.ndarray, ...]:
        if condition is None:
            if self.conditional:
                raise ValueError(f"{self._kind} needs condition=. Received: None.")
            return ()
        if not self.conditional:
            raise ValueError(
                f"{self._kind} takes no condition: it is an unconditional model. "
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
        check_batch_size(batch_size)
        if is_stream(x):
            if condition is not None or self.conditional:
                raise ValueError("A stream of batches cannot carry a condition: pass arrays.")
            for batch in samples_of(x):
                yield from self._batches(batch, None, batch_size)
            return
        x = check_samples(x, self.sample_shape, sample_range=self.sample_range)
        arrays = (x, *self._check_condition(condition, len(x)))
        if len(x) <= batch_size:
            yield arrays
            return
        for start in progress(range(0, len(x), batch_size)):
            yield tuple(array[start : start + batch_size] for array in arrays)
