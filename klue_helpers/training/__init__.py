"""`finetune`: one way to train, score and keep a model of any task (taught in lecture 5)."""

from klue_helpers.training.predict import Predicted, predict_rows
from klue_helpers.training.processes import join, leave, process
from klue_helpers.training.results import score_rows, summary, write_lines
from klue_helpers.training.rows import (
    check_rows,
    load_rows,
    read_rows,
    read_text,
    reported_rows,
    reported_split,
    training_parts,
)
from klue_helpers.training.run import FineTuned, evaluate, finetune
from klue_helpers.training.saved import TaskModel, load_finetuned, load_model, shipped_heads
from klue_helpers.training.settings import FinetuneSettings, finetune_settings

__all__ = [
    "FineTuned", "FinetuneSettings", "Predicted", "TaskModel", "check_rows", "evaluate", "finetune",
    "finetune_settings", "join", "leave", "load_finetuned", "load_model", "load_rows", "predict_rows",
    "process", "read_rows", "read_text", "reported_rows", "reported_split", "score_rows", "shipped_heads",
    "summary", "training_parts", "write_lines",
]
