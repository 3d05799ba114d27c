"""`aezoo reduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from aezoo.cli.console import note, quiet_import
from aezoo.cli.embed import Evaluate
from aezoo.cli.options import Force, Json, Seed, Settings, TrainingData


def reduce(
    data: TrainingData,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", show_default=False, help="The map, a picture (.png, .jpg)."),
    ],
    dims: Annotated[int, typer.Option("--dims", min=1, help="Numbers in a code.")] = 2,
    codes: Annotated[
        Path | None,
        typer.Option(
            "--codes", show_default=False, help="Also write the codes: .npy, .npz or .csv."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", show_default=False, help="Also keep the model, in this directory."),
    ] = None,
    variant: Annotated[
        str, typer.Option("--variant", help="What to train (`aezoo list variants`).")
    ] = "neighbour_ae",
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=1, show_default=False, help="Passes over the data."),
    ] = None,
    settings: Settings = None,
    size: Annotated[
        str,
        typer.Option(
            "--size", metavar="HEIGHTxWIDTH", help="What images of a folder are resized to."
        ),
    ] = "32x32",
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Images on the map, not points.")
    ] = False,
    evaluate: Evaluate = False,
    seed: Seed = 0,
    force: Force = False,
    json: Json = False,
) -> None:
    """Train a model that maps samples to the plane, or to a few numbers, and draw the map.

    It learns from the training split; map and codes are of all samples: a folder's files in their
    order, else training, validation, test.
    """
    import aezoo_registry
    from aezoo import store
    from aezoo.cli import inputs, numbers, outputs
    from aezoo.cli.settings import parse, parse_size

    outputs.check(out, force=force, suffixes=outputs.PICTURES)
    if codes is not None:
        outputs.check(codes, force=force, suffixes=numbers.TABLES)
    if model is not None:
        store.check_target(model, overwrite=force)
    aezoo_registry.find("variants", variant)
    arguments = parse(settings)
    shape = parse_size(size) if inputs.is_folder(data) else None
    parts = inputs.splits_of(data, size=shape)
    with quiet_import():
        import keras  # noqa: F401
    from aezoo.cli.embed import Sheet, finish, write
    from aezoo.cli.progress import EpochBar
    from aezoo.tasks import embedding, reduction

    epochs = epochs or reduction.epochs_of(len(parts["train"].x))
    trained = reduction.reduce(
        parts["train"],
        dims,
        variant=variant,
        out=model,
        epochs=epochs,
        config=arguments,
        seed=seed,
        overwrite=force,
        callbacks=[EpochBar(epochs)],
    )
    found = inputs.all_of(data, parts, trained)
    sheet = Sheet(len(found), trained, seed, thumbnails=thumbnails)
    facts: dict[str, Any] = {"variant": variant, "dims": dims, "epochs": epochs, "seed": seed}
    facts["samples"] = write(trained, found, codes, sheet, force=force)
    sheet.write(out, force=force)
    if model is not None:
        place = model if model.is_absolute() else f"./{model}"
        note(f"Wrote {model}. Use it: aezoo embed {data} --model {place} -o codes.npz")
    scores = (
        embedding.evaluate(trained, parts["test"], train=parts["train"], seed=seed)
        if evaluate
        else {}
    )
    finish(facts, scores, found, json=json)
