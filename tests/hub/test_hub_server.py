"""The unmodified huggingface_hub client against the Hub of the tests."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
)
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

# What the client does with what it uploads is its own business.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")

REPO = "org/digits"
FILES = {
    "README.md": b"---\nlicense: mit\n---\nDigits",
    "config.json": b'{"format": 1}',
    "model.safetensors": bytes(range(256)) * 40,
    "extra/notes.txt": b"never opened",
}


@pytest.fixture
def repository(hub, client):
    return hub.add_repository(REPO, FILES)


def additions(files):
    return [CommitOperationAdd(path, data) for path, data in files.items()]


def read(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in Path(directory).rglob("*")
        if path.is_file() and path.name != ".gitattributes"
    }


# Reading


def test_a_snapshot_is_what_was_committed(repository, client):
    directory = Path(snapshot_download(REPO))
    assert read(directory) == FILES
    assert directory.name == repository.branches["main"]
    assert directory.is_relative_to(client.cache)


def test_only_the_files_asked_for_are_requested(repository, hub):
    snapshot_download(REPO, allow_patterns=["config.json"])
    resolved = {r.path.rsplit("/", 1)[1] for r in hub.requests if "/resolve/" in r.path}
    assert resolved == {"config.json"}


def test_branches_tags_and_commits_are_revisions(repository):
    first = repository.branches["main"]
    repository.tags["v1"] = first
    repository.commit({"config.json": b"{}", "extra/notes.txt": None}, branch="main")
    repository.commit({"config.json": b"[]"}, branch="dev/next")
    for revision, expected in {first: FILES["config.json"], "v1": FILES["config.json"]}.items():
        assert (
            Path(hf_hub_download(REPO, "config.json", revision=revision)).read_bytes() == expected
        )
    assert Path(hf_hub_download(REPO, "config.json")).read_bytes() == b"{}"
    path = hf_hub_download(REPO, "config.json", revision="dev/next")
    assert Path(path).read_bytes() == b"[]"
    refs = HfApi().list_repo_refs(REPO)
    assert {b.name: b.target_commit for b in refs.branches} == repository.branches
    assert {t.name: t.target_commit for t in refs.tags} == {"v1": first}
    assert [c.commit_id for c in HfApi().list_repo_commits(REPO)][-2] == first


def test_listings_say_what_the_files_are(repository):
    api, commit = HfApi(), repository.find("main")
    weights = commit.files["model.safetensors"]
    info = api.model_info(REPO, files_metadata=True)
    assert (info.sha, info.private) == (commit.id, False)
    listed = {s.rfilename: s for s in info.siblings}
    assert listed["model.safetensors"].lfs.sha256 == weights.sha256
    assert listed["config.json"].blob_id == commit.files["config.json"].oid
    tree = {entry.path: entry for entry in api.list_repo_tree(REPO, recursive=True)}
    assert set(tree) == set(commit.files) | {"extra"}
    assert tree["model.safetensors"].lfs.sha256 == weights.sha256
    assert tree["model.safetensors"].size == len(weights.data)
    assert {entry.path for entry in api.list_repo_tree(REPO)} == set(tree) - {"extra/notes.txt"}
    assert [e.path for e in api.list_repo_tree(REPO, "extra")] == ["extra/notes.txt"]
    assert [e.path for e in api.get_paths_info(REPO, ["config.json", "none"])] == ["config.json"]


def test_git_ids_are_those_of_git(repository):
    # git hash-object on b"hello"; the blob that `git lfs pointer` writes is hashed the same way.
    commit = repository.find(repository.commit({"hello": b"hello"}))
    assert commit.files["hello"].oid == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"


def test_large_files_come_from_elsewhere_without_a_token(repository, hub):
    hf_hub_download(REPO, "model.safetensors")
    tokens = {r.path.split("/")[1]: r.token for r in hub.requests}
    assert tokens["org"] == hub.WRITER
    assert tokens["large"] is None


def test_a_range_is_a_part(repository):
    url = hf_hub_url(REPO, "config.json")
    answer = httpx2.get(url, headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, FILES["config.json"][2:5])
    assert httpx2.get(url, headers={"Range": "bytes=99-"}).status_code == 416


@pytest.mark.parametrize(
    ("name", "revision", "file", "expected"),
    [
        ("org/none", None, "config.json", RepositoryNotFoundError),
        (REPO, "none", "config.json", RevisionNotFoundError),
        (REPO, "0" * 40, "config.json", RevisionNotFoundError),
        (REPO, None, "none", RemoteEntryNotFoundError),
    ],
)
@pytest.mark.parametrize("token", ["hf_writer", "hf_reader", None])
def test_what_is_not_there(repository, client, token, name, revision, file, expected):
    client.login(token)
    with pytest.raises(expected):
        hf_hub_download(name, file, revision=revision)


def test_private_repositories_are_the_owners(hub, client):
    hub.add_repository("org/secret", FILES, private=True)
    assert snapshot_download("org/secret")
    for token in (hub.READER, None):
        client.login(token)
        with pytest.raises(RepositoryNotFoundError):
            HfApi().model_info("org/secret")


def test_gated_repositories_are_listed_to_everyone_and_downloaded_by_owners(hub, client):
    hub.add_repository("org/gated", FILES, gated=True)
    assert hf_hub_download("org/gated", "config.json")
    for token, status in ((hub.READER, 403), (None, 401)):
        client.login(token)
        assert HfApi().model_info("org/gated").gated == "manual"
        with pytest.raises(GatedRepoError) as error:
            hf_hub_download("org/gated", "README.md")
        assert error.value.response.status_code == status


def test_an_unknown_token_is_refused(repository, client):
    client.login("hf_unknown")
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        HfApi().model_info(REPO)


def test_whoami(client, hub):
    assert HfApi().whoami()["name"] == "alice"
    assert [o["name"] for o in HfApi().whoami()["orgs"]] == ["org"]


# Writing


@pytest.mark.parametrize("private", [True, False])
def test_a_pushed_folder_comes_back(hub, client, tmp_path, private):
    for path, data in FILES.items():
        (tmp_path / "push" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "push" / path).write_bytes(data)
    api = HfApi()
    url = api.create_repo("org/new", private=private)
    assert (str(url), url.repo_id) == (f"{hub.endpoint}/org/new", "org/new")
    commit = api.upload_folder(repo_id="org/new", folder_path=tmp_path / "push")
    repository = hub.repositories["org/new"]
    assert repository.private == private
    assert repository.branches["main"] == commit.oid
    assert repository.files() == read(snapshot_download("org/new")) == FILES
    assert {p for p, f in repository.find("main").files.items() if f.large} == {"model.safetensors"}


def test_a_repository_is_created_once(repository):
    assert HfApi().create_repo(REPO, exist_ok=True).repo_id == REPO
    with pytest.raises(HfHubHTTPError, match="already created"):
        HfApi().create_repo(REPO)


def test_unchanged_files_make_no_commit(repository, hub):
    before = dict(repository.branches)
    HfApi().create_commit(REPO, additions(FILES), commit_message="Same")
    assert repository.branches == before


def test_a_commit_replaces_and_deletes_on_its_branch(repository):
    before, api = repository.branches["main"], HfApi()
    api.create_branch(REPO, branch="dev/next")
    operations = [*additions({"config.json": b"{}"}), CommitOperationDelete("README.md")]
    made = api.create_commit(REPO, operations, commit_message="New", revision="dev/next")
    assert repository.branches == {"main": before, "dev/next": made.oid}
    kept = {p: d for p, d in FILES.items() if p != "README.md"}
    assert repository.files("dev/next") == kept | {"config.json": b"{}"}
    assert repository.files() == FILES
    api.create_branch(REPO, branch="dev/next", exist_ok=True)
    with pytest.raises(HfHubHTTPError, match="already exists"):
        api.create_branch(REPO, branch="dev/next")
    api.create_tag(REPO, tag="v1", revision="dev/next")
    assert repository.tags == {"v1": made.oid}


def test_a_stale_parent_is_refused(repository):
    stale = repository.branches["main"]
    head = repository.commit({"config.json": b"theirs"})
    with pytest.raises(HfHubHTTPError) as error:
        HfApi().create_commit(
            REPO, additions({"config.json": b"ours"}), commit_message="m", parent_commit=stale
        )
    assert error.value.response.status_code == 412
    assert repository.branches["main"] == head


@pytest.mark.parametrize(("token", "status"), [("hf_reader", 403), (None, 401)])
def test_only_members_with_write_tokens_write(repository, client, token, status):
    client.login(token)
    before, api = dict(repository.branches), HfApi()
    for write in (
        lambda: api.create_repo("org/new"),
        lambda: api.create_branch(REPO, branch="dev"),
        lambda: api.create_commit(REPO, additions({"a": b"a"}), commit_message="m"),
    ):
        with pytest.raises(HfHubHTTPError) as error:
            write()
        assert error.value.response.status_code == status
    assert repository.branches == before


def test_nobody_writes_for_others(hub, client):
    with pytest.raises(HfHubHTTPError, match="namespace 'other'"):
        HfApi().create_repo("other/new")


# Faults


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("401", HfHubHTTPError),
        ("403", HfHubHTTPError),
        ("403 gated", GatedRepoError),
        ("404 repository", RepositoryNotFoundError),
        ("404 revision", RevisionNotFoundError),
        ("409", HfHubHTTPError),
        ("412", HfHubHTTPError),
        ("429", HfHubHTTPError),
        ("500", HfHubHTTPError),
        ("503", HfHubHTTPError),
        ("html", ValueError),
        ("reset", httpx2.ReadError),
        ("lost", httpx2.ReadError),
        ("cut", httpx2.RemoteProtocolError),
    ],
)
def test_a_fault_happens_as_often_as_asked(repository, hub, kind, expected):
    fault = hub.fail(kind, REPO, times=2)
    for _ in range(2):
        with pytest.raises(expected):
            HfApi().model_info(REPO)
    assert fault.reached.is_set()
    assert HfApi().model_info(REPO).sha == repository.branches["main"]


def test_faults_are_for_what_matches(repository, hub):
    fault = hub.fail("503", "config.json", method="GET", times=9)
    assert hf_hub_download(REPO, "README.md")
    assert not fault.reached.is_set()
    with pytest.raises(HfHubHTTPError):
        hf_hub_download(REPO, "config.json")
    hub.heal()
    assert hf_hub_download(REPO, "config.json")
    with pytest.raises(ValueError, match="kind='504 gateway'"):
        hub.fail("504 gateway")


def test_an_echo_repeats_the_token(repository, hub):
    hub.fail("echo", REPO)
    with pytest.raises(HfHubHTTPError, match=f"Bearer {hub.WRITER}"):
        HfApi().model_info(REPO)


def test_wrong_bytes_have_the_right_size(repository, hub):
    hub.fail("wrong", "/large/")
    found = Path(hf_hub_download(REPO, "model.safetensors")).read_bytes()
    assert sum(a != b for a, b in zip(found, FILES["model.safetensors"], strict=True)) == 1


def test_the_client_asks_again_for_a_body_that_was_cut(repository, hub, client):
    hub.fail("cut", "/large/", times=2)
    found = Path(hf_hub_download(REPO, "model.safetensors")).read_bytes()
    assert found == FILES["model.safetensors"]
    assert client.waits == [1, 1]
    assert sum("/large/" in r.path for r in hub.requests) == 3


def test_the_client_waits_as_long_as_it_is_told(repository, hub, client):
    hub.fail("429", "tree")
    assert list(HfApi().list_repo_tree(REPO))
    assert client.waits == [4]  # Retry-After: 3, and one second that the client adds


def test_a_lost_answer_is_to_a_request_that_was_granted(repository, hub):
    hub.fail("lost", "/commit/")
    with pytest.raises(httpx2.ReadError):
        HfApi().create_commit(REPO, additions({"a": b"a"}), commit_message="m")
    assert repository.files()["a"] == b"a"


def test_a_branch_moves_between_two_requests(repository, hub):
    before = repository.branches["main"]
    hub.after(f"/api/models/{REPO}/revision/main", lambda: repository.commit({"a": b"a"}))
    directory = Path(snapshot_download(REPO))
    assert (directory.name, read(directory)) == (before, FILES)
    assert repository.branches["main"] != before


def test_a_slow_body_waits_until_it_may_go_on(repository, hub, start):
    fault = hub.fail("slow", "/large/")
    code = "import huggingface_hub, sys; huggingface_hub.hf_hub_download(*sys.argv[1:])"
    process = start(code, REPO, "model.safetensors")
    assert fault.reached.wait(30)
    assert process.poll() is None
    hub.heal()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors


# The client's set-up


def test_offline_asks_nothing(repository, hub, client):
    warm = snapshot_download(REPO)
    hub.requests.clear()
    client.offline()
    assert snapshot_download(REPO) == warm
    with pytest.raises(LocalEntryNotFoundError):
        snapshot_download("org/other")
    assert hub.requests == []


def test_other_processes_are_clients_too(repository, hub, start, home):
    code = "import huggingface_hub, sys; print(huggingface_hub.snapshot_download(sys.argv[1]))"
    process = start(code, REPO, HF_TOKEN="hf_reader")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    directory = Path(output.strip())
    assert directory.is_relative_to(home)
    assert read(directory) == FILES
    assert {r.token for r in hub.requests if "/api/models/" in r.path} == {hub.READER}
