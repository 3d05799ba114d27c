"""A model of one Keras backend is the same model on every other that is installed.

TensorFlow always is; JAX and torch come with `pip install -e '.[test,backends]'`.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

BACKENDS = [
    name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name) is not None
]
TOLERANCE = 1e-5

WRITE = """
import sys, numpy as np, aezoo

directory = sys.argv[1]
x = aezoo.data.load("digits").x[:256]
for name in ("vae", "aae", "sparse_ae"):
    model = aezoo.create(
        name, sample_shape=(8, 8, 1), latent_dim=3, body={"name": "conv", "channels": [8]}, seed=1
    )
    model.compile("adam")
    model.fit(x, epochs=1, batch_size=64, verbose=0)
    model.fit_sampler("normal", x)
    aezoo.save(model, f"{directory}/{name}")
    answers = {"z": model.encode(x[:20]), "y": model.reconstruct(x[:20])}
    np.savez(f"{directory}/{name}.npz", new=model.generate(9, seed=3), **answers)
"""
READ = """
import sys, numpy as np, aezoo

directory, tolerance = sys.argv[1], float(sys.argv[2])
x = aezoo.data.load("digits").x[:20]
for name in ("vae", "aae", "sparse_ae"):
    model = aezoo.load(f"{directory}/{name}")
    found = {"z": model.encode(x), "y": model.reconstruct(x), "new": model.generate(9, seed=3)}
    expected = np.load(f"{directory}/{name}.npz")
    for key, value in found.items():
        difference = np.abs(value - expected[key]).max()
        assert difference <= tolerance, (name, key, difference)
print("the same")
"""


def run(backend, code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module", params=BACKENDS)
def written(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param)
    run(request.param, WRITE, directory)
    return directory


@pytest.mark.parametrize("reader", BACKENDS)
def test_outputs_do_not_depend_on_the_backend(written, reader):
    assert run(reader, READ, written, TOLERANCE).endswith("the same\n")


def test_tensorflow_is_always_among_them():
    assert "tensorflow" in BACKENDS
