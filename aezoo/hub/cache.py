"""Models in huggingface_hub's own cache.

The client's lookup is not used: importing it takes longer than reading a model. Its layout is
[documented](https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
"""

from __future__ import annotations

import dataclasses
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


def read(address: Address) -> Stored:
    """Reads a model from the cache, as `aezoo.store.read` does.

    The cache's snapshots are links. They may lead to the repository's own blobs, and to those
    that the client shares between repositories.

    Args:
        address: With the commit.

    Raises:
        StoreError: It is not there, not whole, or damaged.
    """
    shared = Path(constants.HF_HUB_CACHE) / "blobs"
    stored = store.read(snapshot(address), roots=[_repository(address) / "blobs", shared])
    return dataclasses.replace(stored, source=str(address))


def find(address: Address) -> Stored | None:
    """Returns a model if the cache has it, whole and undamaged."""
    if not snapshot(address).is_dir():
        return None
    try:
        return read(address)
    except StoreError:
        return None


def _repository(address: Address) -> Path:
    return Path(constants.HF_HUB_CACHE) / f"models--{address.repository.replace('/', '--')}"
