"""`klue site`: staging, the swap, and real builds of a two-page book (slow)."""

import pytest
from course.toy import make_project, notebook, save

from klue_helpers.course import site
from klue_helpers.course.processes import Finished
from klue_helpers.errors import KlueError

SECRET = "print('씨앗', seed)"


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path, ("02_가.ipynb", notebook(2, SECRET)))


def put_site(folder, words):
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(words, encoding="utf-8")


def read_site(project):
    return (project.site / "index.html").read_text(encoding="utf-8")


def test_the_swap_replaces_the_whole_site(project):
    put_site(project.site, "옛")
    (project.site / "남은.html").touch()
    put_site(project.build / "new", "새")
    site._swap(project.build / "new", project)
    assert read_site(project) == "새" and sorted(path.name for path in project.build.iterdir()) == ["html"]
    assert not (project.site / "남은.html").exists()


def test_a_swap_that_fails_brings_the_old_site_back(project):
    put_site(project.site, "옛")
    with pytest.raises(OSError):
        site._swap(project.build / "없음", project)
    assert read_site(project) == "옛" and not site._previous(project).exists()


def test_a_swap_cut_off_in_the_middle_is_mended(project):
    put_site(site._previous(project), "옛")
    site._restore_interrupted_swap(project)
    assert read_site(project) == "옛" and not site._previous(project).exists()


def test_a_lecture_not_executed_is_told(project, klue):
    put_site(project.site, "옛")
    status, _, err = klue(project, "site")
    assert status == 2 and "notebooks/02_가" in err and "다음을 먼저 실행하세요: `klue run 2`" in err
    assert read_site(project) == "옛"
    status, _, err = klue(project, "site", "--profile", "gpu")
    assert status == 2 and "klue run 2 --profile gpu" in err


@pytest.mark.parametrize(("file", "content", "part"), [
    ("_toc.yml", "format: jb-book\nroot: index\nchapters:\n- file: book/없음\n", "book/없음"),
    ("_toc.yml", "format: jb-book\nroot: [", "_toc.yml을 읽지 못했습니다"),
    ("_toc.yml", "format: jb-book\nchapters: []\n", "_toc.yml을 읽지 못했습니다"),
    ("_config.yml", None, "_config.yml이 없습니다"),
])
def test_broken_book_files_are_told(project, klue, file, content, part):
    put_site(project.site, "옛")
    if content is None:
        (project.root / file).unlink()
    else:
        (project.root / file).write_text(content, encoding="utf-8")
    status, _, err = klue(project, "site")
    assert status == 2 and part in err and "Traceback" not in err and read_site(project) == "옛"


def test_a_build_that_lacks_a_page_or_holds_reports_is_refused(project, tmp_path):
    html = tmp_path / "html"
    put_site(html, "<p>글</p>")
    end = Finished(job=None, status=0, seconds=1, peak_mb=1)
    assert site._wrong(project, end, html, ["index"]) == ""
    assert "book/없음" in site._wrong(project, end, html, ["index", "book/없음"])
    (html / "index.html").write_text('<div class="output traceback highlight">', encoding="utf-8")
    assert "index" in site._wrong(project, end, html, ["index"])
    (html / "reports").mkdir()
    (html / "reports" / "02.err.log").touch()
    assert "02.err.log" in site._wrong(project, end, html, ["index"])


@pytest.mark.slow
def test_a_site_is_built_skipped_and_kept_through_failures(project, klue):
    assert klue(project, "run")[0] == 0
    status, out, _ = klue(project, "site")
    page = (project.site / "notebooks" / "02_가.html").read_text(encoding="utf-8")
    assert status == 0 and "index.html" in out and "씨앗 42" in page and "# Parameters" not in page
    status, out, _ = klue(project, "site")
    assert status == 0 and "건너뜀" in out

    (project.root / "index.md").write_text("# 첫 쪽\n\n[없는 곳](없음.md)\n", encoding="utf-8")
    before = read_site(project)
    status, _, err = klue(project, "site")
    assert status == 1 and "없음.md" in err and "WARNING" in err and read_site(project) == before
    assert (project.build / "site.log").is_file() and not list((project.build / "stage").iterdir())

    (project.root / "index.md").write_text("# 새 첫 쪽\n", encoding="utf-8")
    status, _, _ = klue(project, "site")
    assert status == 0 and "새 첫 쪽" in read_site(project)

    save(project, "02_가.ipynb", notebook(2, SECRET + "  # 바뀜"))
    status, _, err = klue(project, "site")
    assert status == 2 and "다음을 먼저 실행하세요: `klue run 2`" in err and "새 첫 쪽" in read_site(project)


def test_table_of_contents_is_read_in_order(project):
    assert site.toc_pages(project) == ["index", "notebooks/02_가"]
    (project.root / "_toc.yml").write_text("{", encoding="utf-8")
    with pytest.raises(KlueError):
        site.toc_pages(project)
