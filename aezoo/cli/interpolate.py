"""`aezoo interpolate`."""

from pathlib import Path
from typing import Annotated

import typer

from aezoo.cli.options import (
    WALK,
    Brightness,
    Contrast,
    Engine,
    Force,
    Gamma,
    Match,
    Model,
    Sharpness,
    Split,
)

_SAMPLES = "As INPUT of `aezoo encode`: an image file, or a sample of a dataset such as `digits:3`."


def interpolate(
    model: Model,
    a: Annotated[str, typer.Argument(metavar="A", show_default=False, help=_SAMPLES)],
    b: Annotated[str, typer.Argument(metavar="B", show_default=False, help=_SAMPLES)],
    output: Annotated[Path, typer.Option("-o", "--output", show_default=False, help=WALK)],
    steps: Annotated[
        int, typer.Option("--steps", min=2, help="Samples on each walk, both ends included.")
    ] = 8,
    kind: Annotated[str, typer.Option("--kind", help="linear or spherical.")] = "linear",
    split: Split = "test",
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    engine: Engine = "keras",
    force: Force = False,
) -> None:
    """Walk between the codes of two samples and decode the way."""
    from aezoo import pictures
    from aezoo.cli import inputs, models, outputs

    outputs.check(output, force=force, suffixes=outputs.WALKS)
    network = models.load(model, engine)
    outputs.check_kind(output, network)
    start, end = (inputs.read(text, network, split=split).array() for text in (a, b))
    walks = network.interpolate(start, end, steps=steps, kind=kind)
    outputs.write_samples(
        output,
        walks.reshape(-1, *network.sample_shape),
        force=force,
        arrange=lambda finished: pictures.grid(finished, columns=steps),
        frames=lambda finished: [pictures.grid(finished[step::steps]) for step in range(steps)],
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
