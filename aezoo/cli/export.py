"""`aezoo export`."""

from pathlib import Path
from typing import Annotated

import typer

from aezoo.cli.console import note, quiet_import, show_json
from aezoo.cli.models import path_hint
from aezoo.cli.options import Force, Json, Model


def export(
    model: Model,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", show_default=False, help="Directory for the copy."),
    ],
    force: Force = False,
    json: Json = False,
) -> None:
    """Copy a model, with ONNX graphs that run it without Keras.

    Each graph was compared with Keras on random inputs. `--engine onnx` of the commands that use a
    model runs them, as does `aezoo.load(..., engine="onnx")`.
    """
    from aezoo import exporting, store
    from aezoo.paths import is_path

    store.check_target(out, overwrite=force)
    with quiet_import():
        import keras  # noqa: F401
    with path_hint(model):
        directory = exporting.export(model, out, overwrite=force)
    listed = {name: size for name, (size, _) in store.read(directory).listed.items()}
    if json:
        show_json({"directory": str(directory), "files": listed})
        return
    for name, size in listed.items():
        typer.echo(f"{size:>12,} bytes  {name}")
    source = str(directory) if is_path(str(directory)) else f"./{directory}"
    note(f'Wrote {directory}: aezoo.load("{source}", engine="onnx") runs it without Keras.')
