"""A card from the documents of a preset or of any stored model."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from aezoo import stored
from aezoo.card import body, front_matter, gallery
from aezoo.card import synopsis as synopses
from aezoo.card.facts import Facts, dig, has_prior
from aezoo.card.synopsis import Synopsis
from aezoo.layout import MANIFEST, SAMPLER_PREFIX

NAME = "README.md"


def of_preset(
    record: Mapping[str, Any],
    config: Mapping[str, Any],
    manifest: Mapping[str, Any],
    *,
    repo: str | None = None,
    licence: str | None = None,
    synopsis: Synopsis | None = None,
    pictures: Collection[str] = (),
) -> str:
    """Describe a pretrained model.

    Args:
        record: Its `record.json`; where it is published, with `repo` and `commit` under `hub`.
        config: Its `config.json`.
        manifest: Its `manifest.json`.
        repo: The Hub repository, `org/name`, that the card is written for. Its address is given
            without a commit, because a card cannot name the commit that it is part of.
        licence: Licence of the weights, as the Hub writes it; None where none is stated.
        synopsis: What the variant says of itself, see `aezoo.card.synopsis.find`.
        pictures: Names of the pictures beside the card, of those that `aezoo.card.gallery` draws.

    Returns:
        Content of README.md. What the record does not hold is left out or said to be not measured.
    """
    name = dig(record, "name", of=str) or "model"
    sources = [name]
    if repo:
        sources.insert(0, f"hf://{repo}")
    elif home := dig(record, "hub", "repo", of=str):
        commit = dig(record, "hub", "commit", of=str)
        sources.append(f"hf://{home}@{commit}" if commit else f"hf://{home}")
    scores = dig(record, "metrics", of=Mapping) or {}
    facts = Facts(
        name=name,
        sources=tuple(sources),
        config=config,
        files=_files(manifest),
        parameters=dig(record, "parameters", of=int),
        prior=_prior(has_prior(scores), synopsis),
        scores=scores,
        record=record,
        licence=licence,
        synopsis=synopsis,
        pictures=tuple(name for name in gallery.CAPTIONS if name in pictures),
    )
    return _card(facts)


def of_model(
    config: Mapping[str, Any],
    manifest: Mapping[str, Any],
    *,
    repo: str | None = None,
    prior: bool = False,
    scores: Mapping[str, Any] | None = None,
    parameters: int | None = None,
    synopsis: Synopsis | None = None,
    pictures: Collection[str] = (),
) -> str:
    """Describe a stored model of which nothing more is known than what is stored.

    Args:
        config: Its `config.json`.
        manifest: Its `manifest.json`.
        repo: The Hub repository, `org/name`, that the card is written for, or None.
        prior: Whether the model is known to have a prior.
        scores: What `aezoo.evaluate` returned, or None.
        parameters: Number of weights, without the sampler's.
        synopsis: What the variant says of itself, see `aezoo.card.synopsis.find`.
        pictures: Names of the pictures beside the card.

    Returns:
        Content of README.md.
    """
    facts = Facts(
        name=repo.rpartition("/")[2] if repo else f"{dig(config, 'variant', of=str)} model",
        sources=(f"hf://{repo}" if repo else "./model",),
        config=config,
        files=_files(manifest),
        parameters=parameters,
        prior=_prior(prior or has_prior(scores or {}), synopsis),
        scores=scores or {},
        record={},
        licence=None,
        synopsis=synopsis,
        pictures=tuple(sorted(pictures)),
    )
    return _card(facts)


def of_files(
    files: Mapping[str, bytes],
    *,
    repo: str | None = None,
    prior: bool = False,
    scores: Mapping[str, Any] | None = None,
) -> str:
    """Describe a stored model by its files.

    Args:
        files: Content by name: those that its manifest lists, the manifest, and any pictures.
        repo: The Hub repository, `org/name`, that the card is written for, or None.
        prior: Whether the model is known to have a prior.
        scores: What `aezoo.evaluate` returned, or None.

    Returns:
        Content of README.md.

    Raises:
        StoreError: If the files are no model.
    """
    model = stored.decode(Path(repo or "model"), files)
    sizes = (
        math.prod(shape)
        for name, (_, shape) in model.header.items()
        if not name.startswith(SAMPLER_PREFIX)
    )
    return of_model(
        model.config,
        json.loads(files[MANIFEST]),
        repo=repo,
        prior=prior,
        scores=scores,
        parameters=sum(sizes),
        synopsis=synopses.find(model.config["variant"]),
        pictures=[name for name in files if name.endswith(".png")],
    )


def _card(facts: Facts) -> str:
    return f"{front_matter.dump(front_matter.metadata(facts))}\n{body.body(facts)}"


def _prior(known: bool, synopsis: Synopsis | None) -> bool | None:
    return known or (synopsis.prior if synopsis else None)


def _files(manifest: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    found = {}
    for name, entry in (dig(manifest, "files", of=Mapping) or {}).items():
        size, digest = dig(entry, "size", of=int), dig(entry, "sha256", of=str)
        if size is not None and digest is not None:
            found[name] = (size, digest)
    return found
