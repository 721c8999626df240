"""Texts drawn from a language model (lectures 8 and 9)."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_lm import tiny_lm

import klue_helpers as kh
from klue_helpers.generation import bleu, distinct_n, sample_and_rank, sample_texts, self_bleu

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
        monkeypatch.setattr("klue_helpers.generation.has_slur", lambda text: word in text)

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


@pytest.fixture(scope="module")
def lecture(lm):
    """The functions that lecture 9 writes by hand, as they stand in the notebook, for the tiny model."""
    cells = json.loads(Path("notebooks/09_text_generation.ipynb").read_text(encoding="utf-8"))["cells"]
    names = ("def next_logits(", "def beam(", "def warm(", "def penalize(")
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    space = {"torch": torch, "gpt": lm.model, "end": lm.tokenizer.eos_token_id}
    for name in names:
        (source,) = [source for source in sources if name in source]
        exec(source, space)
    return space


def start_of(lm, seed: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    return [lm.tokenizer.bos_token_id, *torch.randint(5, len(lm.tokenizer), (6,), generator=generator).tolist()]


def generated(lm, ids, **options):
    row = torch.tensor([ids])
    return lm.model.generate(row, attention_mask=torch.ones_like(row), eos_token_id=lm.tokenizer.eos_token_id,
                             pad_token_id=lm.tokenizer.pad_token_id, **options)


@pytest.mark.parametrize("seed", range(12))
def test_greedy_and_beam_by_hand_are_those_of_generate(lm, lecture, seed):
    ids = start_of(lm, seed)
    assert lecture["greedy"](ids, 10) == generated(lm, ids, do_sample=False, max_new_tokens=10)[0].tolist()
    for width in (2, 4):
        expected = generated(lm, ids, do_sample=False, num_beams=width, max_new_tokens=8)[0].tolist()
        assert lecture["beam"](ids, 8, width) == expected


@pytest.mark.parametrize("seed", range(12))
def test_filters_by_hand_are_those_of_generate(lm, lecture, seed):
    ids = start_of(lm, seed)
    ids = [*ids, *ids[1:4]]  # something to repeat
    logits = lecture["next_logits"](ids)
    mine = {("temperature", 0.7): lecture["warm"](logits, 0.7), ("top_k", 5): lecture["keep_top_k"](logits, 5),
            ("top_p", 0.8): lecture["keep_top_p"](logits, 0.8),
            ("repetition_penalty", 1.3): lecture["penalize"](logits, ids, 1.3),
            ("no_repeat_ngram_size", 3): lecture["ban_repeats"](logits, ids, 3)}
    for (name, value), changed in mine.items():
        options = {"top_k": 0, "top_p": 1.0, name: value}
        found = generated(lm, ids, do_sample=True, max_new_tokens=1, output_scores=True, return_dict_in_generate=True,
                          **options)
        assert torch.allclose(changed.softmax(-1), found.scores[0][0].softmax(-1), atol=1e-5), name
        assert not torch.allclose(changed.softmax(-1), logits.softmax(-1), atol=1e-5), f"{name} changes nothing here"


def test_diversity_by_hand():
    rows = [["비가", "온다", "비가", "온다"], ["눈이", "온다"]]
    assert (distinct_n(rows, 1), distinct_n(rows, 2), distinct_n([["가"]], 2)) == (0.5, 0.75, 0.0)
    assert bleu(list("가나다라"), [list("가나다라")]) == pytest.approx(1.0)
    assert bleu(list("가나"), [list("다라")]) == bleu([], [["가"]]) == 0.0
    assert bleu(list("가나"), [list("가나다라")], most=1) == pytest.approx(math.exp(-1)), "a short text pays for it"
    assert bleu(list("가가"), [list("가나")], most=1) == pytest.approx(0.5), "counts are clipped"
    assert self_bleu([list("가나다라")] * 3) == pytest.approx(1.0)
    assert self_bleu([]) == 0.0


def test_ranked_texts_are_the_drawn_ones_best_first(lm):
    ranked = sample_and_rank(lm, PROMPT, count=6, max_new_tokens=5)
    assert {text for text, _ in ranked} == set(sample_texts(lm, PROMPT, count=6, max_new_tokens=5))
    scores = [score for _, score in ranked]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1
