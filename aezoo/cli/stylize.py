"""`aezoo stylize`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from aezoo.cli.options import Seed
from aezoo.cli.photo_command import photo_command


@photo_command
def stylize(
    style: Annotated[
        Path | None,
        typer.Option(
            "--style",
            show_default=False,
            help="The picture whose style the photos get; with --evaluate also a folder of them.",
        ),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", metavar="sliced|ot|wct|adain", help="How features are moved.")
    ] = "sliced",
    features: Annotated[
        str,
        typer.Option(
            "--features",
            metavar="random|self|vgg19",
            help="What is moved: random filters, the codes of an autoencoder, or VGG19, whose "
            "weights Keras downloads.",
        ),
    ] = "random",
    strength: Annotated[
        float,
        typer.Option(
            "--strength",
            min=0.0,
            max=1.0,
            help="0 leaves the photo as it is, 0.5 moves its colours alone.",
        ),
    ] = 1.0,
    keep_colours: Annotated[
        bool, typer.Option("--keep-colours", help="Keep the photo's colours and contrast.")
    ] = False,
    texture: Annotated[
        bool,
        typer.Option(
            "--texture", help="Make new textures like the photos, from noise; no --style."
        ),
    ] = False,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="HEIGHTxWIDTH",
            show_default="the photo's",
            help="With --texture: the size to make.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            show_default=False,
            help="With --features self: a model of small square colour images, as MODEL elsewhere; "
            "by default the preset ae.photo_patches.",
        ),
    ] = None,
    seed: Seed = 0,
) -> Any:
    """Give photos the style of a picture, or make textures like them."""
    from aezoo.cli import models
    from aezoo.tasks import stylization

    if texture == (style is not None):
        raise ValueError(
            "Name either a --style to give the photos or --texture to make new ones like them. "
            f"Received: {style=!s}, {texture=}."
        )
    if texture and (keep_colours or strength != 1.0):
        raise ValueError("--strength and --keep-colours are for a --style, not for --texture.")
    if size is not None and not texture:
        raise ValueError(f"--size is for --texture: a photo keeps its size. Received: {size=}.")
    shape = None if size is None else _shape(size)
    network = None if model is None else models.load(model)
    # What is wrong with them is said once, before the first photo.
    stylization.find_method(method)
    stylization.find_features(features, network)
    options: dict[str, Any] = {
        "method": method,
        "features": features,
        "model": network,
        "seed": seed,
    }
    if style is None:
        return lambda image: {
            "example": image,
            "texture": stylization.synthesise(image, shape, **options),
        }, _unscored
    given = _styles(style)

    def work(image: Any) -> dict[str, Any]:
        if len(given) > 1:
            raise ValueError(f"A folder of styles is for --evaluate only. Received: {style=!s}.")
        touches: dict[str, Any] = {"strength": strength, "keep_colours": keep_colours}
        stylized = stylization.stylize(image, given[0], **options, **touches)
        return {"photo": image, "style": given[0], "stylized": stylized}

    def score(images: list[Any]) -> dict[str, Any]:
        return stylization.evaluate(images, given, **options)

    return work, score


def _styles(path: Path) -> list[Any]:
    from aezoo.data import images

    paths = images.scan(path) if path.is_dir() else [path]
    if not paths:
        raise LookupError(f"There is no image in the folder {str(path)!r}.")
    return [images.read(one) for one in paths]


def _shape(text: str) -> tuple[int, int]:
    height, cross, width = text.lower().partition("x")
    if not (cross and height.isascii() and width.isascii()) or not (height + width).isdigit():
        raise ValueError(f"--size must be like 512x512. Received: size={text!r}.")
    return int(height), int(width)


def _unscored(images: list[Any]) -> dict[str, Any]:
    raise ValueError("--evaluate is for a --style, not for --texture.")
