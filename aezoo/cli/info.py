"""`aezoo info`."""

from pathlib import Path
from typing import Annotated, Any

import typer

import aezoo_registry
from aezoo.cli.console import quiet_import, show_json, show_table
from aezoo.cli.options import Json


def info(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            help="Anything that `aezoo list` names, or a model's directory, such as ./my-model.",
        ),
    ],
    json: Json = False,
) -> None:
    """Describe a variant, preset, body, sampler, dataset, ... or a stored model."""
    from aezoo.factory import is_path

    facts = [_stored(name)] if is_path(name) else [*map(_registered, _entries(name))]
    if json:
        show_json(facts)
        return
    for found in facts:
        _show(found)


def _entries(name: str) -> list[aezoo_registry.Entry]:
    kinds = [kind for kind in aezoo_registry.GROUPS if name in aezoo_registry.names(kind)]
    if kinds:
        return [aezoo_registry.find(kind, name) for kind in kinds]
    from difflib import get_close_matches

    known = {name for kind in aezoo_registry.GROUPS for name in aezoo_registry.names(kind)}
    close = get_close_matches(name, sorted(known), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    if Path(name).is_dir():
        hint += f" For the directory of this name write './{name}'."
    raise aezoo_registry.UnknownName(
        f"Nothing is registered as {name!r}.{hint} `aezoo list` names everything. "
        f"Received: name={name!r}."
    )


def _stored(source: str) -> dict[str, Any]:
    from aezoo import factory, store

    directory = factory.locate(source)
    stored = store.read(directory)
    sizes = [_product(shape) for _, shape in stored.header.values()]
    return {
        "kind": "model",
        "name": str(directory),
        "variant": stored.config["variant"],
        "config": stored.config["config"],
        "sampler": stored.config["sampler"],
        "dtype": stored.config["dtype"],
        "numbers": sum(sizes),
        "versions": stored.config["versions"],
    }


def _registered(entry: aezoo_registry.Entry) -> dict[str, Any]:
    facts = {"kind": entry.kind, "name": entry.name, "owner": entry.owner, "target": entry.target}
    if entry.kind == "presets":
        return facts | {"record": aezoo_registry.preset(entry.name).record}
    import inspect

    with quiet_import():
        found = aezoo_registry.load(entry.kind, entry.name)
    facts |= {"doc": inspect.getdoc(found) or "", "arguments": _arguments(found)}
    if entry.kind == "variants":
        presets = map(aezoo_registry.preset, aezoo_registry.preset_names())
        facts["presets"] = [preset.name for preset in presets if preset.variant == entry.name]
    return facts


def _arguments(found: Any) -> list[dict[str, str]]:
    import inspect

    from aezoo import schema

    if inspect.isclass(found):
        parameters = schema.parameters(found)
    else:
        parameters = dict(inspect.signature(found).parameters)
    return [
        {
            "name": name,
            "type": schema.describe(parameter.annotation),
            "default": "" if parameter.default is parameter.empty else repr(parameter.default),
        }
        for name, parameter in parameters.items()
    ]


def _show(facts: dict[str, Any]) -> None:
    doc, arguments = facts.pop("doc", ""), facts.pop("arguments", ())
    record = facts.pop("record", {})
    show_table(("", ""), [(key, _text(value)) for key, value in (facts | record).items()])
    if doc:
        typer.echo(doc)
    if arguments:
        show_table(("argument", "type", "default"), [[*row.values()] for row in arguments])


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, indent=1)


def _product(shape: tuple[int, ...]) -> int:
    import math

    return math.prod(shape)
