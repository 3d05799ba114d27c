"""What can go wrong between here and the Hub."""


class HubError(RuntimeError):
    """The Hub, or the way to it, did not do what was asked. Its message never holds a token."""


class HubNotFoundError(HubError, LookupError):
    """There is no such repository, revision or file, or it is private."""


class HubDeniedError(HubError):
    """The Hub knows what was asked for, and refuses it to this user."""


class HubUnreachableError(HubError):
    """No answer, or none but errors of the server."""


class HubOfflineError(HubUnreachableError):
    """Offline mode is on, and the cache does not hold what was asked for."""


class HubBusyError(HubError):
    """The Hub limits the rate of requests."""


class HubMovedError(HubError):
    """Somebody else changed the repository at the same time."""


class HubDamagedError(HubError):
    """What was downloaded, twice, is not what the manifest says."""


class HubFullError(HubError):
    """The disk that holds the cache is full."""
