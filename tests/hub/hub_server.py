"""A Hub on loopback for the unmodified huggingface_hub client, with faults on demand.

with HubServer() as hub:
    repository = hub.add_repository("org/name", {"config.json": b"{}"})
    hub.fail("503", path="config.json", times=2)
    hf_hub_download("org/name", "config.json", endpoint=hub.endpoint)
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from hub_api import HubApi, User
from hub_faults import Fault
from hub_messages import Answer, Request
from hub_repository import Repository


class HubServer:
    """A running Hub; everything it knows goes with it.

    Attributes:
        endpoint: What `HF_ENDPOINT` is to be.
        requests: Every request that was received, in order.
        errors: What went wrong in the server itself, which a test wants empty.
    """

    WRITER, READER = "hf_writer", "hf_reader"  # tokens of a member of `org`, and of nobody

    def __init__(self):
        self._http = _Http(self)
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"
        self.requests: list[Request] = []
        self.errors: list[BaseException | None] = []
        self.api = HubApi(self.endpoint)
        self.api.users[self.WRITER] = User("alice", ("org",))
        self.api.users[self.READER] = User("bob", writes=False)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def __enter__(self) -> HubServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exception) -> None:
        self.heal()
        self._http.shutdown()
        self._http.server_close()
        for connection in self._http.connections:
            with contextlib.suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def repositories(self) -> dict[str, Repository]:
        """The repositories by `owner/name`."""
        return self.api.repositories

    def add_repository(
        self,
        name: str,
        files: Mapping[str, bytes] | None = None,
        *,
        private: bool = False,
        gated: bool = False,
    ) -> Repository:
        """Add a repository, with a commit of files if there are any."""
        repository = Repository(name, private=private, gated=gated)
        if files:
            repository.commit(files)
        self.repositories[name] = repository
        return repository

    def fail(self, kind: str, path: str = "", **options) -> Fault:
        """Let the next requests that match go wrong; see `Fault` for the options."""
        fault = Fault(kind, path, **options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def after(self, path: str, action: Callable[[], object], **options) -> Fault:
        """Do something once the answer to the next request that matches is made."""
        return self.fail("none", path, action=action, **options)

    def heal(self) -> None:
        """Let nothing go wrong any more, and go on with what is slow."""
        with self._lock:
            for fault in self._faults:
                fault.resume.set()
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that happens to a request, which uses it up once."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.times -= 1
                    return fault
        return None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hub: HubServer):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub
        self.connections: list[socket.socket] = []

    def get_request(self):
        accepted = super().get_request()
        self.connections.append(accepted[0])
        return accepted

    def handle_error(self, request, client_address) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError):  # the client may be killed at any time
            self.hub.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format, *args) -> None:
        pass

    def handle_any(self) -> None:
        hub, url = self.server.hub, urlsplit(self.path)
        fault = hub.take(self.command, url.path) or Fault("none", "")
        if fault.kind == "reset":
            return self.reset(fault)
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client was killed while it sent
            self.close_connection = True
            return
        query = parse_qs(url.query, keep_blank_values=True)
        request = Request(self.command, url.path, query, self.headers, body)
        hub.requests.append(request)
        answer = fault.replace(request) or hub.api.answer(request)
        if fault.action is not None:
            fault.action()
        if fault.kind == "lost":
            return self.reset(fault)
        self.send(answer, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    def send(self, answer: Answer, fault: Fault) -> None:
        if fault.kind != "slow":
            fault.reached.set()  # first, because the client may be done before this thread is
        self.send_response(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.send_body(answer.body, fault)

    def send_body(self, body: bytes, fault: Fault) -> None:
        if fault.kind == "wrong":
            body = fault.wrong(body)
        half = len(body) // 2
        self.wfile.write(body[:half])
        if fault.kind == "cut":
            self.close_connection = True
            return
        if fault.kind == "slow":
            fault.reached.set()
            fault.resume.wait()
        self.wfile.write(body[half:])

    def reset(self, fault: Fault) -> None:
        """Close the connection so that the client sees it reset, not just ended."""
        fault.reached.set()
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
