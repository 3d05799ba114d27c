"""Number of codebook entries that are used as often as each other."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from aezoo.metrics.code_usage import count_tokens
from aezoo.metrics.information import entropy


def code_perplexity(tokens: ArrayLike, *, codebook_size: int) -> float:
    """Perplexity of the codebook. From 1 to `codebook_size`; higher is better.

    `exp(-sum p log p)`, where `p` is the share of each entry in all tokens: `m` entries used
    equally often have the perplexity `m`.

    Args:
        tokens: Indices of entries, integers of shape `(n, *token_shape)`.
        codebook_size: Number of entries.

    Returns:
        The perplexity.

    Raises:
        ValueError: If there are no tokens, or one is no index of an entry.

    Example:
        ```python
        from aezoo.metrics import code_perplexity

        assert round(code_perplexity([[0, 1], [1, 0]], codebook_size=512), 6) == 2.0
        ```

    Reference:
        [van den Oord et al., 2017](https://arxiv.org/abs/1711.00937)
    """
    return math.exp(entropy(count_tokens(tokens, codebook_size)))
