"""What is installed for aezoo, by name: variants, bodies, samplers, presets and the rest.

Any distribution registers things through entry points; listing them imports nothing,
using one imports that one. Standard library only.
"""

from __future__ import annotations

from aezoo_registry._entries import find, load, names
from aezoo_registry._errors import AmbiguousName, PluginError, RegistryError, UnknownName
from aezoo_registry._metadata import GROUPS, Entry, Finding, clear_cache
from aezoo_registry._names import is_vendor
from aezoo_registry._presets import Preset, check_record, preset, preset_names
from aezoo_registry._report import report

__all__ = [
    "GROUPS",
    "AmbiguousName",
    "Entry",
    "Finding",
    "PluginError",
    "Preset",
    "RegistryError",
    "UnknownName",
    "check_record",
    "clear_cache",
    "find",
    "is_vendor",
    "load",
    "names",
    "preset",
    "preset_names",
    "report",
]
