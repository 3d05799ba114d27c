"""Publishing a model directory as one commit of a Hub repository."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aezoo.hub.address import Address, check_branch, check_repository
from aezoo.hub.errors import HubDeniedError, HubError
from aezoo.layout import CONFIG, GRAPHS, MANIFEST, WEIGHTS, is_shown
from aezoo.stored import few

DEFAULT_BRANCH = "main"


@dataclasses.dataclass(frozen=True)
class File:
    """One file of a push.

    Attributes:
        name: Its name in the repository.
        size: Bytes.
        sha256: Hash of its content, in hexadecimal.
    """

    name: str
    size: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Push:
    """What a push did, or would do.

    Attributes:
        repository: `org/name`.
        files: The files that were given.
        commit: The commit that holds them; None after a dry run.
        changed: Whether the last request made a commit; False where the repository held the
            same files.
    """

    repository: str
    files: tuple[File, ...]
    commit: str | None
    changed: bool

    @property
    def address(self) -> str | None:
        """What loads the model back: `hf://org/name@commit`; None after a dry run."""
        return self.commit and str(Address(self.repository, self.commit))


def describe(contents: Mapping[str, bytes]) -> tuple[File, ...]:
    """Returns the name, size and hash of each file.

    Args:
        contents: Content by name.
    """
    return tuple(
        File(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items()
    )


def push(
    contents: Mapping[str, bytes],
    repository: str,
    *,
    public: bool = False,
    message: str | None = None,
    branch: str | None = None,
    overwrite: bool = False,
) -> Push:
    """Commits the files of a model.

    The repository is made where there is none. Graphs of an earlier model that this one lacks
    are deleted in the same commit; other files are left alone. A card that somebody edited stays
    if the new one was made by aezoo (`aezoo.card.seal`).

    Args:
        contents: Content of every file by name, as `aezoo.store.contents` returns it.
        repository: `org/name`.
        public: Make a new repository public; without it, it is private.
        message: Message of the commit.
        branch: Branch to commit to, made where there is none; the default one if None.
        overwrite: Commit to a repository that holds what aezoo did not write, too.

    Returns:
        What was done.

    Raises:
        HubError: The Hub, or the way to it, did not do what was asked. Nothing is half-pushed:
            the repository has the commit, or has not.
        ValueError: `repository` or `branch` is no valid name.
    """
    check_repository(repository)
    if branch is not None:
        check_branch(branch)
    import huggingface_hub
    from huggingface_hub import constants

    from aezoo import card
    from aezoo.hub.calls import call
    from aezoo.hub.download import caller

    if huggingface_hub.get_token() is None:
        raise HubDeniedError(
            f"{repository}: pushing needs a token with the right to write; log in with "
            "`hf auth login`, or set HF_TOKEN."
        )
    api = huggingface_hub.HfApi(**caller())
    call(lambda: api.create_repo(repository, private=not public, exist_ok=True), repository)

    def look(revision: str | None) -> tuple[str, dict[str, Any]]:
        """Returns the commit and the files of a branch that may be written to."""
        found = api.model_info(
            repository,
            revision=revision,
            files_metadata=True,
            timeout=constants.HF_HUB_ETAG_TIMEOUT,
        )
        _check_visibility(repository, found, public=public)
        present = {file.rfilename: file for file in found.siblings or ()}
        if not overwrite:
            _check_ownership(repository, present)
        _check_commit(repository, found.sha)
        return str(found.sha), present

    if branch is not None:
        call(lambda: look(None), repository)
        call(lambda: api.create_branch(repository, branch=branch, exist_ok=True), repository)

    def commit() -> tuple[str, bool]:
        # Asked anew before each attempt: one that failed on the way back may have been made.
        head, present = look(branch)
        changed = [name for name, data in contents.items() if not _same(present.get(name), data)]
        if card.NAME in changed and card.NAME in present and card.is_unedited(contents[card.NAME]):
            theirs = huggingface_hub.hf_hub_download(
                repository, card.NAME, revision=head, **caller()
            )
            if not card.is_unedited(Path(theirs).read_bytes()):
                changed.remove(card.NAME)
        stale = [name for name in GRAPHS if name in present and name not in contents]
        if not changed and not stale:
            return head, False
        operations: list[Any] = [
            huggingface_hub.CommitOperationAdd(path_in_repo=name, path_or_fileobj=contents[name])
            for name in changed
        ]
        operations += [huggingface_hub.CommitOperationDelete(path_in_repo=name) for name in stale]
        made = api.create_commit(
            repository,
            operations,
            commit_message=message or "Upload model with aezoo",
            revision=branch,
            parent_commit=head,
        )
        _check_commit(repository, made.oid)
        return made.oid, True

    made, changed = call(commit, repository)
    return Push(repository, describe(contents), made, changed)


def _check_visibility(repository: str, found: Any, *, public: bool) -> None:
    if public and found.private:
        raise HubError(
            f"{repository}: exists, and is private; make it public in its settings, or push "
            "without public=True (--public)."
        )
    if not public and found.private is False:
        raise HubError(
            f"{repository}: exists, and is public; to publish there pass public=True (--public), "
            "or choose another name."
        )


def _check_commit(repository: str, answered: Any) -> None:
    if not isinstance(answered, str) or not Address(repository, answered).pinned:
        raise HubError(
            f"{repository}: the server's answer names no commit; look at the repository, and check "
            "HF_ENDPOINT."
        )


def _check_ownership(repository: str, present: Iterable[str]) -> None:
    names = [name for name in present if name != ".gitattributes"]  # the Hub's own
    foreign = [name for name in names if not _is_ours(name)]
    if names and MANIFEST not in names:
        foreign = names
    if foreign:
        raise HubError(
            f"{repository}: not touched, because it holds what aezoo did not write "
            f"({few(sorted(foreign))}); choose another name, or pass overwrite=True (--overwrite) "
            "to push beside it."
        )


def _is_ours(name: str) -> bool:
    """Whether a file of this name is one that a push writes."""
    return is_shown(name) or name in (CONFIG, WEIGHTS, MANIFEST, *GRAPHS)


def _same(file: Any, data: bytes) -> bool:
    """Whether the repository holds this content under this name already."""
    if file is None:
        return False
    if file.lfs is not None:
        return bool(file.lfs.sha256 == hashlib.sha256(data).hexdigest())
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
    return bool(file.blob_id == blob.hexdigest())
