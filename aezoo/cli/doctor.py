"""`aezoo doctor`."""

import dataclasses
from typing import Annotated, Any

import typer

import aezoo_registry
from aezoo.cli.console import note, quiet_import, show_json, show_table
from aezoo.cli.errors import FAILED
from aezoo.cli.options import Json


def doctor(
    json: Json = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 unless every row is ok.")
    ] = False,
) -> None:
    """Import everything that is registered and say what works."""
    with quiet_import():
        import keras  # noqa: F401
    rows = aezoo_registry.report(check=_check)
    if json:
        show_json([dataclasses.asdict(row) for row in rows])
    else:
        columns = ("status", "kind", "name", "distribution", "detail")
        show_table(
            columns,
            (
                (row.status, row.kind, row.name, f"{row.distribution} {row.version}", row.detail)
                for row in rows
            ),
        )
    bad = sum(row.status != "ok" for row in rows)
    note(f"{len(rows) - bad} of {len(rows)} ok.")
    if strict and bad:
        raise typer.Exit(FAILED)


def _check(kind: str, found: Any) -> None:
    """Raise TypeError unless an imported object is of its kind."""
    from aezoo.core import Autoencoder

    if kind == "variants" and not (isinstance(found, type) and issubclass(found, Autoencoder)):
        raise TypeError("It is not a subclass of aezoo.Autoencoder")
    if not callable(found):
        raise TypeError("It is neither a class nor a function")
