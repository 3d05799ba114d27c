"""Times candidates in turn: shared machines are noisy, and the noise must hit all alike."""

import statistics
import time

ROUNDS = 5


def stopwatch(function):
    """Returns a function that calls `function` and returns how many seconds it took."""

    def timed():
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    return timed


def alternate(candidates, rounds=ROUNDS):
    """Measures candidates in turn, A B A B ..., after one warm-up of each.

    Args:
        candidates: Name to a function that returns the seconds it took.
        rounds: Rounds counted.

    Returns:
        Name to a list of seconds, one a round.
    """
    for function in candidates.values():
        function()
    seconds = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            seconds[name].append(function())
    return seconds


class Laps:
    """What each lap between `start` and `stop` took.

    Attributes:
        seconds: Of the clock, one number a lap.
        processor: Of all cores together.
    """

    def __init__(self):
        self.seconds, self.processor = [], []

    def start(self):
        """Starts a lap."""
        self.seconds.append(-time.perf_counter())
        self.processor.append(-time.process_time())

    def stop(self):
        """Ends it."""
        self.seconds[-1] += time.perf_counter()
        self.processor[-1] += time.process_time()


def spread(values):
    """Returns `[min, median, max]`."""
    return [min(values), statistics.median(values), max(values)]


def ratio(reference, seconds):
    """Returns `[min, median, max]` of reference / seconds, round by round."""
    return spread([r / s for r, s in zip(reference, seconds, strict=True)])
