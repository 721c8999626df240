"""Child processes side by side (operations)."""

import sys

import psutil

from klue_helpers.course.processes import Job, run_jobs

ASK = [sys.executable, "-c", "import os; print(os.environ.get('OMP_NUM_THREADS'))"]


def threads_seen(tmp_path, *, count: int, workers: int, env: dict[str, str]) -> list[str]:
    logs = [tmp_path / f"{number}.log" for number in range(count)]
    jobs = [Job(name=log.name, command=ASK, cwd=tmp_path, log=log, steps=1, steps_done=lambda: 0, env=env)
            for log in logs]
    run_jobs(jobs, workers=workers, on_end=lambda end: None)
    return [log.read_text(encoding="utf-8").strip() for log in logs]


def test_jobs_side_by_side_share_the_cores(tmp_path):
    share = str(max(1, len(psutil.Process().cpu_affinity()) // 2)) if psutil.LINUX else None
    seen = threads_seen(tmp_path, count=3, workers=2, env={})
    assert len(set(seen)) == 1 and (share is None or seen[0] == share)


def test_one_job_alone_has_all_cores_and_the_user_s_word_counts(tmp_path):
    assert threads_seen(tmp_path, count=1, workers=2, env={}) == ["None"]
    assert threads_seen(tmp_path, count=2, workers=2, env={"OMP_NUM_THREADS": "5"}) == ["5", "5"]
