"""Samplers of vector codes, on the shipped Fashion-MNIST models.

Every sampler learns from the codes of the 55,000 training images and draws 10,000 codes; the images
decoded from them are compared with the 10,000 test images.
"""

import functools
import json
import os
import time

from benchmarks import report

PRESETS = ("ae.fashion_mnist", "vae.fashion_mnist")
SPECS = {
    "normal": {"name": "normal"},
    "gmm": {"name": "gmm"},
    "gmm, 40 components, all codes": {"name": "gmm", "components": 40, "limit": 55_000},
    "kde": {"name": "kde"},
    "kde, bandwidth 0.05": {"name": "kde", "bandwidth": 0.05},
    "two_stage": {"name": "two_stage"},
    "real_nvp": {"name": "real_nvp"},
    "maf": {"name": "maf"},
    "iaf": {"name": "iaf"},
    "rectified_flow": {"name": "rectified_flow"},
}
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
    command.add_argument("--samplers", nargs="+", default=[*SPECS, "prior"])
    command.add_argument("--seeds", nargs="+", type=int, default=[0])
    command.add_argument("--resume", metavar="FILE", help="JSON lines: what is there is kept")


def run(arguments):
    """Measures all samplers on all presets.

    Returns:
        Stem of the files to write, JSON values, and the page as lines.
    """
    records = _known(arguments.resume)
    for preset in arguments.presets:
        scene = functools.cache(lambda preset=preset: Scene(preset))
        for seed in arguments.seeds:
            for sampler in ("reconstructions", "training codes", *arguments.samplers):
                place = {"preset": preset, "sampler": sampler, "seed": seed}
                if place in [{key: r[key] for key in place} for r in records]:
                    continue
                numbers = measure(seed, scene(), sampler)
                if numbers is not None:
                    records.append(place | numbers)
                    print(json.dumps(records[-1]), flush=True)
                    if arguments.resume:
                        with open(arguments.resume, "a") as file:
                            file.write(json.dumps(records[-1]) + "\n")
    results = {**report.circumstances(), "records": records}
    return "samplers", results, render(results)


class Scene:
    """What all samplers of a preset have in common."""

    def __init__(self, preset):
        import aezoo

        self.model = aezoo.load(preset)
        self.train, self.test = (aezoo.data.load("fashion_mnist", s).x for s in ("train", "test"))
        self.codes, self.unseen = self.model.encode(self.train), self.model.encode(self.test)
        self.reconstructions = self.decode(self.unseen)

    def decode(self, codes):
        """Returns images, in [0, 1] to the last bit."""
        return self.model.decode(codes).clip(0.0, 1.0)


def measure(seed, scene, sampler):
    """Fits one sampler, draws from it and scores what was drawn.

    Args:
        seed: Seed of the fit and of the draws.
        scene: A `Scene`.
        sampler: A key of `SPECS`; `"prior"`; `"reconstructions"` of the test images; or
            `"training codes"`, as many of them drawn at random, which no sampler should beat.

    Returns:
        Numbers by name, see `COLUMNS`; None where a model has no prior.
    """
    import numpy as np

    from aezoo.noise import generator

    numbers, rng = {}, generator(seed)
    if sampler == "reconstructions":
        codes = scene.unseen
    elif sampler == "training codes":
        codes = scene.codes[rng.choice(len(scene.codes), DRAWS, replace=False)]
    elif sampler == "prior":
        if not scene.model.engine.has("prior"):
            return None
        codes = scene.model.sample_codes(DRAWS, seed=seed, sampler="prior")
    else:
        fitted, numbers = fit(seed, scene, sampler)
        noise = rng.standard_normal((DRAWS, fitted.noise_dim))
        start = time.perf_counter()
        codes = fitted.transform(noise)
        numbers["draw_seconds"] = time.perf_counter() - start
    return {name: float(np.round(v, 6)) for name, v in {**score(scene, codes), **numbers}.items()}


def fit(seed, scene, sampler):
    """Returns a fitted sampler, and what the fit took; imports and compilations included."""
    from aezoo import samplers

    fitted = samplers.build(SPECS[sampler])
    start, before = time.perf_counter(), os.times()
    fitted.fit(scene.codes, seed=seed)
    seconds, after = time.perf_counter() - start, os.times()
    return fitted, {
        "fit_seconds": seconds,
        "fit_processor_seconds": after.user + after.system - before.user - before.system,
        "kilobytes": sum(array.nbytes for array in fitted.arrays().values()) / 1000,
    }


def score(scene, codes):
    """Returns what the metrics say of codes and of the images decoded from them."""
    from aezoo import metrics

    real, images = scene.test, scene.decode(codes)
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
            blur out. Memorisation is the median distance to the nearest training code, or image,
            of {REMEMBERED:,} draws, over that of the test set: 0 for copies, 1 for what is new.
            Times hold imports and compilations; cells are means over the seeds.
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


def _known(path):
    if not path or not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]
