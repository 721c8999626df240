"""Finding projects and lectures, stamps, tables: operations that execute nothing."""

import os
import subprocess
import sys
import threading

import pytest
from course.toy import make_project, notebook, save

from klue_helpers.course.project import find_project
from klue_helpers.course.report import excerpt, strip_ansi, table, width
from klue_helpers.course.run import Options
from klue_helpers.course.stamps import Stamps, folder_listing, requirements
from klue_helpers.errors import KlueError


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path, *((f"{n:02d}_{name}.ipynb", notebook(n, title=name))
                                    for n, name in ((2, "가"), (3, "나-다"), (5, "라"))))


def test_project_is_found_from_a_folder_inside(project):
    (project.root / "book" / "깊은 곳").mkdir(parents=True)
    assert find_project(project.root / "book" / "깊은 곳").root == project.root.resolve()


def test_no_project_is_told(tmp_path):
    with pytest.raises(KlueError, match="강의 프로젝트를 찾지 못했습니다"):
        find_project(tmp_path)


@pytest.mark.parametrize(("words", "numbers"), [
    ([], [2, 3, 5]), (["3"], [3]), (["03"], [3]), (["5", "2"], [2, 5]), (["2-4"], [2, 3]),
    (["2-3", "3", "5"], [2, 3, 5]), (["나-다"], [3]), (["03_나-다"], [3]), (["notebooks/05_라.ipynb"], [5]),
])
def test_lectures_are_chosen(project, words, numbers):
    assert [lecture.number for lecture in project.select(words)] == numbers


@pytest.mark.parametrize("word", ["4", "6-9", "마", "2-", "-1"])
def test_unknown_lecture_names_the_valid_ones(project, word):
    with pytest.raises(KlueError, match=r"2\(02_가\), 3\(03_나-다\), 5\(05_라\)"):
        project.select([word])


def test_two_notebooks_of_one_number_are_refused(project):
    save(project, "02_다른.ipynb", notebook(2))
    with pytest.raises(KlueError, match="2강 노트북이 둘입니다"):
        project.lectures()


def test_title_is_the_heading_without_its_number(project):
    assert [lecture.title for lecture in project.lectures()] == ["가", "나-다", "라"]


def test_title_of_a_broken_file_is_its_name(project):
    (project.notebooks / "02_가.ipynb").write_text("{", encoding="utf-8")
    assert project.lectures()[0].title == "02_가"


def test_scratch_sweeps_what_killed_processes_left_and_nothing_in_use(project):
    """The number of a process says nothing: it may live in another container, or belong to another process by now."""
    left = project.build / "stage" / f"run-{os.getpid()}-left"
    left.mkdir(parents=True)
    (left / "half").write_text("반", encoding="utf-8")
    with project.scratch("check") as first, project.scratch("check") as second:
        assert first.is_dir() and second.is_dir() and first != second and not left.exists()
    assert not any((project.build / "stage").iterdir())


def test_the_second_comer_to_a_step_is_told_and_waits(project, tmp_path, capsys):
    program = ("import sys; from pathlib import Path; from klue_helpers.course.project import Project\n"
               "with Project(Path(sys.argv[1])).lock('site'): print('안', flush=True); sys.stdin.read()")
    holder = subprocess.Popen([sys.executable, "-c", program, str(project.root)], text=True, encoding="utf-8",
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "안\n"
    with project.lock("check"):
        pass  # another step goes on
    timer = threading.Timer(0.5, holder.communicate)
    timer.start()
    with project.lock("site"):
        assert holder.wait(timeout=60) == 0
    timer.join()
    assert "기다립니다" in capsys.readouterr().err


def test_run_name_tells_settings_apart():
    names = [options.run_name for options in (
        Options(), Options(profile="gpu"), Options(seed=1), Options(overrides=(("a", 1),)),
        Options(overrides=(("a", 2),)), Options(overrides=(("data_dir", "/x"),)), Options(profile="gpu", seed=1))]
    assert names[:2] == ["cpu", "gpu"] and len(set(names)) == len(names)
    assert all(name.startswith("cpu-") for name in names[2:6])
    assert Options(jobs=1, force=True).run_name == "cpu"


def test_stamps_hold_only_for_their_key(project):
    stamps = Stamps(project, "run/cpu")
    stamps.write("02_가", "열쇠", {"초": 1.5})
    assert stamps.read("02_가", "열쇠") == {"초": 1.5}
    assert stamps.read("02_가", "다른") is None and stamps.read("03_나", "열쇠") is None


@pytest.mark.parametrize("content", [
    b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"key": "k"}', b'{"key": "k", "facts": {"a": 1}}',
    b'{"key": "k", "facts": {"a": 2}, "seal": "0"}'])
def test_a_damaged_stamp_only_costs_a_rerun(project, content):
    stamps = Stamps(project, "run/cpu")
    stamps.write("02_가", "k", {"a": 1})
    (project.build / "cache" / "run" / "cpu" / "02_가.json").write_bytes(content)
    assert stamps.read("02_가", "k") is None


def test_folder_listing_sees_sizes_times_and_names(tmp_path):
    (tmp_path / "안").mkdir()
    file = tmp_path / "안" / "a.txt"
    file.write_text("하나", encoding="utf-8")
    first = folder_listing(str(tmp_path))
    os.utime(file, ns=(1, 1))
    second = folder_listing(str(tmp_path))
    file.rename(tmp_path / "b.txt")
    assert len({str(first), str(second), str(folder_listing(str(tmp_path)))}) == 3
    assert folder_listing(None) == []


def test_requirements_come_from_the_project(project):
    text = ('[project]\ndependencies = ["torch>=2.4"]\n[project.optional-dependencies]\n'
            'book = ["jupyter-book>=1,<2"]\nall = ["klue-helpers[book]"]\n')
    (project.root / "pyproject.toml").write_text(text, encoding="utf-8")
    assert requirements(project) == ["jupyter-book<2,>=1", "torch>=2.4"]


def test_tables_count_hangul_as_two_columns():
    lines = table(["강", "제목"], [["2", "토큰"], ["10", "a"]], right=(0,)).splitlines()
    assert lines == ["강  제목", "──  ────", " 2  토큰", "10  a"]
    assert width("가a") == 3


def test_excerpts_drop_colours_and_blank_lines():
    assert strip_ansi("\x1b[31m붉은\x1b[0m #x1B[1;32m풀#x1B[0m") == "붉은 풀"
    assert excerpt("a\n\nb\nc", 2, indent="") == "a\nb" and excerpt("a\nb\nc", 1, last=True, indent="> ") == "> c"
