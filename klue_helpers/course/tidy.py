"""`klue tidy`: write fresh outputs back into the notebooks, in normal form (operations, taught nowhere)."""

from collections.abc import Sequence

from klue_helpers.course.colab import furnish, read_address
from klue_helpers.course.lint import Problem, code_label, lint, path_problems
from klue_helpers.course.notebooks import Notebook, code_cells, dumps, normal_form, read_notebook, with_outputs
from klue_helpers.course.project import Lecture, Project
from klue_helpers.course.report import complain, say
from klue_helpers.course.run import Options, run_lectures, show
from klue_helpers.errors import KlueError
from klue_helpers.files import write_atomically


def tidy(project: Project, lectures: Sequence[Lecture], options: Options) -> bool:
    """Execute the lectures (reusing `klue run`'s results) and save their outputs in normal form.

    Their setup cells and links are written first, from the address in ``_config.yml``.

    Returns
    -------
    Whether every notebook was executed and saved. One that fails, or shows a path of this machine, keeps its outputs.
    """
    for lecture in lectures:
        write_form(project, lecture)
    outcomes = run_lectures(project, lectures, options)
    show(project, options, outcomes)
    saved = [_save(project, lecture, options) for lecture, outcome in zip(lectures, outcomes, strict=True)
             if outcome.status != "failed"]
    return len(saved) == len(lectures) and all(saved)


def write_form(project: Project, lecture: Lecture) -> None:
    """Bring a notebook's file into normal form, setup cell and links included, without executing it."""
    notebook, address = read_notebook(lecture.path), read_address(project)
    content = dumps(normal_form(furnish(notebook, lecture, address) if address else notebook))
    if content != lecture.path.read_bytes():
        write_atomically(lecture.path, content)


def check_form(project: Project, lectures: Sequence[Lecture]) -> bool:
    """Report whether each notebook file is in normal form and without problems; change nothing."""
    clean = True
    for lecture in lectures:
        try:
            notebook = read_notebook(lecture.path)
            problems = lint(notebook, lecture, project)
        except KlueError as error:
            notebook, problems = None, [Problem("", str(error))]
        if notebook is not None and dumps(normal_form(notebook)) != lecture.path.read_bytes():
            problems.append(Problem("", f"표준 형식이 아닙니다. `klue tidy {lecture.number}`로 고치세요."))
        clean = clean and not problems
        _tell(lecture, problems)
    return clean


def _save(project: Project, lecture: Lecture, options: Options) -> bool:
    executed = read_notebook(project.executed(options.run_name) / lecture.path.name)
    fresh = with_outputs(read_notebook(lecture.path), executed)
    if fresh is None:
        raise KlueError(f"실행하는 사이에 노트북이 바뀌었습니다: {lecture.path.name}. "
                        f"`klue tidy {lecture.number}`를 다시 하세요.")
    if problems := _shown_paths(fresh, project):
        complain(f"✗ {lecture.path.name}: 저장하지 않았습니다.")
        _tell(lecture, problems)
        return False
    content = dumps(fresh)
    if content == lecture.path.read_bytes():
        say(f"{lecture.path.name}: 이미 같은 출력이 저장되어 있습니다.")
    else:
        write_atomically(lecture.path, content)
        say(f"{lecture.path.name}: 새 출력을 저장했습니다.")
    for problem in lint(fresh, lecture, project):
        complain(f"  - 남은 문제: {problem}")
    return True


def _shown_paths(notebook: Notebook, project: Project) -> list[Problem]:
    return [Problem(code_label(number), text) for number, cell in enumerate(code_cells(notebook), start=1)
            for text in path_problems(cell, project)]


def _tell(lecture: Lecture, problems: Sequence[Problem]) -> None:
    if not problems:
        say(f"{lecture.path.name}: 표준 형식입니다.")
    for problem in problems:
        complain(f"  - {lecture.path.name} {problem}")
