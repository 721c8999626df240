"""`finetune`: every task from rows to a model, its predictions and its scores (taught in lecture 5)."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from klue_helpers.errors import KlueError
from klue_helpers.tasks import Task, load_task, with_options
from klue_helpers.tasks.base import Prediction, Row
from klue_helpers.training.job import Job
from klue_helpers.training.predict import Predicted
from klue_helpers.training.processes import join, process
from klue_helpers.training.results import Summary, defined, markdown, scores_of, summary
from klue_helpers.training.rows import check_rows, data_hash, reported_split, training_parts
from klue_helpers.training.saved import TaskModel, task_options
from klue_helpers.training.settings import FinetuneSettings, finetune_settings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Say = Callable[[str], None]


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
    join()
    if output is None and process()[1] > 1:
        raise KlueError("torchrun으로 여러 프로세스에서 학습하려면 결과를 둘 폴더(output)를 정해야 합니다.")
    split = reported_split(task, source, split)
    rows, parts = training_parts(task, source, settings, split=split, data_dir=data_dir)
    facts = {"task": task.name, "options": task_options(task), "encoder": encoder, "source": source, "split": split,
             "settings": asdict(settings), "data_sha256": data_hash([*rows, *parts[0].train, *parts[0].held_out])}
    with tempfile.TemporaryDirectory() as scratch:
        job = Job(task, encoder, settings, Path(output or scratch), parts, say if process()[0] == 0 else _quiet)
        with job.start(facts):
            job.run_all()
            return FineTuned(*job.finish(facts, rows))


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


def _quiet(line: str) -> None:
    """Say nothing."""
