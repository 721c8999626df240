"""Predictions in the order of the rows, though the network reads them sorted by length (lecture 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from klue_helpers.tasks import Task, collate
from klue_helpers.tasks.base import Prediction, Row
from klue_helpers.training.processes import joined

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BATCH = 64  # features read at a time: without gradients this fits where training does


@dataclass(frozen=True)
class Predicted:
    """Predictions of some rows, one a row and in their order.

    Attributes
    ----------
    predictions : in the form that `klue score` reads.
    loss : mean over the features; None where the rows have no labels.
    cut : number of rows of which the network saw a part only.
    """

    predictions: list[Prediction]
    loss: float | None
    cut: int


class Predictor:
    """Predicts the same rows again and again, encoding them once. Taught in lecture 5."""

    def __init__(self, task: Task, tokenizer: "PreTrainedTokenizerBase", rows: Sequence[Row], max_length: int) -> None:
        self.task, self.tokenizer, self.rows = task, tokenizer, rows
        self.features = task.encode(rows, tokenizer, max_length)
        by_length = sorted(range(len(self.features)), key=lambda i: len(self.features[i].inputs["input_ids"]))
        self.batches = [by_length[at : at + BATCH] for at in range(0, len(by_length), BATCH)]

    def __call__(self, model: torch.nn.Module, *, bf16: bool = False) -> Predicted:
        """Return the predictions. Processes that have joined each read a share, and all get the whole."""
        rank, count = joined()
        mine = [self._read(model, numbers, bf16) for numbers in self.batches[rank::count]]
        shares = [mine]
        if count > 1:
            shares = [None] * count
            torch.distributed.all_gather_object(shares, mine)
        readouts: list[Any] = [None] * len(self.features)
        losses = [0.0] * len(self.features)
        for numbers, kept, loss in (batch for share in shares for batch in share):
            for number, readout in zip(numbers, kept, strict=True):
                readouts[number], losses[number] = readout, loss
        predictions = self.task.decode(readouts, self.features, self.rows)
        cut = len({feature.row for feature in self.features if feature.cut})
        return Predicted(predictions, None if None in losses else sum(losses) / max(len(losses), 1), cut)

    @torch.inference_mode()
    def _read(self, model: torch.nn.Module, numbers: list[int], bf16: bool) -> tuple[list[int], list[Any], Any]:
        features = [self.features[number] for number in numbers]
        device = next(model.parameters()).device
        batch = collate([feature.inputs for feature in features], self.tokenizer)
        batch = {name: tensor.to(device) for name, tensor in batch.items()}
        was_training = model.training
        model.eval()
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            outputs = model(**batch)
        model.train(was_training)
        loss = outputs.loss.item() if outputs.loss is not None else None
        return numbers, self.task.read(outputs, batch, features), loss


def attention() -> dict[str, str]:
    """Return the option of `load_encoder` for the attention that is fastest here: on CPUs the one written out."""
    return {} if torch.cuda.is_available() else {"attn_implementation": "eager"}


def predict_rows(task: Task, model: torch.nn.Module, tokenizer: "PreTrainedTokenizerBase", rows: Sequence[Row], *,
                 max_length: int, bf16: bool = False) -> Predicted:
    """Return predictions of checked rows; see `Predictor`. Taught in lecture 5."""
    return Predictor(task, tokenizer, rows, max_length)(model, bf16=bf16)
