"""The grammar of names, and what is said about a name that nobody registers."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Sequence

BUILTIN = "aezoo"
"""The distribution whose names are bare, and the vendor of its presets."""

PLUGINS_VARIABLE = "AEZOO_PLUGINS"

_SNAKE_CASE = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
_VENDOR = r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*"
_TAG = r"[a-z0-9]+(?:_[a-z0-9]+)*"
_SHOWN = 20


def is_bare(name: str) -> bool:
    """Return whether `name` is the `snake_case` name of a built-in, such as `beta_vae`."""
    return re.fullmatch(_SNAKE_CASE, name) is not None


def is_vendor(name: str) -> bool:
    """Return whether `name` can stand before the slash of a plugin's names."""
    return name != BUILTIN and re.fullmatch(_VENDOR, name) is not None


def is_qualified(name: str) -> bool:
    """Return whether `name` is a plugin's `vendor/name`, such as `acme/fancy_vae`."""
    vendor, _, rest = name.partition("/")
    return is_vendor(vendor) and is_bare(rest)


def is_tagged(name: str) -> bool:
    """Return whether `name` is a preset's `variant.tag`, such as `vae.fashion_mnist`."""
    return re.fullmatch(rf"{_SNAKE_CASE}\.{_TAG}", name) is not None


@functools.lru_cache(maxsize=4096)
def normalise(distribution: str) -> str:
    """Return the name of a distribution as PEP 503 compares it.

    Args:
        distribution: A name as somebody wrote it, such as `"Acme_VAE"`.

    Returns:
        The name in lower case with single hyphens, such as `"acme-vae"`.
    """
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


def singular(kind: str) -> str:
    """Return the word for one thing of `kind`: `"body"` for `"bodies"`."""
    return "body" if kind == "bodies" else kind.removesuffix("s")


def closest(name: str, names: Sequence[str]) -> str | None:
    """Return the registered name that `name` was probably meant to be.

    Args:
        name: What somebody asked for.
        names: The names to choose from.

    Returns:
        The name that differs only by its vendor, else the most similar one, else
        the first that `name` is a beginning of, else `None`.
    """
    import difflib  # which a name that is known does not need

    wanted = name.lower().replace("-", "_")
    for candidate in names:
        if candidate.rpartition("/")[2] == wanted:
            return candidate
    if similar := difflib.get_close_matches(wanted, names, n=1):
        return similar[0]
    return next((candidate for candidate in names if wanted and candidate.startswith(wanted)), None)


def unknown(kind: str, name: str, names: Sequence[str], reason: str = "") -> str:
    """Return the message for a name that cannot be used.

    Args:
        kind: A key of `GROUPS`, such as `"variants"`.
        name: What somebody asked for.
        names: The sorted names that can be used.
        reason: Why `name` is not among them, where that is known.

    Returns:
        Sentences with the reason or one suggestion, and what is installed.
    """
    sentences = [f"Unknown {singular(kind)} {name!r}."]
    if reason:
        sentences.append(reason)
    elif suggestion := closest(name, names):
        sentences.append(f"Did you mean {suggestion!r}?")
    if len(names) > _SHOWN:
        shown = f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
    else:
        shown = ", ".join(names) or "none"
    sentences.append(f"Installed {kind}: {shown}.")
    vendor = name.rpartition("/")[0]
    if vendor and not reason and not any(other.startswith(f"{vendor}/") for other in names):
        sentences.append(f"Names that begin with '{vendor}/' are a plugin's: install its package.")
    if (plugins := os.environ.get(PLUGINS_VARIABLE)) is not None and "/" in name:
        sentences.append(
            f"{PLUGINS_VARIABLE}={plugins!r} hides every plugin that it does not name."
        )
    sentences.append(f"Received: name={name!r}.")
    return " ".join(sentences)
