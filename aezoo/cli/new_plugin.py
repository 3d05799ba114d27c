"""`aezoo new-plugin`."""

from pathlib import Path
from typing import Annotated

import typer

import aezoo_registry
from aezoo.cli.console import note

_TEMPLATES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "rae.py": "{package}/rae.py",
    "test_contract.py": "tests/test_contract.py",
}


def new_plugin(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            help="Name of the package and of its directory, such as acme-autoencoders.",
        ),
    ],
    vendor: Annotated[
        str | None,
        typer.Option(
            "--vendor", show_default=False, help="What its names begin with; by default NAME."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files that it writes, and no others.")
    ] = False,
) -> None:
    """Write a pip package to begin a plugin with: a variant that trains, and its test."""
    vendor = name if vendor is None else vendor
    for title, value in {"NAME": name, "--vendor": vendor}.items():
        if not aezoo_registry.is_vendor(value):
            raise ValueError(
                f"{title} must be words of a to z and 0 to 9 with single hyphens or underscores "
                f"between, begin with a letter, and not be 'aezoo'. Received: {value!r}."
            )
    package = name.replace("-", "_")
    _check_free(package, name, force=force)
    fields = {"name": name, "vendor": vendor, "package": package}
    files = {path.format(**fields): _fill(text, fields) for text, path in _TEMPLATES.items()}
    _write(Path(name), {f"{package}/__init__.py": "", **files})
    for path in files:
        typer.echo(f"{name}/{path}")
    note(
        f"Next:\n  cd {name}\n  pip install -e '.[test]'\n  aezoo doctor\n  pytest\n"
        f"Then make {package}/rae.py, which is {vendor}/rae, your own."
    )


def _check_free(package: str, name: str, *, force: bool) -> None:
    import importlib.util
    import keyword
    import os

    if keyword.iskeyword(package) or package == "tests":
        raise ValueError(
            f"NAME must be neither a keyword of Python nor 'tests'. Received: {name!r}."
        )
    if force:
        return
    if os.path.lexists(name):
        raise FileExistsError(
            f"{name} exists already: choose another name, or add --force to replace the files "
            "that are written."
        )
    if importlib.util.find_spec(package) is not None:
        raise ValueError(
            f"NAME must not be that of a package that is installed: {package!r} would hide it. "
            f"Received: {name!r}."
        )


def _fill(template: str, fields: dict[str, str]) -> str:
    from importlib import resources
    from string import Template

    file = resources.files("aezoo") / "scaffold" / f"{template}.template"
    return Template(file.read_text(encoding="utf-8")).substitute(fields)


def _write(target: Path, files: dict[str, str]) -> None:
    """Write a directory whole or not at all, or replace files of one that is there."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix=".new-plugin-", dir=".") as scratch:
        new = Path(scratch) / target.name
        for path, text in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="utf-8")
        if not target.exists():
            new.rename(target)
            return
        for path in files:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).replace(target / path)
