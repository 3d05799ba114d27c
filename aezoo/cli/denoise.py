"""`aezoo denoise`."""

from typing import Annotated, Any

import typer

from aezoo.cli.options import Seed
from aezoo.cli.photo_command import photo_command
from aezoo.cli.photos import Source


@photo_command
def denoise(
    model: Source = None,
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
) -> Any:
    """Remove noise of unknown strength from photos."""
    from aezoo.cli import models
    from aezoo.tasks import denoising, pretrained

    network = pretrained.load(denoising.PRESET) if model is None else models.load(model)
    denoising.check(network)

    def clean(image: Any) -> dict[str, Any]:
        return {"before": image, "denoised": denoising.denoise(image, model=network)}

    def score(images: list[Any]) -> dict[str, Any]:
        sigmas = sigma or denoising.SIGMAS
        return denoising.evaluate(images, model=network, sigmas=sigmas, seed=seed)

    return clean, score
