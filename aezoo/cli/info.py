"""`aezoo info`."""

import math
from typing import Annotated, Any

import typer

from aezoo.cli.console import as_text, quiet_import, show_facts, show_json, show_table
from aezoo.cli.models import path_hint, read
from aezoo.cli.options import Json


def info(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            help="Anything that `aezoo list` names, a model's directory, such as ./my-model, or "
            "hf://org/name.",
        ),
    ],
    json: Json = False,
) -> None:
    """Describe a variant, preset, body, sampler, dataset, ... or a stored model."""
    from aezoo import catalogue
    from aezoo.paths import is_path

    if is_path(name) or name.startswith("hf://"):
        facts = _stored(name)
    else:
        with path_hint(name), quiet_import():
            facts = catalogue.info(name)
    if json:
        show_json(facts)
    else:
        _show(facts)


def _stored(source: str) -> dict[str, Any]:
    stored = read(source)
    facts = {"name": stored.source, "kind": "model"}
    sizes = (math.prod(shape) for _, shape in stored.header.values())
    return facts | stored.config | {"stored_numbers": sum(sizes)}


def _show(facts: dict[str, Any]) -> None:
    documentation, arguments = facts.pop("documentation", ""), facts.pop("arguments", {})
    facts.pop("summary", None)
    facts |= facts.pop("record", {})
    show_facts(facts)
    if documentation:
        typer.echo(documentation)
    if arguments:
        rows = [
            (name, as_text(argument["default"]), argument["accepts"])
            for name, argument in arguments.items()
        ]
        show_table(("argument", "default", "accepts"), rows)
