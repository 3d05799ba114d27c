"""Photos in, pictures out: what the commands of tasks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aezoo.cli.console import note, show_warning

if TYPE_CHECKING:
    import numpy as np

Photo = Annotated[
    Path,
    typer.Argument(
        metavar="PHOTO",
        show_default=False,
        help="An image file, or a folder of images, of any size and orientation.",
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "-o",
        "--out",
        show_default=False,
        help="The picture to write (.png, .jpg); for a folder of photos the folder to write to.",
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option("--max-pixels", min=1, help="Files whose header says more are refused undecoded."),
]
Compare = Annotated[
    bool,
    typer.Option("--compare", help="Also write before and after side by side, as OUT.compare.png."),
]
LIMIT = 64_000_000


def process(
    source: Path,
    out: Path,
    work: Callable[[np.ndarray], dict[str, np.ndarray]],
    *,
    force: bool,
    compare: bool,
    max_pixels: int,
    **finish: Any,
) -> None:
    """Work on a photo, or on each of a folder, and write the results.

    A photo of a folder that cannot be used does not stop the others: those that failed are listed
    in the end.

    Args:
        source: An image file or a folder.
        out: File to write, or folder to write to; the folder is made.
        work: Maps an image `(h, w, 1 or 3)`, uint8, to pictures by caption, of which the last is
            the result.
        force: Whether files may be replaced.
        compare: Whether to write all pictures of a photo side by side, too.
        max_pixels: Limit of a photo.
        **finish: Arguments of `aezoo.postprocess.adjust` for the result.

    Raises:
        typer.Exit: With code 1, where some photos of a folder failed.
        FileExistsError: Something is there and `force` is False.
        ImageError: The photo cannot be used.
        ValueError: The output's name has another suffix.
    """
    from aezoo.data import images

    if not source.is_dir():
        _check(out, force=force, compare=compare)
        _one(source, out, work, force, compare, max_pixels, finish)
        return
    paths = images.scan(source)
    if not paths:
        raise LookupError(f"There is no image in the folder {str(source)!r}.")
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file: for a folder of photos name a folder.")
    failed = []
    for path, target in targets(paths, source, out).items():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _check(target, force=force, compare=compare)
            _one(path, target, work, force, compare, max_pixels, finish)
        except (images.ImageError, FileExistsError) as error:
            failed.append(f"\n  {path}: {getattr(error, 'reason', error)}")
    if failed:
        show_warning(f"{len(failed)} of {len(paths)} photos were left out:{''.join(failed)}")
        raise typer.Exit(1)


def targets(paths: list[Path], source: Path, out: Path) -> dict[Path, Path]:
    """Return where the result of each photo goes: its place in `out`, as .png.

    Photos that differ in the suffix only keep it in the name: `a.jpg.png`.

    Example:
        >>> found = targets([Path("in/a.jpg"), Path("in/b/c.png")], Path("in"), Path("out"))
        >>> [path.as_posix() for path in found.values()]
        ['out/a.png', 'out/b/c.png']
    """
    names = [path.relative_to(source) for path in paths]
    times = Counter(name.with_suffix("") for name in names)
    return {
        path: out
        / (name.with_suffix(".png") if times[name.with_suffix("")] == 1 else f"{name}.png")
        for path, name in zip(paths, names, strict=True)
    }


def beside(path: Path) -> Path:
    """Return the file of the comparison that belongs to a result."""
    return path.with_name(f"{path.stem}.compare.png")


def _check(path: Path, *, force: bool, compare: bool) -> None:
    from aezoo.cli import outputs

    for written in [path, *([beside(path)] if compare else [])]:
        outputs.check(written, force=force, suffixes=outputs.PICTURES)


def _one(
    path: Path,
    target: Path,
    work: Callable[[np.ndarray], dict[str, np.ndarray]],
    force: bool,
    compare: bool,
    max_pixels: int,
    finish: dict[str, Any],
) -> None:
    from aezoo import pictures, postprocess
    from aezoo.data import images

    found = work(images.read(path, max_pixels=max_pixels))
    *_, last = found
    if finish != postprocess.adjust.__kwdefaults__:
        found[last] = postprocess.adjust(found[last], **finish)
    images.write(target, found[last], overwrite=force)
    note(f"Wrote {target}.")
    if compare:
        images.write(beside(target), pictures.row(list(found.values())), overwrite=force)
        note(f"Wrote {beside(target)}: {', '.join(found)}.")
