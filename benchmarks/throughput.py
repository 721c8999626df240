"""How much faster fine-tuning is with batches of like length padded to the longest than with all padded to 128 tokens.

    python benchmarks/throughput.py DATA [--train 4000] [--repeats 2]

NSMC by `finetune`, the same reviews, seeds, epochs and Trainer both ways (settings ``padding=dynamic`` and
``padding=max_length``), by turns in one run. Timed are the trainings alone, without loading, encoding and evaluation;
seconds of the processor are the ones to compare where other work shares the machine. Every test review that only one
of the two gets right counts in the difference of their accuracies. Writes ``throughput.json``.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from mini_bert import paired

from klue_helpers.runtime import silence
from klue_helpers.training import FineTuned, finetune, loop
from klue_helpers.training.results import write_json
from klue_helpers.training.settings import PADDINGS, finetune_settings

LENGTH = 128  # tokens that all are padded to the one way, and the most there can be the other way


@contextmanager
def timed_trainings() -> Iterator[list[dict[str, float]]]:
    """Give a list that gets seconds and processor seconds of every training, evaluations taken off."""
    class TimedTrainer(loop.JudgingTrainer):
        def train(self, *words: Any, **named: Any) -> Any:
            self.judged = np.zeros(2)
            began = clocks()
            done = super().train(*words, **named)
            seconds, cpu = clocks() - began - self.judged
            times.append({"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2)})
            return done

        def evaluate(self, *words: Any, **named: Any) -> dict[str, float]:
            began = clocks()
            scores = super().evaluate(*words, **named)
            self.judged += clocks() - began
            return scores

    times: list[dict[str, float]] = []
    with mock.patch.object(loop, "JudgingTrainer", TimedTrainer):
        yield times


def clocks() -> np.ndarray:
    """Return the time and the processor time of now."""
    return np.array([time.perf_counter(), time.process_time()])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Train both ways by turns; return a row a training, the rows together, and the environment."""
    runs, right = [], {padding: [] for padding in PADDINGS}
    with timed_trainings() as times:
        for repeat in range(options.repeats):
            for padding in PADDINGS if repeat % 2 == 0 else PADDINGS[::-1]:
                done, rights = train(options, padding=padding, seed=42 + repeat)
                right[padding] += rights
                accuracy = done.scores["official"]["accuracy"]
                (examples,) = done.results["counts"]["train"]
                runs.append({"padding": padding, "seed": 42 + repeat, "examples": examples * options.epochs,
                             **times[-1], "accuracy": round(accuracy["mean"], 2),
                             "interval": [round(accuracy[end], 2) for end in ("low", "high")]})
                print(runs[-1], flush=True)
    both = {padding: together([run for run in runs if run["padding"] == padding]) for padding in PADDINGS}
    same = asdict(finetune_settings(done.trained.task, settings(options)))
    return {"runs": runs, "together": both, "test": done.results["counts"]["test"],
            "ratio": {unit: round(both["dynamic"][unit] / both["max_length"][unit], 2) for unit in SPEEDS},
            "accuracy": paired(*(np.array(right[padding]) for padding in PADDINGS)),
            "settings": {name: same[name] for name in same if name not in ("padding", "seed")},
            **{name: done.results[name] for name in ("versions", "hardware")}}


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return what both ways have in common."""
    return {"max_train": options.train, "max_test": options.test, "epochs": options.epochs, "batch_size": 32,
            "learning_rate": 3e-4, "max_length": LENGTH, "precision": options.precision}


def train(options: argparse.Namespace, **more: Any) -> tuple[FineTuned, list[bool]]:
    """Fine-tune once; return that and of every reported review whether it was taken for what it is."""
    with tempfile.TemporaryDirectory() as folder:
        done = finetune("nsmc", encoder=options.model, source=options.source, data_dir=options.data_dir, output=folder,
                        say=lambda _: None, **settings(options), **more)
        gold = (Path(folder) / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    return done, [one["label"] == json.loads(line)["label"] for one, line in zip(done.predictions, gold, strict=True)]


SPEEDS = {"examples_per_second": "seconds", "examples_per_cpu_second": "cpu_seconds"}


def together(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Return the speed of some trainings together and their mean accuracy."""
    examples = sum(run["examples"] for run in runs)
    return {**{unit: round(examples / sum(run[clock] for run in runs), 1) for unit, clock in SPEEDS.items()},
            "accuracy": round(sum(run["accuracy"] for run in runs) / len(runs), 2)}


def main() -> None:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", nargs="?", help="folder of published files; without it the sample")
    parser.add_argument("--model", default="klue-mini-bert", help="name or folder of an encoder")
    parser.add_argument("--train", type=int, default=4_000)
    parser.add_argument("--test", type=int, default=2_000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("throughput.json"))
    options = parser.parse_args()
    options.source = "local" if options.data_dir else "sample"
    silence()
    torch.set_num_threads(options.threads)
    found = measure(options)
    write_json(options.output, found)
    print({name: found[name] for name in ("together", "ratio", "accuracy")})


if __name__ == "__main__":
    main()
