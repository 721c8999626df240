"""`klue check` and `klue tidy` on toy notebooks."""

import pytest
from course.toy import code, load, make_project, notebook, save

from klue_helpers.course import check
from klue_helpers.course.notebooks import dumps, normal_form, read_notebook

WORDS = "print('토큰')\nprint('형태소')"


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path, ("02_가.ipynb", notebook(2, WORDS, "{'글자': [1, 2]}")))


def spoil(project, old, new):
    path = project.notebooks / "02_가.ipynb"
    made = load(path)
    assert old in str(made["cells"][4]["outputs"])
    for output in made["cells"][4]["outputs"]:
        output["text"] = [line.replace(old, new) for line in output["text"]]
    save(project, "02_가.ipynb", made)


def test_fresh_outputs_pass_and_a_changed_one_is_named(project, klue, monkeypatch):
    (project.root / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts='--unknown'\n", encoding="utf-8")
    (project.notebooks / "conftest.py").write_text("1 / 0\n", encoding="utf-8")
    status, out, _ = klue(project, "tidy")
    path = project.notebooks / "02_가.ipynb"
    tidy = path.read_bytes()
    assert status == 0 and "저장했습니다" in out and b"injected" not in tidy and b"papermill" not in tidy
    assert [cell["execution_count"] for cell in load(path)["cells"][1:]] == [1, 2, 3, 4, 5]

    status, out, _ = klue(project, "check")
    assert status == 0 and out.splitlines()[-1] == "5 passed, 0 failed"
    assert (project.build / "check" / "02_가.xml").is_file()
    monkeypatch.setattr(check, "run_jobs", lambda jobs, **k: pytest.fail("nbval was started") if jobs else None)
    status, out, _ = klue(project, "check")
    assert status == 0 and "건너뜀" in out and out.splitlines()[-1] == "5 passed, 0 failed"
    monkeypatch.undo()

    spoil(project, "형태소", "형태쇼")
    status, out, err = klue(project, "check", "2")
    assert status == 1 and out.splitlines()[-1] == "4 passed, 1 failed"
    assert "코드 셀 [4]: 저장된 출력과 새 출력이 다릅니다" in err and "print('형태소')" in err
    assert "저장된 출력: 형태쇼" in err and "새 출력: 형태소" in err and "코드 셀 [5]" not in err

    status, out, _ = klue(project, "tidy")
    assert status == 0 and "건너뜀" in out and path.read_bytes() == tidy
    status, out, _ = klue(project, "tidy")
    assert status == 0 and "이미 같은 출력" in out and path.read_bytes() == tidy


def test_threads_outputs_and_code_make_a_check_run_again(project, monkeypatch):
    lecture = project.lectures()[0]
    keys = [check._key(project, lecture)]
    for name in ("OMP_NUM_THREADS", "ATEN_CPU_CAPABILITY"):
        monkeypatch.setenv(name, "other than now")
        keys.append(check._key(project, lecture))
    monkeypatch.setattr(check, "package_digest", lambda: "다른 코드")
    keys.append(check._key(project, lecture))
    save(project, "02_가.ipynb", notebook(2, WORDS))
    assert len({*keys, check._key(project, lecture)}) == 5


def test_problems_of_the_file_fail_the_check_even_where_nbval_passes(project, klue):
    made = notebook(2, "x = 1;")
    for number, cell in enumerate(made["cells"][1:], start=1):
        cell |= code(cell["source"], number) | {"metadata": cell["metadata"]}
    made["cells"][3]["source"] += "\n_ = 1"
    save(project, "02_가.ipynb", made)
    status, out, err = klue(project, "check")
    assert status == 1 and out.splitlines()[-1] == "4 passed, 1 failed" and "코드 셀 [4]: 마지막 줄이 ;" in err
    assert not (project.build / "cache").exists()  # no stamp after a failure


def test_a_broken_file_fails_the_check_without_nbval(project, klue):
    (project.notebooks / "02_가.ipynb").write_text("{", encoding="utf-8")
    status, out, err = klue(project, "check")
    assert status == 1 and out.splitlines()[-1] == "0 passed, 1 failed" and "깨졌습니다" in err


def test_an_exception_is_named_with_its_cell(project, klue):
    made = notebook(2, "1 / 0")
    for number, cell in enumerate(made["cells"][1:], start=1):
        cell["execution_count"] = number
    made["cells"][3]["source"] += "\n_ = 1"
    save(project, "02_가.ipynb", made)
    status, out, err = klue(project, "check")
    assert status == 1 and out.splitlines()[-1] == "3 passed, 1 failed"
    assert "코드 셀 [4]: 실행하다 예외가 났습니다" in err and "ZeroDivisionError" in err and "\x1b" not in err


def in_normal_form(path) -> bytes:
    """What `klue tidy` makes of a file before it executes it."""
    return dumps(normal_form(read_notebook(path)))


def test_tidy_refuses_paths_and_leaves_the_file(project, klue):
    path = save(project, "02_가.ipynb", notebook(2, "import os\n\nprint(os.getcwd())"))
    before = in_normal_form(path)
    status, _, err = klue(project, "tidy")
    assert status == 1 and "코드 셀 [4]" in err and "절대 경로" in err and path.read_bytes() == before


def test_tidy_leaves_a_notebook_that_fails(project, klue):
    path = save(project, "02_가.ipynb", notebook(2, "1 / 0"))
    before = in_normal_form(path)
    status, _, err = klue(project, "tidy")
    assert status == 1 and "ZeroDivisionError" in err and path.read_bytes() == before


def test_tidy_check_only_reports(project, klue, monkeypatch):
    path = project.notebooks / "02_가.ipynb"
    before = path.read_bytes()
    status, _, err = klue(project, "tidy", "--check")
    assert status == 1 and "표준 형식이 아닙니다" in err and path.read_bytes() == before and not project.build.exists()
    klue(project, "tidy")
    status, out, err = klue(project, "tidy", "--check")
    assert status == 0 and "표준 형식입니다" in out and err == ""
