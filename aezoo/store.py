"""A model as a directory: `config.json`, `model.safetensors` and `manifest.json`.

Reading trusts nothing: every file is hashed, every key and number is checked, and no
value becomes an object here. See `aezoo.load` and `aezoo.save` for whole models.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import stat
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from aezoo import atomic, regular_file, strict_json, tensors
from aezoo.layout import (
    CONFIG,
    GRAPHS,
    MANIFEST,
    MAX_CARD,
    WEIGHTS,
    is_card,
    is_part,
    is_shown,
    manifest,
    parse_config,
    parse_manifest,
)
from aezoo.stored import (
    Stored,
    StoreError,
    StoreExistsError,
    StoreNotFoundError,
    check_header,
    check_shapes,
    decode,
    dtype_of,
    few,
    naming,
)

LARGE = 8 * 1024 * 1024
_Result = TypeVar("_Result")
Shapes = Callable[[dict[str, Any]], Mapping[str, tuple[int, ...]]]


def read(
    directory: str | os.PathLike[str],
    *,
    roots: Sequence[str | os.PathLike[str]] = (),
    shapes: Shapes | None = None,
) -> Stored:
    """Read and verify a model directory.

    Each file is read whole, hashed, and parsed from those same bytes. Before weights of more
    than `LARGE` bytes are read, their header has to fit, so that refusing them costs little.
    If a save was interrupted between its two renames, the model it had moved aside is put
    back first, with a warning; if another process replaces the model meanwhile, the new one
    is read. Files that the manifest does not list are never opened.

    Args:
        directory: The model directory.
        roots: Folders beside `directory` itself that links in it may lead into. The Hub's
            cache needs it: its snapshots are links.
        shapes: Maps the checked content of `config.json` to the shape of every weight of the
            model, by name. Large weights of other shapes are refused before they are read.

    Returns:
        The verified content.

    Raises:
        StoreNotFoundError: If there is no such directory.
        StoreError: If a file is missing, damaged, unreadable or not as it should be.

    Example:
        >>> import tempfile
        >>> config = {"format": 1, "variant": "vae", "config": {}, "sampler": None,
        ...           "dtype": "float16", "versions": {"aezoo": "0.1.0"}}
        >>> read(write(tempfile.mkdtemp(), config, {})).config["variant"]
        'vae'
    """
    target = Path(os.path.realpath(directory))
    allowed = _allowed(target, roots)

    def read_once() -> Stored:
        sealed, files = _verified(target, allowed, shapes)
        return dataclasses.replace(decode(target, files), listed=parse_manifest(sealed))

    return _settled(target, read_once)


def contents(
    directory: str | os.PathLike[str], *, roots: Sequence[str | os.PathLike[str]] = ()
) -> dict[str, bytes]:
    """Return the files of a model directory as they are, for a copy elsewhere.

    Args:
        directory: The model directory.
        roots: See `read`.

    Returns:
        Content by name: what the manifest lists, verified as `read` does it, the manifest, and
        of the card `README.md` and the pictures, where they are.

    Raises:
        StoreNotFoundError: If there is no such directory.
        StoreError: If a file is missing, damaged, unreadable or not as it should be.
    """
    target = Path(os.path.realpath(directory))
    allowed = _allowed(target, roots)

    def read_once() -> dict[str, bytes]:
        sealed, files = _verified(target, allowed)
        decode(target, files)
        for name in sorted(name for name in os.listdir(target) if is_shown(name)):
            with naming(target / name):
                files[name] = regular_file.read(target / name, roots=allowed, limit=MAX_CARD)
        return {**files, MANIFEST: sealed}

    return _settled(target, read_once)


def write(
    directory: str | os.PathLike[str],
    config: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    files: Mapping[str, bytes] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a model directory: all of it, or nothing.

    A full disk, Ctrl-C or a kill leaves what was there before, complete.

    Args:
        directory: Where to write; parents are created.
        config: The content of `config.json`: `format`, `variant`, `config`, `sampler`,
            `dtype` and `versions`.
        arrays: Finite float arrays by name. The model's are rounded to
            `config["dtype"]`; those under `sampler/` stay float32.
        files: Content of further files by name: graphs (`aezoo.layout.GRAPHS`), which the
            manifest lists, and the card: `README.md`, `*.png`, `record.json`.
        overwrite: Replace a model that is there, its card included. A directory that
            is no model, or holds anything else too, is never replaced.

    Returns:
        `directory` as a path.

    Raises:
        StoreExistsError: If `directory` is there, not empty, and `overwrite` is False.
        StoreError: If the content is not valid, or the directory may not or cannot be
            written.

    Example:
        >>> import tempfile
        >>> config = {"format": 1, "variant": "vae", "config": {}, "sampler": None,
        ...           "dtype": "float16", "versions": {"aezoo": "0.1.0"}}
        >>> model = write(tempfile.mkdtemp(), config, {"encoder/bias": np.ones(2)})
        >>> read(model).arrays({"encoder/bias": (2,)})["encoder/bias"]
        array([1., 1.], dtype=float32)
    """
    target = Path(os.path.realpath(directory))
    contents = _encode(target, config, arrays, files or {})
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic.locked(target.parent):
            _recover(target)
            check_target(target, overwrite=overwrite)
            atomic.replace(target, contents, seal=MANIFEST, removable=is_part)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{target}: cannot be written ({error.strerror}).") from error
    return Path(directory)


def dump_weights(arrays: Mapping[str, np.ndarray], dtype: str, *, target: Path = Path()) -> bytes:
    """Return what `write` makes of arrays, the content of `model.safetensors`.

    Args:
        arrays: See `write`.
        dtype: How the model's are stored.
        target: The directory to name in an error.

    Raises:
        StoreError: If an array cannot be stored so.
    """
    rounded = {}
    for name, array in arrays.items():
        with naming(f"{target / WEIGHTS}: {name!r}"):
            rounded[name] = tensors.cast(array, dtype_of(name, dtype))
    return tensors.dump(rounded)


def check_target(directory: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Check that `write` may write a directory, before the work that leads to it.

    Args:
        directory: Where a model is to be written.
        overwrite: Whether a model that is there may be replaced.

    Raises:
        StoreExistsError: If `directory` is there, not empty, and `overwrite` is False.
        StoreError: If it is a file, is no model, holds files that are not part of one,
            or is where this process stands.
    """
    target = Path(os.path.realpath(directory))
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise StoreError(f"{target}: is a file, expected a directory or nothing there.")
    try:
        with os.scandir(target) as entries:
            ours = {
                e.name: is_part(e.name) and not e.is_dir(follow_symlinks=False) for e in entries
            }
    except OSError as error:
        raise StoreError(f"{target}: cannot be read ({error.strerror}).") from error
    if ours and not overwrite:
        raise StoreExistsError(
            f"{target}: exists already; to replace it pass overwrite=True "
            "(--force on the command line)."
        )
    foreign = sorted(name for name, known in ours.items() if not known)
    if foreign:
        raise StoreError(
            f"{target}: not overwritten, because it holds files that are not part of a model "
            f"({few(foreign)}); move them or choose another directory."
        )
    if ours and not _is_store(target):
        raise StoreError(
            f"{target}: not overwritten, because it is not a model directory of aezoo; "
            "delete it or choose another directory."
        )
    if Path.cwd().is_relative_to(target):
        raise StoreError(
            f"{target}: is the current directory, which cannot be replaced; name one inside it."
        )


def _encode(
    target: Path,
    config: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    files: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Return the content of every file, the manifest last, checked as `read` does."""
    for name, data in files.items():
        if name not in GRAPHS and not is_card(name):
            raise StoreError(
                f"{target}: files holds {name!r}, expected {', '.join(GRAPHS)}, README.md, "
                f"record.json or *.png. Received: files={sorted(files)}."
            )
        if not isinstance(data, bytes):
            raise StoreError(f"{target / name}: {type(data).__name__}, expected bytes.")
    with naming(target / CONFIG):
        text = strict_json.dump(dict(config))
        dtype = parse_config(text)["dtype"]
    hashed = {CONFIG: text, WEIGHTS: dump_weights(arrays, dtype, target=target)}
    hashed |= {name: files[name] for name in GRAPHS if name in files}
    decode(target, hashed)
    card = {name: data for name, data in files.items() if is_card(name)}
    sealed = manifest(hashed)
    with naming(target / MANIFEST):
        parse_manifest(sealed)
    return {**card, **hashed, MANIFEST: sealed}


def _allowed(target: Path, roots: Sequence[str | os.PathLike[str]]) -> list[Path]:
    return [target, *(Path(os.path.realpath(root)) for root in roots)]


def _settled(target: Path, read_once: Callable[[], _Result]) -> _Result:
    """Return what `read_once` returns of a directory that others may be replacing."""
    while True:
        if not os.path.lexists(target):
            with atomic.locked(target.parent):
                _recover(target, stacklevel=4)
        with atomic.watched(target) as replaced:
            try:
                return read_once()
            except StoreError:
                if replaced():
                    continue
                if os.path.lexists(target) or not target.parent.is_dir():
                    raise
                with atomic.locked(target.parent):  # a writer is between its two renames
                    _recover(target, stacklevel=4)
                if not os.path.lexists(target):
                    raise


def _verified(
    directory: Path, roots: Sequence[Path], shapes: Shapes | None = None
) -> tuple[bytes, dict[str, bytes]]:
    """Return the manifest and the content of every file that it lists, hashed."""
    try:
        if not stat.S_ISDIR(directory.stat().st_mode):
            raise StoreError(f"{directory}: is a file, expected a model directory.")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreNotFoundError(f"{directory}: no such directory.") from error
    except OSError as error:
        raise StoreError(f"{directory}: cannot be read ({error.strerror}).") from error
    if not os.path.lexists(directory / MANIFEST):
        raise StoreError(f"{directory}: no whole model directory, because {MANIFEST} is missing.")
    with naming(directory / MANIFEST):
        sealed = _json(directory / MANIFEST, roots)
        listed = parse_manifest(sealed)
    files: dict[str, bytes] = {}
    for name, (size, digest) in listed.items():
        if name == WEIGHTS and size > LARGE:
            _check_large(directory, roots, size, files[CONFIG], shapes)
        with naming(directory / name):
            files[name] = data = regular_file.read(directory / name, roots=roots, limit=size)
            _check_size(data, size, size)
            found = hashlib.sha256(data).hexdigest()
            if found != digest:
                raise ValueError(
                    f"sha256 differs from {MANIFEST} (expected {digest[:12]}..., found "
                    f"{found[:12]}...): the file was damaged or changed; copy it again"
                )
    return sealed, files


def _check_large(
    directory: Path, roots: Sequence[Path], size: int, text: bytes, shapes: Shapes | None
) -> None:
    """Check the header of weights that are too large to be read on trust."""
    with naming(directory / CONFIG):
        config = parse_config(text)
    with naming(directory / WEIGHTS):
        path, length = directory / WEIGHTS, tensors.MAX_PREFIX
        start = regular_file.read(path, roots=roots, limit=size, length=length)
        _check_size(start, min(size, length), size)
        header = tensors.describe(start, size)
        check_header(header, config)
    if shapes is not None:
        with naming(directory / CONFIG):
            expected = shapes(config)
        with naming(directory / WEIGHTS):
            check_shapes(header, expected)


def _check_size(data: bytes, expected: int, size: int) -> None:
    if len(data) != expected:
        raise ValueError(f"{len(data)} bytes, but {MANIFEST} says {size}; copy it again")


def _json(path: Path, roots: Sequence[Path]) -> bytes:
    return regular_file.read(path, roots=roots, limit=strict_json.MAX_BYTES)


def _recover(target: Path, *, stacklevel: int = 3) -> None:
    """Put back what an interrupted save moved aside, and say so; needs the parent's lock."""
    try:
        found = atomic.recover(target, seal=MANIFEST)
    except OSError as error:
        raise StoreError(f"{target}: cannot be recovered ({error.strerror}).") from error
    if found is not None:
        warnings.warn(
            f"{target}: a save was interrupted; the model from before it is back "
            f"(recovered from {found.name}).",
            stacklevel=stacklevel,
        )


def _is_store(directory: Path) -> bool:
    """Whether a manifest or a config of ours is there: the rest may be damaged."""
    for name, parse in ((MANIFEST, parse_manifest), (CONFIG, parse_config)):
        with contextlib.suppress(ValueError):
            parse(_json(directory / name, [directory]))
            return True
    return False
