"""`aezoo restore`."""

from typing import Annotated, Any

import typer

from aezoo.cli.options import Seed
from aezoo.cli.photo_command import photo_command
from aezoo.cli.photos import Source


@photo_command
def restore(
    model: Source = None,
    keep_grain: Annotated[
        bool, typer.Option("--keep-grain", help="Repair the damage and leave the rest as it is.")
    ] = False,
    seed: Seed = 0,
) -> Any:
    """Restore old photos: find scratches, dust and stains, fill them, and remove the grain.

    --compare shows the photo, what was found in magenta, and the result. --model finds the damage.
    With --evaluate photos are made old first; --seed decides how.
    """
    from aezoo import masks
    from aezoo.cli import models
    from aezoo.cli.console import note
    from aezoo.tasks import pretrained, restoration

    finder = pretrained.load(restoration.PRESET) if model is None else models.load(model)
    restoration.check(finder)

    def repair(image: Any) -> dict[str, Any]:
        mask = restoration.find_damage(image, model=finder)
        note(f"Found damage in {mask.mean():.1%} of the pixels.")
        return {
            "before": image,
            "found": lambda: masks.show(image, mask),
            "restored": restoration.restore(image, mask, denoiser=False if keep_grain else None),
        }

    def score(images: list[Any]) -> dict[str, Any]:
        return restoration.evaluate(images, finder=finder, seed=seed)

    return repair, score
