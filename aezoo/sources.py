"""What `aezoo.load(source)` means: a Hub address, a directory, or the name of a preset."""

from __future__ import annotations

import os
from pathlib import Path

import aezoo_registry
from aezoo import hub, store
from aezoo.hub import cache
from aezoo.hub.address import SCHEME, Address
from aezoo.layout import MANIFEST
from aezoo.paths import is_path
from aezoo.stored import Stored, StoreError


def read(source: str | os.PathLike[str], *, shapes: store.Shapes | None = None) -> Stored:
    """Returns the verified content of a model, fetching it if it is on the Hub only.

    Args:
        source: `hf://org/name@revision`; or a directory, as a `Path` or a string that starts
            with `./`, `../`, `/` or `~`; or the name of a preset. Looked at in this order.
        shapes: See `aezoo.store.read`.

    Raises:
        HubError: The Hub, or the way to it, did not do what was asked.
        LookupError: A name that is no preset.
        StoreError: The model is missing, damaged or hostile.
    """
    if is_path(source):
        directory = Path(source).expanduser()
        return store.read(directory, roots=cache.roots(directory), shapes=shapes)
    name = str(source)
    if name.startswith(SCHEME):
        return hub.pull(name, shapes=shapes).stored
    try:
        preset = aezoo_registry.preset(name)
    except LookupError as error:
        hint = f"a preset's name, a directory such as './model', or '{SCHEME}org/name'"
        if name.count("/") == 1:
            hint = f"'{SCHEME}{name}' for a model on the Hub, './{name}' for a directory"
        raise LookupError(f"{error} A source is {hint}.") from None
    return of_preset(preset, shapes=shapes)


def of_preset(preset: aezoo_registry.Preset, *, shapes: store.Shapes | None = None) -> Stored:
    """Returns the verified content of a preset: the package's, else the Hub's, as pinned.

    Args:
        preset: The preset.
        shapes: See `aezoo.store.read`.

    Raises:
        HubError: The Hub, or the way to it, did not do what was asked.
        StoreError: The model is missing or damaged, or not the pinned one.
    """
    if "hub" not in preset.record or (preset.path / MANIFEST).exists():
        return store.read(preset.path, shapes=shapes)
    address, pin = _home(preset)
    return hub.pull(str(address), pin=pin, shapes=shapes).stored


def pull(source: str | os.PathLike[str]) -> Path:
    """Fetches a model without building it.

    Args:
        source: What `aezoo.load` takes. A commit of the Hub that is in the cache, a directory and
            a preset of an installed package cost no request.

    Returns:
        The directory that holds the model, verified; `aezoo.load` reads it.

    Raises:
        HubError: The Hub, or the way to it, did not do what was asked.
        LookupError: A name that is no preset.
        StoreError: The model is missing, damaged or hostile.

    Example:
        ```python
        import aezoo

        directory = aezoo.pull("vae.digits")
        model = aezoo.load(directory)
        ```
    """
    return read(source).directory


def _home(preset: aezoo_registry.Preset) -> tuple[Address, dict[str, tuple[int, str]]]:
    """Returns where on the Hub a preset is, and what its files have to be."""
    try:
        home = preset.record["hub"]
        address = Address.parse(f"{SCHEME}{home['repo']}@{home['commit']}")
        pin = {name: (file["size"], file["sha256"]) for name, file in home["files"].items()}
        if not address.pinned:
            raise ValueError("its commit is no whole hash")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{preset.path / 'record.json'}: its 'hub' is not as tools/publish.py writes it "
            f"({error}); reinstall the package."
        ) from error
    return address, pin
