"""`load_causal_lm`: a language model that goes on with a text, by name (taught in lecture 8)."""

from typing import TYPE_CHECKING, Any, NamedTuple

from klue_helpers.errors import KlueError
from klue_helpers.models.load import load_parts

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# KoGPT2's files name neither its tokenizer's class nor its special tokens; it was trained with </s> at both ends.
_KOGPT2 = {"tokenizer_kind": "PreTrainedTokenizerFast", "bos_token": "</s>", "eos_token": "</s>", "unk_token": "<unk>",
           "pad_token": "<pad>", "mask_token": "<mask>"}


class CausalLM(NamedTuple):
    """A tokenizer and the causal language model that goes with it."""

    tokenizer: "PreTrainedTokenizerBase"
    model: "PreTrainedModel"


def load_causal_lm(name: str = "klue-mini-gpt", *, random_weights: bool = False,
                   device: "torch.device | str | None" = None, **options: Any) -> CausalLM:
    """Return tokenizer and model of a causal language model, ready for evaluation on the GPU, if any.

    Taught in lecture 8.

    Parameters
    ----------
    name : ``"klue-mini-gpt"``, which ships with the package (CC BY-SA 4.0); a repository of the hub, such as
        ``"skt/kogpt2-base-v2"`` (CC BY-NC-SA 4.0: no commercial use), ``"EleutherAI/polyglot-ko-1.3b"`` or
        ``"beomi/KoAlpaca-Polyglot-5.8B"`` (both Apache-2.0); or a folder with a saved model.
    random_weights : keep the configuration and take random weights instead, for comparison.
    device : where the model is to lie; that of `runtime.device` if None. Inputs go to ``model.device``.
    **options : for the configuration, such as ``attn_implementation="eager"``, or ``dtype=torch.bfloat16``.

    Returns
    -------
    CausalLM (tokenizer, model). Single precision, evaluation mode. The tokenizer adds no special tokens by itself and
    gives no ``token_type_ids``; its `model_max_length` is the context. Where it has no token for the start of a text
    or for padding, that of the end serves. Weights are safetensors or tensors only; nobody's code is run.

    Raises
    ------
    KlueError : a model of another kind; a name that is neither shipped, nor a folder, nor to be had from the hub;
        files that are damaged or do not belong together. It says which and why.
    """
    from transformers import MODEL_FOR_MASKED_LM_MAPPING

    named = _KOGPT2 if name.rpartition("/")[2] == "kogpt2-base-v2" else {}
    tokenizer, model = load_parts(name, "AutoModelForCausalLM", options, random_weights=random_weights, device=device,
                                  instead='load_causal_lm("klue-mini-gpt")', **named)
    if type(model.config) in MODEL_FOR_MASKED_LM_MAPPING:
        raise KlueError(f"{name}은(는) 뒤를 이어 쓰는 언어 모델이 아니라 인코더({model.config.model_type})입니다. "
                        "kh.models.load_encoder로 부르세요.")
    for role in ("bos_token", "pad_token"):
        if getattr(tokenizer, role) is None:
            setattr(tokenizer, role, tokenizer.eos_token)
    return CausalLM(tokenizer, model)
