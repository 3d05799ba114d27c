"""What can go wrong between a client and the Hub, on demand."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Callable

from hub_messages import Answer, Request, refusal

# How an answer goes wrong on its way: before it (reset), in it (cut, slow, wrong), after it (lost).
WAYS = ("reset", "lost", "cut", "slow", "wrong")

REFUSALS = {
    "401": refusal(401, "Invalid credentials in Authorization header"),
    "403": refusal(403, "You have read access but not the required permissions"),
    "403 gated": refusal(403, "Access to this model is restricted.", "GatedRepo"),
    "404 repository": refusal(404, "Repository not found", "RepoNotFound"),
    "404 revision": refusal(404, "Invalid rev id", "RevisionNotFound"),
    "404 file": refusal(404, "Entry not found", "EntryNotFound"),
    "409": refusal(409, "Another operation is in progress"),
    "412": refusal(412, "A commit has happened since. Please refresh and try again."),
    "429": refusal(429, "Too Many Requests", headers={"Retry-After": "3"}),
    "500": refusal(500, "Internal Error"),
    "503": refusal(503, "Service Unavailable"),
    "html": Answer(200, b"<html>Please sign in to this network.</html>", {}, "text/html"),
}


def flip(data: bytes) -> bytes:
    """Return data with one bit changed, in the middle."""
    half = len(data) // 2
    return data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :]


@dataclasses.dataclass
class Fault:
    """Something that goes wrong for the next requests that match.

    Attributes:
        kind: A key of `REFUSALS`, one of `WAYS`, "echo" for a refusal that repeats the token in
            the request, or "none": only the action is done.
        path: Regular expression that is searched for in the request's path.
        method: The request's method, or "" for any.
        times: How many more requests it happens to.
        wrong: Makes the content of a wrong answer; without it one bit is flipped.
        action: What is done before the answer is sent.
        reached: Set when it has happened.
        resume: What a slow answer waits for in its middle.
    """

    kind: str
    path: str
    method: str = ""
    times: int = 1
    wrong: Callable[[bytes], bytes] = flip
    action: Callable[[], object] | None = None
    reached: threading.Event = dataclasses.field(default_factory=threading.Event)
    resume: threading.Event = dataclasses.field(default_factory=threading.Event)

    def __post_init__(self):
        if self.kind not in (*REFUSALS, *WAYS, "echo", "none"):
            raise ValueError(f"No such kind of fault. Received: kind={self.kind!r}.")

    def matches(self, method: str, path: str) -> bool:
        if self.times <= 0 or self.method not in ("", method):
            return False
        if self.kind in ("cut", "slow", "wrong") and method == "HEAD":
            return False  # there is no body
        return re.search(self.path, path) is not None

    def replace(self, request: Request) -> Answer | None:
        """Return the answer to a request if this fault makes one."""
        if self.kind == "echo":
            return refusal(400, f"Received: {request.headers.get('Authorization')}")
        return REFUSALS.get(self.kind)
