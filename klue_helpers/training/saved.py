"""A fine-tuned model on disk: an ordinary checkpoint, and beside it which task it is for (lecture 5)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch

from klue_helpers import runtime
from klue_helpers.errors import KlueError
from klue_helpers.models import Encoder
from klue_helpers.options import check_values
from klue_helpers.tasks import Task, load_task
from klue_helpers.tasks.base import Row
from klue_helpers.training.adapters import add_adapters, free_weights, take_weights
from klue_helpers.training.predict import Predicted, attention, predict_rows
from klue_helpers.training.results import write_json
from klue_helpers.training.settings import FinetuneSettings
from klue_helpers.training.state import read_object

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TASK_FILE, WEIGHTS, ADAPTER = "task.json", "model.safetensors", "adapter.safetensors"
HEADS = files("klue_helpers") / "models" / "heads"  # the trained heads that ship, a folder each


@dataclass(frozen=True)
class TaskModel:
    """A network that can do a task. Taught in lecture 5.

    Attributes
    ----------
    encoder : name of the encoder that it started from.
    max_length : the most tokens it reads at a time.
    bf16 : whether it computes in bfloat16, as it did when it was chosen.
    adapter : rank of its LoRA adapters; 0 where the encoder itself was trained.
    """

    task: Task
    tokenizer: "PreTrainedTokenizerBase"
    model: torch.nn.Module
    encoder: str
    max_length: int
    bf16: bool = False
    adapter: int = 0

    def predict(self, rows: Sequence[Row]) -> Predicted:
        """Return the predictions of checked rows, in their order."""
        return predict_rows(self.task, self.model, self.tokenizer, rows, max_length=self.max_length, bf16=self.bf16)

    def save(self, folder: Path) -> None:
        """Write network, tokenizer and task; what stands there already is overwritten.

        With adapters only they and the head are written, in half precision: the encoder is had by its name.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if self.adapter:
            half = {name: weight.half().contiguous() for name, weight in free_weights(self.model).items()}
            safetensors.torch.save_file(half, str(folder / ADAPTER))
        else:
            self._save_whole(folder)
        write_json(folder / TASK_FILE, {"task": self.task.name, "options": task_options(self.task),
                                        "encoder": self.encoder, "max_length": self.max_length, "bf16": self.bf16,
                                        "adapter": self.adapter})

    def _save_whole(self, folder: Path) -> None:
        self.tokenizer.save_pretrained(folder)
        if hasattr(self.model, "save_pretrained"):
            self.model.save_pretrained(folder)
        else:
            self.model.config.save_pretrained(folder)
            safetensors.torch.save_model(self.model, str(folder / WEIGHTS))


def load_model(folder: str | Path) -> TaskModel:
    """Return a model that `finetune` or `klue train` saved, ready to predict. Taught in lecture 5.

    Parameters
    ----------
    folder : that of the model, or the output folder of `klue train` that holds it; else the name of a trained head
        that ships, see `load_finetuned`.

    Raises
    ------
    KlueError : a folder without such a model, or one with files missing or broken.
    """
    path = _model_folder(Path(folder))
    facts = _facts(path / TASK_FILE)
    try:
        tokenizer, model = _adapted(path, facts) if facts["adapter"] else _whole(path, facts)
    except KlueError:
        raise  # it names the folder already
    except Exception as error:  # for a damaged file the libraries raise nearly every kind there is, some of their own
        raise KlueError(_broken(path, str(error).strip().split("\n")[0])) from error
    return TaskModel(**{**facts, "tokenizer": tokenizer, "model": model.to(runtime.device()).eval()})


def load_finetuned(name: str) -> TaskModel:
    """Return a trained model that ships with the package, ready to predict. Taught in lecture 5.

    Parameters
    ----------
    name : that of a task, such as ``"ner"``; see `shipped_heads`.

    Raises
    ------
    KlueError : no head of that name ships.
    """
    if name not in shipped_heads():
        raise KlueError(f"패키지에 든 학습된 모델에 {name!r}은(는) 없습니다. 있는 것: "
                        f"{', '.join(shipped_heads()) or '아직 없음'}. 다른 과제는 `klue train`으로 학습하세요.")
    return load_model(str(HEADS / name))


def shipped_heads() -> list[str]:
    """Return the names that `load_finetuned` takes."""
    return sorted(folder.name for folder in HEADS.iterdir() if (folder / TASK_FILE).is_file()) if HEADS.is_dir() else []


def _whole(path: Path, facts: dict[str, Any]) -> Encoder:
    loaded = facts["task"].new_model(str(path), random_weights=True, **attention())
    safetensors.torch.load_model(loaded.model, str(path / WEIGHTS))
    return loaded


def _adapted(path: Path, facts: dict[str, Any]) -> Encoder:
    """Load the encoder by its name and put the saved adapters and head into it."""
    loaded = facts["task"].new_model(facts["encoder"], **attention())
    take_weights(add_adapters(loaded, facts["adapter"]), safetensors.torch.load_file(path / ADAPTER))
    return loaded


def _model_folder(folder: Path) -> Path:
    """Return the folder of the model: this one or, of an output folder, the one in it."""
    try:
        for path in (folder / "model", folder, *([] if folder.exists() else [HEADS / folder.name])):
            if (path / TASK_FILE).is_file():
                return path
    except OSError as error:
        raise KlueError(_broken(folder, error.strerror)) from error
    raise KlueError(f"{folder} 폴더에 미세 조정한 모델이 없습니다({TASK_FILE}이 있어야 합니다). `klue train`의 "
                    "--output 폴더를 주세요. 그 폴더의 모델이 없어졌으면 같은 `klue train` 명령을 다시 하세요.")


def _facts(path: Path) -> dict[str, Any]:
    """Return what a task file says, by the names of `TaskModel`. Raises KlueError for one that is damaged."""
    try:
        content = read_object(path)
    except OSError as error:
        raise KlueError(_broken(path.parent, error.strerror)) from error
    kinds = {"task": str, "options": dict, "encoder": str, "max_length": int}
    if content is None or any(type(content.get(name)) is not kind for name, kind in kinds.items()):
        raise KlueError(_broken(path.parent, f"{TASK_FILE}의 내용이 깨져 있음"))
    try:
        task = load_task(content["task"], **content["options"])
        numbers = {"max_length": content["max_length"], "adapter": content.get("adapter", 0)}
        check_values(FinetuneSettings, numbers, owner=TASK_FILE)
    except KlueError as error:
        raise KlueError(_broken(path.parent, f"{TASK_FILE}: {error}")) from error
    return {"task": task, "encoder": content["encoder"], "max_length": content["max_length"],
            "bf16": content.get("bf16") is True, "adapter": numbers["adapter"]}


def _broken(folder: Path, reason: str) -> str:
    return (f"{folder} 폴더의 모델을 읽지 못했습니다({reason}). 파일이 모두 있고 온전한지 확인하거나, 이 모델을 만든 "
            "`klue train` 명령을 다시 하세요.")


def task_options(task: Task) -> dict[str, Any]:
    """Return the options of a task that a user may choose, with their values."""
    names = {field.name for field in fields(task) if field.metadata}
    return {name: value for name, value in asdict(task).items() if name in names}
