"""Calling huggingface_hub: tried again where that helps, explained where it does not."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import TypeVar

from aezoo.hub.errors import HubError
from aezoo.hub.explanations import asked_wait, explain, is_transient
from aezoo.stored import StoreError

Result = TypeVar("Result")

PATIENCE = 10.0
"""Seconds after which an attempt is the last: the client makes attempts of its own, too."""

WAITS: tuple[float, ...] = (0.5, 1.0, 2.0)
"""Seconds before each further attempt at a request that failed on the way."""


def call(function: Callable[[], Result], subject: str) -> Result:
    """Calls the client.

    Args:
        function: Makes the requests; may be called more than once.
        subject: What is asked for, as errors name it.

    Returns:
        What `function` returned.

    Raises:
        HubError: What failed, and what to do about it.
    """
    waits = iter(WAITS)
    while True:
        start = time.monotonic()
        try:
            with warnings.catch_warnings():
                # The client warns in the server's own words, which may echo a token.
                warnings.filterwarnings("ignore", module="huggingface_hub|httpx2")
                return function()
        except (HubError, StoreError):
            raise
        except Exception as error:
            asked = asked_wait(error)
            again = is_transient(error) if asked is None else asked <= PATIENCE
            hasty = time.monotonic() - start < PATIENCE
            wait = next(waits, None) if again and hasty else None
            problem = explain(error, subject)
            if problem is None:
                raise
        if wait is None:
            # Outside of `except`: the client's error, in which a server may have echoed a token,
            # becomes neither cause nor context of ours.
            raise problem
        time.sleep(max(wait, asked or 0.0))
