"""Times the epochs of pythae's trainers. Runs in the peer's environment."""

from pythae.trainers.training_callbacks import TrainingCallback

from benchmarks.timing import Laps


class Clock(TrainingCallback):
    """Takes the time of each epoch, from its beginning to its end.

    Attributes:
        laps: What each took.
    """

    def __init__(self):
        self.laps = Laps()

    def on_epoch_begin(self, training_config, **kwargs):
        """Starts."""
        self.laps.start()

    def on_epoch_end(self, training_config, **kwargs):
        """Stops."""
        self.laps.stop()
