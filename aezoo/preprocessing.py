"""What happens to a raw sample before the networks see it, and the way back.

A preprocessing is part of a model's configuration: `fit`, `encode` and `decode` all speak raw
samples. uint8 samples are images: they are divided by 255 and mapped onto the declared range first.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from keras import ops

from aezoo.schema import Interval, Length, Shape, Size, build, check_value, choose, to_json

Number = Annotated[float, Interval(-1e12, 1e12)]
MIN_STD = 1e-12
Numbers = Annotated[tuple[Number, ...], Length(1, 2**12)]


class Scale:
    """Maps the raw range [low, high] onto [0, 1].

    Args:
        low: Raw value that becomes 0.
        high: Raw value that becomes 1; above `low`.
    """

    def __init__(self, *, low: Number = 0.0, high: Number = 1.0):
        if not high - low > 1e-6 * max(abs(low), abs(high), 1e-6):  # what float32 tells apart
            raise ValueError(
                "scale needs low < high, apart enough for float32. "
                f"Received: low={low!r}, high={high!r}."
            )
        self.low, self.high = low, high

    def sample_range(self):
        """Returns the raw range that samples must lie in."""
        return (float(self.low), float(self.high))

    def inner_shape(self, sample_shape):
        """Returns the shape of a preprocessed sample."""
        return sample_shape

    def forward(self, x, sample_shape):
        """Preprocesses raw `(n, *sample_shape)`."""
        return (x - self.low) / (self.high - self.low)

    def inverse(self, x, sample_shape):
        """Maps preprocessed samples back to raw ones."""
        return x * (self.high - self.low) + self.low


class Standardise:
    """Subtracts a mean and divides by a standard deviation, per channel or for all.

    Args:
        mean: One number, or one for each entry of the last axis.
        std: One number, or one for each entry of the last axis; above 0.
        low: Smallest raw value allowed; None with `high=None` for any.
        high: Largest raw value allowed.
    """

    def __init__(
        self,
        *,
        mean: Number | Numbers = 0.0,
        std: Number | Numbers = 1.0,
        low: Number | None = None,
        high: Number | None = None,
    ):
        self.mean, self.std, self.low, self.high = mean, std, low, high
        if min(_sequence(std)) < MIN_STD:
            raise ValueError(
                f"standardise needs std above 0, at least {MIN_STD:g}. Received: std={std!r:.200}."
            )
        if (low is None) != (high is None):
            raise ValueError(
                f"standardise takes both low and high, or neither. Received: {low=}, {high=}."
            )
        if low is not None and high is not None and not low < high:
            raise ValueError(f"standardise needs low < high. Received: {low=}, {high=}.")

    def sample_range(self):
        """Returns the raw range that samples must lie in, or None for any."""
        return None if self.low is None else (float(self.low), float(self.high))

    def inner_shape(self, sample_shape):
        """Returns the shape of a preprocessed sample."""
        for name in ("mean", "std"):
            length = len(_sequence(getattr(self, name)))
            if length not in (1, sample_shape[-1]):
                raise ValueError(
                    f"standardise's {name} must hold 1 or {sample_shape[-1]} numbers for samples "
                    f"of shape {sample_shape}. Received: {length} numbers."
                )
        return sample_shape

    def forward(self, x, sample_shape):
        """Preprocesses raw `(n, *sample_shape)`."""
        return (x - _constant(self.mean)) / _constant(self.std)

    def inverse(self, x, sample_shape):
        """Maps preprocessed samples back to raw ones."""
        return x * _constant(self.std) + _constant(self.mean)


class Resize:
    """Resizes images `(h, w, c)` bilinearly to the networks' size and back.

    Args:
        height: Height that the networks see, in pixels.
        width: Width that the networks see, in pixels.
    """

    def __init__(self, *, height: Size, width: Size):
        self.height, self.width = height, width

    def sample_range(self):
        """Returns the raw range that samples must lie in."""
        return (0.0, 1.0)

    def inner_shape(self, sample_shape):
        """Returns the shape of a preprocessed sample."""
        if len(sample_shape) != 3:
            raise ValueError(f"resize needs images (h, w, c). Received: {sample_shape=}.")
        return (self.height, self.width, sample_shape[-1])

    def forward(self, x, sample_shape):
        """Preprocesses raw `(n, *sample_shape)`."""
        return ops.image.resize(
            x, (self.height, self.width), antialias=True, data_format="channels_last"
        )

    def inverse(self, x, sample_shape):
        """Maps preprocessed samples back to raw ones."""
        return ops.image.resize(x, sample_shape[:2], antialias=True, data_format="channels_last")


find = choose({"scale": Scale, "standardise": Standardise, "resize": Resize}, "preprocess")


class Preprocess:
    """A chain of steps with its inverse, for samples of one shape.

    Args:
        spec: None (samples lie in [0, 1]), one step, or a list of steps: `"scale"`,
            `{"name": "scale", "low": -1, "high": 1}`, `{"name": "standardise", ...}`,
            `{"name": "resize", ...}`. The first step decides the raw range.
        sample_shape: Shape of a raw sample.
    """

    def __init__(self, spec: Any, sample_shape: Sequence[int]):
        steps = spec if isinstance(spec, (list, tuple)) else [] if spec is None else [spec]
        self.steps = [build(step, find, "preprocess") for step in steps]
        self.spec = to_json(self.steps) or None
        self.sample_range = self.steps[0].sample_range() if self.steps else (0.0, 1.0)
        self.unit = not any(isinstance(step, Standardise) for step in self.steps)
        self.shapes = [tuple(sample_shape)]
        for step in self.steps:
            self.shapes.append(step.inner_shape(self.shapes[-1]))
            check_value(self.shapes[-1], Shape, f"the shape after step {step.spec['name']!r}")

    @property
    def inner_shape(self):
        """Shape of a preprocessed sample."""
        return self.shapes[-1]

    def forward(self, x):
        """Maps raw samples, uint8 or float, to what the networks see, float32."""
        x = ops.convert_to_tensor(x)
        if "uint8" in str(x.dtype):
            low, high = self.sample_range or (0.0, 1.0)
            x = ops.cast(x, "float32") * ((high - low) / 255.0) + low
        x = ops.cast(x, "float32")
        for step, shape in zip(self.steps, self.shapes, strict=False):
            x = step.forward(x, shape)
        return x

    def inverse(self, x):
        """Maps what the networks produce to raw samples, clipped to the raw range, float32."""
        x = ops.cast(x, "float32")
        for step, shape in reversed(list(zip(self.steps, self.shapes, strict=False))):
            x = step.inverse(x, shape)
        return x if self.sample_range is None else ops.clip(x, *self.sample_range)


def standardise(x) -> dict[str, Any]:
    """Returns the `standardise` step for an array: its mean and deviation over the last axis.

    Args:
        x: Raw samples `(n, ..., c)`, uint8 or float. uint8 is read as x / 255, range [0, 1].

    Returns:
        A step for `preprocess=`. Features that do not vary are only centred.
    """
    import numpy as np

    x = np.asarray(x)
    image = x.dtype == np.uint8
    values = np.asarray(x, "float64").reshape(-1, x.shape[-1]) / (255.0 if image else 1.0)
    std = values.std(0)
    std[std < 1e-6] = 1.0
    bounds = {"low": 0.0, "high": 1.0} if image else {}
    return {"name": "standardise", "mean": values.mean(0).tolist(), "std": std.tolist()} | bounds


def _sequence(value):
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _constant(value):
    return ops.convert_to_tensor(value, "float32")
