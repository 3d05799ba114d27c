"""What the Hub receives and what it answers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from email.message import Message
from typing import Any, NoReturn


@dataclasses.dataclass(frozen=True)
class Request:
    """A request as it was received; `path` is percent-encoded and without the query."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: bytes = dataclasses.field(repr=False)

    @property
    def token(self) -> str | None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    content_type: str = "application/json"


class Refused(Exception):
    """Carries the answer to a request that is not granted."""

    def __init__(self, answer: Answer):
        super().__init__(answer.status)
        self.answer = answer


def document(value: Any) -> Answer:
    """Return an answer that holds a JSON document."""
    return Answer(200, json.dumps(value).encode())


def refusal(
    status: int, message: str, code: str = "", *, headers: Mapping[str, str] | None = None, **more
) -> Answer:
    """Return an error as the Hub words it: in the body and in two headers."""
    all_headers = {"X-Error-Message": message, **(headers or {})}
    if code:
        all_headers["X-Error-Code"] = code
    return Answer(status, json.dumps({"error": message, **more}).encode(), all_headers)


def refuse(*args, **kwargs) -> NoReturn:
    """Answer with a `refusal`."""
    raise Refused(refusal(*args, **kwargs))
