"""What the registry raises."""

from __future__ import annotations


class RegistryError(Exception):
    """Base class of everything that the registry raises about names and plugins."""


class UnknownName(RegistryError, LookupError):
    """No installed distribution registers the name."""


class AmbiguousName(RegistryError, LookupError):
    """Several installed distributions register the name, each for something else."""


class PluginError(RegistryError, RuntimeError):
    """A registered object or preset cannot be loaded; `__cause__` is the reason."""


def summary(error: BaseException) -> str:
    """Return the type and the message of `error` in one line, without a full stop.

    Args:
        error: Any exception.

    Returns:
        For example `"ImportError: no module named x"`; the type alone where there
        is no message.
    """
    message = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
