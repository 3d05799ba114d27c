"""Codes of many samples, maps, reduction: protocols, mistakes, the commands."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo import neighbours
from aezoo.cli import main
from aezoo.data import Dataset, load
from aezoo.tasks import embedding, reduction


class Project:
    """A model whose codes are the first two features, however many samples come."""

    sample_shape, code_shape, sample_range = (6,), (2,), None

    def encode(self, x, batch_size=256):
        return np.asarray(x, "float32")[:, :2]


def blobs(n, split, seed):
    """Three classes that the first two features tell apart, and four louder ones that tell none."""
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    x = draw.normal(0, 10, (n, 6))
    x[:, :2] = np.array([[0, 0], [4, 0], [0, 4]])[labels] + draw.normal(0, 0.5, (n, 2))
    return Dataset("blobs", split, x.astype("float32"), labels, "CC0-1.0", "generated")


@pytest.fixture
def run(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words, code=0):
        found = main([*map(str, words)])
        out, err = capfd.readouterr()
        assert found == code, err
        assert "Traceback" not in err
        return out, err

    return run


@pytest.fixture
def folder(tmp_path):
    """Digits as files, one of them broken."""
    place = tmp_path / "images"
    place.mkdir()
    for index, x in enumerate(load("digits").x[:30, ..., 0]):
        Image.fromarray(np.uint8(255 * x)).save(place / f"{index:02}.png")
    (place / "broken.png").write_text("no image")
    return place


def test_embedding_is_encoding_a_batch_at_a_time():
    x = blobs(50, "train", 0).x
    parts = [*embedding.embed(Project(), x, batch_size=20)]
    assert [len(part) for part in parts] == [20, 20, 10]
    np.testing.assert_array_equal(np.concatenate(parts), x[:, :2])
    stream = embedding.embed(Project(), iter([x[:7], (x[7:9], None)]))
    np.testing.assert_array_equal(np.concatenate([*stream]), x[:9, :2])


def test_the_plane_keeps_pairs_and_the_largest_variance():
    codes = np.random.default_rng(0).normal(size=(200, 5)) * [1, 9, 1, 4, 1]
    np.testing.assert_allclose(embedding.plane(codes[:, :2]), codes[:, :2], rtol=1e-6)
    places = embedding.plane(codes)
    assert abs(np.corrcoef(places[:, 0], codes[:, 1])[0, 1]) > 0.98
    assert abs(np.corrcoef(places[:, 1], codes[:, 3])[0, 1]) > 0.98
    assert embedding.plane(codes[:, :1]).shape == (200, 2)
    assert embedding.plane(codes.reshape(200, 5, 1)[:1]).shape == (1, 2)


def test_scores_stand_beside_pca_tsne_and_the_samples():
    train, test = blobs(150, "train", 0), blobs(60, "test", 1)
    found = embedding.evaluate(Project(), test, train=train)
    assert found["scores"]["knn"]["model"] > 0.95
    assert found["scores"]["linear_probe"]["model"] > 0.95
    assert set(found["scores"]["knn"]) == {"model", "pca", "tsne", "pixels"}
    assert found["scores"]["knn"]["pca"] < 0.7
    assert found["dimensions"] == {"model": 2, "pca": 2, "tsne": 2, "pixels": 6}
    assert "above PCA" in found["verdict"][0]
    json.dumps(found)


def test_a_loss_is_said():
    sentence = embedding._verdict("knn", {"model": 0.5, "pca": 0.4, "pixels": 0.75})
    assert "10.0 points above PCA" in sentence
    assert "25.0 points BELOW the samples themselves" in sentence


def test_data_without_labels_cannot_score():
    x = np.zeros((5, 6), "float32")
    data = Dataset("none", "test", x, None, "CC0-1.0", "generated")
    with pytest.raises(ValueError, match="no labels"):
        embedding.evaluate(Project(), data, train=data)


def place(x, metric):
    """Vectors whose Euclidean distance grows with the distance of samples."""
    x = np.sqrt(x) if metric == "hellinger" else x
    return x if metric == "euclidean" else x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "hellinger"])
def test_neighbours_are_the_nearest(metric):
    x = np.random.default_rng(0).exponential(size=(101, 3))
    found = neighbours.nearest(x, 4, metric=metric)
    places = place(x, metric)
    distances = np.square(places[:, None] - places).sum(axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert np.array_equal(found, distances.argsort(axis=1)[:, :4])
    assert neighbours.nearest(x[:3], 10).shape == (3, 2)


def test_neighbours_of_long_samples_are_sought_in_principal_components():
    x = np.random.default_rng(0).normal(size=(150, 120)) * np.geomspace(1.0, 1e-6, 120)
    distances = np.square(x[:, None] - x).sum(axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert np.array_equal(neighbours.nearest(x, 1)[:, 0], distances.argmin(axis=1))


def test_strength_matters_to_euclidean_distance_only():
    x = np.array([[1.0, 2.0], [10.0, 20.0], [2.0, 1.0], [20.0, 10.0]])
    assert neighbours.nearest(x, 1)[:, 0].tolist() == [2, 3, 0, 1]
    for metric in ("cosine", "hellinger"):
        assert neighbours.nearest(x, 1, metric=metric)[:, 0].tolist() == [1, 0, 3, 2]


def test_metrics_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="samples down to -1"):
        neighbours.nearest(np.array([[-1.0], [1.0]]), 1, metric="hellinger")
    with pytest.raises(ValueError, match=r"euclidean, cosine, hellinger\. Received: city"):
        neighbours.nearest(np.zeros((2, 1)), 1, metric="city")


@pytest.fixture(scope="module")
def reduced():
    """A map of a few digits, and what it was trained on."""
    x = load("digits").x[:300]
    return reduction.reduce(x, 2, epochs=60, config={"body": {"name": "mlp", "hidden": [64]}}), x


def test_a_map_keeps_classes_better_than_pca(reduced):
    model, x = reduced
    train = load("digits")
    test = load("digits", "test")
    part = Dataset("digits", "train", x, train.labels[:300], "CC0-1.0", "scikit-learn")
    scores = embedding.evaluate(model, test, train=part)["scores"]["knn"]
    assert model.encode(x).shape == (300, 2)
    assert scores["model"] > scores["pca"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (np.zeros((1, 8, 8, 1)), "nothing to reduce in a single sample"),
        (np.zeros((5, 8, 8, 1), "int32"), "integers"),
        (np.full((5, 3), np.nan), "finite"),
    ],
)
def test_what_cannot_be_reduced_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        aezoo.tasks.reduce(data)


def test_constant_images_are_one_place():
    model = aezoo.tasks.reduce(np.full((6, 4, 4, 1), 0.5), epochs=1)
    codes = model.encode(np.full((6, 4, 4, 1), 0.5))
    assert np.isfinite(codes).all()
    np.testing.assert_allclose(codes, codes[:1].repeat(6, axis=0), atol=1e-6)


def test_embed_writes_codes_and_maps(run, folder):
    words = ("embed", folder, "--model", "vae.digits", "--engine", "onnx")
    out, err = run(*words, "-o", "codes.csv", "--map", "map.png", "--json", code=1)
    assert json.loads(out)["samples"] == 30
    assert "1 of 31 images were left out" in err
    assert "broken.png" in err
    lines = (folder.parent / "codes.csv").read_text().splitlines()
    assert len(lines) == 31
    assert lines[0].startswith("files,z0,")
    assert Image.open("map.png").mode == "L"  # the images at their places
    _, err = run(*words, "-o", "codes.csv", code=1)
    assert "--force" in err


def test_embed_evaluates(run):
    words = ("embed", "digits", "--model", "vae.digits", "--engine", "onnx", "--map", "map.png")
    out, _ = run(*words, "--evaluate")
    assert "knn: the model has" in out
    assert np.asarray(Image.open("map.png")).shape == (900, 900, 3)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["digits", "--model", "vae.digits"], 2, "--out, --map or --evaluate"),
        (["digits", "--model", "vae.nothing", "-o", "a.npy"], 2, "vae.nothing"),
        (["digits", "--model", "vae.digits", "-o", "a.txt"], 2, "must end in"),
        (["digits", "--model", "vae.digits", "--map", "a.npy"], 2, "must end in"),
        (["cut.npy", "--model", "vae.digits", "-o", "a.npy"], 2, "ends at row"),
        (["other.npy", "--model", "vae.digits", "-o", "a.npy"], 2, "Expected shape (n, 8, 8, 1)"),
        (["text.png", "--model", "vae.digits", "-o", "a.npy"], 1, "not a PNG"),
    ],
)
def test_mistakes_of_embed(run, tmp_path, words, code, reason):
    np.save(tmp_path / "cut.npy", np.zeros((9, 8, 8, 1), "uint8"))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cut.npy").read_bytes()[:-5])
    np.save(tmp_path / "other.npy", np.zeros((9, 28, 28), "uint8"))
    (tmp_path / "text.png").write_text("no image")
    _, err = run("embed", *words, "--engine", "onnx", code=code)
    assert reason in err
    assert not [*tmp_path.glob("*a.*")]


def test_reduce_draws_a_map_of_a_folder(run, folder):
    words = ("reduce", folder, "-o", "map.png", "--size", "8x8", "--epochs", 2)
    out, err = run(*words, "--codes", "codes.npz", "--model", "model", "--json", code=1)
    assert json.loads(out)["samples"] == 30
    assert err.count("broken.png") == 1
    with np.load("codes.npz") as archive:
        assert archive["codes"].shape == (30, 2)
        assert archive["files"][0].endswith("00.png")
    assert aezoo.load("./model").code_shape == (2,)
    _, err = run(*words, "--force", "--model", "model", "--variant", "nothing", code=2)
    assert "nothing" in err
