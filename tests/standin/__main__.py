"""``PYTHONPATH=tests python -m standin [LECTURE | TASK …]``: the gpu profile against the stand-in.

Without a name, all lectures and all tasks; only what is trained from scratch is smaller. With ``--cuda`` on the
make-believe CUDA device. With ``--small`` capped at tens of rows, as `make test` runs them. The exit status is 1 when
anything failed; the outputs stay in ``--work``.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from klue_helpers.configure import LECTURES
from klue_helpers.tasks import TASKS
from standin.hub import build, served
from standin.runs import CAPS, Run, lecture_run, run_all, task_run


def main() -> int:
    """Build the stand-in, run what is asked for, print a table."""
    parser = argparse.ArgumentParser(prog="standin", description=__doc__)
    parser.add_argument("names", nargs="*", help="numbers of lectures, names of tasks")
    parser.add_argument("--cuda", action="store_true", help="on the make-believe CUDA device")
    parser.add_argument("--small", action="store_true", help="with caps of tens of rows")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="more settings for lectures")
    parser.add_argument("--encoder", help="another encoder than the profile's (lectures) and klue/bert-base (tasks)")
    parser.add_argument("--work", type=Path, help="an empty folder to work in")
    asked = parser.parse_args()
    published = os.environ.get("KLUE_DATA_DIR") if not asked.small else None
    with tempfile.TemporaryDirectory() as scratch:
        standin = build(asked.work or Path(scratch), published=Path(published) if published else None)
        with served(standin) as environment:
            runs = [_run(name, asked) for name in asked.names or [*map(str, CAPS), *TASKS]]
            return int(not run_all(runs, standin, environment, cuda=asked.cuda))


def _run(name: str, asked: argparse.Namespace) -> Run:
    if name in TASKS:
        return task_run(name, asked.encoder or "klue/bert-base")
    kind = LECTURES[int(name)]
    chosen = [f"encoder={asked.encoder}"] if asked.encoder and hasattr(kind, "encoder") else []
    return lecture_run(int(name), small=asked.small, more=[*asked.set, *chosen])


if __name__ == "__main__":
    sys.exit(main())
