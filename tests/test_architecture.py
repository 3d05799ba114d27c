"""The rules of the house: sizes of files, directions of imports, what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"aezoo": ROOT / "aezoo", "aezoo_registry": ROOT / "registry" / "aezoo_registry"}
FILES = {
    path.relative_to(folder.parent).as_posix(): path
    for folder in PACKAGES.values()
    for path in sorted(folder.rglob("*.py"))
}

# A module imports from lower layers only, and from its own package.
LAYERS = (
    "acceleration adversary arrays atomic batches bitstream captions codecs dead_units "
    "density divergence draws engines fingerprint fused_adam heap interpolation linear_transform "
    "losses networks noise paths pyramid range_coder regular_file resampling sample_photos schema "
    "shuffling strict_json transport von_mises_fisher weights",
    "bodies compiled_steps data fills kernels kl_penalties likelihoods masks metrics muon "
    "neighbours postprocess preprocessing quantize samplers subpixel tensors tiles",
    "baseline catalogue degradations interface layout maps photos pictures",
    "core damage evaluation graphs stored",
    "card served store variants",
    "hub",
    "sources",
    "factory",
    "exporting publishing training verification",
    "record tasks testing",
    "cli",
)
LAYER = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}


def unit(module: str) -> str:
    """The part of aezoo that a module belongs to: `cli` for `aezoo.cli.train`."""
    return module.split(".")[1] if "." in module else ""


def imports(name: str) -> Iterator[str]:
    """The modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}".replace(".", "/")
                known = f"{submodule}.py" in FILES or f"{submodule}/__init__.py" in FILES
                yield submodule.replace("/", ".") if known else str(node.module)


def module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_every_part_of_aezoo_has_a_layer():
    parts = {unit(module(name)) for name in FILES if name.startswith("aezoo/")} - {""}
    assert parts == set(LAYER)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("aezoo/")])
def test_imports_run_downward(name):
    own = unit(module(name))
    for imported in imports(name):
        if imported.split(".")[0] == "aezoo" and unit(imported) not in ("", own):
            assert LAYER[unit(imported)] < LAYER[own], f"{name} imports {imported}"


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("aezoo/variants/")])
def test_only_variants_import_variants_by_path(name):
    assert not [imported for imported in imports(name) if unit(imported) == "variants"]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("aezoo_registry/")])
def test_the_registry_is_standard_library_only(name):
    roots = {imported.split(".")[0] for imported in imports(name)}
    assert roots <= sys.stdlib_module_names | {"aezoo_registry"}


def test_only_the_hub_speaks_to_the_hub():
    importers = {
        name
        for name in FILES
        if any(imported.split(".")[0] == "huggingface_hub" for imported in imports(name))
    }
    assert {Path(name).parent.as_posix() for name in importers} == {"aezoo/hub"}


@pytest.mark.parametrize("name", FILES)
def test_files_stay_short(name):
    limit = 150 if name.startswith("aezoo/variants/") else 400
    assert len(FILES[name].read_text().splitlines()) <= limit


def test_no_file_is_a_drawer():
    drawers = {"utils", "util", "helpers", "common", "misc", "manager"}
    assert not [name for name in FILES if Path(name).stem.strip("_") in drawers]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("aezoo/variants/")])
def test_a_variant_file_holds_one_variant(name):
    tree = ast.parse(FILES[name].read_text())
    registered = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any("register_keras_serializable" in ast.unparse(d) for d in node.decorator_list)
    ]
    stem = Path(name).stem.replace("_", "")
    assert [found.lower() for found in registered] == ([] if stem == "init" else [stem])


def loaded_by(program: str) -> set[str]:
    """The top-level packages that a program loads in a fresh process."""
    code = f"{program}\nimport sys\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return set(result.stdout.split())


HEAVY = {"keras", "tensorflow", "jax", "torch", "numpy", "scipy", "sklearn", "PIL", "matplotlib"}


@pytest.mark.parametrize(
    "program",
    [
        "import aezoo_registry",
        "import aezoo",
        "import aezoo; dir(aezoo); hasattr(aezoo, 'nothing')",
        "import aezoo; aezoo.list_variants(); aezoo.list_presets(); aezoo.list_tasks()",
        "import aezoo.schema, aezoo.samplers",
    ],
)
def test_names_cost_neither_keras_nor_numpy(program):
    assert not loaded_by(program) & HEAVY


@pytest.mark.parametrize(
    "modules",
    [
        "aezoo.interface, aezoo.store, aezoo.arrays, aezoo.data, aezoo.postprocess",
        "aezoo.metrics, aezoo.pictures, aezoo.evaluation, aezoo.factory",
        "aezoo.samplers.normal, aezoo.samplers.gmm",
    ],
)
def test_what_needs_no_graph_imports_no_keras(modules):
    assert not loaded_by(f"import {modules}") & (HEAVY - {"numpy", "PIL"})
