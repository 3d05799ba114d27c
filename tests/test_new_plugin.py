"""`aezoo new-plugin`: what it writes works as it is, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aezoo.cli import main

EXAMPLE = Path(__file__).parent / "plugin"
WRITTEN = [
    "README.md",
    "acme_labs/__init__.py",
    "acme_labs/rae.py",
    "pyproject.toml",
    "tests/test_contract.py",
]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in an empty directory; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: (main(["new-plugin", *words]), *capsys.readouterr())


def files(folder):
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(paths)}


def test_what_is_written(run, tmp_path):
    code, out, err = run("acme-labs", "--vendor", "acme")
    assert code == 0
    assert sorted(out.split()) == [f"acme-labs/{path}" for path in WRITTEN if "__init" not in path]
    assert "cd acme-labs\n" in err
    assert [path.name for path in tmp_path.iterdir()] == ["acme-labs"]
    found = files(tmp_path / "acme-labs")
    assert [*found] == WRITTEN
    assert not [path for path, text in found.items() if "$" in text]
    project = tomllib.loads(found["pyproject.toml"])["project"]
    assert project["name"] == "acme-labs"
    assert project["entry-points"] == {"aezoo.variants": {"acme/rae": "acme_labs.rae:RAE"}}


def test_the_variant_is_the_one_of_the_documentation(run, tmp_path):
    run("acme-labs", "--vendor", "acme")
    example = (EXAMPLE / "acme_autoencoders" / "rae.py").read_text()
    assert (tmp_path / "acme-labs" / "acme_labs" / "rae.py").read_text() == example
    assert sum(1 for line in example.splitlines() if line.strip()) <= 32


def test_the_vendor_is_the_name_by_default(run, tmp_path):
    assert run("acme_labs")[0] == 0
    assert '"acme_labs/rae"' in (tmp_path / "acme_labs" / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Acme"], "NAME must be words of a to z"),
        (["../acme"], "NAME must be words of a to z"),
        (["acme/x"], "NAME must be words of a to z"),
        ([""], "NAME must be words of a to z"),
        (["1st"], "NAME must be words of a to z"),
        (["a" * 10 + "\n"], "NAME must be words of a to z"),
        (["aezoo"], "not be 'aezoo'"),
        (["acme", "--vendor", "aezoo"], "--vendor must be words"),
        (["acme", "--vendor", "a/b"], "--vendor must be words"),
        (["class"], "keyword of Python"),
        (["json"], "'json' would hide it"),
        (["aezoo-registry"], "'aezoo_registry' would hide it"),
        ([], "Missing argument"),
    ],
)
def test_bad_names_are_refused_in_one_sentence(run, tmp_path, words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_what_exists_is_not_touched(run, tmp_path, kind):
    target = tmp_path / "acme"
    if kind == "directory":
        target.mkdir()
    elif kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to("nowhere")
    code, out, err = run("acme")
    assert (code, out) == (1, "")
    assert err.startswith("Error: acme exists already: choose another name, or add --force")
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]
    assert not (target.is_dir() and any(target.iterdir()))


def test_force_replaces_its_own_files_only(run, tmp_path):
    run("acme")
    before = files(tmp_path / "acme")
    (tmp_path / "acme" / "acme" / "mine.py").write_text("mine")
    (tmp_path / "acme" / "acme" / "rae.py").write_text("changed")
    assert run("acme", "--force")[0] == 0
    assert files(tmp_path / "acme") == before | {"acme/mine.py": "mine"}


def test_a_failure_leaves_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError(28, "Full")))
    code, _, err = run("acme")
    assert (code, err) == (1, "Error: Full.\n")
    assert not any(tmp_path.iterdir())


def test_it_passes_its_contract_ruff_and_the_doctor(run, tmp_path, pip_install):
    run("acme-labs")
    folder = tmp_path / "acme-labs"
    for ruff in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *ruff, "--no-cache", folder]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    pip_install(folder, tmp_path / "site")
    code = (
        "import sys, pytest; from aezoo.cli import main\n"
        "failed = pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:xdist', 'tests'])\n"
        "print('@'); sys.exit(failed or main(['doctor', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tests, _, doctor = done.stdout.partition("@\n")
    assert " passed" in tests
    [row] = [row for row in json.loads(doctor) if row["distribution"] == "acme-labs"]
    assert (row["name"], row["status"], row["detail"]) == ("acme-labs/rae", "ok", "")
