"""The array gate: what may enter a model, and what is said about the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

_TOLERANCE = 1e-5


def check_samples(
    x: Any,
    sample_shape: Sequence[int],
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
    name: str = "x",
) -> np.ndarray:
    """Check raw samples and return them as uint8 or float32.

    Args:
        x: Samples of shape `(n, *sample_shape)`: an array, a tensor of any
            framework, or nested lists. uint8 is kept, booleans become 0 and 1,
            floats become float32; other integers are refused, because their
            scale is unknown.
        sample_shape: Shape of one sample.
        sample_range: `(low, high)` that float samples must lie in, up to a
            tolerance of 1e-5 of its width; `None` means unbounded.
        name: What error messages call `x`.

    Returns:
        The samples, n at least 1, finite. May share memory with `x`.

    Raises:
        ValueError: The kind, shape or range of the values is wrong.

    Example:
        >>> check_samples([[0.0, 0.5], [1.0, 0.25]], (2,)).dtype
        dtype('float32')
    """
    original = _as_array(x, name)
    if original.dtype.kind in "iu" and original.dtype != np.uint8:
        target = "any float type" if sample_range is None else f"floats in {list(sample_range)}"
        raise ValueError(
            f"{name} holds integers of unknown scale. Expected uint8 or floats: pixel values from "
            f'0 to 255 become `{name}.astype("uint8")`, anything else must be cast to {target}. '
            f"Received: {name}.dtype={original.dtype.name!r}."
        )
    _check_shape(original, tuple(sample_shape), name)
    if original.dtype == np.uint8:
        return original
    samples = _as_float32(original)
    low, high = _finite_bounds(samples, original, name)
    if sample_range is not None:
        _check_range(low, high, sample_range, name)
    return samples


def check_codes(z: Any, code_shape: Sequence[int], *, name: str = "z") -> np.ndarray:
    """Check latent codes and return them as float32.

    Args:
        z: Codes of shape `(n, *code_shape)`, any real numbers: an array, a
            tensor of any framework, or nested lists.
        code_shape: Shape of one code.
        name: What error messages call `z`.

    Returns:
        The codes, n at least 1, finite, float32. May share memory with `z`.

    Raises:
        ValueError: The kind or shape of the values is wrong, or one of them
            is not finite.

    Example:
        >>> check_codes([[0, 1, 2]], (3,)).tolist()
        [[0.0, 1.0, 2.0]]
    """
    original = _as_array(z, name)
    _check_shape(original, tuple(code_shape), name)
    codes = _as_float32(original)
    _finite_bounds(codes, original, name)
    return codes


def check_tokens(
    tokens: Any, token_shape: Sequence[int], codebook_size: int, *, name: str = "tokens"
) -> np.ndarray:
    """Check indices of codebook entries and return them as int32.

    Args:
        tokens: Integers of shape `(n, *token_shape)`.
        token_shape: Shape of one sample's tokens.
        codebook_size: Number of entries; a token is at least 0 and below it.
        name: What error messages call `tokens`.

    Returns:
        The tokens, n at least 1, int32. May share memory with `tokens`.

    Raises:
        ValueError: The kind, shape or range of the values is wrong.

    Example:
        >>> check_tokens([[0, 511]], (2,), 512).dtype
        dtype('int32')
    """
    array = _as_array(tokens, name)
    if array.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be integers, the indices that tokenize() returns; codes go to decode(). "
            f"Received: {name}.dtype={array.dtype.name!r}."
        )
    _check_shape(array, tuple(token_shape), name)
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= codebook_size:
        raise ValueError(
            f"{name} must be from 0 to {codebook_size - 1}, the entries of the codebook. "
            f"Received: {name} from {low} to {high}."
        )
    return array.astype(np.int32, copy=False)


def to_unit(x: Any, *, name: str = "x") -> np.ndarray:
    """Return image values of any shape as float32 in [0, 1]; uint8 is divided by 255.

    Example:
        >>> to_unit(np.array([[0, 255]], "uint8")).tolist()
        [[0.0, 1.0]]
    """
    array = _as_array(x, name)
    samples = check_samples(array, array.shape[1:], name=name)
    unit: np.ndarray
    if samples.dtype == np.uint8:
        unit = np.divide(samples, 255, dtype=np.float32)
    else:
        unit = np.clip(samples, 0.0, 1.0)
    return unit


def to_uint8(x: Any, *, name: str = "x") -> np.ndarray:
    """Return image values of any shape as uint8; floats in [0, 1] are scaled and rounded.

    Example:
        >>> to_uint8([[0.0, 0.5, 1.0]]).tolist()
        [[0, 128, 255]]
    """
    array = _as_array(x, name)
    samples = check_samples(array, array.shape[1:], name=name)
    if samples.dtype == np.uint8:
        return samples
    levels: np.ndarray = np.clip(samples, 0.0, 1.0) * 255 + 0.5
    return levels.astype(np.uint8)


def _as_array(x: Any, name: str) -> np.ndarray:
    """Return `x` as an array of real numbers."""
    if type(x) is not np.ndarray and np.ma.is_masked(x):  # numpy.ma is imported when it is named
        raise ValueError(
            f"{name} is a masked array with masked values. Expected every value to be there: "
            f"fill them first with `{name}.filled(...)`. Received: type({name})='MaskedArray'."
        )
    try:
        array = np.asarray(x)
    except Exception as error:  # a foreign tensor's `__array__` may raise anything
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise ValueError(
            f"{name} cannot be read as an array: {reason}. Expected one rectangular array of "
            f"numbers; a tensor on a device or with a gradient needs "
            f"`{name}.detach().cpu().numpy()`, a symbolic one has no values. "
            f"Received: type({name})={type(x).__name__!r}."
        ) from error
    kind = array.dtype.kind
    if kind in "biuf" or array.dtype.name == "bfloat16":
        return array
    advice = {
        "c": f"pass `{name}.real` or `abs({name})`.",
        "O": "pass one array of uint8 or floats.",
        "U": "load files with `aezoo.data.load` or `aezoo.data.images.read` first.",
        "S": "decode bytes to pixels first.",
    }.get(kind, "cast it to uint8 or float32.")
    raise ValueError(
        f"{name} does not hold real numbers. Expected uint8 or floats: {advice} "
        f"Received: {name}.dtype={array.dtype.name!r}."
    )


def _as_float32(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float32:
        return x
    # What overflows is reported by the finiteness check, with its index.
    with np.errstate(over="ignore"):
        return x.astype(np.float32, copy=False)


def _check_shape(x: np.ndarray, sample_shape: tuple[int, ...], name: str) -> None:
    if x.ndim and len(x) and x.shape[1:] == sample_shape:
        return
    received = f"Received: {name}.shape={x.shape!r}."
    if x.ndim and len(x) == 0:
        raise ValueError(f"{name} is empty. Expected at least one sample. {received}")
    expected = ", ".join(["n", *map(str, sample_shape)]) + ("" if sample_shape else ",")
    raise ValueError(
        f"{name} has the wrong shape. Expected shape ({expected}). "
        f"{_shape_hint(x.shape, sample_shape, name)} {received}"
    )


def _shape_hint(shape: tuple[int, ...], sample_shape: tuple[int, ...], name: str) -> str:
    *spatial, channels = sample_shape or (0,)
    grey = (*spatial,) if spatial and channels == 1 else None
    channels_first = (channels, *spatial) if spatial else None
    if shape == sample_shape:
        return f"For a single sample pass `{name}[None]`."
    if shape[1:] == grey:
        return f"The channel axis is missing: pass `{name}[..., None]`."
    if shape == grey:
        return f"For a single sample without its channel axis pass `{name}[None, ..., None]`."
    if shape[1:] == channels_first:
        return f"Channels come last: pass `np.moveaxis({name}, 1, -1)`."
    if shape == channels_first:
        return f"For a single sample, channels last, pass `np.moveaxis({name}, 0, -1)[None]`."
    # Between two shapes of rank above 1 a reshape would scramble the pixels.
    if len(shape) == 2 and shape[1] == math.prod(sample_shape):
        return f"Flat samples must be shaped: pass `{name}.reshape(-1, *{sample_shape})`."
    if len(sample_shape) == 1 and math.prod(shape[1:]) == channels:
        return f"The samples must be flat: pass `{name}.reshape(len({name}), -1)`."
    if len(shape) == len(sample_shape) + 1 and spatial and shape[1:-1] == (*spatial,):
        return f"The samples have {shape[-1]} channels instead of {channels}."
    if len(shape) == len(sample_shape) + 1:
        return "The samples have another size than the model's."
    return "The first axis counts the samples, the others are one sample's."


def _finite_bounds(x: np.ndarray, original: np.ndarray, name: str) -> tuple[float, float]:
    """Return min and max, or raise if a value is NaN or infinite."""
    if x.size == 0:
        return 0.0, 0.0
    # The ufuncs' own reductions pass NaN on without a warning, in half the time of min and max.
    low, high = (float(ufunc.reduce(x, axis=None)) for ufunc in (np.minimum, np.maximum))
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    bad = ~np.isfinite(x)
    first = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
    count = int(np.count_nonzero(bad))
    raise ValueError(
        f"{name} must be finite in float32: {count} of its {x.size} values "
        f"{'is' if count == 1 else 'are'} not, the first at index {first}. Remove the samples "
        f"concerned or fill the values in. Received: {name}[{', '.join(map(str, first))}]="
        f"{float(original[first])!r}."
    )


def _check_range(low: float, high: float, sample_range: tuple[float, float], name: str) -> None:
    lowest, highest = sample_range
    tolerance = _TOLERANCE * (highest - lowest)
    if low >= lowest - tolerance and high <= highest + tolerance:
        return
    received = f"Received: {name}.min()={low:g}, {name}.max()={high:g}."
    if (lowest, highest) == (0, 1) and low >= -tolerance and 15 < high <= 255:
        raise ValueError(
            f"{name} looks like pixel values from 0 to 255. Expected floats in [0, 1] or uint8: "
            f'pass `{name} / 255` or `{name}.astype("uint8")`. {received}'
        )
    raise ValueError(
        f"{name} leaves the range of the samples. Expected floats in [{lowest:g}, {highest:g}]: "
        f"rescale or clip them. {received}"
    )
