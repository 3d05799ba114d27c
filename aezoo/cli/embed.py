"""`aezoo embed`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aezoo.cli.console import note, show_facts, show_json, show_table
from aezoo.cli.errors import FAILED
from aezoo.cli.options import Count, Engine, Force, Json, Samples, Seed, Split

if TYPE_CHECKING:
    import numpy as np

Codes = Annotated[
    Path | None,
    typer.Option(
        "-o", "--out", show_default=False, help="The codes, a row each: .npy, .npz or .csv."
    ),
]
Evaluate = Annotated[
    bool,
    typer.Option(
        "--evaluate",
        help="Also score how well labels can be read from codes on the test split, beside PCA, "
        "t-SNE and the samples themselves.",
    ),
]
_SHOWN = 10_000


def embed(
    samples: Samples,
    model: Annotated[
        str, typer.Option("--model", show_default=False, help="A model as MODEL elsewhere.")
    ],
    out: Codes = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--map",
            show_default=False,
            help="A picture (.png, .jpg) of the codes in the plane: points coloured by label, or "
            "the images at their places where there are no labels.",
        ),
    ] = None,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Images on the map, not points.")
    ] = False,
    evaluate: Evaluate = False,
    split: Split = "test",
    count: Count = None,
    seed: Seed = 0,
    engine: Engine = "keras",
    force: Force = False,
    json: Json = False,
) -> None:
    """Write the codes of any number of samples, a map of them, and what labels they tell.

    Samples are read, encoded and written some at a time. The map shows up to 10,000 of them, drawn
    at random; codes of other than two numbers are shown along the two directions in which they vary
    most.
    """
    from aezoo.cli import inputs, models, numbers, outputs
    from aezoo.tasks import embedding

    if out is None and picture is None and not evaluate:
        raise ValueError("Name what to make: --out, --map or --evaluate. Received: none of them.")
    for path, suffixes in ((out, numbers.TABLES), (picture, outputs.PICTURES)):
        if path is not None:
            outputs.check(path, force=force, suffixes=suffixes)
    network = models.load(model, engine)
    found = inputs.read(samples, network, split=split, count=count)
    facts: dict[str, Any] = {"model": model, "code": list(network.code_shape)}
    scores: dict[str, Any] = {}
    if out is not None or picture is not None:
        sheet = Sheet(len(found), network, seed, thumbnails=thumbnails) if picture else None
        facts["samples"] = write(network, found, out, sheet, force=force)
        if sheet is not None and picture is not None:
            sheet.write(picture, force=force)
    if evaluate:
        train, test = (inputs.split_of(samples, part) for part in ("train", "test"))
        scores = embedding.evaluate(network, test, train=train, seed=seed)
    finish(facts, scores, found, json=json)


def finish(facts: dict[str, Any], scores: dict[str, Any], found: Any, *, json: bool) -> None:
    """Print what a command did and how it scores, and exit with 1 where files were left out.

    Args:
        facts: What it did.
        scores: What `evaluate` of its task returned: `scores` by measure and method, `verdict`, and
            facts; or nothing.
        found: The `Inputs`.
        json: Whether to print JSON.

    Raises:
        typer.Exit: With code 1, where image files could not be used.
    """
    if json:
        show_json({**facts, **scores})
    else:
        shown = ("scores", "verdict", "runs")
        show_facts({**facts, **{k: v for k, v in scores.items() if k not in shown}})
    if scores and not json:
        methods = list(next(iter(scores["scores"].values())))
        rows = [
            [measure.replace("_", " "), *(f"{row[method]:.4f}" for method in methods)]
            for measure, row in scores["scores"].items()
        ]
        show_table(["", *(f"{method} " for method in methods)], rows)
        for sentence in scores["verdict"]:
            typer.echo(sentence)
    if found.left_out:
        raise typer.Exit(FAILED)


class Sheet:
    """What a map shows of samples that pass by.

    Args:
        n: Number of samples that will pass.
        model: Their model.
        seed: Seed of the choice of those that are shown.
        thumbnails: Whether to show images although there are labels.
    """

    def __init__(self, n: int, model: Any, seed: int, *, thumbnails: bool = False):
        import numpy as np

        from aezoo.cli.outputs import is_image
        from aezoo.noise import some

        if thumbnails and not is_image(model):
            raise ValueError("--thumbnails needs a model of images.")
        self._shown = np.zeros(n, bool)
        self._shown[some(np.arange(n), _SHOWN, seed=seed)] = True
        self._images, self._always = is_image(model), thumbnails
        self._place = 0
        self._kept: dict[str, list[Any]] = {"codes": [], "labels": [], "x": []}

    def add(self, x: np.ndarray, codes: np.ndarray, known: dict[str, Any]) -> None:
        """Take the next samples, their codes, and what is known about them."""
        from aezoo import maps

        rows = self._shown[self._place : self._place + len(x)]
        self._place += len(x)
        self._kept["codes"].append(codes[rows])
        if "labels" in known:
            self._kept["labels"].append(known["labels"][rows])
        if self._images and ("labels" not in known or self._always) and rows.any():
            self._kept["x"].append(maps.thumbnails(x[rows], int(self._shown.sum())))

    def write(self, path: Path, *, force: bool) -> None:
        """Draw the map."""
        import numpy as np

        from aezoo import maps
        from aezoo.data import images
        from aezoo.tasks.embedding import plane

        kept = {name: np.concatenate(parts) for name, parts in self._kept.items() if parts}
        places = plane(kept["codes"])
        drawn = (
            maps.mosaic(places, kept["x"])
            if "x" in kept
            else maps.scatter(places, kept.get("labels"))
        )
        images.write(path, drawn, overwrite=force)
        note(f"Wrote {path}: {len(places)} samples.")


def write(
    network: Any, found: Any, out: Path | None, sheet: Sheet | None = None, *, force: bool
) -> int:
    """Encode samples some at a time, and write the codes and show them to a map.

    Args:
        network: The model.
        found: What `aezoo.cli.inputs.read` returned.
        out: File of the codes, or None.
        sheet: The map, or None.
        force: Whether files may be replaced.

    Returns:
        The number of samples.
    """
    import contextlib

    from aezoo.cli import numbers

    n = 0
    with contextlib.ExitStack() as stack:
        add = stack.enter_context(numbers.table(out, overwrite=force)) if out is not None else None
        for x, known in found.parts():
            codes = network.encode(x)
            n += len(x)
            if add is not None:
                add(codes, known)
            if sheet is not None:
                sheet.add(x, codes, known)
    if out is not None:
        note(f"Wrote {out}: {n} codes of shape {tuple(network.code_shape)}.")
    return n
