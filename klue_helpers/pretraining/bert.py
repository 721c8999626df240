"""What is BERT's own in pre-training: its network, examples and loss (taught in lecture 4)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from klue_helpers import runtime
from klue_helpers.pretraining.corpus import Corpus, document_sentences
from klue_helpers.pretraining.diary import fill_blanks
from klue_helpers.pretraining.kinds import Batch, Document, Kind, RegisterExamples
from klue_helpers.pretraining.pairs import collate_pairs, mask_tokens, next_sentence_pairs, pair_lengths
from klue_helpers.pretraining.settings import BertSettings
from klue_helpers.tokenizers import train_wordpiece

if TYPE_CHECKING:
    from tokenizers.implementations import BaseTokenizer
    from transformers import BertForPreTraining

_DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob")


def new_bert(settings: BertSettings, vocab_size: int) -> "BertForPreTraining":
    """Return a BERT with two heads and random weights. Taught in lecture 4.

    The dropout of the settings holds while pre-training; the saved configuration keeps BERT's 0.1 for fine-tuning.
    On a CPU attention is written out: the library's fused one is slower there for short texts (6,000 against 4,600
    tokens a second on one core in bf16).
    """
    from transformers import BertConfig, BertForPreTraining

    torch.manual_seed(settings.seed)
    config = BertConfig(
        vocab_size=vocab_size, hidden_size=settings.hidden_size, num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads, intermediate_size=4 * settings.hidden_size,
        max_position_embeddings=settings.max_length,
        **dict.fromkeys(_DROPOUTS, settings.dropout),
        attn_implementation="eager" if runtime.device().type == "cpu" else "sdpa",
    )
    return BertForPreTraining(config)


class BertLoss(nn.Module):
    """The sum of BERT's two losses, the output layer computed for the hidden tokens only. Taught in lecture 4.

    ``loss`` is equal to that of `BertForPreTraining`, which scores the whole vocabulary at every token. What is
    reported of the masked task counts the places that show ``[MASK]``: where the token itself or a random one stands,
    a model can gain by copying what it sees.

    Parameters
    ----------
    mask_id : id of ``[MASK]``.
    """

    layers = "bert.encoder.layer."  # how the names of the layers' weights begin

    def __init__(self, model: "BertForPreTraining", mask_id: int) -> None:
        super().__init__()
        self.model, self.mask_id = model, mask_id

    def forward(self, batch: Batch) -> dict[str, torch.Tensor]:
        labels = batch["labels"]
        states = self.model.bert(batch["input_ids"], attention_mask=batch["attention_mask"],
                                 token_type_ids=batch["token_type_ids"])
        chosen = labels != -100  # (rows, length)
        answers = labels[chosen]  # (chosen,)
        scores = self.model.cls.predictions(states.last_hidden_state[chosen]).float()  # (chosen, vocab)
        losses = nn.functional.cross_entropy(scores, answers, reduction="none")  # (chosen,)
        pairs = self.model.cls.seq_relationship(states.pooler_output).float()  # (rows, 2)
        follows = batch["next_sentence_label"]  # (rows,)
        known = (follows != -100).sum().clamp(min=1)
        neighbour = nn.functional.cross_entropy(pairs, follows, reduction="sum") / known
        with torch.no_grad():
            unseen = batch["input_ids"][chosen] == self.mask_id  # (chosen,)
            count = unseen.sum().clamp(min=1)
            right = (scores.gather(1, answers[:, None])[:, 0] == scores.amax(-1)) & unseen  # faster than argmax
            paired = ((pairs.argmax(-1) == follows) & (follows != -100)).sum() / known
        return {"loss": losses.sum() / chosen.sum().clamp(min=1) + neighbour,
                "masked_loss": (losses * unseen).sum() / count, "pair_loss": neighbour,
                "masked_accuracy": right.sum() / count, "pair_accuracy": paired}


class BertExamples(RegisterExamples):
    """Masked pairs of sentences; a row is one of `next_sentence_pairs`. Taught in lecture 4."""

    is_place = (True, True, True, True, False)

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        words = self.tokenizer.convert_ids_to_tokens(range(len(self.tokenizer)))
        self.continues = np.array([word.startswith("##") for word in words])

    def _rows(self, corpus: Corpus, seed: int) -> np.ndarray:
        settings = self.settings
        return next_sentence_pairs(corpus, max_length=settings.max_length, short=settings.short_pairs,
                                   single=settings.single, continues=self.continues, seed=seed)

    def _lengths(self, rows: np.ndarray) -> np.ndarray:
        return pair_lengths(rows)

    def _collated(self, rows: np.ndarray, pieces: np.ndarray, seed: int) -> Batch:
        names = self.tokenizer
        batch = collate_pairs(rows, pieces, cls=names.cls_token_id, sep=names.sep_token_id, pad=names.pad_token_id)
        generator = torch.Generator().manual_seed(seed)
        batch["input_ids"], batch["labels"] = mask_tokens(
            batch["input_ids"], special_ids=names.all_special_ids, mask_id=names.mask_token_id,
            vocab_size=len(names), probability=self.settings.mask_probability, generator=generator)
        return batch


def _train_tokenizer(documents: Iterable[Document], settings: BertSettings) -> "BaseTokenizer":
    lines = (line for document in documents for line in document)
    return train_wordpiece(lines, vocab_size=settings.vocab_size, limit_alphabet=settings.alphabet)


BERT = Kind(
    train_tokenizer=_train_tokenizer, texts_of=document_sentences,
    new_model=lambda settings, tokenizer: new_bert(settings, len(tokenizer)),
    loss=lambda model, tokenizer: BertLoss(model, tokenizer.mask_token_id), examples=BertExamples, diary=fill_blanks,
    positions="bert.embeddings.position_embeddings.weight", dropouts=_DROPOUTS,
)
