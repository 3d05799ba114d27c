"""What a metric is given: values by the names of its parameters, made when they are asked for."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from aezoo.metrics.samples import NotApplicable
from aezoo.noise import generator

GIVEN = (
    *("target", "reconstruction", "real", "generated", "train"),
    *("codes", "labels", "factors", "tokens", "model", "x"),
)
OPTIONS = ("sample_range", "seed", "codebook_size", "batch_size")
RECONSTRUCTION = {"target", "reconstruction"}
SAMPLES = {"real", "generated"}


def parameters(metric: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """Return the parameters of a metric that evaluation fills in.

    Args:
        metric: A function whose positional parameters are among `GIVEN`.

    Returns:
        The positional parameters, and the keyword-only ones that are among `OPTIONS`.

    Raises:
        TypeError: If the metric asks for something else.

    Example:
        ```python
        from aezoo.metrics import kid_classifier
        from aezoo.metrics.arguments import parameters

        expected = (["real", "generated"], ["sample_range", "seed"])
        assert parameters(kid_classifier) == expected
        ```
    """
    positional: list[str] = []
    options: list[str] = []
    for name, parameter in inspect.signature(metric).parameters.items():
        keyword = parameter.kind is parameter.KEYWORD_ONLY
        known = name in (OPTIONS if keyword else GIVEN) and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if known:
            (options if keyword else positional).append(name)
        elif not (keyword and parameter.default is not parameter.empty):
            raise TypeError(
                f"A metric's positional parameters are among {', '.join(GIVEN)}, and its options "
                "are keyword-only, with defaults. Received: "
                f"{getattr(metric, '__name__', metric)}{inspect.signature(metric)}."
            )
    return positional, options


class Arguments:
    """The values that metrics of one model and one set of samples are given.

    Args:
        model: An `aezoo.Autoencoder`.
        x: Samples `(n, *sample_shape)`.
        labels: One class label each, or None.
        factors: The factors behind each, `(n, k)`, or None.
        train: Training samples, or None.
        samples: Number of samples to generate, and to compare them with.
        sampler: What `generate` draws from, see there.
        seed: Seed of all draws.
        batch_size: Number of samples given to the model at once.

    Attributes:
        target, reconstruction, real, generated, train, codes, labels, factors, tokens, model, x,
        sample_range, seed, codebook_size, batch_size: What parameters of these names get. One
            that there is not raises `NotApplicable` and says why.
    """

    def __init__(
        self,
        model: Any,
        x: np.ndarray,
        *,
        labels: np.ndarray | None = None,
        factors: np.ndarray | None = None,
        train: np.ndarray | None = None,
        samples: int = 10_000,
        sampler: Any = None,
        seed: int = 0,
        batch_size: int = 256,
    ):
        self.model, self.x, self.seed, self.batch_size = model, x, seed, batch_size
        self._optional = {"labels": labels, "factors": factors, "train": train}
        self.samples, self.sampler = samples, sampler

    def replaced(self, **values: Any) -> Arguments:
        """Return the same with other values for some names."""
        twin = copy.copy(self)
        vars(twin).update(values)
        return twin

    def call(self, metric: Callable[..., Any]) -> Any:
        """Return the result of a metric for these arguments.

        Raises:
            NotApplicable: If one of them there is not, or the metric refuses them.
        """
        positional, options = parameters(metric)
        values = [getattr(self, name) for name in positional]
        return metric(*values, **{name: getattr(self, name) for name in options})

    @property
    def target(self) -> np.ndarray:
        """The samples."""
        return self.x

    @functools.cached_property
    def reconstruction(self) -> np.ndarray:
        """What the model makes of the samples, `(n, *sample_shape)`."""
        return self._run("reconstruct")

    @functools.cached_property
    def codes(self) -> np.ndarray:
        """The samples' codes, `(n, *code_shape)`."""
        return self._run("encode")

    @functools.cached_property
    def tokens(self) -> np.ndarray:
        """The samples' tokens, `(n, *token_shape)`."""
        self._check_codebook()
        return self._run("tokenize")

    @property
    def codebook_size(self) -> int:
        """Number of entries of the model's codebook."""
        self._check_codebook()
        return int(self.model.codebook_size)

    @property
    def sample_range(self) -> Any:
        """Lowest and highest value of a sample, or None."""
        return self.model.sample_range

    @functools.cached_property
    def generated(self) -> np.ndarray:
        """New samples of the model."""
        if self.source is None:
            try:
                self.model.sample_codes(1, sampler=self.sampler)
            except ValueError as reason:  # which says what to fit
                raise NotApplicable(str(reason)) from reason
        drawn: np.ndarray = self.model.generate(
            self.samples, seed=self.seed, sampler=self.sampler, batch_size=self.batch_size
        )
        return drawn

    @property
    def source(self) -> str | None:
        """What `generate` draws from: the sampler's name, `"prior"`, or None if nothing."""
        if self._prior_is_used():
            return "prior" if self.model.engine.has("prior") else None
        sampler = self.model.sampler if self.sampler is None else self.sampler
        return str(sampler.spec["name"]) if hasattr(sampler, "spec") else type(sampler).__name__

    @functools.cached_property
    def real(self) -> np.ndarray:
        """As many samples as are generated, where there are so many."""
        return self.x[self._chosen]

    @functools.cached_property
    def _chosen(self) -> Any:
        return _some(len(self.x), self.samples, self.seed)

    @functools.cached_property
    def train(self) -> np.ndarray:
        """The training samples."""
        return self._if_there("train", "There is no training split: pass train=.")

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """One class label a sample."""
        return self._if_there("labels", "The samples have no labels.")

    @functools.cached_property
    def factors(self) -> np.ndarray:
        """The factors behind each sample, `(n, k)`."""
        return self._if_there("factors", "The samples have no known factors of variation.")

    @property
    def halved(self) -> Arguments:
        """The same with one half of the real samples in the place of generated ones."""
        return self.replaced(real=self.real[::2], generated=self.real[1::2])

    @property
    def against_train(self) -> Arguments:
        """The same with as many training samples in the place of generated ones."""
        chosen = _some(len(self.train), len(self.real), self.seed)
        return self.replaced(generated=self.train[chosen])

    @property
    def against_reconstructions(self) -> Arguments:
        """The same with the reconstructions of the real samples in the place of generated ones."""
        return self.replaced(generated=self.reconstruction[self._chosen])

    def _if_there(self, name: str, reason: str) -> np.ndarray:
        value = self._optional[name]
        if value is None:
            raise NotApplicable(reason)
        return value

    def _prior_is_used(self) -> bool:
        return self.sampler == "prior" or (self.sampler is None and self.model.sampler is None)

    def _check_codebook(self) -> None:
        if getattr(self.model, "token_shape", None) is None:
            raise NotApplicable("The model has no codebook.")

    def _run(self, method: str) -> np.ndarray:
        result: np.ndarray = getattr(self.model, method)(self.x, batch_size=self.batch_size)
        return result


def _some(n: int, wanted: int, seed: int) -> Any:
    """Return which so many of `n` samples to use, at random but in order; all if they are few."""
    if wanted >= n:
        return slice(None)
    return np.sort(generator(seed).choice(n, wanted, replace=False))
