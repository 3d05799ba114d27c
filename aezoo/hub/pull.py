"""Fetching a model from the Hub into huggingface_hub's own cache."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path

from aezoo.hub import cache
from aezoo.hub.address import Address
from aezoo.store import Shapes
from aezoo.stored import Stored, StoreError


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A model of the Hub, in the cache and verified.

    Attributes:
        address: Where it is from, with the commit.
        stored: Its content.
    """

    address: Address
    stored: Stored

    @property
    def directory(self) -> Path:
        """The model's directory in the cache."""
        return self.stored.directory


def pull(
    source: str,
    *,
    pin: Mapping[str, tuple[int, str]] | None = None,
    shapes: Shapes | None = None,
) -> Snapshot:
    """Fetches a model unless the cache holds it whole, and verifies it.

    Only the files of a model are fetched: `manifest.json` and what it lists. A commit that is in
    the cache costs no request. A branch or tag is resolved to its commit first, which is printed
    to stderr.

    Args:
        source: `hf://org/name`, or `hf://org/name@revision` with a commit, branch or tag.
        pin: Size in bytes and SHA-256 of every file, by name, where they are known beforehand.
        shapes: See `aezoo.store.read`.

    Returns:
        The verified model.

    Raises:
        HubError: The Hub, or the way to it, did not do what was asked.
        StoreError: The repository holds no valid model.
        ValueError: `source` is no address.
    """
    wanted = Address.parse(source)
    address = wanted
    if not wanted.pinned:
        from aezoo.hub.download import resolve

        address = resolve(wanted)
        print(f"{wanted} is {address}: load that to stay with it.", file=sys.stderr)
    stored = cache.find(address, shapes=shapes)
    if stored is None or (pin is not None and stored.listed != pin):
        from aezoo.hub.download import download

        download(address, pin=pin)
        try:
            stored = cache.read(address, shapes=shapes)
        except StoreError as error:
            error.add_note(f"It came from {address}.")
            raise
    return Snapshot(address, stored)
