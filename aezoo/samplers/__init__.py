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

What it draws is said by its attribute `latent`:

- `"vector"`, the default: codes, as above.
- `"posterior"`: codes of a model with a Gaussian posterior. It has
  `fit(means, deviations, *, seed=0)` of posteriors, `(n, d)` each.
- `"tokens"`: indices of a codebook's entries. It has `fit(tokens, *, codebook_size, seed=0)` of
  int32 `(n, *token_shape)`, and `transform` gives int32 `(n, number of tokens)`.
"""

import contextlib

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


def latent_of(sampler):
    """Returns what a sampler, or its class, draws: `"vector"` or `"tokens"`."""
    return getattr(sampler, "latent", "vector")


def check_latent(sampler, latents):
    """Raises ValueError unless a sampler draws what a model's codes are.

    Args:
        sampler: What `build` returned.
        latents: What samplers can draw for the model: `model.latents`.
    """
    if latent_of(sampler) in latents:
        return
    fitting = []
    for name in aezoo_registry.names("samplers"):
        with contextlib.suppress(aezoo_registry.RegistryError):
            if latent_of(aezoo_registry.load("samplers", name)) in latents:
                fitting.append(name)
    kinds = {"posterior": "Gaussian posteriors", "tokens": "tokens of a codebook"}
    received = latent_of(sampler)
    raise ValueError(
        f"This model has no {kinds.get(received, 'codes that are vectors')}, which the sampler "
        f"needs. For this model there are: {', '.join(fitting) or 'none'}. "
        f"Received: sampler={sampler.spec['name']!r}."
    )


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
