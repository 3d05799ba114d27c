"""Detecting anomalies: formulas, conventions, mistakes, what is stored."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.covariance import EmpiricalCovariance, ledoit_wolf_shrinkage
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.svm import OneClassSVM

import aezoo
from aezoo import tasks
from aezoo.fingerprint import fingerprint
from aezoo.stored import StoreError
from aezoo.tasks import (
    anomalies,
    anomaly_detector,
    anomaly_formulas,
    anomaly_scores,
    anomaly_store,
)
from aezoo.tasks.anomaly_detector import Detector
from aezoo.tasks.anomaly_faces import PyODDetector, SklearnDetector

rng = np.random.default_rng(0)


class Blind:
    """A model of images that draws the same grey, whatever it sees."""

    sample_shape, code_shape, sample_range, variant = (8, 8, 1), (2,), (0.0, 1.0), "blind"

    def encode(self, x):
        return np.asarray(x).reshape(len(x), -1)[:, :2].astype("float32")

    def reconstruct(self, x):
        return np.full((len(x), *self.sample_shape), 0.5, "float32")


@pytest.fixture(scope="module")
def model():
    return aezoo.load("vae.digits")


def test_distances_are_those_of_mahalanobis():
    x = rng.normal(size=(50, 6)) @ rng.normal(size=(6, 6))
    reference = EmpiricalCovariance().fit(x)
    values, vectors = np.linalg.eigh(reference.covariance_)
    full = anomaly_formulas.mahalanobis(x, x.mean(0), vectors.T, values, 1.0)
    np.testing.assert_allclose(6 * full, reference.mahalanobis(x), rtol=1e-6)
    part = anomaly_formulas.mahalanobis(x, x.mean(0), vectors.T[2:], values[2:], 0.3)
    covariance = vectors[:, 2:] * values[2:] @ vectors[:, 2:].T
    covariance += 0.3 * vectors[:, :2] @ vectors[:, :2].T
    centred = x - x.mean(0)
    expected = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(covariance), centred)
    np.testing.assert_allclose(6 * part, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(40, 5), (5, 40)])
def test_covariances_shrink_as_ledoit_and_wolf_say(shape):
    x = rng.normal(size=shape) * np.arange(1, shape[1] + 1)
    x -= x.mean(0)
    gram = x @ x.T if shape[0] < shape[1] else x.T @ x
    expected = ledoit_wolf_shrinkage(x, assume_centered=True)
    assert anomaly_formulas.shrinkage(x, gram) == pytest.approx(expected)
    assert anomaly_formulas.shrinkage(0 * x, 0 * gram) == 0


def test_mixtures_have_the_density_of_scikit_learn():
    x = np.concatenate([rng.normal(size=(60, 3)), rng.normal(size=(60, 3)) * 0.2 + 4])
    mixture = GaussianMixture(2, random_state=0).fit(x)
    factors = np.linalg.cholesky(mixture.covariances_)
    found = anomaly_formulas.mixture_nll(x, mixture.weights_, mixture.means_, factors)
    np.testing.assert_allclose(found, -mixture.score_samples(x), rtol=1e-3)


def test_few_directions_stand_for_many(monkeypatch, threes):
    whole = anomaly_scores.find("mahalanobis")
    monkeypatch.setattr(whole, "features", lambda model, x: x.reshape(len(x), -1))
    expected = whole.fit(None, threes)(None, threes)
    monkeypatch.setattr(anomaly_scores, "_WIDEST", 10)
    few = anomaly_scores.find("mahalanobis")
    monkeypatch.setattr(few, "features", whole.features)
    tall = few.fit(None, threes)(None, threes)  # fewer features than samples
    np.testing.assert_allclose(tall, expected, rtol=1e-4)
    wide = few.fit(None, threes[:30])(None, threes)  # more of them: all variance is in 29
    reference = anomaly_scores.find("mahalanobis")
    monkeypatch.setattr(anomaly_scores, "_WIDEST", 100)
    monkeypatch.setattr(reference, "features", whole.features)
    np.testing.assert_allclose(wide, reference.fit(None, threes[:30])(None, threes), rtol=1e-3)
    monkeypatch.setattr(anomaly_scores, "_WIDEST", 10)
    monkeypatch.setattr(anomaly_scores, "_COMPONENTS", 12)
    few.fit(None, threes)
    assert few.basis.shape == (12, 64)
    assert np.corrcoef(few(None, threes), expected)[0, 1] > 0.8


def test_reconstruction_and_bound_are_those_of_the_model(served, threes):
    score = anomaly_scores.find("reconstruction").fit(served, threes)
    expected = np.square(threes - served.reconstruct(threes)).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(score(served, threes), expected, rtol=1e-5)
    bound = anomaly_scores.find("elbo").fit(served, threes)(served, threes)
    draws = np.mean([served.log_prob(threes, seed=s) for s in range(8)], axis=0)
    assert np.mean(bound) == pytest.approx(-np.mean(draws), abs=0.3)
    assert np.corrcoef(bound, -draws)[0, 1] > 0.95


def test_erased_cells_are_drawn_without_being_seen():
    x = rng.random((5, 8, 8, 1), dtype="float32")
    score = anomaly_scores.find("erasing").fit(Blind(), x)
    np.testing.assert_allclose(score.fill, x.mean(0), atol=1e-6)
    np.testing.assert_allclose(score.errors(Blind(), x), np.square(x - 0.5), rtol=1e-5)

    class Copy(Blind):
        def reconstruct(self, x):
            return x

    np.testing.assert_allclose(score.errors(Copy(), x), np.square(x - score.fill), rtol=1e-4)
    for size in ((28, 28), (8, 8), (3, 50), (1, 1)):
        holes = np.array([*anomaly_formulas.grids(*size)])
        assert holes.shape == (12, *size)
        np.testing.assert_array_equal(holes.sum(0), 3)
    with pytest.raises(ValueError, match="is for images"):
        score.fit(Blind(), x.reshape(5, 64))


def test_layers_are_those_of_the_encoder(model, served, threes):
    x = threes[:7]
    *hidden, code = anomaly_scores.activations(model, x)
    assert hidden
    np.testing.assert_allclose(code[:, : model.latent_dim], model.encode(x), atol=1e-5)
    features = anomaly_scores.find("layers").features(model, x)
    width = sum(part.shape[1] for part in (*hidden, code))
    assert features.shape == (7, 2 * width)
    drawn = np.concatenate(anomaly_scores.activations(model, model.reconstruct(x)), axis=1)
    np.testing.assert_allclose(features[:, :width] - drawn, features[:, width:], atol=1e-5)
    rapp = anomaly_scores.find("rapp").features(model, x)
    np.testing.assert_allclose(rapp[:, 64:], features[:, width:], atol=1e-5)
    with pytest.raises(ValueError, match=r"engine='keras'.*Received: Served"):
        anomaly_scores.find("layers").fit(served, x)


@pytest.mark.parametrize("name", anomaly_scores.SCORES)
def test_a_score_is_of_one_sample_and_survives_storing(name, model, digits, threes):
    x = digits[1].x[:9]
    score = anomaly_scores.find(name).fit(model, threes)
    score.load(score.arrays())
    found = score(model, x)
    assert found.shape == (9,)
    assert found.dtype == np.float64
    np.testing.assert_allclose(score(model, x[4:6]), found[4:6], rtol=1e-4, atol=1e-4)
    again = anomaly_scores.find(name).load(score.arrays())
    np.testing.assert_array_equal(again(model, x), found)
    with pytest.raises(ValueError, match=r"arrays|weights|Sampler|expected"):
        anomaly_scores.find(name).load({"wrong": np.ones(3, "float32")})


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_false_positives_keep_to_the_rate(rate):
    for n in (anomaly_detector.fewest(rate), 100):
        held, new = rng.normal(size=(4000, n)), rng.normal(size=(4000, 50))
        thresholds = [anomaly_detector.quantile(np.sort(row), rate) for row in held]
        above = np.mean(new > np.array(thresholds)[:, None])
        assert rate - 1 / (n + 1) - 0.01 < above < rate + 0.01
    assert anomaly_detector.fewest(rate) == round(1 / rate) - 1 or rate == 0.3


def test_p_values_agree_with_the_threshold(served, digits, threes):
    found = tasks.detect_anomalies(threes, digits[1].x, served, score="reconstruction", rate=0.1)
    np.testing.assert_array_equal(found.labels, found.scores > found.detector.threshold)
    np.testing.assert_array_equal(found.labels, found.p_values <= 0.1 + 1e-9)
    assert found.detector.n_fitted + len(found.detector.calibration) == len(threes)
    again = tasks.detect_anomalies(threes, digits[1].x, served, score="reconstruction", rate=0.1)
    np.testing.assert_array_equal(found.scores, again.scores)


def test_heat_is_where_an_image_is_unusual(served, threes):
    x = threes[:4].copy()
    x[:, :3, 5:] = 1 - x[:, :3, 5:].round()
    x[1:] = threes[1:4]
    found = tasks.detect_anomalies(threes, x, served, score="reconstruction")
    assert found.heat_maps.shape == (4, 8, 8)
    row, column = np.unravel_index(found.heat_maps[0].argmax(), (8, 8))
    assert row < 4
    assert column >= 4
    picture = found.picture()
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert found.picture(count=1).shape[1] == 3 * 58 + 2
    erased = Detector(served, score="erasing").fit(threes).heat_maps(x)
    assert erased.shape == (4, 8, 8)


def test_a_model_is_trained_where_there_is_none(quick, digits):
    train, test = digits
    detector = Detector(rate=0.2).fit(train.examples(0))
    assert detector.model.variant == "ae"
    abnormal = test.labels != 0
    assert roc_auc_score(abnormal, detector.score(test.x)) > 0.8
    first = detector.model
    detector.fit((train.examples(1) * 255).astype("uint8"))
    assert detector.model is not first  # other samples, another model
    table = rng.normal(size=(80, 5)) * [1, 10, 100, 1, 1] + 50
    found = Detector(rate=0.2).fit(table)
    assert found.score(table[:1] * 10) > found.threshold
    assert np.isfinite(found.score(table)).all()


def test_the_score_suits_the_number_of_samples(quick, model):
    few = Detector(rate=0.3).fit(rng.random((40, 2, 2, 1), "float32"))
    many = Detector(rate=0.3).fit(rng.random((60, 2, 2, 1), "float32"))
    features = anomaly_scores.Layers().features(few.model, np.zeros((1, 2, 2, 1)))
    assert few.n_fitted <= features.size < many.n_fitted  # of 2 layers, and of their differences
    assert (few.name, many.name) == ("reconstruction", "layers")
    again = few.fit(rng.random((60, 2, 2, 1), "float32"))
    assert again.name == "layers"
    assert anomaly_scores.suited(model, 1, own=False) == "layers"


@pytest.mark.parametrize("name", anomaly_scores.SCORES)
def test_images_of_one_grey_have_scores(name, model):
    grey = np.linspace(0, 1, 60).reshape(-1, 1, 1, 1) * np.ones((8, 8, 1))
    assert np.isfinite(Detector(model, score=name, rate=0.2).fit(grey).score(grey)).all()


def test_anomalies_among_the_normal_are_named(served, threes):
    x = threes.copy()
    x[[5, 50]] = rng.random((2, 8, 8, 1)).round()
    detector = Detector(served, score="reconstruction")
    with pytest.warns(UserWarning, match=r"2 of \d+ normal samples score far above.*rows (5|50), "):
        detector.fit(x)
    assert sorted(detector.suspects) == [5, 50]
    assert len(Detector(served, score="reconstruction").fit(threes).suspects) == 0


def test_mistakes(served, digits, threes):
    fitted = Detector(served, score="reconstruction").fit(threes)
    few = Detector(served, score="reconstruction")
    for call, problem in (
        (lambda: Detector(rate=0), "rate must be"),
        (lambda: Detector(rate=1.0), "rate must be"),
        (lambda: Detector(seed=-1), "seed must be"),
        (lambda: few.fit(threes[:1]), r"at least 38 normal samples.*give more\. Received: 1"),
        (lambda: few.fit(threes[:20]), r"at least 38 .* a rate of at least 0.091"),
        (lambda: few.fit(np.repeat(threes[:1], 50, 0)), "all the same"),
        (lambda: few.fit(threes * 255), "0 to 255"),
        (lambda: few.fit(threes[..., 0]), "channel axis is missing"),
        (lambda: Detector(served).fit(threes), "only Keras shows"),
        (lambda: few.score(threes), "has not been fitted"),
        (lambda: fitted.score(np.zeros((3, 28, 28, 1))), "another size"),
        (lambda: fitted.score(np.full((1, 8, 8, 1), np.nan)), "finite"),
        (lambda: anomaly_store.save(few, "x"), "Only a fitted"),
        (lambda: anomalies.evaluate(digits[1], model=served), "train must be"),
        (lambda: anomalies.evaluate("digits", model=served, seeds=0), "seeds must be"),
    ):
        with pytest.raises(ValueError, match=problem):
            call()
    with pytest.raises(LookupError, match="score must be one of layers, "):
        Detector(score="loud")
    with pytest.raises(ValueError, match="needs a posterior"):
        Detector(aezoo.load("ae.fashion_mnist", engine="onnx"), score="elbo").fit(
            rng.random((40, 28, 28, 1))
        )


def test_the_face_for_scikit_learn(served, digits, threes):
    face = SklearnDetector(served, score="reconstruction", rate=0.1)
    with pytest.raises(NotFittedError):
        face.predict(threes)
    named = clone(SklearnDetector("vae.digits", rate=0.1))
    assert named.get_params() == {"model": "vae.digits", "rate": 0.1, "score": None, "seed": 0}
    flat = threes.reshape(len(threes), -1)
    assert face.fit(flat) is face
    x, abnormal = digits[1].x, digits[1].labels != 3
    scores = face.score_samples(x.reshape(len(x), -1))
    np.testing.assert_allclose(face.decision_function(x), scores - face.offset_)
    np.testing.assert_array_equal(face.predict(x), np.where(scores < face.offset_, -1, 1))
    assert roc_auc_score(~abnormal, scores) > 0.2  # of a model of all digits
    assert set(face.fit_predict(flat)) <= {-1, 1}
    assert face.n_features_in_ == 64


def test_the_face_for_pyod(served, digits, threes):
    face = PyODDetector(served, score="reconstruction", contamination=0.1).fit(threes)
    core = Detector(served, score="reconstruction", rate=0.1).fit(threes)
    np.testing.assert_array_equal(face.decision_scores_, core.score(threes))
    np.testing.assert_array_equal(face.labels_, face.decision_scores_ > face.threshold_)
    x = digits[1].x
    np.testing.assert_array_equal(face.predict(x), face.decision_function(x) > face.threshold_)
    chances = face.predict_proba(x)
    np.testing.assert_allclose(chances.sum(1), 1)
    order = np.argsort(face.decision_function(x))
    assert (np.diff(chances[order, 1]) >= 0).all()
    opposite = SklearnDetector(served, score="reconstruction", rate=0.1).fit(threes)
    np.testing.assert_array_equal(opposite.score_samples(x), -face.decision_function(x))


@pytest.fixture(scope="module")
def kept(tmp_path_factory, model, threes):
    detector = Detector(model, rate=0.1).fit(threes)
    return detector, anomaly_store.save(detector, tmp_path_factory.mktemp("kept") / "threes")


def test_a_stored_detector_answers_as_it_did(kept, model, digits):
    detector, place = kept
    assert sorted(path.name for path in place.iterdir()) == [
        "detector.json",
        "detector.safetensors",
        "model",
    ]
    for again in (anomaly_store.load(place), anomaly_store.load(place, model=model)):
        assert again.threshold == detector.threshold
        assert again.n_fitted == detector.n_fitted
        np.testing.assert_allclose(again.score(digits[1].x), detector.score(digits[1].x), rtol=1e-5)


def test_a_detector_belongs_to_its_model(kept, tmp_path, served, digits, threes):
    _, place = kept
    other = aezoo.create("vae", sample_shape=(8, 8, 1), latent_dim=served.code_shape[0])
    with pytest.raises(StoreError, match="belongs to another model: a 'vae'"):
        anomaly_store.load(place, model=other)
    assert fingerprint(served) == fingerprint(aezoo.load("vae.digits"))  # on either engine
    detector = Detector(served, score="gmm").fit(threes)
    place = anomaly_store.save(detector, tmp_path / "served")
    again = anomaly_store.load(place, engine="onnx")
    np.testing.assert_array_equal(again.score(digits[1].x), detector.score(digits[1].x))


def test_what_was_changed_is_refused(kept, tmp_path, served, threes):
    detector = Detector(served, score="mahalanobis").fit(threes)
    place = anomaly_store.save(detector, tmp_path / "d")
    facts = json.loads((place / "detector.json").read_text())
    for change, problem in (
        ({"more": 1}, "unknown key 'more'"),
        ({"rate": 2.0}, "'rate' is 2.0"),
        ({"score": "loud"}, "'score' is 'loud'"),
        ({"score": "erasing"}, "expected"),
        ({"arrays": "0" * 64}, "damaged or exchanged"),
        ({"model": {"variant": "vae", "sha256": "0" * 64}}, "another model"),
        ({"sample_shape": [28, 28, 1]}, "another model"),
        ({"rate": 0.001}, "at least 999 scores"),
        ({"n_fitted": True}, "'n_fitted' is True"),
        ({"seed": -1}, "'seed' is -1"),
    ):
        (place / "detector.json").write_text(json.dumps(facts | change))
        with pytest.raises(ValueError, match=problem):
            anomaly_store.load(place, model=served)
    (place / "detector.json").write_text(json.dumps(facts))
    data = bytearray((place / "detector.safetensors").read_bytes())
    data[-1] ^= 1
    (place / "detector.safetensors").write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        anomaly_store.load(place, model=served)
    (place / "detector.safetensors").unlink()
    with pytest.raises(StoreError, match=r"detector\.safetensors"):
        anomaly_store.load(place, model=served)
    with pytest.raises(StoreError, match="no such directory"):
        anomaly_store.load(tmp_path / "nowhere")


def test_nothing_is_overwritten_unasked(tmp_path, served, threes):
    detector = Detector(served, score="gmm").fit(threes)
    place = anomaly_store.save(detector, tmp_path / "d")
    with pytest.raises(FileExistsError, match="--force"):
        anomaly_store.save(detector, place)
    anomaly_store.save(Detector(served, score="elbo").fit(threes), place, overwrite=True)
    assert anomaly_store.load(place, model=served).name == "elbo"
    assert [path.name for path in tmp_path.iterdir()] == ["d"]
    (place / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="no detector"):
        anomaly_store.save(detector, place, overwrite=True)


def test_evaluate_is_what_scikit_learn_says(served, digits):
    train, test = digits
    found = anomalies.evaluate(
        test, train=train, model=served, score="gmm", labels=[3, 7], rate=0.1, seeds=2, seed=4
    )
    assert json.loads(json.dumps(found)) == found
    assert found["classes"] == ["3", "7"]
    assert found["seeds"] == [4, 5]
    scores = [
        Detector(served, score="gmm", rate=0.1, seed=seed).fit(train.examples(3)).score(test.x)
        for seed in (4, 5)
    ]
    expected = 100 * np.mean([roc_auc_score(test.labels != 3, s) for s in scores])
    svm = OneClassSVM().fit(train.examples(3).reshape(-1, 64))
    found_by_svm = anomalies.ocsvm_scores(train.examples(3), test.x)
    np.testing.assert_allclose(found_by_svm, -svm.score_samples(test.x.reshape(-1, 64)), rtol=1e-4)
    row = found["images"]["one-class AUROC"][0]
    assert row["model"] == pytest.approx(expected)
    assert row["pca"] > 95
    assert 0 <= found["false_positives"] <= 1
    assert "the model LOSES to" in found["verdict"][0]
