"""What the command line does without a model; nothing here imports Keras in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import aezoo_registry
from aezoo import captions
from aezoo.cli import main, numbers, outputs, photos
from aezoo.cli.errors import explain
from aezoo.cli.settings import parse
from aezoo.data import images
from aezoo.data.images import ImageError
from aezoo.stored import StoreError

PANELS = {
    "look around": ["demo", "list", "info", "doctor", "verify"],
    "train and score": ["train", "fit-sampler", "evaluate"],
    "share a model": ["pull", "push"],
    "use a model": ["encode", "decode", "reconstruct", "generate", "interpolate"],
    "extend": ["new-plugin"],
}
COMMANDS = [command for commands in PANELS.values() for command in commands]
HEAVY = ("keras", "tensorflow", "numpy", "sklearn", "PIL", "matplotlib")


@pytest.fixture
def run(capsys):
    """Run a command in this process; returns exit code, stdout, stderr."""

    def run(*words):
        code = main([*map(str, words)])
        return code, *capsys.readouterr()

    return run


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


@pytest.mark.parametrize("words", [["--help"], ["list"], ["list", "--json"], ["train", "--help"]])
def test_light_commands_import_nothing_heavy(words):
    result = python(
        f"import sys; from aezoo.cli import main; code = main({words!r}); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)"
    )
    assert result.stderr == "[] 0\n"
    assert result.stdout


@pytest.mark.parametrize("words", [["list"], ["list", "--json"]])
def test_all_names_are_listed_without_typer(words):
    result = python(
        f"import sys; from aezoo.cli import main; main({words!r}); "
        "print([name for name in ('typer', 'numpy') if name in sys.modules], file=sys.stderr)"
    )
    assert result.stderr == "[]\n"
    assert "vae.digits" in result.stdout


def test_help_names_every_command(run):
    code, out, _ = run("--help")
    assert code == 0
    for command in COMMANDS:
        assert f" {command} " in out
    assert run()[1] == out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    code, out, err = run(command, "--help")
    assert (code, err) == (0, "")
    assert f"aezoo {command}" in out


def test_list(run):
    code, out, _ = run("list", "--json")
    names = json.loads(out)
    assert code == 0
    assert [*names] == [*aezoo_registry.GROUPS]
    assert names == {kind: aezoo_registry.names(kind) for kind in names}
    assert "beta_vae" in run("list")[1]
    assert run("list", "samplers")[1].split() == aezoo_registry.names("samplers")
    assert json.loads(run("list", "metrics", "--json")[1]) == {"metrics": names["metrics"]}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["genrate"], 2, "No such command 'genrate'. Did you mean 'generate'? Try `aezoo --help`."),
        (["generate"], 2, "Missing argument 'MODEL'. Try `aezoo generate --help`."),
        (["list", "--nope"], 2, "No such option: --nope"),
        (["list", "variantz"], 2, "There is no such kind; expected one of variants,"),
        (["info", "vae.no_such"], 2, "vae.no_such"),
        (["verify", "vae.no_such"], 2, "vae.no_such"),
        (["info", "./nothing"], 1, "nothing: no such directory."),
        (["generate", "vae.no_such", "-o", "x.png"], 2, "'vae.no_such'"),
        (["generate", "./nothing", "-o", "x.png"], 1, "nothing: no such directory."),
        (["generate", "vae.digits", "-o", "x.gif"], 2, "must end in .png"),
        (["generate", "vae.digits", "-o", "no/x.png"], 1, "The folder 'no' does not exist"),
        (["generate", "vae.digits", "-o", "x.png", "-n", "0"], 2, "--count"),
        (["encode", "vae.digits", "digits", "-o", "x.png"], 2, "must end in .npz, .npy, .csv"),
        (["decode", "vae.digits", "no.npz", "-o", "x.png"], 1, "The file does not exist."),
        (["train", "vaee", "--data", "digits", "--out", "x"], 2, "Did you mean 'vae'?"),
        (["train", "vae", "--data", "digitz", "--out", "x"], 2, "Did you mean 'digits'?"),
        (["train", "vae", "--data", "digits", "--out", "x", "--set", "b"], 2, "KEY=VALUE"),
        (["train", "vae", "--data", "digits", "--out", "x", "--size", "8"], 2, "64x64"),
        (["train", "vae", "--data", "digits", "--out", "x", "--sampler", "gm"], 2, "'gmm'"),
        (["fit-sampler", "vae.digits", "gmm", "--data", "digits"], 2, "--out"),
        (["fit-sampler", "vae.digits", "gmm", "--data", "digits", "--force"], 2, "--out"),
    ],
)
def test_mistakes_are_told_in_one_sentence(run, tmp_path, monkeypatch, words, code, message):
    monkeypatch.chdir(tmp_path)
    found, out, err = run(*words)
    assert (found, out) == (code, "")
    assert err.startswith("Error: ")
    assert message in err
    assert err.count("\n") == 1
    assert "keras" not in err
    assert not any(tmp_path.iterdir())


def test_what_exists_is_not_replaced(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.png").write_text("mine")
    code, _, err = run("generate", "vae.digits", "-o", "x.png")
    assert (code, err) == (1, "Error: x.png exists already: name another file or add --force.\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("mine")
    for words in (
        ["train", "vae", "--data", "digits", "--out", "model", "--force"],
        ["fit-sampler", "./other", "gmm", "--data", "digits", "--out", "model"],
    ):
        code, _, err = run(*words)
        assert code == 1
        assert "model" in err
    assert (tmp_path / "x.png").read_text() == (tmp_path / "model" / "notes.txt").read_text()


def test_a_bare_name_of_a_directory_gets_a_hint(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "vae").mkdir(parents=True)
    for words in (["info", "runs/vae"], ["generate", "runs/vae", "-o", "x.png"]):
        code, _, err = run(*words)
        assert code == 2
        assert "'./runs/vae'" in err


@pytest.mark.parametrize("words", [["--debug", "list", "nope"], ["list", "nope", "--debug"]])
def test_debug_shows_the_traceback_from_anywhere(words):
    with pytest.raises(ValueError, match="no such kind"):
        main(words)


def test_version(run):
    assert run("--version")[:2] == (0, f"aezoo {aezoo_registry.find('variants', 'vae').version}\n")


def test_interrupts_leave_a_clean_message(run, monkeypatch):
    def interrupt(kind):
        raise KeyboardInterrupt

    monkeypatch.setattr("aezoo_registry.names", interrupt)
    assert run("list", "variants") == (1, "", "Interrupted.\n")


def test_warnings_are_shown_without_their_source(run, monkeypatch):
    names = aezoo_registry.names
    monkeypatch.setattr(
        "aezoo_registry.names",
        lambda kind: warnings.warn("Look out.", stacklevel=1) or names(kind),
    )
    shown = warnings.showwarning
    listed = "".join(f"{name}\n" for name in names("samplers"))
    assert run("list", "samplers") == (0, listed, "Warning: Look out.\n")
    assert warnings.showwarning is shown


def test_explain():
    assert explain(ValueError("bad n.")) == ("bad n.", 2)
    assert explain(LookupError("no such.")) == ("no such.", 2)
    assert explain(StoreError("damaged.")) == ("damaged.", 1)
    assert explain(ImageError("a.png", "No image."))[1] == 1
    assert explain(OSError(28, "No space left on device", "x")) == (
        "x: No space left on device.",
        1,
    )
    assert "memory" in explain(MemoryError())[0]
    for bug in (KeyError("x"), IndexError("i"), TypeError("t"), ValueError()):
        message, code = explain(bug)
        assert code == 1
        assert message.startswith(type(bug).__name__)
        assert "--debug" in message
    noted = ValueError("Bad.")
    noted.add_note("Do this.")
    assert explain(noted)[0] == "Bad. Do this."


def test_settings():
    given = ["beta=4", "scale=0.5", "body=conv", 'x={"name": "conv", "channels": [8]}', "y=a=b"]
    assert parse(given) == {
        "beta": 4,
        "scale": 0.5,
        "body": "conv",
        "x": {"name": "conv", "channels": [8]},
        "y": "a=b",
    }
    assert parse(None) == {}
    for bad in (["beta"], ["=4"], ["a b=1"], ["a=1", "a=2"], ["seed=1"]):
        with pytest.raises(ValueError, match="Received: set="):
            parse(bad)


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".csv"])
def test_numbers_survive_a_file(tmp_path, suffix):
    path = tmp_path / f"codes{suffix}"
    codes = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    names = np.array(["a,b", "é", 'c"', "d", "e"])
    numbers.write(path, {"codes": codes, "files": names})
    np.testing.assert_array_equal(numbers.read(path, "codes"), codes)
    assert numbers.holds(path, "files") == (suffix == ".npz")
    with pytest.raises(FileExistsError):
        numbers.write(path, {"codes": codes})
    numbers.write(path, {"codes": codes + 1}, overwrite=True)
    np.testing.assert_allclose(numbers.read(path, "codes"), codes + 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.npz", b"not an archive", "cannot be used"),
        ("a.npy", b"", "cannot be used"),
        ("a.csv", b"", "cannot be used"),
        ("a.csv", b"x,y\n1,2\n", "z0, z1"),
        ("a.csv", b"z0,z1\n1,2\n1\n", "fewer columns"),
        ("a.csv", b"z0,z1\n1,two\n", "two"),
    ],
)
def test_files_without_numbers_are_refused(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{reason}.*Received: path="):
        numbers.read(tmp_path / name, "codes")


def test_archives_are_never_unpickled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, codes=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="cannot be used"):
        numbers.read(path, "codes")
    np.savez(path, other=np.zeros(2))
    with pytest.raises(ValueError, match="it holds other, not 'codes'"):
        numbers.read(path, "codes")


def test_samples_become_a_picture_with_the_last_touches(tmp_path):
    from PIL import Image

    images = np.full((4, 8, 8, 1), 0.5, "float32")
    touches = {"brightness": 0.25, "contrast": 1.0, "gamma": 1.0, "sharpness": 0.0}
    outputs.write_samples(tmp_path / "a.png", images, force=False, **touches)
    pixels = np.asarray(Image.open(tmp_path / "a.png"))
    assert set(np.unique(pixels)) == {191, 255}
    outputs.write_samples(tmp_path / "a.npz", images, force=False, **touches)
    np.testing.assert_allclose(numbers.read(tmp_path / "a.npz", "x"), 0.75)
    vectors = np.full((4, 8), 5.0, "float32")
    touches["brightness"] = 0.0
    outputs.write_samples(tmp_path / "b.npy", vectors, force=False, **touches)
    np.testing.assert_array_equal(numbers.read(tmp_path / "b.npy", "x"), vectors)


def test_results_of_photos_take_over_a_histogram(tmp_path):
    dark = np.linspace(0, 100, 64).reshape(8, 8, 1).astype("uint8")
    images.write(tmp_path / "dark.png", dark)
    images.write(tmp_path / "reference.png", (dark * 2).repeat(3, axis=2))

    def run(out, **finish):
        options = {"force": False, "compare": True, "max_pixels": photos.LIMIT, **finish}
        work = {"before": dark, "after": dark}
        photos.process(tmp_path / "dark.png", tmp_path / out, lambda image: {**work}, **options)
        return images.read(tmp_path / out)

    np.testing.assert_array_equal(run("same.png", brightness=0.0, contrast=1.0), dark)
    matched = run("matched.png", match=tmp_path / "reference.png")
    np.testing.assert_allclose(matched.astype(int), dark * 2, atol=1)
    assert (tmp_path / "matched.compare.png").exists()


def test_captions():
    grey, colour = np.zeros((10, 200, 1), "uint8"), np.zeros((20, 100, 3), "uint8")
    picture = captions.stack({"First": grey, "Second": colour})
    assert picture.shape[1:] == (200, 3)
    assert picture.dtype == np.uint8
    assert (picture[-20:, :100] == 0).all()
    assert (picture[-20:, 100:] == 255).all()
    assert (picture[:-40, :] == 0).any(axis=(1, 2)).any()
    with pytest.raises(ValueError, match="at least one picture"):
        captions.stack({})


def test_headings_stand_over_their_columns():
    picture = captions.columns(np.zeros((10, 200, 3), "uint8"), ["left", ""])
    assert picture.dtype == np.uint8
    assert picture.shape[1:] == (200, 3)
    line = picture[:-10]
    assert (line[:, :100] < 100).any()
    assert (line[:, 100:] == 255).all()
    assert (picture[-10:] == 0).all()
    with pytest.raises(ValueError, match="at least one heading"):
        captions.columns(picture, [])


@pytest.fixture
def plugin(tmp_path):
    """A distribution with one task that works and one that exits when it is imported."""
    info = tmp_path / "acme_tasks-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tasks\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(
        "[aezoo.tasks]\nacme/say_it = acme_tasks:say\nacme/broken = acme_broken:run\n"
        "acme/app = acme_tasks:app\n"
    )
    (tmp_path / "acme_tasks.py").write_text(
        "import typer\n\nprint('noise')\n\ndef say(word: str, times: int = 2):\n"
        "    'Say a word.'\n    print(word * times)\n    return times\n\napp = typer.Typer()\n\n"
        "@app.command()\ndef one():\n    print('one')\n\n@app.command()\ndef two():\n"
        "    raise ValueError('Two is bad.')\n"
    )
    (tmp_path / "acme_broken.py").write_text("raise SystemExit(3)\n")

    def run(*words):
        return python(
            f"import sys; from aezoo.cli import main; code = main({words!r}); "
            "print('acme_tasks' in sys.modules, code)",
            PYTHONPATH=str(tmp_path),
        )

    return run


def test_tasks_are_commands(plugin):
    listing = plugin("--help")
    assert "acme/say-it" in listing.stdout
    assert "From acme-tasks 2.0." in listing.stdout
    assert listing.stdout.endswith("False 0\n")
    said = plugin("acme/say-it", "ho", "--times", "3")
    assert said.stdout == "hohoho\nTrue 0\n"
    assert said.stderr == "noise\n"
    assert "Say a word." in plugin("acme/say-it", "-h").stdout
    assert "Missing argument 'word'" in plugin("acme/say-it").stderr
    assert plugin("acme/app", "one").stdout == "one\nTrue 0\n"
    assert plugin("acme/app", "two").stdout == "True 2\n"


def test_a_broken_task_is_named_and_the_rest_works(plugin):
    broken = plugin("acme/broken")
    assert broken.stdout == "False 1\n"
    assert "acme-tasks 2.0" in broken.stderr
    assert "SystemExit" in broken.stderr
    *names, last = plugin("list", "tasks").stdout.splitlines()
    assert names[:3] == ["acme/app", "acme/broken", "acme/say_it"]
    assert last == "False 0"
