"""The metrics of every task, as KLUE's baseline computes them and with its defects mended (lectures 5, 6, 7, 9).

Each task in `klue_helpers.tasks` says which of them are its own: ``load_task("ner").score(gold, predicted)``.
"""

from klue_helpers.metrics.scores import Scores

__all__ = ["Scores"]
