"""What is run against the stand-in, in processes of its own: `klue run` and `klue train` with ``--profile gpu``."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT

from standin.hub import Standin

DEVICE = Path(__file__).parent / "device"  # on PYTHONPATH, its sitecustomize.py installs the make-believe device
# Tens of rows and of steps: enough to go through every cell. What else is left out is the gpu profile's own.
CAPS: dict[int, dict[str, object]] = {
    1: {"vector_epochs": 5, "lm_steps": 50, "number_steps": 50, "hidden_size": 16, "seeds": 1},
    2: {"max_texts": 300, "speed_texts": 5, "vocab_size": 3_000},
    3: {"max_sentences": 100, "max_questions": 100},
    4: {"max_texts": 300, "vocab_size": 1_000, "hidden_size": 32, "layers": 1, "steps": 10, "batch_tokens": 1_024,
        "max_train": 50, "max_test": 50, "epochs": 1},
    5: {"max_train": 100, "max_test": 100, "epochs": 1, "table_epochs": 1, "parser_epochs": 1},
    6: {"max_train": 50, "max_test": 50, "max_questions": 1_000, "epochs": 1},
    7: {"max_train": 50, "max_test": 50, "epochs": 1, "pos_epochs": 1, "reading_steps": 2, "max_questions": 60,
        "reading_epochs": 1, "max_length": 128},
    8: {"max_texts": 300, "vocab_size": 1_000, "hidden_size": 32, "layers": 1, "steps": 10, "batch_tokens": 512,
        "max_train": 50, "max_test": 50, "epochs": 1},
    9: {"max_queries": 10, "max_train": 50, "max_test": 20, "shots": 4, "prompt_seeds": 2},
    10: {"masked_texts": 16, "masked_epochs": 1, "t5_steps": 10, "steered_texts": 1, "steered_pieces": 4,
         "vqa_steps": 10, "vqvae_steps": 10, "image_steps": 10, "dpo_steps": 2},
}
# The gpu profile's own caps, but for what is trained from scratch, which would take a CPU hours.
WHOLE: dict[int, dict[str, object]] = {
    4: {"hidden_size": 128, "layers": 2, "steps": 240, "batch_tokens": 2_048},
    8: {"hidden_size": 64, "layers": 2, "steps": 100, "batch_tokens": 1_024},
    10: {"t5_steps": 200, "vqa_steps": 500, "vqvae_steps": 400, "image_steps": 300},
}


@dataclass(frozen=True)
class Run:
    """A command of `klue` by name."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class End:
    """How a run ended: exit status, what it wrote, seconds on the wall clock, CPU seconds of it and its children."""

    status: int
    output: str
    seconds: float
    cpu: float


def lecture_run(number: int, *, small: bool, more: Sequence[str] = ()) -> Run:
    """Return the run of a lecture in the gpu profile; `small` with `CAPS`, else `WHOLE`; `more` as KEY=VALUE."""
    caps = CAPS[number] if small else WHOLE.get(number, {})
    settings = [f"{name}={value}" for name, value in caps.items()]
    return Run(f"lecture {number}", ("run", str(number), "--profile", "gpu", "--force", *_set([*settings, *more])))


def task_run(task: str, encoder: str = "klue/bert-base", more: Sequence[str] = ()) -> Run:
    """Return the training of a task in the gpu profile on a few rows."""
    settings = ["max_train=48", "max_test=20", "epochs=1", *more]
    return Run(f"{task} {encoder}", ("train", task, "--profile", "gpu", "--source", "hub", "--encoder", encoder,
                                     "--output", f"_build/train/{task}", *_set(settings)))


def run(asked: Run, standin: Standin, environment: dict[str, str], *, cuda: bool = False) -> End:
    """Run a command in a project of its own beside the stand-in."""
    project = _project(standin.root / "project")
    before, start = os.times(), time.monotonic()
    done = subprocess.run([sys.executable, "-m", "klue_helpers", *asked.words], cwd=project, text=True,
                          env=_environment(environment, cuda=cuda), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace")
    after = os.times()
    cpu = sum(getattr(after, name) - getattr(before, name) for name in ("children_user", "children_system"))
    return End(done.returncode, done.stdout, time.monotonic() - start, cpu)


def run_all(runs: Sequence[Run], standin: Standin, environment: dict[str, str], *, cuda: bool = False) -> bool:
    """Run one after the other and say how each ended. Return whether all went well."""
    ends = []
    for asked in runs:
        ends.append(run(asked, standin, environment, cuda=cuda))
        print(f"{'ok' if ends[-1].status == 0 else 'FAILED':<6} {ends[-1].cpu:6.0f} CPU s  {asked.name}", flush=True)
        if ends[-1].status:
            print(ends[-1].output, flush=True)
    print(f"{sum(end.status == 0 for end in ends)} of {len(ends)} ran to the end")
    return all(end.status == 0 for end in ends)


def _set(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def _project(folder: Path) -> Path:
    """Return a folder that `klue run` takes for a project, with the checkout's notebooks."""
    if not folder.is_dir():
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
        for name in ("_toc.yml", "_config.yml", "constraints.txt"):
            shutil.copy(ROOT / name, folder / name)
    return folder


def _environment(own: dict[str, str], *, cuda: bool) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "KLUE_DEVICE")}
    path = os.pathsep.join(filter(None, [own["PYTHONPATH"], str(DEVICE) if cuda else ""]))
    return {**inherited, **own, "PYTHONPATH": path, **({"MAKE_BELIEVE_CUDA": "1"} if cuda else {})}
