"""Two tiny models, what they are on the Hub, and the requests that move them."""

from __future__ import annotations

import numpy as np

from aezoo import hub, store

REPO = "org/tiny"
ADDRESS = f"hf://{REPO}"
CONFIG = {
    "format": 1,
    "variant": "vae",
    "config": {"sample_shape": [4], "latent_dim": 2},
    "sampler": None,
    "dtype": "float32",
    "versions": {"aezoo": "0.1.0"},
}
SHAPES = {"encoder/kernel": (64, 16), "encoder/bias": (16,)}
NEW, OLD = "new", "old"


def arrays(seed):
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}


def card(name):
    text = f"---\nlicense: apache-2.0\n---\n\n# The {name} one\n"
    return {"README.md": text.encode(), "samples.png": bytes(2000)}


ARRAYS = {NEW: arrays(0), OLD: arrays(1)}

# Method and path of each request, in the order of a pull and of a push.
PULL_REQUESTS = {
    "branch": ("HEAD", "/resolve/main/manifest.json"),
    "manifest": ("GET", "/manifest.json"),
    "config head": ("HEAD", "/config.json"),
    "config": ("GET", "/config.json"),
    "weights head": ("HEAD", "/model.safetensors"),
    "weights": ("GET", "/large/"),
}
PUSH_REQUESTS = {
    "create": ("POST", "/api/repos/create"),
    "branch": ("POST", "/branch/"),
    "info": ("GET", f"/api/models/{REPO}(/revision/[^/]+)?$"),
    "card": ("POST", "/api/validate-yaml"),
    "preupload": ("POST", "/preupload/"),
    "batch": ("POST", "/objects/batch"),
    "upload": ("PUT", "/large/"),
    "verify": ("POST", "/objects/verify"),
    "commit": ("POST", "/commit/"),
}


def is_model(snapshot, name):
    """Whether a snapshot is one of the two models, down to the bit."""
    loaded = snapshot.stored.arrays(SHAPES)
    return snapshot.stored.config == CONFIG and all(
        loaded[key].tobytes() == ARRAYS[name][key].tobytes() for key in SHAPES
    )


def assert_cache_is_sound(repository, client):
    """Whatever a load accepts without the Hub is exactly a model that was published."""
    client.offline()
    for commit, name in ((repository.tags["v1"], OLD), (repository.branches["main"], NEW)):
        try:
            snapshot = hub.pull(f"{ADDRESS}@{commit}")
        except (hub.HubError, store.StoreError):
            continue
        assert is_model(snapshot, name)
    client.offline(False)
