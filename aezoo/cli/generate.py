"""`aezoo generate`."""

from typing import Annotated

import typer

from aezoo.cli.options import (
    Brightness,
    Contrast,
    Engine,
    Force,
    Gamma,
    Match,
    Model,
    Picture,
    Sampler,
    Seed,
    Sharpness,
)


def generate(
    model: Model,
    output: Picture,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many.")] = 64,
    seed: Seed = 0,
    sampler: Sampler = None,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    engine: Engine = "keras",
    force: Force = False,
) -> None:
    """Draw new samples from a model."""
    from aezoo.cli import models, outputs

    outputs.check(output, force=force)
    network = models.load(model, engine)
    outputs.check_kind(output, network)
    source = models.sampler(network, sampler, source=model)
    samples = network.generate(count, seed=seed, sampler=source)
    outputs.write_samples(
        output,
        samples,
        force=force,
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
