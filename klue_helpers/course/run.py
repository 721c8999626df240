"""`klue run`: execute lectures with papermill into ``_build/executed`` (operations, taught nowhere)."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from klue_helpers.configure import LECTURES, settings_for
from klue_helpers.course.execute import DIED, ENDLESS
from klue_helpers.course.guard import guarded
from klue_helpers.course.kernel import CELL_LIMIT
from klue_helpers.course.lint import code_label
from klue_helpers.course.notebooks import code_cells, drop_injected, read_notebook, source_digest
from klue_helpers.course.processes import Finished, Job, child_environment, run_jobs
from klue_helpers.course.project import Lecture, Project
from klue_helpers.course.report import complain, excerpt, say, strip_ansi, table
from klue_helpers.course.stamps import Stamps, digest, file_digest, folder_listing, package_digest, versions
from klue_helpers.errors import KlueError
from klue_helpers.files import write_atomically
from klue_helpers.options import data_folder

STATUS = {"ok": "완료", "skipped": "건너뜀", "failed": "실패"}
# How a cell ended that raised no exception.
_ENDS = {
    DIED: "에서 커널이 죽었습니다. 메모리가 모자랐을 수 있습니다. --jobs 1로 다시 해 보세요.",
    ENDLESS: ": 시간이 다 되도록 끝나지 않았습니다. 끝나지 않는 반복을 고치거나 --cell-limit으로 시간을 더 주세요.",
}


@dataclass(frozen=True)
class Options:
    """What `klue run` is asked for.

    A data folder stands, absolute, among the overrides; `cell_limit` are the seconds that a cell may take.
    """

    profile: str = "cpu"
    seed: int = 42
    overrides: tuple[tuple[str, Any], ...] = ()
    jobs: int = 2
    force: bool = False
    cell_limit: int = CELL_LIMIT

    @property
    def run_name(self) -> str:
        """The folder below ``_build/executed``: the profile, with a hash where anything differs from it."""
        if not self.overrides and self.seed == 42:
            return self.profile
        return f"{self.profile}-{digest([sorted(self.overrides), self.seed])[:8]}"


@dataclass(frozen=True)
class Outcome:
    """How one lecture went; one row of the table and of results.json."""

    lecture: int
    name: str
    title: str
    status: str
    seconds: float
    peak_mb: float
    cells: int
    error: str = ""


def with_folder(overrides: dict[str, Any], data_dir: str | None) -> dict[str, Any]:
    """Return the overrides with --data-dir as the setting data_dir, absolute. Raises KlueError where both differ."""
    folders = {data_folder(str(folder)) for folder in (data_dir, overrides.get("data_dir")) if folder}
    if len(folders) > 1:
        raise KlueError("--data-dir과 --set data_dir이 서로 다른 폴더입니다. 하나만 주세요.")
    return overrides | ({"data_dir": folders.pop()} if folders else {})


def plan(lectures: Sequence[Lecture], options: Options) -> dict[int, dict[str, Any]]:
    """Return the overrides that each lecture takes, after checking all settings. Raises KlueError.

    One lecture takes all overrides. Of several, each takes those that it knows; one that none knows is refused. A
    lecture on published data always takes their folder, that of KLUE_DATA_DIR where none was given.
    """
    wanted = dict(options.overrides)
    known = {lecture.number: _setting_names(lecture.number) for lecture in lectures}
    for key in wanted:
        if len(lectures) > 1 and not any(key in names for names in known.values()):
            every = sorted(set().union(*known.values()))
            raise KlueError(f"고른 강의 어디에도 없는 설정입니다: {key!r}. 쓸 수 있는 설정: {', '.join(every)}.")
    taken = {}
    for lecture in lectures:
        names = known[lecture.number]
        mine = {key: value for key, value in wanted.items() if len(lectures) == 1 or key in names}
        if settings_for(lecture.number, options.profile, {"seed": options.seed, **mine}).source == "local":
            taken[lecture.number] = mine | {"data_dir": _published_folder(mine.get("data_dir"))}
        else:
            taken[lecture.number] = {key: value for key, value in mine.items() if key != "data_dir"}
    if wanted.get("data_dir") and not any("data_dir" in mine for mine in taken.values()):
        raise KlueError("--data-dir은 원본 데이터를 쓸 때만 쓰입니다. --set source=local을 함께 주거나 "
                        "--data-dir을 빼세요.")
    return taken


def run_lectures(project: Project, lectures: Sequence[Lecture], options: Options) -> list[Outcome]:
    """Execute the lectures, skipping those already done; write results.json. One run of a name goes at a time.

    Raises
    ------
    KlueError : before anything starts, for settings that do not hold.
    """
    overrides = plan(lectures, options)
    with project.lock(f"run-{options.run_name}"), project.scratch("run") as scratch:
        return _run(project, lectures, options, overrides, scratch)


def _run(project: Project, lectures: Sequence[Lecture], options: Options, overrides: dict[int, dict[str, Any]],
         scratch: Path) -> list[Outcome]:
    folder, stamps = project.executed(options.run_name), Stamps(project, f"run/{options.run_name}")
    keys = {one.number: _key(project, one, options, overrides[one.number]) for one in lectures}
    outcomes = {} if options.force else _done_before(lectures, folder, stamps, keys)
    todo = {lecture.name: lecture for lecture in lectures if lecture.number not in outcomes}

    def finish(end: Finished) -> None:
        lecture = todo[end.job.name]
        outcomes[lecture.number] = _finish(end, lecture, folder, scratch, stamps, keys[lecture.number])

    jobs = [_job(lecture, scratch, options, overrides[lecture.number]) for lecture in todo.values()]
    run_jobs(jobs, workers=options.jobs, on_end=finish)
    ordered = [outcomes[lecture.number] for lecture in lectures]
    _write_results(folder, options, ordered)
    return ordered


def show(project: Project, options: Options, outcomes: Sequence[Outcome]) -> None:
    """Print the table of a run."""
    rows = [[f"{one.lecture:02d}", one.title, STATUS[one.status], f"{one.seconds:.1f}", f"{one.peak_mb:,.0f} MB"]
            for one in outcomes]
    say(table(["강", "제목", "상태", "초", "최대 메모리"], rows, right=(3, 4)))
    say(f"실행 결과: {project.relative(project.executed(options.run_name))}/")


def _done_before(lectures: Sequence[Lecture], folder: Path, stamps: Stamps, keys: dict[int, str]) -> dict[int, Outcome]:
    """Return the outcomes of lectures whose last success still holds and whose result is still there."""
    outcomes = {}
    for lecture in lectures:
        facts, path = stamps.read(lecture.name, keys[lecture.number]), folder / lecture.path.name
        if facts and path.is_file() and file_digest(path) == facts.pop("output"):
            outcomes[lecture.number] = Outcome(**facts | {"status": "skipped"})
    return outcomes


def _setting_names(number: int) -> set[str]:
    kind = LECTURES.get(number)
    return {item.name for item in fields(kind)} - {"lecture", "profile", "seed"} if kind else set()


def _published_folder(data_dir: str | None) -> str:
    folder = data_folder(data_dir)
    if folder is None:
        raise KlueError("원본 데이터를 쓰는 설정(source=local)인데 데이터 폴더를 모릅니다. --data-dir 폴더를 주거나 "
                        "환경 변수 KLUE_DATA_DIR을 정하세요. 원본 없이 하려면 --set source=sample을 쓰세요.")
    return folder


def _key(project: Project, lecture: Lecture, options: Options, overrides: dict[str, Any]) -> str:
    settings = settings_for(lecture.number, options.profile, {"seed": options.seed, **overrides})
    return digest([source_digest(read_notebook(lecture.path)), package_digest(), asdict(settings), options.seed,
                   overrides, folder_listing(settings.data_dir), versions(project)])


def _job(lecture: Lecture, scratch: Path, options: Options, overrides: dict[str, Any]) -> Job:
    """Write the request of one lecture's child process and return how to start it."""
    output = scratch / lecture.path.name
    request = scratch / f"{lecture.name}.json"
    parameters = {"profile": options.profile, "seed": options.seed, "overrides": overrides}
    body = {"source": str(lecture.path), "output": str(output), "parameters": parameters,
            "cell_limit": options.cell_limit}
    request.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return Job(
        name=lecture.name, command=guarded("klue_helpers.course.execute", str(request)),
        cwd=lecture.path.parent, log=scratch / f"{lecture.name}.log",
        steps=len(code_cells(read_notebook(lecture.path))), steps_done=lambda: _cells_done(output),
        env=child_environment(),
    )


def _own_states(output: Path) -> list[dict[str, Any]]:
    """Return what papermill noted of the lecture's own code cells, in the notebook that it saves after each."""
    try:
        notebook = json.loads(output.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []  # not there yet, or just being written
    return [cell["metadata"]["papermill"] for cell in code_cells(drop_injected(notebook))]


def _cells_done(output: Path) -> int:
    """Return how many of the lecture's own code cells were executed."""
    return sum(state["end_time"] is not None and state["status"] == "completed" for state in _own_states(output))


def _finish(end: Finished, lecture: Lecture, folder: Path, scratch: Path, stamps: Stamps, key: str) -> Outcome:
    """Put a finished lecture's notebook in its place, remember a success, report a failure."""
    output, failed = scratch / lecture.path.name, folder / "failed"
    ok = end.status == 0
    cells = _cells_done(output)
    target = (folder if ok else failed) / lecture.path.name
    if output.is_file():
        write_atomically(target, output.read_bytes())
    error = "" if ok else _explain(end, lecture, scratch, target)
    outcome = Outcome(lecture.number, lecture.name, lecture.title, "ok" if ok else "failed",
                      round(end.seconds, 1), round(end.peak_mb), cells, error)
    if ok:
        stamps.write(lecture.name, key, asdict(outcome) | {"output": file_digest(target)})
        (failed / lecture.path.name).unlink(missing_ok=True)
    else:
        complain(error)
    return outcome


def _explain(end: Finished, lecture: Lecture, scratch: Path, kept: Path) -> str:
    """Return what went wrong in a lecture: the cell, its first lines, the end of the exception."""
    path = scratch / f"{lecture.name}.failure.json"
    if not path.is_file():
        log = end.job.log.read_text(encoding="utf-8", errors="replace")
        return (f"✗ {lecture.path.name}: 실행이 끝까지 가지 못했습니다(상태 {end.status}).\n"
                + excerpt(log, 8, last=True))
    failure = json.loads(path.read_text(encoding="utf-8"))
    place = f"✗ {lecture.path.name} {code_label(failure['number'])}"
    source = code_cells(read_notebook(lecture.path))[failure["number"] - 1]["source"] if failure["number"] else ""
    if failure["ename"] == "KlueError":
        return f"{place}에서 멈췄습니다.\n    {strip_ansi(failure['evalue'])}"
    if failure["ename"] in _ENDS:
        return f"{place}{_ENDS[failure['ename']]}\n{excerpt(source, 4)}"
    return "\n".join([f"{place}에서 멈췄습니다.", excerpt(source, 4), "  예외:",
                      excerpt(failure["traceback"] or failure["evalue"], 6, last=True), f"  끝까지 보려면: {kept}"])


def _write_results(folder: Path, options: Options, outcomes: Sequence[Outcome]) -> None:
    """Write results.json; lectures that this run did not touch keep their entries."""
    path = folder / "results.json"
    rows = _old_rows(path) | {one.lecture: asdict(one) for one in outcomes}
    body = {"run": options.run_name, "profile": options.profile, "seed": options.seed,
            "overrides": dict(options.overrides), "lectures": [rows[number] for number in sorted(rows)]}
    write_atomically(path, json.dumps(body, ensure_ascii=False, indent=1) + "\n")


def _old_rows(path: Path) -> dict[int, dict[str, Any]]:
    """Return the rows of results.json by lecture. A damaged file is set aside, for nothing depends on it."""
    if not path.is_file():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["lectures"]
        return {int(row["lecture"]): row for row in rows}
    except (ValueError, KeyError, TypeError, RecursionError):
        aside = path.with_suffix(".damaged")
        os.replace(path, aside)
        complain(f"지난 실행의 기록이 깨져 있어 옮겨 두고 새로 씁니다: {aside}")
        return {}
