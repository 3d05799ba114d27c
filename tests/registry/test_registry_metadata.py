from __future__ import annotations

import os
import sys
import zipfile
from importlib import metadata

import pytest

import aezoo_registry
from aezoo_registry import _distributions, _presets, find, names
from aezoo_registry._metadata import scan

VARIANTS = "aezoo.variants"
TWO_FILES = ("entry_points.txt", "METADATA")


@pytest.fixture
def good(install):
    """A plugin that must go on working whatever stands beside it."""
    return install("good", {VARIANTS: {"good/x": "good:X"}})


def rows():
    return [
        (row.kind, row.name, row.status, row.distribution, row.detail)
        for row in scan().findings
        if row.distribution != "aezoo"
    ]


@pytest.mark.usefixtures("good")
def test_bad_lines_do_not_hide_good_ones(install):
    install(
        "acme",
        "# comment\n; comment\nstray = a:b\n[console_scripts]\nnot ours\n[aezoo.variants]\n"
        "acme/one=acme:One\nno equals sign\n= acme:X\n"
        "[aezoo.bodies\nacme/lost = acme:Lost\n[ aezoo.samplers ]\nacme/two = acme:Two\n",
    )
    assert names("variants") == ["acme/one", "good/x"]
    assert names("samplers") == ["acme/two"]
    assert names("bodies") == []
    group = "This line of entry_points.txt stands under no readable [group]."
    line = "This line of entry_points.txt is not `name = module:attribute`."
    assert rows() == [
        ("", "stray", "broken", "acme", group),
        ("variants", "no equals sign", "broken", "acme", line),
        ("variants", "", "broken", "acme", line),
        ("", "[aezoo.bodies", "broken", "acme", group),
        ("", "acme/lost", "broken", "acme", group),
    ]


@pytest.mark.usefixtures("good")
def test_metadata_that_is_not_text(install):
    folder = install("acme", {})
    (folder / "entry_points.txt").write_bytes(b"\xff\xfe aezoo.variants")
    aezoo_registry.clear_cache()
    assert names("variants") == ["good/x"]
    [(_, _, status, distribution, detail)] = rows()
    assert (status, distribution) == ("broken", "acme-1.0.dist-info")
    assert "cannot be read: UnicodeDecodeError" in detail


@pytest.mark.parametrize("content", [None, "", "Version: 1.0\n", "Name:\n\nName: acme\n"])
@pytest.mark.usefixtures("good")
def test_a_distribution_without_a_name(install, content):
    folder = install("acme", {VARIANTS: {"acme/x": "acme:X"}})
    if content is None:
        (folder / "METADATA").unlink()
    else:
        (folder / "METADATA").write_text(content)
    aezoo_registry.clear_cache()
    assert names("variants") == ["good/x"]
    detail = "Its metadata has no name, so its entry points are ignored. Reinstall it."
    assert rows() == [("", "", "broken", "acme-1.0.dist-info", detail)]


@pytest.mark.usefixtures("good")
def test_an_egg_info_directory(install):
    folder = install("acme", {VARIANTS: {"acme/x": "acme:X"}})
    (folder / "METADATA").rename(folder / "PKG-INFO")
    folder.rename(folder.with_name("acme.egg-info"))
    aezoo_registry.clear_cache()
    assert find("variants", "acme/x").owner == "acme 1.0"


@pytest.mark.parametrize("group", ["aezoo.v2.variants", "aezoo.v10.variants"])
def test_groups_of_a_newer_contract_are_named_and_not_used(install, group):
    install("acme", {group: {"acme/x": "acme:X"}})
    [(kind, name, status, _, detail)] = rows()
    assert (kind, name, status) == ("variants", "acme/x", "incompatible")
    assert "Update aezoo." in detail
    with pytest.raises(aezoo_registry.UnknownName, match="Update aezoo"):
        find("variants", "acme/x")


def test_a_group_that_does_not_exist_is_told(install):
    install("acme", {"aezoo.variant": {"acme/x": "acme:X"}, "aezoology": {"y": "a:b"}})
    [(kind, name, status, _, detail)] = rows()
    assert (kind, name, status) == ("variant", "acme/x", "broken")
    assert detail.startswith("There is no group 'aezoo.variant'. Groups: aezoo.variants,")


def test_the_first_place_of_a_distribution_hides_later_ones(install, tmp_path, monkeypatch):
    install("acme", {VARIANTS: {"acme/x": "acme:New"}}, version="2.0")
    later = tmp_path / "later"
    install("acme", {VARIANTS: {"acme/x": "acme:Old", "acme/y": "acme:Y"}}, place=later)
    monkeypatch.setattr(sys, "path", [*sys.path, str(later), *sys.path])
    assert names("variants") == ["acme/x"]
    assert find("variants", "acme/x").version == "2.0"


def test_two_versions_in_one_place_do_not_hide_each_other(install):
    install("acme", {VARIANTS: {"acme/x": "acme:New", "acme/y": "acme:Y"}}, version="2.0")
    install("acme", {VARIANTS: {"acme/x": "acme:Old", "acme/y": "acme:Y"}}, version="1.0")
    assert names("variants") == ["acme/y"]
    with pytest.raises(aezoo_registry.AmbiguousName, match=r"acme 1.0 .* and acme 2.0 "):
        find("variants", "acme/x")


def test_what_an_aborted_uninstall_leaves_is_ignored(install):
    folder = install("acme", {VARIANTS: {"acme/x": "acme:X"}})
    folder.rename(folder.with_name("~cme-1.0.dist-info"))
    aezoo_registry.clear_cache()
    assert names("variants") == []
    assert rows() == []


@pytest.mark.usefixtures("good")
def test_a_finder_that_fails_hides_only_its_place(monkeypatch, tmp_path):
    archive = tmp_path / "archive.zip"
    archive.touch()

    def distributions(*, path):
        assert path == [str(archive)]
        raise RuntimeError("broken finder")

    monkeypatch.setattr(metadata, "distributions", distributions)
    monkeypatch.setattr(sys, "path", [str(archive), *sys.path])
    assert names("variants") == ["good/x"]
    [(_, _, status, place, detail)] = rows()
    assert (status, place) == ("broken", str(archive))
    assert detail == "This place cannot be read: RuntimeError: broken finder."


@pytest.mark.usefixtures("good")
def test_an_archive_is_a_place(monkeypatch, tmp_path):
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("zipped-1.0.dist-info/METADATA", "Name: zipped\nVersion: 1.0\n")
        files.writestr(
            "zipped-1.0.dist-info/entry_points.txt",
            "[aezoo.variants]\nzipped/x = zipped:X\n[aezoo.presets]\nzipped = zipped\n",
        )
        files.writestr("zipped/__init__.py", "class X: pass")
    monkeypatch.setattr(sys, "path", [str(archive), *sys.path])
    assert names("variants") == ["good/x", "zipped/x"]
    assert find("variants", "zipped/x").owner == "zipped 1.0"
    assert names("presets") == []


@pytest.mark.usefixtures("good")
def test_places_that_hold_nothing(monkeypatch, tmp_path):
    text = tmp_path / "file.txt"
    text.write_text("not a place")
    monkeypatch.setattr(sys, "path", [str(text), str(tmp_path / "gone"), *sys.path])
    assert names("variants") == ["good/x"]
    assert rows() == []


def test_metadata_is_read_once(install):
    install("acme", {VARIANTS: {"acme/x": "acme:X"}})
    first = scan()
    assert scan() is first
    aezoo_registry.clear_cache()
    assert scan() is not first
    assert scan().entries == first.entries


@pytest.fixture
def opened(monkeypatch):
    """The files that the registry opens, in order, as paths."""
    paths = []

    def audit(path, *arguments, **keywords):
        paths.append(str(path))
        return open(path, *arguments, **keywords)

    for module in (_distributions, _presets):
        monkeypatch.setattr(module, "open", audit, raising=False)
    return paths


def test_listing_a_thousand_opens_only_their_metadata_and_imports_none(install, site, opened):
    for owner in range(100):
        variants = {f"vendor{owner}/v{number}": f"heavy{owner}:V" for number in range(10)}
        install(
            f"plugin{owner}",
            {VARIANTS: variants, "aezoo.presets": {f"vendor{owner}": f"heavy{owner}"}},
            {f"heavy{owner}/__init__.py": "raise SystemExit"},
        )
        for number in range(10):
            folder = site / f"heavy{owner}" / "presets" / f"v{number}.x"
            folder.mkdir(parents=True)
            record = f'{{"name": "v{number}.x", "variant": "vendor{owner}/v{number}"}}'
            (folder / "record.json").write_text(record)
    install("unrelated", {"console_scripts": {"x": "x:x"}})
    listed = {kind: names(kind) for kind in aezoo_registry.GROUPS}
    assert len(listed["variants"]) == len(listed["presets"]) == 1000
    assert not [name for name in sys.modules if name.startswith("heavy")]
    ours = [os.path.relpath(path, site) for path in opened if path.startswith(f"{site}{os.sep}")]
    files = [f"plugin{n}-1.0.dist-info/{name}" for n in range(100) for name in TWO_FILES]
    assert sorted(ours) == sorted([*files, "unrelated-1.0.dist-info/entry_points.txt"])
    opened.clear()
    assert aezoo_registry.preset("vendor7/v3.x").variant == "vendor7/v3"
    assert opened == [str(site.resolve() / "heavy7/presets/v3.x/record.json")]
