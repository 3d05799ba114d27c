"""Graphs go to the Hub and come back with the model."""

from __future__ import annotations

import numpy as np
import pytest
from tiny import REPO

import aezoo
from aezoo import hub as hub_package
from aezoo.layout import GRAPHS
from aezoo.stored import StoreError


def test_a_preset_is_served_from_the_hub(hub, client):
    done = aezoo.push("vae.digits", REPO)
    preset = aezoo.load("vae.digits", engine="onnx")
    graphs = {f"{name}.onnx" for name in ("encoder", "decoder", "prior", "posterior", "log_weight")}
    assert {file.name for file in done.files} & set(GRAPHS) == graphs
    served = aezoo.load(done.address, engine="onnx")
    assert served.source == done.address
    np.testing.assert_array_equal(served.generate(2, seed=0), preset.generate(2, seed=0))
    assert graphs <= {path.name for path in hub_package.pull(done.address).directory.iterdir()}
    client.offline()
    count = len(hub.requests)
    again = aezoo.load(done.address, engine="onnx")
    np.testing.assert_array_equal(again.generate(2, seed=0), preset.generate(2, seed=0))
    assert len(hub.requests) == count


def test_a_repository_without_graphs_says_how_to_get_them(tmp_path, client):
    model = aezoo.create("ae", sample_shape=(6,), latent_dim=2, body="mlp")
    address = aezoo.push(aezoo.save(model, tmp_path / "model"), REPO).address
    with pytest.raises(StoreError, match=f"`aezoo export {address} --out DIR`"):
        aezoo.load(address, engine="onnx")
    directory = aezoo.export(address, tmp_path / "exported")
    done = aezoo.push(directory, REPO)
    x = np.ones((1, 6), "float32")
    served = aezoo.load(done.address, engine="onnx")
    np.testing.assert_allclose(served.encode(x), model.encode(x), atol=1e-5)
