"""Telling a card that aezoo wrote from one that somebody edited."""

from __future__ import annotations

import hashlib

_LINE = (
    "\n<!-- Written by aezoo: replaced when the model is pushed again, unless it was edited "
    "(sha256 {}). -->\n"
)
_LENGTH = len(_LINE.format("0" * 64))


def seal(text: str) -> bytes:
    """Returns a card with a last line that tells whether it was edited since.

    Args:
        text: The card.

    Example:
        >>> is_unedited(seal("# digits"))
        True
    """
    return _sealed(text.encode())


def is_unedited(data: bytes) -> bool:
    """Returns whether a card is as `seal` returned it.

    Args:
        data: Content of a `README.md`.

    Example:
        >>> is_unedited(b"# My digits")
        False
    """
    return data == _sealed(data[:-_LENGTH])


def _sealed(body: bytes) -> bytes:
    return body + _LINE.format(hashlib.sha256(body).hexdigest()).encode()
