"""Adds ONNX graphs to the presets that ship with aezoo, as `aezoo export` does.

    python tools/graphs.py                     # every preset
    python tools/graphs.py vae.digits          # one

Weights, sampler, record and golden outputs stay as they are; the graphs and the manifest are
written anew. `tools/train.py` changes weights and samplers: run this after it.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from aezoo import exporting, store

PRESETS = Path(__file__).resolve().parent.parent / "aezoo" / "presets"


def add(name, presets=PRESETS):
    """Gives one preset graphs.

    Args:
        name: Name of the preset, `variant.tag`.
        presets: Directory that holds the presets.

    Returns:
        Bytes of each graph, by file name.
    """
    before = store.read(presets / name)
    after = store.read(exporting.export(presets / name, presets / name, overwrite=True))
    if after.weights != before.weights or after.config != before.config:
        raise AssertionError(f"{name}: more than its graphs changed.")
    return {file: len(data) for file, data in after.files.items()}


def main():
    """Reads the command line and exports."""
    known = sorted(path.name for path in PRESETS.iterdir() if path.is_dir())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}")
    names = parser.parse_args().names
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"name presets of {', '.join(known)}. Received: {unknown}")
    for name in names or known:
        print(name, add(name), flush=True)


if __name__ == "__main__":
    main()
