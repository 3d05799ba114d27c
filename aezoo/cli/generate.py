"""`aezoo generate`."""

from typing import Annotated

import typer

from aezoo.cli.options import (
    Brightness,
    Contrast,
    Force,
    Gamma,
    Model,
    Picture,
    Seed,
    Sharpness,
)


def generate(
    model: Model,
    output: Picture,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many.")] = 64,
    seed: Seed = 0,
    sampler: Annotated[
        str | None,
        typer.Option(
            "--sampler",
            show_default=False,
            help="`prior` for the model's prior; by default its fitted sampler where it has one.",
        ),
    ] = None,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    force: Force = False,
) -> None:
    """Draw new samples from a model."""
    from aezoo.cli import models, outputs

    outputs.check(output, force=force)
    network = models.load(model)
    outputs.check_kind(output, network)
    fitted = None if network.sampler is None else network.sampler.spec["name"]
    if sampler not in (None, "prior", fitted):
        raise ValueError(
            f"The model's fitted sampler is {fitted or 'none'}: to fit another one use "
            f"`aezoo fit-sampler {model} {sampler} --data ...`. Received: sampler={sampler!r}."
        )
    samples = network.generate(count, seed=seed, sampler="prior" if sampler == "prior" else None)
    outputs.write_samples(
        output,
        samples,
        force=force,
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
    )
