"""Tables and failure reports on the terminal (operations, taught nowhere)."""

import re
import sys
import unicodedata
from collections.abc import Sequence

_ESCAPES = re.compile(r"(?:\x1b|#x1B)\[[0-9;?]*[A-Za-z]")


def strip_ansi(text: str) -> str:
    """Return the text without terminal colours, also those that JUnit files hold as ``#x1B[…m``."""
    return _ESCAPES.sub("", text)


def width(text: str) -> int:
    """Return how many terminal columns the text takes; Hangul takes two a syllable."""
    return sum(_columns(character) for character in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return an aligned text table.

    Parameters
    ----------
    head, rows : the cells; every row as long as the head.
    right : numbers of the columns aligned to the right.
    """
    widths = [max(width(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = []
    for row in (head, ["─" * wide for wide in widths], *rows):
        cells = [_pad(cell, widths[i], right=i in right) for i, cell in enumerate(row)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def excerpt(text: str, lines: int, *, last: bool = False, indent: str = "    │ ") -> str:
    """Return the first (or last) non-blank lines of the text, indented, without colours and cut at 160 columns."""
    kept = [line.rstrip()[:160] for line in strip_ansi(text).splitlines() if line.strip()]
    cut = kept[-lines:] if last else kept[:lines]
    return "\n".join(indent + line for line in cut)


def say(text: str = "") -> None:
    """Print a line to standard output at once, so that it keeps its place beside progress bars and logs."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print a line to standard error."""
    print(text, file=sys.stderr, flush=True)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pad(text: str, columns: int, *, right: bool) -> str:
    blank = " " * (columns - width(text))
    return blank + text if right else text + blank
