"""What is installed, by name: variants, bodies, samplers, metrics, tasks, datasets and presets."""

from __future__ import annotations

import difflib
import inspect
from typing import Any

import aezoo_registry


def list_variants() -> list[str]:
    """Returns the names of all installed variants, for `aezoo.create`."""
    return aezoo_registry.names("variants")


def list_bodies() -> list[str]:
    """Returns the names of all installed bodies, for `body=`."""
    return aezoo_registry.names("bodies")


def list_samplers() -> list[str]:
    """Returns the names of all installed samplers, for `model.fit_sampler`."""
    return aezoo_registry.names("samplers")


def list_metrics() -> list[str]:
    """Returns the names of all installed metrics, for `aezoo.evaluate`."""
    return aezoo_registry.names("metrics")


def list_tasks() -> list[str]:
    """Returns the names of all installed tasks."""
    return aezoo_registry.names("tasks")


def list_datasets() -> list[str]:
    """Returns the names of all installed datasets, for `aezoo.data.load`."""
    return aezoo_registry.names("datasets")


def list_presets() -> list[str]:
    """Returns the names of all installed pretrained models, for `aezoo.load`."""
    return aezoo_registry.names("presets")


def info(name: str, kind: str | None = None) -> dict[str, Any]:
    """Returns what is known about a name.

    Args:
        name: Name of a preset, variant, body, sampler, metric, task or dataset.
        kind: `"presets"`, `"variants"`, ...; None to look in all, in this order.

    Returns:
        `name`, `kind`, `distribution` and `version`; the `record` of a preset; else `summary`,
        `documentation` and, for classes, `arguments`, each with `default` and `accepts`.

    Raises:
        LookupError: No such name.
    """
    kinds = [kind] if kind else ["presets", *(k for k in aezoo_registry.GROUPS if k != "presets")]
    known = {other: k for k in reversed(kinds) for other in aezoo_registry.names(k)}
    if name not in known:
        # The kind of the likeliest name words the error: it names one suggestion.
        close = difflib.get_close_matches(name, known, n=1)
        known[name] = known[close[0]] if close else kind or "variants"
    kind = known[name]
    entry = aezoo_registry.find(kind, name)
    facts: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "distribution": entry.distribution,
        "version": entry.version,
    }
    if kind == "presets":
        return facts | {"record": aezoo_registry.preset(name).record}
    found = aezoo_registry.load(kind, name)
    documentation = inspect.getdoc(found) or ""
    facts |= {"summary": documentation.partition("\n")[0], "documentation": documentation}
    return facts | {"arguments": _arguments(found)} if isinstance(found, type) else facts


def _arguments(cls: type) -> dict[str, dict[str, Any]]:
    from aezoo import schema

    return {
        name: {
            "default": "required"
            if parameter.default is parameter.empty
            else schema.to_json(parameter.default),
            "accepts": schema.describe(parameter.annotation),
        }
        for name, parameter in schema.parameters(cls).items()
    }
