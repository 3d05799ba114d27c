"""Sixteen ways in which an installed plugin can be bad; everything else goes on working."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys

import pytest

import aezoo_registry
from aezoo_registry import AmbiguousName, PluginError, UnknownName, _entries, _report

VARIANTS, PRESETS = "aezoo.variants", "aezoo.presets"
BAD = "acme/bad"
MODULE = {VARIANTS: {BAD: "acme_bad:X"}}


@dataclasses.dataclass(frozen=True)
class Hazard:
    """A bad distribution `acme-bad` 1.0, which registers the variant `acme/bad` if nothing else.

    Attributes:
        entry_points: Its entry points, as `install` takes them.
        files: Its other files.
        error: What using `name` raises; None where it works.
        cause: Part of that error's message, and of the row in the report.
        target: What the error and the row say it stands for.
        status: Status of the row.
        name: The name that is used.
        kind: Its kind.
        owner: The distribution that the error and the row name.
        version: Its version, as far as it can be known.
    """

    entry_points: str | dict[str, dict[str, str]]
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    error: type[Exception] | None = PluginError
    cause: str = ""
    target: str = "acme_bad:X"
    status: str = "broken"
    name: str = BAD
    kind: str = "variants"
    owner: str = "acme-bad"
    version: str = "1.0"


HAZARDS = {
    "raises at import": Hazard(
        MODULE, {"acme_bad.py": "raise ZeroDivisionError('boom')"}, cause="ZeroDivisionError: boom"
    ),
    "syntax error": Hazard(MODULE, {"acme_bad.py": "def ("}, cause="SyntaxError: "),
    "missing module": Hazard(
        {VARIANTS: {BAD: "acme_bad.gone:X"}},
        {"acme_bad/__init__.py": ""},
        cause="ModuleNotFoundError: No module named 'acme_bad.gone'",
        target="acme_bad.gone:X",
    ),
    "missing attribute": Hazard(
        MODULE, {"acme_bad.py": "Y = int"}, cause="module 'acme_bad' has no attribute 'X'"
    ),
    "empty value": Hazard({VARIANTS: {BAD: ""}}, cause="ValueError: Empty module name", target=""),
    "sys.exit at import": Hazard(
        MODULE, {"acme_bad.py": "import sys\nsys.exit(0)"}, cause="SystemExit: 0"
    ),
    "prints at import": Hazard(
        MODULE, {"acme_bad.py": "print('noise')\nX = int"}, error=None, status="ok"
    ),
    "slow import": Hazard(
        MODULE,
        {"acme_bad.py": "import time\ntime.sleep(0.1)\nX = int"},
        error=None,
        cause="Slow import: ",
        status="ok",
    ),
    "duplicate name": Hazard(
        {VARIANTS: {"good/both": "acme_bad:X"}},
        error=AmbiguousName,
        cause="good 1.0 ('good:X')",
        status="conflict",
        name="good/both",
    ),
    "built-in name": Hazard(
        {VARIANTS: {"vae": "acme_bad:X"}},
        {"acme_bad.py": "raise AssertionError('imported')"},
        error=None,
        cause="The name belongs to aezoo",
        status="shadowed",
        name="vae",
    ),
    "malformed entry_points.txt": Hazard(
        "[aezoo.variants\nacme/lost = acme_bad:X\n[aezoo.variants]\nacme/bad\n",
        error=UnknownName,
        cause="This line of entry_points.txt is not `name = module:attribute`.",
        target="",
    ),
    "distribution without metadata": Hazard(
        MODULE,
        error=UnknownName,
        cause="Its metadata has no name, so its entry points are ignored.",
        target="",
        owner="acme_bad-1.0.dist-info",
        version="",
    ),
    "leftover metadata of a removed package": Hazard(
        {**MODULE, PRESETS: {"acme": "acme_bad"}},
        cause="ModuleNotFoundError: No module named 'acme_bad'",
    ),
    "wrong type of object": Hazard(
        MODULE, {"acme_bad.py": "X = {}"}, cause="it is a dict, expected a class or a function"
    ),
    "entry in a group of a newer contract": Hazard(
        {"aezoo.v2.variants": {BAD: "acme_bad:X"}},
        {"acme_bad.py": "raise AssertionError('imported')"},
        error=UnknownName,
        cause="It is made for version 2 of aezoo's plugin contract",
        status="incompatible",
    ),
    "bad preset record": Hazard(
        {PRESETS: {"acme": "acme_bad"}},
        {
            "acme_bad/__init__.py": "raise AssertionError('imported')",
            "acme_bad/presets/vae.bad/record.json": '{"name": "vae.bad", "variant": ["vae"]}',
        },
        cause="Its record.json has no text under 'variant'.",
        target="acme_bad/presets/vae.bad",
        name="acme/vae.bad",
        kind="presets",
    ),
}
WITHOUT_METADATA = "distribution without metadata"


@pytest.fixture
def put(install, monkeypatch):
    """Return a function that installs a hazard by its title."""
    monkeypatch.setattr(_entries, "SLOW_SECONDS", 0.05)
    monkeypatch.setattr(_report, "SLOW_SECONDS", 0.05)

    def put(title, vendor="acme"):
        hazard = HAZARDS[title]
        text = json.dumps([hazard.entry_points, hazard.files]).replace("acme", vendor)
        folder = install(f"{vendor}-bad", *json.loads(text))
        if title == WITHOUT_METADATA:
            (folder / "METADATA").unlink()
        aezoo_registry.clear_cache()
        return hazard

    return put


@pytest.fixture
def put_all(put):
    """Return a function that installs all of them, from vendors of their own."""
    return lambda: [put(title, f"acme{number}") for number, title in enumerate(HAZARDS)]


@pytest.fixture
def good(install):
    """A stand-in for aezoo and a good plugin."""
    install("aezoo", {VARIANTS: {"vae": "builtin_vae:VAE"}}, {"builtin_vae.py": "VAE = float"})
    install(
        "good",
        {VARIANTS: {"good/x": "good:X", "good/both": "good:X"}, PRESETS: {"good": "good"}},
        {
            "good/__init__.py": "class X: pass",
            "good/presets/vae.x/record.json": '{"name": "vae.x", "variant": "vae"}',
        },
    )


def use(kind, name):
    return aezoo_registry.preset(name) if kind == "presets" else aezoo_registry.load(kind, name)


def test_there_are_sixteen():
    assert len(HAZARDS) == 16


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("title", HAZARDS)
def test_a_hazard_is_told_and_harms_nothing_else(title, put, capsys):
    hazard = put(title)
    assert {"good/x", "vae"} <= {*aezoo_registry.names("variants")}
    assert "good/vae.x" in aezoo_registry.names("presets")
    assert "acme_bad" not in sys.modules

    rows = [row for row in aezoo_registry.report() if row.distribution == hazard.owner]
    assert (hazard.status, hazard.version) in {(row.status, row.version) for row in rows}
    [row] = [row for row in rows if hazard.cause in row.detail and row.name in (hazard.name, "")]
    assert row.target.endswith(hazard.target)

    sys.modules.pop("acme_bad", None)  # the report imported it
    if hazard.error is None:
        slow = pytest.warns(UserWarning, match="'acme_bad:X' of acme-bad 1.0 took 0")
        with slow if title == "slow import" else contextlib.nullcontext():
            assert use(hazard.kind, hazard.name) in (int, float)
    else:
        with pytest.raises(hazard.error) as caught:
            use(hazard.kind, hazard.name)
        message = str(caught.value)
        assert message.endswith(f"Received: name={hazard.name!r}.")
        if title != WITHOUT_METADATA:  # nobody knows what it registers
            assert hazard.cause in message
            assert "acme-bad 1.0" in message
            assert f"{hazard.target}'" in message

    assert use("variants", "vae") is float
    assert use("variants", "good/x").__name__ == "X"
    assert use("presets", "good/vae.x").variant == "vae"
    out, err = capsys.readouterr()
    assert out == ""
    assert ("noise" in err) == (title == "prints at import")


@pytest.mark.usefixtures("good")
def test_all_at_once(put_all):
    put_all()
    assert {"good/x", "vae"} <= {*aezoo_registry.names("variants")}
    assert use("variants", "vae") is float
    assert use("variants", "good/x").__name__ == "X"
    told = {row.distribution for row in aezoo_registry.report()} - {"aezoo", "good"}
    without = [*HAZARDS].index(WITHOUT_METADATA)
    others = {f"acme{number}-bad" for number in range(16) if number != without}
    assert told == others | {f"acme{without}_bad-1.0.dist-info"}


def test_the_command_line_lists_in_spite_of_all(put_all, site):
    put_all()
    done = subprocess.run(
        [sys.executable, "-c", "from aezoo.cli import main; main(['list', '--json'])"],
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    listed = json.loads(done.stdout)
    assert done.stderr == ""
    assert {"vae", "acme0/bad"} <= {*listed["variants"]}
    assert "vae.digits" in listed["presets"]
