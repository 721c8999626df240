"""Encoders of one layer with random weights, saved as published ones are, for tests that train."""

from pathlib import Path

import torch
import transformers

from klue_helpers.models import model_folder

SIZES = {"vocab_size": 12_000, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
         "intermediate_size": 32}
EXTRA = {"Bert": {"max_position_embeddings": 512},
         "Roberta": {"type_vocab_size": 1, "max_position_embeddings": 514, "pad_token_id": 0},
         "Electra": {"embedding_size": 32}}


def save_encoder(folder: Path, kind: str = "Bert") -> str:
    """Save a tiny model under a published architecture, with the mini BERT's tokenizer; return the folder."""
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SIZES, **EXTRA[kind])
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer = transformers.BertTokenizerFast.from_pretrained(model_folder("klue-mini-bert"))
    tokenizer.model_max_length = 512
    tokenizer.save_pretrained(folder)
    return str(folder)
