"""The normal form of a lecture's notebook, and outputs carried from an executed copy (operations, taught nowhere)."""

import copy
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from klue_helpers.course.shape import misshapen
from klue_helpers.course.stamps import digest
from klue_helpers.errors import KlueError

Notebook = dict[str, Any]
Cell = dict[str, Any]

PARAMETERS = 'profile = "cpu"\nseed = 42\noverrides = {}'
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
_KEPT_METADATA = ("accelerator", "mystnb", "title")
_KEPT_CELL_METADATA = ("cellView", "editable", "jupyter", "mystnb", "slideshow", "tags")
_VALID_ID = re.compile(r"[\w-]{1,64}", flags=re.ASCII)


def read_notebook(path: Path) -> Notebook:
    """Return the notebook with every text joined to one string. Raises KlueError where the file is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(notebook, ensure_ascii=False).encode()  # fails on half a surrogate pair, which no file can hold
    except OSError as error:
        raise KlueError(f"노트북을 읽지 못했습니다({error.strerror}): {path}. 파일과 권한을 확인하세요.") from error
    except (ValueError, RecursionError) as error:
        raise KlueError(f"노트북 파일이 깨졌습니다: {path}. JSON으로 읽을 수 없습니다({error}). "
                        "되돌리거나 JupyterLab에서 다시 저장하세요.") from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise KlueError(f"nbformat 4 노트북이 아닙니다: {path}. JupyterLab에서 열어 다시 저장하세요.")
    if place := misshapen(notebook):
        raise KlueError(f"노트북 파일이 깨졌습니다: {path}. {place}의 꼴이 nbformat과 다릅니다. "
                        "되돌리거나 JupyterLab에서 다시 저장하세요.")
    return _joined(notebook)


def dumps(notebook: Notebook) -> bytes:
    """Return the file's bytes as nbformat writes them: indent 1, sorted keys, Hangul as it is, a last newline."""
    from nbformat import from_dict, v4

    text = v4.writes(from_dict(notebook))  # nbformat.writes would print, in English, what our checks tell
    return (text.rstrip("\n") + "\n").encode()


def code_cells(notebook: Notebook) -> list[Cell]:
    """Return the code cells in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tags(cell: Cell) -> list[str]:
    """Return the cell's tags."""
    return cell.get("metadata", {}).get("tags", [])


def source_digest(notebook: Notebook) -> str:
    """Return a hash of what execution depends on: the cells' sources and tags, no outputs, no other metadata."""
    return digest([(cell["cell_type"], cell["source"], tags(cell)) for cell in notebook["cells"]])


def drop_injected(executed: Notebook) -> Notebook:
    """Return an executed notebook without what papermill put in: its parameters cell and its error marks."""
    added = {"injected-parameters", "papermill-error-cell-tag"}
    return executed | {"cells": [cell for cell in executed["cells"] if not added & set(tags(cell))]}


def with_outputs(notebook: Notebook, executed: Notebook) -> Notebook | None:
    """Return the notebook in normal form with the outputs of an executed copy.

    Returns None where the copy was executed from other sources, so that its outputs do not belong here.
    """
    plain = drop_injected(executed)
    if [cell["source"] for cell in plain["cells"]] != [cell["source"] for cell in notebook["cells"]]:
        return None
    result = copy.deepcopy(notebook)
    for cell, done in zip(code_cells(result), code_cells(plain), strict=True):
        cell["outputs"], cell["execution_count"] = copy.deepcopy(done.get("outputs", [])), done.get("execution_count")
    return normal_form(result)


def normal_form(notebook: Notebook) -> Notebook:
    """Return a copy in normal form.

    No papermill, timing or widget metadata; kernelspec python3; stable cell ids; execution counts 1, 2, … on
    executed cells; consecutive stream outputs of one name merged.
    """
    notebook = _joined(notebook)
    kept = {key: notebook["metadata"][key] for key in _KEPT_METADATA if key in notebook.get("metadata", {})}
    seen: set[str] = set()
    cells = [_normal_cell(cell, index, seen) for index, cell in enumerate(notebook["cells"])]
    result = {"cells": cells, "metadata": METADATA | kept, "nbformat": 4, "nbformat_minor": 5}
    count = 0
    for cell in code_cells(result):
        if cell["execution_count"] is not None:
            count += 1
            _set_count(cell, count)
    return result


def _normal_cell(cell: Cell, index: int, seen: set[str]) -> Cell:
    metadata = {key: value for key, value in cell.get("metadata", {}).items() if key in _KEPT_CELL_METADATA}
    if not metadata.get("tags", True):
        del metadata["tags"]
    result = {"cell_type": cell["cell_type"], "id": _stable_id(cell, index, seen), "metadata": metadata,
              "source": cell["source"]}
    if "attachments" in cell:
        result["attachments"] = cell["attachments"]
    if cell["cell_type"] == "code":
        result["execution_count"] = cell.get("execution_count")
        result["outputs"] = _merge_streams(cell.get("outputs", []))
    return result


def _stable_id(cell: Cell, index: int, seen: set[str]) -> str:
    """Return the cell's id if it is valid and new, else one made from its place and source."""
    name = cell.get("id", "")
    if not _VALID_ID.fullmatch(name) or name in seen:
        name = hashlib.sha256(f"{index}\n{cell['source']}".encode()).hexdigest()[:8]
    seen.add(name)
    return name


def _set_count(cell: Cell, count: int) -> None:
    cell["execution_count"] = count
    for output in cell["outputs"]:
        if output["output_type"] == "execute_result":
            output["execution_count"] = count


def _merge_streams(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged: list[dict[str, Any]] = []
    for output in copy.deepcopy(outputs):
        last = merged[-1] if merged else {}
        if output["output_type"] == "stream" == last.get("output_type") and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            merged.append(output)
    return merged


def _joined(notebook: Notebook) -> Notebook:
    """Return a copy in which the lists of lines that notebook files hold are single strings."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        cell["source"] = _text(cell["source"])
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = _text(output["text"])
            for kind, value in output.get("data", {}).items():
                if not kind.endswith("json"):
                    output["data"][kind] = _text(value)
    return notebook


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
