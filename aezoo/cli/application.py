"""The application behind the command `aezoo`.

One file a command; this module and its files import nothing heavy, so that `aezoo --help` answers
at once. What is registered under `aezoo.tasks` is a command too: a function that Typer can read, or
a `typer.Typer`. It is listed from metadata and imported when it runs.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import aezoo_registry
from aezoo.cli.decode import decode
from aezoo.cli.demo import demo
from aezoo.cli.doctor import doctor
from aezoo.cli.encode import encode
from aezoo.cli.evaluate import evaluate
from aezoo.cli.export import export
from aezoo.cli.fit_sampler import fit_sampler
from aezoo.cli.generate import generate
from aezoo.cli.info import info
from aezoo.cli.interpolate import interpolate
from aezoo.cli.list import list_names
from aezoo.cli.new_plugin import new_plugin
from aezoo.cli.pull import pull
from aezoo.cli.push import push
from aezoo.cli.reconstruct import reconstruct
from aezoo.cli.train import train
from aezoo.cli.verify import verify

_PANELS: dict[str, dict[str, Callable[..., None]]] = {
    "Look around": {
        "demo": demo,
        "list": list_names,
        "info": info,
        "doctor": doctor,
        "verify": verify,
    },
    "Train and score": {"train": train, "fit-sampler": fit_sampler, "evaluate": evaluate},
    "Share a model": {"pull": pull, "push": push, "export": export},
    "Use a model": {
        "encode": encode,
        "decode": decode,
        "reconstruct": reconstruct,
        "generate": generate,
        "interpolate": interpolate,
    },
    "Extend": {"new-plugin": new_plugin},
}
_INTERRUPTED = 130
_TASKS = "Tasks"


class Commands(TyperGroup):
    """The core commands, whose names are reserved, and one for each registered task."""

    def list_commands(self, ctx: Any) -> Any:
        """Return the names of all commands."""
        return [*self.commands, *(name for name in _tasks() if name not in self.commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a core command, or what stands for a task until it runs."""
        task = _tasks().get(cmd_name)
        if cmd_name in self.commands or task is None:
            return super().get_command(ctx, cmd_name)
        entry = aezoo_registry.find("tasks", task)
        if entry.builtin:  # as light as the core commands
            return _as_command(aezoo_registry.load("tasks", task), cmd_name)
        return _Task(cmd_name, help=f"From {entry.owner}.", rich_help_panel=_TASKS)

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        """Return the command that is about to run, importing it if it is a task."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and isinstance(command, _Task):
            command = _as_command(aezoo_registry.load("tasks", _tasks()[name]), name)
        return name, command, rest

    def invoke(self, ctx: Any) -> None:
        """Run a command; what its function returns is no exit code."""
        super().invoke(ctx)


class _Task(TyperCommand):
    pass


def _tasks() -> dict[str, str]:
    return {name.replace("_", "-"): name for name in aezoo_registry.names("tasks")}


def _as_command(task: Any, name: str) -> Any:
    if not isinstance(task, typer.Typer):
        holder = typer.Typer(add_completion=False)
        settings = app.info.context_settings
        holder.command(name, context_settings=settings, rich_help_panel=_TASKS)(task)
        task = holder
    command = typer.main.get_command(task)
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
for _panel, _commands in _PANELS.items():
    for _name, _function in _commands.items():
        app.command(_name, rich_help_panel=_panel)(_function)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"aezoo {version('aezoo')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error; anywhere in the line."),
    ] = False,
) -> None:
    """Autoencoders by name: load, train, evaluate and use them.

    New here? Type [bold]aezoo demo[/bold].
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(words: Sequence[str]) -> int:
    """Run a command.

    Args:
        words: What follows `aezoo`, without `--debug`.

    Returns:
        The exit code that the command chose: 0 unless it said otherwise.

    Raises:
        KeyboardInterrupt: The user interrupted the command, or a question of it.
        Exception: Whatever the command raised, or Typer if it did not understand the words.
    """
    try:
        result = app(words, prog_name="aezoo", standalone_mode=False)
    except typer.Abort:
        result = _INTERRUPTED
    if result == _INTERRUPTED:
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0
