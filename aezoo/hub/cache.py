"""Models in huggingface_hub's own cache.

The client's lookup is not used: importing it takes longer than reading a model. Its layout is
[documented](https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from huggingface_hub import constants

from aezoo import store
from aezoo.hub.address import Address
from aezoo.stored import Stored, StoreError


def snapshot(address: Address) -> Path:
    """Returns the directory in which the cache has the files of one commit.

    Args:
        address: With the commit.
    """
    assert address.revision is not None  # noqa: S101
    return _repository(address) / "snapshots" / address.revision


def read(address: Address, *, shapes: store.Shapes | None = None) -> Stored:
    """Reads a model from the cache, as `aezoo.store.read` does.

    Args:
        address: With the commit.
        shapes: See `aezoo.store.read`.

    Raises:
        StoreError: It is not there, not whole, or damaged.
    """
    directory = snapshot(address)
    stored = store.read(directory, roots=roots(directory), shapes=shapes)
    return dataclasses.replace(stored, source=str(address))


def find(address: Address, *, shapes: store.Shapes | None = None) -> Stored | None:
    """Returns a model if the cache has it, whole and undamaged; see `read`."""
    if not snapshot(address).is_dir():
        return None
    try:
        return read(address, shapes=shapes)
    except StoreError:
        return None


def roots(directory: Path) -> list[Path]:
    """Returns where the links in a directory may lead: nowhere, unless it is one of the cache.

    The cache's snapshots are links to the repository's own blobs, and to those that the client
    shares between repositories.

    Args:
        directory: Any directory.
    """
    for plain in (os.path.abspath, os.path.realpath):  # links may lead to the cache, and in it
        home, found = Path(plain(constants.HF_HUB_CACHE)), Path(plain(directory))
        parts = found.relative_to(home).parts if found.is_relative_to(home) else ()
        if len(parts) == 3 and parts[0].startswith("models--") and parts[1] == "snapshots":
            return [home / parts[0] / "blobs", home / "blobs"]
    return []


def _repository(address: Address) -> Path:
    return Path(constants.HF_HUB_CACHE) / f"models--{address.repository.replace('/', '--')}"
