"""`aezoo fit-sampler`."""

from pathlib import Path
from typing import Annotated, Any

import typer

import aezoo_registry
from aezoo.cli.console import note
from aezoo.cli.options import Data, Force, Model, Seed, Settings

_PICTURE = "samples.png"


def fit_sampler(
    model: Model,
    name: Annotated[
        str,
        typer.Argument(
            metavar="SAMPLER", show_default=False, help="A sampler (`aezoo list samplers`)."
        ),
    ],
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            show_default=False,
            help="Directory for the model with its sampler; with --force alone it is MODEL.",
        ),
    ] = None,
    settings: Settings = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Fit a sampler to a model's codes, so that `generate` draws from it.

    The codes are those of the training split.
    """
    from aezoo import captions, regular_file, samplers, store
    from aezoo.cli import inputs, models, outputs
    from aezoo.cli.settings import parse
    from aezoo.data import images
    from aezoo.graphs.onnx_file import moved
    from aezoo.layout import MAX_CARD, SAMPLER_PREFIX, is_card
    from aezoo.paths import is_path
    from aezoo.stored import naming

    if out is None and not (force and is_path(model)):
        raise ValueError("Name a directory for the result with --out, or replace MODEL by --force.")
    target = Path(model).expanduser() if out is None else out
    store.check_target(target, overwrite=force)
    aezoo_registry.find("samplers", name)
    arguments = parse(settings)
    stored = models.read(model)
    source = stored.directory
    in_place = target.resolve() == source
    network = models.build(stored)
    size = tuple(network.sample_shape[:2])
    samplers.check_latent(samplers.build({"name": name, **arguments}), network.latents)
    note(f"Fitting the sampler {name} ...")
    sampler = network.fit_sampler(
        name, inputs.split_of(data, "train", size=size).x, seed=seed, **arguments
    )

    # Everything but the sampler stays as it is stored, to the bit.
    spec = dict(sampler.spec)
    config = {**stored.config, "sampler": {"name": spec.pop("name"), "config": spec}}
    arrays: dict[str, Any] = stored.stored_arrays()
    arrays |= {SAMPLER_PREFIX + name: array for name, array in sampler.arrays().items()}
    # A preset's own card would go on describing the preset.
    kept = [
        path
        for path in source.iterdir()
        if is_card(path.name) and path.name != _PICTURE and (in_place or path.suffix == ".png")
    ]
    # The sampler's arrays move the others, which graphs point at.
    files = moved(stored.files, store.dump_weights(arrays, config["dtype"], target=target))
    for path in kept:
        with naming(path):
            files[path.name] = regular_file.read(path, roots=[source], limit=MAX_CARD)
    store.write(target, config, arrays, files=files, overwrite=force)
    if outputs.is_image(network):
        drawings = captions.stack(outputs.drawings(network, 32, seed=seed, columns=8))
        images.write(target / _PICTURE, drawings, overwrite=True)
    note(f"Wrote {target}: `aezoo generate` draws from {name} now.")
