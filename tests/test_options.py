"""Options: what `--set` reads, what bounds let through, and which folder of data is meant."""

import os
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_helpers.errors import KlueError
from klue_helpers.options import check_values, data_folder, option, parse_override


@dataclass(frozen=True)
class Some:
    """Options of each type."""

    rate: float = option(0.1, "비율", low=0.0, high=1.0)
    count: int = option(1, "수", low=1, high=100)
    name: str = option("a", "이름")
    half: bool = option(False, "반")
    folder: str | None = option(None, "폴더")


def checked(word: str):
    key, value = parse_override(word)
    return check_values(Some, {key: value}, owner="시험")[key]


@pytest.mark.parametrize(("word", "value"), [
    ("a=3", 3), ("a=-3", -3), ("a=+3", 3), ("a=0", 0), ("a=1_000", 1000), ("a=3.5", 3.5), ("a=.5", 0.5),
    ("a=0.5", 0.5), ("a=5e-5", 5e-5), ("a=true", True), ("a=False", False), ("a=null", None), ("a=~", None),
    ("a=", None), ("a=local", "local"), ("a='3'", "3"), ('a="3"', "3"), ("a=한글", "한글"), ("a=x=y", "x=y"),
    ("a=2024-01-02", "2024-01-02"), (" a = 1 ", 1), ("a=010", "010"), ("a=1:30", "1:30"), ("a=0x10", "0x10"),
    ("a=!!int x", "!!int x"), ("a=yes", "yes"), ("a=# b", "# b"), ("a=٣", "٣"),
])
def test_a_value_is_read_as_what_it_looks_like_to_everybody(word, value):
    key, found = parse_override(word)
    assert key == "a" and found == value and type(found) is type(value)


@pytest.mark.parametrize("word", ["a", "=3", "a=[1, 2]", "a={b: 1}", "a='", "a='b\"", "a=" + "[" * 3000, "a=\udcff"])
def test_malformed_overrides_are_refused(word):
    with pytest.raises(KlueError, match="--set") as told:
        parse_override(word)
    assert len(str(told.value)) < 250


@pytest.mark.parametrize("word", [
    "count=010", "count=1:30", "count=0x10", "count=!!int x", "count=" + "9" * 5000, "count=yes", "half=yes",
    "rate=.nan", "rate=nan", "rate=.inf", "rate=1e999", "rate=" + "9" * 400, "rate=!!timestamp 9999-99-99",
])
def test_what_some_read_otherwise_is_told_and_not_guessed(word):
    with pytest.raises(KlueError, match=f"설정 {word.split('=')[0]}") as told:
        checked(word)
    assert len(str(told.value)) < 250


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400, True, None])
def test_a_number_that_is_none_passes_no_bound(value):
    with pytest.raises(KlueError, match="설정 rate"):
        check_values(Some, {"rate": value}, owner="시험")


@given(st.sampled_from(["rate", "count", "name", "half", "folder", "없음"]), st.text())
def test_any_text_is_a_value_or_a_message(name, text):
    try:
        value = checked(f"{name}={text}")
    except KlueError as error:
        assert "\n" not in str(error).replace(name, "") or "\n" in text
        return
    assert type(value) in {"rate": (float,), "count": (int,), "name": (str,), "half": (bool,),
                           "folder": (str, type(None))}[name]


def test_data_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("KLUE_DATA_DIR", raising=False)
    assert data_folder() is None
    monkeypatch.setenv("KLUE_DATA_DIR", str(tmp_path))
    assert data_folder() == data_folder("") == str(tmp_path)
    (tmp_path / "안").mkdir()
    assert data_folder(tmp_path / "안") == str(tmp_path / "안")
    monkeypatch.chdir(tmp_path)
    assert data_folder("안/../안") == os.path.join(tmp_path, "안")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder("~/안") == str(tmp_path / "안")
    for wrong in ("없음", "~아무도/x", "x" * 5000, "a\0b"):
        with pytest.raises(KlueError, match="데이터 폴더가 없습니다"):
            data_folder(wrong)
