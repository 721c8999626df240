"""The committed notebooks: their shape, their exercises, and that they say nothing of the machine they ran on."""

import importlib
import json
import re
from pathlib import Path

import pytest

from klue_helpers.configure import LECTURES
from klue_helpers.course.lint import lint
from klue_helpers.course.notebooks import read_notebook
from klue_helpers.course.project import Project

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def number_of(path: Path) -> int:
    return int(path.name[:2])


def cells(path: Path, kind: str) -> list[str]:
    return [cell["source"] for cell in read_notebook(path)["cells"] if cell["cell_type"] == kind]


def test_every_lecture_with_settings_has_its_notebook():
    assert [number_of(path) for path in NOTEBOOKS] == sorted(LECTURES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_in_order(path):
    project = Project(ROOT)
    lecture = next(one for one in project.lectures() if one.path == path)
    assert [str(problem) for problem in lint(read_notebook(path), lecture, project)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises_stand_in_the_notebook_as_in_their_module(path):
    exercises = importlib.import_module(f"klue_helpers.exercises.lecture{number_of(path):02d}").EXERCISES
    assert len(exercises) >= 5
    code, text = cells(path, "code"), cells(path, "markdown")
    for exercise in exercises:
        assert exercise.cell in code, f"{exercise.name}: the cell differs from Exercise.cell"
        assert any(exercise.question in cell for cell in text), f"{exercise.name}: the question differs"
        assert exercise.folded in text, f"{exercise.name}: the folded solution differs"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_exercise_takes_the_name_of_a_function_of_the_lecture(path):
    """Solving it would replace that function, and running an earlier cell again would fail."""
    exercises = importlib.import_module(f"klue_helpers.exercises.lecture{number_of(path):02d}").EXERCISES
    blanks = {exercise.cell for exercise in exercises}
    taught = {name for cell in cells(path, "code") if cell not in blanks
              for name in re.findall(r"^(?:def|class) (\w+)", cell, flags=re.MULTILINE)}
    assert not taught & {exercise.answer for exercise in exercises}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_plain_markdown_that_colab_shows(path):
    for cell in cells(path, "markdown"):
        outside = re.sub(r"```.*?```", "", cell, flags=re.DOTALL)
        assert not re.search(r"^:::|^```\{|\{(?:ref|doc|cite|numref)\}`", outside, flags=re.MULTILINE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_small_and_holds_no_traceback(path):
    raw = path.read_text(encoding="utf-8")
    assert len(raw) < 3_000_000
    outputs = [output for cell in json.loads(raw)["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
