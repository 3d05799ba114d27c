"""What the task of a model is measured by, for its record: on whole images."""

import skimage.data

import photographs
from aezoo import data, sample_photos
from aezoo.tasks import (
    denoising,
    inpainting,
    rate_distortion,
    repair,
    restoration,
    stylization,
    super_resolution,
)
from aezoo.tasks.comparison import compare
from aezoo.tasks.compression import Coder


def super_resolve(model):
    """Returns the scores of super-resolution on Set5, by the protocol of the literature."""
    scale = model.sample_shape[0] // model.code_shape[0]
    return {
        "data": "Set5",
        **super_resolution.evaluate(photographs.folder("Set5"), scale, model=model),
    }


def denoise(model):
    """Returns the scores of denoising on the free photographs."""
    return {
        "data": "scikit-image and scikit-learn photos",
        **denoising.evaluate(sample_photos.squares(256), model=model),
    }


def inpaint(model):
    """Returns the scores of filling holes of the free photographs, PSNR in the hole."""
    found = [
        inpainting.evaluate_photos(lambda x, hole: repair.fill(x, hole, model=model), kind=kind)
        for kind in photographs.HOLES
    ]
    rows = {one["mask"]: [{"model": one["model"]["filled"], **one["baselines"]}] for one in found}
    facts = {"data": "scikit-image and scikit-learn photos, 128x128", "task": "inpaint"}
    return {**compare(rows, **facts), "n": found[0]["photos"]}


def restore(model):
    """Returns the scores of finding and repairing damage of the free photographs."""
    return {
        "data": "scikit-image and scikit-learn photos",
        **restoration.evaluate(sample_photos.squares(256), finder=model),
    }


def compress(model):
    """Returns the scores of compression on a test split, at equal bits per pixel."""
    images = data.load("fashion_mnist", "test").x[:1000]
    found = rate_distortion.evaluate(images, tool=Coder(model))
    return {"data": "Fashion-MNIST, test split", **found}


def stylize(model):
    """Returns how far photographs get into styles by the model's codes, and by random filters."""
    contents = sample_photos.squares(128)[:3]
    styles = [getattr(skimage.data, name)()[:256, :256] for name in STYLES]
    styles = [image if image.ndim == 3 else image[..., None] for image in styles]
    own = stylization.evaluate(contents, styles, features="self", model=model)
    other = stylization.evaluate(contents, styles, features="random")
    both = {
        "scores": own["scores"] | other["scores"],
        "images": own["images"] | other["images"],
        "verdict": own["verdict"] + other["verdict"],
        "wins": {"self": own["wins"], "random": other["wins"]},
    }
    facts = {key: own[key] for key in ("task", "method", "seed", "n", "unit")}
    return {"data": f"scikit-image photos in {', '.join(STYLES)}", **facts, **both}


STYLES = ("immunohistochemistry", "gravel", "hubble_deep_field")
TASKS = {
    "compress": compress,
    "denoise": denoise,
    "inpaint": inpaint,
    "restore": restore,
    "stylize": stylize,
    "super_resolve": super_resolve,
}
"""Name of a task to the function that measures a model of it."""
