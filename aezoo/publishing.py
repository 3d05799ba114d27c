"""`aezoo.push`: a model, or a model directory, to the Hub."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from aezoo import card, factory, hub, store


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
        contents = store.contents(Path(model).expanduser())
    else:
        with tempfile.TemporaryDirectory() as scratch:
            contents = store.contents(factory.save(model, Path(scratch) / "model", dtype=dtype))
    if card.NAME not in contents:
        prior = hasattr(model, "engine") and model.engine.has("prior")
        contents[card.NAME] = card.seal(card.of_files(contents, repo=repository, prior=prior))
    if dry_run:
        return hub.Push(repository, hub.describe(contents), None, False)
    return hub.push(
        contents, repository, public=public, message=message, branch=branch, overwrite=overwrite
    )
