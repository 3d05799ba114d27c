"""Downloading what the cache lacks, and nothing but the files of a model."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import constants

from aezoo import regular_file, strict_json
from aezoo.hub import cache
from aezoo.hub.address import Address
from aezoo.hub.calls import call
from aezoo.hub.errors import HubDamagedError, HubError, HubUnreachableError
from aezoo.layout import MANIFEST, parse_manifest
from aezoo.stored import StoreError, naming

_ETAG = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}")


def resolve(address: Address) -> Address:
    """Returns the address of the commit that a branch or tag is at.

    The cache remembers it: without an answer from the Hub, the commit that was found last is
    returned, and stderr says so.

    Args:
        address: With a branch or tag, or without a revision.

    Raises:
        HubError: There is none, or no answer.
    """
    named = Address(address.repository, address.revision or constants.DEFAULT_REVISION)
    try:
        found = _metadata(named, MANIFEST, str(address))
    except HubUnreachableError:
        cached = huggingface_hub.try_to_load_from_cache(
            named.repository, MANIFEST, revision=named.revision
        )
        if not isinstance(cached, str):
            raise
        print(f"{address}: no answer from the Hub; the last commit known is used.", file=sys.stderr)
        return address.at(Path(cached).parent.name)
    resolved = address.at(found.commit_hash or "")
    if not resolved.pinned:
        raise HubError(f"{address}: the answer names no commit; check HF_ENDPOINT.")
    # Fetched under the name of its branch or tag, the cache notes which commit that was.
    _fetch(named, MANIFEST, limit=strict_json.MAX_BYTES)
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
                if again and not _holds(path, expected):
                    path = _fetch(address, name, limit=expected[0], again=True)
                if not _holds(path, expected):
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
        listed = parse_manifest(_read(path, limit=strict_json.MAX_BYTES))
    if pin is not None and listed != pin:
        raise HubDamagedError(
            f"{address}: its files are not those that the preset's record pins; update the "
            "package that ships the preset, or tell its author."
        )
    return listed


def _fetch(address: Address, name: str, *, limit: int, again: bool = False) -> Path:
    """Returns the path of a file in the cache, downloading it if it is not there, or `again`.

    At most about `limit` bytes are fetched, whatever the server announces.
    """
    subject = str(address) if name == MANIFEST else f"{address}: {name}"
    path = cache.snapshot(address) / name
    if again:
        _clear(path, subject)  # the client would leave a wrong link as it is
    if not path.exists():
        found = _metadata(address, name, subject)
        # The client makes it the name of a file.
        if not _ETAG.fullmatch(found.etag or ""):
            raise HubError(
                f"{subject}: the server does not answer as a Hub does; check HF_ENDPOINT."
            )
        if (found.size or 0) > limit:
            raise StoreError(f"{subject}: {found.size} bytes, expected at most {limit}.")
    return Path(
        call(
            lambda: huggingface_hub.hf_hub_download(
                address.repository,
                name,
                revision=address.revision,
                force_download=again,
                tqdm_class=_bounded(subject, limit),
                **caller(),
            ),
            subject,
        )
    )


def _clear(path: Path, subject: str) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise HubError(f"{subject}: {path} is no file; delete it.") from error


def _metadata(address: Address, name: str, subject: str) -> huggingface_hub.HfFileMetadata:
    """Returns what the Hub says of a file, without falling back to the cache."""
    url = huggingface_hub.hf_hub_url(address.repository, name, revision=address.revision)
    return call(
        lambda: huggingface_hub.get_hf_file_metadata(
            url, timeout=constants.HF_HUB_ETAG_TIMEOUT, **caller()
        ),
        subject,
    )


def _bounded(subject: str, limit: int) -> type[huggingface_hub.utils.tqdm]:
    """Returns a progress bar that ends a download which goes on beyond its announced end."""
    largest = 2 * limit + 2**20  # the client may count a chunk that it fetches again twice

    class Bounded(huggingface_hub.utils.tqdm):  # type: ignore[misc]
        received = 0.0

        def update(self, n: float | None = 1) -> bool | None:
            self.received += n or 0
            if self.received > largest:
                raise StoreError(f"{subject}: more than the {limit} bytes expected.")
            return super().update(n)  # type: ignore[no-any-return]

    return Bounded


def _read(path: Path, *, limit: int) -> bytes:
    """Returns a file of the cache, which somebody may have tampered with."""
    directory = path.parent
    return regular_file.read(
        path, roots=[directory.resolve(), *cache.roots(directory)], limit=limit
    )


def _holds(path: Path, expected: tuple[int, str]) -> bool:
    """Whether a file has the expected size and SHA-256."""
    try:
        data = _read(path, limit=expected[0])
    except ValueError:
        return False
    return (len(data), hashlib.sha256(data).hexdigest()) == expected
