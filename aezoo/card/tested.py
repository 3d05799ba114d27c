"""What a card says of the task that a model is for: its command, and its scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aezoo.card.facts import Facts, dig, number
from aezoo.card.markdown import code, plain, table, text


def command(facts: Facts) -> str:
    """Return the command of the task that a preset is made for; empty where there is none."""
    task = dig(facts.record, "tested", "task", of=str)
    if not task:
        return ""
    scale = dig(facts.record, "tested", "scale", of=int)
    option = " --style painting.png" if task == "stylize" else ""
    option += "" if scale is None else f" --scale {scale}"
    out = "photo.aez" if task == "compress" else "better.png"
    return f"aezoo {plain(task.replace('_', '-'))} photo.png{option} --out {out}"


def tested(facts: Facts) -> str:
    """Return the scores of the task, beside the classical methods, as Markdown; or nothing."""
    found = dig(facts.record, "tested", of=Mapping)
    scores = dig(found, "scores", of=Mapping) or {}
    rows = {str(name): _numbers(row) for name, row in scores.items() if isinstance(row, Mapping)}
    methods = list(dict.fromkeys(method for row in rows.values() for method in row))
    if not methods:
        return ""
    cells = [
        [text(name), *("" if method not in row else f"{row[method]:.2f}" for method in methods)]
        for name, row in rows.items()
    ]
    unit, where = (dig(found, key, of=str) for key in ("unit", "data"))
    n, task = dig(found, "n", of=int), dig(found, "task", of=str) or "task"
    images = f"{n} images" if n else "whole images"
    measure = f"PSNR in {text(unit)}, " if unit else ""
    said = (
        f"The task {code(task)} on {images} of {text(where or 'its data')}, {measure}beside "
        "classical methods. None of these images was trained on.\n"
    )
    verdicts = [f"{text(str(line))}\n" for line in found.get("verdict") or ()] if found else []
    titles = [unit or "", *methods]
    return "\n".join([said, table([text(title) for title in titles], cells, left=(0,)), *verdicts])


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    values = {str(name): number(value) for name, value in row.items()}
    return {name: value for name, value in values.items() if value is not None}
