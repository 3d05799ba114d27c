"""A tiny model to change, and everything that loading may import imported."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hostile_model import Base
from hostile_watch import Watch, watched

import aezoo
import aezoo_registry
from aezoo.layout import CONFIG, WEIGHTS
from aezoo.stored import StoreError

COUNTED = "refused a hostile directory"
X = np.random.default_rng(0).random((64, 6)).astype("float32")
BODY = {"name": "mlp", "hidden": [4]}
REFUSALS = (StoreError, LookupError)  # a LookupError: nobody installed what is named


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """The model that the tests change. Every kind of part was loaded once before."""
    folder = tmp_path_factory.mktemp("benign")
    image = {"sample_shape": (8, 8, 1), "latent_dim": 2}
    warm = {
        **{name: aezoo.create(name, **image, body="mlp") for name in aezoo.list_variants()},
        **{name: aezoo.create("ae", **image, body=name) for name in aezoo.list_bodies()},
        "bernoulli": aezoo.create("ae", **image, likelihood="bernoulli", preprocess=["scale"]),
    }
    warm["normal"] = aezoo.create("vae", sample_shape=(6,), latent_dim=2, body=BODY)
    warm["normal"].fit_sampler("normal", X)
    for name, model in warm.items():
        aezoo.load(aezoo.save(model, folder / name))
    preprocess = [{"name": "scale"}, {"name": "standardise", "mean": 0.5}]
    model = aezoo.create("vae", sample_shape=(6,), latent_dim=2, body=BODY, preprocess=preprocess)
    model.fit_sampler("gmm", X, components=2)
    directory = aezoo.save(model, folder / "base")
    assert np.isfinite(aezoo.load(directory).generate(4, seed=0)).all()
    gc.collect()
    gc.freeze()  # going through what is here already is not what a load is measured by
    yield Base(directory, *((directory / name).read_bytes() for name in (CONFIG, WEIGHTS)))
    gc.unfreeze()


@pytest.fixture(autouse=True)
def installed() -> None:
    """Let the registry know what is installed: a test before may have made it forget."""
    for kind in aezoo_registry.GROUPS:
        for name in aezoo_registry.names(kind):
            aezoo_registry.find(kind, name)


@pytest.fixture
def refused(record_property: Callable[[str, object], None]) -> Callable[..., str]:
    """Return a function that loads a directory and asserts that it is refused, and how.

    It returns the message, which names `file` unless that is None.
    """

    def load(directory: Path, file: str | None, engine: str = "keras") -> str:
        with watched(directory) as watch, pytest.raises(REFUSALS) as caught:
            aezoo.load(directory, engine=engine)
        message = str(caught.value)
        watch.check()
        assert message.startswith(f"{directory / file if file else directory}: ")
        assert message.isprintable()
        assert message.endswith(".")
        assert len(message) < 1500
        record_property(COUNTED, (str(directory), watch.seconds, watch.megabytes))
        return message

    return load


@pytest.fixture
def loaded() -> Callable[[Path], Watch]:
    """Return a function that loads a directory, asserts that it does, and returns the watch."""

    def load(directory: Path) -> Watch:
        with watched(directory) as watch:
            model = aezoo.load(directory)
        watch.check()
        assert np.isfinite(model.generate(4, seed=0)).all()
        return watch

    return load
