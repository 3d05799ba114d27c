from __future__ import annotations

import re
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

import aezoo_registry
from aezoo_registry import (
    AmbiguousName,
    Entry,
    PluginError,
    UnknownName,
    _entries,
    find,
    load,
    names,
)

VARIANTS = "aezoo.variants"


@pytest.fixture
def aezoo(install):
    """A stand-in for aezoo itself."""
    return install(
        "aezoo",
        {VARIANTS: {"vae": "builtin_vae:VAE", "ae": "builtin_ae:AE"}},
        {"builtin_vae.py": "class VAE: pass", "builtin_ae.py": "class AE: pass"},
    )


@pytest.fixture
def plugin(install):
    """Return a function that installs a distribution with the variant `acme/x`."""

    def write(code, target="acme_x:X", distribution="acme-x"):
        return install(distribution, {VARIANTS: {"acme/x": target}}, {"acme_x.py": code})

    return write


def test_listing_and_loading(aezoo, plugin):
    plugin("class X:\n    class Inner: pass")
    assert names("variants") == ["acme/x", "ae", "vae"]
    assert names("bodies") == []
    assert "acme_x" not in sys.modules
    assert find("variants", "acme/x") == Entry("variants", "acme/x", "acme_x:X", "acme-x", "1.0")
    assert "acme_x" not in sys.modules
    assert load("variants", "acme/x") is sys.modules["acme_x"].X
    assert find("variants", "vae").builtin
    assert not find("variants", "acme/x").builtin


@pytest.mark.parametrize("target", ["acme_x : X.Inner", "acme_x:X.Inner [extra]"])
def test_targets_may_have_blanks_extras_and_nested_attributes(plugin, target):
    plugin("class X:\n    class Inner: pass", target)
    assert find("variants", "acme/x").target == "acme_x:X.Inner"
    assert load("variants", "acme/x").__name__ == "Inner"


@pytest.mark.parametrize(
    ("code", "target", "cause"),
    [
        ("raise ImportError('no luck')", "acme_x:X", "ImportError: no luck"),
        ("def (", "acme_x:X", "SyntaxError: "),
        ("import sys; sys.exit(3)", "acme_x:X", "SystemExit: 3"),
        ("raise BaseException", "acme_x:X", "BaseException."),
        ("raise GeneratorExit", "acme_x:X", "GeneratorExit."),
        ("", "acme_x:X", "AttributeError: module 'acme_x' has no attribute 'X'"),
        ("", "acme_x:", "AttributeError: "),
        ("", "acme_y:X", "ModuleNotFoundError: No module named 'acme_y'"),
        ("", "", "ValueError: Empty module name"),
        ("", ".x:X", "TypeError: "),
        ("", "acme_x:X:Y", "AttributeError: "),
        ("def __getattr__(name): raise ZeroDivisionError", "acme_x:X", "ZeroDivisionError"),
        ("", "acme_x", "TypeError: it is a module, expected a class or a function"),
        ("X = 'VAE'", "acme_x:X", "TypeError: it is a str, expected a class or a function"),
    ],
)
def test_whatever_an_import_raises_names_the_plugin(aezoo, plugin, code, target, cause):
    plugin(code, target)
    assert "acme/x" in names("variants")
    with pytest.raises(PluginError) as caught:
        load("variants", "acme/x")
    message = str(caught.value)
    assert f"importing {target!r} of acme-x 1.0 raised {cause}" in message
    assert message.endswith("Received: name='acme/x'.")
    assert type(caught.value.__cause__).__name__ in message
    assert load("variants", "vae").__name__ == "VAE"


def test_ctrl_c_is_not_an_error_of_the_plugin(plugin):
    plugin("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load("variants", "acme/x")


@pytest.mark.parametrize("ending", ["class X: pass", "raise RuntimeError"])
def test_what_a_plugin_prints_goes_to_stderr(plugin, capsys, ending):
    plugin(f"print('hello from acme')\n{ending}")
    before = sys.stdout
    try:
        load("variants", "acme/x")
    except PluginError:
        assert "raise" in ending
    assert sys.stdout is before
    assert capsys.readouterr() == ("", "hello from acme\n")


def test_stdout_survives_loads_that_overlap(install, capsys):
    wait = "import builtins; builtins.acme_meet.wait(10)"
    install(
        "acme",
        {VARIANTS: {"acme/a": "acme_a:X", "acme/b": "acme_b:X"}},
        {f"acme_{name}.py": f"{wait}\nprint('noise')\nX = int" for name in "ab"},
    )
    before = sys.stdout
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as pool:
        patch.setattr("builtins.acme_meet", threading.Barrier(2), raising=False)
        loads = [pool.submit(load, "variants", name) for name in ("acme/a", "acme/b")]
        assert [done.result() for done in loads] == [int, int]
    assert sys.stdout is before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("preparation", ["", "import keras\n"])
def test_a_slow_import_is_told_once_it_is_the_plugins_own(
    aezoo, install, plugin, monkeypatch, preparation
):
    monkeypatch.setattr(_entries, "SLOW_SECONDS", 0.05)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    slow = "import time; time.sleep(0.1)\nclass X: pass"
    install("stand-in", {}, {"keras.py": ""})
    plugin(preparation + slow)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load("variants", "acme/x")
        load("variants", "acme/x")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    told = [re.sub(r"0\.\d s", "0.1 s", str(warning.message)) for warning in caught]
    expected = (
        "Importing 'acme_x:X' of acme-x 1.0 took 0.1 s. Its authors can import what is slow "
        "inside the functions that need it."
    )
    assert told == ([] if preparation else [expected])
    assert {warning.filename for warning in caught} <= {__file__}


def test_the_same_target_twice_collapses(install):
    install("acme-one", {VARIANTS: {"acme/x": "acme_x:X"}})
    install("acme-two", {VARIANTS: {"acme/x": "acme_x : X"}})
    assert names("variants") == ["acme/x"]
    assert find("variants", "acme/x").distribution == "acme-one"


@pytest.mark.parametrize("order", [1, -1])
def test_two_owners_are_never_decided_by_order(install, order):
    for name in ["one", "two"][::order]:
        install(f"acme-{name}", {VARIANTS: {"acme/x": f"acme_{name}:X", f"acme/{name}": "a:X"}})
    assert names("variants") == ["acme/one", "acme/two"]
    with pytest.raises(AmbiguousName) as caught:
        find("variants", "acme/x")
    assert str(caught.value) == (
        "Variant 'acme/x' is registered by acme-one 1.0 ('acme_one:X') and acme-two 1.0 "
        "('acme_two:X'); expected one owner. Uninstall one of them. Received: name='acme/x'."
    )
    with pytest.raises(AmbiguousName):
        load("variants", "acme/x")


@pytest.mark.parametrize("name", ["vae", "fancy", "Acme/x", "aezoo/x", "acme/x/y", "a b"])
def test_a_plugin_gets_no_name_but_its_vendors(aezoo, install, name):
    install("acme", {VARIANTS: {name: "evil:X"}}, {"evil.py": "raise SystemError"})
    assert names("variants") == ["ae", "vae"]
    assert load("variants", "vae").__module__ == "builtin_vae"
    if name != "vae":
        with pytest.raises(
            UnknownName, match=r"acme 1.0 \('evil:X'\) registers it, but it cannot "
        ):
            load("variants", name)


def test_aezoo_registers_bare_names_only(install):
    install("aezoo", {VARIANTS: {"aezoo/x": "a:X", "acme/x": "a:X", "x": "a:X"}})
    assert names("variants") == ["x"]


def test_unknown_names_get_one_suggestion(aezoo):
    with pytest.raises(UnknownName) as caught:
        find("variants", "vea")
    assert str(caught.value) == (
        "Unknown variant 'vea'. Did you mean 'vae'? Installed variants: ae, vae. "
        "Received: name='vea'."
    )
    with pytest.raises(LookupError, match=r"Unknown body 'conv'. Installed bodies: none."):
        find("bodies", "conv")


@pytest.mark.parametrize("name", [None, 3, ["vae"], b"vae"])
@pytest.mark.parametrize("kind", ["variants", "presets"])
def test_a_name_is_text(aezoo, kind, name):
    with pytest.raises(ValueError, match=r"expected a str. Received: name="):
        find(kind, name)


@pytest.mark.usefixtures("site")
def test_nothing_installed():
    assert {name for kind in aezoo_registry.GROUPS for name in names(kind)} == set()
    for kind in aezoo_registry.GROUPS:
        with pytest.raises(UnknownName, match=r"Nothing installed: run `pip install -e .`"):
            find(kind, "vae")


@pytest.mark.parametrize("kind", ["variant", "", "aezoo.variants", "Variants"])
@pytest.mark.parametrize(
    "call", [names, lambda kind: find(kind, "x"), lambda kind: load(kind, "x")]
)
def test_unknown_kinds(kind, call):
    with pytest.raises(ValueError, match=r"variants, bodies, samplers, .* Received: kind="):
        call(kind)


def test_a_preset_is_not_an_object(aezoo):
    with pytest.raises(ValueError, match=r"Use `preset\(name\)`. Received: kind='presets'."):
        load("presets", "vae.digits")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, ["acme/x", "other/y", "vae"]),
        ("", ["vae"]),
        (" , ", ["vae"]),
        ("Acme_VAE", ["acme/x", "vae"]),
        ("acme.vae, other", ["acme/x", "other/y", "vae"]),
        ("nobody", ["vae"]),
    ],
)
def test_aezoo_plugins(install, monkeypatch, setting, expected):
    install("aezoo", {VARIANTS: {"vae": "a:X"}})
    install("acme-vae", {VARIANTS: {"acme/x": "a:X"}})
    install("Other", {VARIANTS: {"other/y": "a:X"}})
    assert names("variants") == ["acme/x", "other/y", "vae"]
    if setting is not None:
        monkeypatch.setenv("AEZOO_PLUGINS", setting)
    assert names("variants") == expected


def test_the_real_registrations_are_found_without_an_import():
    code = (
        "import sys, aezoo_registry as registry\n"
        "names = {kind: registry.names(kind) for kind in registry.GROUPS}\n"
        "registry.find('variants', 'vae'), registry.preset_names()\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'aezoo'} & set(sys.modules)\n"
        "print(sorted(heavy), 'vae' in names['variants'], 'conv' in names['bodies'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True True\n"
