"""Steered writing: nothing changes at a step of 0, the topic comes nearer otherwise, weights stay (lecture 10)."""

import pytest
import torch

import klue_helpers as kh
from klue_helpers.steering import (
    SteeringStrength,
    next_scores,
    shift_states,
    states_of,
    steered_rows,
    steered_scores,
    topic_pieces,
)

WORDS = ["음악", "노래", "소리"]
PROMPT = "주말에 본 그 영화는"


@pytest.fixture(scope="module")
def lm():
    return kh.models.load_causal_lm("klue-mini-gpt")


@pytest.fixture(scope="module")
def begun(lm):
    """Keys and values of a text but its last piece, and that piece."""
    row = torch.tensor([[lm.tokenizer.bos_token_id, *lm.tokenizer(PROMPT)["input_ids"]]])
    with torch.no_grad():
        states, whole = states_of(lm.model(row[:, :-1]).past_key_values), lm.model(row).logits[:, -1]
    return states, row[:, -1:], whole.log_softmax(-1)


def test_the_cache_gives_what_the_whole_text_gives_and_is_not_written_into(lm, begun):
    states, last, whole = begun
    before = [part.clone() for pair in states for part in pair]
    with torch.no_grad():
        scores, grown = next_scores(lm, states, last)
    assert torch.allclose(scores, whole, atol=1e-4)
    assert all(torch.equal(one, other) for one, other in zip(before, (part for pair in states for part in pair),
                                                            strict=True))
    assert grown[0][0].shape[2] == states[0][0].shape[2] + 1


def test_a_step_of_nothing_leaves_the_model_alone(lm, begun):
    states, last, whole = begun
    pieces = topic_pieces(lm, WORDS)
    assert torch.allclose(steered_scores(lm, states, last, pieces, SteeringStrength(step=0))[0], whole, atol=1e-4)


def test_pulling_brings_the_topic_nearer_and_touches_no_weight(lm, begun):
    states, last, _ = begun
    pieces = topic_pieces(lm, WORDS)
    weights = [weight.clone() for weight in lm.model.parameters()]
    scores = [steered_scores(lm, states, last, pieces, SteeringStrength(step=step))[0] for step in (0, 0.2, 0.5)]
    chances = [float(one.softmax(-1)[0, pieces].sum()) for one in scores]
    assert chances == sorted(chances) and chances[2] > 3 * chances[0]
    assert all(torch.equal(one, other) for one, other in zip(weights, lm.model.parameters(), strict=True))
    assert all(weight.grad is None for weight in lm.model.parameters())
    assert not any(part.requires_grad for pair in states for part in pair)


def test_the_same_seed_gives_the_same_texts(lm):
    pieces = topic_pieces(lm, WORDS)
    rows, again, other = (steered_rows(lm, PROMPT, pieces, count=2, length=5, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(rows, again) and not torch.equal(rows, other)
    assert rows.shape[0] == 2 and not (rows == lm.tokenizer.eos_token_id).any()
    assert lm.tokenizer.decode(rows[0], skip_special_tokens=True).startswith(PROMPT)


def test_words_of_several_pieces_are_left_out(lm):
    assert topic_pieces(lm, ["음악", "경제"]) == topic_pieces(lm, ["음악"])
    with pytest.raises(kh.KlueError, match="여러 조각"):
        topic_pieces(lm, ["경제"])
    with pytest.raises(kh.KlueError, match="프롬프트를 줄이거나"):
        steered_rows(lm, "말 " * 300, [1])


def test_shifts_are_added_to_keys_and_values():
    states = [(torch.zeros(1), torch.ones(1))]
    shifted = shift_states(states, [torch.tensor([2.0]), torch.tensor([3.0])])
    assert shifted == [(torch.tensor([2.0]), torch.tensor([4.0]))]
