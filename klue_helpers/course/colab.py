"""What makes a notebook work in Colab: absolute links and the cell that installs (operations, taught nowhere).

Everything is made from `repository` in ``_config.yml``: its address, and its branch, the released version's tag.
"""

import copy
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from klue_helpers.course.notebooks import Cell, Notebook, code_cells
from klue_helpers.course.project import Lecture, Project
from klue_helpers.errors import KlueError

NOTE_ID = "setup-note"
_LINK = re.compile(r"(?<=\]\()[^)\s]+(?=\))")
_FENCED = re.compile(r"(```.*?```)", flags=re.DOTALL)
_OUTSIDE = re.compile(r"[a-z]+:|#", flags=re.IGNORECASE)


@dataclass(frozen=True)
class Needs:
    """What a lecture installs in Colab beside the core: extras of pyproject.toml, what it downloads, how long it takes.

    Measured by ``tests/colab/run.py``, which fails where a lecture downloads more than is stated here. The remark is
    added to the sentence before the setup cell.
    """

    extras: str = ""
    megabytes: int = 35
    time: str = "30초쯤"
    remark: str = ""


_GENSIM = " gensim에는 Python 3.14용 설치 파일이 아직 없으니, 내 컴퓨터에서는 3.13 이하로 실행하세요."
NEEDS = {
    1: Needs("words", 60, remark=_GENSIM),
    2: Needs("analyzers,kss", 400, "3분쯤"),
    4: Needs("words", 60, remark=_GENSIM),
    8: Needs("words", 60, remark=_GENSIM),
    10: Needs("kiwi", 140, "1분쯤"),
}

_NOTE = ("Colab에서는 아래 셀이 이 강의에 필요한 패키지를 설치하느라 {time} 걸리고 {megabytes} MB쯤 내려받으며, "
         "다른 곳에서는 아무 일도 하지 않습니다.")
_SETUP = '''\
import subprocess
import sys

if "google.colab" in sys.modules:
    wheel = "{wheel}"
    command = [sys.executable, "-m", "pip", "install", "-q", f"klue-helpers{extras} @ {{wheel}}"]
    installed = subprocess.run(command, capture_output=True, text=True)
    if installed.returncode != 0:
        print(installed.stderr[-1500:])
        raise SystemExit("패키지를 설치하지 못했습니다. 인터넷 연결을 확인하고 이 셀을 다시 실행하세요. "
                         "그래도 안 되면 메뉴에서 ‘런타임 > 런타임 연결 해제 및 삭제’를 누르고 처음부터 실행하세요.")'''


@dataclass(frozen=True)
class Address:
    """Where the course lies: the repository's address, the tag that readers are sent to, and Colab's address."""

    url: str
    tag: str
    colab: str

    @property
    def repository(self) -> str:
        """Owner and name, as in ``klue-course/klue-course``."""
        return self.url.removeprefix("https://github.com/")

    @property
    def wheel(self) -> str:
        """The address of the released package."""
        return f"{self.url}/releases/download/{self.tag}/klue_helpers-{self.tag.removeprefix('v')}-py3-none-any.whl"

    def link(self, path: str) -> str:
        """Return the absolute link to a file of the repository: notebooks in Colab, everything else on GitHub."""
        start = f"{self.colab}/github/{self.repository}" if path.split("#")[0].endswith(".ipynb") else self.url
        return f"{start}/blob/{self.tag}/{path}"

    def path(self, link: str) -> str | None:
        """Return the file that a link leads to, from the root of the repository; None where it leads elsewhere."""
        start = rf"(?:{re.escape(self.url)}|{re.escape(self.colab)}/github/{re.escape(self.repository)})/blob/[^/]+/"
        found = re.match(start, link)
        return link[found.end():] if found else None


def read_address(project: Project) -> Address | None:
    """Return the address in the project's ``_config.yml``; None where it states none. KlueError where it is broken."""
    import yaml

    path = project.root / "_config.yml"
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
        repository = (config or {}).get("repository")
        if repository is None:
            return None
        colab = config.get("launch_buttons", {}).get("colab_url", "https://colab.research.google.com")
        return Address(repository["url"].rstrip("/"), repository["branch"], colab.rstrip("/"))
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise KlueError(f"_config.yml에서 저장소의 주소를 읽지 못했습니다({error}). "
                        "repository 아래에 url과 branch를 적으세요.") from error


def furnish(notebook: Notebook, lecture: Lecture, address: Address) -> Notebook:
    """Return a copy with the setup cell, the sentence before it, and absolute links."""
    result = copy.deepcopy(notebook)
    folder, before = lecture.path.parent.name, _address_before(notebook, lecture, address)

    def absolute(link: str) -> str:
        path = address.path(link) or before.path(link) or _relative_target(link, folder)
        return link if path is None else address.link(path)

    _change_links(result, absolute)
    return _with_setup(result, lecture, address)


def site_links(notebook: Notebook, lecture: str, pages: list[str], address: Address) -> Notebook:
    """Return a copy in which links to other pages of the site are relative again.

    Parameters
    ----------
    lecture : the notebook's own page, such as ``notebooks/02_slug``; its Colab button keeps its address.
    pages : the site's pages, without endings.
    """
    result = copy.deepcopy(notebook)

    def relative(link: str) -> str:
        path = address.path(link)
        page = posixpath.splitext(path.split("#")[0])[0] if path else lecture
        return link if page == lecture or page not in pages else posixpath.relpath(path, posixpath.dirname(lecture))

    _change_links(result, relative)
    return result


def links(cell: Cell) -> list[str]:
    """Return the targets of the links in a Markdown cell, code blocks left out."""
    return [link for part in _FENCED.split(cell["source"])[::2] for link in _LINK.findall(part)]


def setup_note(lecture: Lecture) -> str:
    """Return the sentence that stands before the setup cell."""
    needs = NEEDS.get(lecture.number, Needs())
    return _NOTE.format(time=needs.time, megabytes=needs.megabytes) + needs.remark


def setup_source(lecture: Lecture, address: Address) -> str:
    """Return the source of the setup cell, which does nothing outside Colab."""
    extras = NEEDS.get(lecture.number, Needs()).extras
    return _SETUP.format(wheel=address.wheel, extras=f"[{extras}]" if extras else "")


def _address_before(notebook: Notebook, lecture: Lecture, address: Address) -> Address:
    """Return the address that the notebook's Colab button was made from, for a repository that has moved."""
    button = rf"{re.escape(address.colab)}/github/([\w.-]+/[\w.-]+)/blob/[^/]+/[^)]*{re.escape(lecture.path.name)}\)"
    found = next((match for cell in notebook["cells"] if (match := re.search(button, cell["source"]))), None)
    return replace(address, url=f"https://github.com/{found.group(1)}") if found else address


def _relative_target(link: str, folder: str) -> str | None:
    return None if _OUTSIDE.match(link) else posixpath.normpath(posixpath.join(folder, link))


def _change_links(notebook: Notebook, change: Callable[[str], str]) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            parts = _FENCED.split(cell["source"])
            parts[::2] = [_LINK.sub(lambda found: change(found.group()), part) for part in parts[::2]]
            cell["source"] = "".join(parts)


def _with_setup(notebook: Notebook, lecture: Lecture, address: Address) -> Notebook:
    """Return the notebook with the sentence and the setup cell in place; both come before every other code cell."""
    cells = [cell for cell in notebook["cells"] if cell.get("id") != NOTE_ID]
    codes = code_cells({"cells": cells})
    if codes and "google.colab" in codes[0]["source"]:
        setup = codes[0]
    else:
        setup = {"cell_type": "code", "id": "setup", "metadata": {}, "execution_count": None, "outputs": []}
        cells.insert(cells.index(codes[0]) if codes else len(cells), setup)
    setup["source"] = setup_source(lecture, address)
    note = {"cell_type": "markdown", "id": NOTE_ID, "metadata": {}, "source": setup_note(lecture)}
    cells.insert(cells.index(setup), note)
    return notebook | {"cells": cells}
