from __future__ import annotations

import doctest
import json
from importlib import resources

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo import masks, photos
from aezoo.baseline import PCABaseline
from aezoo.cli import main
from aezoo.data import images
from aezoo.interface import Interface
from aezoo.tasks import completion, inpaint, inpainting, repair
from aezoo.tasks.inpainting import evaluate, evaluate_photos

DIGITS = ["--model", "vae.digits", "--engine", "onnx"]


class Linear(Interface):
    """Decodes `W z + b` and draws codes from N(mean, root root^T): everything in closed form."""

    sample_shape, sample_range, code_shape = (4, 5, 1), None, (3,)
    variant = "linear"

    def __init__(self):
        rng = np.random.default_rng(0)
        self.engine = self
        self.weights, self.bias = rng.normal(0, 0.2, (3, 20)), rng.random(20)
        self.mean, self.root = np.array([0.5, -1.0, 0.2]), np.tril(rng.normal(0, 1, (3, 3)))

    def has(self, function):
        return function == "prior"

    def __call__(self, function, *arrays):
        if function == "prior":
            return (self.mean + arrays[0] @ self.root.T).astype("float32")
        assert function == "decode"
        return (arrays[0] @ self.weights + self.bias).reshape(-1, 4, 5, 1).astype("float32")


@pytest.fixture(scope="module")
def digits():
    return aezoo.data.load("digits", "test").x


@pytest.fixture
def astronaut():
    from skimage import data

    return data.astronaut()[:120, 180:340]


def test_pca_completes_by_the_mean_given_the_rest():
    rng = np.random.default_rng(0)
    train = rng.normal(0, 1, (5000, 4)) @ rng.normal(0, 1, (4, 4)) + rng.random(4)
    baseline = PCABaseline(train, components=3, sample_range=None)  # with 3 of 4 it is exact
    covariance, mean = np.cov(train, rowvar=False), train.mean(axis=0)
    missing = np.array([True, False, False, True])
    regression = covariance[np.ix_(missing, ~missing)] @ np.linalg.inv(
        covariance[np.ix_(~missing, ~missing)]
    )
    filled = baseline.complete(train[:10], np.tile(missing, (10, 1)))
    expected = mean[missing] + (train[:10] - mean)[:, ~missing] @ regression.T
    np.testing.assert_allclose(filled[:, missing], expected, atol=0.02)
    np.testing.assert_allclose(filled[:, ~missing], train[:10][:, ~missing], rtol=1e-6)


def test_the_latent_method_finds_the_posterior_of_a_linear_model():
    linear = Linear()
    image = np.random.default_rng(1).random((4, 5, 1)).astype("float32")
    hole = np.zeros((4, 5), bool)
    hole[1:3, 1:4] = True
    rng = np.random.default_rng(0)
    found = completion.latent(linear, image[None], hole[None], 2000, rng)[0].reshape(2000, 20)
    known = ~hole.ravel()
    w = linear.weights[:, known]
    prior = np.linalg.inv(linear.root @ linear.root.T)
    precision = w @ w.T / completion.VARIANCE + prior
    missed = image.ravel()[known] - linear.bias[known]
    mode = np.linalg.solve(precision, w @ missed / completion.VARIANCE + prior @ linear.mean)
    np.testing.assert_allclose(found.mean(axis=0), mode @ linear.weights + linear.bias, atol=0.02)
    deviation = np.sqrt(np.sum(linear.weights * np.linalg.solve(precision, linear.weights), axis=0))
    np.testing.assert_allclose(found.std(axis=0), deviation, rtol=0.1)


@pytest.mark.parametrize(
    ("preset", "method"),
    [
        ("vae.digits", "latent"),
        ("vae.fashion_mnist", "gibbs"),
        ("ae.fashion_mnist", "latent"),
        ("ae.fashion_mnist", "gibbs"),
        ("vq_vae.fashion_mnist", None),
    ],
)
def test_completions_keep_what_is_known_differ_and_follow_their_seed(preset, method):
    model = aezoo.load(preset, engine="onnx")
    shape = model.sample_shape
    x = model.generate(1, seed=3)[0]
    hole = masks.draw("centre", *shape[:2])
    found = inpaint(x, hole, model, n=2, method=method, seed=1)
    assert (found.shape, found.dtype) == ((2, *shape), np.float32)
    assert 0 <= found.min() <= found.max() <= 1
    np.testing.assert_array_equal(found[:, ~hole], np.broadcast_to(x[~hole], found[:, ~hole].shape))
    assert (found[0] != found[1]).any()
    np.testing.assert_array_equal(found, inpaint(x, hole, model, n=2, method=method, seed=1))
    assert (found != inpaint(x, hole, model, n=2, method=method, seed=2)).any()
    blank = np.where(hole[..., None], 0.9, x)
    np.testing.assert_array_equal(found, inpaint(blank, hole, model, n=2, method=method, seed=1))


def test_bytes_stay_bytes_and_without_n_there_is_one_image(digits):
    model = aezoo.load("vae.digits", engine="onnx")
    x = np.round(255 * digits[0]).astype("uint8")
    hole = masks.draw("centre", 8, 8)
    one = inpaint(x, hole, model)
    assert (one.shape, one.dtype) == ((8, 8, 1), np.uint8)
    np.testing.assert_array_equal(one, inpaint(x, hole, model, n=4)[0])


def test_both_engines_agree(digits):
    hole = masks.draw("centre", 8, 8)
    for method in ("latent", "gibbs"):
        keras, onnx = (
            inpaint(digits[1], hole, aezoo.load("vae.digits", engine=engine), n=2, method=method)
            for engine in ("keras", "onnx")
        )
        np.testing.assert_allclose(keras, onnx, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_photos_of_any_size_are_filled(astronaut, channels):
    photo = astronaut[..., :channels]
    hole = masks.draw("scratches", *photo.shape[:2], seed=0)
    filled = inpaint(photo, 255 * hole.astype("uint8"))
    assert (filled.shape, filled.dtype) == (photo.shape, np.uint8)
    np.testing.assert_array_equal(filled[~hole], photo[~hole])
    assert photos.psnr(filled / 255, photo / 255, hole) > 20


def test_the_ensemble_treats_all_orientations_alike(astronaut):
    image = astronaut[20:84, 30:94] / 255
    hole = masks.draw("scratches", 64, 64, seed=0)

    def apart(**options):
        turned = repair.fill(np.rot90(image), np.rot90(hole), **options)
        return np.abs(np.rot90(turned, -1) - repair.fill(image, hole, **options))[hole].mean()

    assert apart(ensemble=True) < 0.1 * apart()


def test_tiles_without_holes_cost_nothing(astronaut):
    class Counting:
        code_shape = sample_shape = (64, 64, 4)
        seen = 0

        def decode(self, z):
            self.seen += len(z)
            return z

    image = astronaut[:100, :100] / 255
    hole = np.zeros((100, 100), bool)
    hole[2:5, 3:7] = True
    network = Counting()
    repair.fill(image, hole, model=network)
    assert network.seen == 2 * 2  # of 7 * 7, where each keeps 16 pixels of 64


def test_large_holes_get_the_pyramid():
    hole = np.ones((800, 800), bool)
    hole[0] = False
    assert np.count_nonzero(hole) > repair.LARGEST_SYSTEM
    np.testing.assert_allclose(repair.classical(np.full((800, 800, 1), 0.5), hole), 0.5)


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"mask": np.zeros((8, 8), bool)}, ValueError, "empty"),
        ({"mask": np.ones((8, 8), bool)}, ValueError, "full"),
        ({"mask": np.ones((9, 8), bool)}, ValueError, "width of the image"),
        ({"n": 0}, ValueError, "n must be an integer of at least 1"),
        ({"n": 1.5}, ValueError, "n must be an integer of at least 1"),
        ({"method": "magic"}, LookupError, "latent, gibbs"),
        ({"seed": -1}, ValueError, "seed must be"),
        ({"ensemble": True}, ValueError, "without a model"),
        ({"model": None, "n": 2}, ValueError, "pass model="),
        ({"model": None, "method": "gibbs"}, ValueError, "pass model="),
        ({"image": np.zeros((10, 10, 1)), "mask": np.eye(10)}, ValueError, "shape of the model"),
        ({"image": np.zeros((8, 8))}, ValueError, r"image\[\.\.\., None\]"),
        ({"image": np.full((8, 8, 1), np.nan)}, ValueError, "finite"),
    ],
)
def test_what_does_not_fit_together_is_refused(digits, options, error, reason):
    model = aezoo.load("vae.digits", engine="onnx")
    given = {"image": digits[0], "mask": masks.draw("centre", 8, 8), "model": model} | options
    with pytest.raises(error, match=reason):
        inpaint(**given)


def test_models_that_cannot_say_what_fits():
    vq_vae = aezoo.load("vq_vae.fashion_mnist", engine="onnx")
    image, hole = np.zeros((28, 28, 1)), masks.draw("centre", 28, 28)
    with pytest.raises(ValueError, match="tokens of a codebook: use method='gibbs'"):
        inpaint(image, hole, vq_vae, method="latent")
    blank = aezoo.create("ae", sample_shape=(8, 8, 1), latent_dim=2)
    with pytest.raises(ValueError, match="needs a prior or a fitted sampler"):
        inpaint(np.zeros((8, 8, 1)), np.eye(8), blank)


def test_other_ranges_of_samples_are_mapped(digits):
    body = {"name": "mlp", "hidden": [8]}
    scale = {"name": "scale", "low": -1.0, "high": 1.0}
    model = aezoo.create("vae", sample_shape=(8, 8, 1), latent_dim=2, body=body, preprocess=scale)
    hole = masks.draw("centre", 8, 8)
    for method in ("latent", "gibbs"):
        found = inpaint(digits[0], hole, model, method=method)
        np.testing.assert_array_equal(found[~hole], digits[0][~hole])


def test_evaluation_stands_beside_classical_fills_and_says_who_wins(digits):
    train = aezoo.data.load("digits", "train")
    model = aezoo.load("vae.digits", engine="onnx")
    scores = evaluate(model, digits, train=train, n=2, count=30)
    json.dumps(scores, allow_nan=False)
    best = scores["best_baseline"]
    assert set(scores["baselines"]) == {
        *("biharmonic", "harmonic", "tension", "pyramid", "mean_colour", "pca")
    }
    assert scores["baselines"][best] == max(scores["baselines"].values())
    wins = scores["model"]["first"] > scores["baselines"][best]
    assert ("beats" if wins else "loses to") in scores["verdict"]
    assert best in scores["verdict"]
    assert scores["model"]["best_of_n"] >= scores["model"]["first"]
    assert scores == evaluate(model, digits, train=train, n=2, count=30)
    with pytest.raises(ValueError, match="images of one shape"):
        evaluate(model, np.zeros((3, 9, 9, 1)))


def test_a_pretrained_model_beats_every_classical_fill_of_clothes():
    with resources.as_file(resources.files("aezoo") / "demo" / "fashion_mnist.npz") as file:
        x = aezoo.data.load(file, "test").x
    model = aezoo.load("vae.fashion_mnist", engine="onnx")
    scores = evaluate(model, x, count=20, n=2, method="gibbs")
    assert "beats" in scores["verdict"]


def test_photos_repeat_the_published_figures():
    scores = {kind: evaluate_photos(kind=kind) for kind in ("stains", "random_half")}
    assert scores["random_half"]["baselines"]["biharmonic"] == pytest.approx(26.62, abs=0.3)
    assert scores["stains"]["baselines"]["biharmonic"] == pytest.approx(20.39, abs=1.5)
    worse = evaluate_photos(lambda image, mask: image, kind="stains")
    assert "loses to the best classical baseline, tension" in worse["verdict"]


@pytest.fixture
def home(tmp_path, monkeypatch, astronaut, digits):
    images.write(tmp_path / "photo.png", astronaut)
    hole = np.zeros((120, 160, 1), "uint8")
    hole[40:60, 50:90] = 255
    images.write(tmp_path / "mask.png", hole)
    images.write(tmp_path / "small.png", hole[::2])
    images.write(tmp_path / "empty.png", 0 * hole)
    (tmp_path / "text.png").write_text("no image")
    folder = tmp_path / "folder"
    folder.mkdir()
    images.write(folder / "a.png", astronaut)
    (folder / "b.png").write_text("no image")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capfd, *words, code=0):
    found = main(["inpaint", *words])
    out, err = capfd.readouterr()
    assert found == code, err
    assert "Traceback" not in err
    return out, err


def test_the_command_fills_photos(home, capfd):
    _, err = run(capfd, "photo.png", "--mask", "scratches", "--out", "out.png", "--compare")
    assert "Filled" in err
    assert images.read("out.png").shape == (120, 160, 3)
    assert images.read("out.compare.png").shape == (136, 512, 3)
    run(capfd, "photo.png", "--mask", "mask.png", "--out", "other.png")
    before, after = images.read("photo.png"), images.read("other.png")
    changed = (before != after).any(axis=-1)
    assert changed.any()
    assert not changed[images.read("mask.png")[..., 0] == 0].any()
    assert "text.png" not in run(capfd, "folder", "--mask", "stains", "--out", "done", code=1)[0]
    assert [path.name for path in (home / "done").iterdir()] == ["a.png"]


def test_the_command_completes_samples_and_photos(home, capfd):
    run(capfd, "digits:3", "--mask", "centre", "--out", "out.png", "-n", "2", *DIGITS)
    assert Image.open("out.png").size == (4 * 58 + 2, 60)
    run(capfd, "digits", "--mask", "stains", "--out", "rows.png", "-n", "2", *DIGITS)
    assert Image.open("rows.png").size == (4 * 58 + 2, 8 * 58 + 2)
    run(capfd, "photo.png", "--mask", "mask.png", "--out", "own.png", "-n", "2", *DIGITS)
    assert Image.open("own.png").size == (3 * 58 + 2, 60)


def test_the_command_measures(home, capfd):
    out, _ = run(capfd, "--evaluate", "--mask", "stains", "--json")
    assert json.loads(out)[0]["mask"] == "stains"
    out, _ = run(capfd, "digits", "--evaluate", "--images", "5", *DIGITS)
    assert out.count("the best classical baseline") == 4


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["photo.png", "--mask", "small.png", "--out", "x.png"], 2, "width of the image"),
        (["photo.png", "--mask", "empty.png", "--out", "x.png"], 2, "empty"),
        (["photo.png", "--mask", "text.png", "--out", "x.png"], 1, "not a PNG"),
        (["text.png", "--mask", "stains", "--out", "x.png"], 1, "not a PNG"),
        (["none.png", "--mask", "stains", "--out", "x.png"], 1, "no image file"),
        (["photo.png", "--mask", "holes", "--out", "x.png"], 2, "there is no file"),
        (["photo.png", "--mask", "stains", "--out", "mask.png"], 1, "--force"),
        (["photo.png", "--mask", "stains", "--out", "x.txt"], 2, "must end in"),
        (["photo.png", "--mask", "stains"], 2, "--out"),
        (["folder", "--mask", "mask.png", "--out", "x"], 2, "belongs to one photo"),
        (["photo.png", "--mask", "stains", "--out", "x.png", "-n", "3"], 2, "add --model"),
        (
            ["photo.png", "--mask", "stains", "--out", "x.png", "--ensemble", *DIGITS],
            2,
            "leave --model out",
        ),
        (["photo.png", "--evaluate"], 2, "--evaluate measures"),
        (["--evaluate", "--mask", "mask.png"], 2, "--evaluate draws"),
        (
            ["photo.png", "--mask", "small.png", "--out", "x.png", *DIGITS],
            2,
            "width of the image",
        ),
    ],
)
def test_bad_commands_say_why(home, capfd, words, code, reason):
    _, err = run(capfd, *words, code=code)
    assert reason in err
    assert not (home / "x.png").exists()


def test_the_examples_run():
    result = doctest.testmod(inpainting)
    assert (result.failed, result.attempted > 0) == (0, True)
