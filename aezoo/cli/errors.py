"""What the command line says about an error, and the exit code it leaves."""

from __future__ import annotations

from typing import Any

from aezoo_registry import RegistryError

FAILED, MISUSED = 1, 2


def explain(error: Exception) -> tuple[str, int]:
    """Return the message for an error and the exit code.

    Args:
        error: What a command raised.

    Returns:
        The message, without a traceback, and the code: 2 where the command or an argument is
        wrong, 1 where something failed that was asked for rightly.

    Example:
        ```python
        from aezoo.cli.errors import explain

        assert explain(ValueError("n must be positive."))[1] == 2
        assert explain(FileNotFoundError("codes.npz does not exist."))[1] == 1
        ```
    """
    if hasattr(error, "format_message"):
        return _usage(error), MISUSED
    notes = " ".join(getattr(error, "__notes__", ()))
    return f"{_message(error)} {notes}".rstrip(), MISUSED if _is_misuse(error) else FAILED


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    hint = f" Try `{context.command_path} --help`." if context else ""
    message = str(error.format_message())
    return f"{message}{'' if message.endswith(('.', '?')) else '.'}{hint}"


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "There is not enough memory for this; try fewer samples or a smaller model."
    if isinstance(error, ModuleNotFoundError) and "pip install" in str(error):
        return str(error)
    from aezoo.hub.errors import HubError

    told = (ValueError, LookupError, OSError, RegistryError, HubError)
    if isinstance(error, told) and not _is_bug(error):
        return str(error)
    return f"{type(error).__name__}: {error} This is unexpected; `--debug` shows where it happened."


def _is_bug(error: Exception) -> bool:
    return isinstance(error, (KeyError, IndexError, UnicodeError)) or not str(error)


def _is_misuse(error: Exception) -> bool:
    if not isinstance(error, (ValueError, LookupError)) or _is_bug(error):
        return False
    from aezoo.data.images import ImageError
    from aezoo.hub.errors import HubError
    from aezoo.stored import StoreError

    return not isinstance(error, (HubError, ImageError, StoreError))
