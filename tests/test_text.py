"""Text functions: hand-worked values, and properties over any Unicode."""

import random
import unicodedata

import hgtk
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_helpers import KlueError, text

SYLLABLES = [chr(code) for code in range(ord("가"), ord("힣") + 1)]
# Any Unicode, with Korean, decomposed, jamo, emoji and invisible characters made frequent.
ANY_TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("가각힣ㅋㅠㅏ 학교<>/&;.@\u1112\u1161\u11ab\u110f\u3164\u200b\u200d👨👧\n\t1"),
    ),
    max_size=60,
)


def test_normalize_composes_and_maps_lone_conjoining_jamo():
    assert text.normalize(unicodedata.normalize("NFD", "한글 파일.txt")) == "한글 파일.txt"
    assert text.normalize("\u110f\u110f\u110f") == "ㅋㅋㅋ"
    assert text.normalize("ㅋㅋ") == "ㅋㅋ", "compatibility jamo stay as they are (NFKC would change them)"
    assert text.normalize("\u11ab") == "ㄴ"


def test_normalize_leaves_syllables_of_old_hangul_whole():
    old = "\u1112\u119e\u11ab"  # 한글 with the lost vowel, which has no composed form
    assert text.normalize(f"{old}글 \u110f\u110f") == f"{old}글 ㅋㅋ"


@given(ANY_TEXT)
def test_normalize_is_idempotent(value):
    once = text.normalize(value)
    assert text.normalize(once) == once


def test_starts_lead_back_to_the_decomposed_text():
    decomposed = unicodedata.normalize("NFD", "나는 한글") + "\u110f"
    composed, starts = text.normalize_with_starts(decomposed)
    assert composed == "나는 한글ㅋ" and starts == [0, 2, 5, 6, 9, 12, 13]
    assert unicodedata.normalize("NFC", decomposed[starts[3] : starts[5]]) == "한글"
    assert text.normalize_with_starts("ㅋ\u110f") == ("ㅋㅋ", [0, 1, 2])
    assert text.normalize_with_starts("") == ("", [0])


@given(ANY_TEXT)
def test_starts_are_in_order_and_of_the_normalised_text(value):
    result, starts = text.normalize_with_starts(value)
    assert result == text.normalize(value)
    assert len(starts) == len(result) + 1 and starts == sorted(starts) and starts[-1] == len(value)
    for at in range(len(result)):
        assert starts[at] == starts[at + 1] or result[at] in text.normalize(value[starts[at] : starts[at + 1]])


def test_strip_invisible_keeps_joined_emoji():
    assert text.strip_invisible("가\u200b나\u3164다\ufeff") == "가나다"
    assert text.strip_invisible("👨\u200d👩\u200d👧 가족") == "👨\u200d👩\u200d👧 가족"
    assert text.strip_invisible("가\u200d나") == "가나"
    for joined in ("🙂\u200d↔\ufe0f", "🐦\u200d⬛"):
        assert text.strip_invisible(joined) == joined


def test_split_jamo_equals_hgtk_and_unicode_on_every_syllable():
    for syllable in SYLLABLES:
        ours = text.split_jamo(syllable)
        assert ours == "".join(hgtk.letter.decompose(syllable))
        assert text.normalize(unicodedata.normalize("NFD", syllable)) == syllable
        assert text.join_jamo(text.split_jamo(syllable, no_final=text.NO_FINAL)) == syllable


@given(st.text(st.sampled_from([*SYLLABLES[::97], " ", "a", "1", "!", "😀"]), max_size=80))
def test_join_jamo_undoes_split_jamo(value):
    assert text.join_jamo(text.split_jamo(value, no_final=text.NO_FINAL)) == value


def test_split_jamo_known_values():
    assert text.split_jamo("닭이 ㅋ") == "ㄷㅏㄺㅇㅣ ㅋ"
    assert text.split_jamo("가", no_final="_") == "ㄱㅏ_"
    assert text.split_jamo("") == ""


def test_squeeze_repeats():
    assert text.squeeze_repeats("ㅋㅋㅋㅋㅋ 최고!!!! 10000원") == "ㅋㅋ 최고!! 10000원"
    assert text.squeeze_repeats("ㅠㅠㅠ", limit=1) == "ㅠ"
    with pytest.raises(KlueError, match="1 이상"):
        text.squeeze_repeats("ㅋ", limit=0)


@given(ANY_TEXT, st.integers(1, 4))
def test_squeeze_repeats_leaves_no_longer_run(value, limit):
    squeezed = text.squeeze_repeats(value, limit=limit)
    for index in range(len(squeezed) - limit):
        run = squeezed[index : index + limit + 1]
        assert len(set(run)) > 1 or run[0].isdigit() or run[0] == "\n"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("<p>좋아요</p>", "좋아요"),
        ("사랑해 <3 보다 3 < 5", "사랑해 <3 보다 3 < 5"),
        ("톰 &amp; 제리", "톰 & 제리"),
        ("예고편 https://example.com/a?b=1에서 봤어요.", "예고편 [URL]에서 봤어요."),
        ("www.example.com, 여기", "[URL], 여기"),
        ("awww.cute", "aww.cute"),
        ("하\u200b\u11ab글", "한글"),
        ("문의는 help@example.co.kr로 주세요", "문의는 [EMAIL]로 주세요"),
        ("ㅋㅋㅋㅋㅋ\u200b 재밌다\u3164", "ㅋㅋ 재밌다"),
        ("첫 줄  \n  둘째   줄", "첫 줄\n둘째 줄"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_clean_known_values(raw, clean):
    assert text.clean(raw) == clean


@given(ANY_TEXT.filter(lambda value: "&" not in value and "<" not in value))
def test_clean_is_idempotent(value):
    once = text.clean(value)
    assert text.clean(once) == once


def test_clean_takes_long_text_in_linear_time():
    value = "<" * 10_000 + "ㅋ" * 10_000 + "a@" * 5_000 + "http://" * 2_000
    assert isinstance(text.clean(value), str)


@pytest.mark.parametrize("long", [
    "a" * 300_000, "a@" + "b" * 300_000, "www." * 75_000, "http://a" + "." * 300_000, "\u1100" * 300_000,
    "\u1112\u119e" * 150_000, "a" + "\u0301\u0327" * 150_000, "<a" * 150_000, "&#1" * 100_000, "가" * 300_000,
    "\u200d" * 300_000, "ㅋ" * 300_000, "." * 300_000,
], ids=lambda long: ascii(long[:6]))
def test_no_long_word_takes_the_square_of_its_length(long):
    """At 300,000 characters a quadratic function needs minutes to hours, a linear one less than a second."""
    for function in (text.clean, text.normalize, text.mask_emails, text.split_jamo, text.cut_long_words):
        assert isinstance(function(long), str)
    text.normalize_with_starts(long)
    text.split_sentences(long, method="naive")


@given(st.text(st.sampled_from("a가é\u0301\u0327\u0344\u0323\u0f71\u1161"), min_size=20, max_size=120))
def test_many_marks_are_composed_as_unicode_says(value):
    assert text._compose(value) == unicodedata.normalize("NFC", value)


def test_an_address_is_found_after_characters_that_begin_none():
    assert text.mask_emails("a@b@c.com 또 x..y@d.kr로") == "a@[EMAIL] 또 [EMAIL]로"


def test_cleaning_removes_controls_and_half_characters_and_keeps_lines():
    assert text.clean("\ufeff가\0나\x1b \ud83d다\n\x85라") == "가나 다\n라"
    assert text.blank_controls("가\0나\t다\n라\ufeff") == "가 나\t다\n라 "


@pytest.mark.parametrize("function", [text.correct_spacing, text.split_sentences,
                                      lambda value: text.split_sentences(value, method="kss")])
def test_what_is_no_text_is_told(function):
    with pytest.raises(KlueError, match=r"2번째 자리.*U\+DE00.*clean"):
        function("가\ude00")
    with pytest.raises(KlueError, match="문자열이어야 하는데 float"):
        function(float("nan"))


def test_long_words_are_cut_and_others_are_not():
    assert text.cut_long_words("가" * 2500 + " 나") == " ".join(["가" * 1000, "가" * 1000, "가" * 500, "나"])
    assert text.cut_long_words("가" * 1000) == "가" * 1000


def test_naive_split_breaks_quotes_and_kiwi_does_not():
    value = '그는 "가자. 지금." 하고 말했다. 평점은 3.5점이다.'
    assert text.split_sentences(value, method="naive") == ['그는 "가자.', '지금." 하고 말했다.', "평점은 3.5점이다."]
    assert text.split_sentences(value, method="kiwi") == ['그는 "가자. 지금." 하고 말했다.', "평점은 3.5점이다."]


def test_split_sentences_of_nothing_and_unknown_method():
    assert text.split_sentences("", method="naive") == []
    assert text.split_sentences("  ", method="kiwi") == []
    with pytest.raises(KlueError, match="naive, kiwi, kss"):
        text.split_sentences("가", method="period")


@pytest.mark.slow
def test_kss_is_silent_and_splits_without_punctuation(capfd):
    sentences = text.split_sentences("영화 정말 좋았어요 또 보고 싶네요", method="kss")
    assert sentences == ["영화 정말 좋았어요", "또 보고 싶네요"]
    assert text.split_sentences("비가\0온다. 춥다.", method="kss") == ["비가 온다.", "춥다."]
    assert capfd.readouterr() == ("", "")


def test_correct_spacing():
    assert text.correct_spacing("아버지가방에들어가신다") == "아버지가 방에 들어가신다"


def test_random_syllables_survive_every_function():
    value = "".join(random.Random(0).choices(SYLLABLES, k=10_000))
    assert text.clean(value) == text.squeeze_repeats(value)
    assert len(text.split_jamo(value, no_final="_")) == 30_000
