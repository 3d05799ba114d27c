"""`aezoo.push`: a model, or a model directory, to the Hub."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from aezoo import card, factory, hub, regular_file, sources, store
from aezoo.card import synopsis
from aezoo.hub import cache
from aezoo.interface import Interface
from aezoo.layout import CONFIG, MANIFEST, MAX_CARD, RECORD, WEIGHTS


def push(
    model: Any,
    repository: str,
    *,
    public: bool = False,
    dry_run: bool = False,
    message: str | None = None,
    branch: str | None = None,
    dtype: str = "float32",
    overwrite: bool = False,
) -> hub.Push:
    """Publishes a model on the Hugging Face Hub.

    What goes up are the files of the model, and a card: `README.md` and the pictures of the
    directory, or a card made from the model's configuration, which does not replace one that was
    edited on the Hub. The token is that of `hf auth login` or `HF_TOKEN`.

    Args:
        model: An `aezoo.Autoencoder`, or what `aezoo.load` takes: a directory such as
            `./my-model`, the name of a preset, or `hf://org/name`.
        repository: `org/name`; made where there is none.
        public: Make a new repository public; without it, it is private.
        dry_run: Only tell what would be pushed; makes no request.
        message: Message of the commit.
        branch: Branch to commit to, made where there is none; None for the default one.
        dtype: How the weights of a model are stored; what is stored already is pushed as it is.
        overwrite: Commit to a repository that holds what aezoo did not write, too.

    Returns:
        What was done: `files`, `commit`, `changed`, and `address`, which loads it back. Unchanged
        content makes no commit.

    Raises:
        HubError: The Hub, or the way to it, did not do what was asked. The repository has the
            whole commit, or has not.
        StoreError: The directory holds no valid model.
        ValueError: A name is not valid, or a weight does not fit `dtype`.

    Example:
        ```python
        import aezoo

        model = aezoo.load("vae.digits")
        print(aezoo.push(model, "me/digits", dry_run=True).files)
        ```
    """
    hub.check_repository(repository)
    if branch is not None:
        hub.check_branch(branch)
    if isinstance(model, str | os.PathLike):
        directory = sources.pull(model)
        contents = store.contents(directory, roots=cache.roots(directory))
        text = _card(directory, contents, repository)
    elif isinstance(model, Interface):
        with tempfile.TemporaryDirectory() as scratch:
            contents = store.contents(factory.save(model, Path(scratch) / "model", dtype=dtype))
        text = card.of_files(contents, repo=repository, prior=model.engine.has("prior"))
    else:
        raise ValueError(
            "model must be an aezoo.Autoencoder, or what aezoo.load takes: a preset, a directory, "
            f"an address. Received: {type(model).__name__}."
        )
    if card.NAME not in contents:
        contents[card.NAME] = card.seal(text)
    if dry_run:
        return hub.Push(repository, hub.describe(contents), None, False)
    return hub.push(
        contents, repository, public=public, message=message, branch=branch, overwrite=overwrite
    )


def _card(directory: Path, contents: dict[str, bytes], repository: str) -> str:
    """Returns the card of a preset where the directory has its record, else that of any model."""
    config, manifest = (json.loads(contents[name]) for name in (CONFIG, MANIFEST))
    try:
        text = regular_file.read(directory / RECORD, roots=[directory], limit=MAX_CARD)
        record = json.loads(text)
        fits = record["sha256"] == manifest["files"][WEIGHTS]["sha256"]
    except (ValueError, TypeError, LookupError):
        fits = False
    if not fits:
        return card.of_files(contents, repo=repository)
    return card.of_preset(
        record,
        config,
        manifest,
        repo=repository,
        synopsis=synopsis.find(config["variant"]),
        pictures=[name for name in contents if name.endswith(".png")],
    )
