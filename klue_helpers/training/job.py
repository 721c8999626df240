"""`Job`: the trainings of one `finetune`, a folder each, that go on after a kill or a damaged file (lecture 5)."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klue_helpers.errors import KlueError
from klue_helpers.files import claim_folder, lock_folder
from klue_helpers.tasks import Task
from klue_helpers.tasks.base import Prediction, Row
from klue_helpers.tasks.forms import Wrong
from klue_helpers.training.loop import train_once
from klue_helpers.training.processes import process, wait
from klue_helpers.training.results import defined, environment, scores_of, summary, write_json, write_lines
from klue_helpers.training.rows import Parts
from klue_helpers.training.saved import TaskModel, load_model
from klue_helpers.training.settings import FinetuneSettings
from klue_helpers.training.state import copy_aside, read_object, set_aside, telling

Say = Callable[[str], None]
SETTINGS = "settings.json"  # of the whole job; the first file to be written
RUN = "run.json"  # of one training; its last file to be written
MODEL = "model"


@dataclass(frozen=True)
class Job:
    """Trainings of one task, a folder each below `output`: ``seed-42`` and, with folds, ``seed-42/fold-1``."""

    task: Task
    encoder: str
    settings: FinetuneSettings
    output: Path
    parts: Sequence[Parts]
    say: Say

    @property
    def seeds(self) -> range:
        """The seeds in order."""
        return range(self.settings.seed, self.settings.seed + self.settings.seeds)

    @property
    def trainings(self) -> list[tuple[int, int]]:
        """Seed and fold, from 1, of every training."""
        return [(seed, fold) for seed in self.seeds for fold in range(1, len(self.parts) + 1)]

    def folder(self, seed: int, fold: int) -> Path:
        """Return the folder of one training."""
        folder = self.output / f"seed-{seed}"
        return folder / f"fold-{fold}" if self.settings.folds > 1 else folder

    @contextmanager
    def start(self, facts: dict[str, Any]) -> Iterator[None]:
        """Keep the folder for this job until the block ends, with what is damaged in it set aside.

        Raises
        ------
        KlueError : a folder with something else in it, in use, of a job with other facts, or that cannot be written.
        """
        with ExitStack() as stack, telling(self.output):
            if process()[0] == 0:
                claim_folder(self.output, SETTINGS)
                stack.enter_context(lock_folder(self.output))
                self._begin(facts)
            wait()
            before = read_object(self.output / SETTINGS) or {}
            if differing := [name for name in facts if facts[name] != before.get(name)]:
                raise KlueError(f"{self.output}에는 다르게 시작한 학습이 있습니다: {', '.join(differing)}. 이어서 "
                                "하려면 같게 하고, 새로 시작하려면 다른 --output을 쓰세요.")
            if process()[0] == 0:
                self._set_damaged_aside()
            wait()
            yield

    def run_all(self) -> None:
        """Train and predict what no earlier start did."""
        for seed, fold in self.trainings:
            if not (self.folder(seed, fold) / RUN).exists():
                self._run(seed, fold)

    def finish(self, facts: dict[str, Any], rows: Sequence[Row]) -> tuple[Any, ...]:
        """Bring the trainings together, as `FineTuned` holds it: best model, scores, predictions, history, results."""
        runs = {key: self._record(*key) for key in self.trainings}
        folds = range(1, len(self.parts) + 1)
        predictions = {seed: _in_order([runs[seed, fold]["predictions"] for fold in folds], self.parts)
                       for seed in self.seeds}
        gold = [self.task.gold(row) for row in rows]
        trivial = _in_order([self.task.trivial([*part.train, *part.held_out], part.test) for part in self.parts],
                            self.parts)
        table = summary(self.task, gold, list(predictions.values()), rounds=self.settings.rounds)
        baseline = defined(scores_of(self.task, gold, trivial))
        best = _best(runs)
        results = {**facts, "scores": table, "baseline": baseline, "best": f"seed-{best[0]}",
                   "counts": counts(self.parts, runs.values()), **environment(),
                   "seconds": sum(run["seconds"] for run in runs.values())}
        if process()[0] == 0:
            self._write(results, gold, predictions, best)
        wait()
        return load_model(self.output), table, baseline, predictions[best[0]], runs[best]["history"], results

    def _begin(self, facts: dict[str, Any]) -> None:
        """Write what is to be done. Where that cannot be read any more, nothing done before can be trusted."""
        path = self.output / SETTINGS
        damaged = path.exists() and read_object(path) is None
        if damaged:
            copy_aside(path, self.say)
            for folder in sorted(self.output.glob("seed-*")):
                set_aside(folder, self.say)
        if damaged or not path.exists():
            write_json(path, facts)

    def _set_damaged_aside(self) -> None:
        """Make `run_all` do again what a damaged or a lost file stands for."""
        for key in self.trainings:
            folder = self.folder(*key)
            if (folder / RUN).exists() and self._record(*key) is None:
                set_aside(folder / RUN, self.say)
            if (folder / RUN).exists() and (folder / MODEL).exists() and not _loads(folder / MODEL):
                set_aside(folder / MODEL, self.say)
                set_aside(folder / RUN, self.say)
        runs = {key: self._record(*key) for key in self.trainings if (self.folder(*key) / RUN).exists()}
        if len(runs) < len(self.trainings):
            return
        best = self.folder(*_best(runs))
        if not (best / MODEL).exists() and not _loads(self.output / MODEL):  # done once, and lost since then
            if (self.output / MODEL).exists():
                set_aside(self.output / MODEL, self.say)
            self.say(f"{self.output / MODEL}에 모델이 없어 가장 좋았던 {best.name}의 학습을 다시 합니다.")
            (best / RUN).unlink()

    def _record(self, seed: int, fold: int) -> dict[str, Any] | None:
        """Return what one training left; None where that is damaged."""
        run = read_object(self.folder(seed, fold) / RUN) or {}
        size = len(self.parts[fold - 1].test)
        kinds = {"predictions": list, "cut": dict, "best": float, "history": list, "seconds": float}
        if any(type(run.get(name)) is not kind for name, kind in kinds.items()) or len(run["predictions"]) != size:
            return None
        try:
            self.task.prediction_form.columns(run["predictions"])
            return run if all(type(run["cut"][kind]) is int for kind in ("train", "test")) else None
        except (Wrong, KeyError, TypeError):
            return None

    def _run(self, seed: int, fold: int) -> None:
        folder, parts = self.folder(seed, fold), self.parts[fold - 1]
        began = time.monotonic()
        title = f"시드 {seed}" + (f", {fold}/{self.settings.folds}겹" if self.settings.folds > 1 else "")
        trained = train_once(self.task, self.encoder, parts, self.settings, folder, seed=seed, say=self.say,
                             title=title)
        able = TaskModel(self.task, *trained.encoder, self.encoder, trained.max_length, trained.bf16,
                         self.settings.adapter)
        predicted = able.predict(parts.test)
        if process()[0] == 0:
            able.save(folder / MODEL)
            for checkpoint in folder.glob("checkpoint-*"):
                shutil.rmtree(checkpoint)
            write_json(folder / RUN, {
                "predictions": predicted.predictions, "cut": {"train": trained.cut, "test": predicted.cut},
                "best": trained.best, "history": trained.history, "seconds": round(time.monotonic() - began, 1)})
        wait()

    def _write(self, results: dict[str, Any], gold: list[Prediction], predictions: dict[int, list[Prediction]],
               best: tuple[int, int]) -> None:
        kept = self.folder(*best) / MODEL
        if kept.is_dir():
            shutil.copytree(kept, self.output / MODEL, dirs_exist_ok=True)
        write_lines(self.output / "gold.jsonl", gold)
        for seed, several in predictions.items():
            write_lines(self.output / f"predictions-{seed}.jsonl", several)
        write_json(self.output / "results.json", results)
        for key in self.trainings:
            if (self.folder(*key) / MODEL).exists():
                shutil.rmtree(self.folder(*key) / MODEL)


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


def _best(runs: dict[tuple[int, int], dict[str, Any]]) -> tuple[int, int]:
    """Return seed and fold of the training that did best on its held-out rows."""
    return max(runs, key=lambda key: runs[key]["best"])


def _loads(folder: Path) -> bool:
    """Say whether a folder holds a model that can be loaded."""
    try:
        load_model(folder)
    except KlueError:
        return False
    return True
