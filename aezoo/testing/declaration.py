"""Checks of what a variant declares: its name, arguments, documentation and initial weights."""

from __future__ import annotations

import inspect
import json
import random
from typing import Any

import numpy as np

import aezoo_registry
from aezoo import schema
from aezoo.factory import model_config, weight_shapes
from aezoo.testing._documentation import (
    expect_arguments_documented,
    expect_sections,
    run_example,
)
from aezoo.testing._expect import expect, expect_equal, expect_refusal
from aezoo.testing._subjects import create, resolve, to_numpy

HOOKS = (
    "posterior",
    "code",
    "sample_posterior",
    "likelihood_parameters",
    "forward",
    "terms",
    "term_weights",
    "prior",
    "log_weight",
    "tokens",
    "embed",
    "default_optimizer",
)
HOSTILE = (10**30, [10**30], {"surprise": 10**30})


def check_name(variant: str | type) -> None:
    """Checks that the variant has a registered name, and that Keras knows the class."""
    import keras

    from aezoo.core import Autoencoder

    cls = resolve(variant)
    expect(
        isinstance(cls, type) and issubclass(cls, Autoencoder),
        f"A variant must be a subclass of aezoo.Autoencoder. Received: {cls!r}.",
    )
    name = create(cls).variant
    expect(
        aezoo_registry.load("variants", name) is cls,
        f"The name {name!r} stands for another class than {cls.__name__}.",
    )
    registered = keras.saving.get_registered_name(cls)
    expect(
        keras.saving.get_registered_object(registered) is cls and ">" in registered,
        f"{cls.__name__} must be decorated with "
        "@keras.saving.register_keras_serializable(package=...).",
    )


def check_arguments(variant: str | type) -> None:
    """Checks names, annotations and defaults of the constructor's arguments."""
    from aezoo.core import Autoencoder

    cls = resolve(variant)
    shared = schema.parameters(Autoencoder, root=Autoencoder)
    taken = set(dir(Autoencoder(sample_shape=(1,), latent_dim=1))) - {"codebook_size"}
    for name, parameter in schema.parameters(cls, root=Autoencoder).items():
        if name in shared:
            continue
        expect(
            name not in taken,
            f"The argument {name!r} has the name of an attribute of Keras or aezoo.",
        )
        expect(
            parameter.annotation is not Any,
            f"The argument {name!r} needs an annotation with its bounds, see aezoo.schema.",
        )
        expect(
            parameter.default is not parameter.empty,
            f"The argument {name!r} needs a default, so that aezoo.create works without it.",
        )
        expect(
            parameter.kind is parameter.KEYWORD_ONLY, f"The argument {name!r} must be keyword-only."
        )


def check_hooks(variant: str | type) -> None:
    """Checks that overridden hooks take what the base's take, in its order."""
    from aezoo.core import Autoencoder

    cls = resolve(variant)
    for name in HOOKS:
        expected = list(inspect.signature(getattr(Autoencoder, name)).parameters)
        found = list(inspect.signature(getattr(cls, name)).parameters)
        expect(
            found[: len(expected)] == expected,
            f"{cls.__name__}.{name} must take {', '.join(expected)}, in this order. "
            f"Received: {', '.join(found)}.",
        )


def check_documentation(variant: str | type) -> None:
    """Checks that the docstring has a summary, Args, Example and Reference."""
    cls = resolve(variant)
    expect_sections(cls, "Args", "Example", "Reference")
    expect_arguments_documented(cls)


def check_example(variant: str | type) -> None:
    """Checks that the docstring's example runs as it is."""
    run_example(resolve(variant))


def check_config(variant: str | type) -> None:
    """Checks that the configuration is plain JSON and rebuilds an equal model."""
    from aezoo.core import Autoencoder

    model = create(variant, seed=11)
    config = model.get_config()
    restored = json.loads(json.dumps(config, allow_nan=False))
    expect(restored == config, f"get_config() must hold JSON values only. Received: {config!r}.")
    missing = set(schema.parameters(type(model), root=Autoencoder)) - set(config)
    expect(not missing, f"get_config() lacks the arguments {sorted(missing)}.")
    expect(config["seed"] == 11, "get_config() must hold the arguments as they were given.")
    copy = type(model).from_config(restored)
    changed = {k: (v, copy.get_config().get(k)) for k, v in config.items()}
    changed = {k: (old, new) for k, (old, new) in changed.items() if old != new}
    expect(not changed, f"from_config(get_config()) changes arguments: {changed}.")
    _expect_same_weights(model, copy, "from_config(get_config())")


def check_hostile_config(variant: str | type) -> None:
    """Checks that unknown arguments, wrong types and huge integers are refused."""
    cls = resolve(variant)
    config = model_config(create(cls))

    def refuses(name, value):
        expect_refusal(
            lambda: weight_shapes(cls, {**config, name: value}),
            f"{cls.__name__}({name}={value!r})",
            errors=(ValueError, LookupError),
        )

    refuses("surprise", 1)
    for name, value in config.items():
        for hostile in HOSTILE:
            if not (isinstance(value, float) and isinstance(hostile, int)):
                refuses(name, hostile)


def check_initialisation(variant: str | type) -> None:
    """Checks that the seed alone decides the initial weights, and that no global state changes."""
    import keras

    policy = keras.config.dtype_policy()
    # The caller may have set the very seed that a variant sets: move on from it.
    random.random()
    np.random.random()
    state = random.getstate(), repr(np.random.get_state())
    first = create(variant, seed=1)
    expect(
        state == (random.getstate(), repr(np.random.get_state())),
        "Building a model must leave the global state of `random` and numpy as it was.",
    )
    expect(keras.config.dtype_policy() == policy, "Building a model changed Keras' dtype policy.")
    keras.layers.Dense(2).build((None, 3))
    random.random()
    _expect_same_weights(create(variant, seed=1), first, "A second model of the same seed")
    other = create(variant, seed=2).named_weights()
    pairs = [(to_numpy(w), to_numpy(other[n])) for n, w in first.named_weights().items()]
    expect(
        any((a != b).any() for a, b in pairs),
        "Models of different seeds must have different initial weights.",
    )


def _expect_same_weights(model, expected, what):
    weights = expected.named_weights()
    found = model.named_weights()
    expect(list(found) == list(weights), f"{what}: the names of the weights differ.")
    for name, weight in weights.items():
        expect_equal(to_numpy(found[name]), to_numpy(weight), f"{what}: weight {name}")
