"""Texts drawn from a language model (lectures 8 and 9)."""

import numpy as np
import pytest
import torch
from tiny_lm import tiny_lm

import klue_helpers as kh
from klue_helpers.generation import sample_texts

PROMPT = "봄비가 내린 뒤의"


@pytest.fixture(scope="module")
def lm():
    return tiny_lm(kh.load_data("corpus")["train"]["text"][:200])


def next_probabilities(lm, prompt: str) -> torch.Tensor:
    ids = [lm.tokenizer.bos_token_id, *lm.tokenizer(prompt, add_special_tokens=False)["input_ids"]]
    with torch.no_grad():
        return torch.softmax(lm.model(torch.tensor([ids])).logits[0, -1], -1)


def decoded(lm, prompt: str, pieces: torch.Tensor) -> set[str]:
    ids = lm.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return {lm.tokenizer.decode([*ids, piece], skip_special_tokens=True) for piece in pieces.tolist()}


def test_the_same_seed_gives_the_same_texts_and_leaves_the_generator_alone(lm):
    before = torch.get_rng_state()
    first = sample_texts(lm, PROMPT, count=3, max_new_tokens=8)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(7)
    assert sample_texts(lm, PROMPT, count=3, max_new_tokens=8) == first
    assert sample_texts(lm, PROMPT, count=3, max_new_tokens=8, seed=1) != first
    assert len(set(first)) == 3 and all(text.startswith(PROMPT) for text in first)
    torch.set_rng_state(before)


def test_top_k_of_one_is_the_most_probable_path(lm):
    ids = [lm.tokenizer.bos_token_id, *lm.tokenizer(PROMPT, add_special_tokens=False)["input_ids"]]
    for _ in range(6):
        with torch.no_grad():
            best = int(lm.model(torch.tensor([ids])).logits[0, -1].argmax())
        ids.append(best)
        if best == lm.tokenizer.eos_token_id:
            break
    expected = lm.tokenizer.decode(ids, skip_special_tokens=True)
    assert sample_texts(lm, PROMPT, top_k=1, max_new_tokens=6, count=2) == [expected] * 2


def test_first_pieces_follow_the_probabilities_of_the_model(lm):
    for temperature in (1.0, 0.5):
        probabilities = next_probabilities(lm, PROMPT) ** (1 / temperature)
        probabilities /= probabilities.sum()
        likely = int(probabilities.argmax())
        (text,) = decoded(lm, PROMPT, torch.tensor([likely]))
        drawn = sample_texts(lm, PROMPT, count=2_000, max_new_tokens=1, temperature=temperature)
        share, expected = np.mean([one == text for one in drawn]), probabilities[likely].item()
        assert expected > 0.02
        assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / 2_000)


def test_top_k_and_top_p_choose_among_the_most_probable(lm):
    ordered = next_probabilities(lm, PROMPT).sort(descending=True)
    drawn = set(sample_texts(lm, PROMPT, count=200, max_new_tokens=1, top_k=3))
    assert drawn == decoded(lm, PROMPT, ordered.indices[:3])
    share = float(ordered.values[:2].sum()) - 1e-4
    drawn = set(sample_texts(lm, PROMPT, count=200, max_new_tokens=1, top_p=share))
    assert drawn == decoded(lm, PROMPT, ordered.indices[:2])


def test_a_text_ends_where_the_model_says_so():
    lm = tiny_lm(["봄비가 내린다"] * 3, vocab_size=80)
    weights = lm.model.transformer
    with torch.no_grad():  # whatever is read, the end has the highest score
        weights.ln_f.weight.zero_()
        weights.ln_f.bias.copy_(1_000 * weights.wte.weight[lm.tokenizer.eos_token_id])
        weights.wte.weight[lm.tokenizer.eos_token_id] *= 10
    assert sample_texts(lm, "봄비가", count=2) == ["봄비가", "봄비가"]
    assert sample_texts(lm) == [""]


def test_what_is_longer_than_the_context_is_refused(lm):
    pieces = len(lm.tokenizer(PROMPT)["input_ids"])
    (text,) = sample_texts(lm, PROMPT, max_new_tokens=64 - pieces, top_k=1)
    assert text.startswith(PROMPT)
    with pytest.raises(kh.KlueError, match="문맥 64조각"):
        sample_texts(lm, PROMPT, max_new_tokens=65 - pieces)


@pytest.mark.parametrize("options", [{"count": 0}, {"max_new_tokens": 0}, {"temperature": 0.0}, {"top_k": -1},
                                     {"top_p": 0.0}, {"top_p": 1.5}])
def test_options_out_of_bounds_are_refused(lm, options):
    with pytest.raises(kh.KlueError, match="top_k=1"):
        sample_texts(lm, PROMPT, **options)


def test_texts_with_a_slur_are_drawn_anew(lm, monkeypatch):
    def forbid(word):
        monkeypatch.setattr("klue_helpers.pretraining.recipe.has_slur", lambda text: word in text)

    all_texts = sample_texts(lm, PROMPT, count=150, max_new_tokens=8, allow_slurs=True)
    word = all_texts[3].removeprefix(PROMPT)[:2]
    forbid(word)
    kept = sample_texts(lm, PROMPT, count=150, max_new_tokens=8)
    assert len(kept) == 150 and not any(word in text for text in kept)
    assert kept[:3] == all_texts[:3] and kept[3] != all_texts[3]  # nothing but the draw with the word is replaced
    assert sample_texts(lm, PROMPT, count=150, max_new_tokens=8, allow_slurs=True) == all_texts
    forbid(PROMPT)
    with pytest.raises(kh.KlueError, match="allow_slurs=True"):
        sample_texts(lm, PROMPT, count=2, max_new_tokens=2)


def test_nothing_is_said_but_the_texts(lm, capfd):
    sample_texts(lm, PROMPT, max_new_tokens=3)
    assert capfd.readouterr() == ("", "")
