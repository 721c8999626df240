"""How answers are compared with what is expected, and shown (used by every exercise, taught nowhere)."""

import math
import numbers
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

TOLERANCE = 1e-6
LONGEST = 300       # characters of a value that a message shows
MOST_SORTED = 1000  # elements of a set that are sorted to be shown


def difference(got: Any, expected: Any, *, tolerance: float = TOLERANCE) -> str:
    """Say in Korean how a value differs from the expected one, without telling that one; "" if it does not.

    Floats, also in arrays and tensors, may differ by `tolerance` (absolute) or by a millionth (relative); integers and
    truth values must be such and equal. A list may be a tuple.
    """
    got, expected = _plain(got), _plain(expected)
    kind = _kind(expected)
    if got is None and expected is not None:
        return "돌아온 값이 없습니다(None). 모든 갈래에 return이 있는지 살펴보세요."
    if _kind(got) != kind:
        needed = "array 또는 tensor" if kind == "array" else type(expected).__name__
        return f"자료형이 다릅니다. 나온 자료형: {type(got).__name__}, 필요한 자료형: {needed}."
    if kind in _DIFFERENCES:
        return _DIFFERENCES[kind](got, expected, tolerance)
    return "" if type(got) is type(expected) and got == expected else "값이 다릅니다."


def show(value: Any) -> str:
    """Return a value as a learner may read it: one short line, equal in every run (sets sorted, no addresses)."""
    return cut(_show(value, ()))


def cut(text: str) -> str:
    """Return as much of a text as a message shows."""
    return text[:LONGEST] + " …" if len(text) > LONGEST else text


def _show(value: Any, within: tuple[int, ...]) -> str:
    """Return a value's text, of which only the first `LONGEST` characters are wanted; `within`: the ids around it."""
    value = _plain(value)
    if isinstance(value, str):
        note = "" if unicodedata.is_normalized("NFC", value) else f" (NFC가 아님, {len(value)}자)"
        return repr(value[:LONGEST]) + ("…" if len(value) > LONGEST else note)
    if isinstance(value, dict | list | tuple | set | frozenset):
        return "…" if id(value) in within else _show_items(value, (*within, id(value)))
    if isinstance(value, float):
        return repr(float(f"{value:.8g}"))
    if isinstance(value, int) and value.bit_length() > LONGEST:  # Python refuses to write more than 4,300 digits
        return f"{int(value.bit_length() * math.log10(2)) + 1}자리쯤 되는 정수"
    if _kind(value) == "array":
        return " ".join(np.array2string(_numpy(value), precision=6, separator=", ", threshold=40).split())
    if callable(value):
        return one_line(getattr(value, "__qualname__", type(value).__name__))
    return one_line(repr(value))


def _show_items(value: Any, within: tuple[int, ...]) -> str:
    if isinstance(value, dict):
        return f"{{{_join(f'{_show(key, within)}: {_show(item, within)}' for key, item in value.items())}}}"
    if isinstance(value, set | frozenset):
        if len(value) > MOST_SORTED:
            return f"{{원소 {len(value)}개}}"
        return f"{{{_join(sorted(_show(item, within) for item in value))}}}" if value else "set()"
    items = _join(_show(item, within) for item in value)
    if isinstance(value, list):
        return f"[{items}]"
    return f"({items},)" if len(value) == 1 else f"({items})"


def _join(parts: Iterable[str]) -> str:
    """Join with commas as many parts as fit into what is shown, and a few characters more."""
    taken, length = [], 0
    for part in parts:
        taken.append(part)
        length += len(part) + 2
        if length > LONGEST:
            break
    return ", ".join(taken)


def _compare_numbers(got: Any, expected: Any, tolerance: float) -> str:
    if isinstance(expected, int):
        if not isinstance(got, int):
            return (f"정수여야 하는데 {type(got).__name__}입니다. 개수와 번호는 꼭 맞는 정수로 돌려주세요. "
                    "나눗셈이 딱 떨어질 때는 /가 아니라 //를 씁니다.")
        return "" if got == expected else "값이 다릅니다."
    got = got if isinstance(got, int) else float(got)
    if got == expected or (got != got and expected != expected):  # nan is right where nan is expected
        return ""
    if not abs(got) < 1e308:  # nan, infinities and integers that no float can hold
        return "유한한 수가 아닙니다. 0으로 나누거나 0의 로그를 셈하지 않았는지 살펴보세요."
    close = math.isclose(got, expected, rel_tol=min(tolerance, TOLERANCE), abs_tol=tolerance)
    return "" if close else f"허용 오차 {tolerance:g}보다 많이 다릅니다."


def _compare_arrays(got: Any, expected: Any, tolerance: float) -> str:
    got, expected = _numpy(got), _numpy(expected)
    if got.shape != expected.shape:
        return f"모양(shape)이 다릅니다. 나온 모양: {got.shape}, 필요한 모양: {expected.shape}."
    kinds = _ELEMENTS.get(expected.dtype.kind)
    if kinds is None:
        return "" if np.array_equal(got, expected) else "배열의 값이 다릅니다."
    if got.dtype.kind not in kinds[0]:
        return f"배열의 자료형(dtype)이 다릅니다. 나온 자료형: {got.dtype}, 필요한 자료형: {kinds[1]}."
    return _compare_elements(got, expected, tolerance if expected.dtype.kind == "f" else 0)


def _compare_elements(got: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    close = np.isclose(got, expected, rtol=min(tolerance, TOLERANCE), atol=tolerance, equal_nan=True)
    if close.all():
        return ""
    place = [int(index) for index in np.argwhere(~close)[0]]
    far, broken = int((~close).sum()), int((~np.isfinite(got) & ~close).sum())
    how = f"허용 오차 {tolerance:g}보다 많이 다릅니다" if tolerance else "다릅니다"
    return (f"{close.size}개 가운데 {far}개가 {how}. 첫 자리: {place}."
            + (f" nan이나 inf가 {broken}개 있습니다." if broken else ""))


def _compare_strings(got: str, expected: str, tolerance: float) -> str:
    if got == expected:
        return ""
    if unicodedata.normalize("NFC", got) == unicodedata.normalize("NFC", expected):
        return "눈에는 같아 보이지만 유니코드 정규형(NFC, NFD)이 다릅니다."
    same = "".join(got.split()) == "".join(expected.split())
    return "공백만 다릅니다." if same else "글자가 다릅니다."


def _compare_lists(got: Any, expected: Any, tolerance: float) -> str:
    if len(got) != len(expected):
        return f"길이가 다릅니다. 나온 길이: {len(got)}, 필요한 길이: {len(expected)}."
    parts = (difference(*pair, tolerance=tolerance) for pair in zip(got, expected, strict=True))
    return next((f"{i}번째: {part}" for i, part in enumerate(parts, start=1) if part), "")


def _compare_dicts(got: Any, expected: Any, tolerance: float) -> str:
    if got.keys() != expected.keys():
        missing, extra = ([key for key in a if key not in b] for a, b in ((expected, got), (got, expected)))
        return f"키가 다릅니다. 빠진 키: {show(missing)}, 남는 키: {show(extra)}."
    parts = ((key, difference(got[key], expected[key], tolerance=tolerance)) for key in expected)
    return next((f"키 {show(key)}: {part}" for key, part in parts if part), "")


def _compare_sets(got: Any, expected: Any, tolerance: float) -> str:
    missing, extra = len(expected - got), len(got - expected)
    return f"모자란 원소가 {missing}개, 남는 원소가 {extra}개 있습니다." if missing or extra else ""


_DIFFERENCES: dict[str, Callable[[Any, Any, float], str]] = {
    "number": _compare_numbers, "array": _compare_arrays, "str": _compare_strings,
    "list": _compare_lists, "dict": _compare_dicts, "set": _compare_sets,
}
_ELEMENTS = {"b": ("b", "참·거짓(bool)"), "i": ("iu", "정수"), "u": ("iu", "정수"), "f": ("fiu", "실수")}


def _kind(value: Any) -> str:
    if hasattr(value, "__array__") and hasattr(value, "shape"):
        return "array"
    families = ((bool, "bool"), (numbers.Real, "number"), (str, "str"), (list | tuple, "list"),
                (dict, "dict"), (set | frozenset, "set"))
    return next((name for family, name in families if isinstance(value, family)), type(value).__name__)


def _plain(value: Any) -> Any:
    """Return numpy's and torch's scalars as Python's, and objects of a subclass as what they are underneath.

    A class of the answer's own could call itself equal to everything.
    """
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    for family, take_out in _BUILT_IN.items():
        if isinstance(value, family) and not isinstance(value, bool):
            return value if type(value) is family else take_out(value)
    return value


_BUILT_IN: dict[type, Callable[[Any], Any]] = {
    int: int.__int__, float: float.__float__, str: str.__str__, dict: dict.copy, set: set, frozenset: frozenset,
    list: lambda value: list.__getitem__(value, slice(None)),
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
}


def _numpy(value: Any) -> np.ndarray:
    if not hasattr(value, "detach"):
        return np.asarray(value)
    tensor = value.detach().cpu()
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()  # numpy has no bfloat16


def one_line(text: str) -> str:
    """Return the beginning of a text on one printable line: no addresses that change, no half surrogate pairs."""
    printable = text[:2 * LONGEST].encode("utf-8", "backslashreplace").decode("utf-8")
    return " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", printable).split())
