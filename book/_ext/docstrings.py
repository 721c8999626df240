"""Sphinx extension: our docstrings' sections on the API page (operations, taught nowhere).

They follow numpy's layout with the description on the name's own line (``seed : of the generator``), which
``sphinx.ext.napoleon`` would take for a type.
"""

import re
from typing import Any

from sphinx.application import Sphinx

TITLES = {"Parameters": "매개변수", "Attributes": "속성", "Returns": "돌려주는 값", "Yields": "차례로 내놓는 값",
          "Raises": "오류", "Examples": "예", "Notes": "덧붙임"}
LISTS = ("Parameters", "Attributes", "Raises")


def format_sections(lines: list[str]) -> list[str]:
    """Return the docstring with Korean bold titles and with lists of ``name : description`` as bullets."""
    result: list[str] = []
    section = ""
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if line in TITLES and re.fullmatch("-{3,}", following):
            section = line
            result += ["", f"**{TITLES[line]}**", ""]
        elif section and line == "-" * len(section):
            continue
        elif section in LISTS and (item := re.fullmatch(r"(\S.*?) : (.*)", line)):
            result.append(f"- ``{item.group(1)}``: {item.group(2)}")
        elif section in LISTS and line.startswith("    "):
            result.append(line[2:])
        else:
            result.append(line)
    return result


def _process(app: Sphinx, what: str, name: str, target: Any, options: Any, lines: list[str]) -> None:
    lines[:] = format_sections(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to autodoc."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
