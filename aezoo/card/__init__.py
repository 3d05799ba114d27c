"""The card of a model: the README.md that people read beside it, made from recorded facts alone.

`of_preset` describes a pretrained model from its record, `of_model` and `of_files` any stored
model, of which less is known: what nobody measured is said to be not measured.
"""

from aezoo.card.page import NAME, of_files, of_model, of_preset
from aezoo.card.seal import is_unedited, seal

__all__ = ["NAME", "is_unedited", "of_files", "of_model", "of_preset", "seal"]
