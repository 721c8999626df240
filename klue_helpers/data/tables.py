"""Reading published tables row by row, with errors that name file and row (used by every data set, lecture 2 on)."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from klue_helpers.errors import KlueError

AGAIN = "파일이 잘렸거나 바뀌었을 수 있으니 원본을 다시 내려받으세요."
RAW, QUOTED = csv.QUOTE_NONE, csv.QUOTE_MINIMAL


def read_table(path: Path, *, columns: Sequence[str], delimiter: str = "\t", quoting: int = RAW,
               header: bool = True) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (place, row) for every row of a table; a byte order mark and CRLF are taken off.

    Parameters
    ----------
    columns : names of all columns in order; with `header`, the first row must hold just these.
    delimiter, quoting : as in `csv.reader`; `RAW` leaves quotation marks alone, `QUOTED` undoes CSV's quoting.

    Yields
    ------
    place : "file 12행", for messages; the row number counts rows, not lines, and includes the header.
    row : from column to value.

    Raises
    ------
    KlueError : a header or a number of columns that is not as published.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for number, values in enumerate(csv.reader(lines, delimiter=delimiter, quoting=quoting), start=1):
            place = f"{path.name} {number:,}행"
            if number == 1 and header:
                if values != list(columns):
                    raise KlueError(f"{place}: 머리글이 {', '.join(columns)}이어야 하는데 {values}입니다. {AGAIN}")
            elif len(values) != len(columns):
                raise KlueError(f"{place}: {len(columns)}칸이어야 하는데 {len(values)}칸입니다. {AGAIN}")
            else:
                yield place, dict(zip(columns, values, strict=True))


def one_of(value: str, names: Mapping[str, Any], place: str) -> Any:
    """Return what a published label stands for; raise KlueError with the place for an unknown one."""
    if value not in names:
        raise KlueError(f"{place}: 레이블이 {', '.join(names)} 가운데 하나여야 하는데 {value!r}입니다. {AGAIN}")
    return names[value]


def number_in(value: Any, low: float, high: float, place: str) -> float:
    """Return the value as a number within bounds; raise KlueError with the place otherwise."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise KlueError(f"{place}: {low}에서 {high} 사이의 수여야 하는데 {value!r}입니다. {AGAIN}")
    return number


def blocks(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (place, lines) for every run of lines between empty lines. A line of one space is not empty."""
    lines: list[str] = []
    first = 1
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            line = line.rstrip("\r\n")
            if line:
                first = first if lines else number
                lines.append(line)
            elif lines:
                yield f"{path.name} {first:,}행", lines
                lines = []
    if lines:
        yield f"{path.name} {first:,}행", lines
