"""Notebooks as Colab, GitHub and the site open them: setup cells, and links that lead somewhere in all three."""

import copy
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from course.toy import CONFIG, code, load, make_project, notebook, save, text

from klue_helpers.course.colab import NEEDS, NOTE_ID, furnish, links, read_address, site_links
from klue_helpers.course.lint import lint
from klue_helpers.course.notebooks import code_cells, read_notebook
from klue_helpers.course.project import Project
from klue_helpers.course.site import toc_pages
from klue_helpers.course.tidy import write_form
from klue_helpers.errors import KlueError

COURSE = Project(ROOT)
LECTURES = COURSE.lectures()
REPOSITORY = "repository:\n  url: https://github.com/a/b\n  branch: v1.2\n"
COLAB = "https://colab.research.google.com/github/a/b/blob/v1.2/"
GITHUB = "https://github.com/a/b/blob/v1.2/"


def project_with(tmp_path: Path, cells: list[dict], config: str = CONFIG + REPOSITORY) -> Project:
    """Return a project at an address, with lecture 2 made of a title and the given cells, and a lecture 3."""
    made = notebook(2)
    made["cells"][1:1] = cells
    project = make_project(tmp_path, ("02_둘.ipynb", made), ("03_셋.ipynb", notebook(3)))
    (project.root / "_config.yml").write_text(config, encoding="utf-8")
    return project


def written(project: Project) -> list[dict]:
    """Return the cells of lecture 2 after its form was written."""
    lecture = project.lectures()[0]
    write_form(project, lecture)
    return read_notebook(lecture.path)["cells"]


def link_problems(project: Project) -> list[str]:
    lecture = project.lectures()[0]
    return [str(one) for one in lint(read_notebook(lecture.path), lecture, project) if "klue tidy 2" in str(one)]


def check_of_links(project: Project) -> list[str]:
    """Return what lint says of the links alone: the setup cell is put in place first."""
    lecture = project.lectures()[0]
    made, address = read_notebook(lecture.path), read_address(project)
    furnished = furnish(made, lecture, address)
    furnished["cells"][1]["source"] = made["cells"][1]["source"]
    return [str(one) for one in lint(furnished, lecture, project)]


@pytest.mark.parametrize(("link", "target"), [
    ("03_셋.ipynb", COLAB + "notebooks/03_셋.ipynb"),
    ("03_셋.ipynb#끝", COLAB + "notebooks/03_셋.ipynb#끝"),
    ("../book/results.md", GITHUB + "book/results.md"),
    ("https://github.com/a/b/blob/v0.9/book/results.md", GITHUB + "book/results.md"),
    ("https://colab.research.google.com/github/a/b/blob/main/notebooks/03_셋.ipynb", COLAB + "notebooks/03_셋.ipynb"),
    ("https://arxiv.org/abs/1810.04805", "https://arxiv.org/abs/1810.04805"),
    ("https://github.com/a/bc/blob/v0.9/x.md", "https://github.com/a/bc/blob/v0.9/x.md"),
    ("#자리", "#자리"),
])
def test_tidy_makes_links_absolute(tmp_path, link, target):
    project = project_with(tmp_path, [text(f"다음은 [여기]({link})입니다.")])
    assert any("링크" in problem for problem in check_of_links(project)) == (link != target)
    assert links(written(project)[1]) == [target]


def test_code_blocks_keep_what_looks_like_a_link(tmp_path):
    source = "```python\nx[0](03_셋.ipynb)\n```\n뒤"
    assert written(project_with(tmp_path, [text(source)]))[1]["source"] == source


def test_links_follow_a_repository_that_moved(tmp_path):
    old = "https://colab.research.google.com/github/old/name/blob/v1/notebooks/"
    project = project_with(tmp_path, [text(f"[![단추](a.svg)]({old}02_둘.ipynb) [다음]({old}03_셋.ipynb)")])
    assert links(written(project)[1])[-1] == COLAB + "notebooks/03_셋.ipynb"
    assert old not in written(project)[1]["source"]


def test_tidy_writes_the_setup_cell_once_and_lint_notices_a_change(tmp_path):
    project = project_with(tmp_path, [code('import sys\nif "google.colab" in sys.modules:\n    %pip install 무엇')])
    assert link_problems(project)
    cells = written(project)
    assert [cell.get("id") == NOTE_ID for cell in cells].count(True) == 1
    assert cells == written(project) and not link_problems(project)
    setup = code_cells({"cells": cells})[0]
    assert "%pip" not in setup["source"]
    assert '"https://github.com/a/b/releases/download/v1.2/klue_helpers-1.2-py3-none-any.whl"' in setup["source"]
    changed = load(project.lectures()[0].path)
    code_cells(changed)[0]["source"] = setup["source"].replace("-q", "-v")
    save(project, "02_둘.ipynb", changed)
    assert link_problems(project) == ["3번째 셀: 설치 셀이나 안내가 틀과 다릅니다. `klue tidy 2`로 고치세요."]


def test_a_notebook_without_setup_cell_gets_one_before_its_first_code(tmp_path):
    cells = written(project_with(tmp_path, []))
    assert [cell["cell_type"] for cell in cells[:3]] == ["markdown", "markdown", "code"]
    assert "google.colab" in cells[2]["source"] and "google.colab" not in cells[3]["source"]


def test_a_project_without_address_is_left_alone(tmp_path):
    project = project_with(tmp_path, [text("[다음](03_셋.ipynb)")], config=CONFIG)
    assert links(written(project)[1]) == ["03_셋.ipynb"] and not link_problems(project)


@pytest.mark.parametrize("config", ["repository: [", "repository: 주소", "repository:\n  branch: v1\n"])
def test_a_broken_address_is_told(tmp_path, config):
    with pytest.raises(KlueError, match=r"_config\.yml"):
        read_address(project_with(tmp_path, [], config=config))


def test_tidy_command_writes_the_form_before_it_executes(tmp_path, klue):
    project = project_with(tmp_path, [text("[다음](03_셋.ipynb)")])
    status, out, _ = klue(project, "tidy", "2")
    assert status == 0, out
    cells = read_notebook(project.lectures()[0].path)["cells"]
    assert links(cells[1]) == [COLAB + "notebooks/03_셋.ipynb"]
    assert all(cell["execution_count"] for cell in code_cells({"cells": cells}))


def test_site_turns_links_to_its_own_pages_back():
    address = read_address(COURSE)
    made = {"cells": [text(" ".join(f"[x]({address.link(path)})" for path in (
        "notebooks/02_x.ipynb", "notebooks/03_y.ipynb#절", "book/results.md", "klue_helpers/models/README.md")))]}
    pages = ["notebooks/02_x", "notebooks/03_y", "book/results"]
    own, other, page, file = links(site_links(made, "notebooks/02_x", pages, address)["cells"][0])
    assert own == address.link("notebooks/02_x.ipynb")  # the Colab button
    assert (other, page) == ("03_y.ipynb#절", "../book/results.md")
    assert file == address.link("klue_helpers/models/README.md")


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)
def test_every_link_leads_somewhere_in_colab_on_github_and_on_the_site(lecture):
    address, made, pages = read_address(COURSE), read_notebook(lecture.path), toc_pages(COURSE)
    shown = [link for cell in made["cells"] if cell["cell_type"] == "markdown" for link in links(cell)]
    assert not [link for link in shown if not re.match(r"https?://|mailto:|#", link)]  # Colab and GitHub need the whole
    ours = {path for link in shown if (path := address.path(link))}
    assert f"notebooks/{lecture.path.name}" in ours
    assert not [path for path in ours if not (ROOT / path.split("#")[0]).is_file()]
    staged = site_links(made, f"notebooks/{lecture.name}", pages, address)["cells"]
    on_site = [link for cell in staged if cell["cell_type"] == "markdown" for link in links(cell)]
    inside = [link.split("#")[0] for link in on_site if not re.match(r"https?://|mailto:|#", link)]
    assert not [link for link in inside if not (ROOT / "notebooks" / link).is_file()]
    others = {path for path in ours if path.rsplit(".", 1)[0] in pages} - {f"notebooks/{lecture.path.name}"}
    assert len(set(inside)) == len(others)


def test_the_address_is_the_tag_of_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["branch"] == f"v{project['version']}"
    extras = {extra for needs in NEEDS.values() for extra in needs.extras.split(",")}
    assert extras <= set(project["optional-dependencies"])


def test_setup_cell_stops_in_korean_where_the_installation_fails(monkeypatch, capsys):
    """The committed cell itself, with Colab's module in place and a pip that fails."""
    import subprocess
    import sys

    source = code_cells(read_notebook(LECTURES[0].path))[0]["source"]
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: no matching distribution")
    calls = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: calls.append(command) or failed)
    with pytest.raises(SystemExit, match="설치하지 못했습니다"):
        exec(source, {})
    assert calls[0][1:5] == ["-m", "pip", "install", "-q"] and "no matching" in capsys.readouterr().out


def test_setup_cell_does_nothing_outside_colab(monkeypatch):
    import subprocess
    import sys

    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *words, **options: pytest.fail("it ran something"))
    exec(code_cells(read_notebook(LECTURES[0].path))[0]["source"], {})


def test_furnish_leaves_its_argument_alone():
    made = read_notebook(LECTURES[0].path)
    made["cells"][0]["source"] += "\n[x](02_x.ipynb)"
    before = copy.deepcopy(made)
    furnish(made, LECTURES[0], read_address(COURSE))
    assert made == before
