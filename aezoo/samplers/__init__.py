"""What `generate` can draw codes from, one sampler a file.

A sampler is a class registered under `aezoo.samplers`. Its constructor takes JSON values; it learns
from the codes of a model and then maps noise to codes, deterministically, with numpy alone:

```python
class Sampler:
    noise_dim: int  # numbers of noise a code needs, set by fit and load
    def fit(self, codes, *, seed=0): ...  # codes (n, d), float32
    def transform(self, noise, condition=None): ...  # normal (n, noise_dim) -> (n, d) float32
    def arrays(self): ...  # name -> float32 array: all that was learned
    def load(self, arrays): ...  # the inverse; checks shapes; imports no scikit-learn
```
"""

import aezoo_registry
from aezoo import schema

SIGMAS = 10.0
"""How many standard deviations of noise a sampler has to map to finite codes."""


def build(spec):
    """Builds an unfitted sampler.

    Args:
        spec: A registered name, or a dictionary with `name` and arguments.

    Returns:
        The sampler; its `spec` describes it completely.

    Raises:
        LookupError: No such sampler.
        ValueError: An argument is outside its bounds.
    """
    return schema.build(spec, lambda name: aezoo_registry.load("samplers", name), "sampler")


def check_arrays(arrays, expected, sampler):
    """Raises ValueError unless a sampler's arrays have the expected names and shapes.

    Args:
        arrays: Name to array.
        expected: Name to shape.
        sampler: Name of the sampler, for the error.
    """
    found = {name: array.shape for name, array in arrays.items()}
    if found != expected:
        raise ValueError(
            f"The arrays of sampler {sampler!r} do not fit together: expected {expected}. "
            f"Received: {found}."
        )


def check_reach(means, factors, sampler):
    """Raises ValueError unless every code within `SIGMAS` is finite in float32.

    Args:
        means: Means, `(..., d)`.
        factors: Factors of covariances, `(..., d, d)`.
        sampler: Name of the sampler, for the error.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        farthest = np.max(np.abs(means) + SIGMAS * np.sum(np.abs(factors), axis=-1))
    if not farthest < np.finfo("float32").max:
        raise ValueError(f"The codes of sampler {sampler!r} are not finite.")
