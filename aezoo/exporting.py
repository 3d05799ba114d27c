"""`aezoo.export`: a copy of a model that ONNX Runtime can run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from aezoo import factory, regular_file, sources, store
from aezoo.graphs.export import export as export_graphs
from aezoo.interface import Interface
from aezoo.layout import MAX_CARD, SAMPLER_PREFIX, is_card
from aezoo.stored import Stored, naming


def export(
    model: Any,
    directory: str | os.PathLike[str],
    *,
    dtype: str = "float32",
    overwrite: bool = False,
) -> Path:
    """Writes a model with a graph for each of its functions, for use without Keras.

    The graphs are ONNX files of a few kB beside `model.safetensors`, where their weights stay;
    each was compared with Keras on random inputs. `aezoo.load(directory, engine="onnx")` runs them.

    Args:
        model: An `aezoo.Autoencoder`, or what `aezoo.load` takes: a directory such as
            `./my-model`, the name of a preset, or `hf://org/name`.
        directory: Where to; created with its parents. It may be the model's own directory.
        dtype: How the weights of a model are stored; what is stored already stays as it is.
        overwrite: Replace a model that is there.

    Returns:
        The directory as a `Path`.

    Raises:
        FileExistsError: The directory exists and `overwrite` is False.
        HubError: The Hub, or the way to it, did not do what was asked.
        ModuleNotFoundError: ONNX Runtime is not installed.
        StoreError: The model is missing or damaged, or the directory cannot be written.
        ValueError: The model holds what cannot be exported, or the graphs' answers are not Keras'.

    Example:
        ```python
        import tempfile

        import aezoo

        directory = aezoo.export("vae.digits", tempfile.mkdtemp())
        model = aezoo.load(directory, engine="onnx")
        images = model.generate(4, seed=0)
        ```
    """
    store.check_target(directory, overwrite=overwrite)
    if isinstance(model, str | os.PathLike):
        return _write(sources.read(model, shapes=factory.stored_shapes), directory, overwrite)
    if isinstance(model, Interface):
        with tempfile.TemporaryDirectory() as scratch:
            stored = store.read(factory.save(model, Path(scratch) / "model", dtype=dtype))
            return _write(stored, directory, overwrite)
    raise ValueError(
        "model must be an aezoo.Autoencoder, or what aezoo.load takes: a preset, a directory, an "
        f"address. Received: {type(model).__name__}."
    )


def _write(stored: Stored, directory: str | os.PathLike[str], overwrite: bool) -> Path:
    # The stored weights are what runs, so they are what the graphs are compared with.
    files = export_graphs(factory.build(stored), stored.weights)
    for path in sorted(path for path in stored.directory.iterdir() if is_card(path.name)):
        with naming(path):
            files[path.name] = regular_file.read(path, roots=[stored.directory], limit=MAX_CARD)
    arrays = stored.stored_arrays()
    arrays |= {SAMPLER_PREFIX + name: array for name, array in stored.sampler_arrays().items()}
    return store.write(directory, stored.config, arrays, files=files, overwrite=overwrite)
