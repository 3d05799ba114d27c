from __future__ import annotations

import sys

import pytest

from aezoo_registry import Finding, _report, report

VARIANTS = "aezoo.variants"


@pytest.fixture
def aezoo(install):
    """A stand-in for aezoo itself."""
    return install("aezoo", {VARIANTS: {"vae": "builtin_vae:VAE"}}, {"builtin_vae.py": "VAE = int"})


def statuses():
    return {(row.name, row.distribution): row.status for row in report()}


@pytest.mark.usefixtures("aezoo")
def test_one_row_for_each_registered_name(install, capsys):
    install(
        "acme",
        {
            VARIANTS: {
                "acme/good": "acme_good:X",
                "acme/exits": "acme_exits:X",
                "acme/gone": "acme_gone:X",
                "vae": "acme_exits:X",
                "bare": "acme_exits:X",
                "acme/both": "acme_good:X",
            },
            "aezoo.v2.variants": {"acme/newer": "acme_newer:X"},
        },
        {
            "acme_good.py": "print('noise'); X = int",
            "acme_exits.py": "raise SystemExit(1)",
            "acme_newer.py": "raise AssertionError",
        },
    )
    install("rival", {VARIANTS: {"acme/both": "rival:X", "acme/good": "acme_good:X"}})
    assert statuses() == {
        ("vae", "aezoo"): "ok",
        ("acme/good", "acme"): "ok",
        ("acme/exits", "acme"): "broken",
        ("acme/gone", "acme"): "broken",
        ("vae", "acme"): "shadowed",
        ("bare", "acme"): "broken",
        ("acme/both", "acme"): "conflict",
        ("acme/both", "rival"): "conflict",
        ("acme/newer", "acme"): "incompatible",
    }
    assert capsys.readouterr().out == ""
    assert "acme_newer" not in sys.modules
    rows = {row.name: row for row in report() if row.distribution == "acme"}
    exits = ("variants", "acme/exits", "broken", "acme", "1.0", "acme_exits:X", "SystemExit: 1.")
    assert rows["acme/exits"] == Finding(*exits)
    assert rows["acme/gone"].detail == "ModuleNotFoundError: No module named 'acme_gone'."
    assert "expected vendor/name" in rows["bare"].detail
    both = "Also registered by rival 1.0 ('rival:X'). Uninstall one of them."
    assert rows["acme/both"].detail == both


@pytest.mark.usefixtures("aezoo")
def test_rows_are_sorted_by_kind_and_name(install):
    install(
        "acme",
        {
            "aezoo.bodies": {"acme/b": "json:dumps"},
            VARIANTS: {"acme/z": "json:dumps", "acme/a": ""},
        },
    )
    listed = [(row.kind, row.name) for row in report()]
    expected = ["acme/a", "acme/z", "vae"]
    assert listed == [*(("variants", name) for name in expected), ("bodies", "acme/b")]


def test_slow_imports_are_told_but_not_those_of_aezoo(install, monkeypatch):
    monkeypatch.setattr(_report, "SLOW_SECONDS", 0.05)
    sleep = "import time; time.sleep(0.1); X = int"
    install("aezoo", {VARIANTS: {"z": "slow_z:X"}}, {"slow_z.py": sleep})
    install("acme", {VARIANTS: {"acme/a": "slow_a:X", "acme/b": "slow_z:X"}}, {"slow_a.py": sleep})
    details = {row.name: (row.status, row.detail) for row in report()}
    assert details["z"] == ("ok", "")
    assert details["acme/b"] == ("ok", "")
    assert details["acme/a"][1].startswith("Slow import: 0.")


@pytest.mark.usefixtures("aezoo")
def test_a_check_tells_objects_of_the_wrong_type(install):
    install("acme", {VARIANTS: {"acme/text": "builtins:str", "acme/gone": "acme_gone:X"}})
    seen = []

    def check(kind, found):
        seen.append((kind, found))
        if found is not int:
            raise TypeError(f"expected int. Received: {found!r}.")

    rows = {row.name: row for row in report(check=check)}
    assert sorted(seen, key=str) == [("variants", int), ("variants", str)]
    assert rows["vae"].status == "ok"
    assert rows["acme/text"].status == "broken"
    assert rows["acme/text"].detail == "TypeError: expected int. Received: <class 'str'>."


@pytest.mark.usefixtures("aezoo")
def test_a_plugin_that_is_switched_on_but_absent(install, monkeypatch):
    install("acme", {VARIANTS: {"acme/x": "json:dumps"}})
    monkeypatch.setenv("AEZOO_PLUGINS", "Acme, acne, aezoo")
    assert statuses() == {("vae", "aezoo"): "ok", ("acme/x", "acme"): "ok", ("", "acne"): "broken"}


@pytest.mark.usefixtures("site")
def test_nothing_installed():
    [row] = report()
    assert (row.status, row.distribution) == ("broken", "aezoo")
    assert row.detail.startswith("Nothing installed: run `pip install -e .`")


@pytest.mark.usefixtures("aezoo")
def test_ctrl_c_stops_the_report(install):
    install(
        "acme", {VARIANTS: {"acme/x": "acme_stop:X"}}, {"acme_stop.py": "raise KeyboardInterrupt"}
    )
    with pytest.raises(KeyboardInterrupt):
        report()
