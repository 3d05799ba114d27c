"""aezoo's speed against plain Keras, alternating both in one run.

Every comparison is a ratio taken round by round, with its spread.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.timing import ROUNDS, alternate, ratio, stopwatch


def compare(candidates, rounds=ROUNDS):
    """Times functions in turn.

    Args:
        candidates: Name to function; the first is the reference.
        rounds: Rounds counted.

    Returns:
        Name to `{"seconds": median, "ratio": [min, median, max] of reference / this}`.
    """
    times = alternate({name: stopwatch(f) for name, f in candidates.items()}, rounds)
    reference = next(iter(times.values()))
    return {
        name: {"seconds": statistics.median(seconds), "ratio": ratio(reference, seconds)}
        for name, seconds in times.items()
    }


def training():
    """Trains the default convolutional body on 12,800 images an epoch, batch 128."""
    import aezoo
    from aezoo import acceleration
    from aezoo.shuffling import shuffled

    x = _images(12_800)
    scaled = x.astype("float32") / 255
    results = {}
    for body in ("conv", "mlp"):
        settings = acceleration.choose(len(x) // 128)
        plain = aezoo.create("ae", sample_shape=(28, 28, 1), body=body)
        plain.compile("adam")
        tuned = aezoo.create("ae", sample_shape=(28, 28, 1), body=body, dtype=settings.dtype)
        tuned.compile(
            "adam", jit_compile=settings.jit, steps_per_execution=settings.steps_per_execution
        )
        batches = shuffled(x, batch_size=128, seed=0)
        results[f"{body} {settings}"] = compare(
            {
                "keras defaults": lambda m=plain: m.fit(scaled, batch_size=128, verbose=0),
                "aezoo train": lambda m=tuned, b=batches: m.fit(b, shuffle=False, verbose=0),
            }
        )
    return results


def encode():
    """Encodes 1, 32 and 10,000 images against `model.encoder.predict`."""
    import numpy as np

    import aezoo

    models = {"conv (32, 64)": aezoo.create("ae", sample_shape=(28, 28, 1))}
    models |= {name: aezoo.load(name) for name in aezoo.list_presets()}
    results = {}
    for name, model in models.items():
        x = np.resize(_images(1000), (10_000, *model.sample_shape)).astype("float32") / 255
        for n, rounds in ((1, 20), (32, 20), (10_000, ROUNDS)):
            part = x[:n]
            candidates = {
                "predict": lambda m=model, p=part: m.encoder.predict(p, verbose=0),
                "encode": lambda m=model, p=part: m.encode(p),
            }
            if n > 512:
                candidates["predict, batch 512"] = lambda m=model, p=part: m.encoder.predict(
                    p, batch_size=512, verbose=0
                )
            results[f"{name}, {n} images"] = compare(candidates, rounds)
    return results


def latency():
    """Encodes one image 300 times in a row, which leaves the caches warm."""
    import aezoo

    models = {"conv (32, 64)": aezoo.create("ae", sample_shape=(28, 28, 1))}
    models |= {name: aezoo.load(name) for name in ("vae.digits", "vae.fashion_mnist")}
    results = {}
    for name, model in models.items():
        x = _images(1)[:, : model.sample_shape[0], : model.sample_shape[1]]
        results[name] = compare({"encode": lambda m=model, x=x: m.encode(x)}, rounds=300)
    return results


def cold():
    """Starts processes: importing Keras, and loading each preset to encode one image."""
    load = (
        "import numpy as np, aezoo; m = aezoo.load('{}'); "
        "m.encode(np.zeros((1, *m.sample_shape), 'float32'))"
    )
    commands = {"import keras": "import keras"}
    commands |= {name: load.format(name) for name in ("vae.digits", "vae.fashion_mnist")}
    return {"cold process": compare({k: _process("-c", v) for k, v in commands.items()})}


def hub():
    """Reads presets as they lie in the Hub's cache, pinned, and as directories of their own."""
    import shutil
    import tempfile
    from unittest import mock

    from huggingface_hub import constants

    from aezoo import sources, store
    from aezoo.hub import cache
    from aezoo.hub.address import Address

    results = {}
    for name in ("vae.digits", "ae.fashion_mnist"):
        address = Address(f"org/{name}", "0" * 40)
        with (
            tempfile.TemporaryDirectory() as scratch,
            mock.patch.object(constants, "HF_HUB_CACHE", scratch),
        ):
            directory = cache.snapshot(address)
            shutil.copytree(sources.pull(name), directory)
            results[name] = compare(
                {
                    "directory": lambda d=directory: store.read(d),
                    "hf:// in the cache": lambda a=address: sources.read(str(a)),
                },
                rounds=50,
            )
    return results


def names():
    """Starts processes: an empty one, `import aezoo`, `aezoo list` and `aezoo --help`.

    And `aezoo list` once more, with 1,000 distributions installed that have a variant and a preset
    each.
    """
    run = "import sys; from aezoo.cli import main; sys.argv = ['aezoo', {}]; main()"
    commands = {
        "empty": "pass",
        "import aezoo": "import aezoo",
        "aezoo list": run.format("'list'"),
        "aezoo --help": run.format("'--help'"),
    }
    candidates = {k: _process("-c", v) for k, v in commands.items()}
    with tempfile.TemporaryDirectory() as site:
        _install(Path(site), 1000)
        many = _process("-c", commands["aezoo list"], PYTHONPATH=site)
        return {"cold process": compare(candidates | {"aezoo list, 1,000 plugins": many})}


def _process(*arguments, **environment):
    return lambda: subprocess.run(
        [sys.executable, *arguments], check=False, capture_output=True, env=os.environ | environment
    )


def _install(site, n):
    """Writes what pip leaves of `n` distributions that register a variant and ship a preset."""
    for i in range(n):
        metadata = site / f"plugin{i}-1.0.dist-info"
        preset = site / f"plugin{i}" / "presets" / "vae.x"
        metadata.mkdir()
        preset.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: plugin{i}\nVersion: 1.0\n"
        )
        entries = f"[aezoo.variants]\nv{i}/x = plugin{i}:X\n[aezoo.presets]\nv{i} = plugin{i}\n"
        (metadata / "entry_points.txt").write_text(entries)
        (preset / "record.json").write_text('{"name": "vae.x", "variant": "vae"}')


def _images(n):
    """Returns digits enlarged to 28x28, uint8: real structure without a download."""
    import numpy as np

    from aezoo import data

    small = data.load("digits").x[:, :7, :7]
    return np.resize((np.kron(small, np.ones((1, 4, 4, 1))) * 255).astype("uint8"), (n, 28, 28, 1))


BENCHMARKS = {
    "training": training,
    "encode": encode,
    "latency": latency,
    "hub": hub,
    "cold": cold,
    "names": names,
}


def run(names):
    """Runs benchmarks by name; returns the stem of the results' files, results and page."""
    results = {name: BENCHMARKS[name]() for name in names}
    return "foundation", results, markdown(results)


def markdown(results):
    """Returns the page as lines."""
    lines = [
        *report.head("Speed of the foundation", report.circumstances()),
        "Seconds are medians over rounds. Ratios are the reference's time over this time, round by",
        "round, and their median: above 1 is faster than the first row.",
    ]
    for benchmark, tables in results.items():
        lines += ["", f"## {benchmark}"]
        for title, rows in tables.items():
            cells = [
                [n, f"{r['seconds']:.4g}", *report.ratio_cells(r["ratio"])] for n, r in rows.items()
            ]
            header = ["", "seconds", "ratio", "min to max"]
            lines += ["", title, "", *report.table(header, cells)]
    return lines
