"""The tables of README.md and model_cards/ say what the presets' records say."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "cards.py"
RECORD = {
    "name": "vae.waves",
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


@pytest.fixture(name="cards")
def _cards():
    spec = importlib.util.spec_from_file_location("cards", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(name="checkout")
def _checkout(tmp_path, cards):
    (tmp_path / "model_cards").mkdir()
    preset = tmp_path / "aezoo" / "presets" / "vae.waves"
    preset.mkdir(parents=True)
    (preset / "record.json").write_text(json.dumps(RECORD))
    (preset.parent / "tmp1234" / "vae.unfinished").mkdir(parents=True)
    readme = f"# Before\n\n{cards.BEGIN}\nold\n{cards.END}\nafter\n"
    (tmp_path / "README.md").write_text(readme)
    return tmp_path


def _run(cards, monkeypatch, root, *arguments):
    monkeypatch.setattr(sys, "argv", ["cards.py", *arguments])
    return cards.main(root)


def test_pages_of_this_checkout_are_up_to_date():
    command = [sys.executable, "-I", str(TOOL), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_fails_until_the_pages_are_written(cards, checkout, monkeypatch, capsys):
    assert _run(cards, monkeypatch, checkout, "--check") == 1
    said = capsys.readouterr().out
    assert "README.md" in said
    assert "model_cards" in said
    assert "old" in (checkout / "README.md").read_text()
    assert _run(cards, monkeypatch, checkout) == 0
    assert _run(cards, monkeypatch, checkout, "--check") == 0
    (checkout / "model_cards" / "README.md").write_text("edited by hand")
    assert _run(cards, monkeypatch, checkout, "--check") == 1


def test_writing_keeps_what_is_around_the_table(cards, checkout, monkeypatch):
    _run(cards, monkeypatch, checkout)
    text = (checkout / "README.md").read_text()
    assert text.startswith(f"# Before\n\n{cards.BEGIN}\n| Preset |")
    assert text.endswith(f"|\n{cards.END}\nafter\n")


def test_row_holds_the_figures_of_the_record(cards):
    row = cards.scores([RECORD]).splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "`vae.waves`", "1,234,567", "2,048", "0.01235", "0.02000", "19.09", cards.NONE, "-23.46",
        "5 of 8", "`waves` test, 100", "7",
    ]  # fmt: skip


def test_missing_baseline_is_a_dash(cards):
    scored = {**RECORD["metrics"], "baseline": None}
    row = cards.scores([{**RECORD, "metrics": scored}]).splitlines()[-1]
    assert f"| 0.01235 | {cards.NONE} |" in row


def test_bar_in_a_cell_does_not_split_it(cards):
    assert "a\\|b" in cards.origins([RECORD])


def test_readme_without_a_place_is_refused(cards, checkout):
    (checkout / "README.md").write_text("# Nothing here\n")
    with pytest.raises(ValueError, match="presets:begin"):
        cards.pages(checkout)
