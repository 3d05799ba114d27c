"""Pictures below lines that say what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_SIZE, _SMALL = 16, 12
_MARGIN = 6
_WHITE, _BLACK = 255, 0


def stack(pictures: Mapping[str, np.ndarray]) -> np.ndarray:
    """Stack pictures with their captions.

    Args:
        pictures: Caption to picture, uint8, shape `(h, w, 1)` or `(h, w, 3)`; at least one.

    Returns:
        One picture on white, uint8, grey if all are.

    Raises:
        ValueError: If there is no picture.

    Example:
        ```python
        import numpy as np
        from aezoo.captions import stack

        black = np.zeros((40, 100, 1), "uint8")
        assert stack({"One": black, "Two": black}).shape[1:] == (100, 1)
        ```
    """
    if not pictures:
        raise ValueError("There must be at least one picture. Received: pictures={}.")
    channels = max(picture.shape[2] for picture in pictures.values())
    width = max(picture.shape[1] for picture in pictures.values())
    strips = []
    for caption, picture in pictures.items():
        for strip in (_line(caption, width), picture):
            missing = [(0, 0), (0, width - strip.shape[1]), (0, 0)]
            padded = np.pad(strip, missing, constant_values=_WHITE)
            strips.append(np.broadcast_to(padded, (*padded.shape[:2], channels)))
    return np.concatenate(strips)


def columns(picture: np.ndarray, headings: Sequence[str]) -> np.ndarray:
    """Put a line of headings over a picture, each above its share of the width.

    Args:
        picture: uint8, shape `(h, w, 1)` or `(h, w, 3)`, such as `pictures.grid` makes.
        headings: One text a column; the columns are equally wide.

    Returns:
        The higher picture.

    Raises:
        ValueError: If there are no headings.

    Example:
        ```python
        import numpy as np
        from aezoo.captions import columns

        black = np.zeros((40, 100, 1), "uint8")
        assert columns(black, ["before", "after"]).shape == (60, 100, 1)
        ```
    """
    if not headings:
        raise ValueError("There must be at least one heading. Received: headings=[].")
    width = picture.shape[1]
    image = Image.new("L", (width, _SMALL + 2 * _MARGIN - 4), _WHITE)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(_SMALL)
    for column, text in enumerate(headings):
        middle = (column + 0.5) * width / len(headings)
        pen.text((middle, image.height / 2), text, fill=_BLACK, font=font, anchor="mm")
    line = np.broadcast_to(np.asarray(image)[..., None], (image.height, *picture.shape[1:]))
    return np.concatenate([line, picture])


def _line(text: str, width: int) -> np.ndarray:
    image = Image.new("L", (width, _SIZE + 2 * _MARGIN), _WHITE)
    ImageDraw.Draw(image).text(
        (_MARGIN, _MARGIN - 2), text, fill=_BLACK, font=ImageFont.load_default(_SIZE)
    )
    return np.asarray(image)[..., None]
