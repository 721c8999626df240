"""BERT's training examples: next-sentence pairs, batches of similar length, masking (taught in lecture 4)."""

import random
from collections.abc import Iterator

import numpy as np
import torch

from klue_helpers.pretraining.corpus import Corpus

IS_NEXT, IS_RANDOM, NO_PAIR = 0, 1, -100  # labels of BertForPreTraining's second head; -100 is left out of the loss
SPECIALS_OF_A_PAIR = 3  # [CLS] A [SEP] B [SEP]
_TRIES = 10  # to find a random second segment that fits
_POOL = 200  # batches whose examples are sorted by length together


def next_sentence_pairs(corpus: Corpus, *, max_length: int = 128, short: float = 0.1, single: float = 0.5,
                        continues: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Return examples for the next-sentence task, half of them with a random second segment. Taught in lecture 4.

    Sentences of one document follow each other until the length budget is full; neither segment crosses the border of
    a document. A sentence that stands alone (in its document, or at its end) is given alone, or cut in two within it;
    what is longer than the budget loses its end. A random B ends with a sentence, as a following one does: cut off at
    the budget, its end alone would give the answer away. (BERT's code fills both kinds beyond the budget and drops
    what is too much from either end.)

    Parameters
    ----------
    corpus : documents of one register.
    max_length : length budget, special tokens included.
    short : share of examples with a random smaller budget, as in BERT.
    single : share of lone sentences that stay whole, without a second segment.
    continues : (vocab,) bool, whether a piece continues a word; a sentence is cut only between words.
    seed : the same seed gives the same examples.

    Returns
    -------
    (n, 5) int64: start and end of A, start and end of B in `corpus.pieces`, and the label `IS_NEXT`, `IS_RANDOM` or
    `NO_PAIR` (then B is empty).

    Source: Devlin et al. 2019, section 3.1 and appendix A.2.
    """
    maker = _PairMaker(corpus, max_length - SPECIALS_OF_A_PAIR, short, single, continues, random.Random(seed))
    rows = [row for document in range(len(corpus)) for row in maker.pairs_of(document)]
    return np.asarray(rows, dtype=np.int64).reshape(-1, 5)


class _PairMaker:
    """The state shared by the steps of `next_sentence_pairs`."""

    def __init__(self, corpus: Corpus, budget: int, short: float, single: float, continues: np.ndarray | None,
                 rng: random.Random) -> None:
        self.corpus, self.budget, self.short, self.single, self.rng = corpus, budget, short, single, rng
        self.starts, self.documents = corpus.sentences.tolist(), corpus.documents.tolist()
        inner = continues[corpus.pieces] if continues is not None else np.zeros(len(corpus.pieces), dtype=bool)
        self.inner = inner.tolist()

    def pairs_of(self, document: int) -> Iterator[tuple[int, int, int, int, int]]:
        first, end = self.documents[document], self.documents[document + 1]
        while first < end:
            budget = self.rng.randint(2, self.budget) if self.rng.random() < self.short else self.budget
            last = first + 1
            while last < end and self.starts[last + 1] - self.starts[first] <= budget:
                last += 1
            if last - first == 1:
                row = self._from_one_sentence(document, first, budget)
            else:
                middle = self.rng.randrange(first + 1, last)
                row, last = self._from_sentences(document, (first, middle, last), budget)
            if row[1] > row[0]:
                yield row
            first = last

    def _from_sentences(self, document: int, cut: tuple[int, int, int],
                        budget: int) -> tuple[tuple[int, int, int, int, int], int]:
        """Return an example and the sentence to go on with: a random B leaves the rest for the next example."""
        first, middle, last = cut
        start, end = self.starts[first], self.starts[middle]
        other = self._random_segment(document, budget - (end - start), inside=False)
        if other is None or self.rng.random() < 0.5:
            return (start, end, end, self.starts[last], IS_NEXT), last
        return (start, end, *other, IS_RANDOM), middle

    def _from_one_sentence(self, document: int, sentence: int, budget: int) -> tuple[int, int, int, int, int]:
        """Return the sentence alone, or its first part with its own or with another sentence's second part."""
        start, end = self.starts[sentence], min(self.starts[sentence + 1], self.starts[sentence] + budget)
        cut = self._cut(start, end)
        if cut is None or self.rng.random() < self.single:
            return start, end, end, end, NO_PAIR
        other = self._random_segment(document, budget - (cut - start), inside=True)
        if other is None or self.rng.random() < 0.5:
            return start, cut, cut, end, IS_NEXT
        return start, cut, *other, IS_RANDOM

    def _random_segment(self, document: int, room: int, *, inside: bool) -> tuple[int, int] | None:
        """Return start and end of whole sentences of another document, or of the second part of one (`inside`).

        None where no other document is found; cut off at the room left where no sentence of ten fits into it.
        """
        found = None
        for _ in range(_TRIES):
            other = self.rng.randrange(len(self.documents) - 1)
            low, high = self.documents[other], self.documents[other + 1]
            if other == document or low == high:
                continue
            last = self.rng.randrange(low, high) + 1
            start = self.starts[last - 1]
            start = (inside and self._cut(start, self.starts[last])) or start
            found = start, min(self.starts[last], start + room)
            if self.starts[last] - start <= room:
                while not inside and last < high and self.starts[last + 1] - start <= room:
                    last += 1
                return start, self.starts[last]
        return found

    def _cut(self, start: int, end: int) -> int | None:
        """Return a random border between two words, None where there is none."""
        borders = [place for place in range(start + 1, end) if not self.inner[place]]
        return self.rng.choice(borders) if borders else None


def plan_batches(lengths: np.ndarray, *, batch_tokens: int, seed: int) -> list[np.ndarray]:
    """Return the examples of every batch: similar lengths together, padded size within the budget. Taught in lecture 4.

    Parameters
    ----------
    lengths : (n,) tokens of each example, special tokens included.
    batch_tokens : upper bound of rows × longest row; a longer example makes a batch of its own.
    seed : the same seed gives the same batches in the same order.

    Returns
    -------
    list of (rows,) int arrays that together hold every example once, in random order.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lengths))
    pool = max(1, int(_POOL * batch_tokens / max(1.0, lengths.mean()))) if len(lengths) else 1
    batches: list[np.ndarray] = []
    for begin in range(0, len(order), pool):
        part = order[begin:begin + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        first = 0
        for place in range(1, len(part) + 1):
            if place == len(part) or (place + 1 - first) * lengths[part[place]] > batch_tokens:
                batches.append(part[first:place])
                first = place
    return [batches[place] for place in rng.permutation(len(batches))]


def collate_pairs(pairs: np.ndarray, pieces: np.ndarray, *, cls: int, sep: int, pad: int) -> dict[str, torch.Tensor]:
    """Return BERT's inputs for some examples: ``[CLS] A [SEP] B [SEP]``, padded. Taught in lecture 4.

    Returns
    -------
    dict with ``input_ids``, ``token_type_ids``, ``attention_mask``: (rows, longest) int64, and
    ``next_sentence_label``: (rows,) int64.
    """
    rows = [_row(pair, pieces, cls, sep) for pair in pairs.tolist()]
    width = max(len(ids) for ids, _ in rows)
    input_ids = np.full((len(rows), width), pad, dtype=np.int64)
    types, mask = np.zeros_like(input_ids), np.zeros_like(input_ids)
    for number, (ids, second) in enumerate(rows):
        input_ids[number, :len(ids)] = ids
        types[number, second:len(ids)] = 1
        mask[number, :len(ids)] = 1
    return {"input_ids": torch.from_numpy(input_ids), "token_type_ids": torch.from_numpy(types),
            "attention_mask": torch.from_numpy(mask), "next_sentence_label": torch.from_numpy(pairs[:, 4].copy())}


def _row(pair: list[int], pieces: np.ndarray, cls: int, sep: int) -> tuple[np.ndarray, int]:
    """Return the ids of an example and where its second segment starts."""
    a_start, a_end, b_start, b_end, _ = pair
    parts = [[cls], pieces[a_start:a_end], [sep]]
    second = a_end - a_start + 2
    if b_end > b_start:
        parts += [pieces[b_start:b_end], [sep]]
    return np.concatenate(parts), second


def pair_lengths(pairs: np.ndarray) -> np.ndarray:
    """Return (n,) the tokens of each example, special tokens included."""
    first, second = pairs[:, 1] - pairs[:, 0], pairs[:, 3] - pairs[:, 2]
    return first + second + 2 + (second > 0)


def mask_tokens(input_ids: torch.Tensor, *, special_ids: list[int], mask_id: int, vocab_size: int,
                probability: float = 0.15, generator: torch.Generator | None = None
                ) -> tuple[torch.Tensor, torch.Tensor]:
    """Hide tokens for the masked-language-model task: 80 % [MASK], 10 % random, 10 % unchanged. Taught in lecture 4.

    Parameters
    ----------
    input_ids : (rows, length); not changed.
    special_ids : ids that are never chosen, padding included, nor put in as random tokens; they must be the first of
        the vocabulary.
    probability : share of the other tokens that is chosen.

    Returns
    -------
    inputs, labels : both (rows, length); labels are -100 where nothing was chosen.

    Source: Devlin et al. 2019, section 3.1.
    """
    device, shape = input_ids.device, input_ids.shape  # draws are made on the CPU: the same on every device
    special = torch.isin(input_ids, torch.tensor(special_ids, device=device))
    chosen = (torch.rand(shape, generator=generator).to(device) < probability) & ~special
    labels = input_ids.masked_fill(~chosen, -100)
    lot = torch.rand(shape, generator=generator).to(device)
    inputs = input_ids.masked_fill(chosen & (lot < 0.8), mask_id)
    low = max(special_ids) + 1  # special tokens come first in the vocabulary
    anything = torch.randint(low, vocab_size, shape, generator=generator).to(device)
    return torch.where(chosen & (lot >= 0.9), anything, inputs), labels
