"""Figures and marked texts that the lectures show (used from lecture 3 on; taught nowhere)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

import pandas as pd

from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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


Box = tuple[str, str, str]  # what it says, how it looks (a key of _LOOKS), a small note above it
_LOOKS = {"plain": {"facecolor": "white", "edgecolor": "gray"},
          "hidden": {"facecolor": "#f9dfc4", "edgecolor": "#8a4b08", "hatch": "////"},
          "gone": {"facecolor": "white", "edgecolor": "gray", "linestyle": "--"},
          "marked": {"facecolor": "#cfe3f7", "edgecolor": "black", "linewidth": 2}}
_SIZE = 11.0  # of the letters, in points; a figure of these functions measures everything in points


def token_strips(strips: Mapping[str, Sequence[Box]]) -> "Figure":
    """Draw texts as strips of boxes, a token each, one strip below the other. Used in lecture 10.

    Parameters
    ----------
    strips : the boxes of every strip by its name: a token, how it looks, a small note above it (or an empty string).
        A token looks ``"plain"``, ``"hidden"`` (hatched), ``"gone"`` (struck through) or ``"marked"`` (thick edge).

    Raises
    ------
    KlueError : a look of another name.
    """
    if unknown := {look for boxes in strips.values() for _, look, _ in boxes} - set(_LOOKS):
        raise KlueError(f"칸의 모양 {', '.join(sorted(unknown))}은(는) 없습니다. {', '.join(_LOOKS)} 가운데 고르세요.")
    left = max(map(_width, strips)) + 12
    ends = [sum(_width(token) + 14 for token, *_ in boxes) for boxes in strips.values()]
    figure, axes = _page(left + max(ends), 44 * len(strips))
    for number, (name, boxes) in enumerate(strips.items()):
        middle, at = 44 * number + 29, left
        axes.text(0, middle, name, va="center", fontsize=_SIZE, fontweight="bold")
        for box in boxes:
            _draw_box(axes, at, middle, box)
            at += _width(box[0]) + 14
    return figure


def _draw_box(axes: "Axes", at: float, middle: float, box: Box) -> None:
    """Draw a token of a strip, its left edge at `at`."""
    from matplotlib.patches import Rectangle

    (token, look, note), width = box, _width(box[0]) + 10
    axes.add_patch(Rectangle((at, middle - 12), width, 24, **_LOOKS[look]))
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.5} if look == "hidden" else None
    axes.text(at + width / 2, middle, token, ha="center", va="center", fontsize=_SIZE, bbox=ground)
    axes.text(at + width / 2, middle - 14, note, ha="center", va="bottom", fontsize=_SIZE - 2)
    if look == "gone":
        axes.plot([at + 3, at + width - 3], [middle, middle], color="black", linewidth=1.2)


def flow_chart(rows: Mapping[str, Sequence[str]]) -> "Figure":
    """Draw rows of boxes, each with an arrow to the next. Used in lecture 10.

    Parameters
    ----------
    rows : what the boxes of every row say, in one or more lines, by the row's name, which stands above it.
    """
    from matplotlib.patches import FancyBboxPatch

    texts = [text for boxes in rows.values() for text in boxes]
    width = max(_width(line) for text in texts for line in text.split("\n")) + 16
    height, gap = 18 * max(text.count("\n") + 1 for text in texts) + 12, 34
    figure, axes = _page(max(map(len, rows.values())) * (width + gap) - gap + 2, (height + 44) * len(rows))
    for number, (name, boxes) in enumerate(rows.items()):
        top = number * (height + 44) + 30
        axes.text(1, top - 10, name, va="bottom", fontsize=_SIZE, fontweight="bold")
        for place, text in enumerate(boxes):
            left = place * (width + gap) + 1
            axes.add_patch(FancyBboxPatch((left, top), width, height, boxstyle="round,pad=0,rounding_size=5",
                                          facecolor="#cfe3f7", edgecolor="gray"))
            axes.text(left + width / 2, top + height / 2, text, ha="center", va="center", fontsize=_SIZE,
                      linespacing=1.4)
            if place:
                axes.annotate("", (left - 2, top + height / 2), (left - gap + 2, top + height / 2),
                              arrowprops={"arrowstyle": "->", "linewidth": 1.5})
    return figure


def _width(text: str) -> float:
    """Return about how wide a text is, in points: Hangul takes a square, other letters somewhat more than half."""
    return _SIZE * sum(1.0 if east_asian_width(letter) in "WF" else 0.6 for letter in text)


def _page(width: float, height: float) -> tuple["Figure", "Axes"]:
    """Return an empty page whose coordinates are points, downwards from the upper left corner."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return figure, axes
