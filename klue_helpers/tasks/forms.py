"""What a line of a gold or prediction file holds, read value by value (used by every task, taught nowhere)."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from klue_helpers.errors import KlueError

Example = dict[str, Any]  # a gold or a prediction, as a line of JSON holds it
Columns = Mapping[str, Sequence[Any]]  # by name one value for each example, as the metrics take it
Read = Callable[[Any], Any]  # from a JSON value to a column's value; raises Wrong
MARGIN = 1e-6  # by which a probability may leave 0 … 1: single precision, rounded


class Wrong(ValueError):
    """A value of the wrong form; the message says in Korean what it should be."""


@dataclass(frozen=True)
class Form:
    """How one line of a file looks.

    Attributes
    ----------
    fields : from the name of a required key to its reader; other keys are left alone.
    example : a line of this form, for messages.
    aligned : keys with lists that must be as long as each other, and as those of the other file.
    """

    fields: dict[str, Read]
    example: str
    aligned: tuple[str, ...] = ()

    def columns(self, examples: Sequence[Example]) -> Columns:
        """Return examples of this form as the columns that the metrics take."""
        return {name: [read(example[name]) for example in examples] for name, read in self.fields.items()}

    def read(self, line: str, place: str) -> Example:
        """Return the required values of a line; raise KlueError with the place for a wrong one."""
        try:
            return self._read(line)
        except Wrong as error:
            raise KlueError(f"{place}: {error} 이 과제의 한 줄은 {self.example}처럼 씁니다.") from error

    def _read(self, line: str) -> Example:
        if not line.strip():
            raise Wrong("빈 줄이 있습니다.")
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Wrong(f"JSON으로 읽을 수 없습니다: {_shown(line)}.") from error
        if not isinstance(content, dict):
            raise Wrong(f"한 줄이 JSON 객체 하나여야 하는데 {_shown(content)}입니다.")
        for name in self.fields:
            if name not in content:
                raise Wrong(f"{name}이(가) 없습니다.")
        row = {name: _named(name, read, content[name]) for name, read in self.fields.items()}
        if len({len(row[name]) for name in self.aligned}) > 1:
            sizes = ", ".join(f"{name} {len(row[name])}개" for name in self.aligned)
            raise Wrong(f"길이가 서로 같아야 하는데 {sizes}입니다.")
        return row


def _named(name: str, read: Read, value: Any) -> Any:
    try:
        return read(value)
    except Wrong as error:
        raise Wrong(f"{name}: {error}") from error


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _whole(value: Any, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size


def _number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def label_in(names: Sequence[str], *, numbers: bool = True) -> Read:
    """Return a reader of a label by name, or by number where `numbers` allows, that gives what the metrics take."""

    def read(value: Any) -> int | str:
        if isinstance(value, str) and value in names:
            return names.index(value) if numbers else value
        if numbers and _whole(value, len(names)):
            return value
        by_number = f"이거나 0부터 {len(names) - 1}까지의 정수" if numbers else ""
        raise Wrong(f"{', '.join(names)} 가운데 하나{by_number}여야 하는데 {_shown(value)}입니다.")

    return read


def list_of(read_one: Read, *, size: int = 0, empty: bool = False) -> Read:
    """Return a reader of a list, each item by a reader; of just `size` items, or not `empty`."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Wrong(f"목록이어야 하는데 {_shown(value)}입니다.")
        if size and len(value) != size:
            raise Wrong(f"{size}개여야 하는데 {len(value)}개입니다.")
        if not value and not empty:
            raise Wrong("빈 목록입니다.")
        return [_named(f"{at}번째", read_one, item) for at, item in enumerate(value, start=1)]

    return read


def read_score(value: Any) -> float:
    """Read a finite number."""
    if not _number(value, -sys.float_info.max, sys.float_info.max):
        raise Wrong(f"유한한 수여야 하는데 {_shown(value)}입니다.")
    return float(value)


def read_probability(value: Any) -> float:
    """Read a number from 0 to 1."""
    if not _number(value, -MARGIN, 1 + MARGIN):
        raise Wrong(f"0에서 1 사이의 확률이어야 하는데 {_shown(value)}입니다.")
    return float(value)


def read_text(value: Any) -> str:
    """Read a string, which may be empty."""
    if not isinstance(value, str):
        raise Wrong(f"문자열이어야 하는데 {_shown(value)}입니다.")
    return value


def read_slot(value: Any) -> str:
    """Read "domain-slot-value"; the value may hold further hyphens, and a system may have left it empty."""
    parts = read_text(value).split("-", 2)
    if len(parts) < 3 or not all(part.strip() for part in parts[:2]):
        raise Wrong(f"“도메인-슬롯-값”이어야 하는데 {_shown(value)}입니다.")
    return value


def read_heads(value: Any) -> list[int]:
    """Read the heads of a sentence's words: whole numbers from 0, the root, to the number of words."""
    heads = list_of(lambda item: item)(value)
    for at, head in enumerate(heads, start=1):
        if not _whole(head, len(heads) + 1):
            raise Wrong(f"{at}번째: 0(뿌리)부터 어절 수 {len(heads)}까지의 정수여야 하는데 {_shown(head)}입니다.")
    return heads
