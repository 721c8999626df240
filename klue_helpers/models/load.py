"""`load_encoder`: a tokenizer and a network by name, from the package or from the hub (taught in lecture 3)."""

import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from safetensors import SafetensorError

from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MINI_MODELS = ("klue-mini-bert",)
# What stands on top of the encoder, and the class of transformers that has it.
HEADS = {
    "none": "AutoModel",
    "pretraining": "AutoModelForPreTraining",
    "masked-lm": "AutoModelForMaskedLM",
    "sequence-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
}


class Encoder(NamedTuple):
    """A tokenizer and the network that goes with it."""

    tokenizer: "PreTrainedTokenizerBase"
    model: "PreTrainedModel"


def load_encoder(name: str = "klue-mini-bert", *, head: str = "none", random_weights: bool = False,
                 **options: Any) -> Encoder:
    """Return tokenizer and model of an encoder, ready for evaluation. Taught in lecture 3.

    Parameters
    ----------
    name : ``"klue-mini-bert"``, which ships with the package; a repository of the hub, such as ``"klue/bert-base"``,
        ``"klue/roberta-small"`` or ``"monologg/koelectra-small-v3-discriminator"``; or a folder with a saved model.
    head : one of `HEADS`; weights of a head that the checkpoint lacks are random.
    random_weights : keep the configuration and take random weights instead, for comparison.
    **options : for the configuration, such as ``num_labels=2`` or ``attn_implementation="eager"``.

    Returns
    -------
    Encoder (tokenizer, model). Single precision, evaluation mode. Where the network knows one segment only (RoBERTa),
    the tokenizer gives no ``token_type_ids``; its `model_max_length` is what the position table holds.

    Raises
    ------
    KlueError : an unknown head; a name that is neither shipped, nor a folder, nor to be had from the hub.

    Examples
    --------
    >>> tokenizer, model = load_encoder("klue-mini-bert")
    >>> model.config.model_type
    'bert'
    """
    import torch
    import transformers

    if head not in HEADS:
        raise KlueError(f"알 수 없는 머리(head)입니다: {head!r}. 쓸 수 있는 값: {', '.join(HEADS)}.")
    kind, source = getattr(transformers, HEADS[head]), str(model_folder(name) or name)
    options["trust_remote_code"] = False  # nobody's code is run
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        if random_weights:
            model = kind.from_config(transformers.AutoConfig.from_pretrained(source, **options))
        else:
            model = kind.from_pretrained(source, dtype=torch.float32, **options)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise KlueError(_problem(name, error)) from error
    return Encoder(_fitted(tokenizer, model.config), model.eval())


def model_folder(name: str) -> Path | None:
    """Return the folder of a shipped model or of a saved one; None for a name of the hub."""
    if name in MINI_MODELS:
        return Path(str(files("klue_helpers.models").joinpath(name)))
    return Path(name) if Path(name).is_dir() else None


def _fitted(tokenizer: "PreTrainedTokenizerBase", config: Any) -> "PreTrainedTokenizerBase":
    """Make the tokenizer give only what the network takes."""
    positions = config.max_position_embeddings
    if config.model_type in ("roberta", "xlm-roberta", "camembert"):  # their positions start after the padding's
        positions -= config.pad_token_id + 1
    tokenizer.model_max_length = min(tokenizer.model_max_length, positions)
    if getattr(config, "type_vocab_size", 0) < 2:
        tokenizer.model_input_names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
    return tokenizer


def _problem(name: str, error: Exception) -> str:
    if folder := model_folder(name):
        reason = str(error).strip().split("\n")[0]
        return (f"{folder} 폴더의 모델을 읽지 못했습니다({reason}). 파일이 모두 있고 온전한지, 옵션의 이름과 값이 "
                "맞는지 확인하세요.")
    shipped = ", ".join(MINI_MODELS)
    switched = os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "ON", "YES", "TRUE")
    offline = " 지금은 HF_HUB_OFFLINE이 켜져 있습니다." if switched else ""
    return (f"모델 {name!r}을(를) 불러오지 못했습니다.{offline} 이름의 철자와 인터넷 연결을 확인하세요. 인터넷 없이는 "
            f"패키지에 든 {shipped}를 쓰세요: load_encoder(\"{MINI_MODELS[0]}\"). "
            "내려받은 폴더의 경로를 주어도 됩니다.")
