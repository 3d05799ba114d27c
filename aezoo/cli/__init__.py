"""The command `aezoo`: its entry point, which imports what the words on the line need."""

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

_LISTS = (["list"], ["list", "--json"])
"""What answers without Typer, whose import takes as long as all the rest."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows `aezoo`; None for those of this process.

    Returns:
        The exit code: 0, 1 where something failed, 2 where the command was not understood or an
        argument is wrong.

    Example:
        ```python
        from aezoo.cli import main

        assert main(["list", "variants"]) == 0
        ```
    """
    # TensorFlow reads it when it is imported; this is the application, so it may set it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    words = [*(sys.argv[1:] if arguments is None else arguments)]
    end = words.index("--") if "--" in words else len(words)
    debug = "--debug" in words[:end]
    words[:end] = [word for word in words[:end] if word != "--debug"]
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            return _run(words)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 1
    except Exception as error:
        if debug:
            raise
        from aezoo.cli.console import show_error
        from aezoo.cli.errors import explain

        message, code = explain(error)
        show_error(message)
        return code


def _run(words: list[str]) -> int:
    if words in _LISTS:
        from aezoo.cli.names import show_names

        show_names(json=len(words) > 1)
        return 0
    from aezoo.cli.application import run

    return run(words)


def _show_warning(*warning: Any, **details: Any) -> None:
    from aezoo.cli.console import show_warning

    show_warning(*warning, **details)
