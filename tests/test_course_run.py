"""`klue run`: execution, skipping, failures, settings. Each execution of a toy notebook takes two seconds."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from course.toy import load, make_project, notebook, save, shown

from klue_helpers import cli
from klue_helpers.configure import LECTURES
from klue_helpers.course import run
from klue_helpers.course.run import Options, plan

SHOW = "print(profile, seed, overrides)"


@pytest.fixture
def klue(monkeypatch, capfd):
    """Run the command line in a project; return (status, standard output, standard error)."""
    def call(project, *words):
        monkeypatch.chdir(project.notebooks)
        status = cli.main(list(words))
        return status, *capfd.readouterr()

    for number in (3, 4):
        monkeypatch.setitem(LECTURES, number, LECTURES[2])
    monkeypatch.delenv("KLUE_DATA_DIR", raising=False)
    return call


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path, ("02_가.ipynb", notebook(2, SHOW, title="가나다")))


def executed(project, name="02_가.ipynb", run_name="cpu"):
    return project.executed(run_name) / name


def test_a_run_executes_reports_and_is_skipped_when_repeated(project, klue):
    source = project.notebooks / "02_가.ipynb"
    before = source.read_bytes()
    status, out, _ = klue(project, "run")
    assert status == 0 and "가나다" in out and "완료" in out
    assert shown(executed(project)) == "cpu 42 {}\n" and source.read_bytes() == before
    row = load(project.executed("cpu") / "results.json")["lectures"][0]
    assert (row["lecture"], row["status"], row["cells"]) == (2, "ok", 4)
    assert row["seconds"] > 0.3 and 30 < row["peak_mb"] < 2000

    stamp = executed(project).stat().st_mtime_ns
    status, out, _ = klue(project, "run", "2")
    assert status == 0 and "건너뜀" in out and executed(project).stat().st_mtime_ns == stamp
    assert load(project.executed("cpu") / "results.json")["lectures"][0]["seconds"] == row["seconds"]
    status, out, _ = klue(project, "run", "--force")
    assert status == 0 and "완료" in out and executed(project).stat().st_mtime_ns > stamp
    assert not list((project.build / "stage").iterdir())


def test_settings_and_data_folder_reach_the_notebook(project, klue, tmp_path):
    data = tmp_path / "원본 데이터"
    data.mkdir()
    words = ["--seed", "7", "--set", "source=local", "--set", "vocab_size=4000", "--data-dir", "../../원본 데이터"]
    status, _, _ = klue(project, "run", "2", *words)
    folder = next(path for path in (project.build / "executed").iterdir())
    assert status == 0 and folder.name.startswith("cpu-")
    overrides = {"data_dir": str(data), "source": "local", "vocab_size": 4000}
    assert shown(folder / "02_가.ipynb") == f"cpu 7 {overrides}\n"
    assert load(folder / "results.json")["overrides"] == overrides


def test_the_folder_of_the_environment_is_a_setting_too(project, klue, tmp_path, monkeypatch):
    """One carrier: what the table of settings shows is what is read, and no lecture on samples gets a folder."""
    monkeypatch.setenv("KLUE_DATA_DIR", str(tmp_path))
    assert plan(project.lectures(), Options(overrides=(("source", "local"),)))[2]["data_dir"] == str(tmp_path)
    assert plan(project.lectures(), Options()) == {2: {}}


def test_two_data_folders_are_refused(project, klue, tmp_path):
    words = ["run", "2", "--set", "source=local", "--data-dir", str(tmp_path), "--set"]
    status, _, err = klue(project, *words, f"data_dir={tmp_path.parent}")
    assert status == 2 and "서로 다른 폴더" in err and err.count("\n") == 1
    assert klue(project, *words, f"data_dir={tmp_path}/.")[0] == 0


def test_what_a_result_depends_on_changes_its_key(project, monkeypatch, tmp_path):
    lecture, data = project.lectures()[0], tmp_path / "data"
    data.mkdir()

    def key(options=Options(), **overrides):  # noqa: B008 - frozen
        return run._key(project, lecture, options, overrides)

    local = {"source": "local", "data_dir": str(data)}
    keys = [key(), key(Options(seed=1)), key(vocab_size=4000), key(Options(profile="gpu"), source="sample"),
            key(**local)]
    (data / "a.txt").write_text("가", encoding="utf-8")
    keys.append(key(**local))
    monkeypatch.setattr(run, "package_digest", lambda: "다른 코드")
    keys.append(key())
    monkeypatch.undo()
    monkeypatch.setattr(run, "versions", lambda project: {"torch": "99"})
    keys.append(key())
    monkeypatch.undo()
    same = key(Options(jobs=1, force=True))
    save(project, "02_가.ipynb", notebook(2, SHOW + "\nprint()"))
    assert same == keys[0] and len({*keys, key()}) == len(keys) + 1


def test_new_outputs_alone_do_not_execute_again(project):
    lecture = project.lectures()[0]
    before = run._key(project, lecture, Options(), {})
    made = notebook(2, SHOW, title="가나다")
    made["cells"][-1] |= {"execution_count": 4, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]}
    save(project, "02_가.ipynb", made)
    assert run._key(project, lecture, Options(), {}) == before


def test_one_failure_is_told_and_the_others_finish(tmp_path, klue):
    broken = notebook(3, "print('전')\n1 / 0  # 여기")
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, "1")), ("03_나.ipynb", broken),
                           ("04_다.ipynb", notebook(4, "2")))
    status, out, err = klue(project, "run", "--jobs", "2")
    assert status == 1 and out.count("완료") == 2 and out.count("실패") == 1
    assert "03_나.ipynb 코드 셀 [4]" in err and "1 / 0  # 여기" in err and "ZeroDivisionError: division by zero" in err
    assert "\x1b" not in err and "papermill" not in err
    assert executed(project, "04_다.ipynb").is_file() and not executed(project, "03_나.ipynb").exists()
    rows = load(project.executed("cpu") / "results.json")["lectures"]
    assert [row["status"] for row in rows] == ["ok", "failed", "ok"] and "ZeroDivision" in rows[1]["error"]


def test_a_failure_keeps_the_last_good_result(project, klue):
    assert klue(project, "run")[0] == 0
    good = executed(project).read_bytes()
    message = "데이터 폴더가 없습니다. --data-dir을 주세요."
    save(project, "02_가.ipynb", notebook(2, f"class KlueError(ValueError): ...\n\nraise KlueError('{message}')"))
    status, _, err = klue(project, "run")
    assert status == 1 and executed(project).read_bytes() == good
    assert message in err and "Error" not in err and "class" not in err
    assert (project.executed("cpu") / "failed" / "02_가.ipynb").is_file()
    status, _, err = klue(project, "run")
    assert status == 1 and message in err  # a failure is never skipped


def test_a_dead_kernel_is_told_with_its_cell(tmp_path, klue):
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, "1", "import os; os._exit(9)", "2")))
    status, _, err = klue(project, "run")
    assert status == 1 and "코드 셀 [5]에서 커널이 죽었습니다" in err and "os._exit(9)" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("words", "part"), [
    (["--set", "vocab_sizes=1"], "혹시 'vocab_size'"),
    (["--set", "vocab_size=많이"], "정수"),
    (["--set", "vocab_size=1"], "범위"),
    (["--set", "seed=1"], "--seed"),
    (["--profile", "tpu"], "cpu 또는 gpu"),
    (["--set", "source=local"], "--data-dir"),
    (["--data-dir", "없는 폴더"], "데이터 폴더가 없습니다"),
    (["--data-dir", "."], "source=local"),
    (["7"], "없는 강의"),
])
def test_mistakes_are_refused_before_anything_starts(project, klue, monkeypatch, words, part):
    monkeypatch.setattr(run, "run_jobs", lambda *a, **k: pytest.fail("something was started"))
    status, out, err = klue(project, "run", *words)
    assert status == 2 and out == "" and err.startswith("klue: ") and part in err and err.count("\n") == 1


def test_several_lectures_take_the_settings_that_they_know(tmp_path, monkeypatch):
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2)), ("03_나.ipynb", notebook(3)))
    common = LECTURES[2].__base__
    monkeypatch.setitem(LECTURES, 3, common)
    both = Options(overrides=(("source", "sample"), ("vocab_size", 4000)))
    assert plan(project.lectures(), both) == {2: {"source": "sample", "vocab_size": 4000}, 3: {"source": "sample"}}
    for lectures, options in ((project.select(["3"]), both), (project.lectures(), Options(overrides=(("epoch", 1),)))):
        with pytest.raises(run.KlueError, match="없는 설정"):
            plan(lectures, options)


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b"\xff", b'{"lectures": 1}', b'{"lectures": [1]}',
                                     b'{"lectures": [{"lecture": "x"}]}', b"[" * 100_000])
def test_a_damaged_record_is_set_aside(tmp_path, capsys, content):
    path = tmp_path / "results.json"
    path.write_bytes(content)
    one = run.Outcome(2, "02_가", "가", "ok", 1.0, 100, 4)
    run._write_results(tmp_path, Options(), [one])
    assert [row["lecture"] for row in load(path)["lectures"]] == [2]
    assert (tmp_path / "results.damaged").read_bytes() == content and "results.damaged" in capsys.readouterr().err


@pytest.mark.slow
def test_ctrl_c_ends_the_children(tmp_path):
    sleeper = "import time\nfrom pathlib import Path\n\nPath('started').touch()\ntime.sleep(60)"
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, sleeper)))
    process = subprocess.Popen([sys.executable, "-m", "klue_helpers", "run"], cwd=project.root,
                               stderr=subprocess.PIPE, text=True, encoding="utf-8",
                               env=os.environ | {"PYTHONPATH": str(run.Path(run.__file__).parents[2])},
                               # A shell's background job ignores the signal, and its children inherit that.
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    deadline = time.monotonic() + 60
    while not (project.notebooks / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "중단했습니다" in err and "Traceback" not in err
    assert len(children) >= 2 and not any(child.is_running() for child in children)
    assert not list((project.build / "stage").iterdir())
