"""What is stored with the embedded presets."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def records(root=ROOT):
    """Returns the records of the embedded presets, sorted by name.

    Args:
        root: The checkout.
    """
    paths = sorted((root / "aezoo" / "presets").glob("*/record.json"))
    return [_json(path) for path in paths]


def documents(name, root=ROOT):
    """Returns the record, the configuration and the manifest of a preset.

    Args:
        name: Name of the preset.
        root: The checkout.
    """
    home = root / "aezoo" / "presets" / name
    return tuple(_json(home / file) for file in ("record.json", "config.json", "manifest.json"))


def weights(manifest):
    """Returns the hash of the weights that a manifest names."""
    return manifest["files"]["model.safetensors"]["sha256"]


def _json(path):
    return json.loads(path.read_text(encoding="utf-8"))
