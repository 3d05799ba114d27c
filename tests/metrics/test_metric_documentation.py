"""Every metric says what it needs and returns, and has an example that runs."""

import re
from pathlib import Path

import pytest

import aezoo_registry
from aezoo.metrics.arguments import parameters
from aezoo.testing._documentation import expect_sections, run_example

OWN = [name for name in aezoo_registry.names("metrics") if "/" not in name]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


@pytest.mark.parametrize("name", OWN)
def test_documentation(name):
    metric = aezoo_registry.load("metrics", name)
    documented = type(name, (), {"__doc__": metric.__doc__})
    expect_sections(documented, "Args", "Returns", "Raises", "Example")
    run_example(documented)


def test_the_page_lists_every_metric_under_what_it_is_given():
    rows, given = {}, ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        given = line if line.startswith("### ") else given
        if row := re.match(r"\| `(\w+)` \|", line):
            rows.setdefault(row[1], given + line)
    assert set(rows) == set(OWN)
    for name, text in rows.items():
        asked, _ = parameters(aezoo_registry.load("metrics", name))
        assert all(re.search(rf"[`, ]{parameter}[`,]", text) for parameter in asked), name
