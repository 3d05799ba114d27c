"""Writes what a benchmark found, as Markdown to read and JSON to compare."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"


def table(header, rows):
    """Returns a Markdown table as lines.

    Args:
        header: Titles of the columns.
        rows: Sequences of cells, each as long as the header.
    """
    lines = [_line(header), _line(["---"] * len(header), pad="")]
    return lines + [_line(row) for row in rows]


def ratio_cells(values):
    """Returns two cells of `[min, median, max]`: the median, and the range."""
    low, middle, high = values
    return [f"{middle:.2f}", f"{low:.2f} to {high:.2f}"]


def paragraph(text):
    """Returns text as a paragraph of wrapped lines, an empty one before it."""
    return ["", *textwrap.wrap(" ".join(text.split()), 100, break_on_hyphens=False)]


def write(name, results, lines, folder=RESULTS):
    """Writes `<name>.json` and `<name>.md`.

    Args:
        name: Stem of the files.
        results: JSON values.
        lines: Lines of Markdown.
        folder: Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")
    (folder / f"{name}.md").write_text("\n".join(lines) + "\n")


def circumstances(peer_python=None):
    """Returns the command, without paths, the machine, and the versions on both sides."""
    from aezoo import acceleration, factory

    words = ["PATH" if word == peer_python else word for word in sys.argv[1:]]
    return {
        "command": " ".join(["python tools/bench.py", *words]),
        "machine": acceleration.machine(),
        "versions": factory.versions(),
        "peer_versions": peer_versions(peer_python) if peer_python else {},
    }


def peer_versions(python):
    """Returns the versions of pythae, PyTorch and Python behind an interpreter."""
    code = (
        "import json, platform; from importlib.metadata import version; "
        "found = {n: version(n) for n in ('pythae', 'torch')}; "
        "print(json.dumps({**found, 'python': platform.python_version()}))"
    )
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(found.stdout)


def head(title, results):
    """Returns the beginning of a page: its title and how it was measured."""
    versions = [
        ", ".join(f"{name} {version}" for name, version in results[kind].items())
        for kind in ("versions", "peer_versions")
        if results.get(kind)
    ]
    written = f"Written by `{results['command']}` on {results['machine']}."
    return [f"# {title}", "", written, f"Versions: {'; '.join(versions)}."]


def peer_environment():
    """Returns the lines that tell how to make the peer's environment."""
    return [
        "",
        "## The peer's environment",
        *paragraph(
            "`PATH` is the interpreter of an environment of its own, with PyTorch's build for CPUs:"
        ),
        "",
        "```sh",
        "python -m venv peer",
        "peer/bin/pip install torch==2.13.0",
        "peer/bin/pip install --no-deps pythae==0.1.2",
        "peer/bin/pip install cloudpickle imageio pydantic scikit-learn scipy tqdm",
        "```",
    ]


def _line(cells, pad=" "):
    return "|" + "|".join(f"{pad}{cell}{pad}" for cell in cells) + "|"
