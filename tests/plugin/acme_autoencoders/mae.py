"""Mean absolute error."""

import numpy as np


def mae(target, reconstruction, *, sample_range=(0.0, 1.0)):
    """Mean absolute error per element. Lower is better; 0 is exact."""
    if target.dtype == np.uint8:
        low, high = sample_range or (0.0, 1.0)
        target = low + target * ((high - low) / 255)
    return float(np.mean(np.abs(target - reconstruction)))
