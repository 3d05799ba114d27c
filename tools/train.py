"""Trains the presets that ship with aezoo, from the recipes beside this file.

    python tools/train.py vae.digits           # one preset
    python tools/train.py --all                # every recipe, in order

A preset is trained on the training split, stored in half precision, loaded back, and only then
given its sampler and measured on the test split. Nothing here chooses by the test split, and
nothing is written by hand: weights, record and golden outputs are replaced together.
"""

import argparse
import json
import os
import shutil
import tempfile
import tomllib
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from aezoo import acceleration, data, training
from aezoo.record import write_record

ROOT = Path(__file__).resolve().parent.parent
PRESETS = ROOT / "aezoo" / "presets"
RUNS = ROOT / "runs"
RECIPES = Path(__file__).with_name("recipes.toml")


class Log(keras.callbacks.Callback):
    """Prints one line an epoch."""

    def on_epoch_end(self, epoch, logs=None):
        """Prints the losses."""
        terms = " ".join(f"{name} {value:.5g}" for name, value in logs.items())
        print(f"epoch {epoch + 1}: {terms}", flush=True)


def train(name, recipe, presets=PRESETS):
    """Trains one preset and writes its directory.

    Args:
        name: Name of the preset, `variant.tag`.
        recipe: Its table in `recipes.toml`.
        presets: Directory that holds the presets.

    Returns:
        The record.
    """
    variant = name.split(".")[0]
    samples = {split: data.load(recipe["data"], split) for split in data.SPLITS}
    RUNS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RUNS) as scratch:
        directory = Path(scratch) / name
        trained = training.train(
            variant,
            samples["train"],
            directory,
            validation=samples["validation"],
            weights="float16",
            callbacks=[Log()],
            **{key: value for key, value in recipe.items() if key != "data"},
        )
        record = write_record(
            directory,
            name,
            train=samples["train"],
            test=samples["test"],
            recipe={**recipe, "command": f"python tools/train.py {name}"},
            computed={
                "dtype": trained.settings.dtype,
                "jit": trained.settings.jit,
                "machine": acceleration.machine(),
            },
        )
        shutil.rmtree(presets / name, ignore_errors=True)
        directory.rename(presets / name)
    return record


def main():
    """Reads the command line and trains."""
    recipes = tomllib.loads(RECIPES.read_text())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(recipes)}")
    parser.add_argument("--all", action="store_true", help="train every recipe")
    arguments = parser.parse_args()
    names = list(recipes) if arguments.all else arguments.names
    unknown = [name for name in names if name not in recipes]
    if unknown or not names:
        parser.error(f"name presets of {', '.join(recipes)}, or --all. Received: {unknown}")
    for name in names:
        print(f"== {name}", flush=True)
        record = train(name, recipes[name])
        print(json.dumps(record["metrics"], indent=1), flush=True)


if __name__ == "__main__":
    main()
