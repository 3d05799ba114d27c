"""What a model cannot do, as far as the recorded facts tell."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aezoo.card.facts import Facts, dig, number
from aezoo.card.markdown import code

_CHANCE = 2 * math.log(2)
_PCA = ("baseline", "metrics")


def limits(facts: Facts) -> Iterator[str]:
    """Yield the limits of a model, one paragraph of Markdown each.

    Args:
        facts: What is known about the model.
    """
    yield from _scope(facts)
    yield from _codes(facts)
    yield from _generation(facts)
    yield from _measurement(facts)


def _scope(facts: Facts) -> Iterator[str]:
    if facts.restores:
        yield (
            "It was trained on one kind of damage, made by a program, and on photographs: what a "
            "camera or a scanner does differs, and drawings or text were not tried. It invents "
            "nothing: detail that is lost for good stays lost."
        )
        return
    size = f"It takes samples of {facts.shape} and no other size. " if facts.shape else ""
    seen = f"samples like those of {code(facts.dataset)}" if facts.dataset else "what it has seen"
    yield f"{size}It knows {seen}; of anything else it gives back the nearest thing that it knows."
    corruption = dig(facts.config, "config", "corruption", "name", of=str)
    if corruption and facts.scores:
        noisy = number(dig(facts.scores, "terms", "mse"))
        scored = "" if noisy is None else f" Of samples with that noise it is {noisy!r}."
        yield (
            f"It was trained to remove one kind of noise ({code(corruption)}); no other was tried. "
            f"The mean squared error in the table is of clean samples.{scored}"
        )


def _codes(facts: Facts) -> Iterator[str]:
    if facts.restores:
        return  # its code is an image
    units = dig(facts.scores, "latent_units", of=int) or facts.latent_dim
    ssim = number(dig(facts.scores, "metrics", "ssim"))
    if units and facts.is_image:
        similar = "" if ssim is None else f" (SSIM {ssim!r}, where 1 is a perfect copy)"
        yield (
            f"{units} numbers cannot hold every detail of an image, and its likelihood judges each "
            f"pixel by itself: reconstructions are blurred{similar}."
        )
    mse, pca = (number(dig(facts.scores, *keys, "mse")) for keys in (("metrics",), _PCA))
    if mse is not None and pca is not None and mse > 0.9 * pca:
        yield (
            "Its reconstructions are hardly better than those of PCA, a linear model with as many "
            f"numbers in its code (mean squared error {mse!r} against {pca!r})."
        )
    active = dig(facts.scores, "active_units", of=int)
    if units and active is not None and active < units:
        yield (
            f"Only {active} of the {units} units of its code say anything about the sample: over "
            "the measured samples the others hardly vary (variance of at most 0.01)."
        )


def _generation(facts: Facts) -> Iterator[str]:
    if facts.restores:
        return
    if not facts.generates:
        unless = "" if facts.prior is False else "unless its variant has a prior, "
        yield (
            f"No sampler is stored with it: {unless}it generates nothing until one is fitted with "
            "`model.fit_sampler`."
        )
    elif facts.prior is False:
        yield (
            "It was not trained to generate: new samples come from the sampler that was fitted to "
            "the codes of its training data afterwards."
        )
    critic = number(dig(facts.scores, "terms", "critic"))
    if facts.prior and critic is not None and critic < _CHANCE:
        yield (
            f"Its codes are not yet distributed like its prior: the critic's loss is {critic!r}, "
            f"where {_CHANCE:.3f} would be that of a critic who can only guess. Samples from the "
            "prior suffer from that; a fitted sampler does not rely on it."
        )
    scored = any(score.references for score in facts.measured())
    if facts.scores and facts.generates and not scored:
        yield "Generated samples were not scored (no FID or the like): judge them by eye."


def _measurement(facts: Facts) -> Iterator[str]:
    if facts.likelihood == "bernoulli" and any(score.density for score in facts.measured()):
        yield (
            "Its Bernoulli likelihood takes grey values for probabilities, so its bounds compare "
            "with those of the same data and likelihood only."
        )
    if dig(facts.record, "recipe", "seed", of=int) is not None and facts.scores:
        yield "The scores are of one training run; how much they vary with the seed was not tried."
