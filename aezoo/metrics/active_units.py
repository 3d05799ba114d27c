"""Number of latent units that depend on the sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.codes import as_vectors

ACTIVE_VARIANCE = 0.01


def active_units(codes: ArrayLike, *, threshold: float = ACTIVE_VARIANCE) -> int:
    """Number of latent units that depend on the sample. From 0 to the number of units.

    A unit is active where the variance of its posterior mean over the samples exceeds the
    threshold. More is better only as far as the data has something to say: units that a model
    leaves idle follow its prior.

    Args:
        codes: Posterior means of many samples, shape `(n, *code_shape)`.
        threshold: Variance above which a unit is active, in the codes' units squared.

    Returns:
        The number of active units.

    Raises:
        ValueError: If there are no codes, or they are not finite.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import active_units

        assert active_units(np.array([[1.0, 0.0], [-1.0, 0.0]])) == 1
        ```

    Reference:
        [Burda et al., 2016](https://arxiv.org/abs/1509.00519)
    """
    return int(np.count_nonzero(np.var(as_vectors(codes), axis=0) > threshold))
