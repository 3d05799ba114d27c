"""Applications that stand on the models, one a file: `aezoo.tasks.super_resolve(photo, scale=2)`.

Each has a command of the same name, which is what is registered under `aezoo.tasks`; plugins
register theirs there.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "AutoencoderTransformer": "transformer",
    "cluster": "clustering",
    "compress": "compression",
    "decompress": "compression",
    "denoise": "denoising",
    "detect_anomalies": "anomalies",
    "edit": "editing",
    "embed": "embedding",
    "inpaint": "inpainting",
    "reduce": "reduction",
    "restore": "restoration",
    "stylize": "stylization",
    "super_resolve": "super_resolution",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"aezoo.tasks.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'aezoo.tasks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
