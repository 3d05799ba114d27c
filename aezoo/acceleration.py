"""How to compute a training on this machine: chosen by capability, printed and recorded."""

from __future__ import annotations

import dataclasses
import math
import os
import platform
from pathlib import Path

import keras

MANY_VALUES = 100e6
"""What a training reads before compiling pays, roughly: two or three epochs of Fashion-MNIST."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a training is computed.

    Attributes:
        dtype: Policy of the networks; losses and weights are float32 under every policy.
        jit: Whether steps are compiled with XLA.
        steps_per_execution: Steps between two returns to Python.
    """

    dtype: str
    jit: bool
    steps_per_execution: int


def choose(
    steps: int, *, values: float = math.inf, dtype: str = "auto", jit: bool | None = None
) -> Settings:
    """Chooses how to compute a training.

    bfloat16 where processor or accelerator multiplies it natively. XLA on accelerators, and on
    processors without AVX-512, where its kernels were faster than oneDNN's; with AVX-512 it was
    the reverse (`tools/bench.py training` measures both). On a processor a short training does not
    win back the seconds that compiling takes.

    Args:
        steps: Steps an epoch.
        values: How many numbers all samples of all epochs hold.
        dtype: `"auto"`, `"float32"` or `"mixed_bfloat16"`.
        jit: None to choose.

    Returns:
        The settings; the same on every call on one machine.

    Raises:
        ValueError: An unknown dtype.
    """
    if dtype not in ("auto", "float32", "mixed_bfloat16"):
        raise ValueError(
            f"dtype must be 'auto', 'float32' or 'mixed_bfloat16'. Received: dtype={dtype!r}."
        )
    flags = processor_flags()
    accelerator = has_accelerator()
    if dtype == "auto":
        native = accelerator or bool(flags & {"amx_bf16", "avx512_bf16"})
        dtype = "mixed_bfloat16" if native else "float32"
    if jit is None:
        tensorflow = keras.backend.backend() == "tensorflow"
        jit = keras.backend.backend() == "jax" or (
            tensorflow and (accelerator or (values >= MANY_VALUES and "avx512f" not in flags))
        )
    return Settings(dtype, jit, max(1, min(20, steps)))


def processor_flags() -> set[str]:
    """Returns the processor's instruction sets as Linux names them; empty where unknown."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return next((set(line.split()[2:]) for line in lines if line.startswith("flags")), set())


def has_accelerator() -> bool:
    """Returns whether the backend sees a GPU or TPU."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    import torch

    return bool(torch.cuda.is_available())


def machine() -> str:
    """Returns a short description of the processor, for records: usable cores and vector units."""
    flags = processor_flags()
    units = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    restricted = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if restricted else os.cpu_count()
    return " ".join([platform.machine(), f"{cores} core{'s' * (cores != 1)}", *units])
