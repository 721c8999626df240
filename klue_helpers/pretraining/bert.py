"""What is BERT's own in pre-training: its network, first weights, examples and loss (taught in lecture 4)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from klue_helpers.embeddings import piece_vectors, sinusoidal_positions
from klue_helpers.pretraining.corpus import Corpus
from klue_helpers.pretraining.pairs import (
    collate_pairs,
    mask_tokens,
    next_sentence_pairs,
    pair_lengths,
    plan_batches,
)
from klue_helpers.pretraining.settings import BertSettings

if TYPE_CHECKING:
    from transformers import BertForPreTraining, PreTrainedTokenizerFast

Batch = dict[str, torch.Tensor]
START_AMPLITUDE = START_SPREAD = 0.05  # of the sinusoids and of the word2vec vectors that training starts from


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
        hidden_dropout_prob=settings.dropout, attention_probs_dropout_prob=settings.dropout,
        attn_implementation="sdpa" if torch.cuda.is_available() else "eager",
    )
    return BertForPreTraining(config)


@torch.no_grad()
def set_first_weights(model: "BertForPreTraining", settings: BertSettings, corpora: dict[str, Corpus]) -> None:
    """Put sinusoids into the positions and word2vec vectors into the tokens, as the settings say. Taught in lecture 4.

    With the usual random start a small BERT stays at the loss of word frequencies for millions of tokens.
    """
    embeddings = model.bert.embeddings
    length, size = embeddings.position_embeddings.weight.shape
    if settings.position_start == "sinusoidal":
        table = sinusoidal_positions(length, size, amplitude=START_AMPLITUDE)
        embeddings.position_embeddings.weight.copy_(torch.from_numpy(table))
    if settings.token_start == "word2vec":
        sentences = (one for corpus in corpora.values() for one in np.split(corpus.pieces, corpus.sentences[1:-1]))
        table = piece_vectors(sentences, vocab_size=model.config.vocab_size, size=size, seed=settings.seed,
                              spread=START_SPREAD)
        embeddings.word_embeddings.weight.copy_(torch.from_numpy(table))


class BertLoss(nn.Module):
    """The sum of BERT's two losses, the output layer computed for the hidden tokens only. Taught in lecture 4.

    Equal to the loss of `BertForPreTraining`, which scores the whole vocabulary at every token.
    """

    def __init__(self, model: "BertForPreTraining") -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> dict[str, torch.Tensor]:
        labels = batch["labels"]
        states = self.model.bert(batch["input_ids"], attention_mask=batch["attention_mask"],
                                 token_type_ids=batch["token_type_ids"])
        hidden = labels != -100  # (rows, length)
        scores = self.model.cls.predictions(states.last_hidden_state[hidden]).float()  # (chosen, vocab)
        masked = nn.functional.cross_entropy(scores, labels[hidden], reduction="sum") / hidden.sum().clamp(min=1)
        pairs = self.model.cls.seq_relationship(states.pooler_output).float()  # (rows, 2)
        answers = batch["next_sentence_label"]
        known = (answers != -100).sum().clamp(min=1)
        neighbour = nn.functional.cross_entropy(pairs, answers, reduction="sum") / known
        with torch.no_grad():
            right = (scores.argmax(-1) == labels[hidden]).sum() / hidden.sum().clamp(min=1)
            paired = ((pairs.argmax(-1) == answers) & (answers != -100)).sum() / known
        return {"loss": masked + neighbour, "masked_loss": masked, "pair_loss": neighbour,
                "masked_accuracy": right, "pair_accuracy": paired}


class BertExamples:
    """Batches for every epoch and for the held-out text, each reproducible from the seed alone. Taught in lecture 4."""

    def __init__(self, settings: BertSettings, tokenizer: "PreTrainedTokenizerFast", train: dict[str, Corpus],
                 held_out: dict[str, Corpus], weights: dict[str, int]) -> None:
        self.settings, self.tokenizer, self.weights = settings, tokenizer, weights
        self.train, self.held_out = train, held_out
        self.pieces = np.concatenate([corpus.pieces for corpus in train.values()])
        words = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
        self.continues = np.array([word.startswith("##") for word in words])
        self.pairs = np.zeros((0, 5), dtype=np.int64)

    def start_epoch(self, epoch: int) -> list[np.ndarray]:
        """Make the pairs of an epoch and return its batches as rows of `self.pairs`."""
        parts, offset = [], 0
        for number, (name, corpus) in enumerate(self.train.items()):
            for turn in range(self.weights[name]):
                seed = hash((self.settings.seed, epoch, number, turn))  # of integers: the same in every process
                parts.append(self._pairs(corpus, seed) + np.array([*[offset] * 4, 0]))
            offset += len(corpus.pieces)
        self.pairs = np.concatenate(parts)
        seed = abs(hash((self.settings.seed, epoch)))
        return plan_batches(pair_lengths(self.pairs), batch_tokens=self.settings.batch_tokens, seed=seed)

    def batch(self, rows: np.ndarray, seed: int) -> Batch:
        """Return one masked training batch."""
        return self._masked(self.pairs[rows], self.pieces, seed)

    def held_out_batches(self) -> Iterator[tuple[str, Batch]]:
        """Yield (register, batch) of the held-out documents, always the same."""
        for name, corpus in self.held_out.items():
            pairs = self._pairs(corpus, self.settings.seed)
            order = np.random.default_rng(self.settings.seed).permutation(len(pairs))
            pairs = pairs[order[:self.settings.evaluate_texts]]
            for rows in plan_batches(pair_lengths(pairs), batch_tokens=self.settings.batch_tokens, seed=0):
                yield name, self._masked(pairs[rows], corpus.pieces, self.settings.seed)

    def _pairs(self, corpus: Corpus, seed: int) -> np.ndarray:
        settings = self.settings
        return next_sentence_pairs(corpus, max_length=settings.max_length, short=settings.short_pairs,
                                   single=settings.single, continues=self.continues, seed=seed)

    def _masked(self, pairs: np.ndarray, pieces: np.ndarray, seed: int) -> Batch:
        names = self.tokenizer
        batch = collate_pairs(pairs, pieces, cls=names.cls_token_id, sep=names.sep_token_id, pad=names.pad_token_id)
        generator = torch.Generator().manual_seed(seed)
        batch["input_ids"], batch["labels"] = mask_tokens(
            batch["input_ids"], special_ids=names.all_special_ids, mask_id=names.mask_token_id,
            vocab_size=len(names), probability=self.settings.mask_probability, generator=generator)
        return batch
