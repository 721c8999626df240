"""A tokenizer and a network by name, from the package or from the hub; `load_encoder` (taught in lecture 3)."""

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from huggingface_hub.errors import HTTPError

from klue_helpers import runtime
from klue_helpers.errors import KlueError
from klue_helpers.models.hub import cause_of, fetch_model, remove_damaged, unreadable

if TYPE_CHECKING:
    import torch
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
                 device: "torch.device | str | None" = None, **options: Any) -> Encoder:
    """Return tokenizer and model of an encoder, ready for evaluation on the GPU, if any. Taught in lecture 3.

    Parameters
    ----------
    name : ``"klue-mini-bert"``, which ships with the package; a repository of the hub, such as ``"klue/bert-base"``,
        ``"klue/roberta-small"`` or ``"monologg/koelectra-small-v3-discriminator"``; or a folder with a saved model.
    head : one of `HEADS`; weights of a head that the checkpoint lacks are random.
    random_weights : keep the configuration and take random weights instead, for comparison.
    device : where the model is to lie; that of `runtime.device` if None. Inputs go to ``model.device``.
    **options : for the configuration, such as ``num_labels=2`` or ``attn_implementation="eager"``.

    Returns
    -------
    Encoder (tokenizer, model). Single precision, evaluation mode. Where the network knows one segment only (RoBERTa),
    the tokenizer gives no ``token_type_ids``; its `model_max_length` is what the position table holds.

    Raises
    ------
    KlueError : an unknown head; a name that is neither shipped, nor a folder, nor to be had from the hub; files that
        are damaged or do not belong together. It says which and why.

    Examples
    --------
    >>> tokenizer, model = load_encoder("klue-mini-bert")
    >>> model.config.model_type
    'bert'
    """
    if head not in HEADS:
        raise KlueError(f"알 수 없는 머리(head)입니다: {head!r}. 쓸 수 있는 값: {', '.join(HEADS)}.")
    return Encoder(*load_parts(name, HEADS[head], options, random_weights=random_weights, device=device,
                               instead='load_encoder("klue-mini-bert")'))


def load_parts(name: str, kind: str, options: dict[str, Any], *, instead: str, random_weights: bool = False,
               device: "torch.device | str | None" = None, tokenizer_kind: str = "AutoTokenizer", **special_tokens: str
               ) -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    """Return the tokenizer, fitted to the network, and the network in evaluation mode (see `load_encoder`).

    Parameters
    ----------
    kind, tokenizer_kind : names of classes of `transformers`.
    options : for the configuration; ``dtype`` is single precision unless given.
    instead : what to call where the hub is out of reach.
    **special_tokens : what the tokenizer's files leave unsaid.
    """
    folder = model_folder(name)
    own = folder is not None
    folder = folder or _fetched(name, instead, weights=not random_weights)
    try:
        tokenizer, model = _read_parts((tokenizer_kind, kind), folder, special_tokens, options, random_weights)
    except Exception as error:  # foreign files make the libraries raise nearly anything
        raise KlueError(_broken(folder, error, own=own)) from error
    return _fitted(tokenizer, model.config), model.eval().to(device or runtime.device())


def _read_parts(kinds: tuple[str, str], folder: Path, special_tokens: dict[str, str], options: dict[str, Any],
                random_weights: bool) -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    import torch
    import transformers

    tokenizer_class, network = (getattr(transformers, kind) for kind in kinds)
    source = {"pretrained_model_name_or_path": str(folder), "local_files_only": True,
              "trust_remote_code": False}  # nobody's code is run
    tokenizer = tokenizer_class.from_pretrained(**source, **special_tokens)
    options = {"dtype": torch.float32, **options, **source}
    if random_weights:
        return tokenizer, network.from_config(transformers.AutoConfig.from_pretrained(**options))
    return tokenizer, network.from_pretrained(**options)


def _fetched(name: str, instead: str, *, weights: bool) -> Path:
    """Return the folder of a model of the hub, each of its files as the hub had sent it."""
    try:
        folder = fetch_model(name, weights=weights)
    except (HTTPError, OSError, ValueError) as error:
        raise KlueError(f"모델 {name!r}을(를) 불러오지 못했습니다. {cause_of(error)} 인터넷 없이는 패키지에 든 "
                        f"모델을 쓰세요: {instead}. 내려받은 폴더의 경로를 주어도 됩니다.") from error
    if damaged := remove_damaged(folder):
        raise KlueError(f"{name}에서 내려받은 {', '.join(damaged)} 파일이 망가져 있어 지웠습니다. 인터넷에 이어진 "
                        "채로 다시 실행하면 새로 내려받습니다.")
    return folder


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


def _broken(folder: Path, error: Exception, *, own: bool) -> str:
    """Return what to tell of files that cannot be read: the library's words, the first bad file, the way out."""
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    broken = unreadable(folder)
    named = f" {broken} 파일을 읽을 수 없습니다." if broken else ""
    way = "파일이 모두 있고 온전한지" if own else "내려받은 것이니 이 폴더를 지우고 다시 실행하거나"
    return f"{folder} 폴더의 모델을 읽지 못했습니다({reason}).{named} {way}, 옵션의 이름과 값이 맞는지 확인하세요."
