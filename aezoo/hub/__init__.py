"""The Hugging Face Hub: fetching models, and publishing them.

Nothing else in aezoo imports huggingface_hub. A model is data there too: what comes from the Hub is
read by `aezoo.store`, and no file of a repository beyond the model's own is ever fetched.
"""

from aezoo.hub.address import Address, check_branch, check_repository
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
from aezoo.hub.pull import Snapshot, pull
from aezoo.hub.push import File, Push, describe, push

__all__ = [
    "Address",
    "File",
    "HubBusyError",
    "HubDamagedError",
    "HubDeniedError",
    "HubError",
    "HubFullError",
    "HubMovedError",
    "HubNotFoundError",
    "HubOfflineError",
    "HubUnreachableError",
    "Push",
    "Snapshot",
    "check_branch",
    "check_repository",
    "describe",
    "pull",
    "push",
]
