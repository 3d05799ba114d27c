"""Samplers of vector codes, on the shipped Fashion-MNIST models.

Every sampler learns from the codes of the 55,000 training images and draws 10,000 codes; the images
decoded from them are compared with the 10,000 test images.
"""

import json
import os
import time

from benchmarks import report

PRESETS = ("ae.fashion_mnist", "vae.fashion_mnist")
SPECS = {
    "normal": {"name": "normal"},
    "gmm": {"name": "gmm"},
    "gmm, 40 components, all codes": {"name": "gmm", "components": 40, "limit": 60_000},
    "kde": {"name": "kde"},
    "kde, bandwidth 0.05": {"name": "kde", "bandwidth": 0.05},
    "two_stage": {"name": "two_stage"},
    "real_nvp": {"name": "real_nvp"},
    "maf": {"name": "maf"},
    "iaf": {"name": "iaf"},
    "rectified_flow": {"name": "rectified_flow"},
}
RECONSTRUCTIONS, TRAINING, PRIOR = "reconstructions", "training codes", "prior"
DRAWS = 10_000
REMEMBERED = 2_000
COLUMNS = {
    "kid_classifier": ("KID", ".4f"),
    "kid_to_reconstructions": ("KID to reconstructions", ".4f"),
    "precision": ("precision", ".3f"),
    "recall": ("recall", ".3f"),
    "coverage": ("coverage", ".3f"),
    "memorisation_of_codes": ("memorisation, codes", ".3f"),
    "memorisation": ("memorisation, images", ".3f"),
    "fit_seconds": ("fit, s", ".1f"),
    "fit_processor_seconds": ("fit, processor s", ".1f"),
    "draw_seconds": ("10,000 codes, s", ".2f"),
    "kilobytes": ("kB", ".0f"),
}


def add_arguments(command):
    """Adds the benchmark's arguments to its command."""
    command.add_argument("--presets", nargs="+", default=list(PRESETS))
    command.add_argument("--samplers", nargs="+", choices=[*SPECS, PRIOR], default=[*SPECS, PRIOR])
    command.add_argument("--seeds", nargs="+", type=int, default=[0])


def run(arguments):
    """Measures all samplers on all presets.

    Returns:
        Stem of the files to write, JSON values, and the page as lines.
    """
    records = []
    for preset in arguments.presets:
        scene = Scene(preset)
        for seed in arguments.seeds:
            for sampler in (RECONSTRUCTIONS, TRAINING, *arguments.samplers):
                numbers = measure(seed, scene, sampler)
                if numbers is not None:
                    place = {"preset": preset, "sampler": sampler, "seed": seed}
                    records.append(place | numbers)
                    print(json.dumps(records[-1]), flush=True)
    results = {**report.circumstances(), "records": records}
    return "samplers", results, render(results)


class Scene:
    """What all samplers of a preset have in common."""

    def __init__(self, preset):
        import aezoo

        self.model = aezoo.load(preset)
        self.train, self.test = (aezoo.data.load("fashion_mnist", s).x for s in ("train", "test"))
        drawn = self.model.engine.has("posterior")
        self.codes, self.unseen = (
            self.model.encode(x, sample=drawn, seed=0) for x in (self.train, self.test)
        )
        self.reconstructions = self.decode(self.model.encode(self.test))

    def decode(self, codes):
        """Returns images, in [0, 1] to the last bit."""
        return self.model.decode(codes).clip(0.0, 1.0)


def measure(seed, scene, sampler):
    """Fits one sampler, draws from it and scores what was drawn.

    Args:
        seed: Seed of the fit and of the draws.
        scene: A `Scene`.
        sampler: A key of `SPECS`; `PRIOR`; `RECONSTRUCTIONS` of the test images; or `TRAINING`,
            as many of the training codes drawn at random, which no sampler should beat.

    Returns:
        Numbers by name, see `COLUMNS`; None where a model has no prior.
    """
    import numpy as np

    from aezoo.noise import generator

    numbers, model = {}, scene.model
    if sampler == RECONSTRUCTIONS:
        numbers = score(scene, scene.unseen, scene.reconstructions)
    elif sampler == TRAINING:
        chosen = generator(seed).choice(len(scene.codes), DRAWS, replace=False)
        numbers = score(scene, scene.codes[chosen])
    elif sampler == PRIOR:
        if not model.engine.has("prior"):
            return None
        numbers = score(scene, model.sample_codes(DRAWS, seed=seed, sampler="prior"))
    else:
        took = fit(seed, scene, sampler)
        start = time.perf_counter()
        codes = model.sample_codes(DRAWS, seed=seed)
        took["draw_seconds"] = time.perf_counter() - start
        numbers = score(scene, codes) | took
    return {name: float(np.round(value, 6)) for name, value in numbers.items()}


def fit(seed, scene, sampler):
    """Fits a sampler and returns what that took; encoding, imports and compilations included."""
    start, before = time.perf_counter(), os.times()
    fitted = scene.model.fit_sampler(data=scene.train, seed=seed, **SPECS[sampler])
    seconds, after = time.perf_counter() - start, os.times()
    return {
        "fit_seconds": seconds,
        "fit_processor_seconds": after.user + after.system - before.user - before.system,
        "kilobytes": sum(array.nbytes for array in fitted.arrays().values()) / 1000,
    }


def score(scene, codes, images=None):
    """Returns what the metrics say of codes and of the images decoded from them."""
    from aezoo import metrics

    real, images = scene.test, scene.decode(codes) if images is None else images
    first = slice(REMEMBERED)
    remembered = metrics.memorisation(codes[first], scene.codes, scene.unseen, sample_range=None)
    return {
        "kid_classifier": metrics.kid_classifier(real, images),
        "kid_to_reconstructions": metrics.kid_classifier(scene.reconstructions, images),
        **{name: getattr(metrics, name)(real, images) for name in ("precision", "recall")},
        "coverage": metrics.coverage(real, images),
        "memorisation_of_codes": remembered,
        "memorisation": metrics.memorisation(images[first], scene.train, real[first]),
    }


def render(results):
    """Returns the page as lines.

    Args:
        results: What `run` measured.
    """
    lines = [
        *report.head("Samplers", results),
        *report.paragraph(f"""
            Every sampler learns from the codes of the 55,000 training images of Fashion-MNIST and
            draws {DRAWS:,} codes. The images decoded from them are compared with the 10,000 test
            images. `reconstructions` decodes the codes of the test images themselves, which
            makes it the floor of the KID and lends its coverage the nearness of each image to its
            own reconstruction; `training codes` decodes as many codes of training images, which
            is what a perfect sampler would do. KID to reconstructions leaves the model's own
            blur out. Codes are draws of the posterior where a model has one. Memorisation is the
            median distance to the nearest training code, or image,
            of {REMEMBERED:,} draws, over that of the test set: 0 for copies, 1 for what is new.
            Times hold the encoding, imports and compilations; cells are means over the seeds.
        """),
    ]
    for preset in dict.fromkeys(record["preset"] for record in results["records"]):
        rows: dict = {}
        for record in results["records"]:
            if record["preset"] == preset:
                rows.setdefault(record["sampler"], []).append(record)
        table = report.table(
            ["", *(title for title, _ in COLUMNS.values())],
            [[name, *map(_cell, COLUMNS, [found] * len(COLUMNS))] for name, found in rows.items()],
        )
        lines += ["", f"## `{preset}`", "", *table]
    return lines


def _cell(name, records):
    values = [record[name] for record in records if name in record]
    return format(sum(values) / len(values), COLUMNS[name][1]) if values else ""
