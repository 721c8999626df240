"""`Scores`: the metrics of a task by name, official and corrected (lectures 5, 6, 7 and 9)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scores:
    """Metrics × 100 by name. NaN where one is not defined, such as the correlation with a constant.

    Attributes
    ----------
    official : equal to KLUE's baseline (or to the set's own script), defects included.
    corrected : the same names with the known defects mended; equal to `official` where there are none.
    """

    official: dict[str, float]
    corrected: dict[str, float]


def without_defects(scores: dict[str, float]) -> Scores:
    """Return the scores of a task whose official metrics have no known defect. Taught in lecture 5."""
    return Scores(scores, dict(scores))
