"""`aezoo inpaint`."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aezoo.cli.console import note, show_json, show_table
from aezoo.cli.options import (
    Brightness,
    Contrast,
    Engine,
    Force,
    Gamma,
    Json,
    Match,
    Seed,
    Sharpness,
)
from aezoo.cli.photos import LIMIT, Compare, MaxPixels

if TYPE_CHECKING:
    import numpy as np

_KINDS = "scratches, stains, random_half, centre"
_ROWS = 8


def inpaint(
    photo: Annotated[
        str | None,
        typer.Argument(
            metavar="PHOTO",
            show_default=False,
            help="An image file or a folder of images, of any size; with --model a sample as INPUT "
            "of `aezoo encode`, such as `fashion_mnist:3`, of several the first 8.",
        ),
    ] = None,
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            show_default=False,
            help=f"An image of the photo's size, white in the hole; or a kind to draw: {_KINDS}.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            show_default=False,
            help="The picture to write (.png, .jpg); for a folder the folder to write to.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            show_default=False,
            help="A generative model that completes the image: a preset, a directory, or "
            "hf://org/name.",
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--count",
            min=1,
            show_default=False,
            help="With --model: how many completions; 4 by default.",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="latent|gibbs",
            show_default=False,
            help="With --model: `latent` finds likely codes, `gibbs` encodes and decodes in turn; "
            "by default `latent`, and `gibbs` for the tokens of a codebook.",
        ),
    ] = None,
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble",
            help="Without --model: average over the photo's eight orientations; slow.",
        ),
    ] = False,
    seed: Seed = 0,
    engine: Engine = "keras",
    compare: Compare = False,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate",
            help="Measure instead: with --model on the test split of the dataset PHOTO, without "
            "on 7 photos of scikit-image and scikit-learn. All kinds of masks, or --mask.",
        ),
    ] = False,
    images: Annotated[
        int, typer.Option("--images", min=1, help="With --evaluate: how many images at most.")
    ] = 100,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    max_pixels: MaxPixels = LIMIT,
    json: Json = False,
    force: Force = False,
) -> None:
    """Fill what is missing in a photo, or complete an image by a model.

    With --model the picture shows the image, the hole and the completions side by side, first the
    one that agrees best with what is known. What --mask draws depends on --seed.
    """
    if model is None and (count is not None or method is not None):
        raise ValueError("-n and --method are for completions by a model: add --model.")
    if model is not None and ensemble:
        raise ValueError("--ensemble is for photos without a model: leave --model out.")
    options = {"n": count or 4, "method": method, "seed": seed}
    finish = {
        "brightness": brightness,
        "contrast": contrast,
        "gamma": gamma,
        "sharpness": sharpness,
        "match": match,
    }
    if evaluate:
        _evaluate(
            photo, mask, model, engine, images=images, ensemble=ensemble, json=json, **options
        )
    elif photo is None or mask is None or out is None:
        raise ValueError("Name a PHOTO, a --mask and the picture to write, --out.")
    elif model is None:
        source = Path(photo).expanduser()
        _photos(source, mask, out, seed, ensemble, compare, max_pixels, force, finish)
    else:
        _completions(photo, mask, out, model, engine, max_pixels, force, finish, **options)


def _photos(
    source: Path,
    mask: str,
    out: Path,
    seed: int,
    ensemble: bool,
    compare: bool,
    max_pixels: int,
    force: bool,
    finish: dict[str, Any],
) -> None:
    from aezoo import masks
    from aezoo.cli.photos import process
    from aezoo.photos import check, psnr
    from aezoo.tasks import inpainting

    drawn = _is_drawn(mask)
    if source.is_dir() and not drawn:
        raise ValueError(
            f"A mask that is a file belongs to one photo: for a folder name a kind, {_KINDS}. "
            f"Received: --mask {mask}."
        )
    if drawn and not source.exists():
        raise FileNotFoundError(
            f"There is no image file {str(source)!r}; a sample of a dataset needs --model."
        )

    def work(image: "np.ndarray") -> "dict[str, np.ndarray]":
        hole = _mask(mask, image.shape[:2], seed, max_pixels)
        filled = inpainting.inpaint(image, hole, ensemble=ensemble)
        figure = (
            f" PSNR in the hole: {psnr(check(filled), check(image), hole):.2f} dB." if drawn else ""
        )
        note(f"Filled {hole.mean():.1%}.{figure}")
        return {"the photo": image, "its hole": masks.show(image, hole), "filled": filled}

    process(source, out, work, force=force, compare=compare, max_pixels=max_pixels, **finish)


def _completions(
    photo: str,
    mask: str,
    out: Path,
    model: str,
    engine: str,
    max_pixels: int,
    force: bool,
    finish: dict[str, Any],
    **options: Any,
) -> None:
    import numpy as np

    from aezoo import masks, pictures
    from aezoo.arrays import to_uint8
    from aezoo.cli import inputs, models, outputs
    from aezoo.data import images
    from aezoo.metrics.samples import as_unit
    from aezoo.tasks import inpainting

    outputs.check(out, force=force, suffixes=outputs.PICTURES)
    finished = outputs.finishing(**finish)
    drawn = _is_drawn(mask)
    network = models.load(model, engine)
    outputs.check_kind(out, network)
    x = inputs.read(photo, network, count=_ROWS).array()
    x = as_unit(x, network.sample_range or (0.0, 1.0), metric="A picture", name="PHOTO")
    size = whole = x.shape[1:3]
    file = Path(photo).expanduser()
    if file.is_file() and file.suffix.lower() in images.SUFFIXES:
        whole = images.read(file, max_pixels=max_pixels).shape[:2]
    hole = _mask(mask, whole, options["seed"], max_pixels, fit=size)
    tiles = []
    for image in x:
        original = np.broadcast_to(to_uint8(image), (*size, 3))
        found = to_uint8(finished(inpainting.inpaint(image, hole, network, **options)))
        tiles += [original] if drawn else []
        tiles += [masks.show(original, hole), *np.broadcast_to(found, (len(found), *size, 3))]
    picture = pictures.grid(np.stack(tiles), columns=len(tiles) // len(x))
    images.write(out, picture, overwrite=force)
    columns = "the image, its hole" if drawn else "the image with its hole"
    note(f"Wrote {out}: in a row {columns}, and {options['n']} completed.")


def _evaluate(
    photo: str | None,
    mask: str | None,
    model: str | None,
    engine: str,
    *,
    images: int,
    ensemble: bool,
    json: bool,
    **options: Any,
) -> None:
    from aezoo.cli import inputs, models
    from aezoo.masks import MASKS
    from aezoo.tasks import inpainting, repair

    if mask is not None and mask not in MASKS:
        raise LookupError(f"--evaluate draws masks, of one of {_KINDS}. Received: --mask {mask}.")
    kinds = [*MASKS] if mask is None else [mask]
    if photo is not None and model is not None:
        network = models.load(model, engine)
        size = tuple(network.sample_shape[:2])
        data, train = (inputs.split_of(photo, part, size=size) for part in ("test", "train"))
        note("Completing images ...")
        results = [
            inpainting.evaluate(network, data, kind=kind, train=train, count=images, **options)
            for kind in kinds
        ]
    elif photo is None and model is None:
        fill = functools.partial(repair.fill, ensemble=ensemble)
        seed = options["seed"]
        results = [inpainting.evaluate_photos(fill, kind=kind, seed=seed) for kind in kinds]
    else:
        raise ValueError(
            "--evaluate measures a --model on the dataset PHOTO, or without both the fill of "
            f"photos on those of scikit-image. Received: PHOTO={photo}, --model {model}."
        )
    if json:
        show_json(results)
    else:
        note("Peak signal-to-noise ratio in the hole, in dB:")
        figures = [
            {f"model, {name}": f for name, f in r["model"].items()} | r["baselines"]
            for r in results
        ]
        show_table(
            ["", *(f"{result['mask']}, {result['hole']:.0%} " for result in results)],
            [[name, *(f"{each[name]:.2f}" for each in figures)] for name in figures[0]],
        )
        for result in results:
            typer.echo(f"{result['mask']}: {result['verdict']}")


def _mask(
    mask: str, size: "tuple[int, int]", seed: int, max_pixels: int, *, fit: Any = None
) -> "np.ndarray":
    """Return the mask of an image of this size, cropped and resized as the image is to be."""
    from aezoo import masks
    from aezoo.data import images

    if mask in masks.MASKS:
        height, width = size if fit is None else fit
        return masks.draw(mask, height, width, seed=seed)
    path = Path(mask).expanduser()
    hole = masks.check(images.read(path, channels=1, max_pixels=max_pixels), size, name="--mask")
    if fit is None:
        return hole
    fitted = images.read(path, channels=1, size=fit, max_pixels=max_pixels)
    return masks.check(fitted, fit, name="--mask")


def _is_drawn(mask: str) -> bool:
    """Return whether a mask is of a kind to draw; raise LookupError if it is no file either."""
    from aezoo.masks import MASKS

    if mask in MASKS:
        return True
    if not Path(mask).expanduser().exists():
        raise LookupError(
            f"--mask is an image file, or one of {_KINDS}; there is no file of this name. "
            f"Received: --mask {mask}."
        )
    return False
