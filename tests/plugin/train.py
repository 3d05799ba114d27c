"""Trains the pretrained model of this package: `python train.py`."""

from pathlib import Path

import aezoo
from aezoo.record import write_record
from aezoo.training import train

DIRECTORY = Path(__file__).parent / "acme_autoencoders" / "presets" / "rae.pulses"
RECIPE = {
    "epochs": 30,
    "batch_size": 50,
    "learning_rate": 0.003,
    "seed": 0,
    "sampler": "acme/kde",
    "dtype": "float32",
    "config": {"latent_dim": 2, "body": {"name": "acme/conv1d", "channels": [8, 16]}},
}

samples, validation, test = (aezoo.data.load("acme/pulses", split) for split in aezoo.data.SPLITS)
train(
    "acme/rae",
    samples,
    DIRECTORY,
    validation=validation,
    weights="float16",
    overwrite=True,
    **RECIPE,
)
record = write_record(
    DIRECTORY,
    "acme/rae.pulses",
    train=samples,
    test=test,
    recipe={**RECIPE, "command": "python train.py"},
)
print(record["metrics"]["metrics"], "PCA:", record["metrics"]["baseline"]["metrics"])
