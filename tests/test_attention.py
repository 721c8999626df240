"""Permutations, windows and hashing: no leak, the same as full attention under a mask (lecture 10)."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.attention import (
    TwoStreamLayer,
    attend,
    hash_buckets,
    permutation_masks,
    window_attention,
    window_mask,
)

ORDERS = st.integers(1, 7).flatmap(lambda length: st.permutations(range(length)))


@settings(max_examples=30, deadline=None)
@given(ORDERS, st.integers(0, 6))
def test_no_place_sees_itself_or_what_comes_later(order, victim):
    victim = order[victim % len(order)]
    layers = [TwoStreamLayer(8), TwoStreamLayer(8)]
    content, query = torch.randn(1, len(order), 8), torch.randn(1, len(order), 8)

    def guesses(content):
        stream = query
        for layer in layers:
            content, stream = layer(content, stream, permutation_masks(order))
        return content, stream

    other = content.clone()
    other[0, victim] += 10
    with torch.no_grad():
        (seen, before), (seen_after, after) = guesses(content), guesses(other)
    earlier = order[: order.index(victim) + 1]
    assert torch.equal(before[0, earlier], after[0, earlier]), "a guess saw its own or a later token"
    later = order[order.index(victim) + 1:]
    assert all(not torch.allclose(before[0, place], after[0, place]) for place in later)
    assert not torch.allclose(seen[0, victim], seen_after[0, victim]), "the content of a place knows itself"


def test_left_to_right_is_the_causal_mask():
    masks = permutation_masks(range(5))
    assert torch.equal(masks.content, torch.ones(5, 5).tril().bool())
    assert torch.equal(masks.query, torch.ones(5, 5).tril(-1).bool())


@given(st.integers(1, 20), st.integers(0, 8))
@settings(deadline=None)
def test_the_window_equals_full_attention_under_its_mask(length, window):
    query, key, value = torch.randn(3, length, 4).double()
    full = attend(query, key, value, window_mask(length, window=window))
    assert torch.allclose(window_attention(query, key, value, window=window), full, atol=1e-9)


def test_places_that_see_everything_are_seen_by_everything():
    mask = window_mask(6, window=1, everywhere=[0])
    assert mask[0].all() and mask[:, 0].all() and mask.sum() == 6 + 5 + 4 + 5 + 4 and not mask[2, 4]


def test_near_vectors_share_a_bucket_more_often_than_far_ones():
    vectors = torch.nn.functional.normalize(torch.randn(400, 32, generator=torch.Generator().manual_seed(0)), dim=-1)
    near = torch.nn.functional.normalize(vectors + 0.05 * torch.randn(400, 32), dim=-1)
    shared = [float((hash_buckets(vectors, buckets=16, seed=seed) == hash_buckets(other, buckets=16, seed=seed)).mean(
        dtype=torch.float32)) for seed in range(5) for other in (near, vectors.roll(1, 0))]
    assert min(shared[0::2]) > 0.6 > 0.2 > max(shared[1::2])
    assert torch.equal(hash_buckets(3 * vectors, buckets=16), hash_buckets(vectors, buckets=16)), "length is no matter"


@pytest.mark.parametrize(("make", "part"), [
    (lambda: permutation_masks([0, 0]), "한 번씩"), (lambda: hash_buckets(torch.zeros(2, 2), buckets=3), "짝수"),
])
def test_wrong_input_says_so(make, part):
    with pytest.raises(kh.KlueError, match=part):
        make()
