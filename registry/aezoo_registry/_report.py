"""The rows of `aezoo doctor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aezoo_registry._entries import SLOW_SECONDS, load_entry, table
from aezoo_registry._errors import PluginError, summary
from aezoo_registry._metadata import GROUPS, Entry, Finding, scan
from aezoo_registry._presets import load_preset


def report(*, check: Callable[[str, Any], object] | None = None) -> list[Finding]:
    """Import every registered object and read every record, guarded: what can be used.

    Args:
        check: Called with the kind and the object of each row that imports; what it
            raises makes the row `"broken"`. The registry itself knows no base class.

    Returns:
        One row a registered name, and one for each distribution that cannot be read,
        sorted by kind, name and distribution.

    Example:
        >>> import aezoo_registry
        >>> for row in aezoo_registry.report():  # doctest: +SKIP
        ...     print(row.status, row.kind, row.name, row.detail)
    """
    rows = [finding for finding in scan().findings if finding.kind not in GROUPS]
    usable: list[Entry] = []
    for kind in GROUPS:
        registered = table(kind)
        rows += registered.findings
        usable += map(registered.find, registered.names())
    # Built-ins first: a plugin must not be called slow for being the first to import Keras.
    usable.sort(key=lambda entry: not entry.builtin)
    rows += [_tried(entry, check) for entry in usable]
    order = {kind: position for position, kind in enumerate(GROUPS)}
    return sorted(rows, key=lambda row: (order.get(row.kind, -1), row.name, row.distribution))


def _tried(entry: Entry, check: Callable[[str, Any], object] | None) -> Finding:
    if entry.kind == "presets":
        return _read(entry)
    try:
        found, seconds = load_entry(entry)
        if check is not None:
            check(entry.kind, found)
    except PluginError as error:
        return Finding.about(entry, "broken", f"{summary(error.__cause__ or error)}.")
    except Exception as error:
        return Finding.about(entry, "broken", f"{summary(error)}.")
    slow = f"Slow import: {seconds:.1f} s." if seconds > SLOW_SECONDS else ""
    return Finding.about(entry, "ok", slow)


def _read(entry: Entry) -> Finding:
    try:
        load_preset(entry)
    except PluginError as error:
        return Finding.about(entry, "broken", str(error.__cause__ or error))
    return Finding.about(entry, "ok")
