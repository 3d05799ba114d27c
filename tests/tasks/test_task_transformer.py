"""`AutoencoderTransformer`: scikit-learn's own checks, images, pickles, mistakes."""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import aezoo
from aezoo.tasks import AutoencoderTransformer

TINY = {"name": "mlp", "hidden": [4]}
DIGITS = load_digits().data[:120]


@pytest.fixture(autouse=True)
def _eager():
    """Run small trainings step by step: tracing would take most of the time."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def fitted():
    return AutoencoderTransformer(3, epochs=2, body=TINY, random_state=0).fit(DIGITS)


@parametrize_with_checks([AutoencoderTransformer(1, epochs=1, body=TINY, random_state=0)])
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)


def test_it_works_in_a_pipeline():
    body = {"name": "mlp", "hidden": [32]}
    transformer = AutoencoderTransformer(
        4, epochs=30, learning_rate=1e-2, body=body, random_state=0
    )
    pipeline = make_pipeline(transformer, LogisticRegression(max_iter=500))
    labels = load_digits().target[:120]
    assert pipeline.fit(DIGITS, labels).score(DIGITS, labels) > 0.4
    names = pipeline[:-1].get_feature_names_out()
    assert names[0] == "autoencodertransformer0"


def test_codes_come_back_in_the_scale_of_the_features(fitted):
    codes = fitted.transform(DIGITS)
    assert codes.dtype == np.float64
    back = fitted.inverse_transform(codes)
    assert back.shape == DIGITS.shape
    assert abs(back.mean() - DIGITS.mean()) < 1
    still = DIGITS.std(axis=0) == 0
    np.testing.assert_allclose(back[:, still].mean(), 0, atol=1)


def test_strange_samples_score_low(fitted):
    known = fitted.score_samples(DIGITS)
    assert known.shape == (120,)
    assert known.max() <= 0
    strange = np.random.default_rng(0).uniform(0, 16, (20, 64))
    assert fitted.score_samples(strange).max() < np.median(known)
    assert fitted.score(DIGITS) == pytest.approx(known.mean())


def test_pickles_hold_files_and_no_code(fitted):
    state = fitted.__getstate__()
    assert set(state["model_"]) == {"config.json", "model.safetensors", "manifest.json"}
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(DIGITS), fitted.transform(DIGITS))
    with pytest.raises(Exception, match="not fitted"):
        clone(again).transform(DIGITS)


def test_images_have_a_shape():
    images = load_digits().images[:40].reshape(40, -1).astype("float32")
    transformer = AutoencoderTransformer(
        2, epochs=1, image_shape=(8, 8), body={"name": "conv", "channels": [4]}, random_state=0
    )
    codes = transformer.fit_transform(images)
    assert codes.dtype == np.float32
    assert transformer.model_.sample_shape == (8, 8, 1)
    assert np.unique(transformer.scale_).size == 1


def test_a_model_that_was_trained_before_is_taken_as_it_is():
    x = aezoo.data.load("digits", "test").x[:9].reshape(9, -1)
    transformer = AutoencoderTransformer(model="vae.digits").fit(x)
    model = aezoo.load("vae.digits")
    np.testing.assert_allclose(
        transformer.transform(x), model.encode(x.reshape(9, 8, 8, 1)), atol=1e-5
    )
    pixels = np.round(x * 255).astype("uint8")
    np.testing.assert_allclose(transformer.transform(pixels), transformer.transform(x), atol=1e-2)
    np.testing.assert_allclose(
        transformer.score_samples(pixels), transformer.score_samples(x), atol=1e-3
    )
    with pytest.raises(ValueError, match="pixel values from 0 to 255"):
        transformer.transform(255 * x)


def test_constant_features_have_codes():
    transformer = AutoencoderTransformer(2, epochs=1, body=TINY, random_state=0)
    codes = transformer.fit_transform(np.full((8, 5), 7.0))
    assert np.isfinite(codes).all()
    assert np.ptp(codes, axis=0).max() == 0
    assert np.isfinite(transformer.score_samples(np.full((2, 5), 8.0))).all()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"n_components": 0}, "n_components must be an integer of at least 1"),
        ({"epochs": 0}, "epochs must be an integer of at least 1"),
        ({"image_shape": (8, 9)}, "image_shape must be"),
        ({"config": {"beta": 4}}, "no argument 'beta'"),
        ({"model": "vae.fashion_mnist"}, "784 features"),
    ],
)
def test_wrong_arguments_are_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        AutoencoderTransformer(**arguments).fit(DIGITS)


def test_one_sample_teaches_nothing():
    with pytest.raises(ValueError, match="minimum of 2"):
        AutoencoderTransformer().fit(DIGITS[:1])


def test_codes_of_another_size_are_refused(fitted):
    with pytest.raises(ValueError, match="3 numbers"):
        fitted.inverse_transform(np.zeros((2, 5)))
