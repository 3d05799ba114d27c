"""Damage of every kind: what is read is exact, or refused."""

from __future__ import annotations

import copy
import json
import random

import numpy as np
import pytest
from small_model import CONFIG, SHAPES, sign

from aezoo import store, tensors


def test_every_flipped_bit_is_refused(tmp_path):
    config = {**CONFIG, "config": {"beta": 1.5}, "versions": {"aezoo": "0.1.0"}}
    model = store.write(tmp_path / "model", config, {"sampler/x": np.ones(3)})
    flips = 0
    for path in model.iterdir():
        data = path.read_bytes()
        for position in range(len(data)):
            for bit in range(8):
                damaged = bytearray(data)
                damaged[position] ^= 1 << bit
                path.write_bytes(damaged)
                with pytest.raises(store.StoreError):
                    store.read(model)
                flips += 1
        path.write_bytes(data)
    assert store.read(model).config == config
    assert flips > 4000


def mutate(rng, document):
    """Replace, remove, add or repeat something anywhere in a JSON document."""
    values = [
        None, True, 0, -1, 2**31, 2**63, 2**64, 1.5, float("nan"), "", "x", "vae", "a/b", "../x",
        "\x1b", "float32", "F32", [], {}, [1], {"a": 1}, [[[]]] * 3, "y" * 2000,
    ]  # fmt: skip
    for _ in range(rng.randrange(1, 4)):
        node = document
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(node[key], dict | list) and rng.random() < 0.7:
                node = node[key]
                continue
            match rng.randrange(4):
                case 0:
                    node[key] = copy.deepcopy(rng.choice(values))
                case 1:
                    del node[key]
                case 2 if isinstance(node, dict):
                    node[rng.choice(["new", "format", "", "\0", "x" * 300])] = rng.choice(values)
                case _ if isinstance(node, dict):
                    other = rng.choice(keys)
                    node[key], node[other] = node[other], node[key]
            break
    return document


def mutated_bytes(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(3):
            case 0:
                data[place:place] = rng.choice([b"[", b"{", b'"', b"\0", b",", b"1e999", b"\xff"])
            case 1:
                del data[place : place + rng.randrange(1, 9)]
            case _:
                data[place:place] = data[: rng.randrange(40)]
    return bytes(data)


def mutated_weights(rng, data):
    size = int.from_bytes(data[:8], "little")
    header = mutate(rng, json.loads(data[8 : 8 + size])) if rng.random() < 0.7 else None
    text = data[8 : 8 + size] if header is None else json.dumps(header).encode()
    values = data[8 + size :] if header else mutated_bytes(rng, data[8 + size :])
    return len(text).to_bytes(8, "little") + text + values


@pytest.mark.parametrize(
    ("name", "rounds"), [("config.json", 1000), ("manifest.json", 500), ("model.safetensors", 1000)]
)
def test_a_mutated_directory_is_read_exactly_or_refused(model, name, rounds):
    rng = random.Random(name)
    original = (model / name).read_bytes()
    refusals = []
    for _ in range(rounds):
        if name == "model.safetensors":
            data = mutated_weights(rng, original)
        elif rng.random() < 0.7:
            data = json.dumps(mutate(rng, json.loads(original))).encode()
        else:
            data = mutated_bytes(rng, original)
        (model / name).write_bytes(data)
        if name != "manifest.json":
            sign(model)
        try:
            stored = store.read(model)
            arrays, sampler = stored.arrays(SHAPES), stored.sampler_arrays()
        except store.StoreError as error:
            refusals.append(str(error))
            continue
        if name == "config.json":
            assert stored.config == json.loads(data)
        values = tensors.parse((model / "model.safetensors").read_bytes())
        for key, array in arrays.items():
            assert array.shape == SHAPES[key]
            assert array.tobytes() == values[key].astype("float32").tobytes()
        assert all(np.isfinite(array).all() for array in sampler.values())
    assert len(refusals) > 0.6 * rounds
    for message in refusals:
        assert str(model) in message
        assert len(message) < 3000
        assert message.isprintable()
