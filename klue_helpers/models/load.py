"""A tokenizer and a network by name, from the package or from the hub; `load_encoder` (taught in lecture 3)."""

import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from safetensors import SafetensorError

from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MINI_MODELS = ("klue-mini-bert", "klue-mini-gpt")
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
    if head not in HEADS:
        raise KlueError(f"알 수 없는 머리(head)입니다: {head!r}. 쓸 수 있는 값: {', '.join(HEADS)}.")
    return Encoder(*load_parts(name, HEADS[head], options, random_weights=random_weights,
                               instead='load_encoder("klue-mini-bert")'))


def load_parts(name: str, kind: str, options: dict[str, Any], *, instead: str, random_weights: bool = False,
               tokenizer_kind: str = "AutoTokenizer", **special_tokens: str
               ) -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    """Return the tokenizer, fitted to the network, and the network in evaluation mode (see `load_encoder`).

    Parameters
    ----------
    kind, tokenizer_kind : names of classes of `transformers`.
    options : for the configuration; ``dtype`` is single precision unless given.
    instead : what to call where the hub is out of reach.
    **special_tokens : what the tokenizer's files leave unsaid.
    """
    import torch
    import transformers

    folder = model_folder(name)
    at_hand = folder is not None or _in_reach(name)
    source = {"pretrained_model_name_or_path": str(folder or name), "local_files_only": not at_hand,  # from the cache
              "trust_remote_code": False}  # nobody's code is run
    options = {"dtype": torch.float32, **options, **source}
    network = getattr(transformers, kind)
    try:
        tokenizer = getattr(transformers, tokenizer_kind).from_pretrained(**source, **special_tokens)
        if random_weights:
            model = network.from_config(transformers.AutoConfig.from_pretrained(**options))
        else:
            model = network.from_pretrained(**options)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        where = f"{folder} 폴더" if folder else name
        raise KlueError(_broken(where, error) if at_hand else _out_of_reach(name, instead)) from error
    return _fitted(tokenizer, model.config), model.eval()


def model_folder(name: str) -> Path | None:
    """Return the folder of a shipped model or of a saved one; None for a name of the hub."""
    if name in MINI_MODELS:
        return Path(str(files("klue_helpers.models").joinpath(name)))
    return Path(name) if Path(name).is_dir() else None


def _fitted(tokenizer: "PreTrainedTokenizerBase", config: Any) -> "PreTrainedTokenizerBase":
    """Make the tokenizer give only what the network takes."""
    positions = getattr(config, "max_position_embeddings", tokenizer.model_max_length)
    if config.model_type in ("roberta", "xlm-roberta", "camembert"):  # their positions start after the padding's
        positions -= config.pad_token_id + 1
    tokenizer.model_max_length = min(tokenizer.model_max_length, positions)
    if getattr(config, "type_vocab_size", 0) < 2:
        tokenizer.model_input_names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
    return tokenizer


def _in_reach(name: str) -> bool:
    """Ask the hub once, for ten seconds at most, whether it has a repository.

    Left to itself the library asks for file after file again and again, for most of a minute.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError

    try:
        HfApi().model_info(name, timeout=10)
    except (HTTPError, OSError, ValueError):  # no network, the offline switch, an unknown or impossible name
        return False
    return True


def _broken(where: str, error: Exception) -> str:
    reason = str(error).strip().split("\n")[0]
    return (f"{where}의 모델을 읽지 못했습니다({reason}). 파일이 모두 있고 온전한지, 옵션의 이름과 값이 맞는지 "
            "확인하세요.")


def _out_of_reach(name: str, instead: str) -> str:
    switched = os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "ON", "YES", "TRUE")
    offline = " 지금은 HF_HUB_OFFLINE이 켜져 있습니다." if switched else ""
    return (f"모델 {name!r}을(를) 불러오지 못했습니다.{offline} 이름의 철자와 인터넷 연결을 확인하세요. 인터넷 없이는 "
            f"패키지에 든 모델을 쓰세요: {instead}. 내려받은 폴더의 경로를 주어도 됩니다.")
