"""Normalising, cleaning, taking apart and splitting Korean text (taught in lecture 2).

All functions take and return `str`, accept any Unicode text, the empty string included, and raise nothing of
their own except where said.
"""

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import groupby, pairwise
from types import ModuleType, SimpleNamespace
from typing import Any

from klue_helpers.errors import KlueError
from klue_helpers.extras import require_extra
from klue_helpers.workers import Worker

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
NO_FINAL = "‿"  # stands where a syllable has no final consonant, so that jamo can be joined again

# Conjoining jamo (U+1100 and on) to the compatibility jamo (U+3131 and on) that keyboards type.
_CONJOINING = {
    **{0x1100 + i: jamo for i, jamo in enumerate(INITIALS)},
    **{0x1161 + i: jamo for i, jamo in enumerate(VOWELS)},
    **{0x11A8 + i: jamo for i, jamo in enumerate(FINALS)},
}
# A syllable begins where no initial stands before it: tried from every initial, a long run would take its square.
_OLD_SYLLABLE = re.compile("((?<![\u1100-\u115e])[\u1100-\u115e]+[\u1161-\u11a7]+[\u11a8-\u11ff]*)")
# Fillers, zero-width and direction marks, the byte order mark, soft hyphen. Not U+200D: it joins emoji.
# Control characters but white space, and halves of surrogate pairs, which are no characters at all.
_INVISIBLE = re.compile(
    "[\u00ad\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u3164\ufeff\uffa0"
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]"
)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
# Control characters, line and paragraph separators, the byte order mark: MeCab ends a text at NUL and makes tokens of
# the others, Hannanum never comes back from a lone one, Komoran and Kkma fail, and kss moves a space.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_LONG_WORD = re.compile(r"(\S{1000})(?=\S)")  # no word of a language comes near
_MOST_MARKS = 30  # marks on one letter in any real text, by Unicode's annex 15 ("stream-safe")
_EMOJI = "\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_STRAY_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])")
# A tag begins with a letter, / or !: neither 3 < 5 nor the heart <3 does.
_TAG = re.compile(r"<(?=[a-zA-Z/!])[^<>]*>")
_URL = re.compile(r"(?<![a-z0-9])(?:https?://|www\.(?=[a-z0-9]))[^\s<>\"'()\[\]가-힣]+", re.IGNORECASE | re.ASCII)
# An address begins where a run of its characters begins: tried from every one, a long run would take its square.
_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE | re.ASCII)


def normalize(text: str) -> str:
    """Return the text in NFC, with lone conjoining jamo as compatibility jamo. Taught in lecture 2.

    NFC joins the decomposed syllables of a Mac's file names. It leaves a lone ᄏ (U+110F) as it is, which looks
    like ㅋ (U+314B) and is another character; NFKC goes the wrong way and turns every ㅋ into U+110F. Syllables of
    old Hangul, for which there is no composed form, stay as they are.

    Examples
    --------
    >>> normalize("\\u1112\\u1161\\u11ab\\u1100\\u1173\\u11af \\u110f\\u110f")
    '한글 ㅋㅋ'
    """
    parts = _OLD_SYLLABLE.split(_compose(text))  # odd parts are the syllables of old Hangul
    return "".join(part if number % 2 else part.translate(_CONJOINING) for number, part in enumerate(parts))


def _compose(text: str) -> str:
    """Return the text in NFC, in time linear in its length.

    The library sorts the marks of one letter in time that grows with the square of their number. It is quick with
    marks in order, so that long runs of them are put in order first.
    """
    if len(text) > _MOST_MARKS and not unicodedata.is_normalized("NFC", text):
        parts = ("".join(run) for _, run in groupby(text, key=lambda char: unicodedata.combining(char) > 0))
        text = "".join(_sort_marks(part) if len(part) > _MOST_MARKS else part for part in parts)
    return unicodedata.normalize("NFC", text)


def _sort_marks(run: str) -> str:
    """Return a run of marks decomposed and in canonical order; any other run as it is."""
    if not unicodedata.combining(run[0]):
        return run
    marks = "".join(unicodedata.normalize("NFD", mark) for mark in run)
    return "".join(sorted(marks, key=unicodedata.combining))


def normalize_with_starts(text: str) -> tuple[str, list[int]]:
    """Return the normalised text, and where in the text each of its characters starts. Taught in lecture 7.

    What is found in the normalised text at ``start`` to ``end`` stands in the text at ``starts[start]`` to
    ``starts[end]``: `starts` has one place more, for the end of the text.

    Examples
    --------
    >>> normalize_with_starts("\\u1112\\u1161\\u11ab\\u1100\\u1173\\u11af")
    ('한글', [0, 3, 6])
    """
    whole = list(range(len(text) + 1))
    if unicodedata.is_normalized("NFC", text):
        return normalize(text), whole
    # Each letter with its marks is composed by itself, so that its length before and after is known.
    starts: list[int] = []
    cuts = [*(at for at in range(len(text)) if not at or not _joins(text[at])), len(text)]
    for start, end in pairwise(cuts):
        composed = len(_compose(text[start:end]))
        starts.extend(min(start + at, end - 1) for at in range(composed))
    result = normalize(text)
    return (result, [*starts, len(text)]) if len(starts) == len(result) else (text, whole)


def _joins(char: str) -> bool:
    """Say whether the character may become one with that before it: vowels and finals of Hangul, and marks."""
    return "\u1161" <= char <= "\u11ff" or unicodedata.category(char).startswith("M")


def check_text(text: str) -> None:
    """Check that a library that keeps text as UTF-8 can take it.

    Raises
    ------
    KlueError : no `str`; half of a surrogate pair, as a file leaves it that was cut between two bytes.
    """
    if not isinstance(text, str):
        raise KlueError(f"글은 문자열이어야 하는데 {type(text).__name__}입니다: {text!r}. "
                        "빈 값이면 빼고, 아니면 str로 바꾸세요.")
    if half := _HALF_CHARACTER.search(text):
        raise KlueError(f"글의 {half.start() + 1:,}번째 자리에 반쪽만 남은 글자(U+{ord(half[0]):04X})가 있습니다. "
                        "klue_helpers.text.clean으로 지우거나, 파일을 올바른 인코딩으로 다시 읽으세요.")


def blank_controls(text: str) -> str:
    """Put a space for every character that only controls a screen or a file; tabs and line feeds stay."""
    return _CONTROLS.sub(" ", text)


def cut_long_words(text: str) -> str:
    """Put a space behind every 1,000 characters of a word, for tools whose time grows with the square of its length."""
    return _LONG_WORD.sub(r"\1 ", text)


def strip_invisible(text: str) -> str:
    """Remove characters that show nothing: fillers, zero-width, direction and control characters. Taught in lecture 2.

    Halves of surrogate pairs go too. White space stays, line breaks included. The zero-width joiner stays between
    emoji, where it is part of the picture (👨‍👩‍👧).
    """
    return _STRAY_JOINER.sub("", _INVISIBLE.sub("", text))


def split_jamo(text: str, *, no_final: str = "") -> str:
    """Take Hangul syllables apart into compatibility jamo; leave everything else. Taught in lecture 2.

    Parameters
    ----------
    text : any text; syllables in NFC.
    no_final : stands for a missing final consonant, such as `NO_FINAL`; with it every syllable gives three
        characters and `join_jamo` can undo the split.

    Examples
    --------
    >>> split_jamo("닭이")
    'ㄷㅏㄺㅇㅣ'
    """
    return "".join(_jamo_of(char, no_final) if "가" <= char <= "힣" else char for char in text)


def _jamo_of(syllable: str, no_final: str) -> str:
    # Syllables stand in the order of their 19 initials, within those of 21 vowels, then of 27 finals or none.
    initial, rest = divmod(ord(syllable) - ord("가"), 21 * 28)
    vowel, final = divmod(rest, 28)
    return INITIALS[initial] + VOWELS[vowel] + (FINALS[final - 1] if final else no_final)


def join_jamo(jamo: str, *, no_final: str = NO_FINAL) -> str:
    """Undo ``split_jamo(text, no_final=NO_FINAL)``. Taught in lecture 2.

    Exact for texts that hold neither the mark itself nor typed jamo in the order of a syllable (ㄱㅏㄱ).

    Examples
    --------
    >>> join_jamo(split_jamo("닭이 ㅋㅋ", no_final=NO_FINAL))
    '닭이 ㅋㅋ'
    """
    pattern = f"([{INITIALS}])([{VOWELS}])([{FINALS}{re.escape(no_final)}])"
    return re.sub(pattern, lambda match: _syllable_of(*match.groups()), jamo)


def _syllable_of(initial: str, vowel: str, final: str) -> str:
    code = (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.find(final) + 1
    return chr(ord("가") + code)


def squeeze_repeats(text: str, *, limit: int = 2) -> str:
    """Shorten runs of one character, other than digits, to `limit` (ㅋㅋㅋㅋㅋ to ㅋㅋ). Taught in lecture 2.

    Raises
    ------
    KlueError : a limit below 1.
    """
    if limit < 1:
        raise KlueError(f"limit은 1 이상이어야 합니다: {limit}.")
    # Digits and line breaks mean something by their number: 10000 is not 100.
    return re.sub(rf"([^\d\n])\1{{{limit},}}", lambda match: match[1] * limit, text)


def strip_html(text: str) -> str:
    """Replace tags by a space and resolve entities (``&amp;``); a lone < or <3 stays. Taught in lecture 2."""
    import html

    return html.unescape(_TAG.sub(" ", text))


def mask_urls(text: str, *, token: str = "[URL]") -> str:
    """Replace web addresses by a token; a particle behind one stays (…com에서). Taught in lecture 2.

    An address ends before the first Hangul letter, so that domains in Hangul are not recognised.
    """
    return _URL.sub(lambda match: token + _trailing(match[0]), text)


def _trailing(url: str) -> str:
    return url[len(url.rstrip(".,!?;:")):]


def mask_emails(text: str, *, token: str = "[EMAIL]") -> str:
    """Replace e-mail addresses by a token; a particle behind one stays. Taught in lecture 2."""
    return _EMAIL.sub(token, text)


def clean(text: str, *, repeat_limit: int = 2) -> str:
    """Apply the whole chain to one text. Taught in lecture 2.

    In this order: tags and entities, invisible characters, normal form, addresses, repeats, spaces. Newlines are kept,
    other white space becomes one space. Cleaning twice is cleaning once, unless an entity spells a tag (``&lt;b&gt;``).

    Examples
    --------
    >>> clean("<b>최고</b>ㅋㅋㅋㅋ  문의: ask@example.com")
    '최고 ㅋㅋ 문의: [EMAIL]'
    """
    # Hidden characters go before addresses and repeats are looked for, which they would otherwise cut in two.
    text = normalize(strip_invisible(strip_html(text)))
    text = mask_emails(mask_urls(text))
    text = squeeze_repeats(text, limit=repeat_limit)
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def split_sentences(text: str, *, method: str = "kiwi") -> list[str]:
    """Split a text into sentences. Taught in lecture 2.

    Parameters
    ----------
    text : one or more sentences.
    method : ``"naive"`` (after . ! ? and white space), ``"kiwi"`` or ``"kss"`` (slow to import: about 8 s).

    Raises
    ------
    KlueError : another method, one whose package is not installed, a text with half of a surrogate pair; a text that
        kss fails on or does not finish in a minute.
    """
    if method == "naive":
        return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]
    check_text(text)
    if method == "kiwi":
        return [sentence.text for sentence in kiwi().split_into_sents(text)]
    if method == "kss":
        require_extra("kss", "kss")
        return _kss().ask("kss", blank_controls(text))
    raise KlueError(f"알 수 없는 문장 분리 방법입니다: {method!r}. naive, kiwi, kss 가운데 하나를 쓰세요.")


def correct_spacing(text: str) -> str:
    """Return the text with its spaces set anew by Kiwi. Taught in lecture 2.

    Raises
    ------
    KlueError : a text with half of a surrogate pair.
    """
    check_text(text)
    return kiwi().space(text, reset_whitespace=True)


@cache
def kiwi() -> Any:
    """Return the one Kiwi analyzer of the process (two seconds and 0.5 GB to load, so it is shared).

    Raises
    ------
    KlueError : Kiwi is not installed.
    """
    require_extra("kiwi", "kiwipiepy")
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


@cache
def _kss() -> Worker:
    """Return the process that holds kss, which needs minutes for some long words and prints a banner."""
    return Worker("klue_helpers.text:load_kss")


def load_kss(name: str) -> Callable[[str], list[str]]:
    """Return kss's sentence splitter; called in a worker process, see `klue_helpers.workers`."""
    _pass_by_paradigms()
    # kss would take a MeCab it finds, another one on every machine: without, it always takes its own analyzer.
    sys.modules["mecab"] = None
    split = import_module(name).split_sentences
    split("네.")  # kss loads its analyzer at the first use, which no text's time limit should pay for
    return split


def _pass_by_paradigms() -> None:
    """Let kss be imported without koparadigm, of which its sentence splitter makes no use.

    On import kss opens a table of verb forms through xlrd 1.2 (2018); Colab has xlrd 2, which no longer reads such
    files. Only the worker process of kss is changed.
    """
    tables, paradigms = ModuleType("xlrd"), ModuleType("koparadigm")
    tables.xlsx = SimpleNamespace(ensure_elementtree_imported=lambda *_: None)
    paradigms.Paradigm, paradigms.prettify = object, None
    sys.modules.update(xlrd=tables, koparadigm=paradigms)


@cache
def slurs() -> re.Pattern[str]:
    """Return the pattern of ``slurs.txt``."""
    lines = files("klue_helpers").joinpath("slurs.txt").read_text(encoding="utf-8").splitlines()
    return re.compile("|".join(line for line in lines if line and not line.startswith("#")))


def has_slur(text: str) -> bool:
    """Say whether a text holds a word of ``slurs.txt``, its spaces left out. Taught in lecture 4.

    The list is not complete, and it hits a few harmless texts.

    Examples
    --------
    >>> has_slur("이야기의 시발점이 되는 새끼손가락")
    False
    """
    return bool(slurs().search(re.sub(r"\s+", "", text)))
