"""Measures aezoo's speed against plain Keras, alternating both in one run.

    python tools/bench.py training     # aezoo train's settings against Keras' defaults
    python tools/bench.py encode       # encode against predict, on small networks and every preset
    python tools/bench.py latency      # encode of one image, warm, with nothing between the calls
    python tools/bench.py hub          # a model in the Hub's cache against a directory
    python tools/bench.py cold         # a cold process: load and encode against importing Keras
    python tools/bench.py names        # a cold process: aezoo list, aezoo --help, import aezoo
    python tools/bench.py all --write  # everything, into docs/benchmarks/foundation.{json,md}

Shared machines are noisy: every figure is a median over alternating rounds, and every comparison a
ratio taken round by round, with its spread.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "foundation"
ROUNDS = 5


def alternate(candidates, rounds=ROUNDS):
    """Times functions in turn, A B A B ..., after one warm-up of each.

    Args:
        candidates: Name to function; the first is the reference.
        rounds: Rounds counted.

    Returns:
        Name to `{"seconds": median, "ratio": [min, median, max] of reference / this}`.
    """
    for function in candidates.values():
        function()
    times = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    reference = next(iter(times.values()))
    rows = {}
    for name, seconds in times.items():
        ratios = sorted(r / s for r, s in zip(reference, seconds, strict=True))
        rows[name] = {
            "seconds": statistics.median(seconds),
            "ratio": [ratios[0], statistics.median(ratios), ratios[-1]],
        }
    return rows


def training():
    """Trains the default convolutional body on 12,800 images an epoch, batch 128."""
    import aezoo
    from aezoo import acceleration
    from aezoo.training import ShuffledBatches

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
        batches = ShuffledBatches(x, batch_size=128, seed=0)
        results[f"{body} {settings}"] = alternate(
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
            results[f"{name}, {n} images"] = alternate(candidates, rounds)
    return results


def latency():
    """Encodes one image 300 times in a row, which leaves the caches warm."""
    import aezoo

    models = {"conv (32, 64)": aezoo.create("ae", sample_shape=(28, 28, 1))}
    models |= {name: aezoo.load(name) for name in ("vae.digits", "vae.fashion_mnist")}
    results = {}
    for name, model in models.items():
        x = _images(1)[:, : model.sample_shape[0], : model.sample_shape[1]]
        results[name] = alternate({"encode": lambda m=model, x=x: m.encode(x)}, rounds=300)
    return results


def cold():
    """Starts processes: importing Keras, and loading each preset to encode one image."""
    load = (
        "import numpy as np, aezoo; m = aezoo.load('{}'); "
        "m.encode(np.zeros((1, *m.sample_shape), 'float32'))"
    )
    commands = {"import keras": "import keras"}
    commands |= {name: load.format(name) for name in ("vae.digits", "vae.fashion_mnist")}
    return {"cold process": alternate({k: _process("-c", v) for k, v in commands.items()})}


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
            results[name] = alternate(
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
        return {"cold process": alternate(candidates | {"aezoo list, 1,000 plugins": many})}


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


def _markdown(results, command):
    from aezoo import acceleration, factory

    versions = ", ".join(f"{name} {version}" for name, version in factory.versions().items())
    lines = [
        "# Speed of the foundation",
        "",
        f"Written by `{command}` on {acceleration.machine()}; {versions}.",
        "Ratios are reference time over this time, round by round: above 1 is faster than the "
        "first row.",
    ]
    for benchmark, tables in results.items():
        lines += ["", f"## {benchmark}"]
        for title, rows in tables.items():
            lines += ["", f"{title}", "", "| | seconds | ratio | min to max |", "|---|---|---|---|"]
            for name, row in rows.items():
                low, middle, high = row["ratio"]
                lines.append(
                    f"| {name} | {row['seconds']:.4g} | {middle:.2f} | {low:.2f} to {high:.2f} |"
                )
    return "\n".join(lines) + "\n"


BENCHMARKS = {
    "training": training,
    "encode": encode,
    "latency": latency,
    "hub": hub,
    "cold": cold,
    "names": names,
}


def main():
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=[*BENCHMARKS, "all"])
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks/foundation.*")
    arguments = parser.parse_args()
    chosen = BENCHMARKS if arguments.benchmark == "all" else [arguments.benchmark]
    results = {name: BENCHMARKS[name]() for name in chosen}
    text = _markdown(results, f"python tools/bench.py {arguments.benchmark}")
    print(text)
    if arguments.write:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n")
        RESULTS.with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
