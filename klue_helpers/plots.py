"""Figures and marked texts that the lectures show (used from lecture 3 on; taught nowhere)."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from klue_helpers.errors import KlueError

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


Mark = tuple[int, int, str]  # first character, last + 1, name
_STYLE = "background:rgba(255,176,0,.28);color:inherit;border-bottom:2px solid rgba(255,140,0,.9);padding:0 .1em"


@dataclass(frozen=True)
class Highlighted:
    """Texts with marked spans; as HTML in a notebook, as ``[text/NAME]`` in plain text."""

    passages: tuple[tuple[str, tuple[Mark, ...]], ...]

    def _repr_html_(self) -> str:
        """Return one paragraph a text; readable on light and dark ground, everything from the text escaped."""
        lines = ("".join(f'<mark style="{_STYLE}">{escape(part)}<sub>{escape(name)}</sub></mark>' if name is not None
                         else escape(part) for part, name in _parts(*passage)) for passage in self.passages)
        return "".join(f'<p style="line-height:1.9;margin:.3em 0">{line}</p>' for line in lines)

    def __repr__(self) -> str:
        return "\n".join("".join(part if name is None else f"[{part}/{name}]" for part, name in _parts(*passage))
                         for passage in self.passages)


def highlight(*passages: tuple[str, Sequence[Mark]]) -> Highlighted:
    """Return texts whose spans are marked. Used in lecture 7.

    Parameters
    ----------
    *passages : a text and its marks: first character, last + 1, name.

    Raises
    ------
    KlueError : a mark that is empty, overlaps another or does not lie in its text.

    Examples
    --------
    >>> highlight(("이순신은 통영에 있다.", [(0, 3, "PS"), (5, 7, "LC")]))
    [이순신/PS]은 [통영/LC]에 있다.
    """
    checked = []
    for text, marks in passages:
        ordered, before = tuple(sorted(marks)), 0
        for start, end, name in ordered:
            if not before <= start < end <= len(text):
                raise KlueError(f"{name} 표시 ({start}, {end})가 비었거나 겹치거나 {len(text)}자인 글을 벗어납니다. "
                                "위치를 고치세요.")
            before = end
        checked.append((text, ordered))
    return Highlighted(tuple(checked))


def _parts(text: str, marks: Sequence[Mark]) -> list[tuple[str, str | None]]:
    """Return the text in parts, each with the name of its mark or None."""
    parts: list[tuple[str, str | None]] = []
    at = 0
    for start, end, name in marks:
        parts += [(text[at:start], None), (text[start:end], name)]
        at = end
    return [part for part in [*parts, (text[at:], None)] if part[0]]
