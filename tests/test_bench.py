"""What `tools/bench.py` computes and prints; its peers and its minutes are left out."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"


def module(name):
    return importlib.import_module(f"benchmarks.{name}")


def options(*words):
    parser = argparse.ArgumentParser()
    module("quality").add_arguments(parser)
    return parser.parse_args(words)


def images(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28, 1), dtype=np.uint8)


def record(library, numbers, *, variant="vae", network="mlp", seed=0):
    job = {"library": library, "variant": variant, "network": network, "seed": seed}
    return {"job": job, "numbers": numbers}


def test_candidates_take_turns_after_a_warm_up_of_each():
    calls = []
    candidates = {name: lambda name=name: calls.append(name) or 1.0 for name in "ab"}
    seconds = module("timing").alternate(candidates, rounds=2)
    assert "".join(calls) == "ab" + "ab" * 2
    assert seconds == {"a": [1.0, 1.0], "b": [1.0, 1.0]}


def test_ratios_are_taken_round_by_round():
    assert module("timing").ratio([2.0, 9.0, 4.0], [1.0, 3.0, 8.0]) == [0.5, 2.0, 3.0]


def test_table_is_markdown():
    lines = module("report").table(["", "n"], [["a", 1], ["b", 2]])
    assert lines == ["|  | n |", "|---|---|", "| a | 1 |", "| b | 2 |"]


def test_results_are_written_as_json_and_markdown(tmp_path):
    module("report").write("x", {"a": [1]}, ["# X", "text"], folder=tmp_path / "new")
    assert json.loads((tmp_path / "new" / "x.json").read_text()) == {"a": [1]}
    assert (tmp_path / "new" / "x.md").read_text() == "# X\ntext\n"


def test_importance_sampling_is_exact_with_the_exact_posterior():
    importance, rng = module("importance"), np.random.default_rng(0)
    weights, x = rng.normal(size=(2, 5)), rng.normal(size=(7, 5))
    precision = weights @ weights.T + np.eye(2)
    covariance = np.linalg.inv(precision)
    means, factor = x @ weights.T @ covariance, np.linalg.cholesky(covariance)

    def draw():
        noise = rng.normal(size=(7, 2))
        z = means + noise @ factor.T
        log_p = importance.gaussian_log_density(z, 0.0, np.zeros(2))
        log_q = importance.gaussian_log_density(noise, 0.0, np.zeros(2))
        return z, log_p - log_q + np.log(np.diag(factor)).sum()

    marginal = weights.T @ weights + np.eye(5)
    _, determinant = np.linalg.slogdet(2 * np.pi * marginal)
    expected = -0.5 * (determinant + np.sum(x @ np.linalg.inv(marginal) * x, axis=1))
    found = importance.log_prob(x, draw, lambda z: z @ weights, k=3)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_perfect_arrays_score_perfectly():
    x = images(60)
    arrays = {
        "reconstruction": x / 255.0,
        "codes": np.eye(60)[:, :4],
        "log_prob": np.array([-1.0, -3.0]),
        "generated/gmm": x[::-1] / 255.0,
    }
    scores = module("scoring").score(arrays, x, 60)
    assert scores["mse"] == pytest.approx(0.0, abs=1e-12)
    assert scores["nll"] == 2.0
    assert scores["active_units"] == 4
    assert scores["coverage gmm"] == 1.0
    assert "kid gmm" in scores
    assert "kid prior" not in scores


def test_worse_is_beyond_the_spread_of_both():
    worse = module("scoring").worse
    assert worse({"mse": [3.0, 4.0]}, {"mse": [1.0, 2.0]}) == ["mse"]
    assert worse({"mse": [2.0, 4.0]}, {"mse": [1.0, 2.0]}) == []
    assert worse({"coverage gmm": [0.1]}, {"coverage gmm": [0.2]}) == ["coverage gmm"]
    assert worse({"coverage gmm": [0.3], "mse": [1.0]}, {"coverage gmm": [0.2]}) == []


def test_libraries_take_turns_and_the_first_seed_comes_first():
    jobs = module("quality").jobs(options("--peer-python", "x", "--variants", "vae", "aae", "dae"))
    assert [job["library"] for job in jobs[:5]] == ["aezoo", "pythae", "aezoo", "aezoo", "pythae"]
    assert [job["dtype"] for job in jobs[:3:2]] == ["float32", "mixed_bfloat16"]
    order = [(("mlp", "conv").index(job["network"]), job["seed"]) for job in jobs]
    assert order == sorted(order)
    trained = {(j["variant"], j["network"], j["seed"]) for j in jobs}
    assert {t[1:] for t in trained if t[0] == "vae"} == {
        (network, seed) for network in ("mlp", "conv") for seed in (0, 1, 2)
    }
    assert [t for t in sorted(trained) if t[0] != "vae"] == [
        *(("aae", "mlp", seed) for seed in (0, 1, 2)),  # in both libraries
        ("dae", "mlp", 0),
    ]
    assert {job["variant"] for job in jobs if job["library"] == "pythae"} == {"vae", "aae"}


def test_every_job_has_a_file_of_its_own():
    quality = module("quality")
    jobs = quality.jobs(options("--peer-python", "x"))
    assert len({quality.key(job) for job in jobs}) == len(jobs)
    assert quality.key(jobs[0]) != quality.key({**jobs[0], "epochs": 99})


def test_the_prior_of_a_peer_is_drawn_from_where_its_sampler_is_another():
    def samplers(library, variant):
        return module("quality").make_job(library, variant, "mlp", 0, options())["samplers"]

    assert samplers("pythae", "vae") == samplers("pythae", "ae") == ["normal", "gmm"]
    assert samplers("pythae", "vamp_vae") == ["prior", "normal", "gmm"]
    assert samplers("aezoo", "vae") == ["prior", "normal", "gmm", "gmm 40"]
    assert samplers("pythae", "vq_vae") == []


def test_every_pair_exists_on_both_sides():
    quality = module("quality")
    source = (TOOLS / "benchmarks" / "peer_quality.py").read_text()
    assert [name for name in quality.PAIRS if f'"{name}": (models.' not in source] == []


def test_page_says_where_aezoo_is_worse():
    page = module("quality_page")
    numbers = {"mse": 2.0, "kid gmm": 1.0}
    summaries = page.group(
        [
            record("aezoo", numbers),
            record("aezoo", {"mse": 4.0}, seed=1),
            record("pythae", {"mse": 1.0, "kid gmm": 3.0}),
        ]
    )
    assert page.sentences(summaries) == ["- `vae`, mlp: mse 3 (2 to 4) against 1."]
    lines = page.section("Title", summaries)
    assert "| vae | aezoo | 3 (2 to 4) |" in lines
    assert "| vae | pythae | 3 |" in lines


def test_page_tells_memory_in_one_line():
    page = module("quality_page")
    records = [
        record(library, {"mse": 1.0, "megabytes": peak, "imports": start}, seed=seed)
        for library, peak, start in (("aezoo", 800.0, 600.0), ("pythae", 500.0, 300.0))
        for seed in (0, 1)
    ]
    assert page.sentences(page.group(records)) == [
        "- Memory, in 1 of 1 rows: at most 800 MB, 600 of them at the start, "
        "against at most 500 MB, 300 of them at the start."
    ]


def test_page_is_silent_where_aezoo_is_not_worse():
    page = module("quality_page")
    summaries = page.group([record("aezoo", {"mse": 1.0}), record("pythae", {"mse": 1.0})])
    assert page.sentences(summaries) == ["Nowhere beyond the spread of the seeds."]


def test_speed_measures_what_there_is_and_says_what_is_not():
    speed = module("speed")

    def own(engine="keras", **request):
        if engine == "onnx":
            raise NotImplementedError("no engine")
        return 0.5

    case = next(c for c in speed.comparisons() if "ONNX" in c["own"])
    keras, onnx = speed.measure(case, lambda **request: 1.0, own)
    assert keras["ratio"] == [2.0, 2.0, 2.0]
    assert keras["pythae_images_per_second"][1] == case["images"]
    assert onnx["missing"] == "no engine"
    text = "\n".join(
        speed.render(
            {
                **dict.fromkeys(("command", "machine"), "x"),
                "settings": {},
                "rows": [keras, onnx],
                "processes": {},
            }
        )
    )
    assert "| 2.00 | 2.00 to 2.00 |" in text
    assert "| no engine |" in text


def test_worker_answers_requests_whatever_libraries_print():
    code = (
        "from benchmarks.worker import serve\n"
        "def missing(): raise NotImplementedError('not here')\n"
        "def noisy(n): return lambda: print('noise') or n\n"
        "serve({'missing': missing, 'noisy': noisy, 'timed': lambda: lambda: None})\n"
    )
    requests = [{"task": "noisy", "n": 7}, {"task": "missing"}, {"task": "timed"}, {"task": "no"}]
    found = subprocess.run(
        [sys.executable, "-c", code],
        input="\n".join(map(json.dumps, requests)),
        env=module("worker").environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    noisy, missing, timed, unknown = map(json.loads, found.stdout.splitlines())
    assert noisy == {"value": 7}
    assert missing == {"missing": "not here"}
    assert 0 <= timed["value"] < 1
    assert unknown == {"error": "KeyError: 'no'"}


def test_a_process_is_measured_or_its_error_told():
    processes = module("processes")
    seconds, megabytes = processes.measure(sys.executable, "pass")
    assert 0 < seconds < 60
    assert 1 < megabytes < 50
    with pytest.raises(RuntimeError, match="ValueError: no"):
        processes.measure(sys.executable, "raise ValueError('no')")


def test_the_peak_of_memory_is_this_process_and_not_its_parent():
    ballast = np.ones(30_000_000)
    code = "from benchmarks import memory; print(memory.peak())"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env=module("worker").environment(),
        capture_output=True,
        check=True,
    )
    assert 1 < float(found.stdout) < 50 < ballast.nbytes / 2**20 < module("memory").peak()


def test_a_model_is_trained_and_scored_without_the_peer(tmp_path):
    quality, scoring = module("quality"), module("scoring")
    x = images(64)
    job = quality.make_job("aezoo", "vae", "mlp", 0, options("--epochs", "2", "--seeds", "1"))
    small = {"batch": 16, "components": 1, "generated": 30, "nll_images": 8, "nll_draws": 2}
    places = {"data": str(quality.save_data(tmp_path / "x.npz", x, x)), "out": str(tmp_path / "y")}
    module("own_quality").main({**job, **small, **places})
    left = json.loads((tmp_path / "y.json").read_text())
    assert len(left["seconds"]) == len(left["processor"]) == 2
    assert left["megabytes"] > 1
    with np.load(tmp_path / "y.npz") as arrays:
        scores = scoring.score(dict(arrays), x, 30)
    assert 0 < scores["mse"] < 1
    assert 720 < scores["nll"] < 2000
    assert {"kid prior", "kid normal", "coverage gmm"} <= set(scores)


def test_the_body_of_the_comparison_has_the_sizes_of_the_peers_networks():
    networks = module("own_networks")
    body = networks.PeerConv()
    body.check((28, 28, 1))
    with pytest.raises(ValueError, match="needs"):
        body.check((32, 32, 1))
    encoder, decoder = body.encoder((28, 28, 1), (16,)), body.decoder((16,), (28, 28, 1))
    sizes = [layer.output.shape[1] for layer in encoder.layers if "re_lu" in layer.name]
    assert sizes == [14, 7, 3, 1]
    assert decoder.output_shape == (None, 28, 28, 1)
    convolutions = 16 * (1 * 128 + 128 * 256 + 256 * 512 + 512 * 1024) + 128 + 256 + 512 + 1024
    normalisations = 2 * (128 + 256 + 512 + 1024)
    trained = sum(math.prod(weight.shape) for weight in encoder.trainable_weights)
    assert trained == convolutions + normalisations + 1024 * 16 + 16


def test_the_table_of_samplers_leaves_empty_what_a_row_has_not():
    samplers = module("samplers")
    found = {"preset": "ae.x", "seed": 0, "kid_classifier": 0.5}
    records = [
        {**found, "sampler": "reconstructions"},
        {**found, "sampler": "gmm", "fit_seconds": 2.0},
        {**found, "sampler": "gmm", "seed": 1, "fit_seconds": 3.0, "kid_classifier": 0.7},
    ]
    page = samplers.render({"command": "x", "machine": "y", "versions": {}, "records": records})
    assert "## `ae.x`" in page
    assert [line.split("|")[1:3] for line in page if line.startswith("| ")][1:] == [
        [" reconstructions ", " 0.5000 "],
        [" gmm ", " 0.6000 "],
    ]
    assert next(line for line in page if line.startswith("| gmm")).split("|")[-5] == " 2.5 "
