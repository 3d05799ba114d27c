"""`aezoo demo`."""

import itertools
from pathlib import Path
from typing import Annotated, Any

import typer

from aezoo.cli.console import note, show_json, show_table
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
    from aezoo.cli import models, outputs
    from aezoo.data import images

    path = output or next(path for path in _default_names() if not path.exists())
    outputs.check(path, force=force, suffixes=outputs.PICTURES)
    note(f"Loading {_PRESET} ...")
    model = models.load(_PRESET)
    x = _test_images()
    codes, facts = model.encode(x), {"preset": _PRESET, "images": len(x)}
    reconstruction = model.decode(codes)
    facts |= _facts(model, x, codes, reconstruction)
    images.write(path, _picture(model, x, reconstruction, seed), overwrite=force)
    if json:
        show_json({**facts, "picture": str(path)})
        return
    show_table(("", ""), [(name, str(value)) for name, value in facts.items()])
    note(f"Wrote {path}: originals above reconstructions, and new samples. Look at it.")
    note("Next: aezoo list, aezoo info vae.fashion_mnist, aezoo train vae --help.")
