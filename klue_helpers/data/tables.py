"""Reading published tables and JSON piece by piece, with errors that name file and row (every data set, lecture 2 on).

Whatever a file holds, a reader gets values of the types that it asked for, or a KlueError names the place.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from klue_helpers.errors import KlueError
from klue_helpers.options import shown

AGAIN = "파일이 잘렸거나 바뀌었을 수 있으니 원본을 다시 내려받으세요."
RAW, QUOTED = csv.QUOTE_NONE, csv.QUOTE_MINIMAL
LARGEST = 2**31 - 1  # of the whole numbers, which are kept in 32 bits
_KOREAN = {str: "글", int: "정수", float: "수", bool: "참/거짓", list: "목록", dict: "객체({…})"}


def read_utf8(path: Path) -> str:
    """Return the text of a file without a byte order mark, line ends as they are. Raises KlueError as `decoded`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KlueError(f"{path} 파일을 읽지 못했습니다({error.strerror or error}). 권한과 디스크를 확인하세요."
                        ) from error
    return decoded(content, path)


def decoded(content: bytes, path: Path) -> str:
    """Return the text of a file's content.

    Raises
    ------
    KlueError : another encoding than UTF-8; a NUL, which no text holds and a damaged file often does.
    """
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in content and not utf16:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise KlueError(f"{path.name} {line:,}번째 줄: 글에 있을 수 없는 NUL 문자가 있습니다. {AGAIN}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        seems = "UTF-16" if utf16 else "cp949" if _is_cp949(content) else ""
        hint = f"({seems}로 저장된 듯합니다)" if seems else ""
        raise KlueError(f"{path.name} {line:,}번째 줄: UTF-8로 읽을 수 없는 글자가 있습니다{hint}. {AGAIN}") from error


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
    KlueError : a header or a number of columns that is not as published, a quotation mark without its partner.
    """
    rows = csv.reader(io.StringIO(read_utf8(path), newline=""), delimiter=delimiter, quoting=quoting)
    for number, values in enumerate(_rows(rows, path), start=1):
        place = f"{path.name} {number:,}행"
        if number == 1 and header:
            if values != list(columns):
                raise KlueError(f"{place}: 머리글이 {', '.join(columns)}이어야 하는데 {shown(values)}입니다. {AGAIN}")
        elif len(values) != len(columns):
            raise KlueError(f"{place}: {len(columns)}칸이어야 하는데 {len(values)}칸입니다. {AGAIN}")
        else:
            yield place, dict(zip(columns, values, strict=True))


def unquote(value: str, place: str) -> str:
    """Undo one layer of CSV quoting around a single value. Raises KlueError where there is more than one."""
    if '"' not in value:
        return value
    try:
        (row,) = csv.reader([value], delimiter="\t")
        (inner,) = row
    except (csv.Error, ValueError) as error:
        raise KlueError(f"{place}: 따옴표가 맞지 않는 값입니다: {shown(value)}. {AGAIN}") from error
    return inner


def read_json(path: Path, shape: Any) -> Any:
    """Return the content of a JSON file in the shape asked for. Raises KlueError; see `shaped`."""
    text = read_utf8(path)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise KlueError(f"{path.name} {error.lineno:,}번째 줄: JSON이 끊겼습니다. {AGAIN}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise KlueError(f"{path.name}: 너무 긴 수나 너무 깊은 목록이 있어 JSON으로 읽지 못했습니다. {AGAIN}") from error
    return shaped(content, shape, path.name)


def shaped(value: Any, shape: Any, place: str) -> Any:
    """Return a value of JSON if it has a shape; what the shape does not name is left out.

    Parameters
    ----------
    shape : ``str``, ``int``, ``float`` or ``bool``; ``[shape]`` for a list; ``{key: shape}`` for an object, where
        ``(shape, default)`` stands for a value that may be missing or null.

    Raises
    ------
    KlueError : another type, a missing key, a number that is none or too large, half a surrogate pair in a text.
    """
    kind = shape if isinstance(shape, type) else type(shape)
    if type(value) is not kind and not (kind is float and type(value) is int):  # `type`: True is no number here
        raise KlueError(f"{place}: {_KOREAN[kind]}이어야 하는데 {shown(value)}입니다. {AGAIN}")
    if kind is list:
        return [shaped(one, shape[0], f"{place} {number:,}번째 항목") for number, one in enumerate(value, start=1)]
    if kind is dict:
        return {key: _member(value, key, inner, f"{place} {key}") for key, inner in shape.items()}
    if kind in (int, float) and not abs(value) <= LARGEST:  # so that nan does not pass
        raise KlueError(f"{place}: 너무 크거나 수가 아닌 값입니다: {shown(value)}. {AGAIN}")
    if kind is str and not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise KlueError(f"{place}: 짝이 없는 서로게이트(\\ud800 따위)가 글에 있습니다. {AGAIN}")
    return value


def one_of(value: Any, names: Mapping[str, Any], place: str) -> Any:
    """Return what a published label stands for; raise KlueError with the place for an unknown one."""
    if not isinstance(value, str) or value not in names:
        raise KlueError(f"{place}: 레이블이 {', '.join(names)} 가운데 하나여야 하는데 {shown(value)}입니다. {AGAIN}")
    return names[value]


def number_in(value: Any, low: float, high: float, place: str) -> float:
    """Return the value as a number within bounds; raise KlueError with the place otherwise."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise KlueError(f"{place}: {low}에서 {high} 사이의 수여야 하는데 {shown(value)}입니다. {AGAIN}")
    return number


def blocks(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (place, lines) for every run of lines between empty lines. A line of one space is not empty."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate([*read_utf8(path).split("\n"), ""], start=1):
        line = line.rstrip("\r")
        if line:
            first = first if lines else number
            lines.append(line)
        elif lines:
            yield f"{path.name} {first:,}행", lines
            lines = []


def _rows(reader: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:  # such as a field of more than 131,072 characters, behind a quotation mark too many
        raise KlueError(f"{path.name} {reader.line_num:,}번째 줄 가까이: 따옴표가 닫히지 않았거나 칸이 너무 깁니다. "
                        f"{AGAIN}") from error


def _member(value: dict[str, Any], key: str, shape: Any, place: str) -> Any:
    inner, *default = shape if isinstance(shape, tuple) else (shape,)
    if value.get(key) is None and default:
        return default[0]
    if key not in value:
        raise KlueError(f"{place.removesuffix(key).strip()}: {key} 열이 없습니다. {AGAIN}")
    return shaped(value[key], inner, place)


def _is_cp949(content: bytes) -> bool:
    try:
        content.decode("cp949")
    except UnicodeDecodeError:
        return False
    return True
