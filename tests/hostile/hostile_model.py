"""Copies of a model, changed and signed again as somebody hostile would do it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.layout import CONFIG, MANIFEST, WEIGHTS, manifest
from aezoo.tensors import dump, parse

Document = dict[str, Any]
Arrays = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Base:
    """A good model, in memory.

    Attributes:
        directory: Where it is on disk.
        config: Content of `config.json`.
        weights: Content of `model.safetensors`.
    """

    directory: Path
    config: bytes
    weights: bytes

    def copy(
        self, target: Path, *, config: bytes | None = None, weights: bytes | None = None
    ) -> Path:
        """Write a whole copy, signed, with another config or other weights where given."""
        contents = {
            CONFIG: self.config if config is None else config,
            WEIGHTS: self.weights if weights is None else weights,
        }
        return write(target, {**contents, MANIFEST: manifest(contents)})

    def with_config(self, target: Path, change: Callable[[Document], Any]) -> Path:
        """Write a copy whose `config.json` was changed."""
        document = json.loads(self.config)
        change(document)
        return self.copy(target, config=json.dumps(document).encode())

    def with_arrays(self, target: Path, change: Callable[[Arrays], Any]) -> Path:
        """Write a copy whose arrays were changed."""
        arrays = {name: array.copy() for name, array in parse(self.weights).items()}
        change(arrays)
        return self.copy(target, weights=dump(arrays))

    def with_manifest(self, target: Path, change: Callable[[Document], Any]) -> Path:
        """Write a copy whose `manifest.json` was changed."""
        self.copy(target)
        document = json.loads((target / MANIFEST).read_bytes())
        change(document)
        return write(target, {MANIFEST: json.dumps(document).encode()})


def write(target: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a directory that may be there."""
    target.mkdir(exist_ok=True)
    for name, data in files.items():
        (target / name).write_bytes(data)
    return target


def safetensors(header: Any, values: bytes = b"") -> bytes:
    """Return a weights file of any header, valid or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + values
