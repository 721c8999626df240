"""Analyzers in a process of their own: answers, limits, faults, and no process left behind."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import klue_helpers as kh
from klue_helpers.extras import require_extra
from klue_helpers.workers import Worker


@pytest.fixture(scope="module")
def worker():
    one = Worker("toy_analyzers:load")
    yield one
    one.stop()


@pytest.mark.parametrize("text", ["", "봄비가 온다", "\0\x03\n\u2028", "😀", "\ud800 가", '"\\', "가" * 100_000])
def test_any_text_comes_back_as_it_went(worker, text):
    assert worker.ask("echo", text) == text


def test_what_does_not_return_is_ended_and_the_next_text_is_answered():
    worker = Worker("toy_analyzers:load", limit_s=0.5)
    with pytest.raises(kh.KlueError, match=r"never가 1글자인 글 '가'.* 0\.5초 안에 끝내지 못해"):
        worker.ask("never", "가")
    assert worker.ask("echo", "나") == "나"
    worker.stop()


def test_faults_are_told_in_one_line(worker):
    with pytest.raises(kh.KlueError, match="종료 코드 3"):
        worker.ask("die", "가")
    with pytest.raises(kh.KlueError, match=r"fail가 글 '가'.*\(ValueError: java.lang.NullPointerException\)"):
        worker.ask("fail", "가")
    with pytest.raises(kh.KlueError, match=r"^이유입니다\. 이렇게 하세요\.$"):
        worker.ask("tell", "가")
    assert worker.ask("echo", "나") == "나"


def test_what_an_analyzer_prints_is_no_answer(worker, capfd):
    assert worker.ask("talk", "가") == "가"
    assert capfd.readouterr() == ("", "")


def test_threads_get_their_own_answers(worker):
    texts = [str(number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: worker.ask("echo", text), texts)) == texts


def test_a_worker_starts_no_other(worker):
    """A learner's kss.py in place of the package asks for sentences itself: one process would start the next."""
    with pytest.raises(kh.KlueError, match="이름이 같은 파일"):
        worker.ask("again", "가")


def run_beside(folder: Path, code: str) -> subprocess.Popen:
    (folder / "mine.py").write_text(code, encoding="utf-8")
    path = os.pathsep.join([str(Path(kh.__file__).parent.parent), str(Path(__file__).parent)])
    return subprocess.Popen([sys.executable, "mine.py"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**os.environ, "PYTHONPATH": path}, encoding="utf-8")


def test_a_file_beside_the_script_named_as_a_standard_module_does_no_harm(tmp_path):
    (tmp_path / "enum.py").write_text("raise SystemExit('not the standard one')", encoding="utf-8")
    asked = run_beside(tmp_path, "from klue_helpers.workers import Worker\n"
                                 "print(Worker('toy_analyzers:load').ask('echo', 'ok'))")
    assert asked.communicate() == ("ok\n", "")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_the_process_ends_with_the_one_that_asks(tmp_path, ending):
    asking = run_beside(tmp_path, "import time\nfrom klue_helpers.workers import Worker\n"
                                  "print(Worker('toy_analyzers:load').ask('number', ''), flush=True)\ntime.sleep(600)")
    pid = int(asking.stdout.readline())
    os.kill(pid, 0)
    asking.send_signal(ending)
    asking.communicate()
    with pytest.raises(ProcessLookupError):
        for _ in range(600):  # ends as soon as the process is gone, which a busy machine may put off
            os.kill(pid, 0)
            time.sleep(0.1)


def test_a_missing_package_is_named_with_the_way_to_install_it():
    require_extra("analyzers", "json")
    with pytest.raises(kh.KlueError, match=r'no_such_module\. .*pip install "klue-helpers\[analyzers\]"'):
        require_extra("analyzers", "json", "no_such_module")
