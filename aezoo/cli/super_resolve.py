"""`aezoo super-resolve`."""

from typing import Annotated, Any

import typer

from aezoo.cli.photo_command import photo_command
from aezoo.cli.photos import Source


@photo_command
def super_resolve(
    scale: Annotated[int, typer.Option("--scale", help="2, 3 or 4.")] = 2,
    model: Source = None,
    ensemble: Annotated[
        bool,
        typer.Option("--ensemble", help="Average over the photo's eight orientations; slow."),
    ] = False,
) -> Any:
    """Enlarge photos, with detail that an interpolation does not have."""
    from aezoo.cli import models
    from aezoo.tasks import super_resolution

    network = super_resolution.find(scale) if model is None else models.load(model)
    super_resolution.check(network, scale)

    def enlarge(image: Any) -> dict[str, Any]:
        large = super_resolution.super_resolve(image, scale, model=network, ensemble=ensemble)
        return {
            "bicubic": lambda: super_resolution.bicubic(image, scale),
            "super-resolved": large,
        }

    def score(images: list[Any]) -> dict[str, Any]:
        return super_resolution.evaluate(images, scale, model=network, ensemble=ensemble)

    return enlarge, score
