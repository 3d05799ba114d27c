"""What the client's errors mean for the user, and what to do about them."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator

import httpx2
from huggingface_hub import errors as client
from huggingface_hub import get_token

from aezoo.hub.errors import (
    HubBusyError,
    HubDamagedError,
    HubDeniedError,
    HubError,
    HubFullError,
    HubMovedError,
    HubNotFoundError,
    HubOfflineError,
    HubUnreachableError,
)


def is_transient(error: BaseException) -> bool:
    """Returns whether the same request may succeed a moment later."""
    found = _root(error)
    if isinstance(found, client.HfHubHTTPError):
        return found.response.status_code in (500, 502, 503, 504)
    if _is_incomplete(found):
        return True
    return isinstance(found, httpx2.TransportError) and not isinstance(
        found, (httpx2.ProxyError, httpx2.UnsupportedProtocol)
    )


def asked_wait(error: BaseException) -> float | None:
    """Returns the seconds that the Hub asks to wait, where it limits the rate of requests."""
    found = _root(error)
    if isinstance(found, client.HfHubHTTPError) and found.response.status_code == 429:
        wait = found.response.headers.get("Retry-After", "")
        return float(wait) if wait.isdecimal() else None
    return None


def explain(error: BaseException, subject: str) -> HubError | None:
    """Returns what an error of the client means for the user.

    Nothing that the server sent becomes part of the message: it may echo what it was sent.

    Args:
        error: What huggingface_hub raised.
        subject: What was asked for: an address or a repository.

    Returns:
        The error to raise instead; None if it does not come from the Hub or the way to it.
    """
    found = _root(error)
    if isinstance(found, client.HfHubHTTPError):
        return _answered(found, subject)
    if isinstance(found, client.OfflineModeIsEnabled):
        return HubOfflineError(
            f"{subject}: offline mode is on, and the cache does not hold this model whole. Unset "
            "HF_HUB_OFFLINE and pull it once."
        )
    if isinstance(found, httpx2.ProxyError):
        return HubUnreachableError(
            f"{subject}: the proxy refused the connection; check HTTPS_PROXY and NO_PROXY."
        )
    if isinstance(found, httpx2.TransportError):
        return HubUnreachableError(
            f"{subject}: no answer from the Hub ({type(found).__name__}); check the connection "
            "and HF_ENDPOINT, then try again."
        )
    if isinstance(found, OSError) and found.errno in (errno.ENOSPC, errno.EDQUOT):
        return HubFullError(
            f"{subject}: the disk is full; free space there, or set HF_HOME to a folder on "
            "another disk."
        )
    if isinstance(found, OSError) and found.errno is not None:
        return HubError(
            f"{subject}: the Hub's cache cannot be used ({found.strerror}); check HF_HOME."
        )
    if _is_incomplete(found):
        return HubDamagedError(f"{subject}: it arrived incomplete; try again.")
    if "xet" in str(found).lower():
        return HubError(
            f"{subject}: this server does not speak the Xet protocol; set HF_HUB_DISABLE_XET=1 "
            "and try again."
        )
    if isinstance(error, client.EntryNotFoundError):
        return HubUnreachableError(f"{subject}: the Hub cannot be reached; try again.")
    if isinstance(found, UnicodeEncodeError):
        return HubDeniedError(
            f"{subject}: HF_TOKEN, or another header, holds characters that none may hold; set it "
            "again."
        )
    # The client trusts what a server sends, and fails as it may on what is no answer of a Hub.
    if _is_of_the_client(error):
        return HubError(
            f"{subject}: the server does not answer as a Hub does, or the cache is damaged "
            f"({type(found).__name__}); check HF_ENDPOINT and HF_HOME."
        )
    return None


def _answered(error: client.HfHubHTTPError, subject: str) -> HubError:
    status = error.response.status_code
    if isinstance(error, client.GatedRepoError):
        return HubDeniedError(
            f"{subject}: its owner gates it; accept the terms on its page, and log in with "
            "`hf auth login` or HF_TOKEN."
        )
    if isinstance(error, client.DisabledRepoError):
        return HubDeniedError(f"{subject}: the Hub has disabled this repository.")
    if isinstance(error, client.RevisionNotFoundError):
        return HubNotFoundError(f"{subject}: the repository has no such commit, branch or tag.")
    if isinstance(error, client.RemoteEntryNotFoundError):
        return HubNotFoundError(
            f"{subject}: not there, so the repository holds no whole model of aezoo; check the "
            "name and the revision."
        )
    anonymous = status == 401 and get_token() is None
    if anonymous or isinstance(error, client.RepositoryNotFoundError):
        return HubNotFoundError(
            f"{subject}: no such repository, or it is private; check the name, and for a private "
            "one log in with `hf auth login` or HF_TOKEN."
        )
    if status == 401:
        return HubDeniedError(
            f"{subject}: the Hub does not accept the token; log in again with `hf auth login` or "
            "set HF_TOKEN."
        )
    if status == 403:
        return HubDeniedError(
            f"{subject}: your account may not do this; log in as a member of the organisation, "
            "with a token that has the right to do it (to push, the right to write)."
        )
    if status == 404:
        return HubNotFoundError(f"{subject}: not there; check the name.")
    if status in (409, 412):
        return HubMovedError(
            f"{subject}: somebody else changed the repository at the same time; look at it, then "
            "try again."
        )
    if status == 429:
        wait = asked_wait(error)
        when = "in a few minutes" if wait is None else f"in {wait:.0f} seconds"
        return HubBusyError(f"{subject}: too many requests; try again {when}.")
    if status >= 500:
        return HubUnreachableError(f"{subject}: the Hub has a problem ({status}); try again later.")
    return HubError(f"{subject}: the Hub refused the request ({status}).")


def _is_of_the_client(error: BaseException) -> bool:
    """Returns whether an error arose within the client, not in what calls it."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(
        frame.f_globals.get("__name__", "").partition(".")[0] in ("huggingface_hub", "hf_xet")
        for frame, _ in frames
    )


def _is_incomplete(error: BaseException) -> bool:
    return isinstance(error, OSError) and str(error).startswith("Consistency check failed")


def _root(error: BaseException) -> BaseException:
    """Returns the first error in a chain that tells what happened; the client wraps many."""
    for found in _chain(error):
        telling = (client.HfHubHTTPError, client.OfflineModeIsEnabled, httpx2.TransportError)
        full = isinstance(found, OSError) and found.errno is not None
        if isinstance(found, telling) or full:
            return found
    return error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
