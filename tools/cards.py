"""Writes what the records of the embedded presets say: into README.md and model_cards/README.md.

    python tools/cards.py            # write both
    python tools/cards.py --check    # exit 1 if writing would change one of them

Every figure is read from a `record.json` under aezoo/presets/, which tools/train.py writes; nothing
is measured here. Standard library only.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- presets:begin -->", "<!-- presets:end -->"
NONE = "n/a"

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
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def scores(found):
    """Returns the Markdown table of what the presets score.

    Args:
        found: Records.
    """
    titles = "Preset|Parameters|Bytes|MSE|PCA MSE|PSNR|SSIM|ELBO|Active|Measured on|Seed"
    return _table(titles.split("|"), map(_scores_row, found), left=(0, 9))


def origins(found):
    """Returns the Markdown table of what the presets were trained on, and how.

    Args:
        found: Records.
    """
    titles = "Preset|Training data|Licence of the data|Trained by|Epochs|In|On"
    return _table(titles.split("|"), map(_origins_row, found), left=(0, 1, 2, 3, 5, 6))


def pages(root=ROOT):
    """Returns the content of every page that holds records, by path.

    Args:
        root: The checkout.

    Raises:
        ValueError: README.md has no place for the table.
    """
    found = records(root)
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not begin or not end:
        raise ValueError(f"{readme} needs a line {BEGIN} and, below it, a line {END}.")
    index = (
        "<!-- Written by tools/cards.py from the presets' records: do not edit. -->\n"
        "# Pretrained models\n\n"
        f"{scores(found)}\n{COLUMNS.strip()}\n\n## Where they come from\n\n{origins(found)}"
    )
    return {
        readme: f"{before}{begin}{scores(found)}{end}{after}",
        root / "model_cards" / "README.md": index,
    }


def _scores_row(record):
    scored = record["metrics"]
    values, baseline = scored["metrics"], scored["baseline"]
    return (
        f"`{record['name']}`",
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


def _number(value, form):
    return NONE if value is None else format(value, form)


def _table(titles, rows, left):
    lines = [titles, ["---" if i in left else "---:" for i in range(len(titles))]]
    lines += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(root=ROOT):
    """Reads the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of date")
    check = parser.parse_args().check
    changed = {path: text for path, text in pages(root).items() if _read(path) != text}
    for path, text in changed.items():
        name = path.relative_to(root)
        if check:
            print(f"{name} is out of date: run python tools/cards.py")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return int(check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
