"""A hostile `config.json`, signed: no string of it is code, and no number an allocation."""

from __future__ import annotations

import copy
import json

import pytest

from aezoo.layout import CONFIG, WEIGHTS

STRINGS = {
    "module": "keras.layers.Lambda",
    "function": "os.system",
    "target": "os:system",
    "call": "__import__('os').system('id')",
    "url": "https://evil.example/model.py",
    "file-url": "file:///etc/passwd",
    "hub": "hf://evil/model",
    "plugin": "evil/model",
    "parent": "../..",
    "absolute": "/etc/passwd",
    "home": "~/.ssh/id_rsa",
    "windows": "C:\\evil\\model",
    "pickle": "\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix",
    "pickle-text": "cos\nsystem\n(S'id'\ntR.",
    "pickle-base64": "gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==",
    "format": "{0.__class__.__init__.__globals__}",
    "environment": "$HOME",
    "cyrillic": "v\u0430e",
    "full-width": "\uff56\uff41\uff45",
    "zero-width": "va\u200be",
    "right-to-left": "\u202eeav",
    "surrogate": "\ud800",
    "null": "vae\0",
    "newline": "vae\n",
    "long": "a" * 1024,
    "empty": "",
}
OBJECTS = {
    "lambda": {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"function": ["4wEAAAAAAAAA", None, None]},
        "registered_name": None,
    },
    "registered": {"class_name": "aezoo>VAE", "config": {}, "registered_name": "aezoo>VAE"},
    "function": {"module": "builtins", "class_name": "function", "config": "eval"},
    "typed": {"class_name": "__typespec__", "spec_name": "os.system"},
    "list": ["vae"],
    "number": 1,
    "null": None,
}


def strings(node, path=()):
    """Yield the path of every string in a JSON document."""
    if isinstance(node, str):
        yield path
    elif isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from strings(item, (*path, key))


def put(document, path, value):
    *parents, last = path
    for key in parents:
        document = document[key]
    document[last] = value


POSITIONS = [
    ("variant",),
    ("config", "body", "name"),
    ("config", "body", "activation"),
    ("config", "likelihood", "name"),
    ("config", "likelihood", "link"),
    ("config", "preprocess", 0, "name"),
    ("config", "preprocess", 1, "name"),
    ("sampler", "name"),
    ("dtype",),
    ("versions", "aezoo"),
    ("versions", "keras"),
    ("versions", "python"),
    ("versions", "tensorflow"),
]


def test_these_are_all_the_strings_of_a_config(base):
    document = json.loads(base.config)
    backend = {("versions", name) for name in ("jax", "tensorflow", "torch")}
    assert set(strings(document)) - backend == set(POSITIONS) - backend


@pytest.mark.parametrize("value", STRINGS)
@pytest.mark.parametrize("path", POSITIONS, ids=lambda path: ".".join(map(str, path)))
def test_no_string_is_anything_but_a_known_name(base, tmp_path, refused, path, value):
    value = STRINGS[value]
    refused(base.with_config(tmp_path / "m", lambda c: put(c, path, value)), CONFIG)


@pytest.mark.parametrize("value", OBJECTS)
@pytest.mark.parametrize("path", POSITIONS, ids=lambda path: ".".join(map(str, path)))
def test_nothing_is_deserialised_in_place_of_a_string(base, tmp_path, refused, path, value):
    value = OBJECTS[value]
    refused(base.with_config(tmp_path / "m", lambda c: put(c, path, value)), CONFIG)


@pytest.mark.parametrize("value", ["lambda", "registered", "typed"])
@pytest.mark.parametrize(
    "path",
    [
        (),
        ("config",),
        ("config", "sample_shape"),
        ("config", "latent_dim"),
        ("config", "seed"),
        ("config", "body"),
        ("config", "body", "hidden"),
        ("config", "likelihood"),
        ("config", "preprocess"),
        ("config", "preprocess", 0),
        ("config", "preprocess", 0, "low"),
        ("sampler",),
        ("sampler", "config"),
        ("versions",),
    ],
    ids=lambda path: ".".join(map(str, path)) or "document",
)
def test_nothing_is_deserialised_in_place_of_a_value(base, tmp_path, refused, path, value):
    value = OBJECTS[value]

    def change(document):
        if path:
            put(document, path, value)
        else:
            document.clear()
            document.update(value)

    refused(base.with_config(tmp_path / "m", change), CONFIG)


@pytest.mark.parametrize("key", ["module", "class_name", "registered_name", "__reduce__", "self"])
@pytest.mark.parametrize(
    "path",
    [
        (),
        ("config",),
        ("config", "body"),
        ("config", "likelihood"),
        ("config", "preprocess", 0),
        ("sampler",),
        ("sampler", "config"),
    ],
    ids=lambda path: ".".join(map(str, path)) or "document",
)
def test_an_unknown_key_is_refused_everywhere(base, tmp_path, refused, path, key):
    message = refused(base.with_config(tmp_path / "m", lambda c: put(c, (*path, key), "x")), CONFIG)
    assert repr(key) in message


HUGE = 2**16
CONV = {"name": "conv", "channels": [HUGE] * 12, "hidden": [HUGE] * 32, "kernel_size": 31}
IMAGE = {"sample_shape": [HUGE, 512, 2], "preprocess": None}
SIZES = {
    # what no annotation admits
    "latent_dim-2**40": ({"latent_dim": 2**40}, CONFIG),
    "latent_dim-10**300": ({"latent_dim": 10**300}, CONFIG),
    "latent_dim-0": ({"latent_dim": 0}, CONFIG),
    "latent_dim-negative": ({"latent_dim": -(2**63)}, CONFIG),
    "latent_dim-true": ({"latent_dim": True}, CONFIG),
    "latent_dim-1e9": ({"latent_dim": 1e9}, CONFIG),
    "seed-2**62": ({"seed": 2**62}, CONFIG),
    "sample_shape-2**20": ({"sample_shape": [2**20]}, CONFIG),
    "sample_shape-empty": ({"sample_shape": []}, CONFIG),
    "sample_shape-rank-6": ({"sample_shape": [1] * 6}, CONFIG),
    "sample_shape-10000-axes": ({"sample_shape": [1] * 10_000}, CONFIG),
    "sample_shape-product": ({"sample_shape": [HUGE] * 5}, CONFIG),
    "hidden-2**31": ({"body": {"name": "mlp", "hidden": [2**31]}}, CONFIG),
    "hidden-33-layers": ({"body": {"name": "mlp", "hidden": [1] * 33}}, CONFIG),
    "hidden-20000-layers": ({"body": {"name": "mlp", "hidden": [1] * 20_000}}, CONFIG),
    "hidden-nested": ({"body": {"name": "mlp", "hidden": [[4]]}}, CONFIG),
    "channels-2**31": ({**IMAGE, "body": {"name": "conv", "channels": [2**31]}}, CONFIG),
    "channels-13-stages": ({**IMAGE, "body": {"name": "conv", "channels": [1] * 13}}, CONFIG),
    "kernel-2**16": ({**IMAGE, "body": {"name": "conv", "kernel_size": HUGE}}, CONFIG),
    "blocks-2**16": ({**IMAGE, "body": {"name": "resnet", "blocks": HUGE}}, CONFIG),
    "units-2**40": ({**IMAGE, "body": {"name": "rnn", "units": 2**40}}, CONFIG),
    "resize-2**40": ({"preprocess": {"name": "resize", "height": 2**40, "width": 1}}, CONFIG),
    "mean-4097-numbers": ({"preprocess": {"name": "standardise", "mean": [0] * 4097}}, CONFIG),
    "std-0": ({"preprocess": {"name": "standardise", "std": 0}}, CONFIG),
    "std-1e-300": ({"preprocess": {"name": "standardise", "std": 1e-300}}, CONFIG),
    "mean-1e300": ({"preprocess": {"name": "standardise", "mean": 1e300}}, CONFIG),
    "scale-1e-300": ({"likelihood": {"name": "gaussian", "scale": 1e-300}}, CONFIG),
    # what is admitted one by one
    "resnet-768-blocks": (
        {**IMAGE, "body": {"name": "resnet", "channels": [HUGE] * 12, "blocks": 64}},
        CONFIG,
    ),
    "resnet-17-blocks": (
        {**IMAGE, "body": {"name": "resnet", "channels": [1], "blocks": 17}},
        CONFIG,
    ),
    "preprocess-17-steps": ({"preprocess": ["scale"] * 17}, CONFIG),
    "preprocess-6000-steps": ({"preprocess": ["scale"] * 6000}, CONFIG),
    "resize-up-and-down": (
        {
            "sample_shape": [2, 3, 1],
            "preprocess": [
                {"name": "resize", "height": HUGE, "width": HUGE},
                {"name": "resize", "height": 2, "width": 3},
            ],
        },
        CONFIG,
    ),
    "sample-of-gigabytes": (
        {"sample_shape": [HUGE, HUGE], "preprocess": ["scale"]},
        CONFIG,
    ),
    "mlp-terabytes": (
        {"latent_dim": HUGE, "body": {"name": "mlp", "hidden": [HUGE] * 32}},
        WEIGHTS,
    ),
    "mlp-32-narrow-layers": ({"body": {"name": "mlp", "hidden": [1] * 32}}, WEIGHTS),
    "mlp-large-sample": ({"sample_shape": [HUGE, 2**10]}, WEIGHTS),
    "latent_dim-2**16": ({"latent_dim": HUGE}, WEIGHTS),
    "conv-petabytes": ({**IMAGE, "body": CONV, "latent_dim": HUGE}, WEIGHTS),
    "conv-pixels": ({**IMAGE, "body": {"name": "conv", "channels": [1] * 12}}, WEIGHTS),
    "resnet-terabytes": (
        {**IMAGE, "body": {"name": "resnet", "channels": [HUGE] * 4, "blocks": 4}},
        WEIGHTS,
    ),
    "resnet-stages": (
        {**IMAGE, "body": {"name": "resnet", "channels": [HUGE] * 12, "blocks": 1}},
        WEIGHTS,
    ),
    "rnn-terabytes": (
        {**IMAGE, "body": {"name": "rnn", "units": HUGE, "cell": "lstm"}, "latent_dim": HUGE},
        WEIGHTS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_no_size_is_allocated_before_it_is_compared(base, tmp_path, refused, name):
    change, file = SIZES[name]
    refused(base.with_config(tmp_path / "m", lambda c: c["config"].update(change)), file)


def test_a_critic_of_terabytes_is_refused(base, tmp_path, refused):
    def change(document):
        document["variant"] = "aae"
        del document["config"]["kl_penalty"]
        document["config"]["critic"] = [HUGE] * 16

    assert "not this model's" in refused(base.with_config(tmp_path / "m", change), WEIGHTS)


@pytest.mark.parametrize("components", [0, 1025, 2**62, "os.system", [2], 1.5])
def test_sampler_arguments_are_bounded(base, tmp_path, refused, components):
    def change(document):
        document["sampler"]["config"]["components"] = components

    refused(base.with_config(tmp_path / "m", change), CONFIG)


FORMS = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "string": b'"vae"',
    "pickle": b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93.",
    "python": b"import os; os.system('id')",
    "zip": b"PK\x03\x04" + bytes(100),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "utf-16": '{"format": 1}'.encode("utf-16"),
    "byte-order-mark": b'\xef\xbb\xbf{"format": 1}',
    "not-utf-8": b'{"format": "\xff"}',
    "overlong-utf-8": b'{"variant": "\xc0\xae\xc0\xae/"}',
    "two-documents": b"{}{}",
    "comment": b'{"format": 1 /* 2 */}',
    "trailing-comma": b'{"format": 1,}',
    "deep-lists": b"[" * 30_000 + b"]" * 30_000,
    "deep-objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep-unclosed": b"[" * 60_000,
    "17-levels": b'{"config":' + b"[" * 17 + b"]" * 17 + b"}",
    "large": b'{"format": 1, "x": "' + b"a" * 100_000 + b'"}',
    "spaces": b" " * 65_537 + b"{}",
    "many-keys": json.dumps({str(n): 0 for n in range(5000)}).encode(),
    "many-digits": b'{"format": ' + b"9" * 60_000 + b"}",
    "65-bits": b'{"format": 18446744073709551616}',
    "exponent": b'{"format": 1e999999999}',
    "nan": b'{"format": NaN}',
    "infinity": b'{"format": -Infinity}',
    "long-key": json.dumps({"k" * 300: 1}).encode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_only_small_flat_plain_json_is_a_config(base, tmp_path, refused, name):
    directory = base.copy(tmp_path / "m", config=FORMS[name])
    refused(directory, "manifest.json" if len(FORMS[name]) > 65_536 else CONFIG)


@pytest.mark.parametrize("key", ["format", "variant", "config", "sampler", "dtype", "versions"])
def test_a_repeated_or_missing_key_is_refused(base, tmp_path, refused, key):
    document = json.loads(base.config)
    text = json.dumps(document)
    twice = text[:-1] + f', "{key}": {json.dumps(document[key])}}}'
    assert f"the key '{key}' is repeated" in refused(
        base.copy(tmp_path / "twice", config=twice.encode()), CONFIG
    )
    without = copy.deepcopy(document)
    del without[key]
    refused(base.copy(tmp_path / "without", config=json.dumps(without).encode()), CONFIG)


@pytest.mark.parametrize("name", ["body", "likelihood", "sample_shape", "latent_dim"])
def test_a_repeated_argument_is_refused(base, tmp_path, refused, name):
    text = base.config.decode().replace(f'"{name}":', f'"{name}": "os.system", "{name}":', 1)
    assert f"the key '{name}' is repeated" in refused(
        base.copy(tmp_path / "m", config=text.encode()), CONFIG
    )


@pytest.mark.parametrize("version", [0, -1, 2, 2**31, 1.0, "1", True, None, [1]])
def test_another_format_is_refused(base, tmp_path, refused, version):
    directory = base.with_config(tmp_path / "m", lambda c: c.update(format=version))
    assert "format" in refused(directory, CONFIG)


@pytest.mark.parametrize("name", ["normal", "../../evil"])
def test_a_sampler_has_one_name(base, tmp_path, refused, name):
    def change(document):
        document["sampler"]["config"]["name"] = name

    assert "a second 'name'" in refused(base.with_config(tmp_path / "m", change), CONFIG)
