"""The commands that take photos and give photos: what they share is said once."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from aezoo.cli import photos
from aezoo.cli.options import Brightness, Contrast, Force, Gamma, Json, Match, Sharpness
from aezoo.cli.photos import LIMIT, Compare, Evaluate, MaxPixels, Out, Photo


def _first(photo: Photo, out: Out = None, evaluate: Evaluate = False) -> None: ...


def _last(
    compare: Compare = False,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    max_pixels: MaxPixels = LIMIT,
    force: Force = False,
    json: Json = False,
) -> None: ...


def photo_command(prepare: Callable[..., Any]) -> Callable[..., None]:
    """Make a command of what a task does with a photo.

    Args:
        prepare: Takes the command's own options, annotated for Typer, and returns two functions:
            of an image `(h, w, 1 or 3)`, uint8, to pictures by caption, the last one the result;
            and of a list of images to what `aezoo.tasks.comparison.compare` returns. Its docstring
            is the command's help.

    Returns:
        A function that Typer can read, with the options that all of these commands have.

    Example:
        ```python
        import inspect

        from aezoo.cli.photo_command import photo_command


        @photo_command
        def negative():
            return lambda image: {"negative": 255 - image}, None

        assert "out" in inspect.signature(negative).parameters
        ```
    """
    parts = (_first, prepare, _last)

    def command(photo: Any, out: Any, evaluate: bool, **given: Any) -> None:
        shared = {name: given.pop(name) for name in inspect.signature(_last).parameters}
        json = shared.pop("json")
        if not evaluate:
            if json:
                raise ValueError("--json is for what --evaluate prints. Received: no --evaluate.")
            photos.check_out(photo, out, force=shared["force"], compare=shared["compare"])
        work, score = prepare(**given)
        if evaluate:
            photos.evaluate(photo, score, max_pixels=shared["max_pixels"], json=json)
        else:
            photos.process(photo, out, work, **shared)

    found = [parameter for part in parts for parameter in _parameters(part)]
    command.__name__, command.__doc__ = prepare.__name__, prepare.__doc__
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in found}
    command.__signature__ = inspect.Signature(found)  # type: ignore[attr-defined]
    return command


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    hints = typing.get_type_hints(function, include_extras=True)
    found = inspect.signature(function).parameters.values()
    return [parameter.replace(annotation=hints[parameter.name]) for parameter in found]
