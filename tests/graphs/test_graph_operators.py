"""The shapes of what each operator gives are those that ONNX Runtime gives."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from aezoo.engines import onnx
from aezoo.graphs import operators
from aezoo.graphs.check import SIZE, infer
from aezoo.graphs.graph import Graph, Node, Tensor
from aezoo.graphs.onnx_file import dump

N = 3


@dataclasses.dataclass
class Case:
    """A node: the shapes of one sample of its inputs, its constants, its attributes."""

    shapes: tuple[tuple[int, ...], ...]
    constants: tuple = ()
    attributes: dict = dataclasses.field(default_factory=dict)
    outputs: int = 1


def integers(*values):
    return np.array(values, "int64")


def floats(*shape):
    return np.ones(shape, "float32")


IMAGE, VECTOR = (2, 7, 6), (5,)
POOL = {"kernel_shape": (3, 2), "strides": (2, 1), "pads": (1, 0, 1, 1)}
GRU = {"hidden_size": 4, "linear_before_reset": 1}
CASES = {
    **{name: [Case((VECTOR,))] for name in operators.UNARY},
    **{
        name: [Case((IMAGE, (2, 1, 6))), Case((VECTOR,), (floats(1),)), Case((VECTOR, (1,)))]
        for name in operators.NARY
        if name != "Clip" and name != "Where"
    },
    "Clip": [Case((VECTOR,), (floats(), floats()))],
    "Where": [Case(((7, 1), (1, 6), (7, 6)))],
    **{
        name: [
            Case((IMAGE,), (integers(1, -1),), {"keepdims": 0}),
            Case((IMAGE,), (integers(2),), {"keepdims": 1}),
        ]
        for name in ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum")
    },
    **{
        name: [Case((IMAGE,), attributes={"axis": axis, "keepdims": keep})]
        for name in ("ArgMax", "ArgMin")
        for axis, keep in ((-1, 0), (2, 1))
    },
    **{name: [Case((VECTOR,), attributes={"alpha": 0.5})] for name in ("Elu", "LeakyRelu")},
    **{name: [Case((VECTOR,), attributes={"axis": -1})] for name in ("Softmax", "LogSoftmax")},
    "AveragePool": [Case((IMAGE,), attributes=POOL)],
    "MaxPool": [
        Case((IMAGE,), attributes=POOL), Case((IMAGE,), attributes={**POOL, "dilations": (1, 2)})
    ],
    "Cast": [Case((VECTOR,), attributes={"to": 7})],
    "Concat": [Case((IMAGE, (3, 7, 6)), attributes={"axis": 1})],
    "Conv": [
        Case((IMAGE,), (floats(4, 2, 3, 2), floats(4))),
        Case((IMAGE,), (floats(4, 2, 3, 2),), {"strides": (2, 3), "pads": (1, 0, 2, 1)}),
        Case((IMAGE,), (floats(4, 1, 3, 2),), {"group": 2, "dilations": (2, 1)}),
    ],
    "ConvTranspose": [
        Case((IMAGE,), (floats(2, 4, 3, 2),), {"strides": (2, 3), "pads": (1, 0, 1, 1)}),
        Case((IMAGE,), (floats(2, 4, 3, 2),), {"strides": (2, 3), "output_padding": (1, 2)}),
        Case((IMAGE,), (floats(2, 4, 3, 2),), {"dilations": (2, 1)}),
    ],
    "CumSum": [Case((VECTOR,), (integers(1)[0],), {"exclusive": 1, "reverse": 0})],
    "Einsum": [Case(((4, 5), (5, 6)), attributes={"equation": "nab,nbc->nca"})],
    "Expand": [Case((VECTOR,), (integers(2, 1, 5),)), Case(((1, 5),), (integers(1, 4, 1),))],
    "GRU": [
        Case(((6, 2),), (floats(1, 12, 2), floats(1, 12, 4), floats(1, 24)), GRU, outputs=2),
    ],
    "LSTM": [
        Case(((6, 2),), (floats(1, 16, 2), floats(1, 16, 4), floats(1, 32)), {"hidden_size": 4},
             outputs=3),
    ],
    "Gather": [Case((IMAGE,), (integers(0, 1, 0)[None],), {"axis": 2})],
    "MatMul": [Case(((4, 5), (5, 6))), Case(((4, 5),), (floats(5, 2),))],
    "OneHot": [Case((VECTOR,), (integers(4), floats(2)), {"axis": -1})],
    "Pad": [Case((VECTOR,), (integers(0, 1, 0, 2),), {"mode": "constant"})],
    "Reshape": [Case((IMAGE,), (integers(-1, 12, 7),)), Case((IMAGE,), (integers(-1, 2),))],
    "Slice": [
        Case((IMAGE,), (integers(1, 0), integers(-1, 9), integers(2, 3), integers(2, 4))),
        Case((IMAGE,), (integers(-1), integers(-(2**63) + 1), integers(2), integers(-1))),
    ],
    "Split": [Case((IMAGE,), (integers(3, 4),), {"axis": 2}, outputs=2)],
    "TopK": [
        Case((VECTOR,), (integers(2),), {"axis": -1, "largest": 1, "sorted": 1}, outputs=2)
    ],
    "Transpose": [Case((IMAGE,), attributes={"perm": (0, 3, 1, 2)})],
}  # fmt: skip


def test_every_operator_has_a_case():
    assert set(CASES) == set(operators.OPERATORS)


# What comes before an operator that does not take floats `(n, ...)`.
FIRST = {
    **{
        name: Node("Cast", ("x0",), ("first",), {"to": 9}) for name in ("And", "Not", "Or", "Where")
    },
    **{
        name: Node("Transpose", ("x0",), ("first",), {"perm": (1, 0, 2)})
        for name in ("GRU", "LSTM")
    },
    "OneHot": Node("Cast", ("x0",), ("first",), {"to": 7}),
}


@pytest.mark.parametrize("name", CASES)
def test_shapes_are_those_of_onnx_runtime(name):
    for case in CASES[name]:
        inputs = {f"x{i}": Tensor("float32", shape) for i, shape in enumerate(case.shapes)}
        boolean = name in ("And", "Or")
        constants = {
            f"c{i}": array.astype(bool) if boolean else array
            for i, array in enumerate(case.constants)
        }
        nodes = [FIRST.get(name, Node("Identity", ("x0",), ("first",)))]
        values = ["first", *[*inputs][1:]]
        if boolean and len(inputs) > 1:
            nodes.append(Node("Cast", ("x1",), ("second",), {"to": 9}))
            values[1] = "second"
        outputs = tuple(f"y{i}" for i in range(case.outputs))
        nodes.append(Node(name, (*values, *constants), outputs, case.attributes))
        shapes = {key: (SIZE, *value.shape) for key, value in inputs.items()}
        shapes |= {key: array.shape for key, array in constants.items()}
        for node in nodes:
            found, work = infer(node, shapes, constants)
            shapes |= zip(node.outputs, found, strict=True)
        assert work > 0
        for output in outputs:
            # A cast at the end, because an output says its type.
            last = Node("Cast", (output,), ("z",), {"to": 1})
            graph = Graph(
                "any", inputs, {"z": Tensor("float32", ())}, (*nodes, last), {}, constants
            )
            batch = {key: np.ones((N, *value.shape), "float32") for key, value in inputs.items()}
            given = onnx.session(dump(graph), {}).run(None, batch)[0].shape
            expected = [size // SIZE * N if size % SIZE == 0 else size for size in shapes[output]]
            assert [*given] == expected


REFUSED = [
    ("Reshape", [(4, 6)], [integers(5, 5)], {}, "made"),
    ("Reshape", [(4, 6)], [integers(-1, -1)], {}, "made"),
    ("Reshape", [(4, 6)], [integers(0, 24)], {}, "made"),
    ("Reshape", [(4, 6), (2,)], [], {}, "no constant"),
    ("Expand", [(4, 6), (2,)], [], {}, "no constant"),
    ("Expand", [(4, 6)], [integers(3, 6)], {}, "do not fit"),
    ("Expand", [(4, 6)], [np.ones(2, "float32")], {}, "no constant"),
    ("Expand", [(4, 6)], [integers(*[1] * 65)], {}, "no constant"),
    ("Add", [(4, 6), (3, 6)], [], {}, "do not fit"),
    ("MatMul", [(4, 6), (5, 6)], [], {}, "matrices of shapes"),
    ("MatMul", [(4,), (4,)], [], {}, "matrices of shapes"),
    ("Conv", [(1, 2, 7, 6), (4, 3, 3, 2)], [], {}, "a kernel of shape"),
    ("Conv", [(1, 2, 7, 6), (4, 2, 3, 2)], [], {"strides": (0, 1)}, "a window"),
    ("Conv", [(1, 2, 7, 6), (4, 2, 3, 2)], [], {"pads": (0, 1)}, "a window"),
    ("Conv", [(1, 2, 7, 6), (4, 2, 3, 2)], [], {"pads": (-1, 0, 0, 0)}, "a window"),
    ("Conv", [(1, 2, 7, 6), (4, 2, 9, 9)], [], {}, "an array of shape"),
    ("Conv", [(1, 2, 7, 6)], [], {}, "Conv: "),
    ("ConvTranspose", [(1, 2, 7, 6), (2, 4, 3, 2)], [], {"group": 2}, "an attribute 'group'"),
    ("MaxPool", [(1, 2, 7, 6)], [], {"kernel_shape": (2, 2, 2)}, "a window"),
    ("Transpose", [(4, 6)], [], {"perm": (0, 0)}, "axes"),
    ("Transpose", [(4, 6)], [], {}, "axes"),
    ("Slice", [(4, 6)], [integers(0), integers(1), integers(0), integers(0)], {}, "a step of 0"),
    ("Slice", [(4, 6)], [integers(9), integers(1), integers(0), integers(1)], {}, "an array of"),
    ("Slice", [(4, 6)], [integers(0), integers(1), integers(7), integers(1)], {}, "axis 7"),
    ("Concat", [(4, 6), (4, 5)], [], {"axis": 0}, "in a row"),
    ("Split", [(4, 6)], [integers(1, 2)], {"axis": 1}, "in parts"),
    ("Split", [(4, 6)], [integers(3, 3)], {"axis": 1}, "with 1 outputs, not 2"),
    ("Pad", [(4, 6)], [integers(0, 1)], {}, "padded by"),
    ("Einsum", [(4, 6)], [], {"equation": "ab"}, "without a result"),
    ("Einsum", [(4, 6)], [], {"equation": "ab->abc"}, "without a result"),
    ("Einsum", [(4, 6)], [], {"equation": "aa->a"}, "the sum"),
    ("Einsum", [(4, 6)], [], {"equation": "...->a"}, "Einsum: "),
    ("OneHot", [(4,), (1,), (2,)], [], {}, "no constant"),
    ("TopK", [(4,), (1,)], [], {}, "no constant"),
    ("Relu", [(4,)], [], {"alpha": 0.5}, "an attribute 'alpha'"),
    ("Cast", [(4,)], [], {"to": "float"}, "an attribute 'to'"),
    ("Relu", [], [], {}, "Relu: "),
    ("Loop", [(4,)], [], {}, "the operator 'Loop', which no graph of aezoo has"),
    ("If", [(4,)], [], {}, "the operator 'If'"),
    ("Scan", [(4,)], [], {}, "the operator 'Scan'"),
    ("RandomNormal", [], [], {}, "the operator 'RandomNormal'"),
    ("ConstantOfShape", [(4,)], [], {}, "the operator 'ConstantOfShape'"),
    ("NonZero", [(4,)], [], {}, "the operator 'NonZero'"),
    ("Tile", [(4,), (1,)], [], {}, "the operator 'Tile'"),
    ("Resize", [(4,)], [], {}, "the operator 'Resize'"),
    ("StringNormalizer", [(4,)], [], {}, "the operator 'StringNormalizer'"),
    ("Add", [(SIZE, 1), (1, SIZE)], [], {}, "an array of shape (n, n)"),
    ("Add", [(SIZE, 4), (3, 4)], [], {}, "do not fit"),
    ("Concat", [(SIZE, 4), (SIZE, 4)], [], {"axis": 0}, None),
    ("Concat", [(SIZE, 4), (1, 4)], [], {"axis": 0}, "an array of shape"),
    ("Add", [(2**14, 1), (1, 2**13)], [], {}, "an array of shape (16384, 8192)"),
    ("Add", [(SIZE, 2**14, 1), (1, 2**13)], [], {}, "an array of shape (n, 16384, 8192)"),
    ("Expand", [(1,)], [integers(2**40)], {}, "an array of shape"),
    ("GRU", [(5, 1, 2), (1, 6, 2), (1, 6, 2)], [], {"hidden_size": 2**40}, "an array of shape"),
    ("GRU", [(5, 1, 2), (1, 6, 2), (1, 6, 2)], [], {"hidden_size": -1}, "an array of shape"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shapes", "constants", "attributes", "reason"), REFUSED)
def test_what_does_not_fit_or_is_too_large_is_refused(name, shapes, constants, attributes, reason):
    known = {f"x{i}": shape for i, shape in enumerate(shapes)}
    arrays = {f"c{i}": array for i, array in enumerate(constants)}
    known |= {key: array.shape for key, array in arrays.items()}
    node = Node(name, tuple(known), ("y",), attributes)
    if reason is None:
        infer(node, known, arrays)
        return
    with pytest.raises(ValueError, match=re.escape(reason)):
        infer(node, known, arrays)
