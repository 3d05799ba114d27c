"""`aezoo verify`."""

from typing import Annotated

import typer

import aezoo_registry
from aezoo.cli.console import note, quiet_import, show_json, show_table
from aezoo.cli.errors import FAILED
from aezoo.cli.options import Json


def verify(
    preset: Annotated[
        str | None,
        typer.Argument(metavar="[PRESET]", show_default=False, help="One preset; all by default."),
    ] = None,
    json: Json = False,
) -> None:
    """Re-hash pretrained models and compare their answers with the recorded ones."""
    names = [aezoo_registry.preset(preset).name] if preset else aezoo_registry.preset_names()
    with quiet_import():
        import keras  # noqa: F401
    from aezoo import verification

    rows = [(name, check) for name in names for check in verification.verify(name)]
    if json:
        show_json(
            [
                {"preset": name, "check": check.name, "ok": check.ok, "detail": check.detail}
                for name, check in rows
            ]
        )
    else:
        show_table(
            ["", "preset", "check", "detail"],
            [
                ["ok" if check.ok else "WRONG", name, check.name, check.detail]
                for name, check in rows
            ],
        )
    wrong = {name for name, check in rows if not check.ok}
    note(f"{len(names) - len(wrong)} of {len(names)} presets are as they were published.")
    if wrong:
        raise typer.Exit(FAILED)
