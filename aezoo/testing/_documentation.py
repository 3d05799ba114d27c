"""What the documentation of a registered class must hold."""

from __future__ import annotations

import inspect
import re
import textwrap

import aezoo
from aezoo.testing._expect import ContractError, expect

_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def documentation(cls: type) -> str:
    """Returns a class's own docstring, without indentation."""
    text = inspect.cleandoc(vars(cls).get("__doc__") or "")
    expect(text, f"{cls.__name__} has no docstring of its own.")
    return text


def expect_sections(cls: type, *titles: str) -> None:
    """Raises ContractError unless the docstring has these sections and a one-sentence summary."""
    text = documentation(cls)
    summary = text.partition("\n")[0]
    expect(
        summary.endswith("."),
        f"The docstring of {cls.__name__} must begin with one sentence on one line, because "
        f"`aezoo info` prints it. Received: {summary!r}.",
    )
    missing = [title for title in titles if not re.search(rf"^{title}:\s*$", text, re.MULTILINE)]
    expect(not missing, f"The docstring of {cls.__name__} has no section {', '.join(missing)}.")


def expect_arguments_documented(cls: type) -> None:
    """Raises ContractError unless every argument of the class's own constructor is described."""
    if "__init__" not in vars(cls):
        return
    names = [p.name for p in inspect.signature(cls).parameters.values() if p.kind != p.VAR_KEYWORD]
    text = documentation(cls)
    missing = [name for name in names if not re.search(rf"^    {name}: ", text, re.MULTILINE)]
    expect(not missing, f"The Args of {cls.__name__} do not describe {', '.join(missing)}.")


def run_example(cls: type) -> None:
    """Runs the fenced Python code of the docstring, with nothing but `aezoo` imported.

    Raises:
        ContractError: There is no such code, or it raised.
    """
    found = _CODE.search(documentation(cls))
    if found is None:
        raise ContractError(f"The docstring of {cls.__name__} has no ```python example.")
    code = compile(textwrap.dedent(found[1]), f"<example of {cls.__name__}>", "exec")
    try:
        exec(code, {"aezoo": aezoo, "__name__": "example"})
    except Exception as error:
        raise ContractError(
            f"The example of {cls.__name__} raised {type(error).__name__}: {error}"
        ) from error
