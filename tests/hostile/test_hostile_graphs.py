"""A hostile graph, signed: nothing but what the exporter could have written is run."""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import json
import shutil

import numpy as np
import pytest
from hostile_watch import watched
from test_damaged_weights import damages
from test_hostile_weights import FILES as OTHER_FILES

import aezoo
from aezoo import store
from aezoo.graphs.check import MAX_NODES
from aezoo.graphs.graph import Graph, Node, Tensor, Weight
from aezoo.graphs.onnx_file import dump, parse
from aezoo.layout import GRAPHS, MANIFEST, MAX_GRAPH, WEIGHTS, manifest
from aezoo.stored import StoreError

KERNEL, BIAS = "encoder/0.dense/kernel", "encoder/0.dense/bias"


@pytest.fixture(scope="module")
def exported(base, tmp_path_factory):
    """The base model with graphs, loaded and used once."""
    directory = aezoo.export(base.directory, tmp_path_factory.mktemp("exported") / "model")
    model = aezoo.load(directory, engine="onnx")
    assert np.isfinite(model.decode(model.encode(np.zeros((1, 6))))).all()
    return directory


@pytest.fixture
def with_graph(exported, tmp_path):
    """Return a function that puts another content in a graph's place and signs the copy."""

    def copy(name, data):
        directory = tmp_path / "m"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(exported, directory)
        (directory / name).write_bytes(data)
        listed = json.loads((directory / MANIFEST).read_bytes())["files"]
        contents = {file: (directory / file).read_bytes() for file in listed}
        (directory / MANIFEST).write_bytes(manifest(contents))
        return directory

    return copy


@pytest.fixture
def refuse(refused):
    """Return a function that serves a directory and asserts that it is refused, and how."""
    return functools.partial(refused, engine="onnx")


@pytest.mark.parametrize("name", OTHER_FILES)
def test_another_file_in_place_of_a_graph_is_refused(with_graph, refuse, name):
    refuse(with_graph("encoder.onnx", OTHER_FILES[name][:MAX_GRAPH]), "encoder.onnx")


BYTES = {
    "zeros": bytes(MAX_GRAPH),
    "ones": b"\xff" * MAX_GRAPH,
    "empty-nodes": b"\x3a\x80\x80\x80\x01" + b"\x0a\x00" * 2**20,
    "empty-opsets": b"\x42\x00" * 2**21,
    "a-graph-in-a-graph": b"\x3a\x04\x3a\x02\x3a\x00",
    "a-length-past-the-end": b"\x3a\xff\xff\xff\xff\x7f",
    "a-number-without-an-end": b"\x08" + b"\x80" * 1000,
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_graph_are_refused(with_graph, refuse, name):
    refuse(with_graph("decoder.onnx", BYTES[name]), "decoder.onnx")


def weights(change):
    def apply(graph):
        return dataclasses.replace(graph, weights=change(dict(graph.weights)))

    return apply


def place(**changes):
    return weights(lambda w: {**w, KERNEL: dataclasses.replace(w[KERNEL], **changes)})


def instead(*nodes, constants=None, shape=(2,), **more):
    """A graph of other operations, with the encoder's weights."""

    def apply(graph):
        return dataclasses.replace(
            graph,
            nodes=nodes,
            constants={k: np.asarray(v) for k, v in (constants or {}).items()},
            outputs={"z": Tensor("float32", shape)},
            **more,
        )

    return apply


def node(operator, *inputs, to="z", **attributes):
    return Node(operator, inputs, (to,), attributes)


BIG = {"c": np.ones((2**13, 1), "float32"), "d": np.ones((1, 2**13 + 1), "float32")}
SQUARE = np.ones((2**9, 2**9), "float32")


def doubling(steps):
    """Nodes that double a constant again and again."""
    names = ["c", *(f"v{i}" for i in range(steps))]
    return [node("Concat", a, a, to=b, axis=0) for a, b in itertools.pairwise(names)]


def multiplying(steps):
    names = ["c", *(f"v{i}" for i in range(steps))]
    return [node("MatMul", a, "c", to=b) for a, b in itertools.pairwise(names)]


CHANGES = {
    "weights-in-the-header": place(offset=0),
    "weights-of-another-array": place(offset=80),
    "weights-past-the-end": place(offset=10**9),
    "weights-of-another-length": place(length=4),
    "weights-of-10**18-bytes": place(length=10**18 - 1),
    "weights-of-another-shape": place(shape=(4, 6)),
    "weights-of-a-huge-shape": place(shape=(2**40, 2**40)),
    "weights-of-a-negative-shape": place(shape=(-6, -4)),
    "weights-of-another-type": place(dtype="float16"),
    "weights-of-nobody": weights(lambda w: {**w, "/etc/passwd": w[KERNEL]}),
    "weights-of-the-sampler": weights(
        lambda w: {**w, "sampler/means": Weight("float32", (2, 2), 80, 16)}
    ),
    "weights-missing": weights(lambda w: {}),
    "a-constant-called-like-a-weight": instead(
        node("MatMul", "x", KERNEL), constants={KERNEL: np.ones((6, 2), "float32")}
    ),
    "the-name-of-another-function": lambda g: dataclasses.replace(g, name="decode"),
    "another-input": lambda g: dataclasses.replace(g, inputs={"y": g.inputs["x"]}),
    "one-more-input": lambda g: dataclasses.replace(g, inputs={**g.inputs, "y": g.inputs["x"]}),
    "no-output": lambda g: dataclasses.replace(g, outputs={}),
    "one-more-output": lambda g: dataclasses.replace(
        g, outputs={**g.outputs, "x": Tensor("float32", (6,))}
    ),
    "doubles-no-but-integers": lambda g: dataclasses.replace(
        g, outputs={"z": Tensor("int64", (2,))}
    ),
    "codes-of-another-size": lambda g: dataclasses.replace(
        g, outputs={"z": Tensor("float32", (3,))}
    ),
    "samples-of-terabytes": lambda g: dataclasses.replace(
        g, inputs={"x": Tensor("float32", (2**40,))}
    ),
    "samples-of-negative-size": lambda g: dataclasses.replace(
        g, inputs={"x": Tensor("float32", (-6,))}
    ),
    "samples-of-no-size": lambda g: dataclasses.replace(g, inputs={"x": Tensor("float32", (0,))}),
    "samples-of-9-axes": instead(node("Identity", "x"), inputs={"x": Tensor("float32", (1,) * 9)}),
    "no-operations": instead(),
    "a-loop": instead(node("Loop", "x")),
    "a-condition": instead(node("If", "x")),
    "a-call": instead(node("MyFunction", "x")),
    "chance": instead(node("RandomNormalLike", "x"), shape=(6,)),
    "a-size-from-values": instead(
        Node("Cast", ("x",), ("i",), {"to": 7}),
        node("Expand", "x", "i"),
        shape=(6,),
    ),
    "a-size-computed": instead(
        node("Mul", "c", "c", to="i"),
        node("Expand", "x", "i"),
        constants={"c": np.array([2**20, 1])},
        shape=(6,),
    ),
    "an-input-from-nowhere": instead(node("Identity", "nothing")),
    "an-input-from-later": instead(
        node("Relu", "w", to="v"), node("Relu", "v", to="w"), node("Identity", "v")
    ),
    "a-value-twice": instead(node("Relu", "x"), node("Exp", "x"), shape=(6,)),
    "a-value-called-like-the-input": instead(node("Relu", "x", to="x")),
    "a-value-without-a-name": instead(node("Relu", "x", to="")),
    "an-attribute-more": instead(node("Relu", "x", alpha=1.0), shape=(6,)),
    "an-attribute-of-another-type": instead(node("Softmax", "x", axis=1.0), shape=(6,)),
    "expansion": instead(
        node("Expand", "x", "c"), constants={"c": np.array([2**40, 1])}, shape=(6,)
    ),
    "expansion-of-the-batch": instead(
        node("Expand", "x", "c"), constants={"c": np.array([2**16, 1, 1])}, shape=(6,)
    ),
    "padding": instead(
        node("Pad", "x", "c", mode="constant"), constants={"c": np.array([0, 0, 0, 2**40])}
    ),
    "padding-below-nothing": instead(
        node("Pad", "x", "c", mode="constant"), constants={"c": np.array([0, -9, 0, 0])}
    ),
    "an-outer-product": instead(node("Mul", "c", "d"), constants=BIG),
    "an-outer-product-of-weights": instead(
        node("Reshape", KERNEL, "c", to="column"),
        node("Gather", "column", "i", to="rows", axis=0),
        node("Mul", "rows", "d"),
        constants={**BIG, "c": np.array([24, 1]), "i": np.zeros(2**13, "int64")},
    ),
    "samples-by-samples": instead(
        node("Transpose", "x", perm=(1, 0), to="t"), node("MatMul", "x", "t"), shape=(6,)
    ),
    "doubling": instead(*doubling(40), constants={"c": np.ones(2, "float32")}),
    "multiplying": instead(*multiplying(200), constants={"c": SQUARE}),
    "filling-memory": instead(
        node("Mul", "c", "d", to="v0"),
        *(node("Exp", f"v{i}", to=f"v{i + 1}") for i in range(3000)),
        constants={"c": np.ones((2**11, 1), "float32"), "d": np.ones((1, 2**11), "float32")},
    ),
    "upsampling": instead(
        node("Reshape", "x", "s", to="image"),
        node("ConvTranspose", "image", "c", strides=(2**20, 2**20)),
        constants={"s": np.array([-1, 1, 2, 3]), "c": np.ones((1, 1, 1, 1), "float32")},
    ),
    "a-recurrent-layer-of-terabytes": instead(
        node("Reshape", "x", "s", to="steps"),
        node("GRU", "steps", "c", "c", hidden_size=2**40),
        constants={"s": np.array([6, -1, 1]), "c": np.ones((1, 1, 1), "float32")},
    ),
    "one-hot-of-terabytes": instead(
        Node("Cast", ("x",), ("i",), {"to": 7}),
        node("OneHot", "i", "c", "d", axis=-1),
        constants={"c": np.array([2**40]), "d": np.zeros(2, "float32")},
    ),
    "too-many-operations": instead(
        *(node("Relu", f"v{i}" if i else "x", to=f"v{i + 1}") for i in range(MAX_NODES + 1))
    ),
    "an-einsum-of-everything": instead(
        node("Einsum", "c", "c", "c", equation="ab,cd,ef->abcdef"), constants={"c": SQUARE}
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_hostile_graph_is_refused(exported, with_graph, refuse, name):
    graph = CHANGES[name](parse((exported / "encoder.onnx").read_bytes()))
    refuse(with_graph("encoder.onnx", dump(graph)), "encoder.onnx")


def test_what_a_large_graph_may_hold_is_quickly_looked_at(exported, with_graph, refuse):
    chain = [node("Relu", f"v{i}" if i else "x", to=f"v{i + 1}") for i in range(3000)]
    graph = parse((exported / "encoder.onnx").read_bytes())
    graph = dataclasses.replace(
        instead(*chain, node("Slice", "v3000", "a", "b", "b", "b"))(graph),
        constants={"a": np.array([0]), "b": np.array([1]), "c": np.ones(2**19, "float32")},
        weights={},
    )
    message = refuse(with_graph("encoder.onnx", dump(graph)), "encoder.onnx")
    assert "an output 'z' of shape (n, 1), not (n, 2)" in message


def test_a_giant_graph_is_refused_unread(exported, with_graph, refuse):
    directory = with_graph("encoder.onnx", b"")
    listed = json.loads((directory / MANIFEST).read_bytes())
    listed["files"]["encoder.onnx"]["size"] = MAX_GRAPH + 1
    (directory / MANIFEST).write_text(json.dumps(listed))
    refuse(directory, MANIFEST)


def test_no_damaged_graph_loads(exported, with_graph, refuse):
    good = (exported / "decoder.onnx").read_bytes()
    directory = with_graph("decoder.onnx", good)
    refused = collections.Counter()
    for kind, data in damages(good):
        (directory / "decoder.onnx").write_bytes(data)
        refuse(directory, "decoder.onnx")
        refused[kind] += 1
    print(f"damaged graphs refused: {dict(refused)}")
    assert min(refused[kind] for kind in ("truncated", "flipped", "zeroed")) > 50


def test_damaged_graphs_that_are_signed_are_refused_or_run_within_bounds(
    exported, with_graph, refuse
):
    good = (exported / "decoder.onnx").read_bytes()
    codes = np.zeros((2, 2), "float32")
    outcomes = collections.Counter()
    for kind, data in damages(good):
        directory = with_graph("decoder.onnx", data)
        with watched(directory) as watch:
            try:
                model = aezoo.load(directory, engine="onnx")
            except StoreError as error:
                outcomes[kind, "refused"] += 1
                assert str(error).startswith(f"{directory / 'decoder.onnx'}: ")  # noqa: PT017
                continue
        watch.check()
        try:
            assert model.decode(codes).shape == (2, 6)
            outcomes[kind, "ran"] += 1
        except StoreError:
            outcomes[kind, "refused by ONNX Runtime"] += 1
    print(f"damaged graphs, signed again: {dict(outcomes)}")
    assert outcomes["truncated", "ran"] == 0
    assert sum(n for (_, outcome), n in outcomes.items() if outcome == "refused") > 150


def test_graphs_are_not_looked_at_by_keras(with_graph):
    directory = with_graph("encoder.onnx", b"anything")
    assert np.isfinite(aezoo.load(directory).encode(np.zeros((1, 6)))).all()


def test_the_good_model_still_loads(exported):
    with watched(exported) as watch:
        model = aezoo.load(exported, engine="onnx")
    watch.check()
    names = {path.name for path in watch.opened}
    assert names == {"model", *store.read(exported).listed, MANIFEST}
    assert names <= {"model", "config.json", WEIGHTS, MANIFEST, *GRAPHS}
    assert isinstance(parse((exported / "encoder.onnx").read_bytes()), Graph)
    assert np.isfinite(model.generate(2, seed=0)).all()
