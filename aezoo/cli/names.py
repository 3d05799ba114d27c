"""Names of what is installed, as `aezoo list` shows them, without Typer."""

import json as json_format
import sys

import aezoo_registry


def show_names(kind: str | None = None, *, json: bool = False) -> None:
    """Print the names of what is installed.

    Args:
        kind: One of `aezoo_registry.GROUPS`; None for all of them.
        json: Whether to print JSON, kind to names.
    """
    kinds = [kind] if kind else [*aezoo_registry.GROUPS]
    names = {kind: aezoo_registry.names(kind) for kind in kinds}
    if json:
        print(json_format.dumps(names, indent=2))
    elif kind:
        for name in names[kind]:
            print(name)
    else:
        _show_groups(names)


def _show_groups(groups: dict[str, list[str]]) -> None:
    from textwrap import wrap

    width = max(map(len, groups))
    start, end = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    for kind, found in groups.items():
        lines = wrap(", ".join(found) or "none", 80, break_long_words=False, break_on_hyphens=False)
        print(f"{start}{kind.ljust(width)}{end}  {lines[0]}")
        for line in lines[1:]:
            print(f"{' ' * width}  {line}")
