"""Trains one of aezoo's models and leaves what is scored.

python -m benchmarks.own_quality '{"variant": "vae", ...}'
"""

import json
import sys
import time

import keras
import numpy as np

import aezoo
from aezoo import acceleration
from aezoo.shuffling import shuffled
from benchmarks import memory

BODIES = {"mlp": {"name": "mlp", "hidden": [512]}, "conv": {"name": "conv", "channels": [32, 64]}}


class Clock(keras.callbacks.Callback):
    """Takes the time of each epoch, from its beginning to its end."""

    def __init__(self):
        super().__init__()
        self.seconds, self.processor = [], []

    def on_epoch_begin(self, epoch, logs=None):
        """Starts."""
        self.seconds.append(-time.perf_counter())
        self.processor.append(-time.process_time())

    def on_epoch_end(self, epoch, logs=None):
        """Stops."""
        self.seconds[-1] += time.perf_counter()
        self.processor[-1] += time.process_time()


def main(job):
    """Trains, and writes `<out>.npz` with arrays and `<out>.json` with times and memory."""
    with np.load(job["data"]) as arrays:
        x, test = arrays["train"], arrays["test"]
    imports = memory.peak()
    settings = acceleration.choose(len(x) // job["batch"], dtype=job["dtype"])
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
    clock = Clock()
    batches = shuffled(x, batch_size=job["batch"], seed=job["seed"])
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
        cost = {"seconds": clock.seconds, "processor": clock.processor}
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
