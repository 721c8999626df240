"""Child processes side by side, with progress, time and peak memory (operations, taught nowhere)."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from klue_helpers.course.stamps import PACKAGE

_PAUSE = 0.1  # seconds between two questions whether a child has ended, which cost nothing
_LOOK = 1.0  # seconds between two looks at how far it is and how much memory it takes, which cost milliseconds
# Set by users' shells; each changes what a notebook shows.
_UNWANTED = ("PYTHONHASHSEED", "MPLBACKEND", "KLUE_DATA_DIR", "PYTHONWARNINGS", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
_QUIET = {
    "PYTHONUTF8": "1",
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


@dataclass(frozen=True)
class Job:
    """A command to run, and how to tell how far it is.

    Attributes
    ----------
    name : shown beside the progress bar.
    steps : how many steps (cells) it takes.
    steps_done : returns how many are done; asked while the command runs.
    log : file that takes its standard output and error.
    """

    name: str
    command: Sequence[str]
    cwd: Path
    log: Path
    steps: int
    steps_done: Callable[[], int]
    env: dict[str, str]


@dataclass(frozen=True)
class Finished:
    """How a job ended: exit status, seconds on the wall clock, peak memory of its process tree in MB."""

    job: Job
    status: int
    seconds: float
    peak_mb: float


class _Running:
    """A started job."""

    def __init__(self, job: Job) -> None:
        self.job, self.peak_mb, self.done, self._start = job, 0.0, 0, time.perf_counter()
        self._next_look = self._start
        with job.log.open("wb") as log:
            self.process = psutil.Popen(job.command, cwd=job.cwd, env=job.env, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=subprocess.STDOUT)

    def look(self) -> Finished | None:
        """Take the measurements; return the end if the job has come to it."""
        now, status = time.perf_counter(), self.process.poll()
        if status is not None:
            return Finished(self.job, status, now - self._start, self.peak_mb)
        if now >= self._next_look:
            self._next_look = now + _LOOK
            self.peak_mb = max(self.peak_mb, _tree_mb(self.process))
            self.done = max(self.done, min(self.job.steps_done(), self.job.steps))
        return None

    def stop(self) -> None:
        """End the process and everything that it started."""
        family = _family(self.process)
        for process in family:
            _ignoring_gone(process.terminate)
        _, alive = psutil.wait_procs(family, timeout=3)
        for process in alive:
            _ignoring_gone(process.kill)
        psutil.wait_procs(alive, timeout=3)


def child_environment() -> dict[str, str]:
    """Return the environment in which notebooks run, the same for papermill and nbval."""
    env = {name: value for name, value in os.environ.items() if name not in _UNWANTED} | _QUIET
    above = str(PACKAGE.parent)
    if not above.endswith("-packages"):  # a checkout: children must import this very package
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [above, env.get("PYTHONPATH")]))
    return env


def _with_a_share(job: Job, workers: int) -> Job:
    """Give a job its share of the cores, unless the user has set a number of threads.

    Two networks that train with all the cores each wait for each other at every step: several times slower.
    """
    if workers < 2 or "OMP_NUM_THREADS" in job.env:
        return job
    threads = max(1, len(psutil.Process().cpu_affinity() if psutil.LINUX else range(psutil.cpu_count())) // workers)
    return replace(job, env={**job.env, "OMP_NUM_THREADS": str(threads)})


def run_jobs(jobs: Sequence[Job], *, workers: int, on_end: Callable[[Finished], None]) -> None:
    """Run the jobs, so many at a time, calling `on_end` in the order in which they end.

    Those with the most steps start first, so that at the end no worker waits long for the others. Whatever stops this
    function early (Ctrl-C, an error) ends the children too.
    """
    from tqdm import tqdm

    longest_first = sorted(jobs, key=lambda job: -job.steps)
    waiting, running = [_with_a_share(job, min(workers, len(jobs))) for job in longest_first], []
    with tqdm(total=sum(job.steps for job in jobs), unit="셀", disable=None, leave=False) as bar:
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    running.append(_Running(waiting.pop(0)))
                    bar.set_description(" · ".join(one.job.name for one in running))
                time.sleep(_PAUSE)
                running = _look_at(running, bar, on_end)
        finally:
            for one in running:
                one.stop()


def _look_at(running: list[_Running], bar, on_end: Callable[[Finished], None]) -> list[_Running]:
    """Look at every running job, move the bar, hand over those that ended; return the others."""
    left = []
    for one in running:
        before, end = one.done, one.look()
        if end is None:
            bar.update(one.done - before)
            left.append(one)
        else:
            bar.update(one.job.steps - before)
            on_end(end)
    return left


def _family(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return []


def _tree_mb(process: psutil.Popen) -> float:
    """Return the resident memory of the process and its descendants in MB; pages they share count for each."""
    total = 0
    for one in _family(process):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue  # ended between the two looks
    return total / 1e6


def _ignoring_gone(action: Callable[[], None]) -> None:
    try:
        action()
    except psutil.NoSuchProcess:
        return
