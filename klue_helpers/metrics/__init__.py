"""The metrics of every task, as KLUE's baseline computes them and with its defects mended (lectures 5, 6, 7, 9)."""

from klue_helpers.metrics.tasks import METRICS, Scores, score

__all__ = ["METRICS", "Scores", "score"]
