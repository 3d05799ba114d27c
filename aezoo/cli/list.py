"""`aezoo list`."""

from typing import Annotated

import typer

import aezoo_registry
from aezoo.cli.names import show_names
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
    show_names(kind, json=json)
