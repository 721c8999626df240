"""The measuring behind the model cards: n-gram models, memorised text, cards (lectures 4 and 8)."""

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from kneser_ney import FALLBACK, KneserNey, discounts  # noqa: E402
from memorised import WINDOW, Windows  # noqa: E402

START, END, VOCABULARY = 0, 1, 9


class SlowKneserNey:
    """Chen and Goodman's formulas word for word, on dictionaries of tuples."""

    def __init__(self, documents, order):
        self.order = order
        counts = [Counter(tuple(document[at:at + length]) for document in documents
                          for at in range(len(document) - length + 1)) for length in range(1, order + 1)]
        before = defaultdict(set)
        for table in counts[1:]:
            for gram in table:
                before[gram[1:]].add(gram[0])
        self.tables = []
        for length, table in enumerate(counts, start=1):
            if length < order:
                table = {gram: times if gram[0] == START else len(before[gram]) for gram, times in table.items()}
            self.tables.append({gram: times for gram, times in table.items() if gram != (START,)})
        self.taken = [discounts(np.array(list(table.values()))) for table in self.tables]

    def probability(self, context, word):
        context = tuple(context)[-(self.order - 1):] if self.order > 1 else ()
        return self._at(context, word)

    def _at(self, context, word):
        shorter = self._at(context[1:], word) if context else 1 / VOCABULARY
        table, taken = self.tables[len(context)], self.taken[len(context)]
        following = {gram: times for gram, times in table.items() if gram[:-1] == context}
        total = sum(following.values())
        if not total:
            return shorter
        own = following.get((*context, word), 0)
        left = sum(taken[min(times, 3)] for times in following.values()) / total
        return (own - taken[min(own, 3)]) / total + left * shorter


def laid(documents):
    documents = [[START, *document, END] for document in documents]
    return documents, np.concatenate(documents).astype(np.int32), np.cumsum([0, *map(len, documents)])


def random_documents(number, seed, *, low=2):
    rng = np.random.default_rng(seed)
    return [(low + rng.integers(0, VOCABULARY - low, rng.integers(1, 12)) * rng.integers(0, 2)).tolist()
            for _ in range(number)]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("number", [3, 60])
def test_kneser_ney_equals_the_formulas(order, number):
    """With 60 documents the discounts are estimated at some lengths, with 3 nowhere; unseen pieces and contexts."""
    documents, pieces, starts = laid([[word % 7 for word in one] for one in random_documents(number, 0)])
    fast, slow = KneserNey(pieces, starts, vocab_size=VOCABULARY, order=order), SlowKneserNey(documents, order)
    estimated = [tuple(taken) != FALLBACK for taken in slow.taken]
    assert any(estimated) == (number == 60 and order > 1)
    held, some, edges = laid(random_documents(20, 1))
    expected = [slow.probability(document[:at], document[at]) for document in held for at in range(1, len(document))]
    np.testing.assert_allclose(np.exp(fast.score(some, edges)[-1]), expected, rtol=1e-12)


def test_shorter_models_come_along():
    _, pieces, starts = laid(random_documents(60, 0))
    _, some, edges = laid(random_documents(20, 1))
    together = KneserNey(pieces, starts, vocab_size=VOCABULARY, order=4).score(some, edges)
    for order in (1, 2, 3):
        alone = KneserNey(pieces, starts, vocab_size=VOCABULARY, order=order).score(some, edges)
        np.testing.assert_allclose(together[order - 1], alone[-1], rtol=1e-12)


@given(st.lists(st.lists(st.integers(2, VOCABULARY - 1), max_size=6), max_size=8),
       st.lists(st.integers(2, VOCABULARY - 1), max_size=5))
def test_kneser_ney_sums_to_one(documents, context):
    _, pieces, starts = laid([*documents, [2, 3, 4]])
    model = KneserNey(pieces, starts, vocab_size=VOCABULARY, order=4)
    rows = np.array([[START, *context, word] for word in range(VOCABULARY)])
    edges = np.arange(len(rows) + 1) * rows.shape[1]
    scores = model.score(rows.ravel(), edges).reshape(4, len(rows), -1)[:, :, -1]
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, rtol=1e-12)


def test_discounts_by_hand():
    # Five n-grams once, two twice, one three times, one four times: Y = 5 / 9.
    taken = discounts(np.array([1, 1, 1, 1, 1, 2, 2, 3, 4, 9]))
    np.testing.assert_allclose(taken, [0, 1 - 10 / 9 * 2 / 5, 2 - 15 / 9 * 1 / 2, 3 - 20 / 9])


LINES = ["봄비가 그친 뒤 강가를 따라 걷다 보면 물소리가 한결 또렷하게 들립니다.", "짧은 줄",
         "두 번째 긴 줄은 첫 번째와 아무 관계가 없는 이야기를 서른 글자 넘게 적습니다."]


def test_planted_lines_are_found():
    windows = Windows(LINES)
    assert windows.longest(f"앞말 {LINES[0]} 뒷말") == LINES[0]
    assert windows.longest(f"처음\n{LINES[2]}") == LINES[2]
    assert windows.longest(LINES[0][3:33]) == LINES[0][3:33]  # thirty characters exactly
    assert windows.longest(f"{LINES[0][:31]}끝{LINES[2][2:36]}끝") == LINES[2][2:36]  # the longer of two


def test_nothing_else_is_found():
    windows = Windows(LINES)
    assert windows.longest(LINES[0][3:32]) == ""  # twenty-nine
    assert windows.longest(LINES[0][:15] + LINES[2][15:40]) == ""
    assert windows.longest("짧은 줄") == windows.longest("") == ""
    assert windows.longest(LINES[0][-20:] + LINES[1] + LINES[2][:20]) == ""  # over the ends of lines
    assert Windows([]).longest(LINES[0]) == Windows(["짧은 줄"]).longest(LINES[0]) == ""


@given(st.lists(st.text("가나", max_size=60), min_size=1, max_size=4), st.integers(0, 30), st.integers(20, 60),
       st.text("가나다", max_size=10), st.text("가나다", max_size=10))
def test_the_longest_stretch_is_the_longest(lines, start, end, before, after):
    text = before + lines[0][start:end] + after
    stretches = [text[start:end] for start in range(len(text)) for end in range(start + WINDOW, len(text) + 1)]
    shared = [one for one in stretches if any(one in line for line in lines)]
    assert len(Windows(lines).longest(text)) == max(map(len, shared), default=0)
