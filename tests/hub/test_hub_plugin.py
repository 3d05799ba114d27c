"""A plugin's models on the Hub: pushed and loaded back by the package of `tests/plugin`."""

from __future__ import annotations

import json

SHARE = """
import contextlib, io, json, os
import aezoo
from aezoo.cli import main

def run(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main(words)
    return [code, out.getvalue()]

x = aezoo.data.load("acme/pulses", "test").x
body = {"name": "acme/conv1d", "channels": [4]}
scale = {"name": "scale", "low": -1.0, "high": 1.0}
model = aezoo.create(
    "acme/rae", sample_shape=(50, 1), latent_dim=3, body=body, preprocess=scale
)
model.fit_sampler("acme/kde", x)
done = aezoo.push(model, "org/mine")
back = aezoo.load(done.address)
facts = {
    "address": done.address,
    "same": [
        bool((model.reconstruct(x) == back.reconstruct(x)).all()),
        bool((model.generate(5, seed=3) == back.generate(5, seed=3)).all()),
    ],
    "config": [m.get_config()[key] for key in ("body", "preprocess") for m in (back, model)],
    "push": run("push", "acme/rae.pulses", "org/pulses", "--public"),
    "pull": run("pull", "hf://org/pulses", "--json"),
    "generate": run("generate", "hf://org/pulses", "-n", "2", "-o", "new.npy"),
}
os.environ["AEZOO_PLUGINS"] = ""
facts["pull without"] = run("pull", done.address, "--json")
try:
    aezoo.load(done.address)
except LookupError as error:
    facts["load without"] = str(error)
print(json.dumps(facts))
"""


def test_what_a_plugin_made_goes_up_and_comes_down(hub, start, plugin_site):
    process = start(SHARE, PYTHONPATH=str(plugin_site))
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    facts = json.loads(out.splitlines()[-1])
    assert facts["same"] == [True, True]
    body, expected_body, preprocess, expected_preprocess = facts["config"]
    assert body == expected_body
    assert body["name"] == "acme/conv1d"
    assert preprocess == expected_preprocess != []
    assert hub.repositories["org/mine"].private
    assert not hub.repositories["org/pulses"].private
    assert facts["address"].startswith("hf://org/mine@")
    assert facts["push"][0] == facts["generate"][0] == 0
    assert "hf://org/pulses@" in facts["push"][1]
    for pulled in ("pull", "pull without"):  # files need no plugin, a model does
        code, told = facts[pulled]
        assert code == 0
        assert json.loads(told)["variant"] == "acme/rae"
    assert "'acme/rae'" in facts["load without"]
