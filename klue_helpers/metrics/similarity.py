"""Correlations of scores, and F1 of scores cut at a threshold (taught in lecture 6)."""

from collections.abc import Sequence

import numpy as np

from klue_helpers.metrics.counts import count, micro_f1

SIMILAR = 3  # KLUE: a pair counts as similar from this score on


def pearson(gold: Sequence[float], predicted: Sequence[float]) -> float:
    """Return Pearson's r × 100; NaN where one side is constant. Taught in lecture 6."""
    sides = [np.asarray(scores, dtype=np.float64) for scores in (gold, predicted)]
    if any((side == side[0]).all() for side in sides):
        return float("nan")
    left, right = (side - side.mean() for side in sides)
    r = (left / np.linalg.norm(left)) @ (right / np.linalg.norm(right))
    return float(np.clip(r, -1, 1) * 100)


def spearman(gold: Sequence[float], predicted: Sequence[float]) -> float:
    """Return Spearman's rank correlation × 100, equal scores sharing their mean rank. Taught in lecture 6."""
    return pearson(_ranks(gold), _ranks(predicted))


def similar_f1(gold: Sequence[float], predicted: Sequence[float]) -> float:
    """Return the F1 × 100 of "similar", both sides cut at ≥ 3; 0 where nothing is. Taught in lecture 6."""
    return micro_f1(count(np.asarray(gold) >= SIMILAR, np.asarray(predicted) >= SIMILAR).without(False))


def _ranks(scores: Sequence[float]) -> np.ndarray:
    _, places, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    return (np.cumsum(sizes) - (sizes - 1) / 2)[places]
