from __future__ import annotations

import json
import math
import re
import types
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aezoo import schema
from aezoo.schema import Interval, Length


class Base:
    def __init__(self, size: schema.Size, *, seed: schema.Seed = 0, **kwargs: Any):
        self.size, self.seed = size, seed


class Child(Base):
    def __init__(self, size, *, rate: schema.Rate = 0.5, mode: Literal["a", "b"] = "a", **kwargs):
        super().__init__(size, **kwargs)
        self.rate, self.mode = rate, mode


class Closed(Child):
    def __init__(self, *, widths: schema.Sizes = (4,)):
        super().__init__(2)
        self.widths = widths


find = schema.choose({"child": Child, "closed": Closed}, "thing")


def test_parameters_walk_the_constructors():
    assert list(schema.parameters(Child)) == ["size", "rate", "mode", "seed"]
    assert list(schema.parameters(Child, root=Child)) == ["size", "rate", "mode"]
    assert list(schema.parameters(Closed)) == ["widths"]


def test_a_repeated_parameter_keeps_the_bounds_of_the_base():
    assert schema.parameters(Child)["size"].annotation == schema.Size
    with pytest.raises(ValueError, match=r"Child's size must be an integer of 1 to 65536\."):
        schema.check_arguments(Child, {"size": 2**40})


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"size": 1, "rat": 0.5}, "Child has no argument 'rat'. It takes: size, rate, mode, seed"),
        ({}, "Child needs size="),
        ({"size": 0}, "Received: 0"),
        ({"size": True}, "Received: True"),
        ({"size": 2.0}, "Received: 2.0"),
        ({"size": "2"}, "Received: '2'"),
        ({"size": None}, "Received: None"),
        ({"size": 1, "rate": 1.5}, "Child's rate must be a number of 0 to 1"),
        ({"size": 1, "rate": math.nan}, "Received: nan"),
        ({"size": 1, "rate": math.inf}, "Received: inf"),
        ({"size": 1, "rate": 10**400}, "Received: 1000"),
        ({"size": 1, "rate": True}, "Received: True"),
        ({"size": 1, "mode": "c"}, "Child's mode must be 'a' or 'b'. Received: 'c'"),
        ({"size": 1, "seed": -1}, "Child's seed"),
    ],
)
def test_arguments_outside_their_annotations_are_refused(arguments, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        schema.check_arguments(Child, arguments)


def test_errors_quote_at_most_200_characters_of_what_came():
    for arguments in ({"size": "9" * 10**6}, {"size": 1, "unknown": ["x"] * 10**6}):
        with pytest.raises(ValueError, match="Received") as error:
            schema.check_arguments(Child, arguments)
        assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ("value", "annotation", "fits"),
    [
        (3, int, True),
        (schema.MAX_INTEGER, int, True),
        (schema.MAX_INTEGER + 1, int, False),
        (2**32 - 1, schema.Seed, True),
        (2**32, schema.Seed, False),
        (-schema.MAX_INTEGER - 1, int, False),
        (np.int64(3), int, True),
        (np.array([3]), int, False),
        (np.float32(0.5), float, True),
        (np.bool_(True), float, False),
        (1e39, float, False),
        ([4, 4], schema.Sizes, True),
        ((4, 4), schema.Sizes, True),
        ([], schema.Sizes, True),
        ([4] * 65, schema.Sizes, False),
        ([4, 0], schema.Sizes, False),
        ("44", schema.Sizes, False),
        ([], schema.Shape, False),
        ([2**13, 2**13, 1], schema.Shape, True),
        ([2**16] * 5, schema.Shape, False),
        ([2**13, 2**13, 2], schema.Shape, False),
        ([1] * 6, schema.Shape, False),
        ([[4]], schema.Sizes, False),
        (None, int | None, True),
        ("x", int | None, False),
        ({"name": "mlp"}, schema.Spec, True),
        (["scale"] * 16, schema.Spec, True),
        (["scale"] * 17, schema.Spec, False),
        (3, schema.Spec, False),
        (1, Literal[True], False),
        (1, bool, False),
        (object(), Any, True),
    ],
)
def test_values_fit_their_annotations_or_not(value, annotation, fits):
    if fits:
        schema.check_value(value, annotation, "value")
    else:
        with pytest.raises(ValueError, match="value must be"):
            schema.check_value(value, annotation, "value")


@given(
    st.one_of(
        st.none(), st.booleans(), st.text(max_size=5), st.integers(-100, 100),
        st.floats(allow_nan=True), st.lists(st.integers(-5, 5), max_size=5),
    )
)  # fmt: skip
def test_an_interval_admits_exactly_the_integers_in_it(value):
    inside = type(value) is int and 1 <= value <= 8
    try:
        schema.check_value(value, Annotated[int, Interval(1, 8)], "value")
    except ValueError:
        assert not inside
    else:
        assert inside


def test_describe_says_it_in_words():
    assert schema.describe(schema.Size) == "an integer of 1 to 65536"
    assert schema.describe(schema.Seed) == "an integer of 0 to 4294967295"
    assert schema.describe(schema.Rate | None) == "a number of 0 to 1 or None"
    assert schema.describe(schema.Shape) == (
        "a list of (an integer of 1 to 65536) of 1 to 5 items with a product of at most 67108864"
    )
    assert schema.describe(Literal["gru", "lstm"]) == "'gru' or 'lstm'"
    assert schema.describe(Annotated[list[str], Length(1, 3)]) == (
        "a list of (a string) of 1 to 3 items"
    )


def test_to_json_makes_plain_json():
    described = types.SimpleNamespace(spec={"name": "x", "sizes": (np.int32(1), 2)})
    value = {"a": (1, 2.5, None, True, "s"), 3: described, "f": np.float64(0.5), "n": np.int8(4)}
    plain = schema.to_json(value)
    assert plain == {
        "a": [1, 2.5, None, True, "s"],
        "3": {"name": "x", "sizes": [1, 2]},
        "f": 0.5,
        "n": 4,
    }
    assert json.loads(json.dumps(plain)) == plain


def test_build_gives_the_complete_spec_and_takes_it_back():
    thing = schema.build({"name": "child", "size": 3, "rate": 1}, find, "thing")
    assert isinstance(thing, Child)
    assert thing.spec == {"name": "child", "size": 3, "rate": 1, "mode": "a", "seed": 0}
    again = schema.build(json.loads(json.dumps(thing.spec)), find, "thing")
    assert again.spec == thing.spec
    assert schema.build(thing, find, "thing") is thing
    assert schema.build("closed", find, "thing").spec == {"name": "closed", "widths": [4]}


@pytest.mark.parametrize("spec", [None, 3, [], ["child"], {}, {"size": 1}, {"name": 3}, "x" * 129])
def test_a_malformed_spec_is_refused(spec):
    with pytest.raises(ValueError, match="thing must be a name or a dictionary like"):
        schema.build(spec, find, "thing")


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ValueError, match=r"thing must be one of \['child', 'closed'\]"):
        schema.build("chlid", find, "thing")
