"""Encoder and decoder networks, one file a family.

A body is a class registered under `aezoo.bodies` with three methods; its constructor takes JSON
values, annotated with their bounds (see `aezoo.schema`) and stored under their own names.

```python
class Body:
    def check(self, sample_shape): ...  # raises ValueError where it does not fit
    def encoder(self, sample_shape, output_shape): ...  # Model: sample -> posterior parameters
    def decoder(self, code_shape, output_shape): ...  # Model: code -> likelihood parameters
```

Networks end in float32, whatever the dtype policy, and work for every size that `check` lets
through.
"""

import aezoo_registry
from aezoo import schema


def build(spec, sample_shape):
    """Builds a body and checks that it fits.

    Args:
        spec: None for the default (`conv` for images, `rnn` for sequences, else `mlp`), a
            registered name, or a dictionary with `name` and arguments.
        sample_shape: Shape of a preprocessed sample.

    Returns:
        The body.

    Raises:
        ValueError: It does not fit the shape, or an argument is outside its bounds.
        LookupError: No such body.
    """
    if spec is None:
        spec = {2: "rnn", 3: "conv"}.get(len(sample_shape), "mlp")
    body = schema.build(spec, lambda name: aezoo_registry.load("bodies", name), "body")
    body.check(sample_shape)
    return body
