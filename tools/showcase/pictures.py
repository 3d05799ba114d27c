"""Pictures of what a preset does: which, drawn, and compared with those that are there."""

from aezoo.card import gallery
from aezoo.card.facts import has_prior
from showcase.documents import ROOT, documents, weights


def wanted(record, config):
    """Returns the names of the pictures that a preset's card shows; none without images.

    Args:
        record: Its record.
        config: Its configuration.
    """
    shape = config["config"]["sample_shape"]
    if len(shape) != 3 or shape[-1] not in (1, 3):
        return []
    left_out = set() if config["sampler"] else {"samples.png"}
    left_out |= set() if has_prior(record["metrics"]) else {"prior.png"}
    left_out |= {"walk.png"} if "degradation" in config["config"] else set()
    return [name for name in gallery.CAPTIONS if name not in left_out]


def draw(name, root=ROOT):
    """Draws the pictures of a preset.

    Args:
        name: Name of the preset.
        root: The checkout.

    Returns:
        Content of the PNG files, by name.
    """
    from aezoo import arrays, data, factory

    record, config, manifest = documents(name, root)
    if not wanted(record, config):
        return {}
    scored, recipe = record["metrics"], record["recipe"]
    if "photographs" in recipe:
        import photographs

        x = photographs.held_out(**recipe["photographs"]).x
    else:
        x = data.load(scored["dataset"], scored["split"]).x
    model = factory.load(root / "aezoo" / "presets" / name)
    found = gallery.draw(model, arrays.to_uint8(x[: gallery.shown(model)], name="x"))
    return {picture: gallery.to_png(pixels, weights(manifest)) for picture, pixels in found.items()}


def difference(name, root=ROOT):
    """Draws the pictures of a preset again, from the images that they show, and compares.

    Args:
        name: Name of the preset.
        root: The checkout.

    Returns:
        Largest difference of a pixel from the stored one, of 255.
    """
    from aezoo import factory

    record, config, _ = documents(name, root)
    home = root / "model_cards" / name
    stored = {n: gallery.from_png((home / n).read_bytes())[0] for n in wanted(record, config)}
    if not stored:
        return 0
    return gallery.difference(factory.load(root / "aezoo" / "presets" / name), stored)
