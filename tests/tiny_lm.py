"""A causal language model for tests: a real tokenizer, a tiny network with weights that tell pieces apart."""

from collections.abc import Iterable

import torch

from klue_helpers import tokenizers as kt
from klue_helpers.models import CausalLM
from klue_helpers.pretraining.gpt import new_gpt
from klue_helpers.pretraining.settings import pretrain_settings


def tiny_lm(texts: Iterable[str], *, vocab_size: int = 900, context: int = 64) -> CausalLM:
    """Return a GPT of one layer with large random weights, always the same for the same texts."""
    trained = kt.train_bpe(texts, vocab_size=vocab_size, min_frequency=1)
    tokenizer = kt.to_transformers(trained, max_length=context)
    settings = pretrain_settings("gpt", {"hidden_size": 16, "layers": 1, "heads": 2, "max_length": context})
    model = new_gpt(settings, tokenizer).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.4)
    return CausalLM(tokenizer, model)
