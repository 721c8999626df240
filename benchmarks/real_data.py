"""Scores of a fine-tuned encoder on published data, for the page of results: `finetune` itself, a file a task.

    python benchmarks/real_data.py DATA [task ...] [--model NAME|FOLDER] [--set precision=bf16]

DATA is the folder of published files. Every task is trained as its `Plan` says and writes ``results/TASK-MODEL.json``;
one that stands there already with the same weights and settings is left alone, a training that was stopped goes on
from ``--work``. Then ``book/results.md`` is made anew.

What is reported on is never trained, stopped or chosen on: the published test or validation rows; where the
published test file is not at hand, a fixed part of the training rows; and of KLUE, whose training files are not at
hand, the validation rows by cross-fitting, each predicted by a model trained on the other folds. Epochs are chosen by
a tenth of the training rows.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import results_page
import torch

from klue_helpers.data import load_data
from klue_helpers.models.load import model_folder
from klue_helpers.options import parse_override
from klue_helpers.pretraining.recipe import pair_test_rows
from klue_helpers.runtime import silence
from klue_helpers.training import finetune
from klue_helpers.training.results import write_json
from klue_helpers.training.run import settings_of
from klue_helpers.training.saved import task_options

ROOT = Path(__file__).parent.parent
KEPT = ("counts", "data_sha256", "hardware", "options", "scores", "baseline", "seconds", "settings", "task", "versions")


@dataclass(frozen=True)
class Plan:
    """How a task is measured.

    Attributes
    ----------
    rows : what is reported on, a key of `results_page.ROWS`.
    split : the published split that these rows come from.
    settings : what differs from the task's recipe for the mini models.
    apart : writes ``train.jsonl`` and ``test.jsonl`` where the published split is to be parted in a way of its own;
        returns how many rows it left out.
    """

    rows: str
    split: str
    settings: dict[str, Any] = field(default_factory=dict)
    apart: Callable[[Path, Path], int] | None = None


def part_pairs(data_dir: Path, folder: Path) -> int:
    """Part the question pairs: to the test go those whose text the mini models never saw, to the training the others.

    Left out, and counted, are pairs of the training that the test has the other way round.
    """
    rows = load_data("question_pair", "local", data_dir=data_dir, splits=["train"])["train"].to_list()
    test = set(pair_test_rows(len(rows)).tolist())
    asked = {(row["question2"], row["question1"]) for number, row in enumerate(rows) if number in test}
    train = [row for number, row in enumerate(rows) if number not in test]
    kept = [row for row in train if (row["question1"], row["question2"]) not in asked]
    write_rows(folder / "train.jsonl", kept)
    write_rows(folder / "test.jsonl", [rows[number] for number in sorted(test)])
    return len(train) - len(kept)


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


LARGE = {"epochs": 3, "batch_size": 64, "rounds": 1000}  # tens of thousands of rows
MIDDLE = {"epochs": 6, "batch_size": 32, "seeds": 3, "rounds": 1000}  # thousands
SINGLE = {**MIDDLE, "seeds": 1}
CROSSED = {"epochs": 8, "batch_size": 16, "folds": 5, "rounds": 1000}
PLANS: dict[str, Plan] = {
    "nsmc": Plan("test", "test", LARGE),
    "intent": Plan("fifth", "train", LARGE),
    "paraphrase": Plan("pairs", "test", MIDDLE, part_pairs),
    "korsts": Plan("validation", "validation", SINGLE),
    "hate": Plan("validation", "validation", MIDDLE),
    "bias": Plan("validation", "validation", SINGLE),
    "sarcasm": Plan("fifth", "train", SINGLE),
    "nli": Plan("folds", "validation", CROSSED),
    "sts": Plan("folds", "validation", {**CROSSED, "folds": 10}),
    "ner": Plan("folds", "validation", {**CROSSED, "epochs": 4}),
    "dp": Plan("folds", "validation", {**CROSSED, "epochs": 20, "batch_size": 8}),
}


def sha256(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def model_facts(name: str) -> dict[str, Any]:
    """Return name, version and sha256 of the weights of an encoder; a name of the hub has a name only."""
    folder = model_folder(name)
    if folder is None:
        return {"name": name, "version": None, "sha256": None}
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    version = re.search(r"^\| 판 \| (\S+) \|$", text, re.MULTILINE)
    return {"name": Path(name).name, "version": version.group(1) if version else None,
            "sha256": sha256(folder / "model.safetensors")}


def measure(task: str, options: argparse.Namespace) -> None:
    """Train and score one task, unless that was done with the same weights and settings."""
    plan, model = PLANS[task], model_facts(options.model)
    wanted = plan.settings | options.overrides
    able, settings = settings_of(task, wanted, "cpu")
    asked = {"settings": asdict(settings), "options": task_options(able)}
    path = options.results / f"{task}-{model['name'].replace('/', '-')}.json"
    if path.exists() and not options.again:
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["model"]["sha256"] == model["sha256"] and {name: before[name] for name in asked} == asked:
            print(f"{path.name}: measured before")
            return
    digest = hashlib.sha256(json.dumps([model["sha256"], asked], sort_keys=True).encode()).hexdigest()[:12]
    work = options.work / f"{path.stem}-{digest}"
    dropped = plan.apart(options.data_dir, work / "rows") if plan.apart else 0
    done = finetune(task, encoder=options.model, source=str(work / "rows") if plan.apart else "local",
                    split=plan.split, data_dir=str(options.data_dir), output=work / "training",
                    say=lambda line: print(f"{task}: {line}", flush=True), **wanted)
    found = {name: done.results[name] for name in KEPT} | {"rows": plan.rows, "split": plan.split, "model": model}
    found["counts"]["dropped"] = {"reversed": dropped, **found["counts"]["dropped"]} if dropped else (
        found["counts"]["dropped"])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, found)
    print(f"{path.name}: {json.dumps(found['scores']['official'], ensure_ascii=False)}", flush=True)


def main() -> None:
    """Measure the tasks asked for, one after the other, and make the page anew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("tasks", nargs="*", metavar="task", help=", ".join(PLANS))
    parser.add_argument("--model", default="klue-mini-bert", help="name or folder of an encoder")
    parser.add_argument("--results", type=Path, default=results_page.RESULTS, help="folder for the results")
    parser.add_argument("--work", type=Path, default=ROOT / "_build" / "real_data", help="folder for the trainings")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="NAME=VALUE",
                        help="a setting of the training, for all tasks")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="also what was measured before")
    options = parser.parse_args()
    options.overrides = dict(map(parse_override, options.overrides))
    if unknown := set(options.tasks) - PLANS.keys():
        parser.error(f"unknown task {', '.join(sorted(unknown))}; one of {', '.join(PLANS)}")
    silence()
    torch.set_num_threads(options.threads)
    for task in options.tasks or PLANS:
        measure(task, options)
    if options.results == results_page.RESULTS:
        results_page.main()


if __name__ == "__main__":
    main()
