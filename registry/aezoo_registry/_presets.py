"""Presets: directories of files inside installed packages, found without an import."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aezoo_registry._errors import PluginError, summary
from aezoo_registry._metadata import Entry, Finding, Scan, scan
from aezoo_registry._names import BUILTIN, is_bare, is_qualified, is_tagged, is_vendor
from aezoo_registry._table import Table

_RECORD = "record.json"
_MAX_RECORD_BYTES = 1 << 20


@dataclass(frozen=True)
class Preset:
    """A pretrained model that a package ships.

    Attributes:
        name: `variant.tag`, or `vendor/variant.tag` for a plugin's.
        variant: Registered name of its variant.
        vendor: Who provides it: `"aezoo"` or the plugin's vendor.
        path: Its directory, which is a store directory with a `record.json`.
        record: The content of that file.
    """

    name: str
    variant: str
    vendor: str
    path: Path
    record: dict[str, Any]


def preset_names() -> list[str]:
    """Return the names of the presets that can be used, without importing anything.

    Returns:
        Sorted names: `variant.tag` for aezoo's, `vendor/variant.tag` for plugins'.

    Example:
        >>> import aezoo_registry
        >>> aezoo_registry.preset_names() == aezoo_registry.names("presets")
        True
    """
    return table().names()


def preset(name: str) -> Preset:
    """Return a preset by its name, read from its files now.

    Args:
        name: `variant.tag`, or `vendor/variant.tag` for a plugin's.

    Returns:
        The preset with its record.

    Raises:
        UnknownName: If there is no such preset, or its record cannot be used.
        AmbiguousName: If two packages ship a preset of that name.
        PluginError: If its record was changed since it was listed and is not valid now.

    Example:
        >>> import aezoo_registry
        >>> aezoo_registry.preset("vae.digits").variant  # doctest: +SKIP
        'vae'
    """
    entry = table().find(name)
    path = Path(entry.target)
    try:
        record = _read(path, name)
    except ValueError as error:
        raise PluginError(
            f"The preset {name!r} of {entry.owner} cannot be read: {error} Reinstall "
            f"{entry.distribution}. Received: name={name!r}."
        ) from error
    vendor = BUILTIN if entry.builtin else name.partition("/")[0]
    return Preset(name, record["variant"], vendor, path, record)


def table() -> Table:
    """Return the presets with their owners."""
    return _table(scan())


@functools.lru_cache(maxsize=1)
def _table(installed: Scan) -> Table:
    accepted: list[Entry] = []
    rejected: list[Finding] = []
    for vendor in installed.entries:
        if vendor.kind != "presets":
            continue
        for row in _shipped(vendor):
            if isinstance(row, Entry):
                accepted.append(row)
            else:
                rejected.append(row)
    return Table.build("presets", installed, accepted, rejected)


def _shipped(vendor: Entry) -> Iterator[Entry | Finding]:
    """Yield each preset of the package that `vendor` names, or why it cannot be used."""
    if vendor.name == BUILTIN and not vendor.builtin:
        detail = "The vendor's name belongs to aezoo. Register the package under your own."
        yield Finding.about(vendor, "shadowed", detail)
        return
    if not (vendor.builtin or is_vendor(vendor.name)):
        detail = "The name is not valid; expected a vendor in lower case, without a slash."
        yield Finding.about(vendor, "broken", detail)
        return
    try:
        directories = list(_directories(vendor.target))
    except ValueError as error:
        yield Finding.about(vendor, "broken", str(error))
        return
    prefix = "" if vendor.builtin else f"{vendor.name}/"
    for path in directories:
        entry = Entry("presets", prefix + path.name, str(path), vendor.distribution, vendor.version)
        try:
            _read(path, entry.name)
        except ValueError as error:
            yield Finding.about(entry, "broken", str(error))
        else:
            yield entry


def _directories(package: str) -> Iterator[Path]:
    """Yield the preset directories of a package.

    Args:
        package: A top-level name: finding a submodule would import its parents.

    Yields:
        Real paths, from every part of a namespace package.

    Raises:
        ValueError: If there is no such package or it has no `presets` directory.
    """
    if not package.isidentifier():
        raise ValueError("Its value is not a top-level package, such as `acme_vae`.")
    try:
        spec = importlib.util.find_spec(package)
    except Exception as error:
        raise ValueError(f"Package {package!r} cannot be found: {summary(error)}.") from error
    if spec is None:
        raise ValueError(f"Package {package!r} is not installed. Reinstall the distribution.")
    homes = [os.path.join(part, "presets") for part in spec.submodule_search_locations or ()]
    homes = [os.path.realpath(home) for home in homes if os.path.isdir(home)]
    if not homes:
        raise ValueError(f"Package {package!r} has no directory `presets`.")
    for home in dict.fromkeys(homes):
        try:
            children = sorted(os.listdir(home))
        except OSError as error:
            raise ValueError(f"{home!r} cannot be listed: {summary(error)}.") from error
        for child in children:
            path = os.path.join(home, child)
            if not child.startswith((".", "_")) and os.path.isdir(path):
                yield Path(path)


def _read(path: Path, name: str) -> dict[str, Any]:
    """Return the record of a preset directory.

    Args:
        path: The directory, `.../<variant.tag>`.
        name: The name of the preset, with its vendor.

    Returns:
        The JSON object of its `record.json`.

    Raises:
        ValueError: If the directory's name, the file or what it says is not valid.
    """
    if not is_tagged(path.name):
        raise ValueError(f"The directory's name {path.name!r} is not `variant.tag`.")
    file = path / _RECORD
    if not os.path.isfile(file):  # unlike Path.is_file it never raises
        raise ValueError(f"It has no file {_RECORD}.")
    try:
        with open(file, "rb") as stream:
            content = stream.read(_MAX_RECORD_BYTES + 1)
        if len(content) > _MAX_RECORD_BYTES:
            raise ValueError(f"it is larger than {_MAX_RECORD_BYTES} bytes")
        record = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"Its {_RECORD} cannot be read: {summary(error)}.") from error
    if not isinstance(record, dict):
        raise ValueError(f"Its {_RECORD} is not a JSON object.")
    for key in ("name", "variant"):
        if not isinstance(record.get(key), str):
            raise ValueError(f"Its {_RECORD} has no text under {key!r}.")
    written, variant = record["name"], record["variant"]
    if written not in (path.name, name):
        raise ValueError(f"Its {_RECORD} has the name {written!r}; expected {path.name!r}.")
    if not (is_bare(variant) or is_qualified(variant)):
        raise ValueError(f"Its {_RECORD} has the variant {variant!r}, which is not a name.")
    if variant.rpartition("/")[2] != path.name.partition(".")[0]:
        raise ValueError(
            f"Its {_RECORD} has the variant {variant!r}, but {path.name!r} names another one."
        )
    return record
