"""Figures that the lectures draw (used from lecture 3 on; taught nowhere)."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = {"reviews": "o", "formal": "s", "spoken": "^"}
_REGISTERS = {"train": "학습", "reviews": "떼어 둔 리뷰", "formal": "떼어 둔 격식체",
              "spoken": "떼어 둔 입말"}


def loss_curve(log: pd.DataFrame, *, column: str = "masked_loss", level: float | None = None) -> "Figure":
    """Draw a loss of ``log.csv`` against the tokens seen, a line for each split.

    Parameters
    ----------
    log : rows of a pre-training log, with the columns ``tokens``, ``split`` and `column`.
    column : the loss to draw, in nats a token.
    level : loss of a model that knows only how often pieces occur, drawn as a horizontal line.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for split, rows in log.groupby("split", sort=False):
        style = {"alpha": 0.4} if split == "train" else {"marker": _MARKERS.get(str(split), "d"), "markersize": 4}
        axes.plot(rows["tokens"] / 1e6, rows[column], label=_REGISTERS.get(str(split), str(split)), **style)
    if level is not None:
        axes.axhline(level, color="gray", linestyle="--", label="조각 빈도만 아는 모델")
    axes.set(xlabel="학습한 토큰(백만)", ylabel="손실(nat)")
    axes.legend()
    return figure


def save_loss_curve(log: Path, picture: Path, *, column: str) -> None:
    """Write the curve of a loss of ``log.csv`` as a picture."""
    from klue_helpers.runtime import use_korean_font

    use_korean_font()
    loss_curve(pd.read_csv(log), column=column).savefig(picture, dpi=120)
