"""`aezoo denoise`."""

from typing import Annotated, Any

import typer

from aezoo.cli.options import Brightness, Contrast, Force, Gamma, Json, Match, Seed, Sharpness
from aezoo.cli.photos import LIMIT, Compare, Evaluate, MaxPixels, Out, Photo, Source


def denoise(
    photo: Photo,
    out: Out = None,
    model: Source = None,
    evaluate: Evaluate = False,
    sigma: Annotated[
        list[float] | None,
        typer.Option(
            "--sigma",
            min=0.0,
            show_default="15, 25 and 50",
            help="With --evaluate: strength of the noise to add, of 255; repeatable.",
        ),
    ] = None,
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
    """Remove noise of unknown strength from photos."""
    from aezoo.cli import models, photos
    from aezoo.tasks import denoising, pretrained

    network = pretrained.load(denoising.PRESET) if model is None else models.load(model)
    denoising.check(network)

    def clean(image: Any) -> dict[str, Any]:
        return {"before": image, "denoised": denoising.denoise(image, model=network)}

    def score(images: list[Any]) -> dict[str, Any]:
        sigmas = sigma or denoising.SIGMAS
        return denoising.evaluate(images, model=network, sigmas=sigmas, seed=seed)

    if evaluate:
        photos.evaluate(photo, score, max_pixels=max_pixels, json=json)
        return
    photos.process(
        photo,
        out,
        clean,
        force=force,
        compare=compare,
        max_pixels=max_pixels,
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
