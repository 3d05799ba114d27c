"""Models in huggingface_hub's own cache.

The client's lookup is not used: importing it takes longer than reading a model. Its constants are
imported where a path looks like one of the cache's. Its layout is
[documented](https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

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
        found = Path(plain(directory))
        if found.parent.name == "snapshots" and found.parents[1].name.startswith("models--"):
            home = Path(plain(_home()))
            if found.parents[2] == home:
                return [home / found.parents[1].name / "blobs", home / "blobs"]
    return []


def _repository(address: Address) -> Path:
    return _home() / f"models--{address.repository.replace('/', '--')}"


def _home() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)
