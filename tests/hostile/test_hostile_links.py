"""A snapshot in the Hub's cache is all links: they are followed into their blobs only."""

from __future__ import annotations

import hashlib
import os

import pytest
from hostile_watch import watched

from aezoo import store
from aezoo.layout import CONFIG, MANIFEST, WEIGHTS
from aezoo.stored import StoreError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = (CONFIG, WEIGHTS, MANIFEST)


@pytest.fixture
def snapshot(base, tmp_path):
    """A snapshot as huggingface_hub makes it."""
    repository = tmp_path / "models--org--name"
    folder = repository / "snapshots" / COMMIT
    source = base.copy(tmp_path / "source")
    for part in ("blobs", f"snapshots/{COMMIT}", "refs"):
        (repository / part).mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    for name in FILES:
        data = (source / name).read_bytes()
        blob = repository / "blobs" / hashlib.sha256(data).hexdigest()
        blob.write_bytes(data)
        (folder / name).symlink_to(f"../../blobs/{blob.name}")
    return folder


@pytest.mark.parametrize("roots", ["repository", "blobs"])
def test_a_snapshot_is_read_with_its_repository_as_root(snapshot, base, roots):
    repository = snapshot.parent.parent
    root = repository if roots == "repository" else repository / "blobs"
    with watched(repository) as watch:
        stored = store.read(snapshot, roots=[root])
    watch.check()
    shapes = {n: s for n, (_, s) in stored.header.items() if not n.startswith("sampler/")}
    again = store.read(base.directory)
    assert stored.config == again.config
    for name, array in again.arrays(shapes).items():
        assert stored.arrays(shapes)[name].tobytes() == array.tobytes()
    assert {path.parent.name for path in watch.opened} == {"snapshots", "blobs"}


@pytest.mark.parametrize("file", FILES)
def test_a_snapshot_without_a_root_is_refused(snapshot, file):
    for name in set(FILES) - {file}:
        data = (snapshot / name).read_bytes()
        (snapshot / name).unlink()
        (snapshot / name).write_bytes(data)
    with pytest.raises(StoreError, match=f"{file}: a link that leaves"):
        store.read(snapshot)


TARGETS = {
    "secret": "/etc/passwd",
    "device": "/dev/zero",
    "other-repository": "../../../models--evil--model/blobs/{name}",
    "longer-name": "../../../models--org--name-2/blobs/{name}",
    "cache": "../../../token",
    "loop": "{name}",
    "nothing": "../../blobs/nothing",
    "directory": "../../blobs",
    "reference": "../../refs/main",
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("file", FILES)
def test_a_link_out_of_the_repository_is_refused(base, snapshot, file, target):
    cache = snapshot.parent.parent.parent
    (cache / "token").write_text("hf_secret")
    for name in ("models--evil--model", "models--org--name-2"):
        (cache / name).mkdir()
        base.copy(cache / name / "blobs")
    (snapshot / file).unlink()
    (snapshot / file).symlink_to(TARGETS[target].format(name=file))
    repository = snapshot.parent.parent
    with (
        watched(repository) as watch,
        pytest.raises(StoreError, match=f"{snapshot / file}: ") as caught,
    ):
        store.read(snapshot, roots=[repository])
    watch.check()
    leaves = target in ("secret", "device", "other-repository", "longer-name", "cache")
    assert ("a link that leaves" in str(caught.value)) == leaves
    assert "hf_secret" not in str(caught.value)


@pytest.mark.parametrize("part", ["blobs", "snapshots"])
def test_a_folder_of_the_repository_that_is_a_link_out_is_refused(snapshot, tmp_path, part):
    repository = snapshot.parent.parent
    (repository / part).rename(tmp_path / "outside")
    (repository / part).symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match=r"a link that leaves|missing"):
        store.read(snapshot, roots=[repository])


def test_a_link_to_a_link_inside_is_followed(snapshot):
    os.rename(snapshot / CONFIG, snapshot / "first")
    (snapshot / CONFIG).symlink_to("first")
    assert store.read(snapshot, roots=[snapshot.parent.parent]).config["variant"] == "vae"
