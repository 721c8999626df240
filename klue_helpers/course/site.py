"""`klue site`: build the book from executed notebooks and swap it in (operations, taught nowhere)."""

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from klue_helpers.course.colab import read_address, site_links
from klue_helpers.course.notebooks import dumps, read_notebook, with_outputs
from klue_helpers.course.processes import Finished, Job, child_environment, run_jobs
from klue_helpers.course.project import Project
from klue_helpers.course.report import complain, excerpt, say, strip_ansi
from klue_helpers.course.stamps import Stamps, digest, file_digest, installed_version, package_digest, versions
from klue_helpers.errors import KlueError

_ROOT_FILES = (".md", ".rst", ".bib", ".yml", ".txt", ".png", ".svg", ".jpg", ".ico")
_PAGES = (".md", ".ipynb", ".rst")
# jupyter-book has no module to run with `python -m`.
_BUILD = """
import sys
from klue_helpers.course.guard import end_with_parent
end_with_parent()
from jupyter_book.cli.main import main
sys.argv[0] = "jupyter-book"
main()
"""
_TOOLS = ("jupyter-book", "sphinx", "sphinx-book-theme", "pydata-sphinx-theme", "myst-nb", "myst-parser")


def build_site(project: Project, profile: str = "cpu", *, force: bool = False) -> bool:
    """Build the site from the notebooks that ``klue run`` executed with the profile.

    The site is built in a fresh folder and put in place only when it is whole; until then, and after a failure,
    the previous one stays as it was.

    Returns
    -------
    Whether the site is in place. What went wrong is shown, and lies in ``_build/site.log``.

    Raises
    ------
    KlueError : no notebook executed yet, one executed from older sources, or a broken table of contents.
    """
    with project.lock("site"), project.scratch("site") as stage:
        _restore_interrupted_swap(project)
        pages = _stage(project, profile, stage)
        key, stamps = _key(project, stage), Stamps(project, "site")
        if not force and stamps.read("html", key) is not None and not _missing(project.site, pages):
            say(f"사이트: 건너뜀(바뀐 것이 없습니다)\n사이트 위치: {project.site / 'index.html'}")
            return True
        if not _build_in(stage, project, pages):
            return False
        stamps.forget("html")
        _swap(_html(stage), project)
        stamps.write("html", key, {"pages": len(pages)})
    say(f"사이트 위치: {project.site / 'index.html'}")
    return True


def toc_pages(project: Project) -> list[str]:
    """Return the pages of ``_toc.yml`` in order, without endings. Raises KlueError where the file is broken."""
    import yaml
    from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

    try:
        names = [str(name) for name in parse_toc_yaml(project.root / "_toc.yml")]
    except (MalformedError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise KlueError(f"_toc.yml을 읽지 못했습니다: {' '.join(str(error).split())}. 들여쓰기와 항목을 고치세요."
                        ) from error
    return [re.sub(r"\.(?:md|ipynb|rst)$", "", name) for name in names]


def _stage(project: Project, profile: str, stage: Path) -> list[str]:
    """Put everything that the build reads into the fresh folder; return the names of the pages."""
    if not (project.root / "_config.yml").is_file():
        raise KlueError(f"_config.yml이 없습니다: {project.root}. 사이트 설정 파일을 되돌려 놓으세요.")
    pages = toc_pages(project)
    for path in project.root.iterdir():
        if path.is_file() and not path.name.startswith(".") and (path.suffix in _ROOT_FILES or path.name == "LICENSE"):
            shutil.copy2(path, stage / path.name)
    if (project.root / "book").is_dir():
        shutil.copytree(project.root / "book", stage / "book", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(project.notebooks, stage / "notebooks",
                    ignore=shutil.ignore_patterns("*.ipynb", ".ipynb_checkpoints", "__pycache__"))
    missing = [page for page in pages if not _stage_page(project, profile, stage, page, pages)]
    if missing:
        numbers = " ".join(_number(page) for page in missing)
        flag = "" if profile == "cpu" else f" --profile {profile}"
        raise KlueError(f"실행한 결과가 없거나 노트북이 그 뒤로 바뀌었습니다: {', '.join(missing)}. "
                        f"다음을 먼저 실행하세요: `klue run {numbers}{flag}`")
    return pages


def _stage_page(project: Project, profile: str, stage: Path, page: str, pages: list[str]) -> bool:
    """Stage one page of the table of contents; False for a notebook without fitting executed outputs.

    A notebook's links to the other pages stay within the site.
    """
    source = next((path for ending in _PAGES if (path := project.root / f"{page}{ending}").is_file()), None)
    if source is None:
        raise KlueError(f"_toc.yml에 적힌 쪽이 없습니다: {page}. 파일을 만들거나 _toc.yml에서 빼세요.")
    target = stage / source.relative_to(project.root)
    if source.parent != project.notebooks or source.suffix != ".ipynb":
        target.parent.mkdir(parents=True, exist_ok=True)
        for path in (source, *source.parent.glob("*.png")):
            shutil.copy2(path, target.parent / path.name)
        return True
    executed = project.executed(profile) / source.name
    if not executed.is_file():
        return False
    notebook = with_outputs(read_notebook(source), read_notebook(executed))
    if notebook is None:
        return False
    address = read_address(project)
    target.write_bytes(dumps(site_links(notebook, page, pages, address) if address else notebook))
    return True


def _number(page: str) -> str:
    found = re.match(r"\d+", Path(page).name)
    return str(int(found.group())) if found else Path(page).name


def _key(project: Project, stage: Path) -> str:
    """Return a hash of all that the build reads: staged files, the package (API pages), the tools' versions."""
    files = [(path.relative_to(stage).as_posix(), file_digest(path)) for path in sorted(stage.rglob("*"))
             if path.is_file()]
    return digest([files, package_digest(), versions(project), {name: installed_version(name) for name in _TOOLS}])


def _log(project: Project) -> Path:
    return project.build / "site.log"


def _html(stage: Path) -> Path:
    return stage / "_build" / "html"


def _build_in(stage: Path, project: Project, pages: Sequence[str]) -> bool:
    """Build the staged book and tell how it went; return whether the result may go in place."""
    end = _build(project, stage)
    if wrong := _wrong(project, end, _html(stage), pages):
        complain(f"✗ 사이트를 만들지 못했습니다. 이전 사이트는 그대로 두었습니다.\n{wrong}\n"
                 f"  기록 전체: {project.relative(_log(project))}")
        return False
    say(f"사이트: 완료(쪽 {len(pages)}개, {end.seconds:.1f}초, 최대 메모리 {end.peak_mb:,.0f} MB)")
    return True


def _build(project: Project, stage: Path) -> Finished:
    """Run jupyter-book in the staged folder and return how it ended."""
    command = [sys.executable, "-c", _BUILD, "build", "-W", "--keep-going", str(stage)]
    job = Job(name="jupyter-book", command=command, cwd=stage, log=_log(project), steps=1, steps_done=lambda: 0,
              env=child_environment())
    ends: list[Finished] = []
    run_jobs([job], workers=1, on_end=ends.append)
    return ends[0]


def _wrong(project: Project, end: Finished, html: Path, pages: Sequence[str]) -> str:
    """Return why the new site may not go in place, in lines to show; empty where it may."""
    if end.status != 0:
        return excerpt(_telling_lines(_log(project), html), 15)
    if missing := _missing(html, pages):
        return f"  빠진 쪽: {', '.join(missing)}"
    if reports := sorted((html / "reports").rglob("*.log")):
        return f"  실행 오류 기록이 있습니다: {', '.join(path.name for path in reports)}"
    broken = [page for page in pages
              if re.search(r'class="output traceback', (html / f"{page}.html").read_text(encoding="utf-8"))]
    return f"  예외가 찍힌 쪽: {', '.join(broken)}" if broken else ""


def _telling_lines(log: Path, html: Path) -> str:
    """Return the warnings and errors of jupyter-book's log (its last lines where there is none), paths shortened."""
    stage = f"{html.parent.parent}/"
    text = strip_ansi(log.read_text(encoding="utf-8", errors="replace")).replace(stage, "")
    lines = text.splitlines()
    telling = [line for line in lines if re.search(r"WARNING|ERROR|Error|error:|malformed|severe", line)]
    return "\n".join(telling or lines[-15:])


def _missing(html: Path, pages: Sequence[str]) -> list[str]:
    return [page for page in [*pages, "index"] if not (html / f"{page}.html").is_file()]


def _previous(project: Project) -> Path:
    return project.build / "html.previous"


def _swap(html: Path, project: Project) -> None:
    """Put the new site in place; the old one is moved aside first and removed last."""
    if project.site.exists():
        project.site.rename(_previous(project))
    try:
        html.rename(project.site)
    except OSError:
        _restore_interrupted_swap(project)
        raise
    shutil.rmtree(_previous(project), ignore_errors=True)


def _restore_interrupted_swap(project: Project) -> None:
    """Bring back the old site if a swap was cut off in the middle."""
    old = _previous(project)
    if old.exists() and not project.site.exists():
        old.rename(project.site)
    elif old.exists():
        shutil.rmtree(old)
