"""`aezoo encode`."""

from pathlib import Path
from typing import Annotated

import typer

from aezoo.cli.console import note
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

    outputs.check(output, force=force, suffixes=(".npz", ".npy", ".csv"))
    network = models.load(model, engine)
    found = inputs.read(samples, network, split=split, count=count)
    n = 0
    with numbers.table(output, overwrite=force) as add:
        for x, known in found.parts():
            add(network.encode(x), known)
            n += len(x)
    note(f"Wrote {output}: {n} codes of shape {tuple(network.code_shape)}.")
