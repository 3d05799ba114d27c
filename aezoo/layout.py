"""What the files of a model directory are called and what its JSON files may say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from reprlib import repr as short
from typing import Any

from aezoo import strict_json, tensors
from aezoo.schema import MAX_NAME
from aezoo_registry._names import is_bare, is_qualified

FORMAT = 1
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
MANIFEST = "manifest.json"
RECORD = "record.json"
GRAPH_FILES = {
    "encode": "encoder.onnx",
    "decode": "decoder.onnx",
    "prior": "prior.onnx",
    "posterior": "posterior.onnx",
    "log_weight": "log_weight.onnx",
    "tokens": "tokens.onnx",
    "embed": "embed.onnx",
}
"""The file of each function of a model, where it was exported."""
GRAPHS = tuple(GRAPH_FILES.values())
SAMPLER_PREFIX = "sampler/"
MAX_CARD = 8 * 1024 * 1024
MAX_GRAPH = 4 * 1024 * 1024

_CONFIG_KEYS = ("format", "variant", "config", "sampler", "dtype", "versions")
_CARD = re.compile(r"README\.md|record\.json|golden\.safetensors|[A-Za-z0-9][A-Za-z0-9_.-]*\.png")
_LIMITS = {CONFIG: strict_json.MAX_BYTES, **dict.fromkeys(GRAPHS, MAX_GRAPH)}
_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+_-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_card(name: str) -> bool:
    """Whether a file of this name tells people about the model: `load` never opens it."""
    return _CARD.fullmatch(name) is not None


def is_shown(name: str) -> bool:
    """Whether a file of this name is what a Hub repository shows of the card."""
    return name == "README.md" or (is_card(name) and name.endswith(".png"))


def is_part(name: str) -> bool:
    """Whether a file of this name belongs to a model directory, the card included."""
    return name in (CONFIG, WEIGHTS, MANIFEST, *GRAPHS) or is_card(name)


def parse_config(data: bytes) -> dict[str, Any]:
    """Parse and check `config.json`.

    Args:
        data: Content of the file.

    Returns:
        The document: `format`, `variant`, `config`, `sampler`, `dtype`, `versions`.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.
    """
    config = _document(data, _CONFIG_KEYS)
    _check_name(config["variant"], "variant")
    _check_object(config["config"], "config")
    sampler = config["sampler"]
    if sampler is not None:
        strict_json.check_keys(sampler, ("name", "config"), "'sampler'")
        _check_name(sampler["name"], "sampler")
        _check_object(sampler["config"], "sampler config")
        if "name" in sampler["config"]:
            raise ValueError("a second 'name' in sampler config")
    if config["dtype"] not in tuple(tensors.DTYPES):
        raise ValueError(
            f"dtype {short(config['dtype'])}, expected one of {', '.join(tensors.DTYPES)}"
        )
    _check_object(config["versions"], "versions")
    for name, version in config["versions"].items():
        if not _PACKAGE.fullmatch(name):
            raise ValueError(f"a version of {short(name)}, expected a package such as 'keras'")
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise ValueError(f"version {short(version)} of {name!r}, expected one such as '3.15.1'")
    return config


def parse_manifest(data: bytes) -> dict[str, tuple[int, str]]:
    """Parse and check `manifest.json`.

    Args:
        data: Content of the file.

    Returns:
        Size in bytes and SHA-256 of each file, by name, `config.json` first.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.
    """
    files = _document(data, ("format", "files"))["files"]
    _check_object(files, "files")
    for name in files:
        if name not in (CONFIG, WEIGHTS, *GRAPHS):
            raise ValueError(f"lists {name!r}, which is no file of a model")
    for name in (CONFIG, WEIGHTS):
        if name not in files:
            raise ValueError(f"does not list {name}")
    for name, entry in files.items():
        strict_json.check_keys(entry, ("size", "sha256"), repr(name))
        if not strict_json.is_integer(entry["size"]) or entry["size"] < 0:
            raise ValueError(f"size {short(entry['size'])} of {name}, expected a number of bytes")
        limit = _LIMITS.get(name, entry["size"])
        if entry["size"] > limit:
            raise ValueError(f"size {entry['size']} of {name}, more than the {limit} allowed")
        if not isinstance(entry["sha256"], str) or not _SHA256.fullmatch(entry["sha256"]):
            raise ValueError(f"sha256 {short(entry['sha256'])} of {name}, expected 64 digits")
    ordered = [name for name in (CONFIG, WEIGHTS, *GRAPHS) if name in files]
    return {name: (files[name]["size"], files[name]["sha256"]) for name in ordered}


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Describe files by size and SHA-256, as `parse_manifest` reads it.

    Args:
        files: Content by name.

    Returns:
        Content of `manifest.json`.
    """
    entries = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }
    return strict_json.dump({"format": FORMAT, "files": entries})


def _document(data: bytes, keys: tuple[str, ...]) -> dict[str, Any]:
    document: dict[str, Any] = strict_json.parse(data)
    _check_object(document, "the document")
    version = document.get("format", 0)
    if not strict_json.is_integer(version) or version < 1:
        raise ValueError(f"format {short(version)}, expected {FORMAT}")
    if version > FORMAT:
        raise ValueError(f"format {version} is of a newer aezoo, this one reads {FORMAT}: update")
    strict_json.check_keys(document, keys, "the document")
    return document


def _check_name(value: Any, kind: str) -> None:
    known = isinstance(value, str) and len(value) <= MAX_NAME
    if not known or not (is_bare(value) or is_qualified(value)):
        raise ValueError(f"{kind} {short(value)}, expected a registered name such as 'vae'")


def _check_object(value: Any, name: str) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {type(value).__name__}, expected an object")
