"""Tables of what the presets score, and of where they come from."""

from aezoo import card
from aezoo.card.markdown import table
from showcase.documents import ROOT, documents
from showcase.pictures import wanted

NONE = "n/a"


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
        shown = wanted(record, documents(name, root)[1])
        image = f'<img src="{name}/{{0}}" width="233" alt="{{1}}">'
        cells = [image.format(file, file[:-4]) if file in shown else NONE for file in titles]
        rows.append((_link(record, "."), *cells))
    return table(["Preset", *titles.values()], rows, left=(0, 1, 2))


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
