"""What `klue run` and `klue check` make of slow, dying, endless and chatty kernels, and of their own sudden end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import Empty

import psutil
import pytest
import zmq
from course.toy import make_project, notebook, shown
from jupyter_client.manager import AsyncKernelManager, KernelManager

from klue_helpers.course import guard, kernel, validate

ROOT = Path(guard.__file__).parents[2]
# Holds up the thread that carries outputs, as a busy machine does, for longer than nbclient (4 s) and nbval (5 s) wait.
LATE = "import time\n\nget_ipython().kernel.iopub_thread.io_loop.add_callback(time.sleep, 7)\nprint('늦음')"
ENDLESS = "import time\nfrom pathlib import Path\n\nPath('started').touch()\ntime.sleep(600)"
STUBBORN = "import time\n\nwhile True:\n    try:\n        time.sleep(600)\n    except KeyboardInterrupt:\n        pass"


def tell_check(project, klue, *words):
    """Return what the check says of its only notebook, leaving out that its cells had not been run."""
    _, out, err = klue(project, "check", "--force", *words)
    return out.splitlines()[-1], [line for line in err.splitlines() if "실행하지 않은" not in line]


@pytest.mark.slow
def test_outputs_that_come_late_are_waited_for(tmp_path, klue):
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, LATE)))
    status, _, err = klue(project, "run")
    assert (status, err, shown(project.executed("cpu") / "02_가.ipynb")) == (0, "", "늦음\n")
    last, told = tell_check(project, klue)
    assert last == "4 passed, 1 failed" and len(told) == 1  # the file's problem, no cell's


@pytest.mark.parametrize("base", [KernelManager, AsyncKernelManager])
def test_no_message_is_dropped_however_many_wait(base):
    """ZeroMQ drops what exceeds a thousand; the flood itself is one of benchmarks/drills, for it takes a minute."""
    made = kernel.manager(base)()
    made.load_connection_info({"shell_port": 1, "iopub_port": 2, "ip": "127.0.0.1", "transport": "tcp"})
    client = made.client()
    assert client.connect_iopub().getsockopt(zmq.RCVHWM) == 0
    client.context.destroy(linger=0)


def test_the_kernel_drops_no_message_either(tmp_path, klue):
    ask = "import zmq\n\nprint(get_ipython().kernel.iopub_thread.socket.getsockopt(zmq.SNDHWM))"
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, ask)))
    assert klue(project, "run")[0] == 0 and shown(project.executed("cpu") / "02_가.ipynb") == "0\n"


@pytest.mark.slow
def test_a_notebook_whose_cells_passed_has_passed_however_long_pytest_takes_to_leave(tmp_path, klue, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import atexit, time\natexit.register(time.sleep, 7)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, "1")))
    assert tell_check(project, klue)[0] == "4 passed, 1 failed"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_kernel_that_is_killed_is_told_with_its_cell(tmp_path, klue, command):
    killed = "import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)"
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, killed, "print('뒤')")))
    status, _, err = klue(project, command)
    assert status == 1 and "코드 셀 [4]" in err and "커널이 죽었습니다" in err and "os.getpid()" in err
    assert "코드 셀 [5]:" not in err and "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize(("command", "source"), [("run", STUBBORN), ("check", ENDLESS)])
def test_a_cell_that_never_ends_is_told(tmp_path, klue, command, source):
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, source)))
    status, _, err = klue(project, command, "--cell-limit", "5")
    assert status == 1 and "코드 셀 [4]" in err and "시간이 다 되도록 끝나지 않았습니다" in err
    assert "--cell-limit" in err


@pytest.mark.parametrize("source", ["%없는마법", "%%nosuch\n1"])
def test_a_magic_that_does_not_exist_is_named(tmp_path, klue, source):
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, source)))
    status, _, err = klue(project, "run")
    assert status == 1 and "코드 셀 [4]" in err and "magic" in err and "not found" in err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP"])
def test_no_kernel_outlives_klue(tmp_path, command, name):
    project = make_project(tmp_path, ("02_가.ipynb", notebook(2, ENDLESS)))
    with (tmp_path / "log").open("wb") as log:
        klue = psutil.Popen([sys.executable, "-m", "klue_helpers", command], cwd=project.root, stdout=log, stderr=log,
                            env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        wait_for(project.notebooks / "started")
        children = klue.children(recursive=True)
        klue.send_signal(getattr(signal, name))
        _, alive = psutil.wait_procs([klue, *children], timeout=60)
        assert len(children) >= 2 and not alive
    finally:
        if klue.is_running():
            klue.kill()


@pytest.mark.skipif(os.name != "posix", reason="the parent is killed by a signal")
@pytest.mark.parametrize("platform", [sys.platform, "another"])
def test_a_guarded_process_ends_with_its_parent(tmp_path, platform):
    child = (f"import psutil, sys, time; sys.platform = {platform!r}; from klue_helpers.course import guard; "
             "guard.end_with_parent(); print('아이', flush=True); time.sleep(600)")
    parent = (f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait()")
    process = psutil.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, encoding="utf-8",
                           env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"})
    assert process.stdout.readline() == "아이\n"
    children = process.children()
    process.kill()
    assert children and not psutil.wait_procs(children, timeout=60)[1]


class Client:
    """A kernel's client whose channels are empty so often before each message."""

    def __init__(self, empty: int) -> None:
        self.empty = empty

    def get_iopub_msg(self, timeout):
        assert timeout <= 1
        self.empty -= 1
        if self.empty >= 0:
            raise Empty
        return {"msg_type": "stream"}

    get_shell_msg = get_iopub_msg


def kernel_with(client, *, alive):
    patient = validate.PatientKernel.__new__(validate.PatientKernel)
    patient.kc, patient.km = client, type("Manager", (), {"is_alive": lambda self: alive})()
    return patient


@pytest.mark.parametrize("stream", ["iopub", "shell"])
def test_a_living_kernel_is_waited_for_and_a_dead_one_is_not(stream):
    assert kernel_with(Client(30), alive=True).get_message(stream, timeout=100)["msg_type"] == "stream"
    assert kernel_with(Client(0), alive=False).get_message(stream, timeout=100)["msg_type"] == "stream"
    with pytest.raises(RuntimeError, match="died"):
        kernel_with(Client(30), alive=False).get_message(stream, timeout=100)
    with pytest.raises(Empty):
        kernel_with(Client(10**9), alive=True).get_message(stream, timeout=0.01)


def test_an_interrupted_cell_that_goes_on_printing_is_given_up(monkeypatch):
    patient = kernel_with(Client(0), alive=True)
    patient.km.interrupt_kernel = lambda: None
    monkeypatch.setattr(validate, "_INTERRUPT", -1.0)
    patient.interrupt()
    with pytest.raises(Empty):
        patient.get_message("iopub", timeout=100)


def wait_for(path):
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline, "the notebook did not start"
        time.sleep(0.1)
