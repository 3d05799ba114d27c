"""The commands that run a model, in this process, on small untrained ones."""

from __future__ import annotations

import json
import pathlib
import shutil

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo import acceleration, store
from aezoo.cli import main, models
from aezoo.data import load
from aezoo.postprocess import match_histogram


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Directories of models of digits, of vectors and of images of Fashion-MNIST's size."""
    home = tmp_path_factory.mktemp("models")
    body = {"name": "mlp", "hidden": [16]}
    digits = aezoo.create("vae", sample_shape=(8, 8, 1), latent_dim=4, body=body)
    aezoo.save(digits, home / "digits", dtype="float16")
    vectors = aezoo.create("ae", sample_shape=(64,), latent_dim=3, body=body)
    aezoo.save(vectors, home / "vectors")
    clothes = aezoo.create("vae", sample_shape=(28, 28, 1), latent_dim=4, body=body)
    clothes.fit_sampler("normal", np.random.default_rng(0).random((50, 28, 28, 1)))
    aezoo.save(clothes, home / "clothes")
    return home


@pytest.fixture
def home(saved, tmp_path, monkeypatch):
    """A current directory with copies of the models, images and archives."""
    shutil.copytree(saved, tmp_path / "models")
    x = (load("digits", "test").x * 255).round().astype("uint8")
    (tmp_path / "images").mkdir()
    for index in range(5):
        Image.fromarray(x[index, ..., 0]).save(tmp_path / "images" / f"{index}.png")
    np.savez(tmp_path / "digits.npz", x=x[:6], labels=np.arange(6))
    np.save(tmp_path / "vectors.npy", (x[:7] / 255).reshape(7, 64).astype("float32"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfd):
    """Run a command that must succeed; returns stdout and stderr."""

    def run(*words, code=0):
        found = main([*map(str, words)])
        out, err = capfd.readouterr()
        assert found == code, err
        assert "Traceback" not in err
        return out, err

    return run


def picture(path):
    pixels = np.asarray(Image.open(path))
    assert pixels.min() < 250
    return pixels


def test_encode_and_decode(run, home):
    _, err = run("encode", "./models/digits", "digits", "-n", 9, "-o", "codes.npz")
    assert "9 codes of shape (4,)" in err
    model, data = aezoo.load("./models/digits"), load("digits", "test")
    with np.load("codes.npz") as archive:
        np.testing.assert_array_equal(archive["codes"], model.encode(data.x[:9]))
        np.testing.assert_array_equal(archive["labels"], data.labels[:9])
    run("decode", "./models/digits", "codes.npz", "-o", "decoded.npy")
    np.testing.assert_array_equal(np.load("decoded.npy"), model.reconstruct(data.x[:9]))
    run("decode", "./models/digits", "codes.npz", "-o", "decoded.png")
    assert picture("decoded.png").ndim == 2


def test_encode_reads_folders_files_and_archives(run, home):
    (home / "images" / "broken.png").write_text("no image")
    _, err = run("encode", "./models/digits", "images", "-o", "a.csv")
    assert "1 of 6 images were left out" in err
    assert "broken.png: The file is not a PNG" in err
    rows = [line.split(",") for line in (home / "a.csv").read_text().splitlines()]
    assert rows[0] == ["files", "z0", "z1", "z2", "z3"]
    assert [row[0] for row in rows[1:]] == [f"images/{index}.png" for index in range(5)]
    for source in ("digits.npz:2", "images/2.png", "digits:2"):
        run("encode", "./models/digits", source, "-o", "b.npy", "--force")
        np.testing.assert_allclose(np.load("b.npy")[0], np.float32(rows[3][1:]), atol=0.01)
    run("encode", "./models/vectors", "vectors.npy", "-o", "c.npy")
    assert np.load("c.npy").shape == (7, 3)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["encode", "./models/digits", "digits:900", "-o", "x.npy"], 2, "no such sample"),
        (["encode", "./models/digits", "nowhere", "-o", "x.npy"], 2, "no file or folder"),
        (["encode", "./models/digits", "vectors.npy", "-o", "x.npy"], 2, "Expected shape (n, 8"),
        (["encode", "./models/digits", "codes.txt", "-o", "x.npy"], 1, "codes.txt"),
        (["encode", "./models/vectors", "images", "-o", "x.npy"], 2, "no images"),
        (["generate", "./models/vectors", "-o", "x.png"], 2, ".npz or .npy"),
        (["generate", "./models/vectors", "-o", "x.npy"], 2, "fit one with"),
        (["generate", "./models/digits", "-o", "x.npy", "--sampler", "gmm"], 2, "fit-sampler"),
        (["decode", "./models/digits", "vectors.npy", "-o", "x.png"], 2, "Expected shape (n, 4)"),
        (["interpolate", "./models/digits", "digits:0", "images", "-o", "x.png"], 2, "equally"),
        (["evaluate", "./models/digits", "--data", "digits", "--metrics", "ssin"], 2, "'ssim'"),
        (["evaluate", "./models/digits", "--data", "digits", "--split", "tset"], 2, "'tset'"),
        (["evaluate", "./models/digits", "--data", "digits", "--metrics", ","], 2, "with commas"),
        (
            ["evaluate", "./models/digits", "--data", "digits", "--sampler", "maf"],
            2,
            "fitted sampler is none",
        ),
        (["evaluate", "./models/digits", "--data", "vectors.npy"], 1, "vectors.npy"),
        (["fit-sampler", "./models/digits", "gm", "--data", "digits", "--out", "x"], 2, "'gmm'"),
    ],
)
def test_mistakes(run, home, words, code, message):
    (home / "codes.txt").write_text("?")
    before = sorted(home.iterdir())
    out, err = run(*words, code=code)
    assert out == ""
    assert err.startswith("Error: ")
    assert message in err
    assert sorted(home.iterdir()) == before


def test_a_damaged_model_is_named(run, home):
    path = home / "models" / "digits" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    _, err = run("generate", "./models/digits", "-o", "x.png", code=1)
    assert err.startswith(f"Error: {path}: ")


def test_reconstruct(run, home):
    _, err = run("reconstruct", "./models/digits", "digits", "-n", 8, "-o", "pairs.png")
    assert "Mean squared error of 8 samples: 0." in err
    pixels = picture("pairs.png")
    tiles = [pixels[:58, 2:58], pixels[60:116, 2:58]]
    original = load("digits", "test").x[0, ..., 0]
    np.testing.assert_allclose(tiles[0][5:58:7, 3::7] / 255, original, atol=0.01)
    run("reconstruct", "./models/digits", "images", "-o", "r.npz")
    assert np.load("r.npz")["x"].shape == (5, 8, 8, 1)


def test_generate_repeats_with_its_seed(run, home):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run("generate", "./models/digits", "-n", 6, "--seed", seed, "-o", f"{name}.npy")
    a, b, c = (np.load(f"{name}.npy") for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-4
    run("generate", "./models/digits", "-n", 6, "--seed", 3, "--brightness", 0.5, "-o", "d.npy")
    np.testing.assert_allclose(np.load("d.npy"), np.clip(a + 0.5, 0, 1), atol=1e-6)
    run("generate", "./models/digits", "-o", "e.png")
    assert picture("e.png").shape == (8 * 58 + 2, 8 * 58 + 2)


def test_interpolate(run, home):
    words = ["./models/digits", "digits:0", "digits:1", "--steps", 5]
    run("interpolate", *words, "-o", "walk.npy")
    walk = np.load("walk.npy")
    ends = aezoo.load("./models/digits").reconstruct(load("digits", "test").x[:2])
    assert walk.shape == (5, 8, 8, 1)
    np.testing.assert_allclose(walk[[0, -1]], ends, atol=1e-5)
    run("interpolate", *words, "--kind", "spherical", "-o", "walk.png")
    assert picture("walk.png").shape == (60, 5 * 58 + 2)
    run("interpolate", *words, "-o", "walk.gif")
    with Image.open("walk.gif") as animation:
        assert (animation.n_frames, animation.size) == (8, (60, 60))
    _, err = run("generate", "./models/digits", "-o", "x.gif", code=2)
    assert "must end in .png" in err


def test_histograms_are_matched(run, home):
    reference = np.linspace(0, 255, 64).reshape(8, 8, 1).repeat(3, axis=2).astype("uint8")
    Image.fromarray(reference).save("colour.png")
    match = ["--match", "colour.png"]
    run("encode", "./models/digits", "digits", "-n", 2, "-o", "codes.npy")
    for words in (
        ["generate", "./models/digits", "-n", 2],
        ["decode", "./models/digits", "codes.npy"],
        ["reconstruct", "./models/digits", "digits", "-n", 2],
        ["interpolate", "./models/digits", "digits:0", "digits:1"],
    ):
        run(*words, "-o", "plain.npy", "--force")
        run(*words, *match, "-o", "matched.npy", "--force")
        expected = match_histogram(np.load("plain.npy"), reference[..., :1])
        np.testing.assert_allclose(np.load("matched.npy"), expected, atol=1e-6)
    run("generate", "./models/digits", *match, "-o", "matched.png")
    picture("matched.png")
    (home / "text.png").write_text("no image")
    for name, code, message in (("text.png", 1, "is not a PNG"), ("none.png", 2, "does not exist")):
        _, err = run("generate", "./models/digits", "--match", name, "-o", "x.png", code=code)
        assert message in err
    _, err = run("encode", "./models/vectors", "vectors.npy", "-o", "v.npy")
    _, err = run("decode", "./models/vectors", "v.npy", *match, "-o", "x.npy", code=2)
    assert "must be images" in err


def test_evaluate(run, home):
    out, _ = run("evaluate", "./models/digits", "--data", "digits", "--json")
    scores = json.loads(out)
    assert (scores["n"], scores["split"], scores["baseline"]["components"]) == (300, "test", 4)
    assert set(scores["metrics"]) == {"mse", "psnr"}
    out, err = run("evaluate", "./models/digits", "--data", "digits", "--metrics", "mse,ssim")
    assert f"{scores['metrics']['mse']:.5g}" in out
    assert f"{scores['baseline']['metrics']['mse']:.5g}" in out
    assert "PCA, 4 components" in out
    assert "psnr" not in out
    assert "ssim is left out" in err
    assert "nll" in out


def test_evaluate_samples(run, home):
    x = np.pad(
        np.kron(load("digits", "test").x, np.ones((3, 3, 1))), [(0, 0), *[(2, 2)] * 2, (0, 0)]
    )
    np.savez("clothes.npz", x=x.astype("float32"), labels=np.arange(len(x)) % 3)
    words = ["evaluate", "./models/clothes", "--data", "clothes.npz"]
    names = "psnr,kid_classifier,coverage,memorisation,mig"
    out, err = run(*words, "-n", 25, "--samples", 20, "--metrics", names)
    table = {row.split()[0]: row.split()[1:] for row in out.splitlines() if row.strip()}
    assert len(table["kid_classifier"]) == 4
    assert (table["psnr"][-1], table["coverage"][-1]) == ("25", "20")
    assert "20 samples were drawn by the sampler normal and compared with 20 real ones" in err
    assert "mig is left out: The samples have no known factors" in err
    words += [
        "--split",
        "train",
        "--metrics",
        "knn_accuracy,kid_classifier,density",
        "--sampler",
        "prior",
        "--json",
    ]
    scores = json.loads(run(*words, "-n", 40, "--seed", 2)[0])
    assert (scores["n"], scores["seed"], scores["split"]) == (40, 2, "train")
    assert set(scores["metrics"]) == {"knn_accuracy", "kid_classifier", "density"}
    expected = {"generated": 40, "real": 40, "sampler": "prior", "reference": "halves"}
    assert scores["samples"] == expected
    assert set(scores["references"]["density"]) == {"real", "reconstructions"}
    again = json.loads(run(*words, "-n", 40, "--seed", 2)[0])
    assert again["metrics"] == scores["metrics"]


def test_evaluate_without_anything_to_generate_from(run, home):
    words = [
        "evaluate",
        "./models/vectors",
        "--data",
        "vectors.npz",
        "--metrics",
        "mse,memorisation",
    ]
    np.savez("vectors.npz", x=np.random.default_rng(0).random((60, 64), dtype="float32"))
    out, err = run(*words)
    assert "mse" in out
    assert "memorisation is left out: generate needs a prior or a fitted sampler" in err


def test_fit_sampler_leaves_the_weights_as_they_are(run, home):
    before = store.read("models/digits")
    (home / "models" / "digits" / "loss.png").write_bytes(b"kept")
    words = ["fit-sampler", "./models/digits", "gmm", "--data", "digits"]
    run(*words, "--set", "components=2", "--out", "fitted")
    after = store.read("fitted")
    assert after.config["sampler"] == {"name": "gmm", "config": {"components": 2, "limit": 20000}}
    shapes = {name: shape for name, (_, shape) in before.header.items()}
    assert after.config == before.config | {"sampler": after.config["sampler"]}
    for name, array in before.arrays(shapes).items():
        np.testing.assert_array_equal(after.arrays(shapes)[name], array)
    assert (home / "fitted" / "loss.png").read_bytes() == b"kept"
    picture("fitted/samples.png")
    run("generate", "./fitted", "--sampler", "gmm", "-o", "x.npy")
    run(*words, "--out", "fitted", code=1)
    words[2] = "normal"
    (home / "models" / "digits" / "README.md").write_text("# Mine")
    run(*words, "--force")
    assert store.read("models/digits").config["sampler"] == {"name": "normal", "config": {}}
    assert (home / "models" / "digits" / "README.md").read_text() == "# Mine"
    assert not (home / "fitted" / "README.md").exists()
    assert (home / "models" / "digits" / "loss.png").read_bytes() == b"kept"


@pytest.fixture
def plain_steps(monkeypatch):
    """Trains step by step without XLA, which takes longer to compile than these models to fit."""
    settings = acceleration.Settings("float32", jit=False, steps_per_execution=1)
    monkeypatch.setattr("aezoo.training.choose", lambda *_, **__: settings)


def test_train(run, home, plain_steps):
    words = ["train", "vae", "--data", "digits", "--epochs", 2, "--latent-dim", 4, "--body", "mlp"]
    words += ["--set", 'body={"name": "mlp", "hidden": [16]}', "--sampler", "normal"]
    _, err = run(*words, "--out", "trained", "--dtype", "float32")
    assert "Training in float32" in err
    assert "epoch 2/2  loss " in err
    assert "aezoo generate ./trained" in err
    for name in ("loss.png", "reconstructions.png", "samples.png"):
        picture(f"trained/{name}")
    model = aezoo.load("./trained")
    assert model.body.spec["hidden"] == [16]
    assert model.likelihood.spec["name"] == "bernoulli"
    assert model.sampler.spec["name"] == "normal"
    _, err = run(*words, "--out", "trained", code=1)
    assert "--force" in err
    out, err = run(*words, "--out", "trained", "--force", "--quiet", "--json")
    facts = json.loads(out)
    assert len(facts["history"]["val_loss"]) == 2
    assert facts["evaluation"]["metrics"]["mse"] < 0.2
    assert "epoch" not in err


def test_train_takes_what_suits_the_variant(run, home, plain_steps):
    words = ["train", "--data", "digits", "--epochs", 1, "--dtype", "float32", "--quiet"]
    run(*words, "sigma_vae", "--out", "sigma", "--sampler", '{"name": "gmm", "components": 2}')
    model = aezoo.load("./sigma")
    assert model.likelihood.spec["scale"] == "batch"
    assert model.sampler.spec["components"] == 2
    quick = '{"name": "code_transformer", "width": 8, "heads": 2, "iterations": 100}'
    run(*words, "vq_vae", "--out", "vq", "--latent-dim", 2, "--sampler", quick)
    assert aezoo.load("./vq").sampler.spec["width"] == 8
    for sampler, why in (("gmm", "there are: code_masked"), ('{"name"', "written as JSON")):
        _, err = run(*words, "vq_vae", "--out", "no", "--sampler", sampler, code=2)
        assert why in err
        assert not pathlib.Path("no").exists()


def test_ctrl_c_keeps_the_last_finished_epoch(run, home, plain_steps, monkeypatch):
    from aezoo.cli.progress import EpochBar

    def interrupt(self, epoch, logs=None):
        if epoch == stop:
            raise KeyboardInterrupt

    monkeypatch.setattr(EpochBar, "on_epoch_begin", interrupt)
    words = ["train", "ae", "--data", "vectors.npz", "--batch-size", 16, "--epochs", 9, "--quiet"]
    words += ["--sampler", "normal", "--dtype", "float32", "--out", "half"]
    np.savez("vectors.npz", x=np.random.default_rng(0).random((50, 6), dtype="float32"))
    stop = 0
    _, err = run(*words, code=1)
    assert err.endswith("No epoch was finished, so nothing is kept.\nInterrupted.\n")
    assert not (home / "half").exists()
    stop = 2
    _, err = run(*words, code=1)
    assert "Interrupted: half holds the model after 2 epochs." in err
    assert aezoo.load("./half").sampler is not None


def test_train_on_a_folder(run, home, plain_steps):
    words = ["train", "ae", "--data", "images", "--epochs", 1, "--latent-dim", 2, "--quiet"]
    run(*words, "--out", "small", "--size", "6x5", "--sampler", "none", "--dtype", "float32")
    assert aezoo.load("./small").sample_shape == (6, 5, 1)
    assert not (home / "small" / "samples.png").exists()


def test_demo_works_twice(run, home, monkeypatch):
    load_model = models.load
    monkeypatch.setattr(models, "load", lambda name: load_model("./models/clothes"))
    _, err = run("demo")
    assert "Look at aezoo-demo.png." in err
    out, _ = run("demo", "--json")
    facts = json.loads(out)
    assert facts["picture"] == "aezoo-demo-2.png"
    assert facts["images"] == [16, 28, 28, 1]
    assert facts["codes"] == [16, 4]
    np.testing.assert_array_equal(picture("aezoo-demo.png"), picture("aezoo-demo-2.png"))
    _, err = run("demo", "-o", "aezoo-demo.png", code=1)
    assert "--force" in err
    run("demo", "-o", "aezoo-demo.png", "--force")


def test_info(run, home):
    facts = json.loads(run("info", "./models/digits", "--json")[0])
    assert (facts["variant"], facts["dtype"], facts["sampler"]) == ("vae", "float16", None)
    assert "config.latent_dim" in run("info", "./models/digits")[0]
    out, _ = run("info", "beta_vae")
    assert "Higgins et al." in out
    assert "a number" in out
    facts = json.loads(run("info", "gmm", "--json")[0])
    assert facts["kind"] == "samplers"
    assert facts["arguments"]["components"]["default"] is None


def test_doctor(run, monkeypatch):
    rows = json.loads(run("doctor", "--json")[0])
    assert {row["status"] for row in rows if row["kind"] != "presets"} == {"ok"}
    assert {"vae", "conv", "gmm", "ssim", "digits"} <= {row["name"] for row in rows}
    monkeypatch.setattr("aezoo.variants.vae.VAE", print)
    out, err = run("doctor", "--strict", code=1)
    assert "broken" in out
    assert f" of {len(rows)} ok." in err
    run("doctor")
