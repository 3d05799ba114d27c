"""Stopping a training whose loss is no longer finite."""

import time

import keras
import numpy as np

INTERVAL = 1.0  # seconds
START = "the start"


class DivergenceError(ValueError):
    """A term of the loss is not finite; the weights are the last finite ones."""


class StopOnDivergence(keras.callbacks.Callback):
    """Ends a training at the first step whose loss is not finite, with finite weights.

    The weights are copied at the start, and then once in `INTERVAL` seconds while everything is
    finite. After a bad step the model gets the last such copy back, and `fit` raises
    `DivergenceError` with the step, the term and what to do.

    Attributes:
        place: When the last copy was made: `START`, or a step and epoch in words.
    """

    def __init__(self):
        super().__init__()
        self.place = ""
        self._epoch, self._kept, self._time = 0, [], 0.0

    def on_train_begin(self, logs=None):
        """Copies the weights."""
        self._keep(START)

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the epoch."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        """Looks at the losses of one step, or of as many as Keras runs at a time."""
        place = f"step {batch + 1} of epoch {self._epoch}"
        wrong = {k: v for k, v in (logs or {}).items() if not np.isfinite(v)}
        if wrong:
            terms = {k: v for k, v in wrong.items() if k != "loss"} or wrong
            self._stop(place, ", ".join(terms))
        if time.monotonic() - self._time > INTERVAL:
            self._keep(place)

    def on_epoch_end(self, epoch, logs=None):
        """Copies the weights, before another callback stores them."""
        self._keep(f"the end of epoch {epoch + 1}")

    def _keep(self, place):
        weights = self.model.weights
        values = [np.array(keras.ops.convert_to_numpy(weight)) for weight in weights]
        wrong = [w.path for w, v in zip(weights, values, strict=True) if not np.isfinite(v).all()]
        if wrong:
            self._stop(place, ", ".join(wrong[:3]))
        self._kept, self.place, self._time = values, place, time.monotonic()

    def _stop(self, place, what):
        for weight, value in zip(self.model.weights, self._kept, strict=False):
            weight.assign(value)
        kept = f" The weights are those of {self.place} again." if self._kept else ""
        raise DivergenceError(
            f"The training diverged at {place}: {what} not finite.{kept} Try a lower learning rate."
        )


def guarded(callbacks):
    """Returns the callbacks of a `fit` with a `StopOnDivergence` among them.

    Args:
        callbacks: None, a callback, a list of them, or a `CallbackList`, which stays as it is.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    listed = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    listed = [callback for callback in listed if callback is not None]
    if any(isinstance(callback, StopOnDivergence) for callback in listed):
        return listed
    return [StopOnDivergence(), *listed]
