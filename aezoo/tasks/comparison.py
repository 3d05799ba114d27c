"""A model beside the classical baselines: the numbers, and who wins, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MODEL = "model"


def compare(
    rows: Mapping[str, Sequence[Mapping[str, float]]], *, unit: str = "dB", **facts: Any
) -> dict[str, Any]:
    """Sum up what each method scored on each image; higher is better.

    Args:
        rows: Condition, such as `"x2"`, to one dictionary an image: method to score. One method is
            called `"model"`, the others are baselines, of which there may be none.
        unit: Unit of the scores; empty where the conditions name theirs.
        **facts: What else has to be known, as JSON values.

    Returns:
        `facts`; `n`, the number of images; `unit`; `scores`, condition to method to mean;
        `images`, the rows; and `verdict`, a sentence for each condition.

    Example:
        >>> found = compare({"x2": [{"model": 35.0, "bicubic": 33.5}]}, task="super_resolve")
        >>> found["verdict"]
        ['x2: the model is 1.50 dB above bicubic, the best baseline.']
    """
    means = {
        condition: {name: float(np.mean([image[name] for image in images])) for name in images[0]}
        for condition, images in rows.items()
    }
    return {
        **facts,
        "n": max(map(len, rows.values())),
        "unit": unit,
        "scores": means,
        "images": {condition: [*map(dict, images)] for condition, images in rows.items()},
        "verdict": [_verdict(condition, row, unit) for condition, row in means.items()],
    }


def _verdict(condition: str, means: Mapping[str, float], unit: str) -> str:
    others = {name: value for name, value in means.items() if name != MODEL}
    if not others:
        return f"{condition}: no baseline goes there."
    best = max(others, key=lambda name: others[name])
    lead = means[MODEL] - others[best]
    by = f"{abs(lead):.2f} {unit}".rstrip()
    if lead > 0:
        return f"{condition}: the model is {by} above {best}, the best baseline."
    return f"{condition}: the model LOSES to {best} by {by}."
