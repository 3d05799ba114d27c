"""How the command line talks: facts on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import typer

_TENSORFLOW_CHATTER = re.compile(rb"WARNING: All log messages before absl|[IW]\d{4} ")


def note(message: str) -> None:
    """Print what a command did or is about to do."""
    typer.echo(message, err=True)


def show_json(value: Any) -> None:
    """Print facts for programs: JSON without NaN or infinity."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def show_facts(facts: Mapping[str, Any]) -> None:
    """Print named facts for people, a line each; those within a fact get dotted names."""
    rows = [*_flat(facts)]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name.ljust(width)}  {value}")


def _flat(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, as_text(value)


def as_text(value: Any) -> str:
    """Return text as it is, and anything else as JSON in at most 200 characters."""
    if isinstance(value, str):
        return value
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]} ..."


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print facts for people.

    Args:
        columns: Headings; those of numbers end in a space and are aligned to the right.
        rows: As many texts each as there are columns.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.rstrip(), justify="right" if column.endswith(" ") else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one of ours; stands in for `warnings.showwarning`."""
    typer.echo(typer.style("Warning: ", fg="yellow") + str(message), err=True)


def show_error(message: str) -> None:
    """Print what went wrong."""
    typer.echo(typer.style("Error: ", fg="red") + message, err=True)


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Keep TensorFlow's start-up messages off stderr while it is imported in this block.

    Its C++ writes them straight to the file descriptor. Whatever else was written is passed on
    when the block ends.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    if sys.stderr.isatty():
        note("Starting Keras ...")
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not _TENSORFLOW_CHATTER.match(line):
                    os.write(2, line)
