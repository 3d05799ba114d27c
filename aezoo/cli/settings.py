"""Further arguments on the command line: `--set beta=4`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_TAKEN = ("data", "dtype", "name", "sample_shape", "seed")


def spec(text: str | None) -> Any:
    """Return what an option names: a name, or a dictionary that is written as JSON.

    Args:
        text: A name, or JSON such as `{"name": "gmm", "components": 20}`.

    Returns:
        The text, or the dictionary.

    Raises:
        ValueError: If the text begins like a dictionary and is none.

    Example:
        ```python
        from aezoo.cli.settings import spec

        assert spec("gmm") == "gmm"
        assert spec('{"name": "gmm", "components": 2}')["components"] == 2
        ```
    """
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(
            'Arguments are written as JSON, such as \'{"name": "gmm", "components": 20}\': '
            f"{error}. Received: {text!r}."
        ) from error


def parse(settings: Iterable[str] | None) -> dict[str, Any]:
    """Return arguments by name.

    Args:
        settings: Texts `key=value`; a value that is JSON is read as such, others are text.

    Returns:
        The values by key.

    Raises:
        ValueError: If a text has no `=`, a key comes twice, or it is decided elsewhere.

    Example:
        ```python
        from aezoo.cli.settings import parse

        assert parse(["beta=4", "body=conv"]) == {"beta": 4, "body": "conv"}
        ```
    """
    arguments: dict[str, Any] = {}
    for text in settings or ():
        key, equals, value = text.partition("=")
        if not (equals and key.isidentifier()):
            raise ValueError(f"A setting is written KEY=VALUE. Received: set={text!r}.")
        if key in _TAKEN:
            raise ValueError(
                f"{key} is not a setting: it has its own option or follows from the data. "
                f"Received: set={text!r}."
            )
        if key in arguments:
            raise ValueError(f"A setting can be given once. Received: set={text!r} again.")
        try:
            arguments[key] = json.loads(value)
        except ValueError:
            arguments[key] = value
    return arguments


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Return the `(height, width)` that an option names, or None.

    Args:
        text: Such as `64x64`, or None.

    Raises:
        ValueError: If the text is no size.

    Example:
        ```python
        from aezoo.cli.settings import parse_size

        assert parse_size("48x64") == (48, 64)
        ```
    """
    if text is None:
        return None
    height, cross, width = text.lower().partition("x")
    if not (cross and height.isdecimal() and width.isdecimal()):
        raise ValueError(f"A size is written HEIGHTxWIDTH, such as 64x64. Received: size={text!r}.")
    return int(height), int(width)
