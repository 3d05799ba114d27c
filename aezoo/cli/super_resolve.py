"""`aezoo super-resolve`."""

from typing import Annotated, Any

import typer

from aezoo.cli.options import Brightness, Contrast, Force, Gamma, Json, Match, Sharpness
from aezoo.cli.photos import LIMIT, Compare, Evaluate, MaxPixels, Out, Photo, Source


def super_resolve(
    photo: Photo,
    out: Out = None,
    scale: Annotated[int, typer.Option("--scale", help="2, 3 or 4.")] = 2,
    model: Source = None,
    ensemble: Annotated[
        bool,
        typer.Option("--ensemble", help="Average over the photo's eight orientations; slow."),
    ] = False,
    evaluate: Evaluate = False,
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
    """Enlarge photos, with detail that an interpolation does not have."""
    from aezoo.cli import models, photos
    from aezoo.tasks import super_resolution

    network = super_resolution.find(scale) if model is None else models.load(model)
    super_resolution.check(network, scale)

    def enlarge(image: Any) -> dict[str, Any]:
        before = {"bicubic": super_resolution.bicubic(image, scale)} if compare else {}
        large = super_resolution.super_resolve(image, scale, model=network, ensemble=ensemble)
        return {**before, "super-resolved": large}

    def score(images: list[Any]) -> dict[str, Any]:
        return super_resolution.evaluate(images, scale, model=network, ensemble=ensemble)

    if evaluate:
        photos.evaluate(photo, score, max_pixels=max_pixels, json=json)
        return
    photos.process(
        photo,
        out,
        enlarge,
        force=force,
        compare=compare,
        max_pixels=max_pixels,
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
