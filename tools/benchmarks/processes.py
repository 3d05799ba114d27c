"""Whole processes, from start to end: their seconds and their peak of memory."""

import json
import os
import subprocess
import sys
import time

from benchmarks import report
from benchmarks.timing import alternate, ratio, spread
from benchmarks.worker import environment

ROUNDS = 7
PEER_LOAD = (
    "import torch; from pythae.models import AutoModel; "
    "AutoModel.load_from_folder({!r}).eval().embed(torch.zeros(1, 1, 28, 28))"
)
OWN_LOAD = "import aezoo, numpy; aezoo.load({!r}{}).encode(numpy.zeros((1, 28, 28, 1), 'float32'))"
OWN_LIST = "import sys; from aezoo.cli import main; sys.argv = ['aezoo', 'list']; main()"


def compare(peer_python, saved):
    """Starts processes of both libraries in turn.

    Args:
        peer_python: The peer's interpreter.
        saved: `aezoo` and `pythae` to the directory of a saved model.

    Returns:
        Title of a table to rows with `label`, `seconds`, `megabytes` and `ratio`, each
        `[min, median, max]`, or `missing`, the error.
    """
    loads = {"pythae": [peer_python, PEER_LOAD.format(saved["pythae"])]}
    for title, engine in {"Keras": "", "ONNX": ", engine='onnx'"}.items():
        code = OWN_LOAD.format(saved["aezoo"], engine)
        loads[f"aezoo, {title}"] = [sys.executable, code]
        code = OWN_LOAD.format("vae.fashion_mnist", engine)
        loads[f"aezoo, {title}, preset vae.fashion_mnist"] = [sys.executable, code]
    names = {
        "`import pythae.models`": [peer_python, "import pythae.models"],
        "`aezoo list`": [sys.executable, OWN_LIST],
    }
    return {
        "A cold process: load a saved MLP and encode one image": _alternate(loads),
        "A cold process: see what there is": _alternate(names),
    }


def render(tables):
    """Returns the tables of `compare` as lines."""
    lines = []
    for title, rows in tables.items():
        header = ["", "seconds", "peak MB", "ratio", "min to max"]
        lines += ["", f"## {title}", "", *report.table(header, map(_cells, rows))]
    return lines


def measure(python, code):
    """Runs code in a new process.

    Args:
        python: Interpreter.
        code: What it runs.

    Returns:
        Wall seconds, and the peak of resident memory in megabytes.

    Raises:
        RuntimeError: The process failed; the message is the last line of its errors.
    """
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.processes", python, code],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(found.stdout)
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["seconds"], answer["megabytes"]


def _start(python, code):
    """Runs code and prints what `measure` returns; in a process of its own, and a small one.

    A process that starts another one lends it the peak of its memory.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with process.stderr as stream:
        errors = stream.read().strip().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        print(json.dumps({"error": errors[-1] if errors else f"wait status {status}"}))
    else:
        print(json.dumps({"seconds": seconds, "megabytes": usage.ru_maxrss / 1024}))


def _alternate(commands):
    missing, memory, candidates = {}, {label: [] for label in commands}, {}
    for label, command in commands.items():

        def start(label=label, command=command):
            seconds, megabytes = measure(*command)
            memory[label].append(megabytes)
            return seconds

        try:
            start()
            candidates[label] = start
        except RuntimeError as error:
            missing[label] = str(error)
    seconds = alternate(candidates, ROUNDS)
    reference = next(iter(seconds.values()))
    return [
        {"label": label, "missing": missing[label]}
        if label in missing
        else {
            "label": label,
            "seconds": spread(seconds[label]),
            "megabytes": spread(memory[label]),
            "ratio": ratio(reference, seconds[label]),
        }
        for label in commands
    ]


def _cells(row):
    if "missing" in row:
        return [row["label"], row["missing"], "", "", ""]
    seconds, megabytes = row["seconds"][1], row["megabytes"][1]
    return [row["label"], f"{seconds:.2f}", f"{megabytes:.0f}", *report.ratio_cells(row["ratio"])]


if __name__ == "__main__":
    _start(*sys.argv[1:])
