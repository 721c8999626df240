"""The command line itself: help, mistakes, exit statuses, `klue book`, and how light it is."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from course.toy import make_project, notebook

from klue_helpers import cli
from klue_helpers.course import doctor
from klue_helpers.course.doctor import BROKEN, CARE, GOOD, Line


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], *([name, "--help"] for name in cli.COMMANDS)])
def test_help_is_korean(words, capsys):
    assert cli.main(words) == 0
    out, err = capsys.readouterr()
    assert out.startswith("사용법: klue") and "옵션:" in out and err == ""
    assert not any(word in out for word in ("usage", "options:", "positional", "show this"))


@pytest.mark.parametrize(("words", "part"), [
    (["foo"], "모르는 명령입니다: 'foo'. 쓸 수 있는 명령: run, check, site, book, tidy, data, pretrain, score, train, "
              "evaluate, predict, chat, doctor"),
    (["--foo"], "모르는 명령입니다"),
    (["run", "--foo"], "모르는 옵션이나 인자입니다: --foo"),
    (["run", "--forc"], "모르는 옵션이나 인자입니다: --forc"),
    (["run", "--set"], "--set에는 값이 있어야"),
    (["run", "--seed", "x"], "--seed: 정수여야 합니다: 'x'"),
    (["run", "--jobs", "0"], "--jobs: 1 이상이어야"),
    (["run", "--force=1"], "--force에는 값을 줄 수 없습니다"),
    (["book", "2"], "모르는 옵션이나 인자입니다: 2"),
    (["run"], "강의 프로젝트를 찾지 못했습니다"),
    (["site", "--profile", "tpu"], "알 수 없는 프로필"),
])
def test_mistakes_are_one_korean_line_with_status_2(words, part, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("klue: ") and part in err and err.count("\n") == 1
    assert not any(word in err for word in ("usage", "error", "argument", "expected"))


@pytest.mark.parametrize(("failing", "done"), [(None, ["run", "check", "site"]), ("run", ["run"]),
                                               ("check", ["run", "check"]), ("site", ["run", "check", "site"])])
def test_book_stops_at_the_first_failing_step(failing, done, monkeypatch, capsys):
    called = []

    def step(name):
        return lambda arguments: called.append(name) or int(name == failing)

    for name in ("run", "check", "site"):
        monkeypatch.setattr(cli, f"_{name}", step(name))
    assert cli.main(["book"]) == (1 if failing else 0) and called == done
    assert ("멈췄습니다" in capsys.readouterr().err) == bool(failing)


def test_interrupts_end_with_status_130(monkeypatch, capsys):
    def interrupt(arguments):
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.COMMANDS, "run", (*cli.COMMANDS["run"][:2], interrupt))
    assert cli.main(["run"]) == 130 and "중단했습니다" in capsys.readouterr().err


def test_an_interrupt_before_any_word_is_told_too(monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_overview", interrupt)
    assert cli.main([]) == 130 and "중단했습니다" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "target", "status", "told"), [
    (["--help"], "closed", 141, ""), (["data", "list"], "closed", 141, ""),
    (["data", "list"], "/dev/full", 2, "klue: 디스크가 가득 찼습니다")])
def test_output_that_nobody_takes_ends_in_one_line_at_most(words, target, status, told):
    if target == "closed":
        reader, writer = os.pipe()
        os.close(reader)
    elif Path(target).exists():
        writer = os.open(target, os.O_WRONLY)
    else:
        pytest.skip(f"no {target} here")
    try:
        done = subprocess.run([sys.executable, "-m", "klue_helpers", *words], stdout=writer, stderr=subprocess.PIPE,
                              text=True, encoding="utf-8", env=os.environ | {"PYTHONPATH": ":".join(sys.path)})
    finally:
        os.close(writer)
    assert done.returncode == status and done.stderr.startswith(told) and done.stderr.count("\n") == bool(told)


def refuse(number, *names):
    def action(arguments):
        raise OSError(number, os.strerror(number), *names)

    return action


@pytest.mark.parametrize(("number", "part"), [
    (errno.ENOSPC, "디스크가 가득"), (errno.EACCES, "권한이 없습니다"), (errno.EROFS, "읽기만 되는"),
    (errno.EISDIR, "폴더가 있습니다"), (errno.EIO, os.strerror(errno.EIO))])
def test_what_the_system_refuses_is_one_line_with_the_file_and_the_way_out(number, part, monkeypatch, capsys):
    monkeypatch.delenv("KLUE_DEBUG", raising=False)
    monkeypatch.setitem(cli.COMMANDS, "doctor", (*cli.COMMANDS["doctor"][:2], refuse(number, "/자리/파일 {0}")))
    assert cli.main(["doctor"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and part in err and "/자리/파일 {0}" in err and err.count("\n") == 1 and err.endswith("요.\n")
    monkeypatch.setenv("KLUE_DEBUG", "1")
    with pytest.raises(OSError):
        cli.main(["doctor"])


def test_a_closed_terminal_interrupts_unless_nohup_forbids_it(monkeypatch):
    seen = []
    monkeypatch.setitem(cli.COMMANDS, "doctor", (*cli.COMMANDS["doctor"][:2],
                                                 lambda arguments: seen.append(signal.getsignal(signal.SIGHUP)) or 0))
    before = signal.getsignal(signal.SIGHUP)
    try:
        for handler in (signal.SIG_DFL, signal.SIG_IGN):
            signal.signal(signal.SIGHUP, handler)
            cli.main(["doctor"])
            assert signal.getsignal(signal.SIGHUP) == handler
    finally:
        signal.signal(signal.SIGHUP, before)
    assert callable(seen[0]) and seen[1] == signal.SIG_IGN


def test_a_package_that_is_not_installed_is_told(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(make_project(tmp_path, ("02_가.ipynb", notebook(2))).root)
    monkeypatch.setitem(sys.modules, "psutil", None)
    for name in [name for name in sys.modules if name.startswith("klue_helpers.course")]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.main(["check"]) == 2
    err = capsys.readouterr().err
    assert "패키지가 없습니다: psutil" in err and "pip install" in err and err.count("\n") == 1


def test_the_command_line_loads_nothing_heavy():
    program = ("import json, sys, klue_helpers.cli as cli; cli.main(['--help']); "
               "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & {"papermill", "nbformat", "nbclient", "sphinx", "pytest", "torch", "numpy", "psutil", "tqdm"}
    assert "argparse" in loaded


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "klue_helpers", "없는명령"], capture_output=True, text=True,
                          encoding="utf-8", env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)})
    assert done.returncode == 2 and "모르는 명령입니다" in done.stderr


@pytest.mark.parametrize(("requirement", "state"), [
    ("pytest>=1", GOOD), ("pytest>=999", BROKEN), ("pytest<1", BROKEN), ("no-such-klue-package>=1", BROKEN)])
def test_doctor_compares_versions(requirement, state):
    assert doctor._package(requirement).state == state


def test_doctor_asks_a_learner_for_no_tools_and_no_analyzers(monkeypatch, tmp_path, capfd):
    """Without a project, with the core alone installed, as in Colab after lecture 3's setup cell."""
    known = {"hgtk", "kiwipiepy", "konlpy", "kss", "gensim", "jupyter-book", "ruff", "pytest", "papermill"}
    real = doctor.installed_version
    monkeypatch.setattr(doctor, "installed_version", lambda name: None if name in known else real(name))
    monkeypatch.setattr(doctor, "_try", lambda what, code, mend: Line(what, GOOD, "좋음", mend))
    monkeypatch.setattr(doctor, "_hub", lambda: Line("Hugging Face 허브", GOOD, "연결됩니다", essential=False))
    monkeypatch.delenv("KLUE_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["doctor"]) == 0
    out, err = capfd.readouterr()
    assert err == "" and "강의를 실행할 수 있습니다" in out
    assert not re.search(r"문제|주의|자바|make env|ruff|jupyter-book", out)
    assert "추가 패키지(words)" in out and "1·4·8강에서만" in out


def test_doctor_looks_into_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("KLUE_DATA_DIR", raising=False)
    assert doctor._data(make_project(tmp_path, ("02_가.ipynb", notebook(2)))).state == CARE
    monkeypatch.setenv("KLUE_DATA_DIR", str(tmp_path / "없음"))
    assert doctor._data().state == BROKEN and not doctor._data().essential
    (tmp_path / "nsmc").mkdir()
    monkeypatch.setenv("KLUE_DATA_DIR", str(tmp_path))
    assert doctor._data().state == GOOD and "있음 nsmc; 없음 ynat" in doctor._data().found


def test_doctor_takes_a_missing_network_calmly(monkeypatch):
    def refuse(*arguments, **options):
        raise doctor.urllib.error.URLError("no network")

    monkeypatch.setattr(doctor.urllib.request, "urlopen", refuse)
    line = doctor._hub()
    assert line.state == CARE and not line.essential and "no network" in line.found


def test_doctor_asks_the_mirror_that_the_user_has_set(monkeypatch):
    asked = []

    def refuse(request, **options):
        asked.append(request.full_url)
        raise doctor.urllib.error.URLError("no network")

    monkeypatch.setattr(doctor.urllib.request, "urlopen", refuse)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    doctor._hub()
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    doctor._hub()
    assert asked == [doctor.HUB, "https://mirror.example"]


def test_doctor_tells_why_a_trial_failed():
    broken = doctor._try("무엇", "raise RuntimeError('고장')", "고치세요")
    assert broken.state == BROKEN and broken.found == "RuntimeError: 고장"
    assert doctor._try("무엇", "print('좋음')", "").found == "좋음"


@pytest.mark.parametrize(("state", "essential", "status"), [
    (GOOD, True, 0), (CARE, True, 0), (BROKEN, False, 0), (BROKEN, True, 1)])
def test_doctor_fails_only_for_what_is_essential(state, essential, status, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(make_project(tmp_path, ("02_가.ipynb", notebook(2))).root)
    monkeypatch.setattr(doctor, "diagnose", lambda project: [Line("무엇", state, "내용", "이렇게 고치세요", essential)])
    assert cli.main(["doctor"]) == status
    assert ("이렇게 고치세요" in capsys.readouterr().out) == (state != GOOD)
