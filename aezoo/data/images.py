"""The image-file gate: what may be read from and written to image files."""

from __future__ import annotations

import contextlib
import os
import pathlib
import secrets
import warnings
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from aezoo.arrays import to_uint8

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif")
MAX_PIXELS = 64_000_000

_GREY_16_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_GREY = ("1", "L", "LA", *_GREY_16_BIT)
_COLOUR = ("P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV")
_WRITTEN = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
}
QUICK = 1_000_000
"""Pixels from which a .png file is compressed in a third of the time, to a fifth more bytes."""


class ImageError(ValueError):
    """An image file that cannot be used, and why.

    Args:
        path: The file.
        reason: One sentence.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str):
        super().__init__(path, reason)
        self.path = pathlib.Path(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason} Received: path={str(self.path)!r}."


class BadImagesWarning(UserWarning):
    """Some image files of a folder were left out."""


class Images(NamedTuple):
    """What `read_all` found: images with their paths, and an error for every other file."""

    paths: list[pathlib.Path]
    images: list[np.ndarray]
    errors: list[ImageError]


def read(
    path: str | os.PathLike[str],
    *,
    channels: int | None = None,
    size: tuple[int, int] | None = None,
    frame: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> np.ndarray:
    """Read one image file, upright and with 8 bits a channel.

    16-bit grey is scaled to 8 bits, transparency is composited on white, and
    the orientation in the EXIF data is applied.

    Args:
        path: A PNG, JPEG, BMP, WebP, TIFF or GIF file.
        channels: 1 for grey, 3 for RGB, `None` for what the file has.
        size: `(height, width)` to resize to, keeping the aspect and cropping
            around the centre.
        frame: Which frame of a file with several, from 0; such files are
            refused without it.
        max_pixels: Files that declare more pixels are refused undecoded.

    Returns:
        The image, uint8, shape `(height, width, 1 or 3)`.

    Raises:
        ImageError: The file cannot be used; the message names it and says why.
        ValueError: An argument is wrong.

    Example:
        >>> import tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "white.png")
        >>> write(path, np.ones((4, 6, 3)))
        >>> read(path, channels=1).shape
        (4, 6, 1)
    """
    if channels not in (None, 1, 3):
        raise ValueError(f"channels must be 1, 3 or None. Received: channels={channels!r}.")
    if size is not None and not (np.shape(size) == (2,) and min(size) >= 1):
        raise ValueError(f"size must be (height, width), at least 1. Received: size={size!r}.")
    with _open(path, frame, max_pixels) as image:
        flat = _flatten(ImageOps.exif_transpose(image), path)
        if channels is not None:
            flat = flat.convert("L" if channels == 1 else "RGB")
        if size is not None:
            flat = ImageOps.fit(flat, (size[1], size[0]), Image.Resampling.BICUBIC)
        array = np.array(flat)
    return array[..., None] if array.ndim == 2 else array


def read_all(
    paths: Iterable[str | os.PathLike[str]],
    *,
    channels: int | None = None,
    size: tuple[int, int] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Images:
    """Read many image files; those that cannot be used do not stop the others.

    Args:
        paths: The files.
        channels: See `read`.
        size: See `read`.
        max_pixels: See `read`.

    Returns:
        The images in the order of their paths, and one `ImageError` for every
        file that was left out.

    Example:
        >>> found = read_all(["missing.png"])
        >>> len(found.images), found.errors[0].reason
        (0, 'The image file does not exist.')
    """
    found = Images([], [], [])
    for path in paths:
        try:
            image = read(path, channels=channels, size=size, max_pixels=max_pixels)
        except ImageError as error:
            found.errors.append(error)
        else:
            found.paths.append(pathlib.Path(path))
            found.images.append(image)
    return found


def scan(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
    """Return the image files of a folder and its subfolders, by suffix, sorted; opens none.

    Hidden files and folders are passed over, links to folders are not followed.

    Args:
        folder: The folder.

    Returns:
        Paths that start with `folder`.

    Raises:
        FileNotFoundError: There is no such folder.

    Example:
        >>> import tempfile
        >>> scan(tempfile.mkdtemp())
        []
    """
    root = pathlib.Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"There is no such folder. Received: folder={str(folder)!r}.")
    found = []
    for directory, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        visible = (pathlib.Path(directory, name) for name in files if not name.startswith("."))
        found += [path for path in visible if path.suffix.lower() in SUFFIXES]
    return sorted(found)


def is_colour(path: str | os.PathLike[str]) -> bool:
    """Return whether the header of an image file says colour; False if it cannot be read."""
    try:
        with _open(path, None, MAX_PIXELS) as image:
            return _has_colour(image)
    except ImageError:
        return False


def write(path: str | os.PathLike[str], array: np.ndarray, *, overwrite: bool = False) -> None:
    """Write an image file, atomically: a reader sees the old file or the whole new one.

    Args:
        path: A `.png`, `.jpg` or `.jpeg` file in a folder that exists.
        array: uint8, or floats in [0, 1]; shape `(h, w)`, `(h, w, 1)` or
            `(h, w, 3)`.
        overwrite: Whether an existing file may be replaced.

    Raises:
        FileExistsError: The file exists and `overwrite` is not set.
        FileNotFoundError: The folder does not exist.
        ValueError: The suffix or the array is wrong.

    Example:
        >>> import tempfile
        >>> write(pathlib.Path(tempfile.mkdtemp(), "black.png"), np.zeros((8, 8, 1)))
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in _WRITTEN:
        raise ValueError(
            f"Images are written as {', '.join(_WRITTEN)}: name the file accordingly. "
            f"Received: path={str(path)!r}."
        )
    pixels = to_uint8(array, name="array")
    if pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (1,), (3,)):
        raise ValueError(
            f"An image has shape (h, w), (h, w, 1) or (h, w, 3). "
            f"Received: array.shape={pixels.shape!r}."
        )
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    kind, options = _WRITTEN[suffix]
    if kind == "PNG" and image.width * image.height >= QUICK:
        options = {"compress_level": 2}
    with new_file(path, overwrite=overwrite) as file:
        image.save(file, kind, **options)


@contextlib.contextmanager
def new_file(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its place only once it is complete.

    The data goes to a hidden file beside it, which replaces `path` when the
    block ends; if the block raises, `path` is as it was.

    Args:
        path: The file to create.
        overwrite: Whether an existing file may be replaced.

    Yields:
        The hidden file, binary.

    Raises:
        FileExistsError: The file exists and `overwrite` is not set.
        FileNotFoundError: The folder does not exist.

    Example:
        >>> import tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "hello.txt")
        >>> with new_file(path) as file:
        ...     _ = file.write(b"hello")
        >>> path.read_bytes()
        b'hello'
    """
    target = pathlib.Path(path)
    received = f"Received: path={str(path)!r}."
    if target.is_dir():
        raise FileExistsError(f"There is a folder of that name; name a file. {received}")
    if os.path.lexists(target) and not overwrite:
        raise FileExistsError(
            f"The file exists; pass overwrite=True (`--force` in the shell) to replace it. "
            f"{received}"
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(target.parent)!r} does not exist. {received}")
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        if error.filename in (str(temporary), None):  # the user named another file
            error.filename = str(target)
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _open(
    path: str | os.PathLike[str], frame: int | None, max_pixels: int
) -> Iterator[Image.Image]:
    """Open an image within its limits; whatever Pillow raises in the block is an `ImageError`."""
    file = pathlib.Path(path)
    try:
        if not file.exists():
            raise ImageError(path, "The image file does not exist.")
        if not file.is_file():
            raise ImageError(path, "This is a folder or a device, not an image file.")
        if file.stat().st_size == 0:
            raise ImageError(path, "The image file is empty (0 bytes).")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                _check_pixels(image, path, max_pixels)
                _select_frame(image, path, frame)
                _check_pixels(image, path, max_pixels)
                yield image
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        reason = f"The file is not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image."
        raise ImageError(path, reason) from error
    except Image.DecompressionBombError as error:
        raise ImageError(path, f"The image is too large to decode: {error}.") from error
    except Exception as error:  # Pillow's decoders raise whatever a damaged file provokes
        refusal = getattr(error, "strerror", None)  # the system's, where it is the system's
        problem = f"cannot be read: {refusal}" if refusal else f"is damaged: {error}"
        raise ImageError(path, f"The image file {problem}.") from error


def _check_pixels(image: Image.Image, path: str | os.PathLike[str], max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise ImageError(
            path,
            f"The image declares {image.width} x {image.height} pixels, more than the limit of "
            f"{max_pixels}; raise it with max_pixels=, on the command line --max-pixels.",
        )


def _select_frame(image: Image.Image, path: str | os.PathLike[str], frame: int | None) -> None:
    # An MPO is a photograph with a preview or a depth map behind it.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frame is None and frames > 1:
        raise ImageError(
            path, f"The image file has {frames} frames; name one with frame=0 to {frames - 1}."
        )
    if frame is not None and not 0 <= frame < frames:
        raise ImageError(
            path, f"There is no frame {frame}; the image file has {frames}, counted from 0."
        )
    if frame:
        image.seek(frame)


def _flatten(image: Image.Image, path: str | os.PathLike[str]) -> Image.Image:
    """Return the image as opaque `L` or `RGB`."""
    mode = image.mode
    if mode in _GREY_16_BIT:
        return _scale_16_bit(image, path)
    if mode not in _GREY + _COLOUR:
        raise ImageError(
            path, f"Pixels of mode {mode!r} have no defined white; save the image with 8 bits."
        )
    opaque = "RGB" if _has_colour(image) else "L"
    if image.has_transparency_data:
        image = image.convert("LA" if mode in ("1", "L") else "RGBA")
        flat = Image.new(opaque, image.size, "white")
        flat.paste(image.convert(opaque), mask=image.getchannel("A"))
        return flat
    if mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
        assert converted is not None  # noqa: S101  (it is None only when asked to work in place)
        return converted
    return image.convert(opaque)


def _has_colour(image: Image.Image) -> bool:
    if image.mode != "P":
        return image.mode in _COLOUR
    palette = np.reshape(image.getpalette("RGB") or [], (-1, 3))
    return bool((palette != palette[:, :1]).any())


def _scale_16_bit(image: Image.Image, path: str | os.PathLike[str]) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ImageError(path, "Integer pixels must have 8 or 16 bits; save the image with 8.")
    values[values == image.info.get("transparency", -1)] = 65535
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))
