"""Compressed images as a file: a short header, the bits, and a checksum of both.

| bytes | what |
| --- | --- |
| 4 | `AEZ` and the version, 1 |
| 4 | digest of the model: its weights and its tables |
| 1 to 5 each | number of images, 0 for a single one; height; width; channels; step |
| 1 to 5 | length of the message |
| as said | the message of `aezoo.range_coder` |
| 4 | CRC-32 of all before |

Whole numbers are written as in Protocol Buffers: seven bits a byte, the lowest first, the highest
bit set where more follow.
"""

from __future__ import annotations

import dataclasses
import zlib

MAGIC = b"AEZ"
VERSION = 1
DIGEST = 4
MAX_VALUES = 2**28
"""Most numbers in the images of one file: a damaged header asks for no terabyte."""
_CHECK = 4
_LONGEST = 5  # bytes of a whole number: 35 bits


class BitstreamError(ValueError):
    """A file of compressed images is damaged, or of another kind, version or model."""


@dataclasses.dataclass(frozen=True)
class Bitstream:
    """What a file of compressed images says.

    Attributes:
        model: Digest of the model, `DIGEST` bytes.
        shape: Shape of the images, `(h, w, c)` or `(n, h, w, c)`.
        step: What codes are rounded to, in units of `1 / aezoo.samplers.histogram.STEPS`.
        message: The symbols, as `aezoo.range_coder` writes them.
    """

    model: bytes
    shape: tuple[int, ...]
    step: int
    message: bytes

    def dump(self) -> bytes:
        """Return the content of a file.

        Example:
            >>> data = Bitstream(b"abcd", (28, 28, 1), 4, b"message").dump()
            >>> len(data), parse(data).shape
            (26, (28, 28, 1))
        """
        n, *shape = self.shape if len(self.shape) == 4 else (0, *self.shape)
        numbers = (n, *shape, self.step, len(self.message))
        head = MAGIC + bytes([VERSION]) + self.model + b"".join(map(_number, numbers))
        body = head + self.message
        return body + zlib.crc32(body).to_bytes(_CHECK, "little")


def parse(data: bytes) -> Bitstream:
    """Read what `Bitstream.dump` returned, and nothing else.

    Args:
        data: Content of a file.

    Returns:
        What it says.

    Raises:
        BitstreamError: Saying what is wrong with it.
    """
    if not data.startswith(MAGIC):
        start = data[: len(MAGIC)]
        raise BitstreamError(
            f"no file of compressed images: it begins with {start!r}, not with {MAGIC!r}"
        )
    version = data[len(MAGIC) : len(MAGIC) + 1]
    if version not in (b"", bytes([VERSION])):
        raise BitstreamError(
            f"version {version[0]} of the format, and this aezoo reads version {VERSION}"
        )
    place = len(MAGIC) + 1 + DIGEST
    numbers = []
    for _ in range(6):
        number, place = _read(data, place)
        numbers.append(number)
    n, *shape, step, length = numbers
    missing = place + length + _CHECK - len(data)
    if missing > 0:
        raise BitstreamError(f"truncated: {missing} of {len(data) + missing} bytes are missing")
    body, check = data[:-_CHECK], data[-_CHECK:]
    if missing < 0 or zlib.crc32(body).to_bytes(_CHECK, "little") != check:
        raise BitstreamError("damaged: its checksum is not that of its content")
    found = tuple(shape if n == 0 else (n, *shape))
    values = step
    for size in found:
        values *= size
    if not 0 < values <= MAX_VALUES * max(step, 1):
        raise BitstreamError(f"images of shape {found} in steps of {step}, which nobody writes")
    model = data[len(MAGIC) + 1 : len(MAGIC) + 1 + DIGEST]
    return Bitstream(model, found, step, data[place : place + length])


def _number(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def _read(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(_LONGEST):
        if place + shift >= len(data):
            raise BitstreamError("truncated: its header is not whole")
        digit = data[place + shift]
        value |= (digit & 0x7F) << 7 * shift
        if digit < 0x80:
            return value, place + shift + 1
    raise BitstreamError("damaged: a number in its header has no end")
