"""Markdown whose text means itself, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_SPECIAL = re.compile(r"[\\`*\[\]<>~$&]|(?<![^\W_])_|_(?![^\W_])")
_OPENING = re.compile(r"^(\d*)([#+=.)-])(?=[\s#=-]|$)")  # of a heading, list or rule


def plain(value: str) -> str:
    r"""Return text on one line, with what cannot be printed replaced.

    Args:
        value: Any text.

    Example:
        >>> plain("two\nlines")
        'two lines'
    """
    line = " ".join(value.split())
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def text(value: str) -> str:
    r"""Return text as Markdown that shows it literally; addresses still become links.

    Args:
        value: Any text.

    Example:
        >>> text("a <b> in_between")
        'a \\<b\\> in_between'
    """
    return _OPENING.sub(r"\1\\\2", _escape(plain(value)))


def prose(value: str) -> str:
    """Return text as `text` does, but for what is between backquotes: that becomes code.

    Args:
        value: A sentence of a docstring.

    Example:
        >>> prose("With `beta=1` it is plain.")
        'With `beta=1` it is plain.'
    """
    parts = plain(value).split("`")
    if len(parts) % 2 == 0:
        return text(value)
    line = "".join(code(part) if i % 2 else _escape(part) for i, part in enumerate(parts))
    return _OPENING.sub(r"\1\\\2", line)


def code(value: str) -> str:
    """Return inline code.

    Args:
        value: Any text; code has no lines of its own.

    Example:
        >>> code("vae.digits")
        '`vae.digits`'
    """
    line = plain(value)
    fence = _fence(line, 1)
    pad = " " if not line or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(value: str, language: str) -> str:
    """Return a fenced block of code.

    Args:
        value: Lines.
        language: What colours them.

    Returns:
        The block, which ends in a newline.
    """
    fence = _fence(value, 3)
    return f"{fence}{language}\n{value.rstrip()}\n{fence}\n"


def table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], *, left: Collection[int] = (0,)
) -> str:
    """Return a table.

    Args:
        titles: One a column.
        rows: Markdown of the cells.
        left: Columns that are aligned to the left; the others to the right.

    Returns:
        The table, which ends in a newline.

    Example:
        >>> print(table(["a", "b"], [["1", "2"]]), end="")
        | a | b |
        | --- | ---: |
        | 1 | 2 |
    """
    lines = [titles, ["---" if column in left else "---:" for column in range(len(titles))]]
    lines += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _fence(value: str, least: int) -> str:
    longest = max(map(len, re.findall("`+", value)), default=0)
    return "`" * max(least, longest + 1)


def _escape(line: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", line)
