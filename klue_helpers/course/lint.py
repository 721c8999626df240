"""Cheap checks of a notebook file that need no execution (operations, taught nowhere)."""

import re
import string
import sys
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from klue_helpers.course.colab import furnish, links, read_address
from klue_helpers.course.notebooks import PARAMETERS, Cell, Notebook, code_cells, tags
from klue_helpers.course.project import Lecture, Project

MAX_LINES = 15
_BEFORE = 80  # characters shown before what gives a path away, so that the place can be found
CONFIGURE = "cfg = kh.configure(lecture={}, profile=profile, seed=seed, **overrides)"


@dataclass(frozen=True)
class Problem:
    """Something wrong in a notebook; `cell` is the label to show, empty for the notebook as a whole."""

    cell: str
    text: str

    def __str__(self) -> str:
        return f"{self.cell}: {self.text}" if self.cell else self.text


def code_label(number: int) -> str:
    """Return how messages call the n-th code cell (from 1), which carries ``[n]`` in JupyterLab."""
    return f"코드 셀 [{number}]"


def lint(notebook: Notebook, lecture: Lecture, project: Project) -> list[Problem]:
    """Return everything wrong with a lecture's notebook, as far as the file alone tells.

    Parameters
    ----------
    notebook : as `read_notebook` returns it.
    lecture : which lecture it is (its number must stand in the configure cell).
    project : whose folder may not show in outputs.
    """
    problems = [*_format_problems(notebook), *_parameter_problems(notebook, lecture), *_text_problems(notebook),
                *_count_problems(notebook), *_colab_problems(notebook, lecture, project)]
    for number, cell in enumerate(code_cells(notebook), start=1):
        found = [*_source_problems(cell), *_output_problems(cell), *path_problems(cell, project)]
        problems += [Problem(code_label(number), text) for text in found]
    return problems


def path_problems(cell: Cell, project: Project) -> Iterator[str]:
    """Yield a problem if the outputs of the code cell show a path of this machine."""
    for text in _texts(cell):
        if found := _paths(project.root).search(text):
            before = text[max(0, found.start() - _BEFORE):found.start()]
            shown = re.split(r"[\s'\"<>]", before)[-1] + found.group()
            yield f"출력에 이 컴퓨터의 절대 경로가 있습니다({shown}). 경로를 출력하지 않게 고치세요."
            return


def _format_problems(notebook: Notebook) -> Iterator[Problem]:
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a cell without an id, which the normal form gives it
            nbformat.validate(nbformat.from_dict(notebook), relax_add_props=False)
    except nbformat.ValidationError as error:
        yield Problem("", f"nbformat 형식에 맞지 않습니다({str(error).splitlines()[0]}). `klue tidy`로 고치세요.")
    if "widgets" in notebook.get("metadata", {}):
        yield Problem("", "metadata.widgets가 있어 GitHub이 노트북을 보여 주지 못합니다. `klue tidy`로 지우세요.")


def _parameter_problems(notebook: Notebook, lecture: Lecture) -> Iterator[Problem]:
    cells = code_cells(notebook)
    tagged = [number for number, cell in enumerate(cells) if "parameters" in tags(cell)]
    if len(tagged) != 1:
        yield Problem("", f"parameters 꼬리표가 달린 셀은 하나여야 하는데 {len(tagged)}개입니다.")
        return
    number = tagged[0]
    if cells[number]["source"].strip() != PARAMETERS:
        yield Problem(code_label(number + 1), "parameters 셀은 정확히 다음 세 줄이어야 합니다: "
                      + PARAMETERS.replace("\n", " / "))
    wanted = CONFIGURE.format(lecture.number)
    following = cells[number + 1]["source"] if number + 1 < len(cells) else ""
    if wanted not in [line.strip() for line in following.splitlines()]:
        yield Problem(code_label(number + 2), f"parameters 다음 셀에 이 줄이 있어야 합니다: {wanted}")


def _text_problems(notebook: Notebook) -> Iterator[Problem]:
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "markdown" and re.search(r"!\[\s*\]\(", cell["source"]):
            yield Problem(f"{number}번째 셀(글)", "그림에 대체 텍스트가 없습니다. ![설명](…)처럼 쓰세요.")
        if cell["cell_type"] == "markdown" and (shown := literal_stars(cell["source"])):
            yield Problem(f"{number}번째 셀(글)", f"굵은 글씨가 되지 못하고 **로 보입니다: {shown}. "
                          "닫는 ** 바로 앞의 부호를 ** 밖으로 내거나 조사까지 굵게 쓰세요.")


def _colab_problems(notebook: Notebook, lecture: Lecture, project: Project) -> Iterator[Problem]:
    """Yield what differs from the setup cell and the links that `klue tidy` writes."""
    address, again = read_address(project), f"`klue tidy {lecture.number}`로 고치세요."
    if address is None:
        return
    wanted = furnish(notebook, lecture, address)["cells"]
    if len(wanted) != len(notebook["cells"]):
        yield Problem("", f"Colab의 설치 셀이나 그 앞의 안내 문장이 없거나 제자리에 있지 않습니다. {again}")
        return
    for number, (cell, good) in enumerate(zip(notebook["cells"], wanted, strict=True), start=1):
        if cell["source"] != good["source"]:
            wrong = ", ".join(sorted(set(links(cell)) - set(links(good)))) if cell["cell_type"] == "markdown" else ""
            what = f"Colab에서 열리지 않는 링크가 있습니다({wrong})" if wrong else "설치 셀이나 안내가 틀과 다릅니다"
            yield Problem(f"{number}번째 셀", f"{what}. {again}")


def literal_stars(source: str) -> str:
    """Return the first place of a Markdown text where ``**`` stays a pair of stars, or an empty string.

    CommonMark (0.31, section 6.2) lets no bold end between a mark and a letter, as in ``**85%**를``, and none begin
    between a letter and a mark.
    """
    text = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", lambda code: re.sub(r"[*\n]", "x", code[0]), source, flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", text):
        for number, stars in enumerate(re.finditer(r"\*\*", paragraph)):
            before = paragraph[stars.start() - 1] if stars.start() else " "
            after = paragraph[stars.end()] if stars.end() < len(paragraph) else " "
            inner, outer = (before, after) if number % 2 else (after, before)  # every second pair ends bold text
            if inner.isspace() or (_is_mark(inner) and not outer.isspace() and not _is_mark(outer)):
                return paragraph[max(0, stars.start() - 10):stars.end() + 10].replace("\n", " ")
    return ""


def _is_mark(char: str) -> bool:
    return char in string.punctuation or unicodedata.category(char).startswith("P")


def _source_problems(cell: Cell) -> Iterator[str]:
    lines = [line.rstrip() for line in cell["source"].splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        yield f"코드가 {len(lines)}줄입니다. {MAX_LINES}줄 이하로 나누세요."
    if lines and lines[-1].endswith(";"):
        yield "마지막 줄이 ;로 끝납니다. nbval에는 통하지 않으니 값을 _에 넣으세요."


def _count_problems(notebook: Notebook) -> Iterator[Problem]:
    counts = [cell.get("execution_count") for cell in code_cells(notebook)]
    again = "`klue tidy`로 다시 실행해 저장하세요."
    if unrun := [f"[{number}]" for number, count in enumerate(counts, start=1) if count is None]:
        yield Problem(f"코드 셀 {', '.join(unrun)}", f"실행하지 않은 셀입니다(실행 번호가 없습니다). {again}")
        return
    for number, count in enumerate(counts, start=1):
        if count != number:
            yield Problem(code_label(number), f"실행 번호가 {number}이어야 하는데 {count}입니다. {again}")
            return


def _output_problems(cell: Cell) -> Iterator[str]:
    kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            yield f"오류 출력이 저장되어 있습니다({output['ename']}: {output['evalue'][:80]})."
    if any("widget" in kind for kind in kinds):
        yield "위젯 출력이 있습니다. 글자로 된 진행 표시를 쓰세요."
    alt = cell.get("metadata", {}).get("mystnb", {}).get("image", {}).get("alt", "")
    if any(kind.startswith("image/") for kind in kinds) and not str(alt).strip():
        yield "그림의 대체 텍스트가 없습니다. 셀 메타데이터의 mystnb.image.alt에 적으세요."


def _texts(cell: Cell) -> Iterator[str]:
    for output in cell.get("outputs", []):
        yield str(output.get("text", ""))
        yield from (str(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/"))
        yield "\n".join(output.get("traceback", []))


@cache
def _paths(root: Path) -> re.Pattern[str]:
    """Return a pattern of this machine's folders, and of places that only ever hold somebody's files."""
    folders = {str(root), str(Path.home()), tempfile.gettempdir(), "/tmp", sys.prefix, sys.base_prefix}
    exact = [re.escape(folder) + r"(?=[\\/])" for folder in folders if len(folder) > 1 and folder != "/usr"]
    general = [re.escape(str(root)), r"/(?:home|Users)/[\w.-]+(?=/)", r"[A-Z]:\\Users\\\w+",
               r"(?:site|dist)-packages", r"/usr/lib/python[\d.]*"]
    return re.compile("|".join(general + exact))
