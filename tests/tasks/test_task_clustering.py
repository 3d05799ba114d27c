"""Deep embedded clustering: its formulas, what it finds, mistakes, the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from keras import ops
from PIL import Image

import aezoo
from aezoo.cli import main
from aezoo.data import load
from aezoo.tasks import clustering


@pytest.fixture(scope="module")
def model():
    return aezoo.load("vae.digits")


@pytest.fixture(scope="module")
def digits():
    return load("digits")


@pytest.fixture(scope="module")
def found(model, digits):
    return clustering.cluster(model, digits.x[:500], 10, epochs=8, batch_size=50, seed=0)


def test_soft_assignments_are_students_t():
    codes = np.array([[0.0, 0.0], [1.0, 2.0]])
    centres = np.array([[0.0, 1.0], [3.0, 2.0], [0.0, 0.0]])
    kernel = 1 / (1 + np.square(codes[:, None] - centres).sum(axis=2))
    expected = kernel / kernel.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(clustering.soft_assignment(codes, centres), expected)
    layer = clustering.Assignments(centres)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(codes)), expected, rtol=1e-5)


def test_targets_are_surer_and_of_evener_sizes():
    soft = np.array([[0.7, 0.3], [0.7, 0.3], [0.9, 0.1], [0.4, 0.6]])
    target = clustering.target_distribution(soft)
    np.testing.assert_allclose(target.sum(axis=1), 1)
    weight = soft**2 / soft.sum(axis=0)
    np.testing.assert_allclose(target, weight / weight.sum(axis=1, keepdims=True))
    assert target[2, 0] > soft[2, 0]
    assert target[:, 1].sum() > soft[:, 1].sum() - 0.4


def test_clusters_are_numbered_by_size(found):
    sizes = np.bincount(found.labels, minlength=10)
    assert (np.diff(sizes) <= 0).all()
    assert found.confidence.shape == (500,)
    assert (found.confidence > 0.1).all()
    assert found.centres.shape == (10, 8)


def test_tuning_makes_clusters_surer_and_leaves_the_model(model, digits, found):
    before = clustering.cluster(model, digits.x[:500], 10, epochs=0, seed=0)
    assert found.confidence.mean() > before.confidence.mean() + 0.02
    np.testing.assert_array_equal(before.model.encode(digits.x[:5]), model.encode(digits.x[:5]))
    assert not np.allclose(found.model.encode(digits.x[:5]), model.encode(digits.x[:5]))


def test_other_samples_get_the_cluster_of_their_like(digits, found):
    np.testing.assert_array_equal(found.assign(digits.x[:500]), found.labels)


def test_a_seed_gives_the_same_clusters(model, digits, found):
    again = clustering.cluster(model, digits.x[:500], 10, epochs=8, batch_size=50, seed=0)
    np.testing.assert_array_equal(again.labels, found.labels)


def test_evaluation_stands_beside_k_means(model):
    scores = clustering.evaluate(model, "digits", epochs=1, seeds=1)
    assert set(scores["scores"]["accuracy"]) == {"dec", "codes", "samples"}
    assert all(0.3 < value < 1 for row in scores["scores"].values() for value in row.values())
    assert len(scores["verdict"]) == 2
    json.dumps(scores)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"k": 1}, "k must be an integer of at least 2"),
        ({"k": 60}, "at least as many samples as clusters"),
        ({"k": 3, "epochs": -1}, "epochs"),
    ],
)
def test_wrong_arguments_are_refused(model, digits, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        clustering.cluster(model, digits.x[:50], **arguments)


def test_models_of_other_engines_are_refused(digits):
    served = aezoo.load("vae.digits", engine="onnx")
    with pytest.raises(ValueError, match="engine='keras'"):
        clustering.cluster(served, digits.x[:50], 3)


def test_the_command_lists_clusters_and_shows_members(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["cluster", "digits", "-k", "4", "--model", "vae.digits", "--epochs", "1"]
    assert main([*words, "-o", "a.csv", "--picture", "a.png", "--json"]) == 0
    out, _ = capfd.readouterr()
    assert sum(json.loads(out)["sizes"]) == 1797
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "labels,confidence,clusters"
    assert len(lines) == 1798
    assert Image.open("a.png").height < Image.open("a.png").width
    assert main(words) == 2
    assert "Name what to make" in capfd.readouterr().err
