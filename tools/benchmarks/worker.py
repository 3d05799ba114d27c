"""Long-lived processes that time tasks on request, so that only one of them works at a time.

Standard library only: the peer's process imports it in an environment without aezoo.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.timing import stopwatch

TOOLS = Path(__file__).resolve().parents[1]


def environment():
    """Returns the environment of a process that runs a module of this package."""
    return os.environ | {"PYTHONPATH": str(TOOLS)}


class Worker:
    """A process that serves tasks.

    Args:
        python: Its interpreter.
        module: The module that calls `serve`, such as `benchmarks.peer_speed`.
        log: File that takes all that it prints.
    """

    def __init__(self, python, module, log):
        self._process = subprocess.Popen(
            [python, "-m", module],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def __call__(self, task, **arguments):
        """Runs a task and returns its answer; the first call of each also prepares it.

        Raises:
            NotImplementedError: This process cannot do it, and says why.
            RuntimeError: The task failed.
        """
        self._process.stdin.write(json.dumps({"task": task, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The process of {task!r} ended: see its log.")
        answer = json.loads(line)
        if "missing" in answer:
            raise NotImplementedError(answer["missing"])
        if "error" in answer:
            raise RuntimeError(f"{task} {arguments}: {answer['error']}")
        return answer["value"]

    def __enter__(self):
        """Returns the worker."""
        return self

    def __exit__(self, *exception):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


def serve(tasks):
    """Answers requests on standard input until it ends.

    Args:
        tasks: Name to a function that prepares the task for its arguments, and returns a function
            to time. What the latter returns is the answer; None stands for the seconds it took.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    prepared = {}
    for line in sys.stdin:
        try:
            if line not in prepared:
                request = json.loads(line)
                prepared[line] = tasks[request.pop("task")](**request)
            values = []
            seconds = stopwatch(lambda run=prepared[line], into=values: into.append(run()))()
            answer = {"value": seconds if values[0] is None else values[0]}
        except (NotImplementedError, ModuleNotFoundError) as reason:
            answer = {"missing": str(reason)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
