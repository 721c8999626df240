"""Rows of the user's own (``klue evaluate --file``) with one thing broken: a row for the task or a KlueError."""

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_damaged_files import VALUES, places, with_change

import klue_helpers as kh
from klue_helpers.errors import KlueError
from klue_helpers.tasks import TASKS, load_task
from klue_helpers.training import read_rows


@cache
def valid(name: str) -> dict:
    """A row of the sample as the task wants it."""
    task = load_task(name)
    return task.check(kh.load_data(task.data, splits=["train"])["train"][0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("rows")


def read(name: str, folder: Path, content: bytes, *, labelled: bool = True):
    """Return the rows of a file, or the message of a KlueError; every row must have a gold answer."""
    task, path = load_task(name), folder / "rows.jsonl"
    path.write_bytes(content)
    try:
        rows = read_rows(task, path, labelled=labelled)
    except KlueError as error:
        assert "rows.jsonl" in str(error) and len(str(error)) < 1500
        return str(error)
    if labelled:
        json.dumps([task.gold(row) for row in rows], ensure_ascii=False).encode()
    return rows


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("name", TASKS)
@settings(max_examples=20)
@given(data=st.data())
def test_one_value_broken(folder, name, labelled, data):
    row = valid(name)
    path = data.draw(st.sampled_from(list(places(row))))
    change = data.draw(st.sampled_from([None, *VALUES]))
    changed = with_change(row, path, () if change is None and data.draw(st.booleans()) else (change,))
    read(name, folder, json.dumps(changed).encode(), labelled=labelled)


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"document": ' + b"9" * 5_000 + b"}", b'{"document": NaN}', b"1",
                                  b'{"document": "\\ud800", "label": 1}', '{"document": "가"}'.encode("cp949"),
                                  b"\xff\xfe{\x00", b"\x00" * 9])
def test_lines_that_are_no_rows_are_told(folder, line):
    assert isinstance(read("nsmc", folder, line), str)


def test_separators_and_a_mark_inside_a_file_are_no_line_ends(folder):
    text = '\ufeff{"document": "앞\u2028뒤\u0085끝", "label": "positive"}\r\n'
    (row,) = read("nsmc", folder, text.encode())
    assert row["document"] == "앞\u2028뒤\u0085끝"
