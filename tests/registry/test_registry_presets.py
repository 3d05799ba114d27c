from __future__ import annotations

import json
import os
import sys

import pytest

import aezoo_registry
from aezoo_registry import (
    AmbiguousName,
    PluginError,
    UnknownName,
    find,
    names,
    preset,
    preset_names,
)

PRESETS = "aezoo.presets"
RECORD = {"name": "vae.photos", "variant": "vae"}


@pytest.fixture
def ship(install):
    """Return a function that installs the package `acme_zoo` with the preset `vae.photos`."""

    def write(record=RECORD, *, folder="vae.photos", vendor="acme", target="acme_zoo"):
        text = record if isinstance(record, str) else json.dumps(record)
        return install(
            "acme-zoo",
            {PRESETS: {vendor: target}},
            {
                "acme_zoo/__init__.py": "raise SystemExit('executed')",
                "acme_zoo/presets/README.md": "not a preset",
                "acme_zoo/presets/__pycache__/x.pyc": "",
                "acme_zoo/presets/.hidden/x": "",
                f"acme_zoo/presets/{folder}/record.json": text,
            },
        )

    return write


def broken():
    return [
        (row.name, row.status, row.detail)
        for row in aezoo_registry.report()
        if row.kind == "presets" and row.status != "ok"
    ]


@pytest.mark.parametrize("name", ["vae.photos", "acme/vae.photos"])
def test_a_plugins_preset_is_read_and_not_executed(ship, site, name):
    ship({**RECORD, "name": name, "bytes": 3})
    assert preset_names() == names("presets") == ["acme/vae.photos"]
    found = preset("acme/vae.photos")
    assert (found.name, found.variant, found.vendor) == ("acme/vae.photos", "vae", "acme")
    assert found.record == {"name": name, "variant": "vae", "bytes": 3}
    assert found.path == (site / "acme_zoo/presets/vae.photos").resolve()
    assert find("presets", "acme/vae.photos").target == str(found.path)
    assert "acme_zoo" not in sys.modules
    assert broken() == []


def test_aezoos_own_presets_have_bare_names(install):
    record = json.dumps({"name": "beta_vae.mnist_10k", "variant": "beta_vae"})
    files = {"fake_aezoo/presets/beta_vae.mnist_10k/record.json": record}
    install("aezoo", {PRESETS: {"aezoo": "fake_aezoo"}}, files)
    assert preset_names() == ["beta_vae.mnist_10k"]
    assert preset("beta_vae.mnist_10k").vendor == "aezoo"


def test_unknown_presets(install):
    files = {"fake_aezoo/presets/vae.digits/record.json": '{"name":"vae.digits","variant":"vae"}'}
    install("aezoo", {PRESETS: {"aezoo": "fake_aezoo"}}, files)
    for name in ("vae.digit", "vae"):
        with pytest.raises(UnknownName, match=r"Did you mean 'vae.digits'\? Installed presets: "):
            preset(name)
    for path in ("./vae.digits", "/vae.digits", "../vae.digits", "hf://acme/vae"):
        with pytest.raises(UnknownName, match="Unknown preset"):
            preset(path)


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        ("", "Its record.json cannot be read: JSONDecodeError"),
        ("[" * 100_000, "Its record.json cannot be read: RecursionError"),
        (" " * (1 << 20) + "{}", "it is larger than 1048576 bytes"),
        ("[]", "Its record.json is not a JSON object."),
        ({"variant": "vae"}, "Its record.json has no text under 'name'."),
        ({"name": "vae.photos"}, "Its record.json has no text under 'variant'."),
        ({"name": "vae.photos", "variant": 3}, "Its record.json has no text under 'variant'."),
        ({"name": "vae.other", "variant": "vae"}, "has the name 'vae.other'; expected"),
        (
            {"name": "rival/vae.photos", "variant": "vae"},
            "has the name 'rival/vae.photos'; expected",
        ),
        ({"name": "vae.photos", "variant": "os.system"}, "'os.system', which is not a name."),
        ({"name": "vae.photos", "variant": "aae"}, "but 'vae.photos' names another one."),
    ],
)
def test_a_bad_record_is_told_and_not_used(ship, site, record, detail):
    ship(record)
    assert preset_names() == ["acme/vae.photos"]
    [(name, status, told)] = broken()
    assert (name, status) == ("acme/vae.photos", "broken")
    assert detail in told
    with pytest.raises(PluginError) as caught:
        preset("acme/vae.photos")
    message = str(caught.value)
    path = site.resolve() / "acme_zoo/presets/vae.photos"
    assert f"{str(path)!r} of acme-zoo 1.0 is not valid. {told}" in message
    assert message.endswith("Received: name='acme/vae.photos'.")


def test_a_record_may_name_a_plugins_variant(ship):
    ship({"name": "fancy.photos", "variant": "acme/fancy"}, folder="fancy.photos")
    assert preset("acme/fancy.photos").variant == "acme/fancy"


def test_a_record_that_is_not_utf8(ship, site):
    ship()
    (site / "acme_zoo/presets/vae.photos/record.json").write_bytes(b'{"name": "\xff"}')
    assert "UnicodeDecodeError" in broken()[0][2]


def test_a_directory_without_a_record(ship, site):
    ship()
    (site / "acme_zoo/presets/vae.empty").mkdir()
    assert preset_names() == ["acme/vae.photos"]
    assert broken() == [("acme/vae.empty", "broken", "It has no file record.json.")]


def test_a_pipe_in_place_of_the_record_does_not_block(ship, site):
    ship()
    (site / "acme_zoo/presets/vae.pipe").mkdir()
    os.mkfifo(site / "acme_zoo/presets/vae.pipe/record.json")
    assert preset_names() == ["acme/vae.photos"]


def test_links_that_lead_nowhere(ship, site):
    ship()
    presets = site / "acme_zoo/presets"
    (presets / "vae.loop").symlink_to(presets / "vae.loop")
    (presets / "vae.inner").mkdir()
    (presets / "vae.inner/record.json").symlink_to("record.json")
    assert preset_names() == ["acme/vae.photos"]
    assert broken() == [("acme/vae.inner", "broken", "It has no file record.json.")]


@pytest.mark.parametrize("folder", ["photos", "VAE.photos", "vae.a.b", "vae photos"])
def test_a_directory_must_be_variant_and_tag(ship, folder):
    ship(folder=folder)
    assert preset_names() == []
    assert f"{folder!r} is not `variant.tag`" in broken()[0][2]


@pytest.mark.parametrize(
    ("vendor", "target", "status", "detail"),
    [
        ("aezoo", "acme_zoo", "shadowed", "The vendor's name belongs to aezoo."),
        ("Acme", "acme_zoo", "broken", "The name is not valid; expected a vendor"),
        ("acme/x", "acme_zoo", "broken", "The name is not valid; expected a vendor"),
        ("acme", "acme_zoo.sub", "broken", "Its value is not a top-level package"),
        ("acme", "acme_zoo:X", "broken", "Its value is not a top-level package"),
        ("acme", "", "broken", "Its value is not a top-level package"),
        ("acme", "acme_gone", "broken", "Package 'acme_gone' is not installed."),
        ("acme", "json", "broken", "Package 'json' has no directory `presets`."),
        ("acme", "sys", "broken", "Package 'sys' has no directory `presets`."),
    ],
)
def test_a_bad_vendor_or_package(ship, vendor, target, status, detail):
    ship(vendor=vendor, target=target)
    assert preset_names() == []
    [(name, told_status, told)] = broken()
    assert (name, told_status) == (vendor, status)
    assert told.startswith(detail)
    assert "acme_zoo" not in sys.modules


def test_a_package_that_is_elsewhere_and_breaks_the_import_system(ship, site, monkeypatch):
    ship()
    (site / "acme_zoo").rename(site / "moved")
    monkeypatch.setitem(sys.modules, "acme_zoo", type(sys)("acme_zoo"))
    assert preset_names() == []
    assert "'acme_zoo' cannot be found: ValueError" in broken()[0][2]


def test_an_editable_installation_has_its_package_elsewhere(ship, site, tmp_path, monkeypatch):
    ship()
    (tmp_path / "checkout").mkdir()
    (site / "acme_zoo").rename(tmp_path / "checkout" / "acme_zoo")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "checkout")])
    assert preset_names() == ["acme/vae.photos"]
    assert broken() == []
    assert "acme_zoo" not in sys.modules


def test_every_part_of_a_namespace_package_is_read(install, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    record = '{{"name": "vae.{0}", "variant": "vae"}}'
    install(
        "acme-one",
        {PRESETS: {"acme": "acme_space"}},
        {"acme_space/presets/vae.one/record.json": record.format("one")},
    )
    install(
        "acme-two",
        {PRESETS: {"acme": "acme_space"}},
        {"acme_space/presets/vae.two/record.json": record.format("two")},
        place=elsewhere,
    )
    monkeypatch.setattr(sys, "path", [str(elsewhere), *sys.path])
    assert preset_names() == ["acme/vae.one", "acme/vae.two"]
    assert broken() == []


def test_one_vendor_may_have_two_packages_but_not_two_owners(install):
    for number in ("one", "two"):
        files = {
            f"acme_{number}/presets/vae.{name}/record.json": json.dumps(
                {"name": f"vae.{name}", "variant": "vae"}
            )
            for name in (number, "both")
        }
        install(f"acme-{number}", {PRESETS: {"acme": f"acme_{number}"}}, files)
    assert preset_names() == ["acme/vae.one", "acme/vae.two"]
    with pytest.raises(AmbiguousName, match=r"Preset .* acme-one 1.0 .* and acme-two 1.0 "):
        preset("acme/vae.both")
    assert [row[:2] for row in broken()] == [("acme/vae.both", "conflict")] * 2


def test_a_record_that_changed_after_it_was_listed(ship, site):
    ship()
    assert preset_names() == ["acme/vae.photos"]
    (site / "acme_zoo/presets/vae.photos/record.json").unlink()
    with pytest.raises(PluginError, match=r"acme-zoo 1.0 is not valid. Its record") as caught:
        preset("acme/vae.photos")
    assert isinstance(caught.value.__cause__, ValueError)
    aezoo_registry.clear_cache()
    assert preset_names() == []


def test_callers_do_not_share_a_record(ship):
    ship()
    preset("acme/vae.photos").record["name"] = "changed"
    assert preset("acme/vae.photos").record == RECORD


def test_presets_obey_aezoo_plugins(ship, monkeypatch):
    ship()
    monkeypatch.setenv("AEZOO_PLUGINS", "")
    assert preset_names() == []
    with pytest.raises(UnknownName, match="AEZOO_PLUGINS='' hides"):
        preset("acme/vae.photos")
