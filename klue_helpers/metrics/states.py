"""Joint goal accuracy and slot F1 of dialogue states (taught in lecture 9)."""

from collections.abc import Sequence

import numpy as np

States = Sequence[Sequence[str]]


def joint_goal_accuracy(gold: States, predicted: States) -> float:
    """Return the share × 100 of turns whose whole state is right, in any order. Taught in lecture 9.

    Parameters
    ----------
    gold, predicted : for each turn the state as "domain-slot-value".
    """
    return float(np.mean([set(state) == set(guess) for state, guess in zip(gold, predicted, strict=True)]) * 100)


def slot_f1(gold: States, predicted: States, *, by_turn: bool) -> float:
    """Return the F1 × 100 of slot values. Taught in lecture 9.

    Parameters
    ----------
    by_turn : True for the mean of the turns' F1, which KLUE calls micro; False for one F1 over the values of all
        turns, which is micro F1. Where gold and prediction hold nothing, F1 is 1.
    """
    hits, others = np.array([_compare(*turn) for turn in zip(gold, predicted, strict=True)]).T  # (turns,) each
    if not by_turn:
        hits, others = hits.sum(), others.sum()
    claims = 2 * hits + others
    return float(np.mean(np.where(claims == 0, 1.0, 2 * hits / np.maximum(claims, 1))) * 100)


def _compare(state: Sequence[str], guess: Sequence[str]) -> tuple[int, int]:
    """Return how many values of the gold are found, and how many on either side are not on the other."""
    found = sum(value in guess for value in state)
    return found, len(state) - found + sum(value not in state for value in guess)
