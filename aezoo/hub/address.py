"""Where a model is on the Hub: `hf://org/name@revision`."""

from __future__ import annotations

import dataclasses
import re

SCHEME = "hf://"

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LONGEST = 96


@dataclasses.dataclass(frozen=True)
class Address:
    """A model repository, and which state of it.

    Attributes:
        repository: `org/name`.
        revision: Commit, branch or tag; None for the default branch.
    """

    repository: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads an address.

        Args:
            text: `hf://org/name`, with `@` and a commit, branch or tag where one is wanted.

        Returns:
            The address.

        Raises:
            ValueError: If it is none.

        Example:
            >>> Address.parse("hf://org/name@v1").revision
            'v1'
        """
        repository, at, revision = text.removeprefix(SCHEME).partition("@")
        if not text.startswith(SCHEME) or (at and not _is_revision(revision)):
            raise ValueError(_expected(text))
        check_repository(repository, text)
        return cls(repository, revision or None)

    @property
    def pinned(self) -> bool:
        """Whether the revision is a whole commit hash, which always means the same files."""
        return self.revision is not None and _COMMIT.fullmatch(self.revision) is not None

    def at(self, commit: str) -> Address:
        """Returns the address of one commit of the repository."""
        return Address(self.repository, commit)

    def __str__(self) -> str:
        """Returns what `parse` reads."""
        return f"{SCHEME}{self.repository}" + (f"@{self.revision}" if self.revision else "")


def check_repository(repository: str, received: str | None = None) -> None:
    """Checks the name of a repository before anything is asked for it.

    Args:
        repository: What should be `org/name`.
        received: What the user gave, where that was more.

    Raises:
        ValueError: If it is no such name.
    """
    doubtful = "--" in repository or ".." in repository or repository.endswith((".git", ".ipynb"))
    if doubtful or len(repository) > _LONGEST or not _REPOSITORY.fullmatch(repository):
        raise ValueError(_expected(repository if received is None else received))


def check_branch(branch: str) -> None:
    """Checks the name of a branch.

    Raises:
        ValueError: If it is none.
    """
    if not _is_revision(branch) or _COMMIT.fullmatch(branch):
        raise ValueError(f"branch must be the name of a branch. Received: branch={branch!r:.120}.")


def _is_revision(text: str) -> bool:
    return ".." not in text and _REVISION.fullmatch(text) is not None


def _expected(received: str) -> str:
    return (
        "A model on the Hub is hf://org/name, or hf://org/name@revision with a commit, branch or "
        f"tag, and org/name is where to push one. Received: {received!r:.120}."
    )
