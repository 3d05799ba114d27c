"""`aezoo detect-anomalies`: what it writes, and what it refuses."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from aezoo import tasks
from aezoo.cli import main


@pytest.fixture
def run(capfd, tmp_path, monkeypatch):
    """Run the command in an empty folder; returns stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words, code=0):
        found = main(["detect-anomalies", *map(str, words)])
        out, err = capfd.readouterr()
        assert found == code, err
        assert "Traceback" not in err
        return out, err

    return run


FIT = ["--fit", "digits", "--label", 3]
SERVED = ["--model", "vae.digits", "--engine", "onnx", "--score", "reconstruction"]


def table(path):
    with open(path, newline="") as file:
        return [*csv.DictReader(file)]


def test_the_command_judges_and_draws(run, tmp_path, served, digits, threes):
    words = ["-o", "s.csv", "--heat-maps", "h.png", "--json"]
    out, err = run("digits", *FIT, *SERVED, "--rate", 0.1, *words)
    assert err == "Wrote s.csv.\nWrote h.png.\n"
    expected = tasks.detect_anomalies(threes, digits[1].x, served, score=SERVED[-1], rate=0.1)
    rows, facts = table("s.csv"), json.loads(out)
    np.testing.assert_allclose([float(r["score"]) for r in rows], expected.scores, rtol=1e-5)
    assert [int(r["anomaly"]) for r in rows] == expected.labels.astype(int).tolist()
    assert facts["anomalies"] == expected.labels.sum()
    assert facts["shown"] == np.argsort(-expected.scores, kind="stable")[:24].tolist()
    assert facts["auroc"] == pytest.approx(roc_auc_score(digits[1].labels != 3, expected.scores))
    assert Image.open("h.png").size == (12 * 58 + 2, 6 * 58 + 22)
    run("digits", *FIT, *SERVED, "-o", "s.json")
    assert len(json.loads((tmp_path / "s.json").read_text())["samples"]) == 300


def test_the_command_keeps_a_detector_for_later(run, tmp_path):
    run(*FIT, *SERVED, "--save", "threes")
    run("digits", *FIT, *SERVED, "-o", "a.csv")
    run("digits", "--detector", "threes", "--engine", "onnx", "-o", "b.csv")
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()
    _, err = run(*FIT, *SERVED, "--save", "threes", code=1)
    assert "--force" in err
    run(*FIT, *SERVED, "--save", "threes", "--force")


def test_the_command_takes_folders_with_broken_files(run, quick, tmp_path, digits):
    for name, label in (("good", 3), ("new", 8)):
        (tmp_path / name).mkdir()
        for index, image in enumerate(digits[0].examples(label)[:45, ..., 0]):
            Image.fromarray((image * 255).astype("uint8")).save(f"{name}/{index:02}.png")
    (tmp_path / "new" / "text.png").write_text("no image")
    words = ["--size", "8x8", "-o", "s.csv", "--heat-maps", "h.jpg"]
    out, err = run("new", "--fit", "good", *words, "--json", code=1)
    assert "1 of 46 images were left out" in err
    assert "text.png" in err
    assert [row["file"] for row in table("s.csv")] == [f"new/{i:02}.png" for i in range(45)]
    assert (tmp_path / "h.jpg").exists()
    shown = json.loads(out)["shown"]
    scores = {row["file"]: float(row["score"]) for row in table("s.csv")}
    assert shown == sorted(scores, key=scores.get, reverse=True)[:24]


def test_the_command_evaluates(run):
    words = ["--evaluate", "--data", "digits", "--label", 3, *SERVED]
    out, _ = run(*words)
    assert "ocsvm" in out
    assert "the model LOSES to" in out
    assert json.loads(run(*words, "--json")[0])["samples"] == 300


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["digits"], 2, "--fit, or a --detector"),
        (["digits", *FIT, "--detector", "x"], 2, "--fit, or a --detector"),
        (FIT, 2, "Name what to judge"),
        (["digits", "--detector", "x", "--rate", 0.1], 2, "already"),
        (["digits", "--detector", "x"], 1, "no such directory"),
        (["digits", *FIT, *SERVED, "-o", "x.txt"], 2, "must end in .csv, .json"),
        (["digits", *FIT, *SERVED, "-o", "there.png"], 2, "must end in .csv, .json"),
        (["digits", *FIT, *SERVED, "--heat-maps", "there.png"], 1, "--force"),
        (["digits", *FIT, *SERVED, "--rate", 2], 2, "rate must be"),
        (["digits", *FIT, *SERVED[:-1], "loud"], 2, "score must be one of"),
        (["digits", *FIT[:2], "--label", "boot", *SERVED], 2, "there are 0, 1, 2"),
        (["digits", "--fit", "there.png", *SERVED], 1, "is not a PNG"),
        (["digits", "--fit", "nothing", *SERVED], 2, "no file or folder"),
        (["digits", "--fit", "digits:0", *SERVED], 2, "at least 38 normal samples"),
        (["--evaluate"], 2, "--evaluate takes"),
        (["digits", *FIT, "--size", "big"], 2, "HEIGHTxWIDTH"),
    ],
)
def test_mistakes_of_the_command(run, tmp_path, words, code, message):
    (tmp_path / "there.png").write_text("text")
    out, err = run(*words, code=code)
    assert out == ""
    assert message in err
    assert [path.name for path in tmp_path.iterdir()] == ["there.png"]
