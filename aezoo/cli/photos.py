"""Photos in, pictures out: what the commands of tasks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aezoo.cli.console import note, show_json, show_table, show_warning

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
    Path | None,
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
Source = Annotated[
    str | None,
    typer.Option(
        "--model", show_default=False, help="A model as MODEL elsewhere; by default a preset."
    ),
]
Evaluate = Annotated[
    bool,
    typer.Option(
        "--evaluate",
        help="Take the photos for what should come out, and print how near the model and the "
        "best classical methods come. Nothing is written.",
    ),
]
LIMIT = 64_000_000


def process(
    source: Path,
    out: Path | None,
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
            the result; others may be functions that make them, where they are to be shown.
        force: Whether files may be replaced.
        compare: Whether to write all pictures of a photo side by side, too.
        max_pixels: Limit of a photo.
        **finish: Arguments of `aezoo.cli.outputs.finishing` for the result.

    Raises:
        typer.Exit: With code 1, where some photos of a folder failed.
        FileExistsError: Something is there and `force` is False.
        ImageError: The photo cannot be used.
        ValueError: The output's name has another suffix.
    """
    from aezoo.cli import outputs

    check_out(source, out, force=force, compare=compare)
    finished = outputs.finishing(**finish)
    assert out is not None  # noqa: S101  (it was checked)
    if not source.is_dir():
        _one(source, out, work, force, compare, max_pixels, finished)
        return

    def one(path: Path, target: Path) -> None:
        _check(target, force=force, compare=compare)
        _one(path, target, work, force, compare, max_pixels, finished)

    each(targets(scan(source), source, out), one)


def each(places: dict[Path, Path], work: Callable[[Path, Path], None]) -> None:
    """Work on each file of a folder; one that cannot be used does not stop the others.

    Args:
        places: Files to where their results go; folders are made.
        work: Takes a file and where its result goes.

    Raises:
        typer.Exit: With code 1, where some failed; they are listed.
    """
    from aezoo.data import images

    errors = []
    for path, target in places.items():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            work(path, target)
        except (images.ImageError, FileExistsError) as error:
            errors.append(f"\n  {path}: {getattr(error, 'reason', error)}")
    _list(errors, len(places))


def evaluate(
    source: Path,
    score: Callable[[list[np.ndarray]], dict[str, Any]],
    *,
    max_pixels: int,
    json: bool,
) -> None:
    """Score a photo, or all of a folder, and print what came out.

    Args:
        source: An image file or a folder.
        score: Maps images, uint8, to what `aezoo.tasks.comparison.compare` returns.
        max_pixels: Limit of a photo.
        json: Whether to print JSON.

    Raises:
        typer.Exit: With code 1, where some photos of a folder failed.
        ImageError: No photo can be used.
    """
    from aezoo.data import images

    paths = scan(source) if source.is_dir() else [source]
    found = images.read_all(paths, max_pixels=max_pixels)
    if not found.images:
        raise found.errors[0]
    result = score(found.images)
    if json:
        show_json(result)
    else:
        methods = next(iter(result["scores"].values()))
        rows = [
            [condition, *(f"{value:.2f}" for value in means.values())]
            for condition, means in result["scores"].items()
        ]
        what = ", ".join(filter(None, [result["unit"], f"{result['n']} images"]))
        show_table([what, *(f"{m} " for m in methods)], rows)
        for sentence in result["verdict"]:
            typer.echo(sentence)
    _list([f"\n  {error.path}: {error.reason}" for error in found.errors], len(paths))


def check_out(source: Path, out: Path | None, *, force: bool, compare: bool) -> None:
    """Check what to write to before the work that leads to it.

    Raises:
        FileExistsError: Something is there and `force` is False.
        ValueError: There is no name, or it has another suffix.
    """
    if out is None:
        raise ValueError("Name what to write with --out. Received: no --out.")
    if not source.is_dir():
        _check(out, force=force, compare=compare)
    elif out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file: for a folder of photos name a folder.")


def targets(
    paths: list[Path], source: Path, out: Path, *, suffix: str = ".png"
) -> dict[Path, Path]:
    """Return where the result of each photo goes: its place in `out`, with another suffix.

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
        / (name.with_suffix(suffix) if times[name.with_suffix("")] == 1 else f"{name}{suffix}")
        for path, name in zip(paths, names, strict=True)
    }


def beside(path: Path) -> Path:
    """Return the file of the comparison that belongs to a result."""
    return path.with_name(f"{path.stem}.compare.png")


def scan(folder: Path) -> list[Path]:
    """Return the images of a folder; raise LookupError where there are none."""
    from aezoo.data import images

    paths = images.scan(folder)
    if not paths:
        raise LookupError(f"There is no image in the folder {str(folder)!r}.")
    return paths


def _list(errors: list[str], n: int) -> None:
    if errors:
        show_warning(f"{len(errors)} of {n} photos were left out:{''.join(errors)}")
        raise typer.Exit(1)


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
    finished: Callable[[np.ndarray], np.ndarray],
) -> None:
    from aezoo import pictures
    from aezoo.data import images

    found = work(images.read(path, max_pixels=max_pixels))
    *_, last = found
    found[last] = finished(found[last])
    images.write(target, found[last], overwrite=force)
    note(f"Wrote {target}.")
    if compare:
        shown = [picture() if callable(picture) else picture for picture in found.values()]
        images.write(beside(target), pictures.row(shown), overwrite=force)
        note(f"Wrote {beside(target)}: {', '.join(found)}.")
