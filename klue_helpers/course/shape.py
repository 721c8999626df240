"""Whether a notebook file has the types that everything else relies on (operations, taught nowhere).

Only what would make the rest fall over. What nbformat's schema asks beyond that is told, all at once, by the checks of
the file (`klue_helpers.course.lint`).
"""

from collections.abc import Mapping
from typing import Any

Types = type | tuple[type, ...]
_KINDS = ("code", "markdown", "raw")
_CELL = {"cell_type": str, "source": (str, list), "metadata": dict, "outputs": list, "id": str, "attachments": dict}
_CELL_METADATA = {"tags": list, "mystnb": dict}
_OUTPUT = {"output_type": str, "name": str, "text": (str, list), "data": dict, "metadata": dict, "ename": str,
           "evalue": str, "traceback": list}
# What each kind of output must hold besides.
_NEEDED = {"stream": {"name", "text"}, "error": {"ename", "evalue", "traceback"}, "display_data": {"data"},
           "execute_result": {"data"}}


def misshapen(notebook: dict[str, Any]) -> str:
    """Return the first place whose type is wrong, as messages call it, or an empty text where there is none."""
    if not _fits(notebook, {"metadata": dict, "cells": list, "nbformat_minor": int}, needed={"cells"}):
        return "metadata, cells, nbformat_minor"
    for number, cell in enumerate(notebook["cells"], start=1):
        if not _fits(cell, _CELL, needed={"cell_type", "source"}) or cell["cell_type"] not in _KINDS \
                or not _is_text(cell["source"]):
            return f"{number}번째 셀"
        if not _is_metadata(cell.get("metadata", {})):
            return f"{number}번째 셀의 metadata"
        if not all(map(_is_output, cell.get("outputs", []))):
            return f"{number}번째 셀의 출력"
    return ""


def _fits(value: Any, fields: Mapping[str, Types], *, needed: set[str]) -> bool:
    """Tell whether the value is a dictionary that holds what is needed, its known fields of their types."""
    if not isinstance(value, dict) or not needed <= set(value):
        return False
    return all(isinstance(value[name], kind) for name, kind in fields.items() if name in value)


def _is_text(value: Any) -> bool:
    """Tell whether the value is a text or a list of its lines, as notebook files hold it."""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(line, str) for line in value))


def _is_metadata(value: dict[str, Any]) -> bool:
    if not _fits(value, _CELL_METADATA, needed=set()) or not _is_text(value.get("tags", [])):
        return False
    return isinstance(value.get("mystnb", {}).get("image", {}), dict)


def _is_output(value: Any) -> bool:
    if not _fits(value, _OUTPUT, needed={"output_type"}) or not _NEEDED.get(value["output_type"], set()) <= set(value):
        return False
    texts = [value[name] for name in ("text", "traceback") if name in value]
    texts += [content for kind, content in value.get("data", {}).items() if not kind.endswith("json")]
    return all(map(_is_text, texts))
