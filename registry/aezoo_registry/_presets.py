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
from aezoo_registry._names import BUILTIN, is_bare, is_qualified, is_tagged, is_vendor, normalise
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
    """Return the names of the presets, without importing anything or reading a record.

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
        UnknownName: If there is no such preset.
        AmbiguousName: If two packages ship a preset of that name.
        PluginError: If its record cannot be used. The message names the distribution, its
            version, the directory and the cause.

    Example:
        >>> import aezoo_registry
        >>> aezoo_registry.preset("vae.digits").variant  # doctest: +SKIP
        'vae'
    """
    return load_preset(table().find(name))


def load_preset(entry: Entry) -> Preset:
    """Read the preset that `entry` stands for; `preset` says what it raises."""
    path = Path(entry.target)
    try:
        record = _read(path, entry.name)
    except ValueError as error:
        raise PluginError(
            f"The preset {entry.name!r} cannot be loaded: {entry.target!r} of {entry.owner} is "
            f"not valid. {error} Update, reinstall or uninstall {entry.distribution}; other "
            f"names are not affected. Received: name={entry.name!r}."
        ) from error
    vendor = BUILTIN if entry.builtin else entry.name.partition("/")[0]
    return Preset(entry.name, record["variant"], vendor, path, record)


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
        for row in _shipped(vendor, installed.places[normalise(vendor.distribution)]):
            if isinstance(row, Entry):
                accepted.append(row)
            else:
                rejected.append(row)
    return Table.build("presets", installed, accepted, rejected)


def _shipped(vendor: Entry, place: str) -> Iterator[Entry | Finding]:
    """Yield each preset of the package that `vendor` names, or why it cannot be used."""
    if vendor.name == BUILTIN and not vendor.builtin:
        detail = "The vendor's name belongs to aezoo. Register the package under your own."
        yield Finding.about(vendor, "shadowed", detail)
        return
    if not (vendor.builtin or is_vendor(vendor.name)):
        detail = "The name is not valid; expected a vendor in lower case, without a slash."
        yield Finding.about(vendor, "broken", detail)
        return
    prefix = "" if vendor.builtin else f"{vendor.name}/"
    try:
        found = _directories(vendor.target, place)
    except ValueError as error:
        yield Finding.about(vendor, "broken", str(error))
        return
    for name, path in found:
        entry = Entry("presets", prefix + name, path, vendor.distribution, vendor.version)
        if not is_tagged(name):
            detail = f"The directory's name {name!r} is not `variant.tag`."
            yield Finding.about(entry, "broken", detail)
        elif not os.path.isfile(os.path.join(path, _RECORD)):  # never raises
            yield Finding.about(entry, "broken", f"It has no file {_RECORD}.")
        else:
            yield entry


def _directories(package: str, place: str) -> list[tuple[str, str]]:
    """Return the preset directories of a package.

    Args:
        package: A top-level name: finding a submodule would import its parents.
        place: Where the metadata of its distribution is, and usually the package too.

    Returns:
        Name and path of each; where the package is not in `place`, as an editable
        installation has it, from every part of it.

    Raises:
        ValueError: If there is no such package or it has no `presets` directory.
    """
    if not package.isidentifier():
        raise ValueError("Its value is not a top-level package, such as `acme_vae`.")
    try:
        return _children(os.path.join(place, package, "presets"))  # find_spec takes 0.1 ms
    except (FileNotFoundError, NotADirectoryError):
        homes = [os.path.realpath(os.path.join(part, "presets")) for part in _parts(package)]
    homes = [home for home in homes if os.path.isdir(home)]
    if not homes:
        raise ValueError(f"Package {package!r} has no directory `presets`.")
    return [child for home in homes for child in _children(home)]


def _children(home: str) -> list[tuple[str, str]]:
    try:
        with os.scandir(home) as entries:
            return sorted(
                (entry.name, entry.path)
                for entry in entries
                if not entry.name.startswith((".", "_"))
                and (entry.is_dir(follow_symlinks=False) or os.path.isdir(entry.path))
            )
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise ValueError(f"{home!r} cannot be listed: {summary(error)}.") from error


def _parts(package: str) -> list[str]:
    """Return the directories of a package, found without importing it."""
    try:
        spec = importlib.util.find_spec(package)
    except Exception as error:
        raise ValueError(f"Package {package!r} cannot be found: {summary(error)}.") from error
    if spec is None:
        raise ValueError(f"Package {package!r} is not installed. Reinstall the distribution.")
    return list(spec.submodule_search_locations or ())


def _read(path: Path, name: str) -> dict[str, Any]:
    """Return the record of a preset directory.

    Args:
        path: The directory, `.../<variant.tag>`.
        name: The name of the preset, with its vendor.

    Returns:
        The JSON object of its `record.json`.

    Raises:
        ValueError: If the file or what it says is not valid.
    """
    try:
        with open(path / _RECORD, "rb") as stream:
            content = stream.read(_MAX_RECORD_BYTES + 1)
        if len(content) > _MAX_RECORD_BYTES:
            raise ValueError(f"it is larger than {_MAX_RECORD_BYTES} bytes")
        record = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"Its {_RECORD} cannot be read: {summary(error)}.") from error
    check_record(record, name)
    return dict(record)


def check_record(record: Any, name: str) -> None:
    """Check that a record says of which preset it is.

    Args:
        record: The content of a `record.json`.
        name: `variant.tag`, or `vendor/variant.tag` for a plugin's.

    Raises:
        ValueError: If it is not an object, or its `name` or `variant` is not that preset's.

    Example:
        >>> import aezoo_registry
        >>> aezoo_registry.check_record({"name": "vae.x", "variant": "vae"}, "acme/vae.x")
    """
    if not isinstance(record, dict):
        raise ValueError(f"Its {_RECORD} is not a JSON object.")
    for key in ("name", "variant"):
        if not isinstance(record.get(key), str):
            raise ValueError(f"Its {_RECORD} has no text under {key!r}.")
    written, variant, bare = record["name"], record["variant"], name.rpartition("/")[2]
    if not is_tagged(bare):
        raise ValueError(f"The name {bare!r} is not `variant.tag`.")
    if written not in (bare, name):
        raise ValueError(f"Its {_RECORD} has the name {written!r}; expected {bare!r}.")
    if not (is_bare(variant) or is_qualified(variant)):
        raise ValueError(f"Its {_RECORD} has the variant {variant!r}, which is not a name.")
    if variant.rpartition("/")[2] != bare.partition(".")[0]:
        raise ValueError(
            f"Its {_RECORD} has the variant {variant!r}, but {bare!r} names another one."
        )
