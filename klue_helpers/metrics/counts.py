"""Hits, gold and predictions of each class, and the F1 scores that follow (taught in lecture 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Counts:
    """How often each class is right, stands in the gold and is predicted. Taught in lecture 5.

    Attributes
    ----------
    classes : (classes,) the classes that occur in the gold or in the predictions.
    hits, gold, predicted : (classes,) whole numbers.
    """

    classes: np.ndarray
    hits: np.ndarray
    gold: np.ndarray
    predicted: np.ndarray

    @property
    def f1(self) -> np.ndarray:
        """F1 of each class, 0 to 1."""
        return 2 * self.hits / (self.gold + self.predicted)

    def without(self, *classes: Any) -> "Counts":
        """Return the counts of all other classes."""
        kept = ~np.isin(self.classes, classes)
        return Counts(self.classes[kept], self.hits[kept], self.gold[kept], self.predicted[kept])


def count(gold: Sequence[Any], predicted: Sequence[Any]) -> Counts:
    """Count the classes of two sequences of one length, label by label. Taught in lecture 5."""
    both = [gold, predicted]
    classes, codes = coded(np.concatenate(both) if isinstance(gold, np.ndarray) else [*gold, *predicted])
    left, right = np.split(codes, 2)
    size = len(classes)
    return Counts(classes, np.bincount(left[left == right], minlength=size), np.bincount(left, minlength=size),
                  np.bincount(right, minlength=size))


def coded(labels: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the different labels in order, and the place of each label among them. Taught in lecture 5.

    The same as `numpy.unique` with its inverse, which has to sort all labels: for lists of names much faster.

    Examples
    --------
    >>> [part.tolist() for part in coded(["O", "B-PS", "O"])]
    [['B-PS', 'O'], [1, 0, 1]]
    """
    if isinstance(labels, np.ndarray):
        return np.unique(labels, return_inverse=True)
    known = sorted(set(labels))
    places = {label: place for place, label in enumerate(known)}
    return np.array(known), np.fromiter(map(places.__getitem__, labels), dtype=np.int64, count=len(labels))


def accuracy(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
    """Return the share of equal labels × 100. Taught in lecture 5."""
    return float(np.mean(np.asarray(gold) == np.asarray(predicted)) * 100)


def macro_f1(counts: Counts) -> float:
    """Return the plain mean of the classes' F1 × 100; NaN where no class occurs. Taught in lecture 5."""
    return float(counts.f1.mean() * 100) if len(counts.classes) else float("nan")


def micro_f1(counts: Counts) -> float:
    """Return the F1 × 100 of all classes' hits together; 0 where no class occurs. Taught in lecture 5.

    Over all classes of a task with one label an example this is the accuracy.
    """
    claims = counts.gold.sum() + counts.predicted.sum()
    return float(2 * counts.hits.sum() / claims * 100) if claims else 0.0
