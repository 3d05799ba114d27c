"""`aezoo restore`."""

from typing import Annotated, Any

import typer

from aezoo.cli.console import note
from aezoo.cli.options import Seed
from aezoo.cli.photo_command import photo_command


@photo_command
def restore(
    keep_grain: Annotated[
        bool, typer.Option("--keep-grain", help="Repair only; leave noise and grain.")
    ] = False,
    seed: Seed = 0,
) -> Any:
    """Restore old photos: find scratches and stains, fill them, and remove the grain.

    With --compare, the photo, what was found in it (magenta) and the result stand side by side.
    With --evaluate, the photos are made old by --seed first.
    """
    from aezoo import masks
    from aezoo.tasks import restoration

    def work(image: Any) -> dict[str, Any]:
        found = restoration.find_damage(image)
        note(f"Found damage in {found.mean():.1%} of the photo.")
        whole = restoration.restore(image, found, denoiser=False if keep_grain else None)
        return {"before": image, "found": masks.show(image, found), "after": whole}

    def score(images: list[Any]) -> dict[str, Any]:
        return restoration.evaluate(images, seed=seed)

    return work, score
