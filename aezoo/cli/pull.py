"""`aezoo pull`."""

from typing import Annotated

import typer

from aezoo.cli.console import note, show_json
from aezoo.cli.models import read
from aezoo.cli.options import Json


def pull(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            show_default=False,
            help="hf://org/name, hf://org/name@revision, a preset, or a model's directory.",
        ),
    ],
    json: Json = False,
) -> None:
    """Fetch a model from the Hugging Face Hub into its cache, and verify it.

    Only the files of the model are fetched. What the cache holds whole is not fetched again.
    """
    stored = read(source)
    if json:
        facts = {"source": stored.source, "directory": str(stored.directory)}
        show_json({**facts, "variant": stored.config["variant"]})
        return
    typer.echo(stored.directory)
    note(f"A {stored.config['variant']} of {len(stored.header)} arrays, all hashes right.")
