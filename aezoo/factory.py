"""Models by name, from a directory, or from the zoo."""

from __future__ import annotations

import math
import platform
from typing import Any

import numpy as np

import aezoo_registry
from aezoo import schema, sources, store
from aezoo.arrays import check_tokens
from aezoo.layout import CONFIG, WEIGHTS
from aezoo.stored import naming


def create(name, /, *, sample_shape, latent_dim=16, **config):
    """Builds a new, untrained model.

    Args:
        name: Name of a variant, see `aezoo.list_variants()`.
        sample_shape: Shape of one sample without the batch axis, such as `(28, 28, 1)`.
        latent_dim: Number of latent units.
        **config: Further arguments of the variant and of `aezoo.Autoencoder`: `body`,
            `likelihood`, `preprocess`, `seed`, ...

    Returns:
        An `aezoo.Autoencoder`, which is a `keras.Model`.

    Raises:
        LookupError: No such variant.
        ValueError: An argument is unknown or outside its bounds.
    """
    cls = find_variant(name)
    return cls(sample_shape=sample_shape, latent_dim=latent_dim, **config)


def find_variant(name):
    """Returns the class of a variant.

    Args:
        name: Registered name.

    Raises:
        LookupError: No such variant.
        PluginError: What is registered under the name is no variant.
    """
    from aezoo.core import Autoencoder

    cls = aezoo_registry.load("variants", name)
    if not (isinstance(cls, type) and issubclass(cls, Autoencoder)):
        entry = aezoo_registry.find("variants", name)
        raise aezoo_registry.PluginError(
            f"The variant {name!r} of {entry.owner} is not a subclass of aezoo.Autoencoder; tell "
            f"its author. Received: {entry.target}."
        )
    return cls


def load(source, *, engine="keras"):
    """Loads a trained model.

    Args:
        source: Name of a preset (see `aezoo.list_presets()`); a directory: a `Path`, or a
            string that starts with `./`, `../`, `/` or `~`; or a model on the Hugging Face Hub:
            `hf://org/name@commit`. A branch, tag or no revision is resolved to its commit, which
            is printed. A bare name is never a path.
        engine: `"keras"`, or `"onnx"` for use without training: it imports neither Keras nor
            TensorFlow, starts and answers sooner, and needs `pip install 'aezoo[onnx]'` and a
            model that `aezoo.export` wrote, as presets are.

    Returns:
        An `aezoo.Autoencoder` with its weights and its fitted sampler; with `engine="onnx"` an
        `aezoo.served.Served`, which has the same interface: `encode`, `decode`, `generate`, ...

    Raises:
        HubError: The Hub, or the way to it, did not do what was asked.
        LookupError: No such preset, or no installed package provides the variant.
        ModuleNotFoundError: `engine="onnx"` without ONNX Runtime.
        StoreError: The directory is missing, damaged or hostile, or has no graphs for
            `engine="onnx"`; nothing was loaded.
        ValueError: A configuration that the variant refuses, or an unknown engine.
    """
    if engine not in ("keras", "onnx"):
        raise ValueError(f"engine must be 'keras' or 'onnx'. Received: {engine=!r}.")
    if engine == "onnx":
        return serve(sources.read(source))
    return build(sources.read(source, shapes=stored_shapes))


def serve(stored):
    """Makes a model of verified files that runs on ONNX Runtime.

    Args:
        stored: What `aezoo.sources.read` returned.

    Returns:
        An `aezoo.served.Served` with its fitted sampler.

    Raises:
        LookupError: No installed package provides the sampler.
        ModuleNotFoundError: ONNX Runtime is not installed.
        StoreError: The model has no graphs, or others than `aezoo.export` writes.
    """
    from aezoo.served import Served

    model = Served(stored)
    sampler = _load_sampler(stored)
    _check_codes(stored, sampler, model)
    model.sampler = sampler
    return model


def build(stored):
    """Builds the model that verified files describe.

    Args:
        stored: What `aezoo.sources.read` returned.

    Returns:
        An `aezoo.Autoencoder` with its weights and its fitted sampler.

    Raises:
        LookupError: No installed package provides the variant.
        StoreError: The weights are not the model's.
        ValueError: A configuration that the variant refuses.
    """
    config = stored.config
    with naming(stored.directory / CONFIG):
        shapes = stored_shapes(config)
    arrays = stored.arrays(shapes)
    sampler = _load_sampler(stored)
    model = find_variant(config["variant"])(**config["config"])
    _check_codes(stored, sampler, model)
    for name, weight in model.named_weights().items():
        weight.assign(arrays[name])
    model.sampler = sampler
    model.source = stored.source
    return model


def stored_shapes(config):
    """Returns what the model of a `config.json` would hold, without allocating any of it.

    Args:
        config: Checked content of `config.json`.

    Returns:
        Name of each weight to its shape.

    Raises:
        LookupError: No installed package provides the variant.
        ValueError: A configuration that the variant refuses.
    """
    from aezoo.core import Autoencoder

    cls = find_variant(config["variant"])
    schema.check_arguments(cls, config["config"], root=Autoencoder)  # no Keras argument either
    return weight_shapes(cls, config["config"])


def weight_shapes(cls, config):
    """Returns what a model would hold, without allocating any of it.

    Args:
        cls: Class of a variant.
        config: Its arguments.

    Returns:
        Name of each weight to its shape.

    Raises:
        ValueError: A configuration that the variant refuses.
    """
    from concurrent.futures import ThreadPoolExecutor

    import keras

    def build():
        with keras.StatelessScope(initialize_variables=False):
            return {n: tuple(w.shape) for n, w in cls(**config).named_weights().items()}

    # Keras remembers, a list for each thread, the variables of such a scope and would allocate
    # them when the next one closes: in a thread of its own they are forgotten.
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(build).result()


def save(model, directory, *, dtype="float32", overwrite=False):
    """Writes a model to a directory, atomically.

    Args:
        model: An `aezoo.Autoencoder`.
        directory: Where to; created with its parents.
        dtype: How weights are stored: `"float32"`, `"float16"` or `"bfloat16"`.
        overwrite: Replace a model that is there.

    Returns:
        The directory as a `Path`.

    Raises:
        FileExistsError: The directory exists and `overwrite` is False.
        ValueError: A weight is not finite, or overflows in `dtype`.
    """
    import keras

    from aezoo.core import Autoencoder

    if not isinstance(model, Autoencoder):
        raise ValueError(
            "aezoo.save stores an aezoo.Autoencoder; another Keras model has its own save(). "
            f"Received: {type(model).__name__}."
        )
    arrays = {n: keras.ops.convert_to_numpy(w) for n, w in model.named_weights().items()}
    sampler = None
    if model.sampler is not None:
        spec = dict(model.sampler.spec)
        sampler = {"name": spec.pop("name"), "config": spec}
        arrays |= {f"sampler/{n}": array for n, array in model.sampler.arrays().items()}
    config = {
        "format": 1,
        "variant": model.variant,
        "config": model_config(model),
        "sampler": sampler,
        "dtype": dtype,
        "versions": versions(),
    }
    return store.write(directory, config, arrays, overwrite=overwrite)


def model_config(model) -> dict[str, Any]:
    """Returns the arguments that rebuild a model, without what only names or trains it."""
    return {k: v for k, v in model.get_config().items() if k not in ("name", "dtype")}


def versions() -> dict[str, str]:
    """Returns the versions that shape a model: of aezoo, Keras, its backend and Python."""
    from importlib import metadata  # which a model that is only loaded does not need

    import keras

    backend = keras.backend.backend()
    names = ("aezoo", "keras", backend)
    return {name: metadata.version(name) for name in names} | {"python": platform.python_version()}


def _load_sampler(stored):
    entry = stored.config["sampler"]
    if entry is None:
        return None
    from aezoo.samplers import build

    with naming(stored.directory / CONFIG):
        sampler = build({**entry["config"], "name": entry["name"]})
    with naming(stored.directory / WEIGHTS), np.errstate(all="ignore"):
        sampler.load(stored.sampler_arrays())
        reach = np.array([[0.0], [5.0], [-5.0]])  # what a draw is made of, and its far ends
        if not np.isfinite(_draw(sampler, reach)).all():
            raise ValueError(f"sampler {entry['name']!r} draws codes that are not finite")
    return sampler


def _check_codes(stored, sampler, model):
    """Raises StoreError unless a stored sampler draws codes, or tokens, of a model's size."""
    if sampler is None:
        return
    from aezoo.samplers import check_latent

    with naming(stored.directory / WEIGHTS):
        check_latent(sampler, model.latents)
        shape = model.code_shape if model.token_shape is None else model.token_shape
        size, drawn = math.prod(shape), _draw(sampler, np.zeros((1, 1)))
        if drawn.size != size:
            raise ValueError(
                f"sampler {sampler.spec['name']!r} draws codes of {drawn.size} numbers, not {size}"
            )
        if model.token_shape is not None:
            check_tokens(drawn.reshape(1, *shape), shape, model.codebook_size)


def _draw(sampler, noise):
    return sampler.transform(np.repeat(noise, sampler.noise_dim, axis=1))
