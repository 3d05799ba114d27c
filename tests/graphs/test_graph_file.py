"""A graph as an ONNX file: as the onnx library writes it, and nothing else is read."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from aezoo.graphs.graph import Graph, Node, Tensor, Weight, stored_weights
from aezoo.graphs.onnx_file import dump, moved, parse
from aezoo.layout import WEIGHTS
from aezoo.tensors import dump as dump_arrays

GRAPH = Graph(
    "encode",
    {"x": Tensor("float32", (4,))},
    {"z": Tensor("float32", (2,))},
    (
        Node("Cast", ("w",), ("v0",), {"to": 1}),
        Node("MatMul", ("x", "v0"), ("v1",)),
        Node("Slice", ("v1", "c0", "", "c1"), ("v2",)),
        Node("LeakyRelu", ("v2",), ("v3",), {"alpha": 0.25}),
        Node("Transpose", ("v3",), ("v4",), {"perm": (0, 1)}),
        Node("Pad", ("v4",), ("z",), {"mode": "reflect"}),
    ),
    {"w": Weight("float16", (4, 2), 80, 16)},
    {"c0": np.array([0, 3]), "c1": np.array([1.5], "float32")},
    {"sample_range": "[0.0, 1.0]"},
)


def by_the_library():
    """The same graph, built by onnx."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT16, dims=[4, 2])
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", "80"), ("length", "16")):
        weight.external_data.add(key=key, value=value)
    constants = [
        numpy_helper.from_array(np.array([0, 3]), "c0"),
        numpy_helper.from_array(np.array([1.5], "float32"), "c1"),
    ]
    nodes = []
    for node in GRAPH.nodes:
        made = helper.make_node(node.operator, node.inputs, node.outputs)
        made.attribute.extend(helper.make_attribute(*item) for item in node.attributes.items())
        nodes.append(made)
    sides = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])]
        for name, size in (("x", 4), ("z", 2))
    ]
    graph = helper.make_graph(nodes, "encode", *sides, [weight, *constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version, model.producer_name = 8, "aezoo"
    helper.set_model_props(model, GRAPH.facts)
    return model


def test_the_file_is_what_the_onnx_library_writes():
    assert dump(GRAPH) == by_the_library().SerializeToString()


def test_a_graph_is_read_as_it_was_written():
    read = parse(dump(GRAPH))
    assert dump(read) == dump(GRAPH)
    assert [*read.nodes] == [*GRAPH.nodes]
    assert (read.name, read.inputs, read.outputs) == (GRAPH.name, GRAPH.inputs, GRAPH.outputs)
    assert (read.weights, read.facts) == (GRAPH.weights, GRAPH.facts)
    for name, array in GRAPH.constants.items():
        np.testing.assert_array_equal(read.constants[name], array)


def changed(change):
    model = by_the_library()
    change(model)
    return model.SerializeToString()


CHANGES = {
    "doc": lambda m: setattr(m, "doc_string", "hello"),
    "domain": lambda m: setattr(m, "domain", "ai.evil"),
    "ir-version": lambda m: setattr(m, "ir_version", 7),
    "opset": lambda m: setattr(m.opset_import[0], "version", 21),
    "opset-of-another-domain": lambda m: m.opset_import.add(domain="com.microsoft", version=1),
    "function": lambda m: m.functions.add(name="f", domain="d"),
    "training": lambda m: m.training_info.add(),
    "node-domain": lambda m: setattr(m.graph.node[0], "domain", "com.microsoft"),
    "node-name": lambda m: setattr(m.graph.node[0], "name", "a name"),
    "subgraph": lambda m: m.graph.node[0].attribute.append(
        helper.make_attribute("body", helper.make_graph([], "g", [], []))
    ),
    "tensor-attribute": lambda m: m.graph.node[0].attribute.append(
        helper.make_attribute("value", numpy_helper.from_array(np.ones(2)))
    ),
    "attribute-twice": lambda m: m.graph.node[0].attribute.append(helper.make_attribute("to", 1)),
    "attribute-reference": lambda m: setattr(m.graph.node[0].attribute[0], "ref_attr_name", "to"),
    "sparse": lambda m: m.graph.sparse_initializer.add(),
    "value-info": lambda m: m.graph.value_info.add(name="v1"),
    "weights-elsewhere": lambda m: setattr(
        m.graph.initializer[0].external_data[0], "value", "../../../etc/passwd"
    ),
    "weights-absolute": lambda m: setattr(
        m.graph.initializer[0].external_data[0], "value", "/etc/passwd"
    ),
    "offset-negative": lambda m: setattr(m.graph.initializer[0].external_data[1], "value", "-1"),
    "offset-huge": lambda m: setattr(m.graph.initializer[0].external_data[1], "value", "9" * 30),
    "offset-text": lambda m: setattr(m.graph.initializer[0].external_data[1], "value", "0x50"),
    "offset-padded": lambda m: setattr(m.graph.initializer[0].external_data[1], "value", "080"),
    "checksum": lambda m: m.graph.initializer[0].external_data.add(key="checksum", value="0"),
    "without-a-location": lambda m: m.graph.initializer[0].ClearField("external_data"),
    "constant-cut": lambda m: setattr(m.graph.initializer[1], "raw_data", bytes(15)),
    "constant-huge": lambda m: m.graph.initializer[1].dims.append(2**40),
    "constant-negative": lambda m: m.graph.initializer[1].dims.extend([-1, -1]),
    "constant-of-doubles": lambda m: setattr(m.graph.initializer[1], "data_type", 11),
    "constant-of-strings": lambda m: setattr(m.graph.initializer[1], "data_type", 8),
    "constant-twice": lambda m: m.graph.initializer.append(m.graph.initializer[1]),
    "constant-as-numbers": lambda m: m.graph.initializer[2].float_data.append(1.0),
    "input-twice": lambda m: m.graph.input.append(m.graph.input[0]),
    "input-without-a-batch": lambda m: m.graph.input[0].type.tensor_type.shape.dim.pop(0),
    "input-without-a-shape": lambda m: m.graph.input[0].type.tensor_type.ClearField("shape"),
    "input-of-any-size": lambda m: setattr(
        m.graph.input[0].type.tensor_type.shape.dim[1], "dim_param", "k"
    ),
    "input-of-another-batch": lambda m: setattr(
        m.graph.input[0].type.tensor_type.shape.dim[0], "dim_param", "m"
    ),
    "input-a-sequence": lambda m: m.graph.input[0].type.sequence_type.SetInParent(),
    "facts-twice": lambda m: m.metadata_props.append(m.metadata_props[0]),
    "no-graph": lambda m: m.ClearField("graph"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_graph_of_the_library_is_refused(name):
    with pytest.raises(ValueError, match=r"\w"):
        parse(changed(CHANGES[name]))


def test_no_wrong_bit_goes_unnoticed():
    data = dump(GRAPH)
    for position in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[position // 8] ^= 1 << position % 8
        try:
            found = parse(bytes(damaged))
        except ValueError:
            continue
        assert dump(found) == bytes(damaged)  # another graph, and known to be
        assert dump(found) != data


@pytest.mark.parametrize("data", [b"", b"\0", b"PK\x03\x04", bytes(100), dump(GRAPH)[:-1]])
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match=r"\w"):
        parse(data)


def test_a_moved_graph_reads_the_same_arrays():
    arrays = {"w": np.ones((4, 2), "float16")}
    others = {**arrays, "sampler/means": np.ones(7, "float32")}
    first, second = (stored_weights(dump_arrays(a)) for a in (arrays, others))
    assert first["w"] != second["w"]
    graph = dump(dataclasses.replace(GRAPH, weights={"w": first["w"]}))
    files = moved({"encoder.onnx": graph}, dump_arrays(others))
    assert parse(files["encoder.onnx"]).weights == {"w": second["w"]}
    assert moved(files, dump_arrays(arrays)) == {"encoder.onnx": graph}
    with pytest.raises(ValueError, match=r"^encoder.onnx: 'w' is not in model.safetensors"):
        moved(files, dump_arrays({"v": np.ones(1, "float32")}))
