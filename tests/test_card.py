"""Cards: metadata that the Hub's own client reads, figures that are the record's, hostile text."""

from __future__ import annotations

import copy
import doctest
import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aezoo import card, layout, store
from aezoo.card import front_matter, gallery, markdown, synopsis
from aezoo.stored import StoreError

PRESETS = Path(__file__).resolve().parent.parent / "aezoo" / "presets"
NAMES = sorted(path.parent.name for path in PRESETS.glob("*/record.json"))
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
HOSTILE = (
    '---\nlicense: "mit"\n---\n# Title\n\n<script>alert(1)</script> [x](javascript:alert(1)) '
    '![i](https://evil.example/i.png) | a | b |\n```python\nimport os\n```\n`code` \\ "quoted": '
    "'single' {flow: [1]} & *anchor !tag %dir @at $math$ ~~no~~ _under_ \x00\x1b[31m\x85\u2028"
    "\u202e\ufeff\ud800 \U0001f600 é <!-- comment"
)
TEXTS = ("plain", "no", "1e3", "", "a: b", "- x", "#", HOSTILE)


def documents(name):
    files = ("record.json", "config.json", "manifest.json")
    return [json.loads((PRESETS / name / file).read_text()) for file in files]


def preset_card(name, **changes):
    record, config, manifest = documents(name)
    changes = {"licence": "apache-2.0", "pictures": list(gallery.CAPTIONS)} | changes
    found = synopsis.find(record["variant"])
    return card.of_preset(record, config, manifest, synopsis=found, **changes)


def metadata(text):
    """The metadata as PyYAML reads it, after huggingface_hub has accepted it."""
    parsed = ModelCard(text, ignore_metadata_errors=False).data
    plain = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
    assert parsed.library_name == plain["library_name"] == "aezoo"
    return plain


def prose(text):
    return text.split("\n---\n", 1)[1]


def numbers(document):
    """Every number in nested JSON."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        return {n for item in document for n in numbers(item)}
    return {document} if isinstance(document, int | float) else set()


def tokens(text):
    """Every token of the rendered text, the inline ones too."""
    for token in MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(text):
        yield token
        yield from token.children or ()


def stored(directory, *, sampler=None, variant="vae", **config):
    config = {
        "format": 1,
        "variant": variant,
        "config": {"sample_shape": [8, 8, 1], "latent_dim": 4, "preprocess": None, **config},
        "sampler": sampler and {"name": sampler, "config": {}},
        "dtype": "float32",
        "versions": {"aezoo": "0.1.0"},
    }
    arrays = {"encoder/kernel": np.ones((2, 3), "float32"), "decoder/bias": np.ones(5, "float32")}
    if sampler:
        arrays["sampler/means"] = np.ones((1, 4), "float32")
    return store.contents(store.write(directory, config, arrays))


@pytest.mark.parametrize("name", NAMES)
def test_metadata_of_a_preset(name):
    record, config, _ = documents(name)
    found = metadata(preset_card(name))
    assert found["license"] == "apache-2.0"
    task = "unconditional-image-generation"
    if record["variant"] == "restorer":
        task = "image-to-image"
    elif record["variant"] == "ae" and config["sampler"] is None:  # it has no prior either
        task = "image-feature-extraction"
    assert found.get("pipeline_tag") == task
    assert found["tags"] == ["keras", "autoencoder", record["variant"], record["data"]["id"]]
    assert len(found["datasets"]) == 1
    assert found["datasets"][0].endswith(record["data"]["id"])


@pytest.mark.parametrize("name", NAMES)
def test_model_index_holds_every_score_of_the_record(name):
    record, _, _ = documents(name)
    scored = record["metrics"]
    results = ModelCard(preset_card(name)).data.eval_results
    expected = dict(scored["metrics"])
    counts = dict.fromkeys(expected, scored["n"])
    for key in ("elbo", "log_likelihood"):
        if key in scored:
            expected[key], counts[key] = scored[key]["nats"], scored[key]["n"]
    assert {r.metric_type: r.metric_value for r in results} == expected
    assert {r.metric_type: r.metric_args["n"] for r in results} == counts
    assert {r.dataset_name for r in results} == {scored["dataset"]}
    assert {r.dataset_split for r in results} == {scored["split"]}
    assert ModelCard(preset_card(name)).data.model_name == name


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_one_of_the_record(name):
    record, config, manifest = documents(name)
    known = numbers([record, config, manifest]) | {8, 64}  # of the snippet and the command
    known |= {gallery.SHOWN, gallery.DRAWN, gallery.WALKS, 2 * gallery.WALKS, gallery.SEED}
    tested = record.get("tested", {"scores": {}, "verdict": []})
    for row in tested["scores"].values():  # differences are of figures before they are rounded
        known |= {round(value, 2) for value in row.values()}
    known |= {float(figure) for line in tested["verdict"] for figure in NUMBER.findall(line)}
    known |= {
        gallery.FEW,
        0.01,
        1.386,
        1,
    }  # what makes a unit active, a critic's guess, a perfect copy
    text = prose(preset_card(name)).partition("## References")[0].replace("apache-2.0", "")
    text = re.sub(r"\b[0-9a-f]{64}\b|sha-?256|https?://\S+", "", text, flags=re.IGNORECASE)
    for written in ("name", "id", "source", "licence"):
        for document in (record, record["data"]):
            text = text.replace(markdown.text(str(document.get(written, "\0"))), "")
    for versions in (*config["versions"].values(), record["computed"]["machine"]):
        text = text.replace(versions, "")
    text = re.sub(r"float\d+|N\(0, I\)|\[0, 1\]|\d+x\d+(x\d+)?", "", text)
    figures = {float(figure.replace(",", "")) for figure in NUMBER.findall(text)}
    assert figures <= known
    scored = record["metrics"]
    baseline = scored["baseline"] or {"metrics": {}}  # none where PCA would keep everything
    wanted = {*scored["metrics"].values(), *baseline["metrics"].values(), scored["n"]}
    wanted |= {*scored["terms"].values(), record["parameters"]}
    wanted |= set() if "tested" in record else {scored["active_units"]}
    assert wanted <= figures


@pytest.mark.parametrize("name", NAMES)
def test_card_holds_recipe_licence_and_hashes(name):
    record, _, manifest = documents(name)
    text = preset_card(name)
    assert f"```sh\n{record['recipe']['command']}\n```" in text
    blocks = [json.loads(code) for language, code in FENCE.findall(text) if language == "json"]
    assert blocks == [record["recipe"]["config"]]
    assert markdown.text(record["data"]["licence"]) in text
    assert record["data"]["sha256"] in text
    for entry in manifest["files"].values():
        assert entry["sha256"] in text
    assert "/work" not in text
    assert "/home" not in text


def test_limits_say_what_the_record_shows():
    digits = preset_card("vae.digits")
    aae, ae, dae = (preset_card(f"{variant}.fashion_mnist") for variant in ("aae", "ae", "dae"))
    assert "one kind of noise (`gaussian`); no other was tried" in dae
    assert "Of samples with that noise it is 0.0120192." in dae
    assert "kind of noise" not in ae
    assert "Only 5 of the 8 units" in digits
    assert "hardly better than those of PCA" in digits
    assert "hardly better" not in aae
    assert "the critic's loss is 0.260347" in aae
    assert "It was not trained to generate" in ae
    assert "It was not trained to generate" not in digits
    assert "Generated samples were not scored" not in ae
    record, config, manifest = documents("ae.fashion_mnist")
    del record["metrics"]["references"]
    assert "Generated samples were not scored" in card.of_preset(record, config, manifest)


def test_scores_of_generated_samples_stand_beside_others_in_their_place():
    record, config, manifest = documents("vae.fashion_mnist")
    scores = record["metrics"]
    scores["metrics"] |= {"kid_classifier": 0.25, "coverage": 0.5}
    scores["references"] = {
        "kid_classifier": {"real": 0.125},
        "coverage": {"reconstructions": 0.75},
    }
    scores["samples"] = {"generated": 90, "real": 90, "sampler": "gmm", "reference": "train"}
    text = card.of_preset(record, config, manifest, licence="apache-2.0")
    assert "90 samples drawn from the sampler `gmm`" in text
    assert "| KID, features of a classifier | 0.25 | n/a | 0.125 |" in text
    assert "| Coverage | 0.5 | 0.75 | n/a |" in text
    results = metadata(text)["model-index"][0]["results"]
    found = {
        metric["type"]: (result["task"], metric["value"], metric["args"]["n"])
        for result in results
        for metric in result["metrics"]
    }
    task = {"type": "unconditional-image-generation", "name": "Generation"}
    assert found["kid_classifier"] == (task, 0.25, 90)
    assert found["mse"][0] == {"type": "image-to-image", "name": "Reconstruction"}


def test_pin_of_a_published_preset_is_beside_its_name():
    record, config, manifest = documents("vae.digits")
    record["hub"] = {"repo": "org/vae.digits", "commit": COMMIT}
    text = card.of_preset(record, config, manifest)
    assert 'aezoo.load("vae.digits")' in text
    assert f'aezoo.load("hf://org/vae.digits@{COMMIT}")' in text


def test_card_that_is_published_does_not_depend_on_the_pin():
    record, config, manifest = documents("vae.digits")
    before = card.of_preset(record, config, manifest, repo="org/vae.digits")
    record["hub"] = {"repo": "org/vae.digits", "commit": COMMIT}
    after = card.of_preset(record, config, manifest, repo="org/vae.digits")
    assert before == after
    assert 'aezoo.load("hf://org/vae.digits")' in after
    assert 'aezoo.load("vae.digits")' in after


def test_card_of_a_users_model_invents_nothing(tmp_path):
    files = stored(tmp_path / "model", sampler="gmm", variant="ae")
    text = card.of_files(files, repo="me/faces")
    found = metadata(text)
    assert found == {
        "library_name": "aezoo",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["keras", "autoencoder", "ae"],
    }
    assert text.count("not measured") == 1
    assert 'aezoo.load("hf://me/faces")' in text
    assert "It has 11 parameters" in text
    assert "Undercomplete autoencoder" in text
    assert "- Weights: not stated." in text
    assert "What it was trained on is not recorded" in text
    for entry in json.loads(files[layout.MANIFEST])["files"].values():
        assert f"{entry['size']:,} | `{entry['sha256']}`" in text


def test_scores_that_are_given_are_shown(tmp_path):
    scores = {"dataset": "cats", "split": "test", "n": 50, "metrics": {"mse": 1e-05}}
    files = stored(tmp_path / "model")
    text = card.of_files(files, repo="me/cats", scores=scores)
    (result,) = ModelCard(text).data.eval_results
    assert (result.metric_value, result.dataset_name, result.task_type) == (
        1e-05,
        "cats",
        "image-to-image",
    )
    assert "| Mean squared error | 1e-05 | 50 |" in text
    assert "not measured" not in text


@pytest.mark.parametrize(
    ("shape", "sampler", "variant", "tag"),
    [
        ([8, 8, 3], None, "ae", "image-feature-extraction"),
        ([8, 8, 3], "gmm", "ae", "unconditional-image-generation"),
        ([8, 8, 1], None, "beta_vae", "unconditional-image-generation"),
        ([50, 1], "gmm", "vae", None),
        ([8, 8, 5], None, "vae", None),
    ],
)
def test_pipeline_tag_fits_the_samples(tmp_path, shape, sampler, variant, tag):
    files = stored(tmp_path / "model", sampler=sampler, variant=variant, sample_shape=shape)
    text = card.of_files(files)
    assert metadata(text).get("pipeline_tag") == tag
    assert ("aezoo generate" in text) == (tag == "unconditional-image-generation")


def test_model_without_sampler_or_known_prior_is_not_said_to_generate(tmp_path):
    text = card.of_files(stored(tmp_path / "model", variant="acme/unknown"))
    assert "An autoencoder of the variant acme/unknown." in text
    assert "unless its variant has a prior" in text
    assert "model.generate" not in text
    known = card.of_files(stored(tmp_path / "other", variant="acme/unknown"), prior=True)
    assert "model.generate" in known


def test_files_that_are_no_model_are_refused(tmp_path):
    files = stored(tmp_path / "model")
    with pytest.raises(StoreError, match=r"model\.safetensors"):
        card.of_files({**files, "model.safetensors": b"nothing"})


def test_pictures_of_a_users_model_are_shown_without_a_story(tmp_path):
    files = stored(tmp_path / "model") | {"loss_curve.png": b"", "samples.png": b""}
    text = card.of_files(files)
    assert "![loss_curve](loss_curve.png)" in text
    assert "Nobody picked" not in text


@pytest.mark.parametrize("missing", [(), ("metrics",), ("recipe",), ("data",), ("computed",)])
def test_record_with_little_in_it_still_has_a_card(missing):
    record, config, manifest = documents("vae.digits")
    poor = {key: value for key, value in record.items() if missing and key not in missing}
    text = card.of_preset({"name": "vae.digits", **poor}, config, manifest)
    assert "model-index" in metadata(text) or "not measured" in text
    assert card.of_preset({}, {}, {}).count("# model\n") == 1


@pytest.mark.parametrize("wrong", [None, 7, "text", [], [1], {}, {"n": "x"}, True, 1e400])
def test_values_of_a_wrong_type_are_left_out(wrong):
    record, config, manifest = documents("vae.digits")
    for key in record:
        metadata(card.of_preset({**record, key: wrong}, config, manifest))
    for key in record["metrics"]:
        scores = {**record["metrics"], key: wrong}
        metadata(card.of_preset({**record, "metrics": scores}, config, manifest))
    for key in config:
        metadata(card.of_preset(record, {**config, key: wrong}, manifest))
    for key in config["config"]:
        inner = {**config["config"], key: wrong}
        metadata(card.of_preset(record, {**config, "config": inner}, manifest))
    metadata(card.of_preset(record, config, {"files": wrong}))


def spoiled(document, text):
    """A document with every string replaced, the keys too where they are free."""
    if isinstance(document, dict):
        return {key: spoiled(value, text) for key, value in document.items()}
    if isinstance(document, list):
        return [spoiled(value, text) for value in document]
    return text if isinstance(document, str) else document


@pytest.mark.parametrize("hostile", TEXTS)
def test_hostile_strings_stay_text(hostile):
    record, config, manifest = (spoiled(document, hostile) for document in documents("vae.digits"))
    record["metrics"]["terms"] = {hostile: 1.5}
    record["metrics"]["skipped"] = {hostile: hostile}
    record["hub"] = {"repo": hostile, "commit": hostile}
    clean = preset_card("vae.digits", repo="org/digits")
    found = synopsis.Synopsis(hostile, ((hostile.replace("]", ""), "https://a.example"),))
    text = card.of_preset(
        record, config, manifest, licence=hostile, synopsis=found, pictures=list(gallery.CAPTIONS)
    )
    data = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
    whole = hostile.encode("utf-8", "replace").decode()
    assert data.get("license", "") == whole
    assert data["tags"][:2] == ["keras", "autoencoder"]
    assert set(data["tags"][2:]) <= {whole, "unknown"}
    assert not set(data) - {*metadata(clean)}
    kinds, usual = ([t.type for t in tokens(prose(page))] for page in (text, clean))
    assert not {"html_block", "html_inline", "hr"} & {*kinds}
    for kind in ("heading_open", "bullet_list_open", "fence", "table_open"):
        assert kinds.count(kind) <= usual.count(kind)
    links = [t.attrs["href"] for t in tokens(prose(text)) if t.type == "link_open"]
    images = [t.attrs["src"] for t in tokens(prose(text)) if t.type == "image"]
    assert links == ["https://a.example"]
    assert set(images) <= {*gallery.CAPTIONS}
    assert "\x1b" not in text
    assert "\u202e" not in text
    text.encode("utf-8")


@given(st.text())
def test_any_text_survives_the_metadata(value):
    whole = value.encode("utf-8", "replace").decode()
    document = {"a": value, "b": [value, {"c": value, "d": []}], "e": {"f": [[value]]}}
    read = yaml.safe_load(front_matter.dump(document).strip("-\n"))
    assert read == {"a": whole, "b": [whole, {"c": whole, "d": []}], "e": {"f": [[whole]]}}


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans())
def test_any_number_survives_the_metadata(value):
    read = yaml.safe_load(front_matter.dump({"value": value}).strip("-\n"))["value"]
    assert (read, type(read)) == (value, type(value))


@given(st.text())
def test_any_text_is_shown_as_it_is(value):
    line = markdown.plain(value)
    cell = markdown.table(["a", "b"], [[markdown.text(value), markdown.code(value)]])
    (shown, code) = [t for t in tokens(cell) if t.type == "inline"][2:]
    assert "".join(t.content for t in shown.children) == line
    assert [t.content.strip() for t in code.children] == [line.strip()]


def test_block_ends_where_it_should():
    (token,) = tokens(markdown.block("a\n````\nb", "sh"))
    assert (token.type, token.content) == ("fence", "a\n````\nb\n")


def test_synopsis_reads_a_plugin_without_importing_it(tmp_path, monkeypatch):
    (tmp_path / "trap.py").write_text(
        "raise SystemExit\n"
        "from aezoo.variants.vae import VAE as Base\n"
        "class Trap(Base):\n"
        '    """Catches `x`.\n\n    Reference:\n        [T, 2020](https://a.example/t)\n    """\n'
        "class Orphan(Unknown):\n"
        '    """Has no parents."""\n'
        "class Loop(Loop):\n"
        '    """Goes round."""\n'
        "class Silent(Base):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def found(name):
        entry = type("Entry", (), {"target": f"trap:{name}"})
        monkeypatch.setattr("aezoo_registry.find", lambda kind, variant: entry)
        return synopsis.find("acme/trap")

    references = (("T, 2020", "https://a.example/t"),)
    assert found("Trap") == synopsis.Synopsis("Catches `x`.", references, True)
    assert found("Orphan") == synopsis.Synopsis("Has no parents.", (), None)
    assert found("Loop").prior is None
    assert found("Silent") is None
    assert found("Missing") is None
    assert "trap" not in sys.modules


@pytest.mark.parametrize(
    ("variant", "prior"),
    [("ae", False), ("dae", False), ("sparse_ae", False), ("vae", True), ("beta_vae", True)],
)
def test_synopsis_knows_which_variants_have_a_prior(variant, prior):
    assert synopsis.find(variant).prior is prior


class Copier:
    """A model of 8x8 images that gives back what it gets, and draws what its seed says."""

    sample_shape = (8, 8, 1)
    sampler = None
    learns_code = True

    def __init__(self, *functions):
        self.functions = functions

    @property
    def engine(self):
        return type("Engine", (), {"has": lambda _, name: name in self.functions})()

    def reconstruct(self, x):
        return x / 255

    def generate(self, n, *, seed, sampler=None):
        assert sampler == ("prior" if self.sampler is None else None)
        return np.random.default_rng(seed).random((n, 8, 8, 1))

    def interpolate(self, a, b, *, steps):
        t = np.linspace(0, 1, steps)[:, None, None, None]
        return ((1 - t) * a[:, None] + t * b[:, None]) / 255


@pytest.fixture(name="images")
def _images():
    return np.random.default_rng(0).integers(0, 256, (gallery.SHOWN, 8, 8, 1), dtype=np.uint8)


def test_gallery_draws_what_the_model_can_do(images):
    assert list(gallery.draw(Copier(), images)) == ["reconstructions.png", "walk.png"]
    with_prior = gallery.draw(Copier("prior"), images)
    assert list(with_prior) == ["reconstructions.png", "prior.png", "walk.png"]
    assert {picture.shape[1] for picture in with_prior.values()} == {466}
    with pytest.raises(ValueError, match="16 images"):
        gallery.draw(Copier(), images[:3])


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (20, 31, 3), (64, 64, 3)])
def test_originals_are_read_back_from_the_picture(shape):
    images = np.random.default_rng(0).integers(0, 256, (gallery.SHOWN, *shape), dtype=np.uint8)
    picture = gallery.draw(Copier(), images)["reconstructions.png"]
    assert np.array_equal(gallery.originals(picture, shape), images)
    with pytest.raises(ValueError, match="must have the shape"):
        gallery.originals(picture[1:], shape)


def test_pictures_are_compared_with_new_ones(images):
    model = Copier("prior")
    drawn = gallery.draw(model, images)
    assert gallery.difference(model, drawn) == 0
    changed = {**drawn, "walk.png": np.where(drawn["walk.png"] > 250, 247, drawn["walk.png"])}
    assert 4 <= gallery.difference(model, changed) <= 8
    assert gallery.difference(Copier(), drawn) == 255


def test_png_keeps_pixels_and_says_which_weights(images):
    picture = gallery.draw(Copier(), images)["walk.png"]
    content = gallery.to_png(picture, "abc")
    assert content == gallery.to_png(picture, "abc")
    pixels, weights = gallery.from_png(content)
    assert np.array_equal(pixels, picture)
    assert weights == "abc"


def test_cards_cost_no_keras():
    code = "import sys, aezoo.card; print(*{'keras', 'huggingface_hub'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("module", [m.name for m in pkgutil.iter_modules(card.__path__)])
def test_examples_in_docstrings_run(module):
    result = doctest.testmod(importlib.import_module(f"aezoo.card.{module}"))
    assert result.failed == 0


def test_documents_are_not_changed():
    record, config, manifest = documents("vae.digits")
    before = copy.deepcopy([record, config, manifest])
    card.of_preset(record, config, manifest)
    assert [record, config, manifest] == before
