"""Unlabelled and labelled attachment in dependency trees (taught in lecture 5)."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from klue_helpers.metrics.counts import Counts, count

RARE = 15  # KLUE's baseline: labels from this number on are one class
WRONG_HEAD, OTHERS = -2, -3

Numbers = Sequence[Sequence[int]]


def count_heads(gold: Numbers, predicted: Numbers) -> Counts:
    """Count words with the position of the head as their class. Taught in lecture 5.

    Micro F1 over these counts is UAS as everyone knows it, the share of words with the right head. Macro F1 is KLUE's
    own: it averages over positions, so that position 40, which a handful of long sentences has, weighs as much as 2.

    Parameters
    ----------
    gold, predicted : for each sentence the heads of its words, from 1; 0 is the root.
    """
    return count(_flat(gold), _flat(predicted))


def sentence_uas(gold: Numbers, predicted: Numbers) -> float:
    """Return the mean over sentences of the share × 100 of words with the right head. Taught in lecture 5."""
    right = [np.mean(np.equal(heads, guesses)) for heads, guesses in zip(gold, predicted, strict=True)]
    return float(np.mean(right) * 100)


def count_labelled(gold_heads: Numbers, gold_types: Numbers, heads: Numbers, types: Numbers) -> Counts:
    """Count words with the dependency label as their class. Taught in lecture 5.

    Labels from number 15 on are one class, `OTHERS`. A word with a wrong head is predicted to be `WRONG_HEAD`, a class
    that no gold has: micro F1 is LAS, the share of words with head and label right, and macro F1 averages over one
    class too many, whose F1 is 0, as soon as one head is wrong.
    """
    truth, guess = (np.where(flat >= RARE, OTHERS, flat) for flat in (_flat(gold_types), _flat(types)))
    return count(truth, np.where(_flat(gold_heads) == _flat(heads), guess, WRONG_HEAD))


def _flat(sentences: Numbers) -> np.ndarray:
    return np.array(list(chain.from_iterable(sentences)), dtype=np.int64)
