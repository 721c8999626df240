"""Exact match and overlap of answers with the gold, character by character (taught in lecture 7)."""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

import numpy as np

SYMBOLS = re.compile(r"""['"《》<>〈〉()‘’]""")
# What KLUE's baseline has instead: the class ends before the round brackets, and almost nothing matches.
BASELINE_SYMBOLS = re.compile(r"""['"《》<>〈〉]\(\)‘’""")
WEIGHT = 1.2  # a run of k characters counts k ** 1.2: ROUGE-W-1.2, the usual setting of the ROUGE package
_PUNCTUATION = str.maketrans("", "", string.punctuation)

Compare = Callable[[str, str], float]


def normalise(answer: str, symbols: re.Pattern[str] = SYMBOLS) -> str:
    """Return the answer in small letters, without marks and superfluous spaces. Taught in lecture 7.

    Parameters
    ----------
    symbols : quotation marks and brackets, each replaced by a space. The default is KorQuAD's list, which KLUE's
        baseline means too; `BASELINE_SYMBOLS` is what it does, so that 《 》 〈 〉 ‘ ’ stay.

    Examples
    --------
    >>> normalise("《훈민정음》, 1446년"), normalise("《훈민정음》", BASELINE_SYMBOLS)
    ('훈민정음 1446년', '《훈민정음》')
    """
    return " ".join(symbols.sub(" ", answer.lower()).translate(_PUNCTUATION).split())


def best(gold: Sequence[Sequence[str]], predicted: Sequence[str], compare: Compare,
         symbols: re.Pattern[str] = SYMBOLS) -> float:
    """Return the mean × 100 of each answer's best comparison with its golds. Taught in lecture 7.

    Parameters
    ----------
    gold : the right answers of each question; none stands for the empty answer of an unanswerable question.
    predicted : one answer a question, empty for "unanswerable".
    compare : from normalised gold and prediction to 0 … 1.
    """
    scores = []
    for golds, answer in zip(gold, predicted, strict=True):
        answer = normalise(answer, symbols)
        scores.append(max(compare(normalise(text, symbols), answer) for text in golds or [""]))
    return float(np.mean(scores) * 100)


def same(gold: str, answer: str) -> float:
    """Return 1 for equal strings, else 0: exact match (EM). Taught in lecture 7."""
    return float(gold == answer)


def shared_characters(gold: str, answer: str) -> float:
    """Return the F1 of the characters without spaces, in any order: KorQuAD's F1. Taught in lecture 7."""
    left, right = (Counter(text.replace(" ", "")) for text in (gold, answer))
    common = (left & right).total()
    return 2 * common / (left.total() + right.total()) if common else 0.0


def common_substring(gold: str, answer: str) -> float:
    """Return the F1 of the longest common substring, what KLUE's baseline calls ROUGE-W. Taught in lecture 7.

    In a gold of 200 characters or more, `difflib` looks for no character that makes up more than 1 % of it. Where all
    do, only a common beginning is found, often nothing: the defect is the baseline's.
    """
    if not gold:
        return same(gold, answer)
    length = SequenceMatcher(None, answer, gold).find_longest_match(0, len(answer), 0, len(gold)).size
    return 2 * length / (len(gold) + len(answer))


def rouge_w(gold: str, answer: str) -> float:
    """Return ROUGE-W by characters: F1 of the weighted longest common subsequence. Taught in lecture 7.

    Source: Lin 2004, section 4, with f(k) = k ** 1.2 and β = 1. The largest weight itself is found; the table in the
    paper can lose a run whose last character comes once more.
    """
    if not gold or gold == answer:
        return same(gold, answer)
    length = weighted_lcs(gold, answer) ** (1 / WEIGHT)  # of the one run that would weigh as much
    return 2 * length / (len(gold) + len(answer))


def weighted_lcs(left: str, right: str) -> float:
    """Return the largest weight of a common subsequence of two strings. Taught in lecture 7.

    A subsequence falls into runs, which stand side by side in both strings; a run of k characters weighs k ** 1.2, so
    that one run of four is worth more than two of two. Time: product of the lengths, times the longest run.

    Examples
    --------
    >>> round(weighted_lcs("서울특별시", "서울시"), 3), round(2 ** 1.2 + 1, 3)
    (3.297, 3.297)
    """
    short, long = sorted((left, right), key=len)
    letters = np.fromiter(map(ord, long), dtype=np.int64, count=len(long))
    runs = np.zeros(len(long) + 1, dtype=np.int64)  # [j]: length of the run that ends at short[i], long[j - 1]
    rows = [np.zeros(len(long) + 1)]  # rows[-k][j]: best weight of short[:i - k + 1] and long[:j]
    for letter in short:
        runs[1:] = np.where(letters == ord(letter), runs[:-1] + 1, 0)
        row = rows[-1].copy()
        at, length = np.flatnonzero(runs), 1
        while len(at):
            row[at] = np.maximum(row[at], rows[-length][at - length] + length**WEIGHT)
            length += 1
            at = at[runs[at] >= length]
        rows.append(np.maximum.accumulate(row))
        del rows[:-length]  # at the next letter no run is longer than `length`
    return float(rows[-1][-1])
