"""What a variant says of itself, read from its source: nothing of it is imported."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aezoo_registry

_LINK = re.compile(r"\[([^\[\]]+)\]\((https://[^\s()<>]+)\)")


_DEPTH = 16


@dataclass(frozen=True)
class Synopsis:
    """What a variant's source says in short.

    Attributes:
        summary: The first line of its docstring.
        references: Title and address of each paper under `Reference:`.
        prior: Whether it, or a class that it derives from, defines `prior`; None where that cannot
            be told.
    """

    summary: str
    references: tuple[tuple[str, str], ...] = ()
    prior: bool | None = None


def find(variant: str) -> Synopsis | None:
    """Return what an installed variant says of itself.

    Args:
        variant: Registered name.

    Returns:
        The synopsis; None where the variant is not installed, or has no docstring to be read.

    Example:
        >>> find("dae").summary
        'Denoising autoencoder: reconstructs the sample from a corrupted copy of it.'
    """
    try:
        target = aezoo_registry.find("variants", variant).target
    except aezoo_registry.RegistryError:
        return None
    module, _, name = target.partition(":")
    found = _class(module, name)
    documentation = inspect.cleandoc(ast.get_docstring(found[0]) or "") if found else ""
    if not found or not documentation:
        return None
    references = _LINK.findall(documentation.partition("\nReference:\n")[2])
    return Synopsis(documentation.partition("\n")[0], tuple(references), _prior(*found))


def _prior(node: ast.ClassDef, tree: ast.Module, depth: int = _DEPTH) -> bool | None:
    """Return whether a class or one of its bases defines `prior`; None where one is not found."""
    if any(isinstance(item, ast.FunctionDef) and item.name == "prior" for item in node.body):
        return True
    answers: list[bool | None] = []
    for base in node.bases:
        name = ast.unparse(base)
        if name.rpartition(".")[2] == "Autoencoder":  # its own only raises
            answers.append(False)
            continue
        found = _named(name, tree)
        answers.append(_prior(*found, depth - 1) if found and depth else None)
    if any(answers):
        return True
    return None if None in answers or not answers else False


def _named(name: str, tree: ast.Module) -> tuple[ast.ClassDef, ast.Module] | None:
    """Return the class that a name stands for in a module: its own, or one that it imports."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node, tree
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return _class(node.module, alias.name)
    return None


def _class(module: str, name: str) -> tuple[ast.ClassDef, ast.Module] | None:
    """Return a class and the module that holds it, parsed and not imported."""
    for path in _sources(module):
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return node, tree
    return None


def _sources(module: str) -> Iterator[Path]:
    """Yield where the source of a module may be; only its top-level package is looked up."""
    package, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(package)
    except Exception:  # any finder may be installed
        return
    if spec is None:
        return
    if not rest and spec.origin is not None:
        yield Path(spec.origin)
    for home in spec.submodule_search_locations or ():
        path = Path(home, *rest)
        yield from (path.with_name(f"{path.name}.py"), path / "__init__.py")
