"""`aezoo compress`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aezoo.cli.console import note, show_json, show_table
from aezoo.cli.decompress import SUFFIX, Engine
from aezoo.cli.options import Count, Force, Json, Split
from aezoo.cli.photos import LIMIT, MaxPixels, Source

if TYPE_CHECKING:
    import numpy as np

    from aezoo.tasks.compression import Coder

_SCORED, _SHOWN = 1000, 8  # images
_PICTURE = {"metavar": "PICTURE", "show_default": False}


def compress(
    images: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            show_default=False,
            help="An image file or a folder of images, of any size and orientation; or a dataset, "
            "an .npz or an .npy file, whose images go into one file.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            show_default=False,
            help=f"The file to write ({SUFFIX}); for a folder of images the folder to write to.",
        ),
    ] = None,
    step: Annotated[
        int,
        typer.Option("--step", min=1, max=4096, help="What codes are rounded to; 1 is the finest."),
    ] = 4,
    model: Source = None,
    engine: Engine = None,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate",
            help="Print bits per pixel and PSNR at several rates beside JPEG and WebP.",
        ),
    ] = False,
    curve: Annotated[
        Path | None, typer.Option("--curve", help="With --evaluate: draw the curves.", **_PICTURE)
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            "--compare",
            help="Show the first images as each method has them for equal bytes.",
            **_PICTURE,
        ),
    ] = None,
    split: Split = "test",
    count: Count = None,
    max_pixels: MaxPixels = LIMIT,
    force: Force = False,
    json: Json = False,
) -> None:
    """Compress images to few bytes by a model; `aezoo decompress` gives them back."""
    from aezoo.cli import outputs, photos
    from aezoo.cli.decompress import coder

    path = Path(images).expanduser()
    if out is None and not evaluate and compare is None:
        raise ValueError("Name what to write with --out. Received: no --out.")
    if curve is not None and not evaluate:
        raise ValueError("--curve draws what --evaluate measures. Received: no --evaluate.")
    for picture in filter(None, (curve, compare)):
        outputs.check(picture, force=force, suffixes=outputs.PICTURES)
    if out is not None and path.is_dir():
        if out.exists() and not out.is_dir():
            raise FileExistsError(f"{out} is a file: for a folder of images name a folder.")
    elif out is not None:
        outputs.check(out, force=force, suffixes=(SUFFIX,))
    tool = coder(model, engine)
    if evaluate or compare is not None:
        some, broken = _read(images, tool, split, count or _SCORED, max_pixels)
        if evaluate:
            _evaluate(some, tool, curve, force=force, json=json)
        if compare is not None:
            _compare(some, tool, step, compare, force=force)
        if broken and out is None:
            raise typer.Exit(1)
    if out is None:
        return
    if path.is_dir():

        def one(source: Path, target: Path) -> None:
            outputs.check(target, force=force, suffixes=(SUFFIX,))
            x, _ = _read(str(source), tool, split, None, max_pixels)
            _write(x, tool, step, target, force)

        photos.each(photos.targets(photos.scan(path), path, out, suffix=SUFFIX), one)
    else:
        x, _ = _read(images, tool, split, count, max_pixels)
        _write(x, tool, step, out, force)


def _read(
    source: str, tool: Coder, split: str, count: int | None, max_pixels: int
) -> tuple[list[np.ndarray], bool]:
    """Returns at least one image, and whether a folder has some that cannot be used."""
    from aezoo.cli import inputs, photos
    from aezoo.cli.console import show_warning
    from aezoo.data import images

    path = Path(source).expanduser()
    if not path.is_dir() and path.suffix.lower() not in images.SUFFIXES:
        return [*inputs.read(source, tool.model, split=split, count=count).array()], False
    paths = photos.scan(path)[:count] if path.is_dir() else [path]
    found = images.read_all(paths, max_pixels=max_pixels)
    if not found.images:
        raise found.errors[0]
    for error in found.errors:
        show_warning(f"{error.path} is left out: {error.reason}")
    return found.images, bool(found.errors)


def _write(x: list[np.ndarray], tool: Coder, step: int, target: Path, force: bool) -> None:
    import numpy as np

    from aezoo.data.images import new_file

    data = tool.compress(x[0] if len(x) == 1 else np.stack(x), step)
    with new_file(target, overwrite=force) as file:
        file.write(data)
    pixels = sum(image.shape[0] * image.shape[1] for image in x)
    note(f"Wrote {target}: {len(data)} bytes, {8 * len(data) / pixels:.3f} bits per pixel.")


def _evaluate(
    x: list[np.ndarray], tool: Coder, curve: Path | None, *, force: bool, json: bool
) -> None:
    from aezoo import pictures
    from aezoo.photos import with_channels
    from aezoo.tasks import rate_distortion

    channels = max(image.shape[-1] for image in x)
    note(f"Compressing {len(x)} images at every setting ...")
    found = rate_distortion.evaluate([with_channels(one, channels) for one in x], tool=tool)
    if json:
        show_json(found)
    else:
        _show(found)
    if curve is not None:
        pictures.rate_plot(found["curves"], curve, overwrite=force)
        note(f"Wrote {curve}.")


def _show(found: dict[str, Any]) -> None:
    """Prints the PSNRs at equal rates, what each method costs at least, and who wins."""
    methods = [*next(iter(found["worst"].values()))]
    rows = [
        [condition, *(f"{means[name]:.2f}" if name in means else "" for name in methods)]
        for condition, means in found["scores"].items()
    ]
    rows += [
        [f"at its worst, {way}", *(f"{p['bpp']:.2f} bpp, {p['psnr']:.2f}" for p in points.values())]
        for way, points in found["worst"].items()
    ]
    show_table([f"PSNR in dB, {found['n']} images", *(f"{name} " for name in methods)], rows)
    for sentence in found["verdict"]:
        typer.echo(sentence)


def _compare(x: list[np.ndarray], tool: Coder, step: int, target: Path, *, force: bool) -> None:
    import numpy as np

    from aezoo import captions, pictures
    from aezoo.data import images
    from aezoo.tasks import rate_distortion

    alike = np.stack([image for image in x if image.shape == x[0].shape][:_SHOWN])
    shown = rate_distortion.beside(alike, tool=tool, step=step)
    strips = {caption: pictures.grid(found, columns=_SHOWN) for caption, found in shown.items()}
    images.write(target, captions.stack(strips), overwrite=force)
    note(f"Wrote {target}: {'; '.join(shown)}.")
