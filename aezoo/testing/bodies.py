"""Checks of a body: the networks it gives for every shape that it takes."""

from __future__ import annotations

import functools
import json

import aezoo_registry
from aezoo import bodies
from aezoo.testing._documentation import expect_arguments_documented, expect_sections, run_example
from aezoo.testing._expect import expect, expect_refusal
from aezoo.testing._subjects import samples, shapes, to_numpy
from aezoo.testing.declaration import HOSTILE
from aezoo.testing.inference import check_shapes
from aezoo.testing.learning import check_gradients
from aezoo.testing.storage import check_storage


def check_body_declaration(body: str) -> None:
    """Checks that the docstring describes the arguments and has an example that runs."""
    cls = aezoo_registry.load("bodies", body)
    expect_sections(cls, "Args", "Example")
    expect_arguments_documented(cls)
    run_example(cls)


def check_body_config(body: str) -> None:
    """Checks that the description is JSON and rebuilds the body, and that bad ones are refused."""
    shape = shapes(body)[0]
    spec = bodies.build(body, shape).spec
    restored = json.loads(json.dumps(spec, allow_nan=False))
    expect(restored == spec, f"The arguments of {body!r} must be JSON values. Received: {spec!r}.")
    found = bodies.build(restored, shape).spec
    expect(found == spec, f"Rebuilding {body!r} changes it from {spec!r} to {found!r}.")
    for name, value in spec.items():
        for hostile in HOSTILE if name != "name" else ():
            if not (isinstance(value, float) and isinstance(hostile, int)):
                changed = {**spec, name: hostile}
                expect_refusal(functools.partial(bodies.build, changed, shape), f"body={changed}")
    expect_refusal(lambda: bodies.build({**spec, "surprise": 1}, shape), "an unknown argument")


def check_body_networks(body: str) -> None:
    """Checks the shapes of encoder and decoder, and float32 outputs under mixed precision."""
    import keras

    policy = keras.config.dtype_policy()
    for shape in shapes(body):
        family = bodies.build(body, shape)
        x = samples(shape, 3)
        outputs = (*shape[:-1], 2 * shape[-1])  # a likelihood with two parameters an element
        try:
            keras.config.set_dtype_policy("mixed_bfloat16")
            encoder, decoder = family.encoder(shape, (2, 3)), family.decoder((2, 3), outputs)
        finally:
            keras.config.set_dtype_policy(policy)
        codes = to_numpy(encoder(x))
        _expect_output(codes, (3, 2, 3), f"the encoder for samples {shape}")
        _expect_output(to_numpy(decoder(codes)), (3, *outputs), f"the decoder for {outputs}")


def check_body_in_model(body: str) -> None:
    """Checks shapes, gradients and storage of a plain autoencoder with this body."""
    check_shapes("ae", body)
    check_gradients("ae", body)
    check_storage("ae", body)


def _expect_output(array, shape, what):
    expect(array.shape == shape, f"{what} gives shape {array.shape}, expected {shape}.")
    expect(array.dtype == "float32", f"{what} gives {array.dtype}, expected float32.")
