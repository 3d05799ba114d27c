"""Downloading what the cache lacks, and nothing but the files of a model."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import huggingface_hub

from aezoo import strict_json
from aezoo.hub.address import Address
from aezoo.hub.calls import call
from aezoo.hub.errors import HubDamagedError, HubError, HubUnreachableError
from aezoo.layout import MANIFEST, parse_manifest
from aezoo.stored import StoreError, naming


def resolve(address: Address) -> Address:
    """Returns the address of the commit that a branch or tag is at.

    Its manifest is fetched for that, because such requests have a time limit, and because the
    cache then remembers the commit: it is the answer when there is no connection.

    Args:
        address: With a branch or tag, or without a revision.

    Raises:
        HubError: There is none, or no answer.
        StoreError: The repository holds no manifest that could be one.
    """
    try:
        manifest = _fetch(address, MANIFEST, limit=strict_json.MAX_BYTES)
    except HubUnreachableError:
        found = huggingface_hub.try_to_load_from_cache(
            address.repository, MANIFEST, revision=address.revision
        )
        if not isinstance(found, str):
            raise
        print(f"{address}: no answer from the Hub; the cache is used.", file=sys.stderr)
        manifest = Path(found)
    resolved = address.at(manifest.parent.name)
    if not resolved.pinned:
        raise HubError(f"{address}: the answer names no commit; check HF_ENDPOINT.")
    return resolved


def download(address: Address, *, pin: Mapping[str, tuple[int, str]] | None = None) -> None:
    """Brings the files of a model into the cache, verified by size and SHA-256.

    The client compares sizes only. Where a file is not what the manifest says, both are downloaded
    once more.

    Args:
        address: With the commit.
        pin: What the manifest has to list, where that is known beforehand.

    Raises:
        HubError: A file could not be had, or is not what the manifest says.
        StoreError: The repository holds no valid manifest.
    """
    for again in (False, True):
        try:
            for name, expected in _manifest(address, pin, again=again).items():
                path = _fetch(address, name, limit=expected[0])
                if again and _size_and_hash(path) != expected:
                    path = _fetch(address, name, limit=expected[0], again=True)
                if _size_and_hash(path) != expected:
                    raise HubDamagedError(
                        f"{address}: {name} is not what {MANIFEST} says, nor was it when it was "
                        "downloaded again; tell the repository's owner, or load another commit."
                    )
            return
        except (HubDamagedError, StoreError):
            if again:
                raise


def caller() -> dict[str, Any]:
    """Returns what the client tells the Hub about who asks."""
    return {"library_name": "aezoo", "library_version": metadata.version("aezoo")}


def _manifest(
    address: Address, pin: Mapping[str, tuple[int, str]] | None, *, again: bool
) -> dict[str, tuple[int, str]]:
    """Returns the size and hash of each file of the model."""
    path = _fetch(address, MANIFEST, limit=strict_json.MAX_BYTES, again=again)
    with naming(f"{address}: {MANIFEST}"):
        listed = parse_manifest(path.read_bytes())
    if pin is not None and listed != pin:
        raise HubDamagedError(
            f"{address}: its files are not those that the preset's record pins; update the "
            "package that ships the preset, or tell its author."
        )
    return listed


def _fetch(address: Address, name: str, *, limit: int, again: bool = False) -> Path:
    """Returns the path of a file in the cache, downloading it if it is not there, or `again`.

    Its size is asked for first: nobody can make us fetch more than `limit` bytes.
    """
    subject = str(address) if name == MANIFEST else f"{address}: {name}"

    def client(**options: Any) -> Any:
        return huggingface_hub.hf_hub_download(
            address.repository,
            name,
            revision=address.revision,
            force_download=again,
            **options,
            **caller(),
        )

    ahead = call(lambda: client(dry_run=True), subject)
    if not ahead.is_cached and (ahead.file_size or 0) > limit:
        raise StoreError(f"{subject}: {ahead.file_size} bytes, expected at most {limit}.")
    return Path(call(client, subject))


def _size_and_hash(path: Path) -> tuple[int, str]:
    with open(path, "rb") as file:
        return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
