"""What every kind of mini model brings along for pre-training, and what they have in common (lectures 4 and 8)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from klue_helpers.embeddings import piece_vectors, sinusoidal_positions
from klue_helpers.pretraining.corpus import Corpus
from klue_helpers.pretraining.diary import Answers
from klue_helpers.pretraining.pairs import plan_batches
from klue_helpers.pretraining.settings import PretrainSettings

if TYPE_CHECKING:
    from tokenizers.implementations import BaseTokenizer
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

Batch = dict[str, torch.Tensor]
Document = Sequence[str]  # its lines
START_AMPLITUDE = START_SPREAD = 0.05  # of the sinusoids and of the word2vec vectors that training starts from


class RegisterExamples(ABC):
    """Batches for every epoch and for the held-out text, each reproducible from the seed alone. Taught in lecture 4.

    An example is a row of integers that says where in the pieces of all registers it stands.

    Attributes
    ----------
    pieces : ids of all pieces of the training text, register after register.
    rows : (n, columns) int64, the examples of the present epoch.
    """

    is_place: tuple[bool, ...]  # for each column of a row, whether it is a place among the pieces

    def __init__(self, settings: PretrainSettings, tokenizer: "PreTrainedTokenizerFast", train: dict[str, Corpus],
                 held_out: dict[str, Corpus], weights: dict[str, int]) -> None:
        self.settings, self.tokenizer, self.weights = settings, tokenizer, weights
        self.train = {name: self._prepared(corpus) for name, corpus in train.items()}
        self.held_out = {name: self._prepared(corpus) for name, corpus in held_out.items()}
        self.pieces = np.concatenate([corpus.pieces for corpus in self.train.values()])
        self.rows = np.zeros((0, len(self.is_place)), dtype=np.int64)

    def start_epoch(self, epoch: int) -> list[np.ndarray]:
        """Make the examples of an epoch and return its batches as numbers of `self.rows`."""
        parts, offset = [], 0
        for number, (name, corpus) in enumerate(self.train.items()):
            for turn in range(self.weights[name]):
                seed = _seed_of(self.settings.seed, epoch, number, turn)
                parts.append(self._rows(corpus, seed) + offset * np.array(self.is_place))
            offset += len(corpus.pieces)
        self.rows = np.concatenate(parts)
        seed = _seed_of(self.settings.seed, epoch)
        return plan_batches(self._lengths(self.rows), batch_tokens=self.settings.batch_tokens, seed=seed)

    def batch(self, rows: np.ndarray, seed: int) -> Batch:
        """Return one training batch."""
        return self._collated(self.rows[rows], self.pieces, seed)

    def held_out_batches(self) -> Iterator[tuple[str, Batch]]:
        """Yield (register, batch) of the held-out documents, always the same."""
        for name, corpus in self.held_out.items():
            rows = self._rows(corpus, self.settings.seed)
            order = np.random.default_rng(self.settings.seed).permutation(len(rows))
            rows = rows[order[:self.settings.evaluate_texts]]
            for chosen in plan_batches(self._lengths(rows), batch_tokens=self.settings.batch_tokens, seed=0):
                yield name, self._collated(rows[chosen], corpus.pieces, self.settings.seed)

    def _prepared(self, corpus: Corpus) -> Corpus:
        return corpus

    @abstractmethod
    def _rows(self, corpus: Corpus, seed: int) -> np.ndarray:
        """Return (n, columns) the examples of one register."""

    @abstractmethod
    def _lengths(self, rows: np.ndarray) -> np.ndarray:
        """Return (n,) the tokens of each example."""

    @abstractmethod
    def _collated(self, rows: np.ndarray, pieces: np.ndarray, seed: int) -> Batch:
        """Return the network's inputs, with ``attention_mask`` 1 for every token that counts."""


def _seed_of(*numbers: int) -> int:
    """Return a seed that follows from some whole numbers, the same on every machine and in every Python."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


@dataclass(frozen=True)
class Kind:
    """What is one model's own in `klue pretrain`.

    Attributes
    ----------
    train_tokenizer : from documents and settings to a trained tokenizer.
    texts_of : from a document to the texts that are tokenized one by one.
    new_model : from settings and tokenizer to a network with random weights.
    loss : from network and tokenizer to a module that gives the losses of a batch, the one to minimise under
        ``"loss"``; its `layers` says how the names of the layers' weights begin.
    examples : makes the batches.
    diary : from network and tokenizer to the answers that a diary of the run keeps.
    positions : name of the table of position vectors among the network's parameters.
    dropouts : names of the dropout rates in the network's configuration.
    """

    train_tokenizer: Callable[[Iterable[Document], Any], "BaseTokenizer"]
    texts_of: Callable[[Document], list[str]]
    new_model: Callable[[Any, "PreTrainedTokenizerFast"], "PreTrainedModel"]
    loss: Callable[[Any, "PreTrainedTokenizerFast"], nn.Module]
    examples: type[RegisterExamples]
    diary: Callable[[Any, "PreTrainedTokenizerFast"], Answers]
    positions: str
    dropouts: tuple[str, ...]


@torch.no_grad()
def set_first_weights(kind: Kind, model: "PreTrainedModel", settings: PretrainSettings,
                      corpora: dict[str, Corpus]) -> None:
    """Put sinusoids into the positions and word2vec vectors into the tokens, as the settings say. Taught in lecture 4.

    With the usual random start a small BERT stays at the loss of word frequencies for millions of tokens.
    """
    positions = model.get_parameter(kind.positions)
    length, size = positions.shape
    if settings.position_start == "sinusoidal":
        positions.copy_(torch.from_numpy(sinusoidal_positions(length, size, amplitude=START_AMPLITUDE)))
    if settings.token_start == "word2vec":
        sentences = (one for corpus in corpora.values() for one in np.split(corpus.pieces, corpus.sentences[1:-1]))
        table = piece_vectors(sentences, vocab_size=model.config.vocab_size, size=size, seed=settings.seed,
                              spread=START_SPREAD)
        model.get_input_embeddings().weight.copy_(torch.from_numpy(table))
