"""What the installed distributions declare, read from their metadata and never imported."""

from __future__ import annotations

import functools
import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from aezoo_registry._distributions import Distribution, found_in
from aezoo_registry._errors import summary
from aezoo_registry._names import BUILTIN, PLUGINS_VARIABLE, normalise

GROUPS: dict[str, str] = {
    kind: f"aezoo.{kind}"
    for kind in ("variants", "bodies", "samplers", "metrics", "tasks", "datasets", "presets")
}
"""The entry-point group of each kind of thing that a distribution can register."""

NOT_INSTALLED = "Nothing installed: run `pip install -e .` in the checkout of aezoo."

Status = Literal["ok", "broken", "shadowed", "incompatible", "conflict"]

_GROUPS = frozenset(GROUPS.values())
_NEWER_GROUP = re.compile(r"aezoo\.v(?P<version>\d+)\.(?P<kind>.+)")


@dataclass(frozen=True)
class Entry:
    """One registered name and who registered it.

    Attributes:
        kind: A key of `GROUPS`.
        name: `snake_case` for a built-in, `vendor/name` for a plugin.
        target: `module:attribute`; for a preset the path of its directory.
        distribution: Name of the distribution that registers it.
        version: Version of that distribution.
    """

    kind: str
    name: str
    target: str
    distribution: str
    version: str

    @property
    def builtin(self) -> bool:
        """Whether aezoo itself registers it."""
        return normalise(self.distribution) == BUILTIN

    @property
    def owner(self) -> str:
        """The distribution and its version, as messages name them."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class Finding:
    """One row of `aezoo doctor`: a registered name and whether it can be used.

    Attributes:
        kind: A key of `GROUPS`; the rest of the group's name where the group is not
            one of this aezoo; empty where a whole distribution is meant.
        name: The registered name; empty where a whole distribution is meant.
        status: `"ok"`; `"broken"`; `"shadowed"`, a name that belongs to aezoo;
            `"incompatible"`, made for a newer contract; `"conflict"`, several owners.
        distribution: Name of the distribution that registers it.
        version: Version of that distribution.
        target: What the name stands for.
        detail: What is wrong and what to do; empty where there is nothing to say.
    """

    kind: str
    name: str
    status: Status
    distribution: str
    version: str
    target: str
    detail: str

    @property
    def owner(self) -> str:
        """The distribution and its version, as messages name them."""
        return f"{self.distribution} {self.version}".strip()

    @classmethod
    def about(cls, entry: Entry, status: Status, detail: str = "") -> Finding:
        """Return the row that gives `entry` a status."""
        return cls(
            kind=entry.kind,
            name=entry.name,
            status=status,
            distribution=entry.distribution,
            version=entry.version,
            target=entry.target,
            detail=detail,
        )


@dataclass(frozen=True, eq=False)
class Scan:
    """Everything declared by the distributions that may take part.

    Attributes:
        entries: The entries of this contract's groups, as they were declared.
        findings: What could not be read, and what is made for another contract.
        places: For each distribution the real path of the place that its metadata is in.
        installed: Whether aezoo itself is.
    """

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    places: dict[str, str]
    installed: bool


def scan() -> Scan:
    """Return what the distributions on `sys.path` declare.

    Metadata is read once for a `sys.path` and a value of `AEZOO_PLUGINS`, and again
    after `clear_cache`.

    Returns:
        The same object as long as nothing changed.
    """
    return _scan(tuple(sys.path), os.environ.get(PLUGINS_VARIABLE))


def clear_cache() -> None:
    """Forget what is installed.

    Call it when a distribution or a preset was added, changed or removed while the
    process runs, for instance after `%pip install` in a notebook.

    Example:
        >>> import aezoo_registry
        >>> aezoo_registry.clear_cache()
    """
    importlib.invalidate_caches()
    _scan.cache_clear()


@functools.lru_cache(maxsize=1)
def _scan(path: tuple[str, ...], plugins: str | None) -> Scan:
    allowed = None
    if plugins is not None:
        allowed = {normalise(plugin) for plugin in plugins.split(",") if plugin.strip()}
    found: list[Entry] = []
    findings: list[Finding] = []
    places: dict[str, str] = {}
    for distribution in _distributions(path, findings):
        declared: list[Entry | Finding]
        try:
            declared = _declared(distribution)
        except Exception as error:
            detail = f"Its metadata cannot be read: {summary(error)}. Reinstall it."
            declared = [_whole(distribution.label, detail)]
        for row in declared:
            name = normalise(row.distribution)
            if allowed is not None and name != BUILTIN and name not in allowed:
                continue
            places[name] = distribution.place
            if isinstance(row, Entry):
                found.append(row)
            else:
                findings.append(row)
    installed = any(entry.builtin for entry in found)
    if not installed:
        findings.append(_whole(BUILTIN, NOT_INSTALLED))
    for missing in sorted((allowed or set()) - places.keys() - {BUILTIN}):
        detail = f"{PLUGINS_VARIABLE} names it, but it is not installed or registers nothing."
        findings.append(_whole(missing, detail))
    return Scan(tuple(found), tuple(findings), places, installed)


def _distributions(path: Iterable[str], findings: list[Finding]) -> Iterator[Distribution]:
    """Yield each distribution from the first place on `path` that has it."""
    places: dict[str, str] = {}
    for place in dict.fromkeys(map(os.path.realpath, path)):
        try:
            for distribution in found_in(place):
                name = normalise(distribution.label.removesuffix(".egg-info").partition("-")[0])
                # pip renames what it is about to remove to ~name; an aborted run leaves it.
                if distribution.label.startswith("~"):
                    continue
                if not name or places.setdefault(name, place) == place:
                    yield distribution
        except Exception as error:
            findings.append(_whole(place, f"This place cannot be read: {summary(error)}."))


def _whole(distribution: str, detail: str) -> Finding:
    return Finding("", "", "broken", distribution, "", "", detail)


def _declared(distribution: Distribution) -> list[Entry | Finding]:
    """Return the rows of one distribution's `entry_points.txt`."""
    text = distribution.read("entry_points.txt")
    if not text or "aezoo" not in text:
        return []
    # Parsing the whole as an e-mail message, as `metadata` does, takes ten times as long.
    fields = distribution.read("METADATA") or distribution.read("PKG-INFO") or ""
    headers = dict(
        re.findall(r"(?m)^(Name|Version):[ \t]*(\S.*?)\s*$", fields.partition("\n\n")[0])
    )
    owner, version = headers.get("Name"), headers.get("Version", "")
    lines = [line for line in _lines(text) if not line[0] or line[0].startswith("aezoo.")]
    if lines and owner is None:
        detail = "Its metadata has no name, so its entry points are ignored. Reinstall it."
        return [_whole(distribution.label, detail)]
    return [_row(group, name, target, owner or "", version) for group, name, target in lines]


def _row(
    group: str, name: str, target: str | None, distribution: str, version: str
) -> Entry | Finding:
    """Return the entry that a line declares, or why it declares none."""
    kind, detail = group.removeprefix("aezoo."), ""
    status: Status = "broken"
    if not group:
        detail = "This line of entry_points.txt stands under no readable [group]."
    elif newer := _NEWER_GROUP.fullmatch(group):
        kind, status = newer["kind"], "incompatible"
        detail = (
            f"It is made for version {newer['version']} of aezoo's plugin contract, which this "
            "aezoo does not speak. Update aezoo."
        )
    elif group not in _GROUPS:
        detail = f"There is no group {group!r}. Groups: {', '.join(GROUPS.values())}."
    elif target is None:
        detail = "This line of entry_points.txt is not `name = module:attribute`."
    entry = Entry(kind, name, target or "", distribution, version)
    return Finding.about(entry, status, detail) if detail else entry


def _lines(text: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield group, name and target of each line; no target where a line has none.

    The standard library's parser gives up a whole file for one bad line.
    """
    group = ""
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            group = line[1:-1].strip() if line.endswith("]") else ""
            if not group:
                yield "", line, None
            continue
        name, equals, value = map(str.strip, line.partition("="))
        target = ":".join(part.strip() for part in value.partition("[")[0].split(":"))
        yield group, name, target if equals and name else None
