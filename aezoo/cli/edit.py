"""`aezoo edit`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aezoo.cli.options import (
    WALK,
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

if TYPE_CHECKING:
    import numpy as np

_SHOWN = 8
_STEPS, _FRAMES = 6, 24
_STRENGTH = 1.5


def edit(
    model: Model,
    samples: Samples,
    out: Annotated[Path, typer.Option("-o", "--out", show_default=False, help=WALK)],
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
    from aezoo.cli import inputs, models, outputs
    from aezoo.cli.console import show_facts, show_json

    _check(towards, away, data, to, evaluate)
    outputs.check(out, force=force, suffixes=outputs.WALKS)
    steps = steps or (_FRAMES if out.suffix.lower() in outputs.ANIMATIONS else _STEPS)
    network = models.load(model, engine)
    outputs.check_kind(out, network)
    x = inputs.read(samples, network, split=split, count=count or _SHOWN).array()
    if to is not None:
        end = inputs.read(to, network, split=split).array()
        edits = _walk(network, x, end, steps, kind)
    elif towards is not None and away is not None:
        edits = _attribute(network, x, towards, away, data, strength, steps)
    else:
        edits = _neighbours(network, x, strength, steps, seed)
    if evaluate:
        edits.facts["scores"] = _scores(network, data, towards, away, seed)
    outputs.write_samples(
        out,
        edits.samples.reshape(-1, *network.sample_shape),
        force=force,
        arrange=edits.strips,
        frames=edits.frames,
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
    facts = {"images": len(x), **edits.facts}
    show_json(facts) if json else show_facts(facts)


@dataclass
class _Edits:
    """Edited samples `(n, steps, ...)`, their headings, and what stands before and behind them."""

    samples: np.ndarray
    headings: list[str]
    facts: dict[str, Any]
    before: dict[str, np.ndarray]
    behind: dict[str, np.ndarray] = field(default_factory=dict)

    def strips(self, finished: np.ndarray) -> np.ndarray:
        """Return a picture with a row for each original."""
        from aezoo import captions

        picture = self._rows(*self.before.values(), finished, *self.behind.values())
        return captions.columns(picture, [*self.before, *self.headings, *self.behind])

    def frames(self, finished: np.ndarray) -> list[np.ndarray]:
        """Return a picture for each step, beside the originals."""
        steps = len(self.headings)
        return [
            self._rows(self.before["original"], finished[step::steps], *self.behind.values())
            for step in range(steps)
        ]

    def _rows(self, *columns: np.ndarray) -> np.ndarray:
        import numpy as np

        from aezoo import pictures
        from aezoo.arrays import to_uint8

        n, _, *shape = self.samples.shape
        tiles = np.concatenate([to_uint8(c).reshape(n, -1, *shape) for c in columns], axis=1)
        return pictures.grid(tiles.reshape(-1, *shape), columns=tiles.shape[1])


def _walk(network: Any, x: np.ndarray, end: np.ndarray, steps: int, kind: str) -> _Edits:
    end = end.repeat(len(x), axis=0) if len(end) == 1 else end
    samples = network.interpolate(x, end, steps=steps, kind=kind)
    headings = ["decoded", *[""] * (steps - 2), "decoded"]
    facts = {"edits": f"{kind} walk", "steps": steps}
    return _Edits(samples, headings, facts, {"original": x}, {"target": end})


def _attribute(
    network: Any,
    x: np.ndarray,
    towards: str,
    away: str,
    data: str | None,
    strength: float | None,
    steps: int,
) -> _Edits:
    import numpy as np

    from aezoo.cli import inputs
    from aezoo.tasks import editing

    if data is not None:
        train = inputs.split_of(data, "train")
        ends: list[Any] = [train.examples(label) for label in (towards, away)]
    else:
        try:
            ends = [inputs.read(source, network).x for source in (towards, away)]
        except LookupError as error:
            error.add_note("A label needs its dataset, --data.")
            raise
    direction = editing.attribute_direction(network, *ends)
    last = _STRENGTH if strength is None else strength
    strengths = [round(last * step / steps, 4) for step in range(1, steps + 1)]
    samples = [editing.edit(network, image, direction, strength=strengths) for image in x]
    headings = [f"{value:+.3g}" for value in strengths]
    facts = {"edits": f"towards {towards}, away from {away}", "strengths": strengths}
    return _Edits(np.stack(samples), headings, facts, _decoded(network, x))


def _neighbours(
    network: Any, x: np.ndarray, strength: float | None, steps: int, seed: int
) -> _Edits:
    import numpy as np

    from aezoo.tasks import editing

    strength = 1.0 if strength is None else strength
    samples = [
        editing.variations(network, image, steps, strength=strength, seed=seed + row)
        for row, image in enumerate(x)
    ]
    headings = [str(number) for number in range(1, steps + 1)]
    facts = {"edits": "neighbours", "strength": strength, "seed": seed}
    return _Edits(np.stack(samples), headings, facts, _decoded(network, x))


def _decoded(network: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    return {"original": x, "decoded": network.reconstruct(x)}


def _scores(network: Any, data: Any, towards: Any, away: Any, seed: int) -> dict[str, Any]:
    from aezoo.cli import inputs
    from aezoo.tasks import editing

    train, test = (inputs.split_of(data, split) for split in ("train", "test"))
    return editing.evaluate(network, test, train=train, towards=towards, away=away, seed=seed)


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
