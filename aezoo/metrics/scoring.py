"""Metrics by name, and their scores for one model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aezoo_registry
from aezoo.metrics.arguments import Arguments, parameters
from aezoo.metrics.samples import NotApplicable

Metrics = Mapping[str, Callable[..., Any]]


def load(names: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """Load metrics, and see that they ask for nothing unknown.

    Args:
        names: Names of metrics, see `aezoo.list_metrics()`.

    Returns:
        Name to function.

    Raises:
        LookupError: If there is no such metric.
        PluginError: If a metric cannot be loaded or asks for something unknown.
    """
    functions: dict[str, Callable[..., Any]] = {}
    for name in names:
        functions[name] = aezoo_registry.load("metrics", name)
        try:
            parameters(functions[name])
        except (TypeError, ValueError) as error:  # the latter of what has no signature
            raise aezoo_registry.PluginError(
                f"The metric {name!r} cannot be used. {error}"
            ) from error
    return functions


def load_all() -> tuple[dict[str, Callable[..., Any]], dict[str, str]]:
    """Load every metric that is installed.

    Returns:
        Name to function, and name to reason for those that cannot be used.
    """
    functions: dict[str, Callable[..., Any]] = {}
    broken: dict[str, str] = {}
    for name in aezoo_registry.names("metrics"):
        try:
            functions |= load([name])
        except aezoo_registry.RegistryError as error:
            broken[name] = str(error)
    return functions, broken


def score(
    functions: Metrics, given: Arguments, *, tolerant: bool = False
) -> tuple[dict[str, float], dict[str, str]]:
    """Score a model by several metrics.

    Args:
        functions: Name to metric.
        given: What the metrics are given.
        tolerant: Whether a metric that raises `ValueError`, say for too few samples, is skipped.

    Returns:
        Name to finite score, `name.part` for each part of a metric that returns several; and name
        to reason for the metrics that do not apply.

    Raises:
        ValueError: As the metrics do, unless `tolerant`.
    """
    scores, skipped = {}, {}
    for name, metric in functions.items():
        try:
            result = given.call(metric)
        except NotApplicable as reason:
            skipped[name] = str(reason)
            continue
        except ValueError as error:
            if not tolerant:
                error.add_note(f"The metric {name!r} says so.")
                raise
            skipped[name] = str(error)
            continue
        for key, value in _flat(name, result).items():
            if math.isfinite(value):
                scores[key] = value
            else:
                skipped[key] = f"The result is no finite number but {value}."
    return scores, skipped


def _flat(name: str, result: Any) -> dict[str, float]:
    if isinstance(result, Mapping):
        return {f"{name}.{part}": float(value) for part, value in result.items()}
    return {name: float(result)}
