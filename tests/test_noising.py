"""BART's noise and T5's spans: what they hide, and that nothing is lost (lecture 10)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.noising import (
    MASK,
    corrupt_spans,
    delete_tokens,
    infill,
    join_spans,
    mask_tokens,
    permute_sentences,
    replace_spans,
    rotate,
)

TOKENS = st.lists(st.text(max_size=3), max_size=40)
RATES, SEEDS = st.floats(0, 1), st.integers(0, 2**31)
WORDS = ["비가", "그친", "뒤에", "골목에는", "흙냄새가", "오래", "남아", "있었다"]


@given(TOKENS, RATES, SEEDS, st.sampled_from([mask_tokens, delete_tokens, infill]))
def test_edited_texts_are_restored(tokens, rate, seed, noise):
    noisy = noise(tokens, rate=rate, seed=seed)
    assert noisy.restored() == tuple(tokens)
    assert sum(len(edit.removed) for edit in noisy.edits) == round(len(tokens) * rate)


@given(TOKENS, SEEDS, st.sampled_from([permute_sentences, rotate]))
def test_reordered_texts_are_restored(tokens, seed, noise):
    noisy = noise(tokens, seed=seed)
    assert noisy.restored() == tuple(tokens) and sorted(noisy.tokens) == sorted(tokens)


@given(TOKENS, RATES, st.floats(0.5, 10), SEEDS)
def test_source_and_target_make_the_original(tokens, rate, mean, seed):
    source, target = corrupt_spans(tokens, rate=rate, mean=mean, seed=seed)
    assert join_spans(source, target) == tuple(tokens)
    sentinels = [token for token in source if token.startswith("<extra_id_")]
    assert [token for token in target if token.startswith("<extra_id_")] == [*sentinels, f"<extra_id_{len(sentinels)}>"]
    hidden = len(tokens) - (len(source) - len(sentinels))
    assert hidden == min(round(len(tokens) * rate), max(len(tokens) - 1, 0)) == len(target) - len(sentinels) - 1


def test_every_noise_hides_what_it_should():
    masked, deleted, filled = (noise(WORDS, rate=0.5, seed=3).tokens for noise in (mask_tokens, delete_tokens, infill))
    assert len(masked) == 8 and masked.count(MASK) == 4 and len(deleted) == 4
    assert [word for word in WORDS if word in deleted] == list(deleted), "what is left keeps its order"
    assert 0 < filled.count(MASK) < 4 and len([word for word in filled if word != MASK]) == 4
    turned = rotate(WORDS, seed=1).tokens
    assert turned[0] != WORDS[0] and turned == (*WORDS[WORDS.index(turned[0]):], *WORDS[: WORDS.index(turned[0])])
    assert permute_sentences(WORDS, seed=1).tokens != tuple(WORDS)


def test_a_mask_may_stand_where_nothing_is_missing():
    edits = [edit for seed in range(20) for edit in infill(WORDS, rate=0.5, mean=1, seed=seed).edits]
    empty = [edit for edit in edits if not edit.removed]
    assert empty and all(edit.added == (MASK,) for edit in empty)


def test_a_gap_that_the_answer_forgot_stays_empty():
    source = ("가", "<extra_id_0>", "나", "<extra_id_1>")
    assert join_spans(source, ("잡음", "<extra_id_1>", "다")) == ("가", "나", "다")


@pytest.mark.parametrize(("make", "part"), [
    (lambda: mask_tokens(WORDS, rate=1.5), "0에서 1 사이"),
    (lambda: delete_tokens(WORDS, rate=math.nan), "0에서 1 사이"),
    (lambda: infill(WORDS, mean=0), "0.1 이상"), (lambda: infill(WORDS, mean=1e-9), "0.1 이상"),
    (lambda: infill(WORDS, mean=math.nan), "0.1 이상"), (lambda: infill(WORDS, mean=math.inf), "1000 이하"),
    (lambda: corrupt_spans(WORDS, mean=-1), "0.1 이상"), (lambda: corrupt_spans(WORDS, mean=math.nan), "0.1 이상"),
    (lambda: corrupt_spans(["<extra_id_0>"]), "이미 <extra_id_0>"),
    (lambda: rotate(WORDS, seed=-1), "seed"), (lambda: permute_sentences(WORDS, seed=-1), "seed"),
    (lambda: replace_spans(WORDS, [(2, 3), (0, 1)], "가"), "차례로"),
    (lambda: replace_spans(WORDS, [(7, 9)], "가"), "차례로"),
    (lambda: replace_spans(WORDS, [(1, 0)], "가"), "차례로"), (lambda: replace_spans(WORDS, [(0, 1)], "가나"), "수를"),
])
def test_options_out_of_bounds_say_so(make, part):
    with pytest.raises(kh.KlueError, match=part):
        make()


def test_noise_of_an_empty_text_is_empty():
    for noise in (mask_tokens, delete_tokens, infill, permute_sentences, rotate):
        assert noise([]).tokens == ()
    assert corrupt_spans([]) == ((), ("<extra_id_0>",))
