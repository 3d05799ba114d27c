"""Symbols to bytes and back, as many bytes as the symbols hold information: a range coder.

It works in whole numbers alone, and ends a message at the byte from which on nothing is in doubt.
Libraries flush whole words there, which is much for an image of fifty bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

PRECISION = 20
"""The frequencies of a table add up to two to this power."""
_WIDTH = 64
_TOP = 2**_WIDTH
_BOTTOM = 2 ** (_WIDTH - 8)
"""The width of the range never stays below this."""


def encode(symbols: Iterable[int], tables: Iterable[Sequence[int]]) -> bytes:
    """Write symbols.

    Args:
        symbols: Whole numbers, counted from 0.
        tables: The cumulative frequencies that each symbol is drawn by: growing whole numbers from
            0 to `2**PRECISION`, one more than there are symbols.

    Returns:
        The message, within a byte of the information in the symbols.

    Raises:
        ValueError: A symbol is outside its table.

    Example:
        >>> coin = [0, 2**19, 2**20]
        >>> len(encode([1, 0] * 40, [coin] * 80))
        10

    Reference:
        [Witten et al., 1987](https://doi.org/10.1145/214762.214771)
    """
    low, width, written = 0, _TOP, bytearray()
    for symbol, table in zip(symbols, tables, strict=True):
        if not 0 <= symbol < len(table) - 1:
            raise ValueError(
                f"Symbols must be from 0 to {len(table) - 2}, as their tables are. "
                f"Received: {symbol}."
            )
        unit = width >> PRECISION
        low += unit * table[symbol]
        width = unit * (table[symbol + 1] - table[symbol])
        while width < _BOTTOM:
            low = _give(low, written)
            width <<= 8
    unit = _TOP
    while (last := -(-low // unit) * unit) >= low + width:  # the roundest number in the range
        unit >>= 8
    while last:
        last = _give(last, written)
    return bytes(written).rstrip(b"\0")  # a reader goes on with zeros


def _give(low: int, written: bytearray) -> int:
    """Writes the first byte of a number below `2 * _TOP`, with its carry, and returns the rest."""
    if low >= _TOP:
        place = len(written) - 1
        while written[place] == 0xFF:
            written[place] = 0
            place -= 1
        written[place] += 1
        low -= _TOP
    written.append(low // _BOTTOM)
    return low % _BOTTOM << 8


def decode(message: bytes, tables: Iterable[Sequence[int]]) -> list[int]:
    """Read symbols.

    Args:
        message: What `encode` returned.
        tables: As for `encode`.

    Returns:
        The symbols, as many as there are tables.

    Raises:
        ValueError: The message is none that `encode` writes of so many symbols.

    Example:
        >>> coin = [0, 2**19, 2**20]
        >>> decode(encode([1, 0, 0], [coin] * 3), [coin] * 3)
        [1, 0, 0]
    """
    place = _WIDTH // 8
    value, width = int.from_bytes(message[:place].ljust(place, b"\0")), _TOP
    symbols = []
    for table in tables:
        unit = width >> PRECISION
        symbol = bisect_right(table, value // unit) - 1
        if symbol > len(table) - 2:
            raise ValueError("The message stands for no symbols.")
        symbols.append(symbol)
        value -= unit * table[symbol]
        width = unit * (table[symbol + 1] - table[symbol])
        while width < _BOTTOM:
            value = value << 8 | (message[place] if place < len(message) else 0)
            width <<= 8
            place += 1
    if place < len(message) or message.endswith(b"\0"):
        raise ValueError("The message is longer than its symbols.")
    return symbols
