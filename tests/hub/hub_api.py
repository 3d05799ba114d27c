"""The Hub's HTTP interface, as far as downloads, uploads and commits of models need it.

Uploads are those of Git LFS in its basic transfer. What the answers hold is what the
huggingface_hub client reads, and errors carry the Hub's own codes.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from hub_messages import Answer, Refused, Request, document, refuse
from hub_repository import Commit, File, Repository, is_large

DATE = "2026-01-01T00:00:00.000Z"


@dataclasses.dataclass(frozen=True)
class User:
    """Who a token belongs to: a name, the organisations it is a member of, and its rights."""

    name: str
    organisations: tuple[str, ...] = ()
    writes: bool = True

    def owns(self, namespace: str) -> bool:
        return namespace in (self.name, *self.organisations)


ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = []


def _route(method: str, path: str):
    """Register a method for a path, whose `{name}`s match one segment and `{name*}`s the rest."""
    pattern = path.replace("{repository}", "(?P<repository>[^/]+/[^/]+?)")
    pattern = re.sub(r"{(\w+)\*}", r"(?P<\1>.+)", pattern)
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", pattern)

    def register(handler):
        ROUTES.append((method, re.compile(pattern), handler))
        return handler

    return register


class HubApi:
    """The content of a Hub, and its answers to requests.

    Attributes:
        endpoint: Where it is served.
        users: Whom each token belongs to.
        repositories: The repositories by `owner/name`.
        objects: Content of uploaded large files by SHA-256.
    """

    def __init__(self, endpoint: str):
        self.endpoint = endpoint
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Answer a request.

        Raises:
            LookupError: If there is no such route.
        """
        method = "GET" if request.method == "HEAD" else request.method
        for verb, pattern, handler in ROUTES:
            found = pattern.fullmatch(request.path)
            if verb == method and found:
                parts = {k: unquote(v) for k, v in found.groupdict().items() if v is not None}
                with self._lock:
                    try:
                        self._user(request)
                        return handler(self, request, **parts)
                    except Refused as refused:
                        return refused.answer
        raise LookupError(f"The Hub of the tests has no route for {request.method} {request.path}.")

    # Who asks, and for what

    def _user(self, request: Request) -> User | None:
        if request.token is None:
            return None
        if request.token not in self.users:
            refuse(401, "Invalid credentials in Authorization header")
        return self.users[request.token]

    def _member(self, request: Request, namespace: str) -> User:
        """Return the user if it may write in a namespace."""
        user = self._user(request)
        if user is None:
            refuse(401, "Invalid username or password.")
        if not user.writes:
            refuse(403, "You must use a write token to upload to a repository.")
        if not user.owns(namespace):
            refuse(403, f"You don't have the rights to write in the namespace {namespace!r}")
        return user

    def _repository(self, request: Request, name: str, *, write: bool = False) -> Repository:
        repository, user = self.repositories.get(name), self._user(request)
        if repository and repository.private and not (user and user.owns(repository.owner)):
            repository = None
        if repository is None and user is None:  # the Hub does not tell strangers which it is
            refuse(401, "Invalid username or password.", "RepoNotFound")
        if repository is None:
            refuse(404, "Repository not found", "RepoNotFound")
        if write:
            self._member(request, repository.owner)
        return repository

    @staticmethod
    def _commit(repository: Repository, revision: str) -> Commit:
        commit = repository.find(revision)
        if commit is None:
            refuse(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    # Reading

    @_route("GET", "/api/agent-harnesses")
    def agent_harnesses(self, request):
        return document({"harnesses": []})

    @_route("GET", "/api/whoami-v2")
    def whoami(self, request):
        user = self._user(request)
        if user is None:
            refuse(401, "Invalid username or password.")
        role = "write" if user.writes else "read"
        return document(
            {
                "type": "user",
                "id": user.name,
                "name": user.name,
                "fullname": user.name,
                "orgs": [{"type": "org", "id": o, "name": o} for o in user.organisations],
                "auth": {"type": "access_token", "accessToken": {"role": role}},
            }
        )

    @_route("GET", "/api/models/{repository}(/revision/{revision})?")
    def info(self, request, repository, revision="main"):
        found = self._repository(request, repository)
        commit = self._commit(found, revision)
        siblings: list[dict[str, Any]] = [{"rfilename": path} for path in sorted(commit.files)]
        if "blobs" in request.query:
            for sibling in siblings:
                entry = _entry(sibling["rfilename"], commit.files[sibling["rfilename"]])
                sibling |= {"size": entry["size"], "blobId": entry["oid"]}
                if "lfs" in entry:
                    sibling["lfs"] = {**entry["lfs"], "sha256": entry["lfs"]["oid"]}
        return document(
            {
                "_id": repository,
                "id": repository,
                "modelId": repository,
                "author": found.owner,
                "sha": commit.id,
                "lastModified": DATE,
                "createdAt": DATE,
                "private": found.private,
                "gated": "manual" if found.gated else False,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": siblings,
            }
        )

    @_route("GET", "/api/models/{repository}/refs")
    def refs(self, request, repository):
        found = self._repository(request, repository)

        def listed(references, kind):
            return [
                {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}
                for name, commit in references.items()
            ]

        branches, tags = listed(found.branches, "heads"), listed(found.tags, "tags")
        return document({"branches": branches, "tags": tags, "converts": [], "pullRequests": []})

    @_route("GET", "/api/models/{repository}/tree/{revision}(/{folder*})?")
    def tree(self, request, repository, revision, folder=""):
        commit = self._commit(self._repository(request, repository), revision)
        start = f"{folder}/" if folder else ""
        recursive = request.query.get("recursive", ["false"])[0].lower() == "true"
        entries, folders = [], set()
        for path in sorted(path for path in commit.files if path.startswith(start)):
            *parents, _ = path.removeprefix(start).split("/")
            folders |= {start + "/".join(parents[: i + 1]) for i in range(len(parents))}
            if recursive or not parents:
                entries.append(_entry(path, commit.files[path]))
        if folder and not entries and not folders:
            refuse(404, f"{folder} does not exist", "EntryNotFound")
        shown = sorted(f for f in folders if recursive or "/" not in f.removeprefix(start))
        made = [{"type": "directory", "path": f, "oid": _sha1(f), "size": 0} for f in shown]
        return document(made + entries)

    @_route("POST", "/api/models/{repository}/paths-info/{revision}")
    def paths_info(self, request, repository, revision):
        commit = self._commit(self._repository(request, repository), revision)
        paths = parse_qs(request.body.decode()).get("paths", [])
        return document([_entry(p, commit.files[p]) for p in paths if p in commit.files])

    @_route("GET", "/api/models/{repository}/commits/{revision}")
    def commits(self, request, repository, revision):
        found = self._repository(request, repository)
        self._commit(found, revision)
        return document(
            [
                {"id": c.id, "title": c.message, "message": "", "date": DATE, "authors": []}
                for c in reversed(found.commits.values())
            ]
        )

    @_route("GET", "/{repository}/resolve/{revision}/{path*}")
    def resolve(self, request, repository, revision, path):
        found, user = self._repository(request, repository), self._user(request)
        if found.gated and not (user and user.owns(found.owner)):
            message = f"Access to model {repository} is restricted."
            refuse(403 if user else 401, message, "GatedRepo")
        commit = self._commit(found, revision)
        headers = {"X-Repo-Commit": commit.id}
        if path not in commit.files:
            refuse(404, "Entry not found", "EntryNotFound", headers=headers)
        file = commit.files[path]
        headers |= {"ETag": f'"{file.etag}"'}
        if not file.large:
            return _content(request, file.data, headers)
        # Large files are elsewhere: another origin, to which the client must send no token.
        self.objects[file.sha256] = file.data
        elsewhere = self.endpoint.replace("127.0.0.1", "localhost")
        headers |= {
            "X-Linked-Etag": f'"{file.etag}"',
            "X-Linked-Size": str(len(file.data)),
            "Location": f"{elsewhere}/large/{file.sha256}",
        }
        return Answer(302, b"", headers)

    @_route("GET", "/large/{sha256}")
    def large(self, request, sha256):
        return _content(request, self.objects[sha256], {"ETag": f'"{sha256}"'})

    # Writing

    @_route("POST", "/api/repos/create")
    def create(self, request):
        wanted, user = request.json, self._user(request)
        owner = wanted.get("organization") or (user.name if user else "")
        self._member(request, owner)
        name = f"{owner}/{wanted['name']}"
        url = f"{self.endpoint}/{name}"
        if name in self.repositories:
            refuse(409, "You already created this model repo", url=url)
        private = wanted.get("visibility") == "private"
        self.repositories[name] = Repository(name, private=private)
        return document({"url": url, "name": name})

    @_route("POST", "/api/models/{repository}/branch/{branch}")
    def create_branch(self, request, repository, branch):
        found = self._repository(request, repository, write=True)
        if branch in found.branches:
            refuse(409, "Reference already exists")
        start = request.json.get("startingPoint", "main")
        found.branches[branch] = self._commit(found, start).id
        return document({})

    @_route("POST", "/api/models/{repository}/tag/{revision}")
    def create_tag(self, request, repository, revision):
        found = self._repository(request, repository, write=True)
        if request.json["tag"] in found.tags:
            refuse(409, "Reference already exists")
        found.tags[request.json["tag"]] = self._commit(found, revision).id
        return document({})

    @_route("POST", "/api/validate-yaml")
    def validate_yaml(self, request):
        return document({"errors": [], "warnings": []})

    @_route("POST", "/api/models/{repository}/preupload/{revision}")
    def preupload(self, request, repository, revision):
        commit = self._commit(self._repository(request, repository, write=True), revision)
        files = []
        for wanted in request.json["files"]:
            large = is_large(base64.b64decode(wanted["sample"]), wanted["size"])
            files.append(
                {
                    "path": wanted["path"],
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                }
            )
            if wanted["path"] in commit.files:
                files[-1]["oid"] = commit.files[wanted["path"]].etag
        return document({"files": files})

    @_route("POST", r"/{repository}\.git/info/lfs/objects/batch")
    def batch(self, request, repository):
        self._repository(request, repository, write=True)
        objects = []
        for wanted in request.json["objects"]:
            objects.append({"oid": wanted["oid"], "size": wanted["size"]})
            if wanted["oid"] not in self.objects:
                verify = f"{self.endpoint}/{repository}.git/info/lfs/objects/verify"
                objects[-1]["actions"] = {
                    "upload": {"href": f"{self.endpoint}/large/{wanted['oid']}"},
                    "verify": {"href": verify},
                }
        return document({"transfer": "basic", "objects": objects})

    @_route("PUT", "/large/{sha256}")
    def upload(self, request, sha256):
        if hashlib.sha256(request.body).hexdigest() != sha256:
            refuse(400, "The content does not have this SHA-256")
        self.objects[sha256] = request.body
        return Answer(200)

    @_route("POST", r"/{repository}\.git/info/lfs/objects/verify")
    def verify(self, request, repository):
        self._repository(request, repository, write=True)
        if len(self.objects.get(request.json["oid"], b"")) != request.json["size"]:
            refuse(404, "There is no such object")
        return document({})

    @_route("POST", "/api/models/{repository}/commit/{branch}")
    def commit(self, request, repository, branch):
        found = self._repository(request, repository, write=True)
        head = self._commit(found, branch)
        header, *operations = (json.loads(line) for line in request.body.splitlines())
        if header["value"].get("parentCommit", head.id) != head.id:
            refuse(412, "A commit has happened since. Please refresh and try again.")
        files: dict[str, bytes | None] = {}
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                if value["oid"] not in self.objects:
                    refuse(400, "LFS pointer pointed to a file that does not exist")
                files[value["path"]] = self.objects[value["oid"]]
            elif operation["key"] == "deletedFile":
                if value["path"] not in head.files:
                    refuse(404, "A file with this name doesn't exist", "EntryNotFound")
                files[value["path"]] = None
            else:
                refuse(400, f"Unknown operation {operation['key']}")
        made = found.commit(files, branch=branch, message=header["value"]["summary"])
        url = f"{self.endpoint}/{repository}/commit/{made}"
        return document({"success": True, "commitOid": made, "commitUrl": url})


def _entry(path: str, file: File) -> dict[str, Any]:
    entry = {"type": "file", "path": path, "oid": file.oid, "size": len(file.data)}
    if file.large:
        pointer = len(file.pointer)
        entry["lfs"] = {"oid": file.sha256, "size": len(file.data), "pointerSize": pointer}
    return entry


def _content(request: Request, data: bytes, headers: Mapping[str, str]) -> Answer:
    """Answer with the bytes of a file, or with the range of them that was asked for."""
    headers, kind = {**headers, "Accept-Ranges": "bytes"}, "application/octet-stream"
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if not asked:
        return Answer(200, data, headers, kind)
    first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
    if first > last:
        return Answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Answer(206, data[first : last + 1], headers, kind)


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()
