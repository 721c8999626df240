"""What goes into the corpus of the mini models and what stays out (lecture 4, model card)."""

import gzip
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.models import model_folder
from klue_helpers.pretraining.recipe import (
    EVALUATION,
    LICENCES,
    Report,
    _kept,
    build_corpus,
    evaluation_keys,
    text_key,
)
from klue_helpers.text import has_slur


@pytest.mark.parametrize(("left", "right", "equal"), [
    ("정말, 재밌다!!", "정말 재밌다", True), ("재밌다ㅋㅋ", "재밌다", False), ("GOOD", "good", True),
    ("\u1112\u1161\u11ab글", "한글", True), ("한\u200b글", "한글", True), ("3.5점", "35점", True), ("...", "", True),
])
def test_texts_count_as_equal_by_letters_and_digits(left, right, equal):
    assert (text_key(left) == text_key(right)) is equal


@given(st.text())
def test_the_key_of_a_key_is_itself(text):
    assert text_key(text_key(text)) == text_key(text)


@pytest.mark.parametrize("text", [
    "이야기의 시발점", "시발역에서 출발", "새끼손가락", "예외가 발생시 발생합니다", "자위대", "제29조까지",
    "동등 신청", "가슴가득", "곤충들의 세계", "교통이 불편한 남쪽", "전염병", "보지 마세요", "자지 않고", "필요한 남편",
    "멜랑꼴리", "알딸딸하다", "작년 아빠 생일", "유니미디어", "디즈니 에비앙",
])
def test_everyday_words_pass(text):
    assert not has_slur(text)


def test_the_list_catches_what_it_says():
    for text in ("이 새끼야", "김치녀", "ㅅ ㅂ", "병신 같은", "미친년", "빨갱이"):
        assert has_slur(text)


def test_lines_are_kept_or_counted():
    report = Report()
    documents = [["좋은 영화", "평가에 있는 줄!", "좋은  영화."], ["…"], ["이 새끼야"], ["새 줄"]]
    kept = list(_kept("nsmc", documents, {text_key("평가에 있는 줄")}, set(), report))
    assert kept == [["좋은 영화"], ["새 줄"]]
    counts = {name: dict(counter) for name, counter in vars(report).items()}
    assert counts.pop("missing") == {}
    assert counts == {"lines": {"nsmc": 2}, "characters": {"nsmc": 8}, "evaluation": {"nsmc": 1},
                      "repeated": {"nsmc": 1}, "empty": {"nsmc": 1}, "slurs": {"nsmc": 1}}


def test_no_forbidden_source_goes_in():
    assert not {"korquad", "hate", "sarcasm", "ud_kaist_ko"} & set(LICENCES)
    assert not any("ND" in licence or "NC" in licence for licence in LICENCES.values())
    assert {"nsmc", "korsts", "kornli", "pos", "sts", "nli", "ner", "dp"} <= set(EVALUATION)


def test_a_folder_without_the_texts_is_refused(published, tmp_path):
    (tmp_path / "nsmc").symlink_to(published / "nsmc")
    with pytest.raises(kh.KlueError, match="text"):
        build_corpus(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def corpus(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    build_corpus(published, folder)
    return folder


def lines_of(folder) -> list[str]:
    return [line for path in sorted(folder.glob("*.txt.gz"))
            for line in gzip.decompress(path.read_bytes()).decode().splitlines() if line]


@pytest.mark.slow
def test_nothing_of_the_evaluation_sets_is_in_the_corpus(published, corpus):
    held, missing = evaluation_keys(published)
    lines = lines_of(corpus)
    assert len(lines) > 700_000 and len(held) > 150_000
    assert not {text_key(line) for line in lines} & held
    assert "nsmc/test" not in missing and "nli/validation" not in missing
    # Once more without the recipe's own reading: the raw rows of four files.
    squeezed = {re.sub(r"\W", "", line) for line in lines}
    raw = (published / "nsmc" / "ratings_test.txt").read_text(encoding="utf-8").splitlines()[1:]
    nli = json.loads((published / "klue/klue-nli-v1.1/klue-nli-v1.1_dev.json").read_text(encoding="utf-8"))
    sts = (published / "korsts" / "sts-dev.tsv").read_text(encoding="utf-8").splitlines()[1:]
    xnli = (published / "xnli_ko" / "xnli.test.ko.tsv").read_text(encoding="utf-8").splitlines()[1:]
    texts = {row.split("\t")[1] for row in raw} | {row["premise"] for row in nli} | {row["hypothesis"] for row in nli}
    texts |= {cell for row in sts for cell in row.split("\t")[5:7]}
    texts |= {cell for row in xnli for cell in row.split("\t")[:2]}
    assert not ({re.sub(r"\W", "", text) for text in texts} - {""}) & squeezed


@pytest.mark.slow
def test_the_corpus_holds_no_line_twice_and_no_slur(corpus):
    lines = lines_of(corpus)
    keys = [text_key(line) for line in lines]
    assert len(set(keys)) == len(keys)
    assert not any(has_slur(line) for line in lines)


@pytest.mark.slow
def test_the_recipe_gives_the_corpus_of_the_card(corpus):
    """That of the mini GPT: the mini BERT was trained before the question pairs for testing were held out."""
    card = (model_folder("klue-mini-gpt") / "README.md").read_text(encoding="utf-8")
    facts = json.loads((corpus / "corpus.json").read_text(encoding="utf-8"))
    for register, sizes in facts["registers"].items():
        assert sizes["sha256"] in card, f"{register} is not the text that the mini GPT was trained on"
