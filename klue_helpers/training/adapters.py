"""Thin pairs of matrices beside a frozen encoder, so that a trained task takes half a megabyte (LoRA, lecture 9)."""

from typing import TYPE_CHECKING

import torch
from torch import nn

from klue_helpers.errors import KlueError
from klue_helpers.models import Encoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SCALE = 2  # alpha is twice the rank: the pair's product counts twice, as in the article's code


def encoder_of(model: nn.Module) -> "PreTrainedModel":
    """Return the pre-trained encoder inside a task's network: all of it but the head.

    Raises
    ------
    KlueError : a network that holds no encoder of transformers.
    """
    from transformers import PreTrainedModel

    named = getattr(model, getattr(model, "base_model_prefix", ""), None)
    candidates = [named, *model.children()]
    encoder = next((module for module in candidates if isinstance(module, PreTrainedModel)), None)
    if encoder is None:
        raise KlueError("이 과제의 신경망에서 인코더를 찾지 못해 adapter를 붙일 수 없습니다. adapter=0으로 두세요.")
    return encoder


def add_adapters(loaded: Encoder, rank: int) -> nn.Module:
    """Freeze the encoder and put LoRA beside every linear layer in it; the head stays free. Taught in lecture 9.

    The vectors of tokens that the task added to the vocabulary, such as the markers of relations, stay free as well.

    Parameters
    ----------
    loaded : tokenizer and network of a task; the network is changed in place.
    rank : width of the thin matrices. A layer of shape (out, in) gets rank x (out + in) new weights.

    Returns
    -------
    The network. What is to be trained and saved is what has gradients: `free_weights`.

    Source: Hu et al. 2021, "LoRA: low-rank adaptation of large language models".
    """
    from peft import LoraConfig, inject_adapter_in_model

    tokenizer, model = loaded
    encoder = encoder_of(model)
    table = next(name for name, module in encoder.named_modules() if module is encoder.get_input_embeddings())
    added = [number for number in tokenizer.get_added_vocab().values() if number >= tokenizer.vocab_size]
    linear = [name for name, module in encoder.named_modules() if isinstance(module, nn.Linear)]
    encoder.requires_grad_(False)
    config = LoraConfig(r=rank, lora_alpha=SCALE * rank, target_modules=linear,
                        trainable_token_indices={table: added} if added else None)
    inject_adapter_in_model(config, encoder)
    return model


def free_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return what training changes: the adapters and the head, by name."""
    return {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}


def take_weights(model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Put saved weights into the adapters and the head.

    Raises
    ------
    RuntimeError : weights that are missing, too many, or of another shape.
    """
    mine = free_weights(model)
    shapes, theirs = ({name: tuple(weight.shape) for name, weight in one.items()} for one in (mine, weights))
    if differing := sorted(shapes.items() ^ theirs.items()):
        raise RuntimeError(f"가중치의 이름이나 모양이 다릅니다: {differing[0][0]}")
    for name, weight in mine.items():
        weight.copy_(weights[name])
