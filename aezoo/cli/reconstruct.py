"""`aezoo reconstruct`."""

from aezoo.cli.console import note
from aezoo.cli.options import (
    Brightness,
    Contrast,
    Count,
    Engine,
    Force,
    Gamma,
    Match,
    Model,
    Picture,
    Samples,
    Sharpness,
    Split,
)

_SHOWN = 32


def reconstruct(
    model: Model,
    samples: Samples,
    output: Picture,
    split: Split = "test",
    count: Count = None,
    brightness: Brightness = 0.0,
    contrast: Contrast = 1.0,
    gamma: Gamma = 1.0,
    sharpness: Sharpness = 0.0,
    match: Match = None,
    engine: Engine = "keras",
    force: Force = False,
) -> None:
    """Encode and decode samples; a picture shows each below its original.

    A picture holds the first 32 samples unless --count says otherwise.
    """
    from aezoo import pictures
    from aezoo.cli import inputs, models, outputs

    outputs.check(output, force=force)
    network = models.load(model, engine)
    outputs.check_kind(output, network)
    if count is None and output.suffix.lower() in outputs.PICTURES:
        count = _SHOWN
    x = inputs.read(samples, network, split=split, count=count).array()
    reconstruction = network.reconstruct(x)
    outputs.write_samples(
        output,
        reconstruction,
        force=force,
        arrange=lambda finished: pictures.pairs(x, finished),
        brightness=brightness,
        contrast=contrast,
        gamma=gamma,
        sharpness=sharpness,
        match=match,
    )
    from aezoo.metrics import mse

    note(f"Mean squared error of {len(x)} samples: {mse(x, reconstruction):.5f}.")
