"""aezoo against pythae: what equal models learn from equal data, and what the training costs.

Each training is a process of its own, aezoo's and the peer's in turn. Both leave arrays, and one
scorer compares them with the test images. Networks, initial weights, objectives, optimizer, batch
size and number of steps are equal; data order, noise and arithmetic are each library's own.
"""

import contextlib
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import quality_page, report, scoring
from benchmarks.worker import environment

RUNS = Path(__file__).resolve().parents[2] / "runs" / "quality"
HALF = {"name": "gaussian", "link": "sigmoid"}
WHOLE = {**HALF, "scale": 0.5**0.5}
ENTRIES = {"codebook": "ema", "codebook_size": 512, "commitment": 0.25}
PAIRS = {
    "ae": ({"likelihood": WHOLE}, {}),
    "vae": ({"likelihood": HALF}, {}),
    "beta_vae": ({"likelihood": HALF, "beta": 4.0}, {"beta": 4.0}),
    "wae_mmd": (
        {"likelihood": HALF, "mmd_weight": 10.0},
        {"reconstruction_loss_scale": 0.5, "reg_weight": 10.0},
    ),
    "rae_l2": (
        {"likelihood": WHOLE, "code_weight": 1e-4, "decoder_weight": 1e-7},
        {"embedding_weight": 1e-4},  # the decoder's weight is its optimizer's `weight_decay`
    ),
    "vq_vae": ({"likelihood": WHOLE, **ENTRIES}, {"use_ema": True, "num_embeddings": 512}),
    "aae": (
        {"likelihood": HALF, "adversarial": 1.0, "critic": [256]},
        {"adversarial_loss_scale": 1.0},
    ),
    # Weighted sampling: the peer's stratified sampling is not the paper's.
    "beta_tc_vae": (
        {"likelihood": HALF, "alpha": 1.0, "beta": 4.0, "gamma": 1.0},
        {"alpha": 1.0, "beta": 4.0, "gamma": 1.0, "use_mss": False},
    ),
    "iwae": ({"likelihood": HALF, "importance_samples": 5}, {"number_samples": 5}),
    "info_vae": (
        {"likelihood": HALF, "alpha": 0.5, "lambda_": 10.0},
        {"alpha": 0.5, "lbd": 10.0},
    ),
    "vamp_vae": ({"likelihood": HALF, "pseudo_inputs": 50}, {"number_components": 50}),
    "sphere_vae": ({"likelihood": HALF}, {}),
}
"""Variant to aezoo's and pythae's arguments; the likelihood `WHOLE` is the squared error itself,
`HALF` is half of it, as each of pythae's models has it."""
BY_NETWORK = {
    # Without a grid pythae's entries are single numbers.
    ("vq_vae", "mlp"): ({"latent_dim": 1, "grid": [16]}, {"commitment_loss_factor": 0.25}),
    # The distance is a sum over the 16 numbers of an entry here, and a mean there.
    ("vq_vae", "conv"): ({}, {"commitment_loss_factor": 4.0}),
}
"""What a network adds to these arguments."""
ALONE = {"sigma_vae": {"likelihood": {**HALF, "scale": "batch"}}}
"""Arguments of variants that only aezoo has, where they are not `HALF` alone."""
ELSEWHERE = ("compressor", "restorer")
"""Variants that the pages of their tasks measure: they take no such likelihood."""
EVERYWHERE = ("ae", "vae", "beta_vae", "wae_mmd", "rae_l2", "vq_vae")
"""Variants that are trained with every network; the others with the first."""
ALSO_IN_HALF = ("vae", "mlp")
"""Variant and network that aezoo trains under `mixed_bfloat16` too, the policy of the training's
speed: convolutions of processors without bfloat16 units would take an hour."""
NO_PRIOR = ("ae", "rae_l2", "vq_vae")
OTHER_NORMAL = "vamp_vae"
"""The variant whose sampler in pythae is not its prior but draws from wider components. Of others
with a prior, `normal` is the prior."""
NETWORKS = {"mlp": "784-512-16", "conv": "(32, 64)-16"}
EPOCHS = {"mlp": 10, "conv": 3}
COMMON = {
    "latent_dim": 16,
    "batch": 128,
    "learning_rate": 1e-3,
    "epsilon": 1e-7,
    "critic_betas": [0.5, 0.999],
    "weight_decay": 2e-7,
    "components": 10,
    "generated": 5000,
    "nll_images": 1000,
    "nll_draws": 100,
}
MODULES = {"aezoo": "benchmarks.own_quality", "pythae": "benchmarks.peer_quality"}


def add_arguments(parser):
    """Adds the command line's arguments."""
    parser.add_argument("--peer-python", help="interpreter that has pythae; None for aezoo alone")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", help="default: all")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--epochs", type=int, help=f"default: {EPOCHS}")
    parser.add_argument("--samples", type=int, default=20_480, help="training images")
    parser.add_argument(
        "--dtype", default="float32", help="aezoo's policy, as `aezoo train` has it"
    )
    parser.add_argument(
        "--resume", action="store_true", help="keep what runs/quality and the page hold"
    )


def run(arguments):
    """Trains and scores until all is done or Ctrl-C.

    Returns:
        The stem of the results' files, the results and the page's lines.
    """
    from aezoo import acceleration, data

    train, test = data.load("fashion_mnist").x, data.load("fashion_mnist", "test").x
    RUNS.mkdir(parents=True, exist_ok=True)
    records, todo = [], jobs(arguments)
    if arguments.resume:
        restore(todo)
    with tempfile.TemporaryDirectory(dir=RUNS) as scratch, contextlib.suppress(KeyboardInterrupt):
        path = save_data(Path(scratch) / "data.npz", train[: arguments.samples], test)
        for i, job in enumerate(todo):
            known = RUNS / f"{key(job)}.json"
            if arguments.resume and known.exists():
                records.append(json.loads(known.read_text()))
            else:
                record = run_job(job, arguments.peer_python, path, Path(scratch) / "job", test)
                records.append({"job": job, **record, "machine": acceleration.machine()})
                if "failed" not in record:
                    known.write_text(json.dumps(records[-1]) + "\n")
            print(f"{i + 1}/{len(todo)} {key(job)} {brief(records[-1])}", flush=True)
    results = {**conditions(arguments), "records": records}
    return "quality", results, quality_page.render(results)


def restore(todo):
    """Puts those trainings that the results beside the page hold, and `RUNS` does not, into it."""
    path = report.RESULTS / "quality.json"
    page = json.loads(path.read_text()) if path.exists() else {"records": [], "machine": ""}
    wanted = {key(job) for job in todo}
    for record in page["records"]:
        record.setdefault("machine", page["machine"])
        known = RUNS / f"{key(record['job'])}.json"
        if known.stem in wanted and "failed" not in record and not known.exists():
            known.write_text(json.dumps(record) + "\n")


def jobs(arguments):
    """Returns every training in the order in which they run, so that parts make sense.

    All variants come first, with the first network and seed, then its other seeds (only of those
    that both libraries have), then the other networks.
    """
    import aezoo
    from aezoo.factory import find_variant

    available = arguments.variants or aezoo.list_variants()
    pairs = [variant for variant in PAIRS if variant in available]
    alone = [v for v in available if v not in (*PAIRS, *ELSEWHERE)]
    alone = [v for v in alone if not find_variant(v).conditional]
    plan = []
    for network in arguments.networks:
        for seed in arguments.seeds:
            first = network == arguments.networks[0]
            lone = alone if first and seed == arguments.seeds[0] else []
            both = pairs if first else [v for v in pairs if v in EVERYWHERE]
            plan += [(variant, network, seed) for variant in [*both, *lone]]
    libraries = ["aezoo", "pythae"] if arguments.peer_python else ["aezoo"]
    found = []
    for variant, network, seed in plan:
        for library in libraries:
            if library == "aezoo" or variant in PAIRS:
                found.append(make_job(library, variant, network, seed, arguments))
        if (variant, network) == ALSO_IN_HALF:
            half = make_job("aezoo", variant, network, seed, arguments)
            found.append({**half, "dtype": "mixed_bfloat16", "label": "aezoo, bfloat16"})
    return found


def make_job(library, variant, network, seed, arguments):
    """Returns one training as JSON values."""
    own, peer = PAIRS.get(variant) or (ALONE.get(variant, {"likelihood": HALF}), None)
    more = BY_NETWORK.get((variant, network), ({}, {}))
    config = {**own, **more[0]} if library == "aezoo" else {**peer, **more[1]}
    best = ["gmm 40"] if library == "aezoo" and seed == arguments.seeds[0] else []
    prior = ["prior"] if library == "aezoo" or variant == OTHER_NORMAL else []
    return {
        "library": library,
        "variant": variant,
        "network": network,
        "seed": seed,
        "config": config,
        "samples": arguments.samples,
        "epochs": arguments.epochs or EPOCHS[network],
        "samplers": [] if variant == "vq_vae" else [*prior, "normal", "gmm", *best],
        **({"dtype": arguments.dtype} if library == "aezoo" else {}),
        **COMMON,
    }


def key(job):
    """Returns a file name for a job that changes with everything in it."""
    digest = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:8]
    return "-".join(str(job[n]) for n in ("variant", "network", "seed", "library")) + f"-{digest}"


def run_job(job, peer_python, data, out, test):
    """Runs one training in a process of its own and scores it.

    Returns:
        `numbers`, what `scoring.score` gives and the median seconds of an epoch but the first,
        which compiles, and the peak of memory in the training; and `computed`, how it was. Or
        `failed`, the last line of the process's log, and no numbers.
    """
    import numpy as np

    python = sys.executable if job["library"] == "aezoo" else peer_python
    request = json.dumps({**job, "data": str(data), "out": str(out)})
    log = RUNS / f"{key(job)}.log"
    with log.open("w") as stream:
        ended = subprocess.run(
            [python, "-m", MODULES[job["library"]], request],
            check=False,
            env=environment(),
            stdout=stream,
            stderr=stream,
        )
    if ended.returncode:
        return {"numbers": {}, "failed": (log.read_text().splitlines() or ["nothing said"])[-1]}
    record = json.loads(out.with_suffix(".json").read_text())
    with np.load(out.with_suffix(".npz")) as arrays:
        scores = scoring.score(dict(arrays), test, job["generated"])
    if job["library"] == "pythae" and job["variant"] not in (*NO_PRIOR, OTHER_NORMAL):
        scores |= {n.replace("normal", "prior"): v for n, v in scores.items() if "normal" in n}
    epochs = {name: record[name] for name in ("seconds", "processor")}
    cost = {name: statistics.median(values[1:] or values) for name, values in epochs.items()}
    cost |= {name: record[name] for name in ("megabytes", "imports")}
    numbers = {**scores, **cost}
    return {"numbers": numbers, "computed": record["computed"]}


def save_data(path, train, test):
    """Writes the images for both libraries and returns the path."""
    import numpy as np

    np.savez(path, train=train, test=test)
    return path


def brief(record):
    """Returns a record's numbers in one line, or why there are none."""
    if "failed" in record:
        return f"failed: {record['failed']}"
    return " ".join(f"{name} {value:.4g}" for name, value in record["numbers"].items())


def conditions(arguments):
    """Returns what has to be known to repeat the measurement."""
    return {
        **report.circumstances(arguments.peer_python),
        "epochs": {n: arguments.epochs or EPOCHS[n] for n in arguments.networks},
        "samples": arguments.samples,
        "seeds": arguments.seeds,
        "common": COMMON,
        "arguments": {name: {"aezoo": own, "pythae": peer} for name, (own, peer) in PAIRS.items()},
    }
