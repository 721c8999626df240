"""Drills on whole commands: each runs `klue` on a toy project as a process of its own."""

import contextlib
import ctypes
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
from course.toy import make_project, notebook, save
from tally import Tally

from klue_helpers.course.project import Project

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 600  # seconds for a command: far more than any takes, however busy the machine is
_DROP, _OVERRIDES = 24, (1, 2)  # PR_CAPBSET_DROP; CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, <linux/capability.h>
SOURCES = ("print('토큰')", "sum(range(10**6))", "import time\n\ntime.sleep(0.5)\nprint('끝')")
# Each makes a process that a busy machine must not call bad, or that must be told. (source, exit status of run)
HOSTILE = {
    "input": ("input('이름? ')", 1), "killed": ("import os\n\nos.kill(os.getpid(), 9)", 1),
    "exit": ("import os\n\nos._exit(0)", 1), "30 MB": ("print('가' * 10_000_000)", 0),
    "flood": ("for _ in range(4000):\n    print('가' * 3000, flush=True)", 0),
    "magic": ("%없는마법", 1), "interrupt": ("raise KeyboardInterrupt", 1), "SystemExit": ("raise SystemExit(3)", 1),
    "endless": ("while True:\n    pass", 1),
    "late": ("import time\n\nget_ipython().kernel.iopub_thread.io_loop.add_callback(time.sleep, 7)", 0),
}


@contextlib.contextmanager
def toy(*sources: str, folder: Path | None = None) -> Iterator[Project]:
    """Give a project of one executed lecture, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as name:
        project = make_project(Path(name), ("02_가.ipynb", notebook(2, *(sources or SOURCES))))
        os.chmod(name, 0o755)
        yield project


def start(project: Project, *words: str, **options: object) -> psutil.Popen:
    """Start a command in the project."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "KLUE_DEBUG": ""}
    return psutil.Popen([sys.executable, "-m", "klue_helpers", *words], cwd=project.root, stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
                        errors="replace", env=env | options.pop("env", {}), **options)


def finish(tally: Tally, process: psutil.Popen, statuses: Sequence[int], what: str) -> str:
    """Wait for a command and judge its end; return what it printed."""
    try:
        out, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        tally.fault("hung", what)
        process.kill()
        return process.communicate()[0]
    if "Traceback (most recent call last)" in out:
        tally.fault("traceback", f"{what} {out[-250:]}")
    elif process.returncode not in statuses:
        tally.fault("false alarm", f"{what} status {process.returncode}: {out[-250:]}")
    return out


def kill(command: str, tally: Tally, times: int, rng: random.Random) -> None:
    """End a command at a random moment by SIGKILL, SIGINT, SIGTERM and SIGHUP in turn; then it must simply succeed."""
    with toy() as project:
        finish(tally, start(project, "tidy"), [0], "first tidy")
        length = _length(project, command)
        for number in range(times):
            name = ("SIGKILL", "SIGINT", "SIGTERM", "SIGHUP")[number % 4]
            tally.tried += 1
            saved = (project.notebooks / "02_가.ipynb").read_bytes()
            process = start(project, command, "--force", preexec_fn=_hear_signals)
            time.sleep(rng.uniform(0, length))
            family = process.children(recursive=True) if process.is_running() else []
            with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended before
                process.send_signal(getattr(signal, name))
            _ended(tally, process, family, f"{command} {name}")
            if (project.notebooks / "02_가.ipynb").read_bytes() != saved:
                tally.fault("lost", f"{command} {name}: the notebook changed")
        finish(tally, start(project, command, "--force"), [0], f"{command} after the kills")
        if left := [path.name for path in (project.build / "stage").iterdir()]:
            tally.fault("lost", f"{command}: {left} stayed behind")


def _hear_signals() -> None:
    """A shell's background job ignores ctrl-c, and its children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _length(project: Project, command: str) -> float:
    """Return how many seconds the command takes undisturbed."""
    begin = time.monotonic()
    start(project, command, "--force").communicate(timeout=LIMIT)
    return time.monotonic() - begin


def _ended(tally: Tally, process: psutil.Popen, family: list[psutil.Process], what: str) -> None:
    out, _ = process.communicate(timeout=LIMIT)
    if "Traceback (most recent call last)" in out:
        tally.fault("traceback", f"{what} {out[-250:]}")
    _, alive = psutil.wait_procs(family, timeout=30)
    for one in alive:
        tally.fault("orphan", f"{what} {one.name()}")
        one.kill()


def together(tally: Tally, times: int, rng: random.Random) -> None:
    """Two commands at once: both must succeed, and nothing may stay behind."""
    with toy() as project:
        finish(tally, start(project, "tidy"), [0], "first tidy")
        pairs = [("run", "run"), ("check", "check"), ("tidy", "tidy"), ("run", "check"), ("tidy", "check")]
        for number in range(times):
            pair = pairs[number % len(pairs)]
            tally.tried += 1
            processes = [start(project, command, "--force") for command in pair]
            for process in processes:
                finish(tally, process, [0], " + ".join(pair))
        if left := [path.name for path in (project.build / "stage").iterdir()]:
            tally.fault("lost", f"{left} stayed behind")


def busy(tally: Tally, times: int, rng: random.Random) -> None:
    """Check a good notebook beside eight busy loops: it must pass each time."""
    with toy() as project:
        finish(tally, start(project, "tidy"), [0], "first tidy")
        loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
        try:
            for _ in range(times):
                tally.tried += 1
                finish(tally, start(project, "check", "--force"), [0], "check beside eight loops")
        finally:
            for loop in loops:
                loop.kill()


def hostile(tally: Tally, times: int, rng: random.Random) -> None:
    """Lectures that kill their kernel, flood it, wait for input or never end."""
    for name, (source, status) in HOSTILE.items():
        with toy(source) as project:
            for command, expected in (("run", status), ("check", 1)):  # never executed before, so the check complains
                tally.tried += 1
                limit = "20" if name == "endless" else "600"
                out = finish(tally, start(project, command, "--force", "--cell-limit", limit), [expected],
                             f"{command} of {name}")
                if command == "check" and status == 0 and "4 passed, 1 failed" not in out:
                    tally.fault("false alarm", f"check of {name}: {out[-250:]}")


def damaged(tally: Tally, times: int, rng: random.Random) -> None:
    """State files and book files cut, emptied or replaced: the next command tells it or goes on."""
    with toy() as project:
        finish(tally, start(project, "tidy"), [0], "first tidy")
        finish(tally, start(project, "check"), [0], "first check")
        files = [path for path in project.build.rglob("*.json")]
        for path in files:
            whole = path.read_bytes()
            for content in (b"", whole[:len(whole) // 2], b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 100_000):
                tally.tried += 1
                path.write_bytes(content)
                finish(tally, start(project, "check" if "check" in path.parts else "run"), [0], f"{path.name}")
        for path in (project.root / "_toc.yml", project.root / "_config.yml", project.notebooks / "02_가.ipynb"):
            whole = path.read_bytes()
            for content in (b"", whole[:len(whole) // 2], b"[]", b"\xff\xfe", b"[" * 100_000):
                tally.tried += 1
                path.write_bytes(content)
                finish(tally, start(project, *(("site",) if path.suffix == ".yml" else ("tidy", "--check"))), [0, 1, 2],
                       f"{path.name} {content[:10]!r}")
            path.write_bytes(whole)


def full_disk(tally: Tally, times: int, rng: random.Random) -> None:
    """A build folder on a disk with little room, where we may mount one (root)."""
    for size in ("8k", "40k", "120k", "300k"):
        with toy() as project:
            project.build.mkdir()
            if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", project.build]).returncode:
                tally.notes.append("not tried: this user may not mount a small disk")
                return
            try:
                for command in ("run", "check", "tidy", "site"):
                    tally.tried += 1
                    before = (project.notebooks / "02_가.ipynb").read_bytes()
                    out = finish(tally, start(project, command), [0, 1, 2], f"{command} on {size}")
                    if command != "tidy" and (project.notebooks / "02_가.ipynb").read_bytes() != before:
                        tally.fault("lost", f"{command} on {size}")
                    if not out.strip():
                        tally.fault("traceback", f"{command} on {size} said nothing")
            finally:
                subprocess.run(["umount", "-l", project.build], check=True)


def forbidden(tally: Tally, times: int, rng: random.Random) -> None:
    """Folders that may not be written, files that may not be read, and no home."""
    with toy() as project:
        secret = project.root / "비밀"
        save(project, "03_나.ipynb", notebook(3))
        for path, mode in ((project.root, 0o555), (project.notebooks / "03_나.ipynb", 0o000)):
            before = path.stat().st_mode
            path.chmod(mode)
            for words in (["run"], ["check"], ["tidy"], ["tidy", "--check"], ["site"],
                          ["data", "fetch", "korsts"], ["score", "ynat", str(secret), str(secret)]):
                tally.tried += 1
                process = start(project, *words, env={"HOME": "/nonexistent"}, preexec_fn=_heed_permissions)
                finish(tally, process, [1, 2], f"{' '.join(words)} mode {mode:o}")
            path.chmod(before & 0o777)


def _heed_permissions() -> None:
    """Give up root's right to pass over the permissions of files."""
    if os.getuid() == 0:
        for right in _OVERRIDES:
            ctypes.CDLL(None).prctl(_DROP, right)


def streams(tally: Tally, times: int, rng: random.Random) -> None:
    """Output that nobody takes: a pipe closed at once, a full device, closed streams."""
    with toy() as project:
        klue = f"{sys.executable} -m klue_helpers"
        for words in ("data list", "--help", "run --help", "data show nsmc"):
            for end in ("| head -1", "| true", ">/dev/full", ">&-", "2>&-", "<&-"):
                tally.tried += 1
                done = subprocess.run(["bash", "-c", f"{klue} {words} {end}"], cwd=project.root, timeout=LIMIT,
                                      env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, capture_output=True)
                if "Traceback" in done.stderr or "Exception ignored" in done.stderr:
                    tally.fault("traceback", f"{words} {end}: {done.stderr[-200:]}")


DRILLS = {
    "kill run": lambda *options: kill("run", *options), "kill check": lambda *options: kill("check", *options),
    "kill tidy": lambda *options: kill("tidy", *options), "two at once": together, "eight busy loops": busy,
    "hostile notebooks": hostile, "damaged state": damaged, "full disk": full_disk, "no permission": forbidden,
    "streams": streams,
}
