"""Writing what a command made, where nothing is in the way."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aezoo import pictures, postprocess
from aezoo.cli import numbers
from aezoo.cli.console import note
from aezoo.data import images

PICTURES = (".png", ".jpg", ".jpeg")
ARRAYS = (".npz", ".npy")
ANIMATIONS = (".gif",)
WALKS = PICTURES + ANIMATIONS + ARRAYS


def check(path: Path, *, force: bool, suffixes: tuple[str, ...] = PICTURES + ARRAYS) -> None:
    """Check that a file can be written, before the work that leads to it.

    Args:
        path: The file.
        force: Whether it may exist.
        suffixes: The kinds of files that the command writes.

    Raises:
        FileExistsError: If it exists and `force` is False.
        FileNotFoundError: If its folder does not exist.
        ValueError: If its name has another suffix.
    """
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"The output's name must end in {', '.join(suffixes)}. Received: output={str(path)!r}."
        )
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists already: name another file or add --force.")
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"The folder {str(path.parent)!r} does not exist: make it first. "
            f"Received: output={str(path)!r}."
        )


def is_image(model: Any) -> bool:
    """Return whether a model's samples can be shown: height, width, and 1 or 3 channels."""
    return len(model.sample_shape) == 3 and model.sample_shape[-1] in (1, 3)


def check_kind(path: Path, model: Any) -> None:
    """Raise ValueError if a file is a picture and the model's samples are not."""
    if path.suffix.lower() in PICTURES + ANIMATIONS and not is_image(model):
        raise ValueError(
            f"The model's samples, of shape {tuple(model.sample_shape)}, are no images: name an "
            f"output that ends in .npz or .npy. Received: output={str(path)!r}."
        )


def drawings(model: Any, count: int, *, seed: int, columns: int) -> dict[str, np.ndarray]:
    """Return pictures of new samples, by caption.

    Args:
        model: A model of images.
        count: Number of samples in each picture.
        seed: Seed of the samples.
        columns: Samples in a row.

    Returns:
        One from the fitted sampler and one from the prior, of what the model has.
    """
    sources: dict[str, str | None] = {}
    if model.sampler is not None:
        sources[f"New samples, drawn by the sampler {model.sampler.spec['name']!r}"] = None
    if model.engine.has("prior"):
        sources["New samples, drawn from the prior"] = "prior"
    return {
        caption: pictures.grid(model.generate(count, seed=seed, sampler=sampler), columns=columns)
        for caption, sampler in sources.items()
    }


def finishing(*, match: Path | None = None, **touches: float) -> Callable[[Any], Any]:
    """Return what puts the finishing touches on images that a command's options ask for.

    Args:
        match: A picture whose histogram the images take over.
        **touches: Further arguments of `aezoo.postprocess.adjust`.

    Returns:
        A function of images; where nothing is asked for it gives back any samples as they are.

    Raises:
        ImageError: `match` cannot be used.
    """
    defaults = postprocess.adjust.__kwdefaults__ or {}
    if match is None:
        changed = any(value != defaults[name] for name, value in touches.items())
        return functools.partial(postprocess.adjust, **touches) if changed else lambda same: same
    references = {channels: images.read(match, channels=channels) for channels in (1, 3)}

    def finish(samples: np.ndarray) -> np.ndarray:
        reference = references[1 if samples.shape[-1] == 1 else 3]
        return postprocess.adjust(samples, histogram=reference, **touches)

    return finish


def write_samples(
    path: Path,
    samples: np.ndarray,
    *,
    force: bool,
    arrange: Callable[[np.ndarray], np.ndarray] = pictures.grid,
    frames: Callable[[np.ndarray], Sequence[np.ndarray]] | None = None,
    **finish: Any,
) -> None:
    """Write samples as a picture, an animation or as numbers, and say so.

    Args:
        path: A file that `check` has accepted.
        samples: Shape `(n, *sample_shape)`.
        force: Whether it may exist.
        arrange: Makes one picture of the samples.
        frames: Makes the pictures of an animation of the samples, where the command writes any.
        **finish: Arguments of `finishing`, which are for images only.
    """
    samples = finishing(**finish)(samples)
    if path.suffix.lower() in PICTURES:
        images.write(path, arrange(samples), overwrite=force)
    elif frames is not None and path.suffix.lower() in ANIMATIONS:
        pictures.animation(frames(samples), path, overwrite=force)
    else:
        numbers.write(path, {"x": samples}, overwrite=force)
    note(f"Wrote {path}.")
