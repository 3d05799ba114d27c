"""`aezoo list`."""

from typing import Annotated

import typer

import aezoo_registry
from aezoo.cli.console import show_json
from aezoo.cli.options import Json


def list_names(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]", show_default=False, help=f"One of {', '.join(aezoo_registry.GROUPS)}."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List what is installed, by name."""
    kinds = [kind] if kind else [*aezoo_registry.GROUPS]
    names = {kind: aezoo_registry.names(kind) for kind in kinds}
    if json:
        show_json(names)
        return
    width = max(map(len, kinds))
    for kind, found in names.items():
        lines = found if len(kinds) == 1 else _wrapped(found)
        for position, line in enumerate(lines):
            heading = typer.style(kind.ljust(width), bold=True) if position == 0 else " " * width
            typer.echo(line if len(kinds) == 1 else f"{heading}  {line}")


def _wrapped(names: list[str]) -> list[str]:
    from textwrap import wrap

    return wrap(", ".join(names) or "none", 80, break_long_words=False, break_on_hyphens=False)
