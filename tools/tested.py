"""What the task of each kind of restorer is measured by, for its record: on whole images."""

import photographs

from aezoo.tasks import denoising, super_resolution


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
        **denoising.evaluate(photographs.squares(), model=model),
    }


TASKS = {"denoise": denoise, "super_resolve": super_resolve}
"""Name of a task to the function that measures a model of it."""
