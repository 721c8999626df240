"""One training with `transformers.Trainer`: stopping by held-out rows, going on after a kill (lecture 5)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.trainer_callback import PrinterCallback

from klue_helpers.models import Encoder
from klue_helpers.tasks import Feature, Task, collate
from klue_helpers.training.adapters import add_adapters
from klue_helpers.training.predict import Predictor, attention
from klue_helpers.training.processes import from_first, process
from klue_helpers.training.results import scores_of
from klue_helpers.training.rows import Parts
from klue_helpers.training.settings import FinetuneSettings
from klue_helpers.training.state import last_checkpoint

TIE = 1e-3  # points of the score that a loss of 1 is worth: of two equal scores the lower loss is better


@dataclass(frozen=True)
class Trained:
    """One trained model, as it was at its best on the held-out rows.

    Attributes
    ----------
    history : rows with epoch, step, loss (of training), held_out_loss and held_out (the score).
    best : the highest held-out score, less a thousandth of the loss.
    cut : training rows of which the network saw a part only.
    bf16 : whether the scores that chose it were computed in bfloat16.
    """

    encoder: Encoder
    history: list[dict[str, float]]
    best: float
    cut: int
    max_length: int
    bf16: bool


class JudgingTrainer(transformers.Trainer):
    """A Trainer that evaluates by the task's own predictions.

    `Trainer.predict` with ``train_sampling_strategy="group_by_length"`` returns rows in another order than given;
    `Predictor` restores it.
    """

    def __init__(self, *, judge: Callable[[torch.nn.Module], dict[str, float]], **options: Any) -> None:
        super().__init__(**options)
        self.judge = judge

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Return and log the held-out score and loss."""
        scores = self.judge(self.model)
        self.log(scores)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, scores)
        return scores


class Reporter(transformers.TrainerCallback):
    """Says after each evaluation how far training is."""

    def __init__(self, say: Callable[[str], None], title: str) -> None:
        self.say, self.title = say, title

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        """Print one line, in the first process only."""
        if state.is_world_process_zero:
            losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
            self.say(f"{self.title}  {state.global_step:,}/{state.max_steps:,}단계  학습 손실 "
                     f"{losses[-1] if losses else float('nan'):.3f}  떼어 둔 점수 {metrics['eval_score']:.2f}")


def train_once(task: Task, encoder: str, parts: Parts, settings: FinetuneSettings, folder: Path, *, seed: int,
               say: Callable[[str], None], title: str) -> Trained:
    """Train one model; go on from the last whole checkpoint in the folder. Taught in lecture 5."""
    checkpoint = from_first(last_checkpoint(folder, say) if process()[0] == 0 else None)
    transformers.set_seed(seed)
    loaded = task.new_model(encoder, **attention())
    if settings.adapter:
        add_adapters(loaded, settings.adapter)
    max_length = min(settings.max_length, loaded.tokenizer.model_max_length)
    inputs, cut = _inputs(task.encode(parts.train, loaded.tokenizer, max_length))
    predictor = Predictor(task, loaded.tokenizer, parts.held_out, max_length)
    length = max_length if settings.padding == "max_length" else None
    trainer = JudgingTrainer(
        judge=_judge(predictor, use_bf16(settings)), model=loaded.model,
        args=_arguments(settings, folder, len(inputs), seed=seed),
        train_dataset=inputs, processing_class=loaded.tokenizer,
        eval_dataset=[feature.inputs for feature in predictor.features],
        data_collator=lambda inputs: collate(inputs, loaded.tokenizer, length=length),
        callbacks=[transformers.EarlyStoppingCallback(settings.patience), Reporter(say, title)])
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=checkpoint)
    return Trained(Encoder(loaded.tokenizer, loaded.model.eval()), _history(trainer.state.log_history),
                   trainer.state.best_metric, cut, max_length, use_bf16(settings))


def use_bf16(settings: FinetuneSettings) -> bool:
    """Say whether to compute in bfloat16."""
    native = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return settings.precision == "bf16" or (settings.precision == "auto" and native)


def _inputs(features: list[Feature]) -> tuple[list[dict[str, Any]], int]:
    """Return what the network reads, without the notes that only decoding needs, and the number of rows cut."""
    return [feature.inputs for feature in features], len({feature.row for feature in features if feature.cut})


def _judge(predictor: Predictor, bf16: bool) -> Callable[[torch.nn.Module], dict[str, float]]:
    """Return a function from a network to its score and loss on the predictor's rows."""
    task = predictor.task
    gold = [task.gold(row) for row in predictor.rows]

    def judge(model: torch.nn.Module) -> dict[str, float]:
        found = predictor(model, bf16=bf16)
        score = scores_of(task, gold, found.predictions).official[task.goal]
        score = -1.0 if math.isnan(score) else score
        return {"eval_score": score, "eval_loss": found.loss, "eval_rank": score - TIE * found.loss}

    return judge


def _arguments(settings: FinetuneSettings, folder: Path, features: int, *, seed: int) -> transformers.TrainingArguments:
    batch = max(1, settings.batch_size // process()[1])
    strategy = "steps" if settings.evaluate_every else "epoch"
    steps = math.ceil(features / (batch * process()[1])) * settings.epochs
    every = max(1, min(settings.evaluate_every or steps, steps))
    return _on_one_card(transformers.TrainingArguments(
        output_dir=str(folder), use_cpu=not torch.cuda.is_available(),  # without it torchrun's processes train apart
        seed=seed, report_to="none", disable_tqdm=True, log_level="error",
        num_train_epochs=settings.epochs, per_device_train_batch_size=batch, learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup, weight_decay=settings.weight_decay, bf16=use_bf16(settings),
        train_sampling_strategy="random" if settings.padding == "max_length" else "group_by_length",
        eval_strategy=strategy, save_strategy=strategy, logging_strategy=strategy, eval_steps=every, save_steps=every,
        logging_steps=every, save_total_limit=1, load_best_model_at_end=True, metric_for_best_model="eval_rank",
        greater_is_better=True, remove_unused_columns=False, dataloader_pin_memory=torch.cuda.is_available(),
    ))


def _on_one_card(arguments: transformers.TrainingArguments) -> transformers.TrainingArguments:
    """Keep a process to one card. Several are used by `torchrun`, a process for each.

    Left to itself the library copies the network to all cards, which multiplies the batch: there would be fewer steps
    than were counted, and with `evaluate_every` none at which to evaluate.
    """
    arguments._n_gpu = min(arguments.n_gpu, 1)  # the library has no other switch, and does the same in places
    return arguments


def _history(log: list[dict[str, float]]) -> list[dict[str, float]]:
    """Join the rows of training and of evaluation at the same step."""
    names = {"epoch": "epoch", "loss": "loss", "eval_loss": "held_out_loss", "eval_score": "held_out"}
    rows: dict[int, dict[str, float]] = {}
    for entry in log:
        if "loss" in entry or "eval_score" in entry:
            row = rows.setdefault(int(entry["step"]), {"step": int(entry["step"])})
            row.update({ours: entry[theirs] for theirs, ours in names.items() if theirs in entry})
    return list(rows.values())
