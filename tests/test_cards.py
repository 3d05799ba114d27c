"""README.md and model_cards/ say what the presets' records say, and show what the presets do."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard

import aezoo
import aezoo_registry
import cards
from aezoo.arrays import to_uint8
from aezoo.card import gallery
from aezoo.hub import Address
from showcase import pages, pictures, tables

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "cards.py"
NAMES = sorted(path.parent.name for path in ROOT.glob("aezoo/presets/*/record.json"))
COMMIT = "0123456789abcdef0123456789abcdef01234567"
RECORD = {
    "name": "vae.waves",
    "variant": "vae",
    "parameters": 1234567,
    "bytes": 2048,
    "dtype": "float16",
    "data": {"id": "waves", "split": "train", "n": 800, "licence": "CC0-1.0", "source": "a|b"},
    "recipe": {"seed": 7, "epochs": 3, "command": "python tools/train.py vae.waves"},
    "computed": {"dtype": "float32", "machine": "some machine"},
    "metrics": {
        "dataset": "waves",
        "split": "test",
        "n": 100,
        "metrics": {"mse": 0.0123456, "psnr": 19.085},
        "baseline": {"metrics": {"mse": 0.02}},
        "elbo": {"nats": -23.456},
        "active_units": 5,
        "latent_units": 8,
    },
}
CONFIG = {"variant": "vae", "config": {"sample_shape": [8, 8, 1]}, "sampler": None}
MANIFEST = {"files": {"model.safetensors": {"size": 2048, "sha256": "ab" * 32}}}


BEGIN, END = "<!-- presets:begin -->", "<!-- presets:end -->"


@pytest.fixture(name="checkout")
def _checkout(tmp_path):
    preset = tmp_path / "aezoo" / "presets" / "vae.waves"
    preset.mkdir(parents=True)
    for name, document in {"record": RECORD, "config": CONFIG, "manifest": MANIFEST}.items():
        (preset / f"{name}.json").write_text(json.dumps(document))
    (preset.parent / "tmp1234" / "vae.unfinished").mkdir(parents=True)
    home = tmp_path / "model_cards" / "vae.waves"
    home.mkdir(parents=True)
    picture = gallery.to_png(np.zeros((4, 4, 1), np.uint8), "ab" * 32)
    for name in ("reconstructions.png", "prior.png", "walk.png"):
        (home / name).write_bytes(picture)
    (tmp_path / "README.md").write_text(f"# Before\n\n{BEGIN}\nold\n{END}\nafter\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tasks.md").write_text("# Tasks\n")
    return tmp_path


def _run(monkeypatch, root, *arguments):
    monkeypatch.setattr(sys, "argv", ["cards.py", *arguments])
    return cards.main(root)


def _blocks(name, language, **changes):
    """Return the blocks of code on a preset's card."""
    blocks = pages.page(name, **changes).split(f"\n```{language}\n")[1:]
    return [block.partition("\n```\n")[0] for block in blocks]


def test_pages_of_this_checkout_are_up_to_date():
    command = [sys.executable, str(TOOL), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_what_the_preset_draws(name):
    assert pictures.difference(name) <= cards.TOLERANCE


def test_pictures_show_the_first_test_samples_in_order():
    def shown(name, shape):
        path = ROOT / "model_cards" / name / "reconstructions.png"
        return gallery.originals(gallery.from_png(path.read_bytes())[0], shape)

    digits = aezoo.data.load("digits", "test").x[: gallery.SHOWN]
    assert np.array_equal(shown("vae.digits", (8, 8, 1)), to_uint8(digits, name="digits"))
    with np.load(ROOT / "aezoo" / "demo" / "fashion_mnist.npz") as demo:
        clothes = demo["x"]
    for name in NAMES:
        if name.endswith(".fashion_mnist"):
            assert np.array_equal(shown(name, (28, 28, 1)), clothes), name


def test_pictures_are_small():
    sizes = [path.stat().st_size for path in (ROOT / "model_cards").rglob("*.png")]
    assert sum(sizes) < 150_000 * len(NAMES)
    assert max(sizes) < 250_000


@pytest.mark.parametrize("name", NAMES)
def test_snippet_runs(name):
    (snippet,) = _blocks(name, "python")
    namespace = {}
    exec(compile(snippet, name, "exec"), namespace)
    shape = tuple(namespace["model"].sample_shape)
    assert namespace["x"].shape == namespace["y"].shape == (8, *shape)
    assert f"# ({', '.join(map(str, (8, *shape)))})" in snippet
    codes = f"# {namespace['z'].shape}" in snippet
    z = namespace["z"]  # of a grid or an image its card knows no shape, unless it is the sample's
    assert codes == (z.ndim == 2 or z.shape == namespace["x"].shape)


@pytest.mark.parametrize("name", NAMES)
def test_commands_name_the_preset(name):
    train, generate = (shlex.split(block) for block in _blocks(name, "sh")[::-1])
    assert train == ["python", "tools/train.py", name]
    record = aezoo_registry.preset(name).record
    command = record["tested"]["task"].replace("_", "-") if "tested" in record else "generate"
    assert generate[:2] == ["aezoo", command]
    assert command != "generate" or generate[2] == name
    assert aezoo_registry.preset(name).name == name


def test_card_for_a_repository_loads_from_there_and_by_name():
    first, second = _blocks("vae.digits", "python", repo="org/vae.digits")
    (line,) = [line for line in first.splitlines() if "aezoo.load" in line]
    address = Address.parse(line.split('"')[1])
    assert (address.repository, address.revision) == ("org/vae.digits", None)
    assert second == 'model = aezoo.load("vae.digits")'


def test_files_to_publish_are_the_card_and_its_pictures():
    files = pages.files("vae.digits", repo="org/vae.digits")
    data = ModelCard(files["README.md"].decode()).data
    assert data.license == "apache-2.0"
    assert data.model_name == "vae.digits"
    assert {*files} == {"README.md", *gallery.CAPTIONS}
    for name in gallery.CAPTIONS:
        assert f"]({name})" in files["README.md"].decode()
        assert files[name].startswith(b"\x89PNG")


def test_check_fails_until_the_pages_are_written(checkout, monkeypatch, capsys):
    assert _run(monkeypatch, checkout, "--check") == 1
    said = capsys.readouterr().out.splitlines()
    stale = ["README.md", "model_cards/README.md", "model_cards/vae.waves/README.md"]
    assert said == [f"{page} is out of date: run python tools/cards.py" for page in stale]
    assert "old" in (checkout / "README.md").read_text()
    assert _run(monkeypatch, checkout) == 0
    assert _run(monkeypatch, checkout, "--check") == 0
    (checkout / "model_cards" / "README.md").write_text("edited by hand")
    assert _run(monkeypatch, checkout, "--check") == 1


def test_check_finds_missing_old_and_left_over_files(checkout, monkeypatch, capsys):
    _run(monkeypatch, checkout)
    home = checkout / "model_cards" / "vae.waves"
    (home / "walk.png").unlink()
    (home / "prior.png").write_bytes(gallery.to_png(np.zeros((4, 4, 1), np.uint8), "cd" * 32))
    (checkout / "model_cards" / "vae.gone").mkdir()
    (checkout / "model_cards" / "vae.gone" / "README.md").write_text("# Gone")
    capsys.readouterr()
    assert _run(monkeypatch, checkout, "--check") == 1
    assert capsys.readouterr().out.splitlines() == [
        "model_cards/vae.waves/prior.png is of other weights: draw it again",
        "model_cards/vae.waves/walk.png is missing: run python tools/cards.py --pictures",
        "model_cards/vae.gone/README.md belongs to no preset: delete it",
    ]


def test_published_preset_is_pinned_in_the_checkout(checkout):
    record = {**RECORD, "hub": {"repo": "org/vae.waves", "commit": COMMIT}}
    path = checkout / "aezoo" / "presets" / "vae.waves" / "record.json"
    path.write_text(json.dumps(record))
    second = _blocks("vae.waves", "python", root=checkout)[1]
    address = Address.parse(second.split('"')[1])
    assert (address.repository, address.revision) == ("org/vae.waves", COMMIT)


def test_preset_without_images_has_no_pictures(checkout):
    config = {**CONFIG, "config": {"sample_shape": [50, 2]}}
    assert pictures.wanted(RECORD, config) == []
    path = checkout / "aezoo" / "presets" / "vae.waves" / "config.json"
    path.write_text(json.dumps(config))
    assert ".png" not in pages.page("vae.waves", root=checkout)
    assert ".png" not in tables.thumbnails([RECORD], root=checkout)


def test_unknown_preset_is_refused(checkout, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        _run(monkeypatch, checkout, "--pictures", "vae.nothing")
    assert "vae.nothing" in capsys.readouterr().err


def test_writing_keeps_what_is_around_the_table(checkout, monkeypatch):
    _run(monkeypatch, checkout)
    text = (checkout / "README.md").read_text()
    assert text.startswith(f"# Before\n\n{BEGIN}\n| Preset |")
    assert text.endswith(f"|\n{END}\nafter\n")


def test_what_a_task_scores_is_written_into_its_page(checkout):
    path = checkout / "aezoo" / "presets" / "vae.waves" / "record.json"
    tested = {
        "task": "denoise",
        "data": "waves",
        "unit": "dB",
        "scores": {"sigma 5": {"model": 30.126, "old": 29.0}, "sigma 9": {"model": 20.0}},
    }
    path.write_text(json.dumps({**RECORD, "tested": tested}))
    with pytest.raises(ValueError, match="denoise:begin"):
        pages.pages(checkout)
    page = checkout / "docs" / "tasks.md"
    page.write_text("# Tasks\n<!-- denoise:begin -->\n<!-- denoise:end -->\nafter\n")
    written = pages.pages(checkout)[page]
    assert "| `vae.waves` | waves | sigma 5 | 30.13 | 29.00 |" in written
    assert f"| `vae.waves` | waves | sigma 9 | 20.00 | {tables.NONE} |" in written
    assert written.endswith("<!-- denoise:end -->\nafter\n")


def test_row_holds_the_figures_of_the_record():
    row = tables.scores([RECORD], "model_cards").splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "[`vae.waves`](model_cards/vae.waves/README.md)", "1,234,567", "2,048", "0.01235",
        "0.02000", "19.09", tables.NONE, "-23.46", "5 of 8", "`waves` test, 100", "7",
    ]  # fmt: skip


def test_missing_baseline_is_a_dash():
    scored = {**RECORD["metrics"], "baseline": None}
    row = tables.scores([{**RECORD, "metrics": scored}], ".").splitlines()[-1]
    assert f"| 0.01235 | {tables.NONE} |" in row


def test_bar_in_a_cell_does_not_split_it():
    assert "a\\|b" in tables.origins([RECORD])


def test_readme_without_a_place_is_refused(checkout):
    (checkout / "README.md").write_text("# Nothing here\n")
    with pytest.raises(ValueError, match="presets:begin"):
        pages.pages(checkout)
