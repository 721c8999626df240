"""A fine-tuned model on disk: an ordinary checkpoint, and beside it which task it is for (lecture 5)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from klue_helpers.errors import KlueError
from klue_helpers.tasks import Task, load_task
from klue_helpers.tasks.base import Row
from klue_helpers.training.predict import Predicted, attention, predict_rows
from klue_helpers.training.results import write_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TASK_FILE, WEIGHTS = "task.json", "model.safetensors"


@dataclass(frozen=True)
class TaskModel:
    """A network that can do a task. Taught in lecture 5.

    Attributes
    ----------
    encoder : name of the encoder that it started from.
    max_length : the most tokens it reads at a time.
    """

    task: Task
    tokenizer: "PreTrainedTokenizerBase"
    model: torch.nn.Module
    encoder: str
    max_length: int

    def predict(self, rows: Sequence[Row]) -> Predicted:
        """Return the predictions of checked rows, in their order."""
        return predict_rows(self.task, self.model, self.tokenizer, rows, max_length=self.max_length)

    def save(self, folder: Path) -> None:
        """Write network, tokenizer and task; what stands there already is overwritten."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save_pretrained(folder)
        if hasattr(self.model, "save_pretrained"):
            self.model.save_pretrained(folder)
        else:
            self.model.config.save_pretrained(folder)
            safetensors.torch.save_model(self.model, str(folder / WEIGHTS))
        write_json(folder / TASK_FILE, {"task": self.task.name, "options": task_options(self.task),
                                        "encoder": self.encoder, "max_length": self.max_length})


def load_model(folder: str | Path) -> TaskModel:
    """Return a model that `finetune` or `klue train` saved, ready to predict. Taught in lecture 5.

    Parameters
    ----------
    folder : that of the model, or the output folder of `klue train` that holds it.

    Raises
    ------
    KlueError : a folder without such a model, or one with files missing or broken.
    """
    path = Path(folder)
    path = path / "model" if (path / "model" / TASK_FILE).is_file() else path
    if not (path / TASK_FILE).is_file():
        raise KlueError(f"{folder} 폴더에 미세 조정한 모델이 없습니다({TASK_FILE}이 있어야 합니다). "
                        "`klue train`의 --output 폴더를 주세요.")
    try:
        facts = json.loads((path / TASK_FILE).read_text(encoding="utf-8"))
        task = load_task(facts["task"], **facts["options"])
        tokenizer, model = task.new_model(str(path), random_weights=True, **attention())
        safetensors.torch.load_model(model, str(path / WEIGHTS))
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().split("\n")[0]
        raise KlueError(f"{path} 폴더의 모델을 읽지 못했습니다({reason}). 파일이 모두 있고 온전한지 확인하거나 다시 "
                        "학습하세요.") from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return TaskModel(task, tokenizer, model.to(device).eval(), facts["encoder"], facts["max_length"])


def task_options(task: Task) -> dict[str, Any]:
    """Return the options of a task that a user may choose, with their values."""
    names = {field.name for field in fields(task) if field.metadata}
    return {name: value for name, value in asdict(task).items() if name in names}
