"""`aezoo.push`: a model, or a model directory, to the Hub."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from aezoo import card, factory, hub, store
from aezoo.layout import CONFIG, MANIFEST, RECORD, WEIGHTS


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
        model: An `aezoo.Autoencoder`, or the directory of a stored one.
        repository: `org/name`; made where there is none.
        public: Make a new repository public; without it, it is private.
        dry_run: Only tell what would be pushed; makes no request.
        message: Message of the commit.
        branch: Branch to commit to, made where there is none; None for the default one.
        dtype: How the weights of a model are stored; a directory is pushed as it is.
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
        model = Path(model).expanduser()
        contents = store.contents(model)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            contents = store.contents(factory.save(model, Path(scratch) / "model", dtype=dtype))
    if card.NAME not in contents:
        contents[card.NAME] = card.seal(_card(model, contents, repository))
    if dry_run:
        return hub.Push(repository, hub.describe(contents), None, False)
    return hub.push(
        contents, repository, public=public, message=message, branch=branch, overwrite=overwrite
    )


def _card(model: Any, contents: dict[str, bytes], repository: str) -> str:
    """Returns the card of a preset where the directory has its record, else that of any model."""
    if not isinstance(model, Path):
        return card.of_files(contents, repo=repository, prior=model.engine.has("prior"))
    config, manifest = (json.loads(contents[name]) for name in (CONFIG, MANIFEST))
    try:
        record = json.loads((model / RECORD).read_bytes())
        fits = record["bytes"] == len(contents[WEIGHTS])
    except (OSError, ValueError, TypeError, LookupError):
        fits = False
    if not fits:
        return card.of_files(contents, repo=repository)
    return card.of_preset(record, config, manifest, repo=repository)
