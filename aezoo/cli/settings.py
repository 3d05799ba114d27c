"""Further arguments on the command line: `--set beta=4`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def parse(settings: Iterable[str] | None) -> dict[str, Any]:
    """Return arguments by name.

    Args:
        settings: Texts `key=value`; a value that is JSON is read as such, others are text.

    Returns:
        The values by key.

    Raises:
        ValueError: If a text has no `=`, or a key comes twice.

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
        if key in arguments:
            raise ValueError(f"A setting can be given once. Received: set={text!r} again.")
        try:
            arguments[key] = json.loads(value)
        except ValueError:
            arguments[key] = value
    return arguments
