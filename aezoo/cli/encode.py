"""`aezoo encode`."""

from pathlib import Path
from typing import Annotated

import typer

from aezoo.cli.options import Count, Engine, Force, Model, Samples, Split


def encode(
    model: Model,
    samples: Samples,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", show_default=False, help="The codes: an .npz, .npy or .csv file."
        ),
    ],
    split: Split = "test",
    count: Count = None,
    engine: Engine = "keras",
    force: Force = False,
) -> None:
    """Write the codes of samples: one row of latent numbers each."""
    from aezoo.cli import inputs, models, numbers, outputs
    from aezoo.cli.embed import write

    outputs.check(output, force=force, suffixes=numbers.TABLES)
    network = models.load(model, engine)
    write(network, inputs.read(samples, network, split=split, count=count), output, force=force)
