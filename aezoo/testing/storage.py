"""Checks of saving and loading."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from aezoo import store
from aezoo.noise import generator
from aezoo.testing._expect import expect, expect_equal, expect_refusal
from aezoo.testing._subjects import create, fit_sampler, samples, to_numpy


def check_storage(variant: str | type, body: str | None = None) -> None:
    """Checks that a loaded model and its sampler answer as the saved ones, to the last bit."""
    import aezoo

    model = create(variant, body)
    x = samples(model.sample_shape, 16)
    # Zeros, as biases are at first, would hide a weight that was not stored.
    rng = generator(0)
    for weight in model.named_weights().values():
        weight.assign(to_numpy(weight) + rng.uniform(0.0, 0.01, weight.shape).astype("float32"))
    fit_sampler(model, x)
    with tempfile.TemporaryDirectory() as folder:
        loaded = aezoo.load(aezoo.save(model, Path(folder, "model")))
    expect(type(loaded) is type(model), f"A {type(loaded).__name__} was loaded.")
    for name, value in _arguments(model).items():
        found = _arguments(loaded)[name]
        expect(found == value, f"The argument {name} was {value!r} and was loaded as {found!r}.")
    codes = model.encode(x)
    expect_equal(loaded.encode(x), codes, "codes of the loaded and the saved model")
    found, expected = (to_numpy(m.decoder(codes)) for m in (loaded, model))
    expect_equal(found, expected, "samples of the loaded and the saved model")
    expect_equal(
        loaded.sample_codes(4, seed=0), model.sample_codes(4, seed=0), "codes of its sampler"
    )


def check_hostile_store(variant: str | type) -> None:
    """Checks that a stored configuration that is not this model's is refused."""
    import aezoo

    model = create(variant)
    arrays = {name: to_numpy(weight) for name, weight in model.named_weights().items()}
    with tempfile.TemporaryDirectory() as folder:
        document = store.read(aezoo.save(model, Path(folder, "model"))).config
        changes: dict[str, dict[str, object]] = {
            "an unknown argument": {"surprise": 1},
            "a huge size": {"latent_dim": 2**40},
        }
        *places, channels = model.sample_shape
        changes["other sizes than its weights"] = {"sample_shape": [*places, channels + 1]}
        if model.learns_code:
            changes["other sizes of its code"] = {"latent_dim": model.latent_dim + 1}
        for what, change in changes.items():
            config = {**document["config"], **change}
            changed = store.write(Path(folder, what), {**document, "config": config}, arrays)
            expect_refusal(functools.partial(aezoo.load, changed), f"loading {what}")


def _arguments(model):
    return {k: v for k, v in model.get_config().items() if k != "name"}
