"""Trains one of aezoo's models and leaves what is scored.

python -m benchmarks.own_quality '{"variant": "vae", ...}'
"""

import json
import sys

import keras
import numpy as np

import aezoo
from aezoo import acceleration
from aezoo.heap import keep_memory
from aezoo.shuffling import shuffled
from benchmarks import memory
from benchmarks.timing import Laps

BODIES = {"mlp": {"name": "mlp", "hidden": [512]}, "conv": {"name": "conv", "channels": [32, 64]}}


def main(job):
    """Trains, and writes `<out>.npz` with arrays and `<out>.json` with times and memory."""
    with np.load(job["data"]) as arrays:
        x, test = arrays["train"], arrays["test"]
    imports = memory.peak()
    settings = acceleration.choose(len(x) // job["batch"], dtype=job["dtype"])
    keep_memory()
    model = aezoo.create(
        job["variant"],
        sample_shape=x.shape[1:],
        body=BODIES[job["network"]],
        seed=job["seed"],
        dtype=settings.dtype,
        **{"latent_dim": job["latent_dim"], **job["config"]},
    )
    model.compile(
        model.default_optimizer(job["learning_rate"]),
        jit_compile=settings.jit,
        steps_per_execution=settings.steps_per_execution,
    )
    laps = Laps()
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: laps.start(), on_epoch_end=lambda *_: laps.stop()
    )
    batches = shuffled(x, batch_size=job["batch"], seed=job["seed"])
    model.prepare(x)
    model.fit(batches, epochs=job["epochs"], shuffle=False, verbose=0, callbacks=[clock])
    peak = memory.peak()
    results = {"reconstruction": model.reconstruct(test)}
    if model.token_shape is None:
        results["codes"] = model.encode(test)
    if model.engine.has("log_weight"):
        part, draws = test[: job["nll_images"]], job["nll_draws"]
        results["log_prob"] = model.log_prob(part, k=draws, seed=job["seed"])
    for name in job["samplers"] if model.token_shape is None else ():
        if name != "prior" or model.engine.has("prior"):
            results[f"generated/{name}"] = generate(model, job, name, x)
    np.savez(job["out"] + ".npz", **results)
    with open(job["out"] + ".json", "w") as file:
        cost = vars(laps).copy()
        cost |= {"megabytes": peak, "imports": imports}
        json.dump({**cost, "computed": str(settings)}, file)


def generate(model, job, name, x):
    """Returns images of a fitted sampler, or of the prior."""
    components = {"gmm": job["components"], "gmm 40": 40}
    arguments = {"components": components[name], "limit": len(x)} if name in components else {}
    if name != "prior":
        model.fit_sampler(name.split()[0], x, seed=job["seed"], **arguments)
    sampler = "prior" if name == "prior" else None
    return model.generate(job["generated"], seed=job["seed"], sampler=sampler)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
