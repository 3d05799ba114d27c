"""`aezoo decode`."""

import math
from pathlib import Path
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
    Sharpness,
)


def decode(
    model: Model,
    codes: Annotated[
        Path,
        typer.Argument(
            metavar="CODES", show_default=False, help="What `aezoo encode` wrote: .npz, .npy, .csv."
        ),
    ],
    output: Picture,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    engine: Engine = "keras",
    force: Force = False,
) -> None:
    """Turn codes back into samples."""
    from aezoo.cli import models, numbers, outputs

    outputs.check(output, force=force)
    rows = numbers.read(codes, "codes")
    network = models.load(model, engine)
    outputs.check_kind(output, network)
    if rows.size == len(rows) * math.prod(network.code_shape):  # a table holds them flattened
        rows = rows.reshape(-1, *network.code_shape)
    outputs.write_samples(
        output,
        network.decode(rows),
        force=force,
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
