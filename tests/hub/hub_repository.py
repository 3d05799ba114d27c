"""What a model repository of the Hub is to a client: branches, tags and commits of files."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping

LARGE_BYTES = 10 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class File:
    """A file of a commit; a large one is kept by its SHA-256 (Git LFS), the others by git."""

    data: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.oid

    @property
    def oid(self) -> str:
        """The id of the git blob, which holds a pointer where the file is large."""
        blob = self.pointer if self.large else self.data
        return hashlib.sha1(b"blob %d\0" % len(blob) + blob).hexdigest()

    @property
    def pointer(self) -> bytes:
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{self.sha256}\nsize {len(self.data)}\n"
        ).encode()


@dataclasses.dataclass(frozen=True)
class Commit:
    id: str
    message: str
    files: dict[str, File]


def is_large(sample: bytes, size: int) -> bool:
    """Whether the Hub keeps a file in LFS, by its size and its first bytes: binary files, too."""
    return size >= LARGE_BYTES or b"\0" in sample


class Repository:
    """A repository that starts, as on the Hub, with a commit of `.gitattributes`.

    Args:
        name: `owner/name`.
        private: Whether only the owner's tokens see it.
        gated: Whether only the owner's tokens may download its files.
    """

    def __init__(self, name: str, *, private: bool = False, gated: bool = False):
        self.name = name
        self.private = private
        self.gated = gated
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.commits: dict[str, Commit] = {}
        self.commit({".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"})

    @property
    def owner(self) -> str:
        return self.name.split("/")[0]

    def commit(
        self, files: Mapping[str, bytes | None], *, branch: str = "main", message: str = "Change"
    ) -> str:
        """Commit files (None deletes one) to a branch, and return the commit's id."""
        parent = self.branches.get(branch)
        content = dict(self.commits[parent].files) if parent else {}
        for path, data in files.items():
            if data is None:
                del content[path]
            else:
                content[path] = File(data, is_large(data[:512], len(data)))
        made = hashlib.sha1(f"{self.name} {len(self.commits)} {parent}".encode()).hexdigest()
        self.commits[made] = Commit(made, message, content)
        self.branches[branch] = made
        return made

    def find(self, revision: str) -> Commit | None:
        """Return the commit that a branch, a tag or a commit id means."""
        return self.commits.get(self._id(revision))

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Return the content of every file by path, without `.gitattributes`."""
        files = self.commits[self._id(revision)].files
        return {p: file.data for p, file in files.items() if p != ".gitattributes"}

    def _id(self, revision: str) -> str:
        return self.branches.get(revision) or self.tags.get(revision) or revision
