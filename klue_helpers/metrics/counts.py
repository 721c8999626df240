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
    classes, codes = np.unique(np.concatenate([gold, predicted]), return_inverse=True)
    left, right = np.split(codes, 2)
    size = len(classes)
    return Counts(classes, np.bincount(left[left == right], minlength=size), np.bincount(left, minlength=size),
                  np.bincount(right, minlength=size))


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
