"""Loading the model that a command names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from aezoo.cli.console import quiet_import


@contextlib.contextmanager
def path_hint(name: str) -> Iterator[None]:
    """Add to an error about an unknown name that there is a directory of this name."""
    try:
        yield
    except LookupError as error:
        if os.path.isdir(name):
            error.add_note(f"For the directory of this name write './{name}'.")
        raise


def load(source: str, engine: str = "keras") -> Any:
    """Load a model, saying what is wrong with its files before Keras is imported.

    Args:
        source: A preset, a directory such as `./my-model`, or `hf://org/name`.
        engine: `"keras"` or `"onnx"`.

    Returns:
        The `aezoo.Autoencoder`, or the `aezoo.served.Served`.

    Raises:
        HubError: If the Hub, or the way to it, did not do what was asked.
        LookupError: If there is no such preset.
        StoreError: If the model is missing or damaged, or has no graphs.
        ValueError: If there is no such engine.
    """
    if engine == "keras":
        return build(read(source, shapes=_shapes))
    from aezoo import factory

    with path_hint(source):
        return factory.load(source, engine=engine)


def read(source: str, *, shapes: Any = None) -> Any:
    """Return the verified content of a model, an `aezoo.stored.Stored`; see `sources.read`."""
    from aezoo import sources

    with path_hint(source):
        return sources.read(source, shapes=shapes)


def _shapes(config: Any) -> Any:
    from aezoo import factory

    with quiet_import():
        import keras  # noqa: F401
    return factory.stored_shapes(config)


def build(stored: Any) -> Any:
    """Return the `aezoo.Autoencoder` that verified files describe."""
    from aezoo import factory

    with quiet_import():
        import keras  # noqa: F401
    return factory.build(stored)


def sampler(model: Any, name: str | None, *, source: str) -> str | None:
    """Return what `model.generate` takes for a sampler that the command names.

    Args:
        model: The model.
        name: None, `"prior"`, or the name of its fitted sampler.
        source: What the command calls the model.

    Returns:
        None or `"prior"`.

    Raises:
        ValueError: If the model has no such sampler.
    """
    fitted = None if model.sampler is None else model.sampler.spec["name"]
    if name not in (None, "prior", fitted):
        raise ValueError(
            f"The model's fitted sampler is {fitted or 'none'}: to fit another one use "
            f"`aezoo fit-sampler {source} {name} --data ...`. Received: sampler={name!r}."
        )
    return "prior" if name == "prior" else None
