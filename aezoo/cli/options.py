"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        show_default=False,
        help="A preset (`aezoo list presets`), a model's directory, such as ./my-model, or "
        "hf://org/name.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="keras|onnx",
        help="`onnx` starts sooner, without TensorFlow, where the model was exported: presets, and "
        "what `aezoo export` wrote.",
    ),
]
Samples = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        show_default=False,
        help="A dataset (`aezoo list datasets`), an image file, a folder of images, or an .npz or "
        ".npy file; `digits:3` is one sample of it, counted from 0. Images are cropped and "
        "resized to what the model takes.",
    ),
]
TrainingData = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        show_default=False,
        help="A dataset (`aezoo list datasets`), a folder of images, or an .npz file.",
    ),
]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        show_default=False,
        help="A dataset (`aezoo list datasets`), a folder of images, or an .npz file.",
    ),
]
Split = Annotated[str, typer.Option("--split", help="train, validation or test.")]
Count = Annotated[
    int | None,
    typer.Option("-n", "--count", min=1, show_default=False, help="Only the first so many."),
]
Picture = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        show_default=False,
        help="A picture (.png, .jpg), or the numbers (.npz, .npy).",
    ),
]
WALK = "A picture (.png, .jpg), an animation there and back (.gif), or the numbers (.npz, .npy)."
Sampler = Annotated[
    str | None,
    typer.Option(
        "--sampler",
        show_default=False,
        help="`prior` for the model's prior; by default its fitted sampler where it has one.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", show_default=False, help="A further argument; repeatable."
    ),
]

_FINISH = {"rich_help_panel": "Finishing touches"}
Brightness = Annotated[
    float, typer.Option("--brightness", min=-1.0, max=1.0, help="Added to every value.", **_FINISH)
]
Contrast = Annotated[
    float,
    typer.Option("--contrast", min=0.0, help="Factor on the distance from the mean.", **_FINISH),
]
Gamma = Annotated[
    float, typer.Option("--gamma", min=0.01, help="Exponent; below 1 is brighter.", **_FINISH)
]
Sharpness = Annotated[
    float,
    typer.Option("--sharpness", min=-1.0, help="Unsharp masking; below 0 blurs.", **_FINISH),
]


def _readable(path: Path | None) -> Path | None:
    """Read a picture before the work that leads to its use."""
    if path is not None:
        from aezoo.data import images

        images.read(path)
    return path


Match = Annotated[
    Path | None,
    typer.Option(
        "--match",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        callback=_readable,
        show_default=False,
        help="A picture whose histogram is taken over, before the other touches.",
        **_FINISH,
    ),
]
