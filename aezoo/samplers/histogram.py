"""A histogram of each number of the codes: the entropy model of compressed images."""

from typing import NamedTuple

import numpy as np

from aezoo.range_coder import PRECISION
from aezoo.samplers import check_arrays
from aezoo.samplers.uniform import to_uniform

CELLS = 16
"""Cells of the histograms from one whole number to the next."""
STEPS = CELLS // 2
"""Steps to round to are whole multiples of `1 / STEPS`: the places half way are ends of cells."""
UNSEEN = 16
"""A symbol counts for one `UNSEEN`th of a code more than were seen."""
MAX_CELLS = 2**16
MAX_COUNT = 2**24  # what float32 holds exactly


class Table(NamedTuple):
    """Frequencies of the symbols of one number, which follow each other without a gap.

    Attributes:
        first: The lowest symbol.
        cumulative: Sums of the frequencies before each symbol, and `2**PRECISION` at the end.
    """

    first: int
    cumulative: list[int]


class Histogram:
    """Each number of a code on its own, as often as it was seen.

    It is the entropy model of `aezoo.tasks.compress`: counts are whole numbers, and the frequencies
    of what is rounded are worked out of them in whole numbers, so that every machine agrees on them
    to the last digit. As a sampler it draws the numbers independently of each other.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("histogram", aezoo.data.load("digits").x)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Ballé et al., 2017](https://arxiv.org/abs/1611.01704)
    """

    def fit(self, codes, *, seed=0):
        """Counts codes.

        Args:
            codes: Shape `(n, d)`.
            seed: Not used: nothing is drawn.

        Returns:
            The sampler.

        Raises:
            ValueError: Too many codes, or they reach too far.
        """
        cells = np.floor(np.asarray(codes, "float64") * CELLS)
        low, high = cells.min(axis=0), cells.max(axis=0)
        if len(codes) > MAX_COUNT or max(-low.min(), high.max()) >= MAX_CELLS:
            raise ValueError(
                f"histogram counts up to {MAX_COUNT} codes of numbers within {MAX_CELLS // CELLS} "
                f"of zero; scale them down. Received: {len(codes)} codes from "
                f"{low.min() / CELLS:.3g} to {(high.max() + 1) / CELLS:.3g}."
            )
        self.first = low.astype(int)
        self.counts = [
            np.bincount((column - start).astype(int))
            for column, start in zip(cells.T, low, strict=True)
        ]
        return self

    @property
    def noise_dim(self):
        """Numbers of noise for one code: its own."""
        return len(self.counts)

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, noise_dim)` to codes `(n, d)`, float32."""
        uniform, codes = to_uniform(noise), np.empty(np.shape(noise), "float32")
        for place, (first, counts) in enumerate(zip(self.first, self.counts, strict=True)):
            ends = np.concatenate([[0], np.cumsum(counts)])
            edges = first + np.arange(len(ends))
            codes[:, place] = np.interp(uniform[:, place] * ends[-1], ends, edges) / CELLS
        return codes

    def tables(self, step):
        """Returns how often each number is rounded to each multiple of a step.

        A symbol `k` stands for the multiple nearest to what lies from `k - 1/2` to `k + 1/2` steps.
        Symbols reach half the width of the histogram beyond it on either side.

        Args:
            step: In units of `1 / STEPS`, at least 1.

        Returns:
            A `Table` for each number of a code.
        """
        return [
            _table(int(first), counts, step)
            for first, counts in zip(self.first, self.counts, strict=True)
        ]

    def arrays(self):
        """Returns the counts, one number's after the other's, where they begin, and how many."""
        return {
            "counts": np.concatenate(self.counts).astype("float32"),
            "first": np.asarray(self.first, "float32"),
            "sizes": np.array([len(counts) for counts in self.counts], "float32"),
        }

    def load(self, arrays):
        """Takes what `arrays` returned."""
        d = len(np.atleast_1d(arrays.get("first", ())))
        total = len(np.atleast_1d(arrays.get("counts", ())))
        check_arrays(arrays, {"counts": (total,), "first": (d,), "sizes": (d,)}, "histogram")
        whole = {name: np.rint(array).astype(int) for name, array in arrays.items()}
        first, sizes, counts = whole["first"], whole["sizes"], whole["counts"]
        within = [
            all(np.array_equal(whole[name], array) for name, array in arrays.items()),
            np.all(np.abs(first) <= MAX_CELLS),
            np.all((sizes >= 1) & (sizes <= 2 * MAX_CELLS)) and sizes.sum() == total,
            np.all((counts >= 0) & (counts <= MAX_COUNT)),
        ]
        split = np.split(counts, np.cumsum(sizes)[:-1]) if all(within) else []
        if not split or not all(part.any() for part in split):
            raise ValueError("The arrays of sampler 'histogram' are no counts of codes.")
        self.first, self.counts = first, split
        return self


def _table(first, counts, step):
    """Returns the table of one number, in whole numbers throughout."""
    margin = len(counts) // 2
    # A cell `c` belongs to the symbol `k` with (2 k - 1) step <= c < (2 k + 1) step.
    cells = np.arange(first - margin, first + len(counts) + margin)
    owners = (cells + step) // (2 * step)
    lowest = int(owners[0])
    seen = [0] * (int(owners[-1]) - lowest + 1)
    for owner, count in zip(owners[margin:].tolist(), counts.tolist(), strict=False):
        seen[owner - lowest] += count
    weights = [UNSEEN * count + 1 for count in seen]
    spare, total = 2**PRECISION - len(seen), sum(weights)
    sums, cumulative = 0, [0]
    for place, weight in enumerate(weights, start=1):
        sums += weight
        cumulative.append(place + sums * spare // total)
    return Table(lowest, cumulative)
