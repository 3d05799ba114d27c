"""Loading the model that a command names."""

from __future__ import annotations

import os
from typing import Any

from aezoo.cli.console import quiet_import


def locate(source: str) -> Any:
    """Return the directory of a model, with a hint where a bare name is one on disk.

    Args:
        source: A preset, or a directory such as `./my-model`.

    Returns:
        Its path.

    Raises:
        LookupError: If there is no such preset.
    """
    from aezoo import factory

    try:
        return factory.locate(source)
    except LookupError as error:
        if os.path.isdir(source):
            error.add_note(f"To load the directory of this name write './{source}'.")
        raise


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
