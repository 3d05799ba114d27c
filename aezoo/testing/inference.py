"""Checks of what a model answers: shapes, determinism, seeds, ranges."""

from __future__ import annotations

import contextlib
import functools

import numpy as np

from aezoo.noise import generator
from aezoo.testing._expect import ContractError, expect, expect_close, expect_equal, expect_refusal
from aezoo.testing._subjects import (
    create,
    fit_sampler,
    samples,
    shapes,
    to_numpy,
    trained,
)


def check_shapes(variant: str | type, body: str | None = None) -> None:
    """Checks the shapes of codes, samples and terms, batches of one and odd sizes among them.

    A named body runs on two of the shapes that it takes.
    """
    for shape in shapes(body)[: None if body is None else 2]:
        model = create(variant, body, sample_shape=shape)
        x = samples(shape, 1)
        codes = to_numpy(model.encoder(x))
        _expect_array(codes, (1, *model.code_shape), f"codes of samples {x.shape}")
        decoded = to_numpy(model.decoder(codes))
        _expect_array(decoded, x.shape, f"samples decoded from codes {codes.shape}")
        x = samples(shape, 3)
        outputs = model(x)
        _expect_array(to_numpy(outputs["x"]), x.shape, "forward()['x']")
        terms = model.terms(x, x, outputs)
        names = set(model.term_weights())
        expect(set(terms) == names, f"terms() gives {set(terms)}, term_weights() {names}.")
        for name, values in terms.items():
            _expect_array(to_numpy(values), (3,), f"the term {name!r} of samples {x.shape}")


def check_determinism(variant: str | type) -> None:
    """Checks that encode and decode are functions of each sample alone.

    Equal to the last bit on a second call, and within 1e-5 in another batch.
    """
    subject = trained(variant)
    model, x = subject.model, subject.x[:4]
    codes = model.encode(x)
    _expect_array(codes, (4, *model.code_shape), "encode(x)")
    model(x)  # moves the training noise on
    expect_equal(model.encode(x), codes, "encode(x) called twice")
    expect_close(model.encode(x, batch_size=1), codes, "encode(x) in batches of one")
    decoded = model.decode(codes)
    expect_equal(model.decode(codes), decoded, "decode(z) called twice")
    expect_close(model.decode(codes, batch_size=1), decoded, "decode(z) in batches of one")
    expect_close(model.reconstruct(x), decoded, "reconstruct(x) and decode(encode(x))")
    walk = model.interpolate(x[:1], x[1:2], steps=4)
    expect_close(walk[0, [0, -1]], decoded[:2], "ends of interpolate(a, b) and reconstructions")


def check_seed(variant: str | type) -> None:
    """Checks that a seed decides everything that is drawn, and another one gives other draws."""
    subject = trained(variant)
    model, x = subject.model, subject.x[:4]
    draws = {}
    if model.engine.has("posterior"):
        draws["encode(x, sample=True)"] = lambda seed: model.encode(x, sample=True, seed=seed)
    if model.engine.has("log_weight"):
        draws["log_prob(x, k=2)"] = lambda seed: model.log_prob(x, k=2, seed=seed)
    if model.engine.has("prior"):
        draws["generate(4)"] = lambda seed: model.generate(4, seed=seed, sampler="prior")
    else:
        expect_refusal(lambda: model.generate(4), "generate without a prior", mention="fit_sampler")
    with _sampler(model, subject.x) as sampler:
        draws["generate(4) from a sampler"] = lambda seed: model.generate(
            4, seed=seed, sampler=sampler
        )
    for name, draw in draws.items():
        first = draw(5)
        _expect_array(first, first.shape, name, dtype=first.dtype)
        model(x)  # moves the training noise on
        expect_equal(draw(5), first, f"{name} with the same seed")
        expect(not np.array_equal(draw(6), first), f"{name} must depend on its seed.")


def check_range(variant: str | type) -> None:
    """Checks that decoded and generated samples are float32 in the declared range."""
    subject = trained(variant)
    model = subject.model
    codes = 30.0 * generator(0).standard_normal((16, *model.code_shape)).astype("float32")
    _expect_range(model.decode(codes), model.sample_range, "decode(z)")
    with _sampler(model, subject.x) as sampler:
        images = model.generate(8, seed=0, sampler=sampler)
    _expect_array(images, (8, *model.sample_shape), "generate(8)")
    _expect_range(images, model.sample_range, "generate(8)")


def check_preprocessing(variant: str | type) -> None:
    """Checks that raw samples of every kind and range mean the same to the networks."""
    model = create(variant)
    x = np.round(samples(model.sample_shape, 4) * 255.0) / 255.0
    codes = model.encode(x)
    pixels = np.round(x * 255.0).astype("uint8")
    expect_close(model.encode(pixels), codes, "codes of uint8 and of float samples")
    scaled = create(variant, preprocess={"name": "scale", "low": -1.0, "high": 3.0})
    expect_close(scaled.encode(4.0 * x - 1.0), codes, "codes of samples scaled to [-1, 3]")
    decoded = 4.0 * model.decode(codes) - 1.0
    expect_close(scaled.decode(codes), decoded, "samples decoded to [-1, 3]")
    expect_refusal(lambda: model.encode(255.0 * x), "encode of floats from 0 to 255")
    expect_refusal(lambda: model.encode(x[0]), "encode of one sample without the batch axis")
    expect_refusal(lambda: model.encode(x[:0]), "encode of no sample")


def check_condition(variant: str | type) -> None:
    """Checks that an unconditional model refuses a condition, and a conditional one needs it."""
    model = trained(variant).model
    x, condition = samples(model.sample_shape, 2), np.zeros(2, "int32")
    codes = np.zeros((2, *model.code_shape), "float32")
    calls = {
        "encode(x)": lambda **c: model.encode(x, **c),
        "decode(z)": lambda **c: model.decode(codes, **c),
        "generate(2)": lambda **c: model.generate(2, **c),
    }
    for name, call in calls.items():
        if model.conditional:
            expect_refusal(call, f"{name} of a conditional model", mention="condition")
        else:
            what = f"{name} of an unconditional model with a condition"
            refused = functools.partial(call, condition=condition)
            expect_refusal(refused, what, mention="condition")
    if not model.conditional:
        batch = {"x": x, "condition": condition}
        expect_refusal(lambda: model(batch), "training with a condition", mention="condition")


def check_encode_skips_decoder(variant: str | type) -> None:
    """Checks that encode never runs a layer of the decoder."""
    model = create(variant)
    encode, x = model.graph_functions()["encode"], samples(model.sample_shape, 2)

    def stop(*args, **kwargs):
        raise ContractError("encode(x) runs the decoder.")

    shared = {id(layer) for layer in model.encoder._flatten_layers()}
    with contextlib.ExitStack() as stack:
        for layer in model.decoder._flatten_layers():
            if id(layer) not in shared:
                layer.call = stop
                stack.callback(delattr, layer, "call")
        encode(x)


def check_networks(variant: str | type) -> None:
    """Checks that `encoder` and `decoder` are Keras models to be reused in any graph."""
    import keras

    subject = trained(variant)
    model, x = subject.model, subject.x[:3]
    for name in ("encoder", "decoder"):
        expect(
            isinstance(getattr(model, name), keras.Model), f"model.{name} must be a keras.Model."
        )
    inputs = keras.Input(model.sample_shape)
    codes = model.encoder(inputs)
    expect(tuple(codes.shape[1:]) == model.code_shape, f"model.encoder gives shape {codes.shape}.")
    graph = keras.Model(inputs, model.decoder(codes))
    expect(
        tuple(graph.output_shape[1:]) == model.sample_shape,
        f"model.decoder(model.encoder(x)) has shape {graph.output_shape}.",
    )
    expect_close(
        to_numpy(graph(x)), model.reconstruct(x), "model.decoder(model.encoder(x)) and reconstruct"
    )


def check_compiled_once(variant: str | type) -> None:
    """Checks that a second call compiles nothing, nor does another batch of similar size."""
    subject = trained(variant)
    model = subject.model
    model.encode(subject.x[:5])
    before = model.engine.compiled
    model.encode(subject.x[:5])
    model.encode(subject.x[:8])
    after = model.engine.compiled
    expect(
        after == before > 0,
        f"encode(x) must compile once for all batches of 5 to 8 samples. Compiled functions: "
        f"{before} after the first call, {after} after the third.",
    )


@contextlib.contextmanager
def _sampler(model, x):
    """Lends the model a fitted sampler."""
    own = model.sampler
    try:
        yield fit_sampler(model, x)
    finally:
        model.sampler = own


def _expect_array(array, shape, what, dtype="float32"):
    expect(array.shape == shape, f"{what}: expected shape {shape}, found {array.shape}.")
    expect(array.dtype == dtype, f"{what}: expected {dtype}, found {array.dtype}.")
    expect(np.isfinite(array).all(), f"{what}: holds NaN or infinity.")


def _expect_range(array, sample_range, what):
    low, high = sample_range or (-np.inf, np.inf)
    expect(
        low <= array.min() and array.max() <= high,
        f"{what} leaves the range {sample_range}: found {array.min():g} to {array.max():g}.",
    )
