"""What is GPT's own in pre-training: its network, examples and loss (taught in lecture 8)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from klue_helpers import runtime
from klue_helpers.pretraining.corpus import Corpus
from klue_helpers.pretraining.diary import continue_prompts
from klue_helpers.pretraining.kinds import Batch, Document, Kind, RegisterExamples
from klue_helpers.pretraining.settings import GptSettings
from klue_helpers.tokenizers import train_bpe

if TYPE_CHECKING:
    from tokenizers.implementations import BaseTokenizer
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

_DROPOUTS = ("resid_pdrop", "embd_pdrop", "attn_pdrop")


def new_gpt(settings: GptSettings, tokenizer: "PreTrainedTokenizerFast") -> "GPT2LMHeadModel":
    """Return a GPT-2 with random weights whose output layer is its table of tokens. Taught in lecture 8.

    The dropout of the settings holds while pre-training; the saved configuration keeps GPT-2's 0.1 for fine-tuning.
    On a CPU attention is computed step by step: for short rows the fused one is slower there.
    """
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(settings.seed)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=settings.hidden_size, n_layer=settings.layers, n_head=settings.heads,
        n_positions=settings.max_length, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, tie_word_embeddings=True, use_cache=True,
        attn_implementation="eager" if runtime.device().type == "cpu" else "sdpa",
        activation_function="gelu_pytorch_tanh",  # GPT-2's own function in one step, 15 % faster on a CPU
        **dict.fromkeys(_DROPOUTS, settings.dropout),
    )
    return GPT2LMHeadModel(config)


class GptLoss(nn.Module):
    """Mean loss of the next piece in nats, the output layer computed where there is one only. Taught in lecture 8.

    Equal to the loss of `GPT2LMHeadModel`, which scores the whole vocabulary at the padding too.
    """

    layers = "transformer.h."  # how the names of the layers' weights begin

    def __init__(self, model: "GPT2LMHeadModel") -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> dict[str, torch.Tensor]:
        labels = batch["labels"]
        states = self.model.transformer(batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)
        known = labels != -100  # (rows, length)
        scores = self.model.lm_head(states.last_hidden_state[known]).float()  # (pieces, vocab)
        answers = labels[known]
        loss = nn.functional.cross_entropy(scores, answers)
        with torch.no_grad():  # the right piece has the highest score: several times faster than argmax
            accuracy = (scores.gather(1, answers[:, None])[:, 0] == scores.amax(-1)).float().mean()
        return {"loss": loss, "accuracy": accuracy}


class GptExamples(RegisterExamples):
    """One document an example, ``<s> … </s>``; a long one in consecutive blocks. Taught in lecture 8.

    A row says where the block's inputs start and end among the pieces; its targets stand one place further on. So
    every piece and every ``</s>`` is a target once, and no block holds two documents.
    """

    is_place = (True, True)

    def _prepared(self, corpus: Corpus) -> Corpus:
        """Put ``<s>`` and ``</s>`` around every document."""
        lengths = np.diff(corpus.sentences) + 2
        ends = np.cumsum(lengths)
        pieces = np.empty(len(corpus.pieces) + 2 * len(lengths), dtype=corpus.pieces.dtype)
        inner = np.ones(len(pieces), dtype=bool)
        inner[ends - lengths] = inner[ends - 1] = False
        pieces[ends - lengths], pieces[ends - 1] = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id
        pieces[inner] = corpus.pieces
        return Corpus(pieces, np.concatenate([[0], ends]), corpus.documents)

    def _rows(self, corpus: Corpus, seed: int) -> np.ndarray:
        starts, lasts = corpus.sentences[:-1], corpus.sentences[1:] - 1  # the last piece is a target only
        size = self.settings.max_length
        blocks = -((starts - lasts) // size)  # rounded up
        numbers = np.arange(blocks.sum()) - np.repeat(np.cumsum(blocks) - blocks, blocks)  # of a block in its document
        begins = np.repeat(starts, blocks) + numbers * size
        return np.stack([begins, np.minimum(begins + size, np.repeat(lasts, blocks))], axis=1)

    def _lengths(self, rows: np.ndarray) -> np.ndarray:
        return rows[:, 1] - rows[:, 0]

    def _collated(self, rows: np.ndarray, pieces: np.ndarray, seed: int) -> Batch:
        lengths = self._lengths(rows)
        places = rows[:, :1] + np.arange(lengths.max())  # (rows, longest)
        known = np.arange(lengths.max()) < lengths[:, None]
        inputs = np.where(known, pieces[np.where(known, places, 0)], self.tokenizer.pad_token_id)
        labels = np.where(known, pieces[np.where(known, places + 1, 0)], -100)
        return {"input_ids": torch.from_numpy(inputs.astype(np.int64)),
                "attention_mask": torch.from_numpy(known.astype(np.int64)),
                "labels": torch.from_numpy(labels.astype(np.int64))}


def _whole(document: Document) -> list[str]:
    return ["\n".join(document)]


def _train_tokenizer(documents: Iterable[Document], settings: GptSettings) -> "BaseTokenizer":
    texts = (text for document in documents for text in _whole(document))
    return train_bpe(texts, vocab_size=settings.vocab_size, limit_alphabet=settings.alphabet)


GPT = Kind(
    train_tokenizer=_train_tokenizer, texts_of=_whole, new_model=new_gpt,
    loss=lambda model, tokenizer: GptLoss(model), examples=GptExamples, diary=continue_prompts,
    positions="transformer.wpe.weight", dropouts=_DROPOUTS,
)
