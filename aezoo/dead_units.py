"""How many latent units never wake."""

import keras
from keras import ops


class DeadUnits(keras.metrics.Metric):
    """Share of latent units that were active for no sample since the last reset.

    Args:
        units: Number of units.
        **kwargs: See `keras.metrics.Metric`.
    """

    def __init__(self, units, name="dead", **kwargs):
        super().__init__(name=name, **kwargs)
        self.seen = self.add_variable((units,), initializer="zeros", name="seen")

    def update_state(self, active):
        """Takes 1 or 0 for every sample and unit, shape `(n, units)`."""
        self.seen.assign(ops.maximum(self.seen, ops.max(active, axis=0)))

    def result(self):
        """Returns the share, in [0, 1]."""
        return 1.0 - ops.mean(self.seen)
