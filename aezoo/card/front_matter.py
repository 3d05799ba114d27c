"""The metadata above a card: what the Hub lists and filters models by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aezoo.card.facts import Facts, Score, dig

_ON_THE_HUB = {"fashion_mnist": "zalando-datasets/fashion_mnist", "mnist": "ylecun/mnist"}
_DATASET = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)


def metadata(facts: Facts) -> dict[str, Any]:
    """Return the metadata of a model as the Hub defines it.

    Args:
        facts: What is known about the model.

    Returns:
        `library_name`, `tags`, and where there is reason for them `license`, `pipeline_tag`,
        `datasets` and `model-index`.

    Reference:
        [Model card metadata](https://github.com/huggingface/hub-docs/blob/main/modelcard.md)
    """
    found: dict[str, Any] = {}
    if facts.licence:
        found["license"] = facts.licence
    found["library_name"] = "aezoo"
    if facts.restores:
        found["pipeline_tag"] = "image-to-image"
    elif facts.is_image:
        generation, features = "unconditional-image-generation", "image-feature-extraction"
        found["pipeline_tag"] = generation if facts.generates else features
    tags = ["keras", "autoencoder", facts.variant, facts.dataset]
    found["tags"] = list(dict.fromkeys(filter(None, tags)))
    if facts.dataset and _DATASET.fullmatch(facts.dataset):
        found["datasets"] = [_ON_THE_HUB.get(facts.dataset, facts.dataset)]
    results = list(_results(facts))
    if results:
        found["model-index"] = [{"name": facts.name, "results": results}]
    return found


def dump(document: Mapping[str, Any]) -> str:
    """Return a document as YAML between two lines of dashes.

    Strings are quoted as in JSON, whatever they hold, so that no parser takes one for another type
    or for structure.

    Args:
        document: Nested dict, list, str, int, float, bool and None; the keys are plain words.

    Example:
        >>> print(dump({"tags": ["no", "a: b"]}), end="")
        ---
        tags:
          - "no"
          - "a: b"
        ---
    """
    return "".join(["---\n", *(f"{line}\n" for line in _lines(document)), "---\n"])


def _results(facts: Facts) -> Iterator[dict[str, Any]]:
    name, split = (dig(facts.scores, key, of=str) for key in ("dataset", "split"))
    if not name:
        return
    dataset = {"type": _ON_THE_HUB.get(name, name), "name": name}
    if split:
        dataset["split"] = split
    measured = facts.measured()
    generated = [score for score in measured if score.references is not None]
    density = [score for score in measured if score.density]
    others = [score for score in measured if score not in (*generated, *density)]
    tasks = {
        "Reconstruction": ("image-to-image", others),
        "Density estimation": ("unconditional-image-generation", density),
        "Generation": ("unconditional-image-generation", generated),
    }
    for title, (task, scores) in tasks.items():
        if scores:
            kind = task if facts.is_image else "other"
            yield {
                "task": {"type": kind, "name": title},
                "dataset": dataset,
                "metrics": [_metric(score) for score in scores],
            }


def _metric(score: Score) -> dict[str, Any]:
    arguments = {**({} if score.n is None else {"n": score.n}), **score.setting}
    found = {"type": score.key, "name": score.label, "value": score.value}
    return found | ({"args": arguments} if arguments else {})


def _lines(value: Any) -> Iterator[str]:
    """Yield the lines of a mapping or a list."""
    items = value.items() if isinstance(value, Mapping) else (("-", item) for item in value)
    for key, item in items:
        head = key if key == "-" else f"{key}:"
        if not isinstance(item, (Mapping, list)):
            yield f"{head} {_scalar(item)}"
        elif not item:
            yield f"{head} {'{}' if isinstance(item, Mapping) else '[]'}"
        elif key == "-":
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
        else:
            yield head
            yield from (f"  {line}" for line in _lines(item))


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        # YAML 1.1 takes a number without a point, such as 1e-05, for text.
        mantissa, exponent, power = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{power}"
    if not isinstance(value, str):
        return json.dumps(value)
    whole = value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    quoted = json.dumps(whole, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08x}"
