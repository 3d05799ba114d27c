"""aezoo: a plugin registry and model zoo for autoencoders on Keras 3.

Importing this package costs no Keras: names are resolved when they are used.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Autoencoder": "aezoo.core",
    "create": "aezoo.factory",
    "evaluate": "aezoo.evaluation",
    "export": "aezoo.exporting",
    "info": "aezoo.catalogue",
    "list_bodies": "aezoo.catalogue",
    "list_datasets": "aezoo.catalogue",
    "list_metrics": "aezoo.catalogue",
    "list_presets": "aezoo.catalogue",
    "list_samplers": "aezoo.catalogue",
    "list_tasks": "aezoo.catalogue",
    "list_variants": "aezoo.catalogue",
    "load": "aezoo.factory",
    "pull": "aezoo.sources",
    "push": "aezoo.publishing",
    "save": "aezoo.factory",
}
_MODULES = ("data", "hub", "metrics", "tasks", "testing")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _MODULES:
        return import_module(f"aezoo.{name}")
    raise AttributeError(f"module 'aezoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
