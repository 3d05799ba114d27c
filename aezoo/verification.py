"""Checking that a preset is what was published: its files, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

import aezoo_registry
from aezoo import factory, sources
from aezoo.hub.errors import HubError
from aezoo.stored import StoreError

GOLDEN = "golden.safetensors"
NUMBERS = 2**14
"""Numbers of a sample's output that are kept: photos have more, and files shall stay small."""
UNCOMPARABLE = (
    aezoo_registry.RegistryError,
    safetensors.SafetensorError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: `"record"`, `"files"`, `"golden"`, `"latent"` or `"output"`.
        ok: Whether it is as it should be.
        detail: What was found.
    """

    name: str
    ok: bool
    detail: str


def verify(preset: str) -> list[Check]:
    """Re-hash a preset and compare its answers with the recorded ones.

    Beside the model the preset's directory holds `golden.safetensors`, what `golden` returned
    when it was made, and its record gives under `golden.tolerance` the largest difference that
    another machine may show.

    Args:
        preset: Name of a preset, see `aezoo.list_presets()`.

    Returns:
        The checks in order, up to the first that prevents the next.

    Raises:
        LookupError: If there is no such preset.

    Example:
        ```python
        from aezoo.verification import verify

        assert all(check.ok for check in verify("vae.digits"))
        ```
    """
    try:
        found = aezoo_registry.preset(preset)
    except aezoo_registry.PluginError as error:
        return [Check("record", False, str(error))]
    return [*_checks(found)]


def golden(model: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return what `verify` compares with.

    Args:
        model: The model as it is stored.
        x: A few samples, shape `(n, *sample_shape)`.

    Returns:
        `input`, the samples; their codes `latent`; and `output`, what `thinned` leaves of what
        those decode to.
    """
    latent = model.encode(x)
    return {"input": x, "latent": latent, "output": thinned(model.decode(latent))}


def thinned(output: np.ndarray) -> np.ndarray:
    """Return numbers from all over each sample, at most 16,384; fewer stay as they are.

    Args:
        output: Shape `(n, *sample_shape)`.

    Returns:
        Shape `(n, numbers)`, or that of `output`.

    Example:
        >>> thinned(np.zeros((2, 8, 8, 1))).shape, thinned(np.zeros((2, 256, 256, 1))).shape
        ((2, 8, 8, 1), (2, 13108))
    """
    size = output[0].size
    if size <= NUMBERS:
        return output
    step = -(-size // NUMBERS) | 1  # an odd one meets every channel and column
    return np.ascontiguousarray(output.reshape(len(output), -1)[:, ::step])


def _checks(preset: aezoo_registry.Preset) -> Iterator[Check]:
    try:
        stored = sources.of_preset(preset)
    except (HubError, StoreError) as error:
        yield Check("files", False, str(error))
        return
    yield Check("files", True, f"{len(stored.header)} arrays, all hashes as in the manifest")
    if "golden" not in preset.record or not (preset.path / GOLDEN).exists():
        yield Check("golden", False, f"cannot be compared: there is no {GOLDEN}, or no tolerance")
        return
    try:
        expected = safetensors.numpy.load_file(preset.path / GOLDEN)
        tolerance = float(preset.record["golden"]["tolerance"])
        model = factory.build(stored)
        # Each half by itself: a wrong latent must not blame the decoder.
        found = {
            "latent": model.encode(expected["input"]),
            "output": thinned(model.decode(expected["latent"])),
        }
        distances = {name: _distance(found[name], expected[name]) for name in found}
    except UNCOMPARABLE as error:
        yield Check("golden", False, f"cannot be compared: {type(error).__name__}: {error}")
        return
    for name, distance in distances.items():
        detail = f"differs by {distance:.2g}, allowed are {tolerance:.2g}"
        yield Check(name, distance <= tolerance, detail)


def _distance(found: np.ndarray, expected: np.ndarray) -> float:
    if found.shape != expected.shape:
        raise ValueError(f"shape {found.shape} instead of {expected.shape}")
    return float(np.max(np.abs(found - expected)))
