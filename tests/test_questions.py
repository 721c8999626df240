"""Questions made from plain text (lecture 7)."""

import random

from klue_helpers.data import load_data
from klue_helpers.pretraining.questions import (
    ask,
    cloze_questions,
    find_answers,
    passages_of,
    question_word,
    to_question,
)

SENTENCE = "국회는 새 법률을 의결한다."


def documents() -> list[list[str]]:
    return [row["text"].splitlines() for row in load_data("corpus")["train"]]


def test_every_answer_stands_at_its_place_and_the_question_does_not_hold_it_where_it_was():
    rows = list(cloze_questions(documents(), seed=3))
    assert len(rows) >= 20
    for row in rows:
        (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
        assert row["context"][start:start + len(text)] == text
        assert row["question"].endswith("?") and any(word in row["question"] for word in (
            "무엇", "누", "어디", "언제", "몇"))


def test_the_same_seed_gives_the_same_questions_and_another_seed_others():
    first, again, other = (list(cloze_questions(documents(), seed=seed)) for seed in (3, 3, 4))
    assert first == again != other


def test_the_statement_is_taken_out_of_some_passages_that_name_the_answer_again():
    filler = "그 밖의 자세한 것은 시행령에서 따로 정하여 널리 알린다."
    statement = SENTENCE.replace("새", "매우 중요한 새")
    passage = [statement, "대통령은 그 법률을 열흘 안에 널리 알린다.", filler, filler, filler]
    contexts = [row["context"] for seed in range(40) for row in cloze_questions([passage], seed=seed)
                if row["answers"]["text"] == ["법률"]]
    assert any(passage[0] not in context for context in contexts) and any(passage[0] in context for context in contexts)


def test_a_question_word_takes_the_answers_place_with_its_particle():
    answers = {SENTENCE[answer.start:answer.end]: answer for answer in find_answers(SENTENCE)}
    assert set(answers) == {"국회", "법률"}
    assert to_question(SENTENCE, answers["국회"], random.Random(0)) == "어디는 새 법률을 의결하는가?"
    assert to_question(SENTENCE, answers["법률"], random.Random(0)) == "국회는 새 무엇을 의결하는가?"


def test_question_words_and_endings():
    assert [question_word(text) for text in ("길이", "위원장", "1988년", "3개")] == ["무엇", "누구", "언제", "몇 개"]
    assert [ask(text) for text in ("끝났다.", "가진다.", "목록이다", "반환합니다.", "없다.")] == [
        "끝났는가?", "가지는가?", "목록인가?", "반환합니까?", "없는가?"]


def test_passages_are_of_a_fair_length_and_lose_nothing_of_a_long_text():
    sentences = [f"{number}번째 문장은 이만큼 길게 적어 둔 것이다." for number in range(90)]
    passages = list(passages_of([" ".join(sentences)]))
    assert [sentence for passage in passages for sentence in passage] == sentences
    assert all(len(" ".join(passage)) <= 700 for passage in passages)
    assert not list(passages_of(["짧다."]))
