"""`aezoo decompress`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aezoo.cli.console import note
from aezoo.cli.options import Force
from aezoo.cli.photos import Source

if TYPE_CHECKING:
    from aezoo.tasks.compression import Coder

SUFFIX = ".aez"
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="keras|onnx",
        show_default="onnx where it is installed and no --model is named, else keras",
        help="`onnx` starts sooner, without TensorFlow, where the model was exported.",
    ),
]


def decompress(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help=f"What `aezoo compress` wrote, a file ({SUFFIX}) or a folder of them.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            show_default=False,
            help="A picture (.png, .jpg), or the numbers (.npz, .npy); for a folder the folder to "
            "write to.",
        ),
    ],
    model: Source = None,
    engine: Engine = None,
    force: Force = False,
) -> None:
    """Give back the images that `aezoo compress` wrote; a damaged file is refused."""
    from aezoo.cli import outputs, photos

    if not data.is_dir():
        outputs.check(out, force=force)
        _one(data, out, coder(model, engine), force=force)
        return
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file: for a folder name a folder.")
    paths = sorted(path for path in data.rglob(f"*{SUFFIX}") if path.is_file())
    if not paths:
        raise LookupError(f"There is no {SUFFIX} file in the folder {str(data)!r}.")
    tool = coder(model, engine)

    def work(path: Path, target: Path) -> None:
        outputs.check(target, force=force)
        _one(path, target, tool, force=force)

    photos.each(photos.targets(paths, data, out), work)


def coder(model: str | None, engine: str | None) -> Coder:
    """Return what compresses with the model that a command names.

    Args:
        model: A model, or None for the preset.
        engine: `"keras"` or `"onnx"`; None for what the command says.
    """
    from aezoo.cli import models
    from aezoo.tasks.compression import PRESET, Coder

    if model is None and engine is None:
        return Coder()
    return Coder(models.load(model or PRESET, engine or "keras"))


def _one(path: Path, out: Path, tool: Coder, *, force: bool) -> None:
    from aezoo.bitstream import BitstreamError
    from aezoo.cli import outputs
    from aezoo.data import images

    try:
        found = tool.decompress(path.read_bytes())
    except BitstreamError as error:
        raise images.ImageError(path, f"It cannot be decompressed: {error}.") from error
    if found.ndim == 4 or out.suffix.lower() in outputs.ARRAYS:
        outputs.write_samples(out, found, force=force)
    else:
        images.write(out, found, overwrite=force)
        note(f"Wrote {out}.")
