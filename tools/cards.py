"""Writes what the records of the embedded presets say: model_cards/ and tables in the docs.

    python tools/cards.py                     # write the pages
    python tools/cards.py --check             # exit 1 if one of them or a picture is out of date
    python tools/cards.py --pictures [NAME]   # draw the pictures; needs Keras and the data
    python tools/cards.py --pictures --check  # draw them again, from the images that they show

Every figure is read from a `record.json` under aezoo/presets/, which tools/train.py writes; nothing
is measured here. A picture holds the hash of the weights that drew it, so that the check without
Keras knows an old one.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from aezoo import card
from aezoo.card import gallery, synopsis
from aezoo.card.facts import has_prior
from aezoo.card.markdown import table

ROOT = Path(__file__).resolve().parent.parent
MARK = "<!-- {name}:{place} -->"
NONE = "n/a"
LICENCE = "apache-2.0"
TASKS = ("super_resolve", "inpaint", "denoise", "restore", "stylize", "compress")
TOLERANCE = 2  # of 255, between machines

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


def records(root=ROOT):
    """Returns the records of the embedded presets, sorted by name.

    Args:
        root: The checkout.
    """
    paths = sorted((root / "aezoo" / "presets").glob("*/record.json"))
    return [_json(path) for path in paths]


def scores(found, cards):
    """Returns the Markdown table of what the presets score.

    Args:
        found: Records.
        cards: Folder of the cards, relative to the page.
    """
    titles = "Preset|Parameters|Bytes|MSE|PCA MSE|PSNR|SSIM|ELBO|Active|Measured on|Seed"
    rows = [(_link(record, cards), *_scores_row(record)) for record in found]
    return table(titles.split("|"), rows, left=(0, 9))


def origins(found):
    """Returns the Markdown table of what the presets were trained on, and how.

    Args:
        found: Records.
    """
    titles = "Preset|Training data|Licence of the data|Trained by|Epochs|In|On"
    return table(titles.split("|"), map(_origins_row, found), left=(0, 1, 2, 3, 5, 6))


def thumbnails(found, root=ROOT):
    """Returns the Markdown table of what the presets reconstruct and draw.

    Args:
        found: Records.
        root: The checkout.
    """
    titles = {"reconstructions.png": "Test samples, reconstructed", "samples.png": "New samples"}
    rows = []
    for record in found:
        name = record["name"]
        shown = wanted(record, _documents(name, root)[1])
        image = f'<img src="{name}/{{0}}" width="233" alt="{{1}}">'
        cells = [image.format(file, file[:-4]) if file in shown else NONE for file in titles]
        rows.append((_link(record, "."), *cells))
    return table(["Preset", *titles.values()], rows, left=(0, 1, 2))


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
        f"# Pretrained models\n\n{INTRODUCTION.strip()}\n\n{thumbnails(found, root)}\n"
        f"## Scores\n\n{scores(found, '.')}\n{COLUMNS.strip()}\n\n"
        f"## Where they come from\n\n{origins(found)}"
    )
    home = root / "model_cards"
    cards = {home / r["name"] / card.NAME: page(r["name"], root=root) for r in found}
    readme, tasks = root / "README.md", root / "docs" / "tasks.md"
    for_tasks = {name: tested(found, name) for name in TASKS}
    return {
        readme: _filled(readme, {"presets": scores(found, "model_cards")}),
        tasks: _filled(tasks, {name: text for name, text in for_tasks.items() if text}),
        home / "README.md": index,
        **cards,
    }


def tested(found, task):
    """Returns what the presets of a task score, as a Markdown table; empty without any.

    Args:
        found: Records.
        task: Name of the task.
    """
    rows, methods, unit = [], [], ""
    for record in found:
        scored = record.get("tested", {})
        if scored.get("task") == task:
            unit = scored["unit"]
            for condition, means in scored["scores"].items():
                methods += [name for name in means if name not in methods]
                rows.append((record["name"], scored["data"], condition, means))
    cells = [
        [f"`{name}`", data, condition, *(_number(means.get(m), ".2f") for m in methods)]
        for name, data, condition, means in rows
    ]
    titles = ["Preset", "Data", unit or "What", *methods]
    return table(titles, cells, left=(0, 1, 2)) if rows else ""


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
    record, config, manifest = _documents(name, root)
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
    record, config, _ = _documents(name, root)
    home = root / "model_cards" / name
    pictures = {picture: (home / picture).read_bytes() for picture in wanted(record, config)}
    return {card.NAME: page(name, repo=repo, root=root).encode(), **pictures}


def wanted(record, config):
    """Returns the names of the pictures that a preset's card shows; none without images.

    Args:
        record: Its record.
        config: Its configuration.
    """
    shape = config["config"]["sample_shape"]
    if len(shape) != 3 or shape[-1] not in (1, 3):
        return []
    left_out = set() if config["sampler"] else {"samples.png"}
    left_out |= set() if has_prior(record["metrics"]) else {"prior.png"}
    left_out |= {"walk.png"} if "degradation" in config["config"] else set()
    return [name for name in gallery.CAPTIONS if name not in left_out]


def draw(name, root=ROOT):
    """Draws the pictures of a preset.

    Args:
        name: Name of the preset.
        root: The checkout.

    Returns:
        Content of the PNG files, by name.
    """
    from aezoo import arrays, data, factory

    record, config, manifest = _documents(name, root)
    if not wanted(record, config):
        return {}
    scored, recipe = record["metrics"], record["recipe"]
    if "photographs" in recipe:
        import photographs

        x = photographs.held_out(**recipe["photographs"]).x
    else:
        x = data.load(scored["dataset"], scored["split"]).x
    model = factory.load(root / "aezoo" / "presets" / name)
    found = gallery.draw(model, arrays.to_uint8(x[: gallery.shown(model)], name="x"))
    return {
        picture: gallery.to_png(pixels, _weights(manifest)) for picture, pixels in found.items()
    }


def faults(root=ROOT):
    """Yields what is wrong with the files in model_cards/, beside the text of the pages.

    Args:
        root: The checkout.
    """
    home = root / "model_cards"
    expected = {home / "README.md"}
    for record in records(root):
        name = record["name"]
        _, config, manifest = _documents(name, root)
        expected.add(home / name / card.NAME)
        for path in (home / name / picture for picture in wanted(record, config)):
            expected.add(path)
            if not path.exists():
                yield f"{path.relative_to(root)} is missing: run python tools/cards.py --pictures"
            elif gallery.from_png(path.read_bytes())[1] != _weights(manifest):
                yield f"{path.relative_to(root)} is of other weights: draw it again"
    for path in sorted(set(home.rglob("*")) - expected):
        if path.is_file():
            yield f"{path.relative_to(root)} belongs to no preset: delete it"


def difference(name, root=ROOT):
    """Draws the pictures of a preset again, from the images that they show, and compares.

    Args:
        name: Name of the preset.
        root: The checkout.

    Returns:
        Largest difference of a pixel from the stored one, of 255.
    """
    from aezoo import factory

    record, config, _ = _documents(name, root)
    home = root / "model_cards" / name
    stored = {n: gallery.from_png((home / n).read_bytes())[0] for n in wanted(record, config)}
    if not stored:
        return 0
    return gallery.difference(factory.load(root / "aezoo" / "presets" / name), stored)


def _scores_row(record):
    scored = record["metrics"]
    values, baseline = scored["metrics"], scored["baseline"]
    return (
        f"{record['parameters']:,}",
        f"{record['bytes']:,}",
        _number(values.get("mse"), ".5f"),
        _number(baseline and baseline["metrics"]["mse"], ".5f"),
        _number(values.get("psnr"), ".2f"),
        _number(values.get("ssim"), ".4f"),
        _number(scored.get("elbo", {}).get("nats"), ".2f"),
        f"{scored['active_units']} of {scored['latent_units']}",
        f"`{scored['dataset']}` {scored['split']}, {scored['n']:,}",
        str(record["recipe"]["seed"]),
    )


def _origins_row(record):
    data, recipe, computed = record["data"], record["recipe"], record["computed"]
    return (
        f"`{record['name']}`",
        f"`{data['id']}` {data['split']}, {data['n']:,}: {data['source']}",
        data["licence"],
        f"`{recipe['command']}`",
        str(recipe["epochs"]),
        f"{computed['dtype']}, stored as {record['dtype']}",
        computed["machine"],
    )


def _link(record, cards):
    name = record["name"]
    return f"[`{name}`]({'' if cards == '.' else f'{cards}/'}{name}/{card.NAME})"


def _number(value, form):
    return NONE if value is None else format(value, form)


def _documents(name, root):
    home = root / "aezoo" / "presets" / name
    return tuple(_json(home / file) for file in ("record.json", "config.json", "manifest.json"))


def _json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def _weights(manifest):
    return manifest["files"]["model.safetensors"]["sha256"]


def _read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _check_pages(root):
    changed = [path for path, text in pages(root).items() if _read(path) != text]
    for path in changed:
        print(f"{path.relative_to(root)} is out of date: run python tools/cards.py")
    wrong = list(faults(root))
    print("".join(f"{fault}\n" for fault in wrong), end="")
    return int(bool(changed or wrong))


def _write_pages(root):
    for path, text in pages(root).items():
        if _read(path) != text:
            _write(path, text.encode())
            print(f"wrote {path.relative_to(root)}")
    return 0


def _check_pictures(root, names):
    worst = {name: difference(name, root) for name in names}
    for name, by in worst.items():
        print(f"{name}: pictures drawn again differ by at most {by} of 255")
    return int(any(by > TOLERANCE for by in worst.values()))


def _write_pictures(root, names):
    for name in names:
        for picture, content in draw(name, root).items():
            path = root / "model_cards" / name / picture
            _write(path, content)
            print(f"wrote {path.relative_to(root)}, {len(content):,} bytes")
    return 0


def main(root=ROOT):
    """Reads the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets to draw; all by default")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of date")
    parser.add_argument("--pictures", action="store_true", help="the pictures, not the pages")
    arguments = parser.parse_args()
    known = [record["name"] for record in records(root)]
    unknown = sorted({*arguments.names} - {*known})
    if unknown or (arguments.names and not arguments.pictures):
        parser.error(f"name presets of {', '.join(known)}, with --pictures. Received: {unknown}")
    if not arguments.pictures:
        return _check_pages(root) if arguments.check else _write_pages(root)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    act = _check_pictures if arguments.check else _write_pictures
    return act(root, arguments.names or known)


if __name__ == "__main__":
    sys.exit(main())
