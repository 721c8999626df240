"""The area under precision and recall of relation extraction (taught in lecture 5)."""

from collections.abc import Sequence

import numpy as np


def auprc(gold: Sequence[int], probabilities: np.ndarray) -> float:
    """Return the mean over all classes of the area under their precision–recall curve × 100. Taught in lecture 5.

    The area is that of trapezoids between the points of all distinct scores, as in KLUE's baseline. For a class without
    a gold example scikit-learn sets recall to 1, which makes the area 0.5: it says nothing, and the mean of a small set
    is drawn towards 50.

    Parameters
    ----------
    gold : (examples,) numbers of the classes.
    probabilities : (examples, classes) one score a class; only their order within a class matters.
    """
    table = np.asarray(probabilities, dtype=np.float64)
    truth = np.asarray(gold)[:, None] == np.arange(table.shape[1])  # (examples, classes)
    return float(np.mean([_area(truth[:, at], table[:, at]) for at in range(table.shape[1])]) * 100)


def _area(truth: np.ndarray, scores: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # the last of each run of equal scores
    hits = np.cumsum(truth[order])[last]
    precision = np.append(1.0, hits / (last + 1))
    recall = np.append(0.0, hits / hits[-1] if hits[-1] else np.ones(len(hits)))
    return float(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))
