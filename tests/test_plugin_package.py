"""The package of `tests/plugin`, built and installed, through Python and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"
RECORD = json.loads(
    (PLUGIN / "acme_autoencoders" / "presets" / "rae.pulses" / "record.json").read_text()
)

USE = """
import contextlib, io, json, os, runpy
import numpy as np
import aezoo
from aezoo.cli import main

def run(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main(words)
    return [code, out.getvalue()]

facts = {}
x = aezoo.data.load("acme/pulses").x
body = {"name": "acme/conv1d", "channels": [4]}
model = aezoo.create("acme/rae", sample_shape=(50, 1), latent_dim=3, body=body, shrinkage=0.1)
model.compile("adam")
facts["history"] = [*model.fit(x, epochs=1, verbose=0).history]
model.fit_sampler("acme/kde", x, limit=50)
aezoo.save(model, "mine")
same = aezoo.load("./mine")
facts["same"] = [
    bool((model.encode(x) == same.encode(x)).all()),
    bool((model.generate(5, seed=3) == same.generate(5, seed=3)).all()),
]
preset = aezoo.load("acme/rae.pulses")
facts["preset"] = [preset.variant, preset.sampler.spec["name"], preset.generate(2, seed=0).shape]
facts["error"] = float(np.mean((preset.reconstruct(x) - x) ** 2))

PULSES = ("--data", "acme/pulses")
facts["doctor"] = run("doctor", "--json")
facts["info"] = run("info", "acme/rae", "--json")
facts["train"] = run(
    "train", "acme/rae", *PULSES, "--body", "acme/conv1d", "--sampler", "acme/kde",
    "--epochs", "1", "--quiet", "--json", "--out", "trained",
)
facts["evaluate"] = run("evaluate", "./trained", *PULSES, "--metrics", "mse,acme/mae", "--json")
facts["generate"] = run("generate", "acme/rae.pulses", "-n", "4", "-o", "new.npy")
facts["generated"] = np.load("new.npy").shape
facts["verify"] = run("verify", "acme/rae.pulses", "--json")
facts["spread"] = run("acme/spread", "acme/rae.pulses", "acme/pulses")

facts["record"] = runpy.run_path("train.py")["record"]

os.environ["AEZOO_PLUGINS"] = ""
try:
    aezoo.load("./mine")
except LookupError as error:
    facts["without"] = str(error)
print(json.dumps(facts))
"""


def python(code, site, **keywords):
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **keywords,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def facts(plugin_site, tmp_path_factory):
    """What one process with Keras found."""
    folder = tmp_path_factory.mktemp("use")
    script = (PLUGIN / "train.py").read_text()
    assert '"epochs": 30,' in script
    (folder / "train.py").write_text(script.replace('"epochs": 30,', '"epochs": 1,'))
    return json.loads(python(USE, plugin_site, cwd=folder).splitlines()[-1])


def test_names_are_listed_and_nothing_is_imported(plugin_site):
    code = (
        "import sys; from aezoo.cli import main\n"
        "main(['list', '--json']); main(['info', 'acme/rae.pulses', '--json'])\n"
        "print('@', *(n for n in ('acme_autoencoders', 'keras', 'numpy') if n in sys.modules))"
    )
    out, _, imported = python(code, plugin_site).partition("@")
    assert imported.split() == []
    names, end = json.JSONDecoder().raw_decode(out)
    for kind, name in {
        "variants": "acme/rae",
        "bodies": "acme/conv1d",
        "samplers": "acme/kde",
        "metrics": "acme/mae",
        "tasks": "acme/spread",
        "datasets": "acme/pulses",
        "presets": "acme/rae.pulses",
    }.items():
        assert name in names[kind]
    assert json.loads(out[end:])["record"] == RECORD


def test_plugins_can_be_switched_off(plugin_site):
    code = "import os; os.environ['AEZOO_PLUGINS'] = ''\n"
    code += "from aezoo.cli import main; main(['list', '--json'])"
    names = json.loads(python(code, plugin_site))
    assert not [name for found in names.values() for name in found if name.startswith("acme")]


def test_a_model_trains_and_survives_a_file(facts):
    assert facts["history"] == ["loss", "mse", "nll", "norm"]
    assert facts["same"] == [True, True]


def test_the_preset_is_what_its_record_says(facts):
    assert facts["preset"] == ["acme/rae", "acme/kde", [2, 50, 1]]
    assert facts["error"] < 2 * RECORD["metrics"]["metrics"]["mse"]
    assert RECORD["metrics"]["metrics"]["mse"] < RECORD["metrics"]["baseline"]["metrics"]["mse"] / 9
    code, out = facts["verify"]
    assert code == 0
    assert [(row["check"], row["ok"]) for row in json.loads(out)] == [
        ("files", True),
        ("latent", True),
        ("output", True),
    ]


def test_the_doctor_finds_it_well(facts):
    rows = json.loads(facts["doctor"][1])
    ours = [row for row in rows if row["distribution"] == "acme-autoencoders"]
    assert len(ours) == 7
    assert {(row["status"], row["detail"], row["version"]) for row in ours} == {("ok", "", "0.1.0")}


def test_commands_know_its_names(facts):
    assert json.loads(facts["info"][1])["arguments"]["shrinkage"]["default"] == 0.01
    assert facts["train"][0] == 0
    scores = json.loads(facts["evaluate"][1])["metrics"]
    assert 0 < scores["mse"] < 1
    assert 0 < scores["acme/mae"] < 1
    assert facts["generate"][0] == 0
    assert facts["generated"] == [4, 50, 1]
    code, out = facts["spread"]
    assert code == 0
    assert len([float(number) for number in out.split()]) == 2


def test_its_script_writes_the_record_that_it_ships(facts):
    found, expected = facts["record"], dict(RECORD)
    assert [*found] == [*expected]
    for name in ("name", "variant", "source", "parameters", "bytes", "dtype", "golden"):
        assert found[name] == expected[name]
    assert found["recipe"] == expected["recipe"] | {"epochs": 1}
    assert [*found["metrics"]] == [*expected["metrics"]]


def test_a_model_needs_its_plugin_and_says_so(facts):
    assert "'acme/rae'" in facts["without"]
    assert "AEZOO_PLUGINS" in facts["without"]


def files(folder):
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in paths if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_package_and_nothing_else(plugin_site):
    assert files(plugin_site / "acme_autoencoders") == files(PLUGIN / "acme_autoencoders")
    assert {path.name.partition("-")[0] for path in plugin_site.iterdir()} == {"acme_autoencoders"}
