"""`aezoo cluster`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from aezoo.cli.console import note, quiet_import
from aezoo.cli.options import Force, Json, Seed, TrainingData

_MEMBERS = 12
_DIMS = 10


def cluster(
    data: TrainingData,
    k: Annotated[int, typer.Option("-k", "--clusters", min=2, help="Number of clusters.")] = 10,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            show_default=False,
            help="The clusters, a row a sample: .csv, .npz or .npy.",
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            show_default=False,
            help="A picture (.png, .jpg): in each row the surest members of a cluster.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            show_default=False,
            help="A model as MODEL elsewhere; by default one of 10 numbers a code is trained.",
        ),
    ] = None,
    epochs: Annotated[
        int, typer.Option("--epochs", min=0, help="Most passes; 0 for k-means of the codes alone.")
    ] = 20,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate",
            help="Also score such clusters on the test split, beside k-means of codes and of the "
            "samples, over 3 seeds.",
        ),
    ] = False,
    size: Annotated[
        str,
        typer.Option(
            "--size",
            metavar="HEIGHTxWIDTH",
            help="Without --model: what images of a folder are resized to.",
        ),
    ] = "32x32",
    seed: Seed = 0,
    force: Force = False,
    json: Json = False,
) -> None:
    """Divide samples into clusters by deep embedded clustering, without labels.

    Of a dataset with splits all samples are clustered; 0 is the largest cluster.
    """
    from aezoo.cli import inputs, models, numbers, outputs
    from aezoo.cli.embed import finish
    from aezoo.cli.settings import parse_size

    if out is None and picture is None and not evaluate:
        raise ValueError(
            "Name what to make: --out, --picture or --evaluate. Received: none of them."
        )
    for path, suffixes in ((out, numbers.TABLES), (picture, outputs.PICTURES)):
        if path is not None:
            outputs.check(path, force=force, suffixes=suffixes)
    network = None if model is None else models.load(model)
    shape = parse_size(size) if network is None else tuple(network.sample_shape[:2])
    parts = inputs.splits_of(data, size=shape if inputs.is_folder(data) else None)
    with quiet_import():
        import keras  # noqa: F401
    from aezoo.cli.progress import EpochBar
    from aezoo.tasks import clustering, reduction

    if network is None:
        passes = reduction.epochs_of(len(parts["train"].x))
        bar = EpochBar(passes)
        network = reduction.reduce(
            parts["train"], _DIMS, variant="ae", epochs=passes, seed=seed, callbacks=[bar]
        )
    if picture is not None:
        outputs.check_kind(picture, network)
    found = inputs.all_of(data, parts, network)
    facts: dict[str, Any] = {"model": model or "trained", "k": k, "seed": seed}
    if out is not None or picture is not None:
        note("Clustering ...")
        x = found.array()
        result = clustering.cluster(network, x, k, epochs=epochs, seed=seed)
        facts["sizes"] = [int((result.labels == index).sum()) for index in range(k)]
        if out is not None:
            _write(out, result, found.known(), force=force)
        if picture is not None:
            _draw(picture, result, x, k, force=force)
    scores = (
        clustering.evaluate(network, parts["test"], train=parts["train"], epochs=epochs)
        if evaluate
        else {}
    )
    finish(facts, scores, found, json=json)


def _write(path: Path, result: Any, known: dict[str, Any], *, force: bool) -> None:
    from aezoo.cli import numbers

    numbers.write(
        path,
        {"clusters": result.labels, **known, "confidence": result.confidence.round(4)},
        overwrite=force,
    )
    note(f"Wrote {path}: the clusters of {len(result.labels)} samples.")


def _draw(path: Path, result: Any, x: Any, k: int, *, force: bool) -> None:
    import numpy as np

    from aezoo import pictures
    from aezoo.arrays import to_uint8
    from aezoo.data import images

    rows = np.full((k, _MEMBERS, *x.shape[1:]), 255, np.uint8)
    for index in range(k):
        members = np.flatnonzero(result.labels == index)
        surest = members[np.argsort(-result.confidence[members], kind="stable")[:_MEMBERS]]
        rows[index, : len(surest)] = to_uint8(x[surest]) if len(surest) else 255
    picture = pictures.grid(rows.reshape(-1, *x.shape[1:]), columns=_MEMBERS)
    images.write(path, picture, overwrite=force)
    note(f"Wrote {path}: a row a cluster, its surest members.")
