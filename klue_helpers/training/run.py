"""`finetune`: every task from rows to a model, its predictions and its scores (taught in lecture 5)."""

import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import accelerate
import torch

from klue_helpers.errors import KlueError
from klue_helpers.tasks import Task, load_task, with_options
from klue_helpers.tasks.base import Prediction, Row
from klue_helpers.training.loop import train_once
from klue_helpers.training.predict import Predicted, process
from klue_helpers.training.results import (
    Summary,
    defined,
    environment,
    markdown,
    scores_of,
    summary,
    write_json,
    write_lines,
)
from klue_helpers.training.rows import Parts, check_rows, data_hash, reported_split, training_parts
from klue_helpers.training.saved import TaskModel, load_model, task_options
from klue_helpers.training.settings import FinetuneSettings, finetune_settings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Say = Callable[[str], None]
RUN = "run.json"  # of one training; the last file to be written


class Evaluated(NamedTuple):
    """Predictions, scores with intervals, and the scores of the best guess that looks at no text."""

    predicted: Predicted
    scores: Summary
    baseline: dict[str, dict[str, float]]


@dataclass(frozen=True)
class FineTuned:
    """What fine-tuning gave. A notebook shows it as a table of scores.

    Attributes
    ----------
    trained : the model that did best on the held-out rows, with task and tokenizer.
    scores : as from `summary`: official and corrected, each by name with mean, interval and seeds.
    baseline : the scores of the best guess that looks at no text.
    predictions : of that model's seed, one a reported row.
    history : its training, one row an evaluation: step, epoch, loss, held_out_loss, held_out (score).
    results : all that ``results.json`` holds.
    """

    trained: TaskModel
    scores: Summary
    baseline: dict[str, dict[str, float]]
    predictions: list[Prediction]
    history: list[dict[str, float]]
    results: dict[str, Any]

    @property
    def model(self) -> torch.nn.Module:
        """The network, in evaluation mode."""
        return self.trained.model

    @property
    def tokenizer(self) -> "PreTrainedTokenizerBase":
        """The tokenizer that goes with it."""
        return self.trained.tokenizer

    def predict(self, rows: Sequence[Row]) -> Predicted:
        """Return the predictions of rows without labels."""
        return self.trained.predict(check_rows(self.trained.task, rows, "predict", labelled=False))

    def _repr_markdown_(self) -> str:
        return markdown(self.scores, self.baseline)


def finetune(task: str | Task, *, encoder: str = "klue-mini-bert", source: str = "sample", split: str | None = None,
             data_dir: str | None = None, output: str | Path | None = None, profile: str = "cpu",
             say: Say = print, **overrides: Any) -> FineTuned:
    """Fine-tune an encoder for a task and score it on rows that it was neither trained nor stopped on.

    Taught in lecture 5.

    Parameters
    ----------
    task : name of a task, or one from `load_task`.
    encoder : as for `load_encoder`: shipped, on the hub, or a folder.
    source, data_dir : as for `load_data`; or a folder with ``train.jsonl`` and ``validation.jsonl`` or ``test.jsonl``.
    split : the one to report on. By default the last of the source's; ``"train"``, or a source without another: a
        fifth of the training rows, which are then not trained on. With ``folds``: the one to part into folds, each
        predicted by a model trained on the others.
    output : folder for the model, the predictions and ``results.json``; a stopped run there goes on. Without it
        nothing is kept.
    profile : ``"gpu"`` takes the recipe for published models.
    say : gets the progress, a line at a time.
    **overrides : single settings of `FinetuneSettings` or options of the task.

    Returns
    -------
    FineTuned. Under `torchrun` every process gets it, and the first one writes and speaks.

    Raises
    ------
    KlueError : whatever a user can mend: names, settings, files, rows, an output folder of another run.
    """
    task, settings = settings_of(task, overrides, profile)
    if output is None and process()[1] > 1:
        raise KlueError("torchrun으로 여러 프로세스에서 학습하려면 결과를 둘 폴더(output)를 정해야 합니다.")
    split = reported_split(task, source, split)
    rows, parts = training_parts(task, source, settings, split=split, data_dir=data_dir)
    facts = {"task": task.name, "options": task_options(task), "encoder": encoder, "source": source, "split": split,
             "settings": asdict(settings), "data_sha256": data_hash([*rows, *parts[0].train, *parts[0].held_out])}
    with tempfile.TemporaryDirectory() as scratch:
        job = Job(task, encoder, settings, Path(output or scratch), say if process()[0] == 0 else _quiet)
        job.start(facts)
        for seed in job.seeds:
            for fold, part in enumerate(parts, start=1):
                job.run(part, seed, fold)
        return job.finish(facts, rows, parts)


def evaluate(model: TaskModel, rows: Sequence[Row], *, rounds: int = 500) -> Evaluated:
    """Score a saved model on checked rows. Taught in lecture 5."""
    found = model.predict(rows)
    gold = [model.task.gold(row) for row in rows]
    baseline = defined(scores_of(model.task, gold, model.task.trivial(rows, rows)))
    return Evaluated(found, summary(model.task, gold, [found.predictions], rounds=rounds), baseline)


def settings_of(task: str | Task, overrides: dict[str, Any], profile: str) -> tuple[Task, FinetuneSettings]:
    """Part single settings into the task's options and those of training, both checked."""
    if isinstance(task, str):
        task = with_options(load_task(task), load_task(task).recipe(profile).options)
    own = {name: overrides[name] for name in overrides if name in task_options(task)}
    others = {name: value for name, value in overrides.items() if name not in own}
    return with_options(task, own), finetune_settings(task, others, profile=profile)


@dataclass(frozen=True)
class Job:
    """Trainings of one task, a folder each below `output`: ``seed-42`` and, with folds, ``seed-42/fold-1``."""

    task: Task
    encoder: str
    settings: FinetuneSettings
    output: Path
    say: Say

    @property
    def seeds(self) -> range:
        """The seeds in order."""
        return range(self.settings.seed, self.settings.seed + self.settings.seeds)

    def folder(self, seed: int, fold: int) -> Path:
        """Return the folder of one training."""
        folder = self.output / f"seed-{seed}"
        return folder / f"fold-{fold}" if self.settings.folds > 1 else folder

    def start(self, facts: dict[str, Any]) -> None:
        """Write what is to be done into the folder; check that a run to go on with is the same."""
        if process()[1] > 1:
            accelerate.PartialState(cpu=not torch.cuda.is_available())  # joins the processes of torchrun
        path = self.output / "settings.json"
        if process()[0] == 0 and not path.exists():
            self.output.mkdir(parents=True, exist_ok=True)
            write_json(path, facts)
        _wait()
        before = json.loads(path.read_text(encoding="utf-8"))
        differing = [name for name in facts if facts[name] != before.get(name)]
        if differing:
            raise KlueError(f"{self.output}에는 다르게 시작한 학습이 있습니다: {', '.join(differing)}. 이어서 하려면 "
                            "같게 하고, 새로 시작하려면 다른 --output을 쓰세요.")

    def run(self, parts: Parts, seed: int, fold: int) -> None:
        """Train and predict once, unless an earlier start did."""
        folder = self.folder(seed, fold)
        if (folder / RUN).exists():
            return
        began = time.monotonic()
        title = f"시드 {seed}" + (f", {fold}/{self.settings.folds}겹" if self.settings.folds > 1 else "")
        trained = train_once(self.task, self.encoder, parts, self.settings, folder, seed=seed, say=self.say,
                             title=title)
        tokenizer, model = trained.encoder
        able = TaskModel(self.task, tokenizer, model, self.encoder, trained.max_length)
        predicted = able.predict(parts.test)
        if process()[0] == 0:
            able.save(folder / "model")
            for checkpoint in folder.glob("checkpoint-*"):
                shutil.rmtree(checkpoint)
            write_json(folder / RUN, {
                "predictions": predicted.predictions, "cut": {"train": trained.cut, "test": predicted.cut},
                "best": trained.best, "history": trained.history, "seconds": round(time.monotonic() - began, 1)})
        _wait()

    def finish(self, facts: dict[str, Any], rows: Sequence[Row], parts: Sequence[Parts]) -> FineTuned:
        """Bring the trainings together: scores, predictions, the best model."""
        runs = {(seed, fold): json.loads((self.folder(seed, fold) / RUN).read_text(encoding="utf-8"))
                for seed in self.seeds for fold in range(1, len(parts) + 1)}
        predictions = {seed: _in_order([runs[seed, fold]["predictions"] for fold in range(1, len(parts) + 1)], parts)
                       for seed in self.seeds}
        gold = [self.task.gold(row) for row in rows]
        trivial = _in_order([self.task.trivial([*part.train, *part.held_out], part.test) for part in parts], parts)
        table = summary(self.task, gold, list(predictions.values()), rounds=self.settings.rounds)
        baseline = defined(scores_of(self.task, gold, trivial))
        best = max(runs, key=lambda key: runs[key]["best"])
        results = {**facts, "scores": table, "baseline": baseline, "best": f"seed-{best[0]}",
                   "counts": counts(parts, runs.values()), **environment(),
                   "seconds": sum(run["seconds"] for run in runs.values())}
        if process()[0] == 0:
            self._write(results, gold, predictions, best)
        _wait()
        return FineTuned(load_model(self.output), table, baseline, predictions[best[0]], runs[best]["history"], results)

    def _write(self, results: dict[str, Any], gold: list[Prediction], predictions: dict[int, list[Prediction]],
               best: tuple[int, int]) -> None:
        kept = self.folder(*best) / "model"
        if kept.is_dir():
            shutil.copytree(kept, self.output / "model", dirs_exist_ok=True)
        write_lines(self.output / "gold.jsonl", gold)
        for seed, several in predictions.items():
            write_lines(self.output / f"predictions-{seed}.jsonl", several)
        write_json(self.output / "results.json", results)
        for model in self.output.glob("seed-*/**/model"):
            shutil.rmtree(model)


def counts(parts: Sequence[Parts], runs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return how many rows there were for what, how many were dropped and why, and how many were cut."""
    runs = list(runs)
    return {"train": [len(part.train) for part in parts], "held_out": [len(part.held_out) for part in parts],
            "test": sum(len(part.test) for part in parts),
            "dropped": dict(sum((part.dropped for part in parts), Counter())),
            "cut": {kind: max(run["cut"][kind] for run in runs) for kind in ("train", "test")}}


def _in_order(several: Sequence[list[Prediction]], parts: Sequence[Parts]) -> list[Prediction]:
    """Put the predictions of all folds back into the order of the rows."""
    placed = {place: one for part, predictions in zip(parts, several, strict=True)
              for place, one in zip(part.places, predictions, strict=True)}
    return [placed[place] for place in range(len(placed))]


def _wait() -> None:
    """Wait until all processes have come this far."""
    if process()[1] > 1:
        torch.distributed.barrier()


def _quiet(line: str) -> None:
    """Say nothing."""
