"""Interpolated modified Kneser-Ney n-gram models over pieces, as a baseline for the mini GPT (lecture 8).

An n-gram is a number: its place among the n-grams of the training text, which are kept sorted. The next longer one is
found from that number and one more piece, so that nothing is hashed and no two n-grams are ever mistaken.

Source: Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling", section 3.
"""

from dataclasses import dataclass

import numpy as np

FALLBACK = (0.0, 0.5, 1.0, 1.5)  # discounts of a text too small to estimate them from


@dataclass(frozen=True)
class Level:
    """The n-grams of one length: what each keeps of its probability, and what each context gives to shorter ones."""

    kept: np.ndarray  # (n-grams,) discounted count over the context's count
    left: np.ndarray  # (contexts,) weight of the shorter model; 1 where nothing follows the context


def discounts(counts: np.ndarray) -> np.ndarray:
    """Return (4,) what is taken from counts of 0, 1, 2 and 3 or more."""
    once, twice, thrice, four = (int((counts == times).sum()) for times in (1, 2, 3, 4))
    if not once * twice * thrice * four:
        return np.array(FALLBACK)
    share = once / (once + 2 * twice)
    taken = np.array([0, 1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * four / thrice])
    return taken if (taken[1:] > 0).all() else np.array(FALLBACK)


def level(counts: np.ndarray, contexts: np.ndarray, number: int) -> Level:
    """Discount the counts of n-grams whose contexts are numbered 0 to number - 1."""
    taken = discounts(counts)[np.minimum(counts, 3)]
    totals = np.bincount(contexts, counts, minlength=number)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.bincount(contexts, taken, minlength=number) / totals
        kept = (counts - taken) / totals[contexts]
    return Level(np.where(counts > 0, kept, 0.0), np.where(totals > 0, left, 1.0))


class KneserNey:
    """Models of every length from 1 to `order`, trained together: they share the counts of the shorter n-grams.

    Parameters
    ----------
    pieces : (N,) ids of all documents end to end, each with its start and end; starts : (documents + 1,) where each
        begins; one at least has `order` pieces. A start is context only, never predicted. The unigrams are mixed with
        1 / vocab_size each, so that no piece is impossible.
    """

    def __init__(self, pieces: np.ndarray, starts: np.ndarray, *, vocab_size: int, order: int) -> None:
        self.vocab_size, self.order, self.first = vocab_size, order, int(pieces[0])
        self.keys, self.lower, self.highest = [np.arange(vocab_size)], [], []
        places, ids, before = _places(pieces, starts), pieces.astype(np.int64), np.zeros(vocab_size, dtype=np.int64)
        counts, begins = np.bincount(pieces, minlength=vocab_size), np.arange(vocab_size) == self.first
        for length in range(2, order + 1):
            at = np.flatnonzero(places >= length - 1)
            keys, inverse, times = np.unique(ids[at - 1] * vocab_size + pieces[at], return_inverse=True,
                                             return_counts=True)
            suffix = np.empty(len(keys), dtype=np.int64)
            suffix[inverse] = ids[at]
            self._finish(counts, before, begins, np.bincount(suffix, minlength=len(counts)))
            ids = np.full(len(pieces), -1)
            ids[at] = inverse
            before, counts, begins = keys // vocab_size, times, begins[keys // vocab_size]
            self.keys.append(keys)
        self._finish(counts, before, begins)

    def _finish(self, counts: np.ndarray, contexts: np.ndarray, begins: np.ndarray,
                neighbours: np.ndarray | None = None) -> None:
        """Add one length: by how often (as the longest) and by how many different pieces stand before (as a shorter).

        Nothing stands before a document's start: n-grams that begin with it keep their own counts.
        """
        number = len(self.keys[-2]) if len(self.keys) > 1 else 1
        never = begins if number == 1 else False  # a start alone
        self.highest.append(level(np.where(never, 0, counts), contexts, number))
        if neighbours is not None:
            adjusted = np.where(begins, counts, neighbours)
            self.lower.append(level(np.where(never, 0, adjusted), contexts, number))

    def score(self, pieces: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return (order, targets) natural logarithms: a row a length, every piece but the starts."""
        places = _places(pieces, starts)
        targets = np.flatnonzero(places > 0)
        ids, shorter = np.zeros(len(pieces), dtype=np.int64), np.full(len(targets), 1 / self.vocab_size)
        rows = []
        for length, keys in enumerate(self.keys, start=1):
            context = np.where(places[targets] >= length - 1, ids[targets - 1], -1)
            found = _find(keys, context * self.vocab_size + pieces[targets])
            rows.append(_mixed(self.highest[length - 1], context, found, shorter))
            if length == self.order:
                return np.log(rows)
            shorter = _mixed(self.lower[length - 1], context, found, shorter)
            everywhere = np.where(places >= length - 1, np.roll(ids, 1), -1)
            ids = _find(keys, everywhere * self.vocab_size + pieces)


def _places(pieces: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return (N,) how many pieces of its document stand before each piece."""
    return np.arange(len(pieces)) - np.repeat(starts[:-1], np.diff(starts))


def _find(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the places of keys among sorted ones, -1 where there is none (or the context was none: negative)."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)


def _mixed(level: Level, context: np.ndarray, found: np.ndarray, shorter: np.ndarray) -> np.ndarray:
    mixed = np.where(found >= 0, level.kept[found], 0.0) + level.left[context] * shorter
    return np.where(context >= 0, mixed, shorter)
