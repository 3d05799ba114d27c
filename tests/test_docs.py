"""Every Python block of the documentation runs, and every command line in it can be parsed.

A block with a title is a file: those of docs/plugins.md are the package of tests/plugin, which is
installed. `<!-- not run: reason -->` above a block exempts it.
"""

from __future__ import annotations

import dataclasses
import os
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
import typer

import aezoo_registry
from aezoo.cli.application import app

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ROOT / "docs" / "plugins.md"
PACKAGE = ROOT / "tests" / "plugin"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r'```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?')
LINK = re.compile(r"\]\((?!https?://)(?P<path>[^)#]*)#?(?P<anchor>[^)]*)\)")
INLINE = re.compile(r"`(aezoo [^`]+)`")
PLAIN_PAGES = [page for page in PAGES if page != PLUGINS]


@dataclasses.dataclass
class Block:
    """A fenced block of a page.

    Attributes:
        language: What follows the fence.
        title: The file that it is, or None.
        line: Number of its first line.
        exempt: Whether a comment above it says that it is not run.
        code: Its text.
    """

    language: str
    title: str | None
    line: int
    exempt: bool
    code: str = ""


def read(page):
    """Return the blocks of a page, and the text between them."""
    found, prose, inside, above = [], [], False, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        opening = None if inside else FENCE.fullmatch(line)
        if opening:
            exempt = above.startswith("<!-- not run: ")
            found.append(Block(opening["language"], opening["title"], number + 1, exempt))
            inside = True
        elif line == "```":
            inside = False
        elif inside:
            found[-1].code += f"{line}\n"
        else:
            prose.append(line)
            above = line or above
    assert not inside, f"{page.name}: a block without an end"
    return found, "\n".join(prose)


def run_python(page):
    namespace = {"__name__": "documentation"}
    for block in read(page)[0]:
        if block.language == "python" and block.title is None and not block.exempt:
            code = "\n" * (block.line - 1) + block.code  # errors show the page's own lines
            exec(compile(code, page.name, "exec"), namespace)
    return namespace


def command_lines(page):
    """Return what follows `aezoo` on each line of the page's shell blocks."""
    found = []
    for block in read(page)[0]:
        if block.language == "sh":
            for line in block.code.replace("\\\n", " ").splitlines():
                for part in line.split("&&"):
                    words = shlex.split(part, comments=True)
                    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                        del words[0]
                    if words[:1] == ["aezoo"]:
                        found.append(words[1:])
    return found


def parse(words, *, whole):
    """Raise unless a command line is one of ours; without `whole` arguments may be missing."""
    group = typer.main.get_command(app)
    with group.make_context("aezoo", []) as context:
        _, command, rest = group.resolve_command(context, list(words))
        known = {name for option in command.params for name in option.opts} | {"--help"}
        unknown = {word for word in rest if re.match(r"-{1,2}[a-z]", word)} - known
        assert not unknown, f"aezoo {' '.join(words)}: no option {unknown}"
        if whole:
            with command.make_context(words[0], rest, parent=context):
                pass


def check_commands(page):
    for words in command_lines(page):
        parse(words, whole=True)
    for text in INLINE.findall(read(page)[1].replace("\n", " ")):
        words = shlex.split(text)[1:]
        if not words[0].startswith("-"):
            parse(words, whole=False)


@pytest.fixture(name="plugin", scope="module")
def _plugin(plugin_site):
    """Put the installed package of docs/plugins.md on the path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(plugin_site)
        patch.setenv("PYTHONPATH", str(plugin_site), prepend=os.pathsep)  # checks start processes
        yield
    for module in [name for name in sys.modules if name.partition(".")[0] == "acme_autoencoders"]:
        del sys.modules[module]


def contract():
    """Return the test functions of the plugin's own tests."""
    namespace = runpy.run_path(str(PACKAGE / "tests" / "test_contract.py"))
    return [function for name, function in namespace.items() if name.startswith("test_")]


@pytest.mark.parametrize("page", PLAIN_PAGES, ids=lambda page: page.name)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_python(page)


@pytest.mark.parametrize("page", PLAIN_PAGES, ids=lambda page: page.name)
def test_command_lines_are_understood(page):
    check_commands(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in LINK.finditer(read(page)[1]):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        assert target.exists(), f"{page.name} links to {link['path']}"
        if link["anchor"]:
            headings = re.findall(r"^#+ (.*)$", read(target)[1], re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings]
            assert link["anchor"] in anchors, f"{page.name} links to {link[0][2:-1]}"


def test_the_plugins_page_shows_every_file_as_it_is():
    shown = {block.title: block.code for block in read(PLUGINS)[0] if block.title}
    paths = [path for path in sorted(PACKAGE.rglob("*")) if path.suffix in (".py", ".toml")]
    files = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in paths}
    assert files.pop("acme_autoencoders/__init__.py") == ""
    assert shown == files


def test_plugin_blocks_run(plugin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = run_python(PLUGINS)
    assert namespace["new"].shape == (8, 50, 1)
    assert namespace["scores"]["acme/mae"] > 0


def test_plugin_commands_are_understood(plugin):
    check_commands(PLUGINS)


def test_doctor_finds_the_plugin_well(plugin):
    rows = [row for row in aezoo_registry.report() if row.distribution == "acme-autoencoders"]
    assert {row.kind for row in rows} == {*aezoo_registry.GROUPS}
    assert {row.status for row in rows} == {"ok"}


@pytest.mark.parametrize("function", contract(), ids=lambda function: function.__name__)
def test_plugin_passes_its_contract(function, plugin):
    (mark,) = function.pytestmark
    cases = mark.args[1]
    assert cases
    for case in cases:
        function(*case.values)


def test_commands_that_do_not_exist_are_noticed():
    with pytest.raises(Exception, match="No such command"):
        parse(["fly"], whole=False)
    with pytest.raises(AssertionError, match="--wings"):
        parse(["list", "--wings"], whole=False)
    with pytest.raises(Exception, match="Missing"):
        parse(["generate"], whole=True)
