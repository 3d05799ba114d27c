"""The public face: every public name and signature, compared with `tests/golden/api.txt`.

A change of it is a decision, for CHANGELOG.md: `python tests/test_api.py > tests/golden/api.txt`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aezoo
import aezoo_registry
from aezoo import kernels, kl_penalties, likelihoods, preprocessing, schema
from aezoo.core import Autoencoder
from aezoo.interface import Interface
from aezoo.variants import dae, sparse_ae

GOLDEN = Path(__file__).with_name("golden") / "api.txt"
MODULES = (
    "data",
    "metrics",
    "testing",
    "store",
    "preprocessing",
    "postprocess",
    "pictures",
    "hub",
    "record",
)
KINDS = ("variants", "bodies", "samplers")
TABLES = {
    "likelihood": (likelihoods, ("gaussian", "laplace", "bernoulli")),
    "preprocess": (preprocessing, ("scale", "standardise", "resize")),
    "corruption": (dae, ("gaussian", "masking", "salt_and_pepper")),
    "sparsity": (sparse_ae, ("l1", "kl", "top_k")),
    "kernel": (kernels, ("imq", "rbf")),
    "kl_penalty": (kl_penalties, ("free_bits", "warm_up", "capacity")),
}


def public_face() -> str:
    """Returns one line for every public name, sorted within its part."""
    parts = [
        [line for name in sorted(aezoo.__all__) for line in described(aezoo, name)],
        members("aezoo.Autoencoder", Autoencoder, inherited=Interface),
        *(of_module(f"aezoo.{name}") for name in MODULES),
        [
            f"{kind}: {name}{arguments(aezoo_registry.load(kind, name))}"
            for kind in KINDS
            for name in aezoo_registry.names(kind)
            if aezoo_registry.find(kind, name).distribution == "aezoo"
        ],
        [
            f"{kind}: {name}{arguments(module.find(name))}"
            for kind, (module, names) in TABLES.items()
            for name in names
        ],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def of_module(module_name: str) -> list[str]:
    module = importlib.import_module(module_name)
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module_name
    ]
    return [line for name in sorted(names) for line in described(module, name)]


def described(module: Any, name: str) -> Iterator[str]:
    value, path = getattr(module, name), f"{module.__name__}.{name}"
    if inspect.ismodule(value):
        yield f"module {path}"
    elif inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__)
        yield f"class {path}({bases}){signature(value.__init__, skip=1)}"
        if value is not Autoencoder:
            yield from members(path, value)
    elif callable(value):
        yield f"{path}{signature(value)}"
    else:
        yield f"{path}: {type(value).__name__}"


def members(path: str, cls: type, inherited: type = object) -> list[str]:
    own = {**vars(inherited), **vars(cls)} if inherited is not object else vars(cls)
    lines = []
    for name, value in sorted(own.items()):
        if name.startswith("_"):
            continue
        if isinstance(value, property):
            lines.append(f"{path}.{name}: property")
        elif callable(value) or isinstance(value, classmethod | staticmethod):
            lines.append(f"{path}.{name}{signature(getattr(cls, name), skip=1)}")
        else:
            lines.append(f"{path}.{name}: attribute")
    return lines


def signature(function: Any, skip: int = 0) -> str:
    """Names, kinds and defaults; annotations are for readers and differ between Pythons."""
    parameters = list(inspect.signature(function).parameters.values())
    return shown([p.replace(annotation=p.empty) for p in parameters[skip:]])


def arguments(cls: type) -> str:
    """All arguments that a configuration may hold, those of the bases included."""
    found = schema.parameters(cls, root=Autoencoder).values()
    return shown([p.replace(annotation=p.empty, kind=p.KEYWORD_ONLY) for p in found])


def shown(parameters: list[inspect.Parameter]) -> str:
    return str(inspect.Signature(parameters))


def test_the_public_face_is_the_golden_one():
    assert public_face().splitlines() == GOLDEN.read_text().splitlines()


def test_every_public_name_resolves_and_is_documented():
    for name in aezoo.__all__:
        assert (getattr(aezoo, name).__doc__ or "").strip(), name
    assert set(aezoo.__all__) <= set(dir(aezoo))


if __name__ == "__main__":
    print(public_face(), end="")
