"""The rows of `aezoo doctor`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aezoo_registry._entries import load_entry, table
from aezoo_registry._errors import PluginError, summary
from aezoo_registry._metadata import GROUPS, Entry, Finding, scan

_SLOW_SECONDS = 1.0


def report(*, check: Callable[[str, Any], object] | None = None) -> list[Finding]:
    """Import every registered object, guarded, and say what can be used.

    Args:
        check: Called with the kind and the object of each row that imports; what it
            raises makes the row `"broken"`. The registry itself knows no types.

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
        return Finding.about(entry, "ok")
    start = time.perf_counter()
    try:
        found = load_entry(entry)
    except PluginError as error:
        return Finding.about(entry, "broken", f"{summary(error.__cause__ or error)}.")
    seconds = time.perf_counter() - start
    if check is not None:
        try:
            check(entry.kind, found)
        except Exception as error:
            return Finding.about(entry, "broken", f"{summary(error)}.")
    if seconds > _SLOW_SECONDS and not entry.builtin:
        return Finding.about(entry, "ok", f"Slow import: {seconds:.1f} s.")
    return Finding.about(entry, "ok")
