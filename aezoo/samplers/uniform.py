"""Uniform numbers from normal noise, for samplers that choose."""

import math

import numpy as np

_erfc = np.frompyfunc(math.erfc, 1, 1)


def to_uniform(noise):
    """Maps standard normal noise to uniform numbers by the normal distribution function.

    Args:
        noise: Any shape.

    Returns:
        Numbers from 0 to 1, float64, of the same shape; exactly 0 or 1 far out in the tails.

    Example:
        ```python
        import numpy as np
        from aezoo.samplers.uniform import to_uniform

        to_uniform(np.array([-1.96, 0.0, 1.96]))  # 0.025, 0.5, 0.975
        ```
    """
    return np.asarray(0.5 * _erfc(np.asarray(noise, "float64") / -math.sqrt(2.0)), "float64")
