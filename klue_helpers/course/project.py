"""Where a course project's files lie, and which lectures a user means (operations, taught nowhere)."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from klue_helpers.course.report import complain
from klue_helpers.errors import KlueError
from klue_helpers.files import lock_folder

_NAME = re.compile(r"(\d{2})_(.+)\.ipynb")
_RANGE = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class Lecture:
    """One notebook of the course: ``notebooks/NN_slug.ipynb``."""

    number: int
    path: Path

    @property
    def name(self) -> str:
        """The file name without its ending, such as ``02_tokenization``."""
        return self.path.stem

    @cached_property
    def title(self) -> str:
        """The first heading without its number ("2강. "), or the name where there is none (or no valid file)."""
        try:
            cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        except (ValueError, KeyError, TypeError, RecursionError):
            return self.name  # whoever needs more than the title reports the broken file
        found = re.search(r"^# +(?:\d+강[.:]? *)?(.+)$", text, flags=re.MULTILINE)
        return found.group(1).strip() if found else self.name


@dataclass(frozen=True)
class Project:
    """A checkout of the course, known by its root folder."""

    root: Path

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def build(self) -> Path:
        return self.root / "_build"

    @property
    def site(self) -> Path:
        return self.build / "html"

    def executed(self, run_name: str) -> Path:
        """Return the folder of the executed notebooks of a run."""
        return self.build / "executed" / run_name

    def relative(self, path: Path) -> str:
        """Return the path as seen from the root, for messages."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def lectures(self) -> list[Lecture]:
        """Return every lecture in order. Raises KlueError where there is none or a number comes twice."""
        found = [(_NAME.fullmatch(path.name), path) for path in sorted(self.notebooks.glob("*.ipynb"))]
        lectures = [Lecture(int(match.group(1)), path) for match, path in found if match]
        if not lectures:
            raise KlueError(f"노트북이 없습니다: {self.notebooks}. 02_이름.ipynb처럼 번호로 시작하는 파일을 두세요.")
        for first, second in pairwise(lectures):
            if first.number == second.number:
                raise KlueError(f"{first.number}강 노트북이 둘입니다: {first.path.name}, {second.path.name}. "
                                "한쪽의 번호를 바꾸세요.")
        return lectures

    def select(self, wanted: Sequence[str]) -> list[Lecture]:
        """Return the lectures named by numbers (2, 02), ranges (2-4) or names; all of them for no name."""
        lectures = self.lectures()
        if not wanted:
            return lectures
        chosen = {lecture.number for word in wanted for lecture in _matches(word, lectures)}
        return [lecture for lecture in lectures if lecture.number in chosen]

    def lock(self, step: str) -> AbstractContextManager[None]:
        """Keep other processes out of a step that replaces files; the second comer is told and waits."""
        return lock_folder(self.build / "locks" / step, wait=True, tell=complain)

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """Give a fresh folder below ``_build/stage`` that is gone afterwards."""
        stage = self.build / "stage"
        with ExitStack() as held:
            # Nobody sweeps between the making of the folder and its lock, which shows that it is in use.
            with lock_folder(self.build / "locks" / "stage", wait=True):
                _sweep(stage)
                folder = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=stage))
                held.callback(shutil.rmtree, folder, ignore_errors=True)
                held.enter_context(lock_folder(folder))
            yield folder


def find_project(start: Path | None = None) -> Project:
    """Return the project that the folder (by default the current one) lies in, or raise KlueError."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "_toc.yml").is_file() and (folder / "notebooks").is_dir():
            return Project(folder)
    raise KlueError(f"강의 프로젝트를 찾지 못했습니다: {start}. _toc.yml과 notebooks/가 있는 폴더로 옮겨 가서 "
                    "다시 실행하세요.")


def _matches(word: str, lectures: list[Lecture]) -> list[Lecture]:
    """Return the lectures that one word of the command line means, or raise KlueError naming the valid ones."""
    if bounds := _RANGE.fullmatch(word):
        low, high = int(bounds.group(1)), int(bounds.group(2))
        found = [lecture for lecture in lectures if low <= lecture.number <= high]
    elif word.isdecimal():
        found = [lecture for lecture in lectures if lecture.number == int(word)]
    else:
        stem = Path(word).name.removesuffix(".ipynb")
        found = [lecture for lecture in lectures if stem in (lecture.name, lecture.name[3:])]
    if not found:
        known = ", ".join(f"{lecture.number}({lecture.name})" for lecture in lectures)
        raise KlueError(f"없는 강의입니다: {word!r}. 쓸 수 있는 강의: {known}. "
                        "번호(2), 범위(2-4), 이름으로 고를 수 있습니다.")
    return found


def _sweep(stage: Path) -> None:
    """Remove the scratch folders whose process has ended, and with it the lock; make the folder above them."""
    stage.mkdir(parents=True, exist_ok=True)
    for folder in stage.iterdir():
        try:
            with lock_folder(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except KlueError:
            continue  # in use
