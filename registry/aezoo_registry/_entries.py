"""Names and the objects behind them, imported when they are used."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

from aezoo_registry import _presets
from aezoo_registry._errors import PluginError, summary
from aezoo_registry._metadata import GROUPS, Entry, Finding, Scan, scan
from aezoo_registry._names import BUILTIN, is_bare, is_qualified, singular
from aezoo_registry._table import Table

SLOW_SECONDS = 1.0

_diverted: list[Any] = []
_diverting = threading.Lock()


def names(kind: str) -> list[str]:
    """Return what is registered under `kind`, without importing any of it.

    Args:
        kind: A key of `GROUPS`, such as `"variants"`.

    Returns:
        The sorted names that have one owner: built-ins as `snake_case`, those of
        plugins as `vendor/name`, presets as `variant.tag` or `vendor/variant.tag`.

    Raises:
        ValueError: If there is no such kind.

    Example:
        >>> import aezoo_registry
        >>> "vae" in aezoo_registry.names("variants")
        True
    """
    return table(kind).names()


def find(kind: str, name: str) -> Entry:
    """Return who registers `name` and what it stands for, without importing it.

    Args:
        kind: A key of `GROUPS`, such as `"variants"`.
        name: A registered name.

    Returns:
        Its entry; for a preset the `target` is the path of its directory.

    Raises:
        ValueError: If there is no such kind, or `name` is not a string.
        UnknownName: If nobody registers the name. The message suggests the closest
            one and lists what is installed.
        AmbiguousName: If two distributions register it. The message names both.

    Example:
        >>> import aezoo_registry
        >>> aezoo_registry.find("variants", "vae").distribution
        'aezoo'
    """
    return table(kind).find(name)


def load(kind: str, name: str) -> Any:
    """Import and return the object that is registered as `name`.

    Args:
        kind: A key of `GROUPS` but `"presets"`, which are files: see `preset`.
        name: A registered name.

    Returns:
        The class or function that the entry point names.

    Raises:
        ValueError: If there is no such kind, it is `"presets"`, or `name` is not a string.
        UnknownName: If nobody registers the name.
        AmbiguousName: If two distributions register it.
        PluginError: If importing it fails in any way, `SystemExit` included, or it is
            neither a class nor a function. The message names the distribution, its
            version, the target and the cause.

    Warns:
        UserWarning: If importing a plugin takes more than a second beside Keras.

    Example:
        >>> import aezoo_registry
        >>> aezoo_registry.load("variants", "vae").__name__  # doctest: +SKIP
        'VAE'
    """
    if kind == "presets":
        raise ValueError(
            "A preset is a directory and holds no object to import; expected another kind. "
            f"Use `preset(name)`. Received: kind={kind!r}."
        )
    entry = find(kind, name)
    found, seconds = load_entry(entry)
    if seconds > SLOW_SECONDS:
        warnings.warn(
            f"Importing {entry.target!r} of {entry.owner} took {seconds:.1f} s. Its authors can "
            "import what is slow inside the functions that need it.",
            stacklevel=2,
        )
    return found


def load_entry(entry: Entry) -> tuple[Any, float]:
    """Import what `entry` stands for; `load` says what it raises.

    Args:
        entry: Anything but a preset.

    Returns:
        The object, and the seconds that a plugin is to blame for: none where Keras was
        imported too, which the first to need it does.
    """
    module, colon, attributes = entry.target.partition(":")
    without_keras = "keras" not in sys.modules
    start = time.perf_counter()
    try:
        with _stdout_to_stderr():
            found: Any = importlib.import_module(module)
            for attribute in attributes.split(".") if colon else ():
                found = getattr(found, attribute)
        if not callable(found):
            raise TypeError(f"it is a {type(found).__name__}, expected a class or a function")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginError(
            f"The {singular(entry.kind)} {entry.name!r} cannot be loaded: importing "
            f"{entry.target!r} of {entry.owner} raised {summary(error)}. Update, reinstall or "
            f"uninstall {entry.distribution}; other names are not affected. "
            f"Received: name={entry.name!r}."
        ) from error
    blameless = entry.builtin or (without_keras and "keras" in sys.modules)
    return found, 0.0 if blameless else time.perf_counter() - start


def table(kind: str) -> Table:
    """Return the names of `kind` with their owners.

    Args:
        kind: A key of `GROUPS`.

    Returns:
        The table of what is installed now.

    Raises:
        ValueError: If there is no such kind.
    """
    if kind not in GROUPS:
        raise ValueError(
            f"There is no such kind; expected one of {', '.join(GROUPS)}. Received: kind={kind!r}."
        )
    return _presets.table() if kind == "presets" else _table(scan(), kind)


@functools.lru_cache(maxsize=len(GROUPS))
def _table(installed: Scan, kind: str) -> Table:
    declared = [entry for entry in installed.entries if entry.kind == kind]
    builtins = {entry.name for entry in declared if entry.builtin}
    accepted: list[Entry] = []
    rejected: list[Finding] = []
    for entry in declared:
        if (is_bare if entry.builtin else is_qualified)(entry.name):
            accepted.append(entry)
        elif entry.name in builtins:
            detail = "The name belongs to aezoo, which goes on providing it. Use `vendor/name`."
            rejected.append(Finding.about(entry, "shadowed", detail))
        else:
            expected = "snake_case" if entry.builtin else f"vendor/name with a vendor not {BUILTIN}"
            detail = f"The name is not valid; expected {expected}, in lower case."
            rejected.append(Finding.about(entry, "broken", detail))
    return Table.build(kind, installed, accepted, rejected)


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Keep what a plugin prints out of a command's output.

    `contextlib.redirect_stdout` would leave stdout diverted for good when two threads
    load at once.
    """
    with _diverting:
        _diverted.append(sys.stdout)
        sys.stdout = sys.stderr
    try:
        yield
    finally:
        with _diverting:
            original = _diverted[0]
            _diverted.pop()
            if not _diverted:
                sys.stdout = original
