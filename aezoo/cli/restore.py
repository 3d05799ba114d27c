"""`aezoo restore`."""

from typing import Annotated, Any

import typer

from aezoo.cli.options import Brightness, Contrast, Force, Gamma, Json, Match, Seed, Sharpness
from aezoo.cli.photos import LIMIT, Compare, Evaluate, MaxPixels, Out, Photo


def restore(
    photo: Photo,
    out: Out = None,
    grain: Annotated[
        bool, typer.Option("--keep-grain", help="Repair only; leave noise and grain.")
    ] = False,
    evaluate: Evaluate = False,
    seed: Seed = 0,
    compare: Compare = False,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    max_pixels: MaxPixels = LIMIT,
    force: Force = False,
    json: Json = False,
) -> None:
    """Restore old photos: find scratches and stains, fill them, and remove the grain.

    With --compare, the photo, what was found in it (magenta) and the result stand side by side.
    With --evaluate, the photos are made old by --seed first.
    """
    from aezoo import masks
    from aezoo.cli import photos
    from aezoo.cli.console import note
    from aezoo.tasks import restoration

    def work(image: Any) -> dict[str, Any]:
        found = restoration.find_damage(image)
        note(f"Found damage in {found.mean():.1%} of the photo.")
        whole = restoration.restore(image, found, denoiser=False if grain else None)
        return {"before": image, "found": masks.show(image, found), "after": whole}

    def score(images: list[Any]) -> dict[str, Any]:
        return restoration.evaluate(images, seed=seed)

    if evaluate:
        photos.evaluate(photo, score, max_pixels=max_pixels, json=json)
        return
    photos.process(
        photo,
        out,
        work,
        force=force,
        compare=compare,
        max_pixels=max_pixels,
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
