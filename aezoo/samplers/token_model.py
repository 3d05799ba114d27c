"""What the samplers of tokens share: a transformer, learned with Keras and run with numpy."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import numpy as np

from aezoo.noise import generator
from aezoo.samplers import check_arrays, transformer
from aezoo.samplers.uniform import to_uniform
from aezoo.schema import Interval

FEWEST = 10
AT_ONCE = 256
TOKENS = 2**13
"""Largest number of tokens in a batch of the training."""


class TokenModel:
    """Base of the samplers of tokens.

    A subclass gives `name`, `extra`, `_loss` and `_draw`.

    Args:
        width: Units of a place.
        depth: Number of blocks.
        heads: Heads of the attention; a divisor of `width`.
        temperature: Divides the log odds of tokens: below 1 for likelier ones, above 1 for more
            variety.
        iterations: Largest number of steps of Adam.
        learning_rate: Step of Adam at the start.
    """

    name: ClassVar[str]
    latent = "tokens"
    extra: ClassVar[int] = 0
    """Number of inputs that are no entry of the codebook."""
    parameters: dict[str, np.ndarray]

    def __init__(
        self,
        *,
        width: Annotated[int, Interval(1, 1024)] = 96,
        depth: Annotated[int, Interval(1, 16)] = 2,
        heads: Annotated[int, Interval(1, 64)] = 4,
        temperature: Annotated[float, Interval(1e-3, 1e3)] = 1.0,
        iterations: Annotated[int, Interval(1, 10**6)] = 2000,
        learning_rate: Annotated[float, Interval(1e-6, 1.0)] = 2e-3,
    ):
        if width % heads:
            raise ValueError(
                f"heads must divide width. Received: heads={heads!r}, width={width!r}."
            )
        self.width, self.depth, self.heads = width, depth, heads
        self.temperature = temperature
        self.iterations, self.learning_rate = iterations, learning_rate

    def fit(self, tokens: np.ndarray, *, codebook_size: int, seed: int = 0) -> Self:
        """Learns which tokens go together.

        Args:
            tokens: Indices of entries, shape `(n, *token_shape)`, at least 10 samples.
            codebook_size: Number of entries.
            seed: Seed of the start, of the held-out samples and of their order.

        Returns:
            The sampler.

        Raises:
            ValueError: Too few samples, or the training diverged.
        """
        from aezoo.samplers.fitting import minimise

        if len(tokens) < FEWEST:
            raise ValueError(
                f"{self.name} needs at least {FEWEST} samples. Received: {len(tokens)} samples."
            )
        tokens = np.asarray(tokens, "int32").reshape(len(tokens), -1)
        entries, places = codebook_size + self.extra, tokens.shape[1]
        start = transformer.initialise(entries, places, self.width, self.depth, generator(seed))
        # The network begins with what is known without it: how frequent each entry is.
        counts = np.bincount(tokens.ravel(), minlength=entries)
        start["bias"] = np.log((counts + 1.0) / np.sum(counts + 1.0)).astype("float32")
        learned = minimise(
            self._bounded_loss,
            start,
            tokens,
            draw=self._corrupt,
            sampler=self.name,
            seed=seed,
            iterations=self.iterations,
            largest=max(1, TOKENS // places),
            learning_rate=self.learning_rate,
        )
        return self.load(learned)

    def transform(self, noise: np.ndarray, condition: None = None) -> np.ndarray:
        """Maps standard normal noise `(n, noise_dim)` to tokens `(n, places)`, int32."""
        tokens = np.empty((len(noise), self.places), "int32")
        for start in range(0, len(noise), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            tokens[part] = self._draw(to_uniform(noise[part]))
        return tokens

    @property
    def places(self) -> int:
        """Number of tokens of a code."""
        return len(self.parameters["place"])

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns what was learned, float32 by name."""
        return {name: array.astype("float32") for name, array in self.parameters.items()}

    def load(self, arrays: dict[str, np.ndarray]) -> Self:
        """Takes what `arrays` returned."""
        entries, places = (len(np.atleast_1d(arrays.get(name, ()))) for name in ("entry", "place"))
        expected = transformer.shapes(entries, places, self.width, self.depth)
        check_arrays(arrays, expected, self.name)
        if entries <= self.extra or places == 0:
            raise ValueError(f"Sampler {self.name!r} knows {entries} entries at {places} places.")
        # In double precision a token is the same on every machine: a probability that differs
        # in its last digit would sooner or later choose another.
        self.parameters = {name: arrays[name].astype("float64") for name in expected}
        return self

    def _run(self, parameters: Any, x: Any, ops: Any, **kwargs: Any) -> Any:
        """Returns the log odds of every entry of the codebook, `(n, l, k)`."""
        y = transformer.apply(parameters, x, ops, depth=self.depth, heads=self.heads, **kwargs)
        scores = transformer.logits(parameters, y, ops)
        return scores[..., : -self.extra] if self.extra else scores

    def _choose(self, scores: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Returns the tokens whose share of probability holds uniform numbers `(...)`."""
        shares = np.cumsum(transformer.probabilities(scores / self.temperature, np), axis=-1)
        below = shares < uniform[..., None] * shares[..., -1:]
        return np.minimum(np.sum(below, axis=-1), scores.shape[-1] - 1)

    def _bounded_loss(self, parameters: Any, *drawn: Any) -> Any:
        """Returns `_loss`, with numpy in parts: held-out samples come all at once."""
        *arrays, ops = drawn
        if ops is not np:
            return self._loss(parameters, *drawn)
        starts = range(0, len(arrays[0]), AT_ONCE)
        parts = ([array[start : start + AT_ONCE] for array in arrays] for start in starts)
        return np.concatenate([self._loss(parameters, *part, np) for part in parts])

    def _corrupt(self, tokens: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Returns what the loss of a batch of tokens is a function of."""
        return (tokens,)

    def _loss(self, parameters: Any, *drawn: Any) -> Any:
        """Returns the loss of each sample of what `_corrupt` gave, `(n,)`; `ops` comes last."""
        raise NotImplementedError

    def _draw(self, uniform: np.ndarray) -> np.ndarray:
        """Maps uniform numbers `(n, noise_dim)` to tokens `(n, places)`."""
        raise NotImplementedError
