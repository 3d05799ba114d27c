"""The pages that hold records: cards, their index, and tables in README.md and docs/."""

from aezoo import card
from aezoo.card import gallery, synopsis
from showcase import tables
from showcase.documents import ROOT, documents, records, weights
from showcase.pictures import wanted

MARK = "<!-- {name}:{place} -->"
LICENCE = "apache-2.0"
TASKS = ("super_resolve", "inpaint", "denoise", "restore", "stylize", "compress")

INTRODUCTION = """
Each name leads to the model's card: how to use it, pictures, scores, training, licences, limits.
Nobody picked the pictures: they show the first test samples above their reconstructions, and what
the sampler that is stored with the model draws with seed 0.
"""

COLUMNS = """
- **MSE, PSNR, SSIM**: of the reconstruction from the mean code, on samples that the model was not
  trained on. MSE is per element, for samples in [0, 1]; PSNR is in dB, the mean over samples; SSIM
  needs images of at least 11x11 pixels.
- **PCA MSE**: the same MSE of a principal component analysis with as many components as the model
  has latent units, fitted to the same training split.
- **ELBO**: evidence lower bound in nats per sample, the mean over samples and several draws from
  the posterior; only where there are a posterior and a prior. Under a Bernoulli likelihood grey
  values count as probabilities: compare models of one dataset and one likelihood only.
- **Active**: latent units whose mean code varies with the sample (variance above 0.01), of all.
- **Bytes**: size of the weights file, with the fitted sampler. The scores are those of the stored,
  rounded weights.
"""


def pages(root=ROOT):
    """Returns the content of every page that holds records, by path.

    Args:
        root: The checkout.

    Raises:
        ValueError: A page has no place for its table.
    """
    found = records(root)
    index = (
        "<!-- Written by tools/cards.py from the presets' records: do not edit. -->\n"
        f"# Pretrained models\n\n{INTRODUCTION.strip()}\n\n{tables.thumbnails(found, root)}\n"
        f"## Scores\n\n{tables.scores(found, '.')}\n{COLUMNS.strip()}\n\n"
        f"## Where they come from\n\n{tables.origins(found)}"
    )
    home = root / "model_cards"
    cards = {home / r["name"] / card.NAME: page(r["name"], root=root) for r in found}
    readme, tasks = root / "README.md", root / "docs" / "tasks.md"
    for_tasks = {name: tables.tested(found, name) for name in TASKS}
    return {
        readme: _filled(readme, {"presets": tables.scores(found, "model_cards")}),
        tasks: _filled(tasks, {name: text for name, text in for_tasks.items() if text}),
        home / "README.md": index,
        **cards,
    }


def _filled(page, tables):
    """Returns the text of a page with its tables written anew, each between two marks."""
    text = page.read_text(encoding="utf-8")
    for name, content in tables.items():
        marks = [MARK.format(name=name, place=place) for place in ("begin", "end")]
        before, begin, rest = text.partition(f"{marks[0]}\n")
        _, end, after = rest.partition(f"{marks[1]}\n")
        if not begin or not end:
            raise ValueError(f"{page} needs a line {marks[0]} and, below it, a line {marks[1]}.")
        text = f"{before}{begin}{content}{end}{after}"
    return text


def page(name, *, repo=None, root=ROOT):
    """Returns the card of a preset.

    Args:
        name: Name of the preset.
        repo: The Hub repository that the card is written for; None for the checkout.
        root: The checkout.
    """
    record, config, manifest = documents(name, root)
    return card.of_preset(
        record,
        config,
        manifest,
        repo=repo,
        licence=LICENCE,
        synopsis=synopsis.find(record["variant"]),
        pictures=wanted(record, config),
    )


def files(name, *, repo=None, root=ROOT):
    """Returns the card of a preset with its pictures, as it is published.

    Args:
        name: Name of the preset.
        repo: The Hub repository that it is published in.
        root: The checkout.

    Returns:
        Content by file name.

    Raises:
        FileNotFoundError: A picture was not drawn.
    """
    record, config, _ = documents(name, root)
    home = root / "model_cards" / name
    pictures = {picture: (home / picture).read_bytes() for picture in wanted(record, config)}
    return {card.NAME: page(name, repo=repo, root=root).encode(), **pictures}


def faults(root=ROOT):
    """Yields what is wrong with the files in model_cards/, beside the text of the pages.

    Args:
        root: The checkout.
    """
    home = root / "model_cards"
    expected = {home / "README.md"}
    for record in records(root):
        name = record["name"]
        _, config, manifest = documents(name, root)
        expected.add(home / name / card.NAME)
        for path in (home / name / picture for picture in wanted(record, config)):
            expected.add(path)
            if not path.exists():
                yield f"{path.relative_to(root)} is missing: run python tools/cards.py --pictures"
            elif gallery.from_png(path.read_bytes())[1] != weights(manifest):
                yield f"{path.relative_to(root)} is of other weights: draw it again"
    for path in sorted(set(home.rglob("*")) - expected):
        if path.is_file():
            yield f"{path.relative_to(root)} belongs to no preset: delete it"
