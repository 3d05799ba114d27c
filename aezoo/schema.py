"""Arguments as JSON: what a constructor accepts, read from its annotations.

Every model, body, likelihood and sampler is described by JSON values alone. The functions here
check such values against the annotations of a constructor (in particular every integer's bounds, so
that a hostile configuration cannot ask for a terabyte), build objects from them and read them back.
"""

import functools
import inspect
import math
import numbers
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Union

MAX_INTEGER = 2**24
MAX_NUMBER = 3e38  # what float32 holds
MAX_NAME = 128


class Interval(NamedTuple):
    """Closed interval of a number, for use in `Annotated[int, Interval(1, 8)]`."""

    low: float
    high: float


class Length(NamedTuple):
    """Smallest and largest number of items, for use in `Annotated[list, Length(1, 8)]`."""

    low: int
    high: int


class Product(NamedTuple):
    """Largest product of the items, for use in `Annotated[list[int], Product(4096)]`."""

    high: int


Size = Annotated[int, Interval(1, 2**16)]
Sizes = Annotated[tuple[Size, ...], Length(0, 32)]
Shape = Annotated[tuple[Size, ...], Length(1, 5), Product(2**26)]
Seed = Annotated[int, Interval(0, 2**32 - 1)]
Rate = Annotated[float, Interval(0.0, 1.0)]
Weight = Annotated[float, Interval(0.0, 1e9)]
Spec = str | dict | Annotated[list, Length(0, 16)] | None


def parameters(cls: type, root: type = object) -> dict[str, inspect.Parameter]:
    """Returns the constructor parameters of `cls` and its bases down to `root`, in order.

    A constructor that forwards `**kwargs` takes its base's parameters too; the walk ends at the
    first one that does not. A parameter that is repeated without an annotation keeps the base's.

    Args:
        cls: Class whose `__init__` is read.
        root: Last base to read.

    Returns:
        Parameter name to `inspect.Parameter`, annotations resolved.
    """
    return dict(_parameters(cls, root))


@functools.cache  # resolving an annotation that is a string compiles it
def _parameters(cls: type, root: type) -> dict[str, inspect.Parameter]:
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" in vars(base):
            init = vars(base)["__init__"]
            hints = typing.get_type_hints(init, include_extras=True)
            signature = list(inspect.signature(init).parameters.values())[1:]
            for parameter in signature:
                if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                    annotation = hints.get(parameter.name, Any)
                    known = found.get(parameter.name, parameter.replace(annotation=Any))
                    if known.annotation is Any:
                        known = known.replace(annotation=annotation)
                    found[parameter.name] = known
            if not any(p.kind is p.VAR_KEYWORD for p in signature):
                break
        if base is root:
            break
    return found


def check_arguments(cls: type, arguments: Mapping[str, Any], root: type = object) -> None:
    """Checks constructor arguments against the annotations of `cls`.

    Args:
        cls: Class to be constructed.
        arguments: Argument name to value.
        root: Last base whose constructor counts.

    Raises:
        ValueError: An unknown or missing argument, or a value outside its annotation.
    """
    known = parameters(cls, root)
    title = cls.__name__
    unknown = [name for name in arguments if name not in known]
    if unknown:
        raise ValueError(
            f"{title} has no argument {unknown[0]!r}. It takes: {', '.join(known)}. "
            f"Received: {unknown[0]}={arguments[unknown[0]]!r:.200}."
        )
    for name, parameter in known.items():
        if name in arguments:
            check_value(arguments[name], parameter.annotation, f"{title}'s {name}")
        elif parameter.default is parameter.empty:
            raise ValueError(f"{title} needs {name}=. Received only: {sorted(arguments)}.")


def check_value(value: Any, annotation: Any, name: str) -> None:
    """Raises ValueError unless `value` fits `annotation`.

    Integers without an interval of their own are held to `+-MAX_INTEGER`.

    Args:
        value: Any JSON-like value; tuples count as lists, and objects that carry a `spec` pass.
        annotation: A type, union, `Literal`, or `Annotated` with `Interval` and `Length`.
        name: What to call the value in the error.
    """
    if not _fits(value, annotation):
        raise ValueError(f"{name} must be {describe(annotation)}. Received: {value!r:.200}.")


def describe(annotation: Any) -> str:
    """Returns an annotation in words, for errors and `aezoo info`."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if origin is Annotated:
        text = describe(arguments[0])
        for bound in arguments[1:]:
            if isinstance(bound, Product):
                text += f" with a product of at most {bound.high}"
            else:
                unit = " items" if isinstance(bound, Length) else ""
                text += f" of {bound.low:.12g} to {bound.high:.12g}{unit}"
        return text
    if origin in (Union, types.UnionType):
        return " or ".join(describe(a) for a in arguments)
    if origin is Literal:
        return " or ".join(repr(a) for a in arguments)
    if origin in (tuple, list):
        return f"a list of ({describe(arguments[0])})"
    names = {int: "an integer", float: "a number", str: "a string", bool: "True or False"}
    names |= {dict: "a dictionary with a name", list: "a list", tuple: "a list"}
    return names.get(annotation, "any JSON value")


def _fits(value: Any, annotation: Any) -> bool:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        bounded = arguments[0] is int and any(isinstance(b, Interval) for b in arguments[1:])
        if not (_is_integer(value) if bounded else _fits(value, arguments[0])):
            return False
        return all(_keeps(value, bound) for bound in arguments[1:])
    if origin in (Union, types.UnionType):
        return any(_fits(value, a) for a in arguments)
    if origin is Literal:
        return any(value == a and type(value) is type(a) for a in arguments)
    if origin in (tuple, list):
        return isinstance(value, (list, tuple)) and all(_fits(v, arguments[0]) for v in value)
    if annotation is None or annotation is type(None):
        return value is None
    if annotation is bool or annotation is str:
        return isinstance(value, annotation)
    if annotation is int:
        return _is_integer(value) and abs(value) <= MAX_INTEGER
    if annotation is float:
        number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return number and abs(value) <= MAX_NUMBER  # False for NaN
    if annotation in (dict, list, tuple):
        plain = (list, tuple) if annotation is not dict else dict
        return isinstance(value, plain) or hasattr(value, "spec")
    return True


def _keeps(value: Any, bound: Any) -> bool:
    if isinstance(bound, Product):
        return math.prod(value) <= bound.high
    if isinstance(bound, (Interval, Length)):
        measured = len(value) if isinstance(bound, Length) else value
        return bound.low <= measured <= bound.high
    return True


def _is_integer(value: Any) -> bool:
    integral = hasattr(value, "__index__") and not isinstance(value, bool)
    return integral and getattr(value, "shape", ()) == ()


def to_json(value: Any) -> Any:
    """Returns `value` as plain JSON: tuples become lists, objects with a `spec` that spec."""
    if hasattr(value, "spec"):
        return to_json(value.spec)
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, (str, bool)) or value is None:
        return value
    return int(value) if _is_integer(value) else float(value)


def config_of(instance: Any, root: type = object) -> dict[str, Any]:
    """Returns the constructor arguments of `instance`, read from attributes of the same names."""
    names = parameters(type(instance), root)
    return {name: to_json(getattr(instance, name)) for name in names}


def build(spec: Any, find: Callable[[str], type], kind: str) -> Any:
    """Builds what a spec describes.

    Args:
        spec: A name, a dictionary with `name` and constructor arguments, or an object that
            was built before (returned as it is).
        find: Maps a name to a class; raises LookupError for an unknown one.
        kind: What is being built, for errors ("body", "likelihood", ...).

    Returns:
        The object; its `spec` attribute is the complete JSON description, defaults included.

    Raises:
        ValueError: The spec is malformed or an argument is outside its bounds.
        LookupError: The name is unknown.
    """
    if hasattr(spec, "spec"):
        return spec
    if isinstance(spec, str):
        spec = {"name": spec}
    name = spec.get("name") if isinstance(spec, Mapping) else None
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise ValueError(
            f"{kind} must be a name or a dictionary like {{'name': ..., argument: value}}. "
            f"Received: {kind}={spec!r:.200}."
        )
    arguments = {key: value for key, value in spec.items() if key != "name"}
    cls = find(name)
    check_arguments(cls, arguments)
    instance = cls(**arguments)
    instance.spec = {"name": name, **config_of(instance)}
    return instance


def choose(table: Mapping[str, type], kind: str) -> Callable[[str], type]:
    """Returns a `find` for `build` over a fixed table of classes."""

    def find(name: str) -> type:
        if name not in table:
            raise ValueError(f"{kind} must be one of {sorted(table)}. Received: {name!r}.")
        return table[name]

    return find
