"""Loading the model that a command names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
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


def locate(source: str) -> Path:
    """Return the directory of a model.

    Args:
        source: A preset, or a directory such as `./my-model`.

    Returns:
        Its path.

    Raises:
        LookupError: If there is no such preset.
    """
    from aezoo import factory

    with path_hint(source):
        return factory.locate(source)


def load(source: str) -> Any:
    """Load a model, saying what is wrong with its directory before Keras is imported.

    Args:
        source: A preset, or a directory such as `./my-model`.

    Returns:
        The `aezoo.Autoencoder`.

    Raises:
        LookupError: If there is no such preset.
        StoreError: If the directory is missing or damaged.
    """
    from aezoo import factory, store

    directory = locate(source)
    store.read(directory)
    with quiet_import():
        import keras  # noqa: F401
    return factory.load(directory)
