"""`aezoo push`."""

import dataclasses
from typing import Annotated

import typer

from aezoo.cli.console import note, show_json
from aezoo.cli.models import path_hint
from aezoo.cli.options import Json


def push(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            show_default=False,
            help="A preset, a model's directory, or hf://org/name.",
        ),
    ],
    repository: Annotated[
        str, typer.Argument(metavar="ORG/NAME", show_default=False, help="Where to on the Hub.")
    ],
    public: Annotated[
        bool, typer.Option("--public", help="Make a new repository public; else it is private.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would go up; makes no request.")
    ] = False,
    message: Annotated[
        str | None, typer.Option("-m", "--message", show_default=False, help="Of the commit.")
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option("--branch", show_default=False, help="Branch to commit to; made if needed."),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Even if aezoo did not write what is there."),
    ] = False,
    json: Json = False,
) -> None:
    """Publish a model on the Hugging Face Hub: its files, and its card.

    Log in with `hf auth login`, or set HF_TOKEN.
    """
    from aezoo import publishing

    with path_hint(model):
        done = publishing.push(
            model,
            repository,
            public=public,
            dry_run=dry_run,
            message=message,
            branch=branch,
            overwrite=overwrite,
        )
    if json:
        show_json({**dataclasses.asdict(done), "address": done.address})
        return
    for file in done.files:
        typer.echo(f"{file.sha256}  {file.size:>12,} bytes  {file.name}")
    if dry_run:
        where = "public" if public else "private"
        note(f"Would push these to {repository}, made {where} if it is not there yet.")
        return
    note(f"Pushed to {repository}." if done.changed else f"{repository} holds these files already.")
    note("It is loaded back by:")
    typer.echo(f'aezoo.load("{done.address}")')
