"""The progress of a training, on stderr."""

from __future__ import annotations

from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aezoo.cli.console import note


class EpochBar(keras.callbacks.Callback):
    """Says how a training is computed, then shows a bar over its steps.

    Args:
        epochs: Number of epochs.
        bar: Whether to show the bar; where stderr is no terminal, a line an epoch.
        afterwards: What to say at the end.
    """

    def __init__(self, epochs: int, *, bar: bool = True, afterwards: str = ""):
        super().__init__()
        self._epochs, self._scores, self._done = epochs, "", 0
        self._afterwards = afterwards
        console = Console(stderr=True)
        self._lines = bar and not console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=console,
            disable=not bar or self._lines,
        )

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Prints the settings and starts the bar."""
        compiled = "with XLA" if self.model.jit_compile else "without XLA"
        steps = self.model.steps_per_execution
        note(
            f"Training in {self.model.dtype_policy.name} {compiled}, {steps} "
            f"step{'s' * (steps != 1)} at a time."
        )
        self._steps = self.params["steps"]
        self._task = self._progress.add_task("", total=self._epochs * self._steps)
        self._progress.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Names the epoch."""
        self._done = epoch * self._steps
        self._describe(epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Moves the bar."""
        self._progress.update(self._task, completed=self._done + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Shows the losses of the epoch."""
        shown = ("loss", "mse")  # a likelihood's constant may hide what the loss still gains
        found = {name: value for name, value in (logs or {}).items() if name.endswith(shown)}
        self._scores = "  ".join(f"{name} {value:.5g}" for name, value in found.items())
        self._describe(epoch)
        if self._lines:
            note(f"epoch {epoch + 1}/{self._epochs}  {self._scores}")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Ends the bar."""
        self._progress.stop()
        if self._afterwards:
            note(self._afterwards)

    def _describe(self, epoch: int) -> None:
        text = f"epoch {epoch + 1}/{self._epochs}  {self._scores}"
        self._progress.update(self._task, description=text)
