"""aezoo against pythae: training, encoding, generating, and the start of a process.

Two processes for each heading, one a library, work in turn, each with its own default threads.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

from benchmarks import processes, report
from benchmarks.timing import alternate, ratio, spread
from benchmarks.worker import Worker

NETWORKS = {
    "mlp": "MLP 784-512-16",
    "small conv": "small conv (32, 64)",
    "big conv": "big conv (128 to 1024)",
}
TRAINING = {
    ("mlp", 128): 25_600,
    ("mlp", 256): 25_600,
    ("small conv", 128): 6_400,
    ("big conv", 128): 512,
}
"""Network and batch size to the images of an epoch."""
REPEATS = {"mlp": {1: 500, 512: 5}, "small conv": {1: 500, 512: 5}, "big conv": {1: 100, 512: 1}}
"""Network and images a call to the calls that one answer is the time of, a fraction of a second."""
KERAS, ONNX = {"engine": "keras"}, {"engine": "onnx"}
BFLOAT16 = {"engine": "keras", "dtype": "mixed_bfloat16"}
ROUNDS = {"Training": 5, "Encoding": 9, "Generating": 9}
GROUPS = (*(heading.lower() for heading in ROUNDS), "processes")
METHOD = """
    Both libraries work in turn, in processes of their own, each with its own default threads.
    Ratios are pythae's time over aezoo's, round by round (5 of training, 9 of the others), their
    median, least and greatest: above 1 aezoo is faster. Rates are medians, in images a second. The
    model is a VAE with 16 latent units and untrained weights, the images are noise: how well both
    libraries train is in [quality.md](quality.md). `MLP` is pythae's default network and
    `small conv` aezoo's body `conv`; `big conv` is pythae's own network for MNIST, with batch
    normalisation, on aezoo's side a plugin's body (`tools/benchmarks/own_networks.py`) that uses
    the layers of `aezoo.bodies.strided` and `aezoo.bodies.transposed`. The networks are the same
    on both sides.
    Training is one epoch of 25,600, 6,400 or 512 images, from its beginning to its end, after one
    that compiles: of `fit` in the settings of `aezoo train`, which keep freed memory
    (`aezoo.heap.keep_memory`), and of pythae's `BaseTrainer`, both with Adam.
    Encoding is what gives the codes in either library: `encode` against `embed` without gradients.
    pythae's decodes, too, so that a part of every ratio there is work that aezoo leaves out.
    Generating draws from the prior.
"""
LOG = Path(__file__).resolve().parents[2] / "runs" / "speed.log"


def add_arguments(parser):
    """Adds the command line's arguments."""
    parser.add_argument("--peer-python", required=True, help="interpreter that has pythae")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS)


def run(arguments):
    """Measures, and returns the stem of the results' files, results and page."""
    LOG.parent.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    results = {**report.circumstances(arguments.peer_python), "rows": [], "processes": {}}
    with _workers(arguments.peer_python) as (peer, own):
        settings = {"aezoo train": own("settings"), "pythae": f"{peer('threads')} threads"}
        results["settings"] = settings
    for heading in (name for name in ROUNDS if name.lower() in arguments.only):
        # In new processes: what a training sets must not serve the encoding.
        with _workers(arguments.peer_python) as (peer, own):
            for comparison in (case for case in comparisons() if case["heading"] == heading):
                for row in measure(comparison, peer, own):
                    print(" | ".join(_cells(row)), flush=True)
                    results["rows"].append(row)
    if "processes" in arguments.only:
        with (
            _workers(arguments.peer_python) as (peer, own),
            tempfile.TemporaryDirectory() as scratch,
        ):
            saved = {"pythae": f"{scratch}/pythae", "aezoo": f"{scratch}/aezoo"}
            peer("save", network="mlp", directory=saved["pythae"])
            own("save", network="mlp", directory=saved["aezoo"])
            results["processes"] = processes.compare(arguments.peer_python, saved)
    return "speed", results, render(results)


@contextlib.contextmanager
def _workers(peer_python):
    """Yields the processes of the peer and of aezoo."""
    with (
        LOG.open("a") as log,
        Worker(peer_python, "benchmarks.peer_speed", log) as peer,
        Worker(sys.executable, "benchmarks.own_speed", log) as own,
    ):
        yield peer, own


def comparisons():
    """Returns what is compared, one dictionary a case.

    Each holds the heading and the case; the request to the peer's worker; label to the request to
    aezoo's; and the number of images that one answer is the time of.
    """
    cases = []
    for (network, batch), n in TRAINING.items():
        request = {"task": "train", "network": network, "batch": batch, "n": n}
        case = f"{NETWORKS[network]}, batch {batch}"
        cases.append(_case("Training", case, request, {"": {}}, n))
    for heading, task in {"Encoding": "encode", "Generating": "generate"}.items():
        for network, title in NETWORKS.items():
            for n, repeats in REPEATS[network].items():
                flavours = {"Keras": KERAS, "ONNX": ONNX}
                if (network, n) == ("small conv", 512):
                    flavours["Keras, mixed_bfloat16"] = BFLOAT16
                request = {"task": task, "network": network, "n": n, "repeats": repeats}
                case = f"{title}, {n} image{'s' if n > 1 else ''}"
                cases.append(_case(heading, case, request, flavours, n * repeats))
    return cases


def measure(comparison, peer, own):
    """Measures one case.

    Args:
        comparison: One of `comparisons()`.
        peer: Function of a request to seconds, the peer's worker.
        own: The same for aezoo.

    Returns:
        A dictionary for each of aezoo's requests, with images a second and the ratio of times,
        `[min, median, max]` over rounds, or with `missing`, why there are none.
    """
    candidates, missing = {"pythae": lambda: peer(**comparison["peer"])}, {}
    for label, request in comparison["own"].items():
        try:
            own(**request)
            candidates[label] = lambda request=request: own(**request)
        except NotImplementedError as reason:
            missing[label] = str(reason)
    seconds = alternate(candidates, ROUNDS[comparison["heading"]])
    rows = []
    for label in comparison["own"]:
        row = {"heading": comparison["heading"], "case": comparison["case"], "aezoo": label}
        if label in missing:
            rows.append({**row, "missing": missing[label]})
            continue
        rates = {
            f"{library}_images_per_second": spread(
                [comparison["images"] / s for s in seconds[name]]
            )
            for library, name in {"pythae": "pythae", "aezoo": label}.items()
        }
        rows.append({**row, **rates, "ratio": ratio(seconds["pythae"], seconds[label])})
    return rows


def render(results):
    """Returns the page as lines.

    Args:
        results: What `run` measured.
    """
    settings = "; ".join(f"{name}: {value}" for name, value in results["settings"].items())
    lines = [
        *report.head("aezoo and pythae: speed", results),
        f"{settings}.",
        *report.paragraph(METHOD),
    ]
    for heading in ROUNDS:
        rows = [_cells(row) for row in results["rows"] if row["heading"] == heading]
        if rows:
            header = ["", "aezoo", "pythae images/s", "aezoo images/s", "ratio", "min to max"]
            lines += ["", f"## {heading}", "", *report.table(header, rows)]
    return lines + processes.render(results["processes"]) + report.peer_environment()


def _case(heading, case, request, flavours, images):
    own = {label: request | flavour for label, flavour in flavours.items()}
    return {"heading": heading, "case": case, "peer": request, "own": own, "images": images}


def _cells(row):
    cells = [row["case"], row["aezoo"]]
    if "missing" in row:
        return [*cells, "", row["missing"], "", ""]
    rates = (row[f"{library}_images_per_second"][1] for library in ("pythae", "aezoo"))
    return [*cells, *(f"{rate:,.0f}" for rate in rates), *report.ratio_cells(row["ratio"])]
