from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aezoo_registry import _names as names

words = st.from_regex(r"[a-z][a-z0-9]{0,4}(_[a-z0-9]{1,4}){0,2}", fullmatch=True)
vendors = st.from_regex(r"[a-z][a-z0-9]{0,4}([-_][a-z0-9]{1,4}){0,2}", fullmatch=True).filter(
    lambda vendor: vendor != "aezoo"
)


@given(words, vendors, words)
def test_each_name_belongs_to_one_rule(word, vendor, tag):
    qualified, tagged = f"{vendor}/{word}", f"{word}.{tag}"
    assert names.is_bare(word)
    assert not names.is_qualified(word)
    assert not names.is_tagged(word)
    assert names.is_qualified(qualified)
    assert not names.is_bare(qualified)
    assert names.is_tagged(tagged)
    assert not names.is_bare(tagged)
    assert not names.is_qualified(tagged)


@given(st.text())
def test_a_valid_name_is_never_a_path_or_an_address(name):
    if names.is_bare(name) or names.is_qualified(name) or names.is_tagged(name):
        assert not name.startswith((".", "/", "~"))
        assert ":" not in name
        assert ".." not in name
        assert name.isascii()
        assert name == name.lower().strip()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "VAE",
        "beta-vae",
        "_vae",
        "vae_",
        "beta__vae",
        "1vae",
        "vae\n",
        "väe",
        "a/b/c",
        "/a",
        "a/",
    ],
)
def test_bad_names_fit_no_rule(name):
    assert not names.is_bare(name)
    assert not names.is_qualified(name)


def test_the_vendor_aezoo_is_reserved():
    assert names.is_vendor("acme-labs")
    assert not names.is_vendor("aezoo")
    assert not names.is_qualified("aezoo/vae")


@pytest.mark.parametrize("name", ["vae.64px", "beta_vae.mnist_10k"])
def test_tags_may_begin_with_a_digit(name):
    assert names.is_tagged(name)


@pytest.mark.parametrize(
    "name", ["vae", "vae.", ".digits", "vae.a.b", "acme/vae.a", "vae.A", "1.a"]
)
def test_bad_tags(name):
    assert not names.is_tagged(name)


@pytest.mark.parametrize("written", ["Acme.VAE", "acme_vae", " acme-vae ", "ACME-_.vae"])
def test_normalise_follows_pep_503(written):
    assert names.normalise(written) == "acme-vae"


def test_singular():
    kinds = ["variants", "bodies", "presets"]
    assert [names.singular(kind) for kind in kinds] == ["variant", "body", "preset"]


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("betavae", "beta_vae"),
        ("Beta-VAE", "beta_vae"),
        ("fancy", "acme/fancy"),
        ("acme/fancyy", "acme/fancy"),
        ("spars", "sparse_autoencoder"),
        ("zzz", None),
        ("", None),
    ],
)
def test_closest(wanted, meant):
    assert names.closest(wanted, ["acme/fancy", "beta_vae", "sparse_autoencoder", "vae"]) == meant


def test_unknown_cuts_a_long_list():
    message = names.unknown("bodies", "cnv", [f"body_{i:02}" for i in range(50)] + ["conv"])
    assert message.startswith("Unknown body 'cnv'. Did you mean 'conv'? Installed bodies: body_00,")
    assert "body_19 and 31 more." in message
    assert message.endswith("Received: name='cnv'.")


def test_unknown_prefers_the_reason_to_a_suggestion():
    message = names.unknown("variants", "vea", ["vae"], "It is broken.")
    assert "It is broken." in message
    assert "Did you mean" not in message


def test_unknown_says_that_plugins_are_hidden(monkeypatch):
    monkeypatch.setenv("AEZOO_PLUGINS", "")
    assert "AEZOO_PLUGINS='' hides" in names.unknown("variants", "acme/x", ["vae"])
    assert "AEZOO_PLUGINS" not in names.unknown("variants", "x", ["vae"])


def test_unknown_says_what_a_vendor_is():
    assert "'acme/' are a plugin's: install" in names.unknown("variants", "acme/x", ["umbra/x"])
    for name, known in (("acme/y", ["acme/x"]), ("y", ["acme/x"])):
        assert "a plugin's" not in names.unknown("variants", name, known)
    assert "a plugin's" not in names.unknown("variants", "acme/x", [], "It is broken.")
