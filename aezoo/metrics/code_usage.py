"""Share of a codebook in use."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.arrays import check_tokens


def code_usage(tokens: ArrayLike, *, codebook_size: int) -> float:
    """Share of the codebook's entries that the samples use. From above 0 to 1; higher is better.

    An entry counts where at least one token of any sample is its index, so the share grows with
    the number of samples.

    Args:
        tokens: Indices of entries, integers of shape `(n, *token_shape)`.
        codebook_size: Number of entries.

    Returns:
        The share.

    Raises:
        ValueError: If there are no tokens, or one is no index of an entry.

    Example:
        ```python
        from aezoo.metrics import code_usage

        assert code_usage([[0, 1], [1, 3]], codebook_size=4) == 0.75
        ```

    Reference:
        [van den Oord et al., 2017](https://arxiv.org/abs/1711.00937)
    """
    return float(np.mean(count_tokens(tokens, codebook_size) > 0))


def count_tokens(tokens: ArrayLike, codebook_size: int) -> np.ndarray:
    """Return how many tokens are each entry's, shape `(codebook_size,)`."""
    checked = check_tokens(tokens, np.shape(tokens)[1:], codebook_size)
    return np.bincount(checked.ravel(), minlength=codebook_size)
