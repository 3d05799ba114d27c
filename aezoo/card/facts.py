"""What is known about a model, taken from documents that may lack or misspell any of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aezoo.card.synopsis import Synopsis

LABELS = {
    "mse": "Mean squared error",
    "psnr": "PSNR (dB)",
    "ssim": "SSIM",
    "elbo": "Evidence lower bound (nats)",
    "log_likelihood": "Log likelihood (nats)",
    "kid_classifier": "KID, features of a classifier",
    "kid_imagenet": "KID, features of an ImageNet network",
    "precision": "Precision",
    "coverage": "Coverage",
}


@dataclass(frozen=True)
class Score:
    """One measured number.

    Attributes:
        key: Name of the metric.
        value: The number as it was recorded.
        baseline: The same of PCA on the same samples, or None.
        n: Number of samples, or None where not recorded.
        setting: What else was recorded about the measurement, by name.
        density: Whether it scores the density that the model gives to samples, not their
            reconstruction.
        references: Of a score of generated samples, those of others in their place: `real` and
            `reconstructions`. None for all other scores.
    """

    key: str
    value: float
    baseline: float | None = None
    n: int | None = None
    setting: Mapping[str, int] = field(default_factory=dict)
    density: bool = False
    references: Mapping[str, float] | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return LABELS.get(self.key, self.key)


@dataclass(frozen=True)
class Facts:
    """What a card says of a model.

    Attributes:
        name: The title.
        sources: What `aezoo.load` takes for it, the best first.
        config: The store's `config.json`.
        files: Size in bytes and SHA-256 by name.
        parameters: Number of weights, or None.
        prior: Whether it has a prior to draw codes from; None where that is not known.
        scores: What `aezoo.evaluate` returned, or nothing.
        record: The rest of a preset's record, or nothing.
        licence: Licence of the weights as the Hub writes it, or None.
        synopsis: What the variant says of itself, or None.
        pictures: Names of the picture files beside the card.
    """

    name: str
    sources: tuple[str, ...]
    config: Mapping[str, Any]
    files: Mapping[str, tuple[int, str]]
    parameters: int | None
    prior: bool | None
    scores: Mapping[str, Any]
    record: Mapping[str, Any]
    licence: str | None
    synopsis: Synopsis | None
    pictures: tuple[str, ...]

    @property
    def variant(self) -> str:
        """Registered name of the variant."""
        return dig(self.config, "variant", of=str) or "unknown"

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample; empty where not known."""
        return tuple(integers(dig(self.config, "config", "sample_shape", of=Sequence)))

    @property
    def shape(self) -> str:
        """Shape of one sample as people write it, such as `28x28x1`; empty where not known."""
        return "x".join(map(str, self.sample_shape))

    @property
    def latent_dim(self) -> int | None:
        """Length of the code; None where it is a grid, an image, or not known."""
        config = dig(self.config, "config", of=Mapping) or {}
        length = dig(config, "latent_dim", of=int)
        if length is None or {"codebook_size", "degradation"} & set(config):
            return None
        return length + (dig(config, "residual_dim", of=int) or 0)

    @property
    def restores(self) -> bool:
        """Whether its code is a degraded image that it restores."""
        return dig(self.config, "config", "degradation") is not None

    @property
    def sampler(self) -> str | None:
        """Name of the fitted sampler."""
        return dig(self.config, "sampler", "name", of=str)

    @property
    def likelihood(self) -> str | None:
        """Name of the likelihood."""
        return dig(self.config, "config", "likelihood", "name", of=str)

    @property
    def generates(self) -> bool:
        """Whether `generate` has something to draw from."""
        return bool(self.prior) or self.sampler is not None

    @property
    def is_image(self) -> bool:
        """Whether a sample is height, width, and 1 or 3 channels."""
        return len(self.sample_shape) == 3 and self.sample_shape[-1] in (1, 3)

    @property
    def dataset(self) -> str | None:
        """Id of the dataset it was trained on."""
        return dig(self.record, "data", "id", of=str)

    def measured(self) -> list[Score]:
        """Return every score that was recorded, reconstruction first."""
        found = []
        n, seed = (dig(self.scores, key, of=int) for key in ("n", "seed"))
        setting = {} if seed is None else {"seed": seed}
        for key in dig(self.scores, "metrics", of=Mapping) or {}:
            value = number(dig(self.scores, "metrics", key))
            baseline = number(dig(self.scores, "baseline", "metrics", key))
            if value is not None and isinstance(key, str):
                others = dig(self.scores, "references", key, of=Mapping)
                if others is not None:
                    count = dig(self.scores, "samples", "generated", of=int)
                    others = {k: v for k, v in others.items() if number(v) is not None}
                    found.append(Score(key, value, None, count, setting, references=others))
                    continue
                found.append(Score(key, value, baseline, n, setting))
        draws = {"elbo": "posterior_samples", "log_likelihood": "importance_samples"}
        for key, counted in draws.items():
            value = number(dig(self.scores, key, "nats"))
            if value is not None:
                count = dig(self.scores, key, counted, of=int)
                setting = {} if count is None else {counted: count}
                n = dig(self.scores, key, "n", of=int)
                found.append(Score(key, value, None, n, setting, density=True))
        return found


def has_prior(scores: Mapping[str, Any]) -> bool:
    """Return whether scores are of a model with a prior: only such a one has these."""
    return any(dig(scores, key, of=Mapping) for key in ("aggregate_posterior", "elbo"))


def dig(document: Any, *keys: str, of: type = object) -> Any:
    """Return what lies under nested keys.

    Args:
        document: Parsed JSON.
        keys: Keys from the outside in.
        of: The type that is expected; integers are no booleans.

    Returns:
        The value; None where there is none, or it is of another type.

    Example:
        >>> dig({"data": {"n": 5}}, "data", "n", of=int), dig({"data": 5}, "data", "n", of=int)
        (5, None)
    """
    for key in keys:
        if not isinstance(document, Mapping) or key not in document:
            return None
        document = document[key]
    unlike = isinstance(document, bool) and of is int
    unlike |= isinstance(document, str) and of is Sequence
    return document if isinstance(document, of) and not unlike else None


def number(value: Any) -> float | None:
    """Return a finite number, or None."""
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if plain and math.isfinite(value) else None


def integers(value: Sequence[Any] | None) -> list[int]:
    """Return a list that holds nothing but integers, or an empty one."""
    found = [item for item in value or () if isinstance(item, int) and not isinstance(item, bool)]
    return found if len(found) == len(value or ()) else []
