"""One interface over every way to cut Korean text into tokens, and training of subword tokenizers (lecture 2)."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from klue_helpers import text as _text
from klue_helpers.analyzers import ANALYZERS, Tagger, load_tagger
from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from tokenizers.implementations import BaseTokenizer
    from transformers import PreTrainedTokenizerFast

BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
GPT_SPECIALS = ("<s>", "</s>", "<pad>", "<unk>", "<mask>")
MOST_PIECES = 1_000_000  # four times what the largest published vocabularies hold; the library reserves room for all
HANGUL_ALPHABET = 6000  # the library's default of 1,000 characters is too few for Hangul's 11,172 syllables


@dataclass(frozen=True)
class Tokenizer:
    """A named way to cut a text into tokens; calling it does so.

    Attributes
    ----------
    name : name for `load_tokenizer`, or the one given to `as_tokenizer`.
    unit : what a token is: ``"word"``, ``"morpheme"``, ``"syllable"``, ``"jamo"`` or ``"subword"``.
    tokenize : from a text to its tokens.
    tag : from a text to (token, part-of-speech tag) pairs; None where there are no tags.
    """

    name: str
    unit: str
    tokenize: Callable[[str], list[str]]
    tag: Tagger | None = None

    def __call__(self, text: str) -> list[str]:
        return self.tokenize(text)


def load_tokenizer(name: str) -> Tokenizer:
    """Return a tokenizer that needs no training; analyzers are loaded once a process. Taught in lecture 2.

    Parameters
    ----------
    name : one of `TOKENIZER_NAMES`: by unit (``"word"``, ``"syllable"``, ``"jamo"``) or a morphological analyzer
        (KoNLPy's ``"okt"``, ``"komoran"``, ``"hannanum"``, ``"kkma"``; ``"mecab"``; ``"kiwi"``).

    Raises
    ------
    KlueError : another name.

    Examples
    --------
    >>> load_tokenizer("syllable")("봄비 오는")
    ['봄', '비', ' ', '오', '는']
    """
    if name in _PLAIN:
        return Tokenizer(name, name, _PLAIN[name])
    if name in ANALYZERS:
        return _analyzer(name)
    raise KlueError(f"알 수 없는 토크나이저입니다: {name!r}. 쓸 수 있는 이름: {', '.join(TOKENIZER_NAMES)}.")


def train_wordpiece(texts: Iterable[str], *, vocab_size: int = 8000, min_frequency: int = 2,
                    limit_alphabet: int = HANGUL_ALPHABET, wordpieces_prefix: str = "##") -> "BaseTokenizer":
    """Train a cased WordPiece tokenizer that leaves Hangul whole. Taught in lecture 2.

    The same texts and options give the same vocabulary in every process.

    Parameters
    ----------
    texts : training texts; read once.
    vocab_size : number of pieces, special tokens included; more where the alphabet alone exceeds it.
    min_frequency : pieces rarer than this are not made.
    limit_alphabet : how many different characters may become pieces of their own.
    wordpieces_prefix : mark of a piece that continues a word.

    Raises
    ------
    KlueError : no text with a word, half of a surrogate pair in one, numbers out of bounds.
    """
    from tokenizers import BertWordPieceTokenizer, models

    texts = _training_texts(texts, vocab_size=vocab_size, min_frequency=min_frequency, limit_alphabet=limit_alphabet)
    options = dict(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False,
                   wordpieces_prefix=wordpieces_prefix)
    # The learner also knows the pieces that continue a word as special tokens; the one returned must not.
    learner, tokenizer = BertWordPieceTokenizer(**options), BertWordPieceTokenizer(**options)
    alphabet, inner = _alphabet(learner, texts, limit_alphabet)
    learner.train_from_iterator(
        texts, vocab_size=vocab_size, min_frequency=min_frequency, limit_alphabet=limit_alphabet,
        initial_alphabet=alphabet, special_tokens=[*BERT_SPECIALS, *(wordpieces_prefix + char for char in inner)],
        wordpieces_prefix=wordpieces_prefix, show_progress=False,
    )
    tokenizer._tokenizer.model = models.WordPiece(learner.get_vocab(), unk_token="[UNK]",
                                                  continuing_subword_prefix=wordpieces_prefix)
    tokenizer.add_special_tokens(list(BERT_SPECIALS))
    return tokenizer


def _alphabet(tokenizer: "BaseTokenizer", texts: Iterable[str], limit: int) -> tuple[list[str], list[str]]:
    """Return the commonest characters, and those that continue a word, both in the order of their code points.

    The library takes its alphabet from a hash table, in another order in every process; pieces equally frequent are
    then joined in another order too. With the alphabet given, the same texts always make the same vocabulary.
    """
    # Words as the trainer will see them: normalised and cut at white space and marks.
    words = Counter(word for text in texts
                    for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)))
    characters: Counter[str] = Counter()
    for word, times in words.items():
        for char in word:
            characters[char] += times
    # Of equally frequent characters the one with the smaller code point comes first: no tie is left to chance.
    by_frequency = sorted(characters.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = {char for char, _ in by_frequency[:limit]}
    inner = {char for word in words for char in word[1:]}  # seen elsewhere than at the start of a word
    return sorted(kept), sorted(inner & kept)


def train_bpe(texts: Iterable[str], *, vocab_size: int = 8000, min_frequency: int = 2,
              limit_alphabet: int = HANGUL_ALPHABET) -> "BaseTokenizer":
    """Train a SentencePiece-style BPE tokenizer (``▁`` marks a space), with NFC. Taught in lectures 2 and 8.

    The same texts and options give the same vocabulary in every process. A line break is a piece of its own. From its
    pieces a text in NFC is put together again exactly, save unknown characters and a ``▁`` of its own.

    The library's class comes with NFKC, which turns ㅋ into another character; it drops a space at the start and hides
    line breaks in words. Its normalizer, its cutting into words and its decoder are therefore replaced.

    Raises
    ------
    KlueError : as `train_wordpiece`.
    """
    from tokenizers import SentencePieceBPETokenizer, decoders, normalizers, pre_tokenizers

    texts = _training_texts(texts, vocab_size=vocab_size, min_frequency=min_frequency, limit_alphabet=limit_alphabet)
    tokenizer = SentencePieceBPETokenizer()
    # Every line begins with ▁, so that its first word is the same piece as anywhere else.
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFC(), normalizers.Replace("\n", "\n▁"), normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.Split("▁", "merged_with_next")])
    # The way back: ▁ to spaces, then without those that the normalizer put at the start of each line.
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.Fuse(), decoders.Replace("\n ", "\n"), decoders.Strip(" ", 1, 0)])
    alphabet, _ = _alphabet(tokenizer, texts, limit_alphabet)
    tokenizer.train_from_iterator(
        texts, vocab_size=vocab_size, min_frequency=min_frequency, limit_alphabet=len(alphabet),
        initial_alphabet=alphabet, special_tokens=list(GPT_SPECIALS), show_progress=False,
    )
    return tokenizer


def train_unigram(texts: Iterable[str], *, vocab_size: int = 8000) -> "BaseTokenizer":
    """Train a SentencePiece-style Unigram tokenizer (``▁`` marks a space), with NFC. Taught in lecture 2.

    Raises
    ------
    KlueError : as `train_wordpiece`.
    """
    from tokenizers import SentencePieceUnigramTokenizer, normalizers

    texts = _training_texts(texts, vocab_size=vocab_size)
    tokenizer = SentencePieceUnigramTokenizer()
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.train_from_iterator(
        texts, vocab_size=vocab_size, special_tokens=list(GPT_SPECIALS), unk_token="<unk>", show_progress=False,
    )
    return tokenizer


def _training_texts(texts: Iterable[str], *, vocab_size: int, min_frequency: int = 0,
                    limit_alphabet: int = HANGUL_ALPHABET) -> list[str]:
    """Return the texts for a trainer, or raise KlueError for what would hang or crash the library."""
    bounds = {"vocab_size": (vocab_size, len(BERT_SPECIALS) + 1, MOST_PIECES),
              "min_frequency": (min_frequency, 0, None), "limit_alphabet": (limit_alphabet, 1, MOST_PIECES)}
    for name, (value, low, high) in bounds.items():
        if value < low or (high is not None and value > high):
            end = "" if high is None else f" {high:,} 이하"
            raise KlueError(f"{name}은(는) {low} 이상{end}의 정수여야 합니다: {value}. 값을 고치세요.")
    if isinstance(texts, str):
        raise KlueError("글 하나도 목록으로 주세요: [\"…\"].")
    texts = list(texts)
    for text in texts:
        _text.check_text(text)
    if not any(text.strip() for text in texts):
        raise KlueError("토크나이저를 학습할 낱말이 하나도 없습니다. 비어 있지 않은 글을 주세요.")
    return [_text.cut_long_words(text) for text in texts]


def as_tokenizer(trained: "BaseTokenizer | PreTrainedTokenizerFast", name: str) -> Tokenizer:
    """Give a trained subword tokenizer the common interface, without special tokens. Taught in lecture 2.

    The tokenizer raises KlueError for a text with half of a surrogate pair.
    """
    def tokenize(text: str) -> list[str]:
        _text.check_text(text)
        if hasattr(trained, "convert_ids_to_tokens"):  # a tokenizer of transformers
            return trained.tokenize(text)
        return trained.encode(text, add_special_tokens=False).tokens

    return Tokenizer(name, "subword", tokenize)


def to_transformers(trained: "BaseTokenizer", *, max_length: int = 512) -> "PreTrainedTokenizerFast":
    """Wrap a trained tokenizer for `transformers`, with its special tokens named. Taught in lecture 2.

    Returns
    -------
    A `BertTokenizerFast` for WordPiece, set to keep case and accents; a `PreTrainedTokenizerFast` otherwise.
    """
    from transformers import BertTokenizerFast, PreTrainedTokenizerFast

    core = getattr(trained, "_tokenizer", trained)  # the library's own object inside its Python class
    if core.token_to_id("[MASK]") is not None:
        return BertTokenizerFast(tokenizer_object=core, do_lower_case=False, strip_accents=False,
                                 model_max_length=max_length)
    names = ("bos_token", "eos_token", "pad_token", "unk_token", "mask_token")
    return PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=max_length,
                                   model_input_names=["input_ids", "attention_mask"],
                                   clean_up_tokenization_spaces=False, **dict(zip(names, GPT_SPECIALS, strict=True)))


def maxmatch_dropout(tokenizer: "BaseTokenizer | PreTrainedTokenizerFast", *, probability: float = 0.1,
                     seed: int = 0) -> Callable[[Iterable[int]], list[int]]:
    """Return a function that cuts the words of a text anew, differently at every call. Extends lecture 2.

    As in WordPiece the longest matching piece is taken, but a match is passed over with some probability, so that a
    shorter one takes its place. For training texts only: other cuts in every epoch are more to learn from.

    Parameters
    ----------
    tokenizer : a WordPiece tokenizer.
    probability : of passing over a match, 0 to 1; the shortest match, mostly a single character, is always taken.
    seed : the same seed and the same calls give the same cuts.

    Returns
    -------
    From a text's ids, not truncated, to the ids of its words cut anew. Special tokens and unknown words stay.

    Raises
    ------
    KlueError : another kind of tokenizer, a probability outside [0, 1].

    Source: Hiraoka 2022, MaxMatch-Dropout: Subword Regularization for WordPiece, arXiv 2209.04126.
    """
    core = getattr(tokenizer, "backend_tokenizer", getattr(tokenizer, "_tokenizer", tokenizer))
    if (kind := type(core.model).__name__) != "WordPiece":
        raise KlueError(f"maxmatch_dropout은 WordPiece 토크나이저의 조각만 다시 자릅니다. 받은 것은 {kind}입니다. "
                        "WordPiece 토크나이저를 주세요.")
    if not 0 <= probability <= 1:
        raise KlueError(f"probability는 0에서 1 사이여야 합니다: {probability}. 값을 고치세요.")
    prefix, vocabulary = core.model.continuing_subword_prefix, core.get_vocab()
    pieces = {number: piece for piece, number in vocabulary.items()}
    whole = {*core.get_added_tokens_decoder(), core.token_to_id(core.model.unk_token)}
    inner = {number for number, piece in pieces.items() if piece.startswith(prefix) and number not in whole}
    longest, rng = max(map(len, vocabulary)), random.Random(seed)

    @cache  # words come again and again: all their cuts are worth keeping
    def cuts_of(word: tuple[int, ...]) -> "_Cuts":
        if word[0] in whole:  # a special token or an unknown word: one piece, nothing to cut
            return [[(word[0], 1)]]
        rest = (pieces[number].removeprefix(prefix) for number in word[1:])
        return _possible_cuts("".join((pieces[word[0]], *rest)), vocabulary, prefix=prefix, longest=longest)

    def cut_anew(ids: Iterable[int]) -> list[int]:
        return [piece for word in _split_words(ids, inner) for piece in _sample_cut(cuts_of(word), probability, rng)]

    return cut_anew


_Cuts = list[list[tuple[int, int]]]  # for every place of a word, the pieces that may follow: id and end, longest first


def _split_words(ids: Iterable[int], inner: set[int]) -> Iterator[tuple[int, ...]]:
    """Yield the ids of one word after the other: a word goes on while its pieces are marked so."""
    word: list[int] = []
    for number in ids:
        if word and number not in inner:
            yield tuple(word)
            word = []
        word.append(number)
    if word:
        yield tuple(word)


def _possible_cuts(word: str, vocabulary: dict[str, int], *, prefix: str, longest: int) -> _Cuts:
    """Return the pieces that may be taken at every place, only those from which the end of the word can be reached."""
    size = len(word)
    cuts: _Cuts = [[] for _ in word]
    for start in range(size - 1, -1, -1):  # from the end, so that it is known which places lead there
        mark = prefix if start else ""  # only pieces within a word are marked
        for end in range(min(size, start + longest), start, -1):
            number = vocabulary.get(mark + word[start:end])
            if number is not None and (end == size or cuts[end]):
                cuts[start].append((number, end))
    return cuts


def _sample_cut(cuts: _Cuts, probability: float, rng: random.Random) -> Iterator[int]:
    """Yield the pieces of a word, each match but the shortest passed over with the probability."""
    place = 0
    while place < len(cuts):
        choice, last = 0, len(cuts[place]) - 1  # the last is the shortest: always taken when it is reached
        while choice < last and rng.random() < probability:
            choice += 1
        number, place = cuts[place][choice]
        yield number


def fertility(tokenizer: Callable[[str], Sequence[str]], texts: Iterable[str]) -> float:
    """Return the mean number of tokens per space-separated word, over all texts together. Taught in lecture 2.

    Raises
    ------
    KlueError : texts without a single word.

    Examples
    --------
    >>> fertility(str.split, ["봄비가 온다"])
    1.0
    """
    tokens = words = 0
    for text in texts:
        tokens += len(tokenizer(text))
        words += len(text.split())
    if words == 0:
        raise KlueError("낱말이 하나도 없어 낱말당 토큰 수를 셀 수 없습니다. 비어 있지 않은 글을 주세요.")
    return tokens / words


_PLAIN: dict[str, Callable[[str], list[str]]] = {
    "word": str.split,
    "syllable": list,
    "jamo": lambda text: list(_text.split_jamo(text)),
}
TOKENIZER_NAMES = (*_PLAIN, *ANALYZERS)


@cache
def _analyzer(name: str) -> Tokenizer:
    tag = load_tagger(name)
    return Tokenizer(name, "morpheme", lambda text: [form for form, _ in tag(text)], tag)
