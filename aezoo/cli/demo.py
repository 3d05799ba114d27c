"""`aezoo demo`."""

import itertools
from pathlib import Path
from typing import Annotated

import typer

from aezoo.cli.console import note, show_facts, show_json
from aezoo.cli.options import Force, Json, Seed

_PRESET = "vae.fashion_mnist"
_COLUMNS = 16


def demo(
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            show_default=False,
            help="The picture; by default aezoo-demo.png, or aezoo-demo-2.png, ... where that "
            "exists.",
        ),
    ] = None,
    seed: Seed = 0,
    force: Force = False,
    json: Json = False,
) -> None:
    """See a pretrained autoencoder encode, reconstruct and generate clothes.

    Nothing is downloaded: the model and a few test images of Fashion-MNIST come with aezoo.
    """
    from importlib import resources

    import numpy as np

    from aezoo import captions, pictures
    from aezoo.cli import models, outputs
    from aezoo.data import images
    from aezoo.metrics import mse

    names = itertools.chain(["aezoo-demo.png"], map("aezoo-demo-{}.png".format, itertools.count(2)))
    path = output or next(path for path in map(Path, names) if not path.exists())
    outputs.check(path, force=force, suffixes=outputs.PICTURES)
    model = models.load(_PRESET)
    with resources.as_file(resources.files("aezoo") / "demo" / "fashion_mnist.npz") as file:
        x = np.load(file)["x"]

    codes = model.encode(x)
    reconstruction = model.decode(codes)
    sections = {
        "Real test images, and what their codes decode to": pictures.pairs(
            x, reconstruction, columns=_COLUMNS
        )
    }
    sections |= outputs.drawings(model, 2 * _COLUMNS, seed=seed, columns=_COLUMNS)
    images.write(path, captions.stack(sections), overwrite=force)
    facts = {
        "preset": _PRESET,
        "images": x.shape,
        "codes": codes.shape,
        "mse": round(mse(x, reconstruction), 6),
        "picture": str(path),
    }
    if json:
        show_json(facts)
        return
    show_facts(facts)
    note(f"Look at {path}. Then try: aezoo list, aezoo info {_PRESET}, aezoo train --help.")
