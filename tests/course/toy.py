"""Tiny course projects to try the operations on: they start in two seconds and need no helper package."""

import json
from pathlib import Path

from klue_helpers.course.notebooks import METADATA, PARAMETERS
from klue_helpers.course.project import Project

# A space, Hangul and braces, which papermill would fill in.
FOLDER = "강의 {폴더} 1"
FAKE_HELPERS = "import types\n\nkh = types.SimpleNamespace(configure=lambda **settings: settings)"
CONFIG = """\
title: 장난감 책
only_build_toc_files: true
execute:
  execute_notebooks: "off"
sphinx:
  config:
    language: ko
"""


def code(source: str, number: int | None = None, **metadata: object) -> dict:
    """Return a code cell, executed without output if it has a number."""
    return {"cell_type": "code", "id": f"c{abs(hash(source)) % 10**8}", "metadata": metadata, "source": source,
            "execution_count": number, "outputs": []}


def text(source: str) -> dict:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "id": f"m{abs(hash(source)) % 10**8}", "metadata": {}, "source": source}


def notebook(number: int, *sources: str, title: str = "장난감") -> dict:
    """Return an unexecuted notebook: title, helpers, parameters [2], configure [3], then the sources from [4]."""
    configure = f"cfg = kh.configure(lecture={number}, profile=profile, seed=seed, **overrides)"
    cells = [text(f"# {number}강. {title}"), code(FAKE_HELPERS), code(PARAMETERS, tags=["parameters"]),
             code(configure), *map(code, sources)]
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def make_project(folder: Path, *notebooks: tuple[str, dict]) -> Project:
    """Write a project with the given (file name, notebook) pairs; the table of contents lists them all."""
    root = folder / FOLDER
    (root / "notebooks").mkdir(parents=True)
    (root / "_config.yml").write_text(CONFIG, encoding="utf-8")
    (root / "index.md").write_text("# 첫 쪽\n", encoding="utf-8")
    chapters = "".join(f"- file: notebooks/{name.removesuffix('.ipynb')}\n" for name, _ in notebooks)
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{chapters}", encoding="utf-8")
    project = Project(root)
    for name, content in notebooks:
        save(project, name, content)
    return project


def save(project: Project, name: str, content: dict) -> Path:
    """Write a notebook and return its path."""
    path = project.notebooks / name
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def load(path: Path) -> dict:
    """Read any JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    """Return all text in the outputs of a notebook."""
    outputs = [output for cell in load(path)["cells"] for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)
