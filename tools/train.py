"""Trains the presets that ship with aezoo, from the recipes beside this file.

    python tools/train.py vae.digits           # one preset
    python tools/train.py --all                # every recipe, in order
    python tools/train.py --refit vae.digits   # only its sampler and its record, anew
    python tools/train.py --record vae.digits  # only its record

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

import photographs
from aezoo import data, evaluation, factory, training
from aezoo.acceleration import machine
from aezoo.layout import RECORD
from aezoo.record import write_record
from tested import TASKS

ROOT = Path(__file__).resolve().parent.parent
PRESETS = ROOT / "aezoo" / "presets"
RUNS = ROOT / "runs"
RECIPES = Path(__file__).with_name("recipes.toml")
SAMPLE_METRICS = {
    "fashion_mnist": ("kid_classifier", "precision", "coverage"),
    "twemoji": ("kid_imagenet", "precision", "coverage"),
}
"""Dataset to the metrics of generated samples whose features suit its images."""


OWN = ("data", "sampler", "photographs", "task")
"""Keys of a recipe that are not arguments of the training."""


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
    samples = _samples(recipe)
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
            **{key: value for key, value in recipe.items() if key not in OWN},
        )
        settings = trained.settings
        computed = {"dtype": settings.dtype, "jit": settings.jit, "machine": machine()}
        if "photographs" in recipe:
            _widen(directory, samples["test"].sample_shape)
        _fit_sampler(directory, recipe, samples["train"])
        record = _record(directory, name, recipe, samples, computed)
        shutil.rmtree(presets / name, ignore_errors=True)
        directory.rename(presets / name)
    return record


def refit(name, recipe, presets=PRESETS):
    """Fits the sampler of a preset again and writes its record again; the weights stay.

    Args:
        name: Name of the preset.
        recipe: Its table in `recipes.toml`.
        presets: Directory that holds the presets.

    Returns:
        The record.
    """
    _fit_sampler(presets / name, recipe, _samples(recipe)["train"])
    return measure(name, recipe, presets)


def measure(name, recipe, presets=PRESETS):
    """Writes the record of a preset again.

    Args:
        name: Name of the preset.
        recipe: Its table in `recipes.toml`.
        presets: Directory that holds the presets.

    Returns:
        The record.
    """
    samples = _samples(recipe)
    record = json.loads((presets / name / RECORD).read_text(encoding="utf-8"))
    return _record(presets / name, name, recipe, samples, record["computed"])


def _samples(recipe):
    """Returns the splits that a recipe names."""
    if "photographs" in recipe:
        given = {**recipe["photographs"], "seed": recipe["seed"]}
        train, test = photographs.training(**given), photographs.held_out(**given)
        return {"train": train, "validation": None, "test": test}
    return {split: data.load(recipe["data"], split) for split in data.SPLITS}


def _widen(directory, sample_shape):
    """Stores a model that keeps places for samples of another size; its weights do not change."""
    trained = factory.load(directory)
    config = {**factory.model_config(trained), "sample_shape": sample_shape}
    wide = factory.create(trained.variant, **config)
    weights = trained.named_weights()
    for name, weight in wide.named_weights().items():
        weight.assign(weights[name])
    factory.save(wide, directory, dtype="float16", overwrite=True)


def _fit_sampler(directory, recipe, train):
    model = factory.load(directory)
    if "sampler" in recipe:
        arguments = (
            {"name": recipe["sampler"]} if isinstance(recipe["sampler"], str) else recipe["sampler"]
        )
        model.fit_sampler(data=train.x, seed=recipe["seed"], **arguments)
    factory.save(model, directory, dtype="float16", overwrite=True)


def _record(directory, name, recipe, samples, computed):
    return write_record(
        directory,
        name,
        train=samples["train"],
        test=samples["test"],
        recipe={**recipe, "command": f"python tools/train.py {name}"},
        computed=computed,
        metrics=(*evaluation.METRICS, *SAMPLE_METRICS.get(recipe.get("data"), ())),
        tested=_tested(directory, recipe),
    )


def _tested(directory, recipe):
    """Returns what the task of a restorer scores on whole images, beside classical methods."""
    if "task" not in recipe:
        return None
    return TASKS[recipe["task"]](factory.load(directory))


def main():
    """Reads the command line and trains."""
    recipes = tomllib.loads(RECIPES.read_text())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(recipes)}")
    parser.add_argument("--all", action="store_true", help="train every recipe")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--refit", action="store_true", help="keep the weights of the presets")
    kept.add_argument("--record", action="store_true", help="keep weights and samplers")
    arguments = parser.parse_args()
    names = list(recipes) if arguments.all else arguments.names
    unknown = [name for name in names if name not in recipes]
    if unknown or not names:
        parser.error(f"name presets of {', '.join(recipes)}, or --all. Received: {unknown}")
    for name in names:
        print(f"== {name}", flush=True)
        act = refit if arguments.refit else measure if arguments.record else train
        record = act(name, recipes[name])
        print(json.dumps(record["metrics"], indent=1), flush=True)


if __name__ == "__main__":
    main()
