"""Rows with one thing broken: every task takes them or says what is wrong, and never falls over (lecture 5)."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.models import load_encoder
from klue_helpers.tasks import TASKS
from klue_helpers.training import read_rows

TOKENIZER = load_encoder("klue-mini-bert").tokenizer
TEXT = "이솔은 서울에 산다."
QUESTION = {"context": TEXT, "question": "어디에 사나?", "answers": {"text": ["서울"], "answer_start": [4]}}
VALID = {
    "ner": {"sentence": "이솔은", "ner_tags": ["B-PS", "I-PS", "O"]},
    "pos": {"text": "봄이 온다", "tokens": ["봄이", "온다"], "upos": ["NOUN", "VERB"]},
    "re": {"sentence": TEXT, "label": "no_relation",
           "subject_entity": {"word": "이솔", "start_idx": 0, "end_idx": 1, "type": "PER"},
           "object_entity": {"word": "서울", "start_idx": 4, "end_idx": 5, "type": "LOC"}},
    "dp": {"sentence": "봄이 온다", "word_form": ["봄이", "온다"], "head": [2, 0], "deprel": ["NP_SBJ", "VP"]},
    "mrc": QUESTION, "korquad": QUESTION,
    "wos": {"dialogue": [{"role": "user", "text": "한식당이요", "state": ["식당-종류-한식당"]},
                         {"role": "sys", "text": "네", "state": []}]},
    "sts": {"sentence1": "가", "sentence2": "나", "labels": {"label": 3.0, "real-label": 2.9}},
}
JUNK = st.sampled_from([None, True, 0, -1, 7, 10**30, 1.5, float("nan"), "", "글", "\ud800", "\x00\u2028", [], [None],
                        [[]], ["가", 1], {}, {"text": 1}, {"text": [1], "answer_start": ["0"]}])


def valid_row(task):
    """Return a row that the task takes."""
    return VALID.get(task.name) or {**dict.fromkeys(task.texts, TEXT), task.label: 1}


def places(value, path=()):
    """Give the path to every value inside a JSON value."""
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def broken(row, path, junk, removed):
    """Return a copy of the row with the value at the path removed or replaced."""
    row = copy.deepcopy(row)
    holder = row
    for key in path[:-1]:
        holder = holder[key]
    if removed:
        del holder[path[-1]]
    else:
        holder[path[-1]] = junk
    return row


@pytest.mark.parametrize("name", TASKS)
@settings(max_examples=25)
@given(data=st.data())
def test_a_row_with_one_thing_broken_is_read_or_told(name, data, tmp_path_factory):
    task = TASKS[name]
    path = data.draw(st.sampled_from(list(places(valid_row(task)))))
    row = broken(valid_row(task), path, data.draw(JUNK), data.draw(st.booleans()))
    file = tmp_path_factory.getbasetemp() / f"{name}.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    for labelled in (True, False):
        try:
            rows = read_rows(task, file, labelled=labelled)
        except kh.KlueError as error:
            assert f"{name}.jsonl 1행" in str(error) and len(str(error)) < 2_000
        else:
            features = task.encode(rows, TOKENIZER, 32)
            assert {feature.row for feature in features} == set(range(len(rows)))


@pytest.mark.parametrize("line", ['{"title": ' + "9" * 5_000 + "}", "[" * 100_000, '{"title": "가", "label": 1e999}',
                                  '{"title": "가", "label": NaN}', "\x00", '"글"', '{"title"'])
def test_a_line_that_json_cannot_hold_is_told(line, tmp_path):
    path = tmp_path / "행.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(kh.KlueError, match="1행"):
        read_rows(TASKS["ynat"], path)
