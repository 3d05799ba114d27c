"""Publishing: what goes up, what stays, what is refused; in Python and on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from huggingface_hub import HfApi

import aezoo
import aezoo_registry
import publish
from aezoo import card, layout, publishing, sources, store
from aezoo import hub as aezoo_hub
from aezoo.cli import main
from aezoo.hub import calls

REPO = "org/tiny"
CONFIG = {
    "format": 1,
    "variant": "ae",
    "config": {"sample_shape": [4], "latent_dim": 2},
    "sampler": None,
    "dtype": "float32",
    "versions": {"aezoo": "0.1.0"},
}
PRESETS = Path(__file__).resolve().parents[2] / "aezoo" / "presets"


def stored(directory, value=1.0, files=None):
    arrays = {"encoder/bias": np.full(3, value, "float32")}
    return store.write(directory, CONFIG, arrays, files=files, overwrite=True)


@pytest.fixture
def model(tmp_path):
    return stored(tmp_path / "model")


@pytest.fixture
def remote(hub, client):
    """A function that returns the files at the head of a branch."""

    def files(branch="main", repo=REPO):
        repository = hub.repositories[repo]
        commit = repository.commits[repository.branches[branch]]
        return {n: f.data for n, f in commit.files.items() if n != ".gitattributes"}

    return files


def run(capfd, *arguments):
    code = main([*map(str, arguments)])
    return code, *capfd.readouterr()


# What goes up


def test_a_push_is_loaded_back_bit_by_bit(model, remote, hub):
    done = publishing.push(model, REPO)
    assert done.changed
    assert hub.repositories[REPO].private
    assert done.address == f"hf://{REPO}@{done.commit}"
    back = sources.read(done.address)
    assert back.source == done.address
    assert {name: (back.directory / name).read_bytes() for name in layout_files(model)} == {
        name: (model / name).read_bytes() for name in layout_files(model)
    }
    assert set(remote()) == {*layout_files(model), "README.md"}
    assert [(f.name, f.size, f.sha256) for f in done.files] == [
        (f.name, f.size, f.sha256) for f in aezoo_hub.describe(remote_in_order(done, remote()))
    ]


def layout_files(model):
    return ("config.json", "model.safetensors", "manifest.json")


def remote_in_order(done, files):
    return {file.name: files[file.name] for file in done.files}


def test_the_card_and_pictures_of_a_directory_go_up_and_nothing_else(tmp_path, remote):
    record = b'{"secret": 1}'
    model = stored(
        tmp_path / "m",
        files={"README.md": b"# Mine\n", "walk.png": b"a picture", "record.json": record},
    )
    publishing.push(model, REPO)
    assert set(remote()) == {*layout_files(model), "README.md", "walk.png"}
    assert remote()["README.md"] == b"# Mine\n"


def test_what_was_pulled_is_loaded_and_pushed_on(model, remote, hub):
    first = publishing.push(model, REPO)
    directory = sources.pull(first.address)
    assert sources.read(directory).config == CONFIG
    for source in (directory, str(directory), first.address):
        publishing.push(source, "org/copy")
    assert remote(repo="org/copy").keys() == remote().keys()
    assert len(hub.repositories["org/copy"].commits) == 2


def test_a_link_of_another_directory_may_not_lead_into_the_cache(model, remote, tmp_path):
    directory = sources.pull(publishing.push(model, REPO).address)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(directory, elsewhere, symlinks=True)
    for link in elsewhere.iterdir():
        target = (directory / link.name).resolve()
        link.unlink()
        link.symlink_to(target)
    with pytest.raises(store.StoreError, match="a link that leaves"):
        sources.read(elsewhere)


@pytest.mark.parametrize("source", ["tiny", "model", 3, None])
def test_a_bare_name_is_no_directory(model, hub, client, monkeypatch, source):
    monkeypatch.chdir(model.parent)
    with pytest.raises((LookupError, ValueError), match="preset"):
        publishing.push(source, REPO)
    assert not hub.requests


def test_a_model_in_memory_is_pushed_with_its_sampler(remote):
    made = aezoo.create("ae", sample_shape=(4,), latent_dim=2, body={"name": "mlp", "hidden": []})
    x = np.random.default_rng(0).random((32, 4), dtype="float32")
    made.fit_sampler("normal", x)
    done = aezoo.push(made, REPO)
    again = aezoo.load(done.address)
    assert again.source == done.address
    np.testing.assert_array_equal(again.encode(x), made.encode(x))
    np.testing.assert_array_equal(again.generate(4, seed=1), made.generate(4, seed=1))


def test_unchanged_content_makes_no_commit(model, remote, hub):
    first = publishing.push(model, REPO)
    count = len(hub.repositories[REPO].commits)
    again = publishing.push(model, REPO)
    assert (again.changed, again.commit) == (False, first.commit)
    assert len(hub.repositories[REPO].commits) == count


def test_a_changed_model_is_one_commit_with_the_message(tmp_path, model, remote, hub):
    publishing.push(model, REPO)
    count = len(hub.repositories[REPO].commits)
    done = publishing.push(stored(tmp_path / "b", 2.0), REPO, message="Train longer")
    assert len(hub.repositories[REPO].commits) == count + 1
    assert hub.repositories[REPO].commits[done.commit].message == "Train longer"
    assert sources.read(done.address).arrays({"encoder/bias": (3,)})["encoder/bias"][0] == 2.0


def test_a_graph_that_is_gone_is_deleted_and_pictures_stay(tmp_path, remote):
    graph = {"encoder.onnx": b"graph", "walk.png": b"a picture"}
    publishing.push(stored(tmp_path / "a", files=graph), REPO)
    assert set(graph) <= set(remote())
    publishing.push(stored(tmp_path / "b"), REPO)
    assert set(graph) & set(remote()) == {"walk.png"}


def test_a_branch_is_made_and_leaves_the_default_alone(tmp_path, model, remote):
    publishing.push(model, REPO)
    before = remote()
    done = publishing.push(stored(tmp_path / "b", 2.0), REPO, branch="dev")
    assert remote() == before
    assert sources.read(f"hf://{REPO}@dev").source == done.address


def test_a_preset_is_pushed_with_the_card_of_its_record(remote, capfd):
    code, _, _ = run(capfd, "push", "vae.digits", REPO)
    assert code == 0
    text = remote()["README.md"].decode()
    assert "PCA" in text
    assert "python tools/train.py vae.digits" in text
    assert f"hf://{REPO}" in text
    assert "Kingma" in text


def test_the_record_of_other_weights_is_not_believed(remote, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(PRESETS / "vae.digits", copy)
    record = json.loads((copy / "record.json").read_text())
    (copy / "record.json").write_text(json.dumps({**record, "sha256": "0" * 64}))
    publishing.push(copy, REPO)
    assert "PCA" not in remote()["README.md"].decode()


# What stays


def test_a_generated_card_follows_the_model_until_somebody_edits_it(tmp_path, model, remote, hub):
    publishing.push(model, REPO)
    first = remote()["README.md"]
    assert card.is_unedited(first)
    publishing.push(stored(tmp_path / "b", 2.0), REPO)
    second = remote()["README.md"]
    assert card.is_unedited(second)
    assert second != first
    edited = b"---\nlicense: mit\n" + second.removeprefix(b"---\n")
    hub.repositories[REPO].commit({"README.md": edited})
    done = publishing.push(stored(tmp_path / "c", 3.0), REPO)
    assert done.changed
    assert remote()["README.md"] == edited
    assert sources.read(done.address).arrays({"encoder/bias": (3,)})["encoder/bias"][0] == 3.0


def test_what_aezoo_did_not_write_is_not_touched_without_overwrite(model, remote, hub):
    theirs = {"pytorch_model.bin": b"weights", "README.md": b"# Theirs\n"}
    hub.add_repository(REPO, theirs, private=True)
    with pytest.raises(aezoo_hub.HubError, match=r"pytorch_model\.bin.*overwrite=True"):
        publishing.push(model, REPO)
    assert remote() == theirs
    publishing.push(model, REPO, overwrite=True)
    assert remote()["pytorch_model.bin"] == b"weights"
    assert remote()["README.md"] == b"# Theirs\n"
    assert sources.read(f"hf://{REPO}").config == CONFIG


def test_a_refused_push_makes_no_branch(model, hub, client):
    hub.add_repository(REPO, {"notes.txt": b"theirs"}, private=True)
    hub.add_repository("org/open")
    for repository in (REPO, "org/open"):
        with pytest.raises(aezoo_hub.HubError):
            publishing.push(model, repository, branch="dev")
        assert set(hub.repositories[repository].branches) == {"main"}


def test_a_repository_with_only_somebody_s_card_is_not_touched_either(model, remote, hub):
    hub.add_repository(REPO, {"README.md": b"# Reserved\n"}, private=True)
    with pytest.raises(aezoo_hub.HubError, match=r"README\.md"):
        publishing.push(model, REPO)


# Who sees it


def test_nothing_becomes_public_by_accident(model, hub, client):
    hub.add_repository(REPO)
    with pytest.raises(aezoo_hub.HubError, match="is public; to publish there pass public=True"):
        publishing.push(model, REPO)
    assert publishing.push(model, REPO, public=True).changed
    assert not hub.repositories[REPO].private


def test_public_is_for_new_repositories(model, hub, client):
    publishing.push(model, "org/open", public=True)
    assert not hub.repositories["org/open"].private
    publishing.push(model, REPO)
    with pytest.raises(aezoo_hub.HubError, match="is private; make it public in its settings"):
        publishing.push(model, REPO, public=True)
    assert hub.repositories[REPO].private


# What is refused before a request is made


@pytest.mark.parametrize(
    "repository",
    ["", "/", "tiny", "org/tiny/more", "hf://org/tiny", "org/tiny@main", "org/..", "../org/tiny"],
)
def test_a_name_that_is_no_repository(model, hub, client, repository):
    with pytest.raises(ValueError, match="org/name"):
        publishing.push(model, repository)
    assert not hub.requests


@pytest.mark.parametrize("name", ["o--g/tiny", "org/tiny.git", "org/a b", "org/" + "n" * 100])
def test_a_name_that_the_hub_does_not_allow(model, hub, client, name):
    with pytest.raises(ValueError, match="org/name"):
        publishing.push(model, name)
    assert not hub.requests


@pytest.mark.parametrize("branch", ["", "a b", "../main", "0" * 40, "-x", "a..b"])
def test_a_name_that_is_no_branch(model, hub, client, branch):
    with pytest.raises(ValueError, match="branch"):
        publishing.push(model, REPO, branch=branch)
    assert not hub.requests


def test_a_directory_that_holds_no_model(tmp_path, hub, client):
    with pytest.raises(store.StoreError, match="no such directory"):
        publishing.push(tmp_path / "missing", REPO)
    damaged = stored(tmp_path / "m")
    (damaged / "model.safetensors").write_bytes(b"\0" * 8)
    with pytest.raises(store.StoreError, match=r"model\.safetensors"):
        publishing.push(damaged, REPO)
    assert not hub.requests


def test_without_a_token_there_is_no_request(model, hub, client):
    client.login(None)
    with pytest.raises(aezoo_hub.HubDeniedError, match="hf auth login"):
        publishing.push(model, REPO)
    assert not hub.requests


def test_what_a_server_warns_of_is_not_shown(recwarn):
    code = "import warnings; warnings.warn('Bearer hf_canary')"
    calls.call(lambda: exec(code, {"__name__": "huggingface_hub.hf_api"}), REPO)
    assert not [warning for warning in recwarn if "canary" in str(warning.message)]


def test_a_commit_that_is_none_is_not_believed(model, hub, client, monkeypatch):
    monkeypatch.setattr(HfApi, "create_commit", lambda *a, **k: SimpleNamespace(oid="../../x"))
    with pytest.raises(aezoo_hub.HubError, match="names no commit"):
        publishing.push(model, REPO)


# The command line


def test_a_dry_run_lists_every_file_and_asks_nothing(model, hub, client, capfd):
    client.login(None)
    code, out, err = run(capfd, "push", model, REPO, "--dry-run")
    assert code == 0
    assert not hub.requests
    listed = [line.split() for line in out.splitlines()]
    assert {line[-1] for line in listed} == {*layout_files(model), "README.md"}
    for digest, size, _, name in listed:
        if name != "README.md":
            assert (int(size), digest) == size_and_hash(model / name)
    assert "made private" in err


def size_and_hash(path):
    (file,) = aezoo_hub.describe({path.name: path.read_bytes()})
    return file.size, file.sha256


def test_push_prints_the_line_that_loads_it_back(model, remote, capfd):
    code, out, _ = run(capfd, "push", model, REPO, "-m", "First")
    head = aezoo_hub.pull(f"hf://{REPO}").address
    assert code == 0
    assert out.splitlines()[-1] == f'aezoo.load("{head}")'
    code, out, _ = run(capfd, "push", model, REPO, "--json")
    assert code == 0
    facts = json.loads(out)
    assert (facts["changed"], facts["address"]) == (False, str(head))


def test_pull_prints_the_directory(model, remote, capfd):
    run(capfd, "push", model, REPO)
    code, out, err = run(capfd, "pull", f"hf://{REPO}")
    assert code == 0
    assert sources.read(out.strip()).config == CONFIG
    assert f"hf://{REPO} is hf://{REPO}@" in err
    code, out, _ = run(capfd, "info", f"hf://{REPO}", "--json")
    assert json.loads(out)["variant"] == "ae"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["pull", "hf://org/missing"], 1, "no such repository"),
        (["pull", "hf://org"], 2, "hf://org/name"),
        (["pull", "org/tiny"], 2, "'hf://org/tiny' for a model on the Hub"),
        (["pull", "./missing"], 1, "no such directory"),
        (["push", "./missing", REPO], 1, "no such directory"),
        (["generate", "hf://org/missing", "-o", "x.png"], 1, "no such repository"),
    ],
)
def test_one_clear_sentence(hub, client, capfd, arguments, code, message):
    found, out, err = run(capfd, *arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
    assert "unexpected" not in err


# Publishing a preset


def test_a_published_preset_is_loaded_from_its_pin(hub, client, tmp_path, capfd):
    name = "vae.digits"
    shutil.copytree(PRESETS / name, tmp_path / name)
    done = publish.publish(name, "org", presets=tmp_path)
    again = publish.publish(name, "org", presets=tmp_path)
    assert (again.changed, again.commit) == (False, done.commit)
    record = json.loads((tmp_path / name / "record.json").read_text())
    assert record["hub"]["commit"] == done.commit
    assert record["source"] == "embedded"
    assert card.NAME in {file.name for file in done.files}

    bare = tmp_path / "bare"
    bare.mkdir()
    preset = aezoo_registry.Preset(name, "vae", "aezoo", bare, record)
    assert sources.of_preset(preset).source == done.address
    record["hub"]["files"]["model.safetensors"]["sha256"] = "0" * 64
    with pytest.raises(aezoo_hub.HubDamagedError, match="record pins"):
        sources.of_preset(preset)


def test_a_preset_is_embedded_first(hub, client, tmp_path):
    name = "vae.digits"
    shutil.copytree(PRESETS / name, tmp_path / name)
    publish.publish(name, "org", presets=tmp_path)
    record = json.loads((tmp_path / name / "record.json").read_text())
    hub.requests.clear()
    preset = aezoo_registry.Preset(name, "vae", "aezoo", tmp_path / name, record)
    assert sources.of_preset(preset).directory == tmp_path / name
    assert not hub.requests
    assert layout.parse_manifest((tmp_path / name / layout.MANIFEST).read_bytes()) == {
        n: (f["size"], f["sha256"]) for n, f in record["hub"]["files"].items()
    }
