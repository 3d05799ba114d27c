"""`aezoo edit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from aezoo.cli.options import (
    Brightness,
    Contrast,
    Count,
    Engine,
    Force,
    Gamma,
    Json,
    Match,
    Model,
    Samples,
    Seed,
    Sharpness,
    Split,
)

_SHOWN = 8
_STEPS, _FRAMES = 6, 24
_STRENGTH = 1.5


def edit(
    model: Model,
    samples: Samples,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            show_default=False,
            help="A picture (.png, .jpg), an animation there and back (.gif), or the numbers "
            "(.npz, .npy).",
        ),
    ],
    towards: Annotated[
        str | None,
        typer.Option(
            "--towards",
            metavar="LABEL|EXAMPLES",
            show_default=False,
            help="What to edit towards: a label of --data, or, without it, examples as INPUT.",
        ),
    ] = None,
    away: Annotated[
        str | None,
        typer.Option(
            "--away", metavar="LABEL|EXAMPLES", show_default=False, help="What to lead away from."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            show_default=False,
            help="A dataset with labels, whose training split has the examples.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="INPUT", show_default=False, help="Walk to this sample instead."
        ),
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="Of a walk: linear or spherical.")] = "linear",
    strength: Annotated[
        float | None,
        typer.Option(
            "--strength",
            show_default=False,
            help="Of the last edit, by default 1.5; 1 is the way from one mean to the other. Of "
            "neighbours the factor on their distance, by default 1.",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            min=2,
            show_default=False,
            help=f"Edits in a row, or frames; by default {_STEPS}, or {_FRAMES} in an animation.",
        ),
    ] = None,
    split: Split = "test",
    count: Count = None,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate",
            help="Also score such edits, at strength 1, on the test split of --data, beside PCA "
            "and pixels.",
        ),
    ] = False,
    seed: Seed = 0,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    engine: Engine = "keras",
    force: Force = False,
    json: Json = False,
) -> None:
    """Edit images by their codes: towards an attribute, to another image, or to neighbours.

    With --towards and --away, along the difference of two sets of examples; with --to, along the
    walk to another image; with neither, each image is followed by neighbours. Pictures show the
    original and its reconstruction first. They hold the first 8 images of INPUT unless --count says
    otherwise.
    """
    import numpy as np

    from aezoo import captions, pictures
    from aezoo.arrays import to_uint8
    from aezoo.cli import inputs, models, outputs
    from aezoo.cli.console import show_facts, show_json
    from aezoo.tasks import editing

    _check(towards, away, data, to, evaluate)
    suffixes = outputs.PICTURES + outputs.ANIMATIONS + outputs.ARRAYS
    outputs.check(out, force=force, suffixes=suffixes)
    steps = steps or (_FRAMES if out.suffix.lower() in outputs.ANIMATIONS else _STEPS)
    network = models.load(model, engine)
    outputs.check_kind(out, network)
    x = inputs.read(samples, network, split=split, count=count or _SHOWN).array()
    facts: dict[str, Any] = {"images": len(x)}
    first, last = {"original": x, "decoded": network.reconstruct(x)}, {}
    if to is not None:
        end = inputs.read(to, network, split=split).array()
        end = end.repeat(len(x), axis=0) if len(end) == 1 else end
        edits = network.interpolate(x, end, steps=steps, kind=kind)
        first, last = {"original": x}, {"target": end}
        headings = ["decoded", *[""] * (steps - 2), "decoded"]
        facts |= {"edits": f"{kind} walk to {to}", "steps": steps}
    elif towards is not None and away is not None:
        train = inputs.split_of(data, "train") if data else None
        ends = []
        for text in (towards, away):
            try:
                found = editing.examples(train, text) if train else inputs.read(text, network).x
            except LookupError as error:
                if train is None:
                    error.add_note("A label needs its dataset, --data.")
                raise
            ends.append(found)
        direction = editing.attribute_direction(network, *ends)
        strength = _STRENGTH if strength is None else strength
        strengths = [round(strength * step / steps, 4) for step in range(1, steps + 1)]
        edits = [editing.edit(network, image, direction, strength=strengths) for image in x]
        headings = [f"{value:+.3g}" for value in strengths]
        facts |= {"edits": f"towards {towards}, away from {away}", "strengths": strengths}
        if evaluate:
            test = inputs.split_of(str(data), "test")
            scores = editing.evaluate(
                network, test, train=train, towards=towards, away=away, seed=seed
            )
            facts |= {"scores": scores}
    else:
        strength = 1.0 if strength is None else strength
        edits = [
            editing.variations(network, image, steps, strength=strength, seed=seed + row)
            for row, image in enumerate(x)
        ]
        headings = [str(number) for number in range(1, steps + 1)]
        facts |= {"edits": "neighbours", "strength": strength, "seed": seed}

    shape = network.sample_shape

    def rows(*columns: np.ndarray) -> np.ndarray:
        tiles = np.concatenate([to_uint8(c).reshape(len(x), -1, *shape) for c in columns], axis=1)
        return pictures.grid(tiles.reshape(-1, *shape), columns=tiles.shape[1])

    outputs.write_samples(
        out,
        np.concatenate(edits),
        force=force,
        arrange=lambda found: captions.columns(
            rows(*first.values(), found, *last.values()), [*first, *headings, *last]
        ),
        frames=lambda found: [rows(x, found[step::steps], *last.values()) for step in range(steps)],
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
    show_json(facts) if json else show_facts(facts)


def _check(
    towards: str | None, away: str | None, data: str | None, to: str | None, evaluate: bool
) -> None:
    """Raise ValueError unless options name one kind of edit."""
    received = f"Received: {towards=}, {away=}, {data=}, {to=}, {evaluate=}."
    if (towards is None) != (away is None):
        raise ValueError(f"--towards and --away belong together: name both or neither. {received}")
    if to is not None and towards is not None:
        raise ValueError(f"Name either --to, or --towards and --away. {received}")
    if data is not None and towards is None:
        raise ValueError(f"--data needs labels of it as --towards and --away. {received}")
    if evaluate and data is None:
        raise ValueError(
            f"--evaluate needs --data, a dataset with labels, to score edits on. {received}"
        )
