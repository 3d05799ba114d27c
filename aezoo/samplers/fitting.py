"""Training of the samplers that learn by gradients, with Keras on whatever backend.

A sampler writes its mathematics once, as a function of arrays and of the library `ops` that
computes with them: `keras.ops` while it learns, numpy when it draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo import acceleration
from aezoo.heap import keep_memory
from aezoo.noise import generator

BATCHES = (64, 512)
"""Smallest and largest number of codes in a batch: a 64th of the codes lies between."""
HELD_OUT = (20, 5_000)
"""Smallest and largest number of codes held out: a tenth of them lies between, half at most."""
LOOK = 100
"""Iterations between two looks at the held-out codes."""
PATIENCE = 10
"""Looks in a row that may be no better before the descent ends."""
KEPT = 0.7
"""Share of the running average of the parameters that a look keeps."""
CERTAIN = 2.0
"""Standard errors by which held-out codes must gain, or nothing was learnt."""

Arrays = dict[str, np.ndarray]
Draw = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, ...]]


def minimise(
    loss: Callable[..., Any],
    parameters: Arrays,
    codes: np.ndarray,
    *,
    draw: Draw | None = None,
    sampler: str,
    seed: int,
    iterations: int,
    learning_rate: float,
    largest: int = BATCHES[1],
) -> Arrays:
    """Finds parameters of small loss by Adam with a cosine decay.

    A tenth of the codes is held out. Every 100 iterations the parameters, averaged over the last
    looks, are tried on them; the best are returned, and the descent ends when ten looks in a row
    were no better. Where held-out codes gain no more than chance explains, as from few codes that
    are as the start has them, the start is returned.

    Args:
        loss: `loss(parameters, *drawn, ops)` gives the loss of each code, `(n,)`.
        parameters: Name to array, where the descent begins.
        codes: Shape `(n, d)`, float32, n at least 2.
        draw: Maps codes and a generator to the arrays that `loss` is given, each time anew; None
            for the codes alone.
        sampler: Name of the sampler, for the error.
        seed: Seed of the split, of the order of the codes and of the draws.
        iterations: Largest number of batches, rounded up to hundreds.
        learning_rate: Step of Adam at the start.
        largest: Largest number of codes in a batch.

    Returns:
        Name to array, float32.

    Raises:
        ValueError: The loss is not finite.
    """
    draw = draw or (lambda codes, rng: (codes,))
    rng = generator(seed)
    codes = rng.permutation(codes)
    kept, rest = np.split(codes, [min(int(np.clip(len(codes) // 10, *HELD_OUT)), len(codes) // 2)])
    held_out = draw(kept, rng)
    size = min(int(np.clip(len(rest) // 64, *BATCHES)), largest, len(rest))
    looks = -(-iterations // LOOK)

    keep_memory()
    model = _Trained(loss, parameters)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, looks * LOOK)
    optimizer = keras.optimizers.Adam(rate, clipnorm=1.0)
    optimizer.build(model.trainable_variables)  # made while tracing, it would cost a second trace
    model.compile(
        optimizer,
        loss=lambda target, losses: losses,
        jit_compile=acceleration.choose(LOOK, dtype="float32").jit,
    )
    best = average = parameters
    first = least = loss(parameters, *held_out, np)
    waited, target = 0, np.zeros(LOOK * size, "float32")
    for look in range(looks):
        order = rng.permutation((np.arange(len(target)) + look * len(target)) % len(rest))
        drawn = draw(rest[order], rng)
        model.fit(drawn, target, batch_size=size, shuffle=False, verbose=0)
        found, share = model.arrays(), KEPT if look else 0.0
        average = {name: share * average[name] + (1.0 - share) * found[name] for name in found}
        with np.errstate(all="ignore"):
            losses = loss(average, *held_out, np)
        if not np.isfinite(losses).all():
            raise ValueError(
                f"The training of sampler {sampler!r} diverged: losses of held-out codes are not "
                f"finite. Try a lower learning_rate. Received: learning_rate={learning_rate!r}."
            )
        if losses.mean() < least.mean():
            best, least, waited = average, losses, 0
        elif (waited := waited + 1) == PATIENCE:
            break
    gain = first - least
    return best if gain.mean() > CERTAIN * gain.std() / np.sqrt(len(gain)) else parameters


class _Trained(keras.Model):
    """Parameters that Keras trains; calling it gives the loss of each code."""

    def __init__(self, loss: Callable[..., Any], parameters: Arrays):
        super().__init__(name="trained", dtype="float32")
        self._loss, self._parameters = loss, {}
        for name, value in parameters.items():
            self._parameters[name] = self.add_weight(shape=value.shape, initializer="zeros")
            self._parameters[name].assign(value)
        self.built = True

    def call(self, drawn):
        # Read once: a slice of a variable would read it again.
        values = {name: ops.convert_to_tensor(value) for name, value in self._parameters.items()}
        return self._loss(values, *drawn, ops)

    def arrays(self):
        return {
            name: np.array(ops.convert_to_numpy(value)) for name, value in self._parameters.items()
        }
