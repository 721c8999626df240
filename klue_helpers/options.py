"""Options: typed fields with bounds and a Korean description, and what stands behind ``--set`` (shared by lectures,
tasks and trainings; introduced in lecture 2).
"""

import difflib
import math
import os
import re
from dataclasses import Field, field, fields
from types import NoneType
from typing import Any, get_args, get_type_hints

from klue_helpers.errors import KlueError

SOURCES = ("sample", "local", "hub")
SHOWN = 80  # characters of a wrong value that an error message repeats
_KOREAN_TYPES = {int: "정수", float: "실수", str: "문자열", bool: "참(true)/거짓(false)", NoneType: "없음(null)"}
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
# Only what reads the same to everybody is a number: 010 is 8 to one reader and 10 to another, 1:30 is 90 to YAML 1.1.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*(?:_\d+)*)", re.ASCII)
_REAL = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)


def option(default: Any, doc: str, *, low: float | None = None, high: float | None = None,
           choices: tuple[str, ...] = ()) -> Any:
    """Declare an option: a dataclass field with its description in Korean and its bounds (inclusive)."""
    return field(default=default, metadata={"doc": doc, "low": low, "high": high, "choices": choices})


def check_values(kind: type, values: dict[str, Any], *, owner: str) -> dict[str, Any]:
    """Return the values if they fit the options of a dataclass; raise KlueError that names `owner` otherwise."""
    known = {f.name: f for f in fields(kind) if f.metadata and f.name != "profile"}
    hints = get_type_hints(kind)
    for name in values:
        if name not in known:
            raise KlueError(_unknown_key(owner, name, list(known)))
    return {name: _checked(known[name], hints[name], value) for name, value in values.items()}


def parse_override(text: str) -> tuple[str, Any]:
    """Return (key, value) of ``KEY=VALUE``.

    The value is an integer, a real number, ``true``, ``false``, ``null`` (or nothing), or else a text, which may stand
    in quotation marks.

    Raises
    ------
    KlueError : no ``=``, a list or dictionary, a quotation mark without its partner, letters that are no UTF-8.

    Examples
    --------
    >>> parse_override("learning_rate=5e-5")
    ('learning_rate', 5e-05)
    >>> parse_override("encoder='123'")
    ('encoder', '123')
    """
    key, sign, raw = (part.strip() for part in text.partition("="))
    if not sign or not key:
        raise KlueError(f"--set은 이름=값 꼴로 씁니다: {shown(text)}. 예: --set vocab_size=4000")
    if any("\ud800" <= character <= "\udfff" for character in text):  # bytes of the shell that are no UTF-8
        raise KlueError(f"--set {shown(key)}에 UTF-8이 아닌 글자가 있습니다. 터미널의 글자 설정을 UTF-8로 바꾸세요.")
    if raw[:1] in ("[", "{"):
        raise KlueError(f"--set {key}의 값은 하나여야 합니다: {shown(raw)}. 목록이나 사전이 아니라 값 하나를 주세요.")
    if raw[:1] in ("'", '"'):
        if len(raw) < 2 or raw[-1] != raw[0]:
            raise KlueError(f"--set {key}의 값에 따옴표의 짝이 없습니다: {shown(raw)}. 따옴표를 닫거나 빼세요.")
        return key, raw[1:-1]
    return key, _scalar(raw)


def data_folder(data_dir: str | os.PathLike[str] | None = None) -> str | None:
    """Return the absolute folder of published data: the one given, else that of KLUE_DATA_DIR, else None.

    Raises
    ------
    KlueError : a path that is no folder.
    """
    chosen = os.fspath(data_dir) if data_dir else os.environ.get("KLUE_DATA_DIR")
    if not chosen:
        return None
    path = os.path.abspath(os.path.expanduser(chosen))
    if not os.path.isdir(path):  # `Path.is_dir` raises for a name that is too long
        raise KlueError(f"데이터 폴더가 없습니다: {path}. 내려받은 원본이 든 폴더를 --data-dir(또는 환경 변수 "
                        "KLUE_DATA_DIR)로 주거나, source를 sample로 두세요.")
    return path


def shown(value: Any) -> str:
    """Return a value as error messages and tables show it in one line, cut where it is long."""
    if type(value) is int and value.bit_length() > 4 * SHOWN:  # Python refuses to write out thousands of digits
        return f"{SHOWN}자리가 넘는 수"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def type_name(hint: Any) -> str:
    """Return the Korean name of an option's type."""
    return " 또는 ".join(_KOREAN_TYPES[kind] for kind in (get_args(hint) or (hint,)))


def bounds(item: Field) -> str:
    """Return the choices or the bounds of an option, empty where it has none."""
    if item.metadata["choices"]:
        return ", ".join(item.metadata["choices"])
    low, high = item.metadata["low"], item.metadata["high"]
    return "" if low is None and high is None else f"{low:,}~{high:,}"


def _scalar(raw: str) -> Any:
    if raw.lower() in _WORDS:
        return _WORDS[raw.lower()]
    if _INTEGER.fullmatch(raw) and len(raw) <= SHOWN:  # Python refuses to read thousands of digits
        return int(raw)
    if _REAL.fullmatch(raw) and not re.match(r"[-+]?0\d", raw):
        return float(raw)
    return raw


def _unknown_key(owner: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" 혹시 {close[0]!r}입니까?" if close else ""
    return f"{owner}에 없는 설정입니다: {shown(name)}.{hint} 쓸 수 있는 설정: {', '.join(known)}."


def _checked(item: Field, hint: Any, value: Any) -> Any:
    """Return the value if it fits the field's type, bounds and choices, else raise KlueError."""
    kinds = get_args(hint) or (hint,)
    if float in kinds and type(value) is int and abs(value) <= 2**53:  # larger ones are no longer exact
        value = float(value)
    if type(value) not in kinds:  # `type`, not `isinstance`: True is no number here
        raise KlueError(f"설정 {item.name}에 맞지 않는 값입니다: {shown(value)}. 값의 형: {type_name(hint)}.")
    if isinstance(value, float) and not math.isfinite(value):  # nan passes every comparison with a bound
        raise KlueError(f"설정 {item.name}의 값이 유한한 수가 아닙니다: {value}. {bounds(item)} 사이의 값을 주세요.")
    low, high, choices = item.metadata["low"], item.metadata["high"], item.metadata["choices"]
    if choices and value not in choices:
        raise KlueError(f"설정 {item.name}에 없는 값입니다: {shown(value)}. 쓸 수 있는 값: {', '.join(choices)}.")
    if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
        raise KlueError(f"설정 {item.name}의 범위를 벗어난 값입니다: {shown(value)}. {bounds(item)} 사이의 값을 "
                        "주세요.")
    return value
