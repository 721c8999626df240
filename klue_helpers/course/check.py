"""`klue check`: the committed outputs against fresh ones, by nbval (operations, taught nowhere)."""

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from klue_helpers.course.guard import guarded
from klue_helpers.course.kernel import CELL_LIMIT, DIED, START
from klue_helpers.course.lint import Problem, code_label, lint
from klue_helpers.course.notebooks import code_cells, read_notebook
from klue_helpers.course.processes import Finished, Job, child_environment, run_jobs
from klue_helpers.course.project import Lecture, Project
from klue_helpers.course.report import complain, excerpt, say, strip_ansi
from klue_helpers.course.stamps import Stamps, digest, file_digest, package_digest, versions
from klue_helpers.errors import KlueError

_SHOWN = 5  # failing cells shown in full a notebook; the rest are counted
# nbval's own words in a cell's failure, and ours.
_REASONS = (
    ("Cell outputs differ", "저장된 출력과 새 출력이 다릅니다."),
    ("Cell execution caused an exception", "실행하다 예외가 났습니다."),
    ("Timeout", "시간이 다 되도록 끝나지 않았습니다. 끝나지 않는 반복을 고치거나 --cell-limit으로 시간을 더 주세요."),
    ("Unrun reference cell has outputs", "실행 번호 없이 출력만 저장되어 있습니다."),
    (DIED, "커널이 죽었습니다. 메모리가 모자랐을 수 있습니다. --jobs 1로 다시 해 보세요."),
)
_DETAILS = (("Missing output fields from running code", "저장된 출력에는 있는데 새 출력에는 없는 것"),
            ("Unexpected output fields from running code", "저장된 출력에는 없는데 새로 나온 것"),
            ("dissimilar number of outputs for key", "개수가 다른 출력"),
            ("<<<<<<<<<<<< Reference outputs from ipynb file:", "\n저장된 출력:"),
            ("============ disagrees with newly computed (test) output:", "새 출력:"),
            (">>>>>>>>>>>>", ""))
_SIDES = {"+": "저장된 출력:", "-": "새 출력:"}  # pytest compares the saved (left, +) with the new one (right, -)


@dataclass(frozen=True)
class Verdict:
    """How one notebook did: cells that passed, and everything that failed (cells, and problems of the file)."""

    lecture: int
    passed: int
    failed: int
    skipped: bool = False


@dataclass(frozen=True)
class CellFailure:
    """A cell that nbval refused: its number from 1 among the code cells, and nbval's text."""

    number: int
    text: str


def check_lectures(project: Project, lectures: Sequence[Lecture], *, jobs: int = 2, force: bool = False,
                   cell_limit: int = CELL_LIMIT) -> list[Verdict]:
    """Check the notebook files, then run nbval on each; report every problem and failing cell.

    A notebook that passed before with the same outputs, package, versions and threads is skipped.
    """
    with project.lock("check"), project.scratch("check") as scratch:
        return _check(project, lectures, scratch, jobs, force, cell_limit)


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return the last line of a check, as pytest words it: ``41 passed, 0 failed``."""
    return f"{sum(one.passed for one in verdicts)} passed, {sum(one.failed for one in verdicts)} failed"


def read_junit(path: Path) -> tuple[int, list[CellFailure]]:
    """Return how many cells passed, and those that failed, of nbval's JUnit file."""
    passed, failures = 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        wrong = [item for item in case if item.tag in ("failure", "error")]
        number = re.search(r"Cell (\d+)", case.get("name", ""))
        if wrong:
            text = strip_ansi(wrong[0].text or wrong[0].get("message", ""))
            failures.append(CellFailure(int(number.group(1)) + 1 if number else 0, text))
        else:
            passed += not any(item.tag == "skipped" for item in case)
    return passed, failures


def _check(project: Project, lectures: Sequence[Lecture], scratch: Path, jobs: int, force: bool,
           cell_limit: int) -> list[Verdict]:
    stamps = Stamps(project, "check")
    verdicts = {} if force else _passed_before(project, lectures, stamps)
    todo = {lecture.name: lecture for lecture in lectures if lecture.number not in verdicts}
    problems = {name: _file_problems(project, lecture) for name, lecture in todo.items()}

    def finish(end: Finished) -> None:
        lecture = todo[end.job.name]
        verdict = verdicts[lecture.number] = _judge(end, lecture, problems[lecture.name])
        if not verdict.failed:
            stamps.write(lecture.name, _key(project, lecture), asdict(verdict))

    work = [_job(project, lecture, scratch, cell_limit) for lecture in todo.values() if _readable(lecture)]
    run_jobs(work, workers=jobs, on_end=finish)
    for lecture in todo.values():
        if lecture.number not in verdicts:
            verdicts[lecture.number] = _tell(lecture, 0, problems[lecture.name], [])
    return [verdicts[lecture.number] for lecture in lectures]


def _passed_before(project: Project, lectures: Sequence[Lecture], stamps: Stamps) -> dict[int, Verdict]:
    """Return, and tell, the verdicts of notebooks that passed before and that nothing has touched since."""
    verdicts = {}
    for lecture in lectures:
        if facts := stamps.read(lecture.name, _key(project, lecture)):
            verdicts[lecture.number] = Verdict(**facts | {"skipped": True})
            say(f"{lecture.path.name}: 건너뜀(지난번에 통과한 뒤 바뀐 것이 없습니다)")
    return verdicts


def _file_problems(project: Project, lecture: Lecture) -> list[Problem]:
    try:
        return lint(read_notebook(lecture.path), lecture, project)
    except KlueError as error:
        return [Problem("", str(error))]


def _readable(lecture: Lecture) -> bool:
    """Tell whether nbval can load the file; if not, `_file_problems` has said why."""
    try:
        read_notebook(lecture.path)
    except KlueError:
        return False
    return True


def _key(project: Project, lecture: Lecture) -> str:
    environment = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "ATEN_CPU_CAPABILITY")}
    return digest([file_digest(lecture.path), package_digest(), versions(project), environment])


def _job(project: Project, lecture: Lecture, scratch: Path, cell_limit: int) -> Job:
    """Return the pytest run of one notebook, kept apart from the project's own pytest settings."""
    settings, log = scratch / "pytest.ini", scratch / f"{lecture.name}.log"
    settings.write_text("[pytest]\n", encoding="utf-8")
    junit = _junit(project, lecture)
    junit.unlink(missing_ok=True)
    command = guarded("klue_helpers.course.validate", "-vv", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider",
                      f"--nbval-cell-timeout={cell_limit}", f"--nbval-kernel-startup-timeout={START}", "--noconftest",
                      "--color=no", "-c", str(settings), "--rootdir", str(project.root), f"--junitxml={junit}",
                      str(lecture.path))
    return Job(name=lecture.name, command=command, cwd=project.root, log=log, env=child_environment(),
               steps=len(code_cells(read_notebook(lecture.path))), steps_done=lambda: _cells_done(log))


def _junit(project: Project, lecture: Lecture) -> Path:
    return project.build / "check" / f"{lecture.name}.xml"


def _cells_done(log: Path) -> int:
    """Return how many cells pytest has reported in its verbose log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return len(re.findall(r"::Cell \d+ (?:PASSED|FAILED|SKIPPED|XFAIL|ERROR)", text))


def _judge(end: Finished, lecture: Lecture, problems: list[Problem]) -> Verdict:
    """Read nbval's verdict; where pytest itself fell over, show the end of its log."""
    junit = next(Path(word.partition("=")[2]) for word in end.job.command if word.startswith("--junitxml="))
    if end.status not in (0, 1) or not junit.is_file():
        return _tell_crash(end, lecture, problems)
    passed, failures = read_junit(junit)
    return _tell(lecture, passed, problems, failures, seconds=end.seconds)


def _tell(lecture: Lecture, passed: int, problems: list[Problem], failures: list[CellFailure],
          seconds: float = 0.0) -> Verdict:
    """Report one notebook and return its verdict."""
    verdict = Verdict(lecture.number, passed, len(problems) + len(failures))
    if not verdict.failed:
        say(f"{lecture.path.name}: 통과(셀 {passed}개, {seconds:.1f}초)")
        return verdict
    complain(f"✗ {lecture.path.name}: 통과 {passed}, 실패 {verdict.failed}")
    for problem in problems:
        complain(f"  - {problem}")
    for failure in failures[:_SHOWN]:
        complain(_describe(failure, lecture))
    if len(failures) > _SHOWN:
        complain(f"  - 그 밖에 실패한 셀 {len(failures) - _SHOWN}개: "
                 + ", ".join(f"[{failure.number}]" for failure in failures[_SHOWN:]))
    return verdict


def _tell_crash(end: Finished, lecture: Lecture, problems: list[Problem]) -> Verdict:
    """Report a notebook on which nbval did not come to its end, since pytest itself fell over."""
    log = end.job.log.read_text(encoding="utf-8", errors="replace")
    complain(f"✗ {lecture.path.name}: nbval이 끝까지 가지 못했습니다(상태 {end.status}).\n"
             + excerpt(log, 12, last=True))
    for problem in problems:
        complain(f"  - {problem}")
    return Verdict(lecture.number, len(re.findall(r"::Cell \d+ PASSED", log)), 1 + len(problems))


def _describe(failure: CellFailure, lecture: Lecture) -> str:
    """Return the report of a failing cell: where, why, its first lines, and nbval's comparison."""
    reason = next((korean for english, korean in _REASONS if english in failure.text), "통과하지 못했습니다.")
    source = code_cells(read_notebook(lecture.path))[failure.number - 1]["source"] if failure.number else ""
    head = f"  - {code_label(failure.number)}: {reason}\n{excerpt(source, 4)}"
    if DIED in failure.text:
        return head
    detail = failure.text.partition("Traceback:")[2] or failure.text
    broke = "exception" in failure.text.partition("Input:")[0]
    shown = excerpt(detail, 8, last=True) if broke else excerpt(_differences(detail), 12)
    return "\n".join(part for part in [head, "    예외:" if broke else "    비교:", shown] if part)


def _differences(detail: str) -> str:
    """Return the lines in which the saved and the new output differ, named; all of nbval's text where it has none."""
    lines = [line[4:] for line in re.findall(r"^  [+-] .*$", detail, flags=re.MULTILINE)]
    signs = re.findall(r"^  ([+-]) ", detail, flags=re.MULTILINE)
    kind = re.search(r"mismatch '([^'\n]+)'", detail)
    if kind and lines:
        return "\n".join([kind.group(1), *(f"{_SIDES[sign]} {line}" for sign, line in zip(signs, lines, strict=True))])
    for english, korean in _DETAILS:
        detail = detail.replace(english, korean)
    return detail
