"""`klue pretrain` from a folder of text to a saved model (lectures 4 and 8)."""

import contextlib
import hashlib
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from klue_helpers import runtime
from klue_helpers.errors import KlueError
from klue_helpers.files import claim_folder, lock_folder, write_atomically
from klue_helpers.models import model_folder
from klue_helpers.pretraining.bert import BERT
from klue_helpers.pretraining.corpus import hold_out, read_registers, register_weights, to_corpus
from klue_helpers.pretraining.diary import Diary
from klue_helpers.pretraining.gpt import GPT
from klue_helpers.pretraining.kinds import Kind, set_first_weights
from klue_helpers.pretraining.loop import CHECKPOINT, Trainer, Workers, join_workers
from klue_helpers.pretraining.settings import PretrainSettings
from klue_helpers.tokenizers import to_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

Registers = dict[str, list[list[str]]]  # documents by register, each a list of lines

SETTINGS = "settings.json"
# What a run may go on with: more steps while its learning rate is flat (`Trainer` checks), and what does not change the
# weights.
CHANGEABLE = frozenset({"steps", "cooldown", "threads", "evaluate_texts", "save_every", "diary"})
FINE_TUNING_DROPOUT = 0.1  # that of BERT and GPT-2, in the saved configuration
_KINDS: dict[str, Kind] = {"bert": BERT, "gpt": GPT}


def pretrain(folder: Path, output: Path, settings: PretrainSettings) -> bool:
    """Train a tokenizer and a model on a folder of text; go on where an earlier one stopped. Taught in lecture 4.

    Parameters
    ----------
    folder : ``.txt`` or ``.txt.gz`` files, a register each: a paragraph a line, an empty line between documents.
    output : gets ``settings.json``, the tokenizer, ``checkpoint.pt``, ``log.csv`` and, at the end, the model.

    Returns
    -------
    Whether this process wrote the model: under `torchrun` only the first one does.

    Raises
    ------
    KlueError : no text in the folder; an output folder of a run with other settings; a loss that is no number.
    """
    if settings.threads:
        torch.set_num_threads(settings.threads)
    runtime.keep_freed_memory()
    registers = read_registers(folder)
    weights = register_weights(settings.weights, registers)
    with join_workers() as workers, lock_folder(output) if workers.first else contextlib.nullcontext():
        _claim(output, settings, registers, workers)
        split = {name: hold_out(documents) for name, documents in registers.items()}
        tokenizer = _tokenizer(split, output, settings, workers)
        kind = _KINDS[settings.kind]
        train, held = ({name: to_corpus(parts[side], tokenizer, texts_of=kind.texts_of)
                        for name, parts in split.items()} for side in (0, 1))
        model = kind.new_model(settings, tokenizer)
        if workers.first and not (output / CHECKPOINT).exists():
            if settings.start:
                take_weights(model, settings.start)
            else:
                set_first_weights(kind, model, settings, train)  # torchrun's other processes get them from the first
        examples = kind.examples(settings, tokenizer, train, held, weights)
        diary = Diary(output / "diary.jsonl", lambda: kind.diary(model, tokenizer))
        Trainer(kind.loss(model, tokenizer), examples, settings, output, workers, diary).run()
        if workers.first:
            save_model(kind, model, output)
        return workers.first


def take_weights(model: "PreTrainedModel", start: str) -> None:
    """Copy the weights of a saved model of the same shape into a new one.

    Raises
    ------
    KlueError : another kind of model, or one of another size.
    """
    saved = type(model).from_pretrained(model_folder(start), dtype=torch.float32)
    shapes, theirs = ({name: tuple(weight.shape) for name, weight in one.named_parameters()} for one in (model, saved))
    differing = [name for name in shapes if theirs.get(name) != shapes[name]]
    if differing:
        name = differing[0]
        raise KlueError(f"start로 준 {start}의 가중치는 모양이 다릅니다: {name}이(가) {theirs.get(name)}인데 "
                        f"설정대로는 {shapes[name]}입니다. hidden_size, layers, max_length를 그 모델에 맞추세요.")
    model.load_state_dict(saved.state_dict())


def save_model(kind: Kind, model: "PreTrainedModel", output: Path) -> None:
    """Write configuration and half-precision weights that load as single precision."""
    model.config.update(dict.fromkeys(kind.dropouts, FINE_TUNING_DROPOUT))
    model.to(torch.float16).save_pretrained(output)
    path = output / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"dtype": "float32"}
    path.write_text(json.dumps(config, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _claim(output: Path, settings: PretrainSettings, registers: Registers, workers: Workers) -> None:
    """Write settings and the text's hash into the folder; check that a run to go on with has the same."""
    digest = hashlib.sha256(json.dumps(registers, ensure_ascii=False).encode()).hexdigest()
    mine = {"kind": settings.kind, **asdict(settings), "corpus_sha256": digest}
    if workers.first:
        claim_folder(output, SETTINGS)
    workers.wait()
    theirs = _read_settings(output / SETTINGS)
    differing = [name for name in mine if theirs is not None and name not in CHANGEABLE
                 and mine[name] != theirs.get(name)]
    if differing:
        raise KlueError(f"{output}에는 다른 설정이나 글로 시작한 학습이 있습니다: {', '.join(differing)}. 이어서 "
                        "하려면 같게 하고, 새로 시작하려면 다른 --output을 쓰세요.")
    workers.wait()
    if workers.first:
        write_atomically(output / SETTINGS, json.dumps(mine, ensure_ascii=False, indent=1) + "\n")


def _read_settings(path: Path) -> dict | None:
    """Return the settings of the run that the folder holds; None where it is new.

    Raises
    ------
    KlueError : a file that is no settings.
    """
    if not path.exists():
        return None
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # JSON and UTF-8 alike
        settings = None
    if not isinstance(settings, dict):
        raise KlueError(f"{path} 파일이 망가져 어떤 설정으로 시작한 학습인지 알 수 없습니다. 그 파일에 처음의 설정을 "
                        "다시 적거나 다른 --output을 쓰세요.")
    return settings


def _tokenizer(split: dict, output: Path, settings: PretrainSettings, workers: Workers) -> "PreTrainedTokenizerFast":
    """Train the tokenizer on the training documents, or take that of an earlier run or of the model to start from."""
    from transformers import AutoTokenizer

    if workers.first and not (output / "tokenizer.json").exists() and settings.start:
        AutoTokenizer.from_pretrained(model_folder(settings.start)).save_pretrained(output)
    if workers.first and not (output / "tokenizer.json").exists():
        documents = (document for kept, _ in split.values() for document in kept)
        trained = _KINDS[settings.kind].train_tokenizer(documents, settings)
        with tempfile.TemporaryDirectory(dir=output) as part:  # a kill must not leave half a file
            to_transformers(trained, max_length=settings.max_length).save_pretrained(part)
            for name in ("tokenizer_config.json", "tokenizer.json"):
                (Path(part) / name).replace(output / name)
    workers.wait()
    return AutoTokenizer.from_pretrained(output)
