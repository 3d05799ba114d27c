"""Checks of training: the objective, its terms, and that it reaches every weight."""

from __future__ import annotations

import numpy as np

from aezoo.testing._expect import expect, expect_close, expect_refusal
from aezoo.testing._subjects import create, preserved, samples, stepwise, to_numpy, trained


def check_learning(variant: str | type) -> None:
    """Checks that the squared error falls by a third in a few epochs, and all stays finite.

    Not the loss: an adversarial sum need not fall.
    """
    history = trained(variant).history
    expect(np.isfinite([*history["loss"]]).all(), f"The loss is not finite: {history['loss']}.")
    first, last = history["mse"][0], history["mse"][-1]
    expect(
        last < first / 1.5,
        f"The mean squared error must fall by a third in {len(history['mse'])} epochs: "
        f"it was {first:.3g} and is {last:.3g}.",
    )


def check_gradients(variant: str | type, body: str | None = None) -> None:
    """Checks that three steps of training change every trainable weight.

    Layers that start at zero pass gradients on from the second step only.
    """
    model = create(variant, body)
    model.compile(run_eagerly=True)
    before = [to_numpy(weight) for weight in model.trainable_variables]
    model.fit(samples(model.sample_shape, 12), batch_size=12, epochs=3, verbose=0)
    after = zip(model.trainable_variables, before, strict=True)
    untouched = [weight.path for weight, old in after if np.array_equal(to_numpy(weight), old)]
    expect(not untouched, f"Training does not reach these trainable weights: {untouched}.")


def check_loss(variant: str | type) -> None:
    """Checks that the loss is the weighted sum of the terms, a short last batch included."""
    model = stepwise(variant)
    x = samples(model.sample_shape, 11)
    x[8:] = np.round(x[8:])  # the short batch is unlike the other
    with preserved(model):
        fitted = model.fit(x, validation_data=x, batch_size=8, shuffle=False, verbose=0)
        weights = {name: float(weight) for name, weight in model.term_weights().items()}
        extra = sum(float(loss) for loss in model.losses)
    found = {name: values[-1] for name, values in fitted.history.items()}
    reported = {"loss", "mse", *weights}
    missing = {*reported, *(f"val_{name}" for name in reported)} - set(found)
    expect(not missing, f"The history of fit(x, validation_data=x) lacks {sorted(missing)}.")
    total = sum(weight * found[f"val_{name}"] for name, weight in weights.items()) + extra
    expect_close(found["val_loss"], total, "val_loss and the weighted sum of its terms")


def check_sample_weights(variant: str | type) -> None:
    """Checks that weights of 0 and 1 count as leaving the samples of weight 0 out."""
    model = stepwise(variant)
    x = samples(model.sample_shape, 8)
    first = np.repeat([1.0, 0.0], 4).astype("float32")

    def weighed(data, weights):
        with preserved(model):
            found = model.evaluate(
                data, data, batch_size=8, sample_weight=weights, return_dict=True, verbose=0
            )
        return {name: found[name] for name in ("loss", "mse", *model.term_weights())}

    # With the same batch shape the noise is the same on every backend.
    whole, half, rest = weighed(x, np.ones(8, "float32")), weighed(x, first), weighed(x, 1 - first)
    other = weighed(np.concatenate([x[:4], 1.0 - x[4:]]), first)
    for name, value in whole.items():
        mean = (half[name] + rest[name]) / 2
        expect_close(mean, value, f"{name!r} of two halves by sample weights, and of all")
        expect_close(other[name], half[name], f"{name!r} with other samples at weight 0")
    implicit = _history(model, x, sample_weight=first)
    unweighed = _history(model, x)
    expect(not np.allclose(implicit, unweighed, 1e-6), "fit(x, sample_weight=w) ignores w.")


def check_targets(variant: str | type) -> None:
    """Checks that fit(x) equals fit(x, x), and that fit(noisy, clean) reconstructs `clean`."""
    model = stepwise(variant)
    clean = samples(model.sample_shape, 8)
    noisy = np.round(clean)
    own = _history(model, clean)
    expect_close(_history(model, clean, clean), own, "the losses of fit(x, x) and fit(x)")
    denoising = _history(model, noisy, clean)
    for name, losses in {"fit(clean)": own, "fit(noisy)": _history(model, noisy)}.items():
        expect(
            not np.allclose(denoising, losses, 1e-6), f"fit(noisy, clean) is the same as {name}."
        )


def check_compile(variant: str | type) -> None:
    """Checks that a loss is refused with advice, and that metrics compare samples."""
    model = stepwise(variant)
    what = 'compile(loss="mse")'
    expect_refusal(lambda: model.compile("adam", loss="mse"), what, mention="likelihood=")
    x = samples(model.sample_shape, 8)
    with preserved(model):
        error = to_numpy(model(x)["x"]) - x
    with preserved(model):
        found = model.evaluate(x, return_dict=True, verbose=0)
    expect("mae" in found, f"evaluate(x) does not report the compiled metric: {found}.")
    expect_close(found["mae"], np.mean(np.abs(error)), "the metric mae of forward()['x'] and x")
    expect_close(found["mse"], np.mean(error**2), "the mse of forward()['x'] and x")


def _history(model, *data, **kwargs):
    """Returns the losses of two steps from the same state."""
    with preserved(model):
        fitted = model.fit(*data, batch_size=8, epochs=2, shuffle=False, verbose=0, **kwargs)
    return fitted.history["loss"]
