"""Probabilities of texts and continuations (lectures 8 and 9)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_lm import tiny_lm

import klue_helpers as kh
from klue_helpers.prompting import (
    Template,
    balanced_shots,
    bits_per_character,
    calibrated,
    continuation_scores,
    few_shot_prompt,
    label_scores,
    log_likelihoods,
)

TEXTS = ["봄비가 내린 뒤의 산길은 조용했습니다.", "차", "아침마다 차를 한 잔 마십니다.\n그러고 나서 일을 합니다.", "",
         "시장 골목에서 국수를 먹었는데 국물이 시원했다."]


@pytest.fixture(scope="module")
def lm():
    return tiny_lm(kh.load_data("corpus")["train"]["text"][:200])


def by_hand(lm, ids: list[int]) -> list[float]:
    """Log-probabilities of all ids but the first, a pass for each, without padding."""
    scores = []
    for end in range(1, len(ids)):
        with torch.no_grad():
            logits = lm.model(torch.tensor([ids[:end]])).logits[0, -1]
        scores.append(torch.log_softmax(logits.double(), -1)[ids[end]].item())
    return scores


def row_of(lm, text: str) -> list[int]:
    return [lm.tokenizer.bos_token_id, *lm.tokenizer(text, add_special_tokens=False)["input_ids"]]


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_log_likelihoods_are_those_of_one_piece_at_a_time(lm, batch_size):
    found = log_likelihoods(lm, TEXTS, batch_size=batch_size)
    for text, scores in zip(TEXTS, found, strict=True):
        expected = by_hand(lm, [*row_of(lm, text), lm.tokenizer.eos_token_id])
        assert np.allclose(scores, expected, atol=1e-4), text
    assert len(found[3]) == 1, "of an empty text there is the end only"


def test_fewer_rows_go_together_where_their_scores_would_not_fit(lm, monkeypatch):
    """As with KoGPT2's 51,200 pieces at every place of thirty-two long rows on a small card."""
    prompts, labels = [f"문장: {text}\n감정:" for text in TEXTS[:3]], [" 긍정", " 부정"]
    before = log_likelihoods(lm, TEXTS), label_scores(lm, prompts, labels)
    seen = []
    watch = lm.model.register_forward_hook(lambda model, inputs, output: seen.append(output.logits.numel()))
    monkeypatch.setattr("klue_helpers.prompting._SCORES", 70 * lm.model.config.vocab_size)
    after = log_likelihoods(lm, TEXTS), label_scores(lm, prompts, labels)
    watch.remove()
    assert max(seen) <= 70 * lm.model.config.vocab_size and len(seen) > 3  # three without the bound
    assert all(np.allclose(*pair, atol=1e-5) for pair in zip(before[0], after[0], strict=True))
    assert np.allclose(before[1], after[1], atol=1e-4)


def test_weights_tell_the_pieces_apart(lm):
    """Otherwise the other tests could pass by chance."""
    assert np.std(log_likelihoods(lm, TEXTS[:1])[0]) > 0.5


def test_no_knowledge_of_what_follows_is_used(lm):
    """The same beginning has the same probabilities, however the text goes on."""
    ids = row_of(lm, "산길은")
    short, long = log_likelihoods(lm, ["산길은 조용", "산길은 물이 시원"])
    assert len(ids) > 2 and np.allclose(short[:len(ids) - 1], long[:len(ids) - 1], atol=1e-4)


def test_a_long_text_is_read_in_windows():
    """Context 32: the first 32 inputs at once, then 16 more at a time, each with what fits before the window's end."""
    lm = tiny_lm(TEXTS, context=32)
    text = " ".join(["산길은 조용했습니다"] * 12)
    ids = [*row_of(lm, text), lm.tokenizer.eos_token_id]
    assert len(ids) > 60
    (scores,) = log_likelihoods(lm, [text])
    assert len(scores) == len(ids) - 1
    assert np.allclose(scores[:32], by_hand(lm, ids[:33]), atol=1e-4)
    with torch.no_grad():
        logits = torch.log_softmax(lm.model(torch.tensor([ids[16:48]])).logits[0], -1)
    expected = logits[16:].gather(1, torch.tensor(ids[33:49])[:, None])[:, 0]
    assert np.allclose(scores[32:48], expected, atol=1e-4)


def test_bits_per_character_by_hand(lm):
    texts = ["봄비", "차 한 잔"]
    nats = -sum(sum(by_hand(lm, [*row_of(lm, text), lm.tokenizer.eos_token_id])) for text in texts)
    assert bits_per_character(lm, texts) == pytest.approx(nats / math.log(2) / 7, rel=1e-5)
    with pytest.raises(kh.KlueError, match="글자가 하나도"):
        bits_per_character(lm, ["", ""])


def test_a_model_without_knowledge_needs_the_logarithm_of_its_vocabulary(lm):
    flat = tiny_lm(["가나"], vocab_size=100)
    with torch.no_grad():
        for weight in flat.model.parameters():
            weight.zero_()
    size = len(flat.tokenizer)
    pieces = len(flat.tokenizer("가나가나")["input_ids"]) + 1
    assert bits_per_character(flat, ["가나가나"]) == pytest.approx(pieces * math.log2(size) / 4, rel=1e-5)


PROMPTS = ["이 가게의 국수는", "산길을 걸었습니다. 한마디로"]
CONTINUATIONS = [" 좋습니다.", " 별로입니다.", " 아주 시원하고 맛있습니다."]


@pytest.mark.parametrize("normalize", [False, True])
def test_continuations_are_scored_like_one_at_a_time(lm, normalize):
    found = continuation_scores(lm, PROMPTS, CONTINUATIONS, normalize=normalize)
    assert found.shape == (2, 3)
    for number, prompt in enumerate(PROMPTS):
        for other, continuation in enumerate(CONTINUATIONS):
            before = len(row_of(lm, prompt))
            ids = row_of(lm, prompt + continuation)
            assert ids[:before] == row_of(lm, prompt), "a space stands at the border here: nothing is joined across it"
            scores = by_hand(lm, ids)[before - 1:]
            expected = np.mean(scores) if normalize else np.sum(scores)
            assert found[number, other] == pytest.approx(expected, abs=1e-4)


def test_a_piece_across_the_border_belongs_to_the_continuation():
    """한마디 and 로 are one piece when read together: cut apart, the model would see what it never saw."""
    lm = tiny_lm(["한마디로 좋다"] * 50 + ["한마디 했다", "로 시작"], vocab_size=60)
    together = lm.tokenizer.tokenize("한마디로 좋다")
    assert together == ["▁한마디로", "▁좋다"] and lm.tokenizer.tokenize("한마디") != together[:1]
    found = continuation_scores(lm, ["한마디"], ["로 좋다"])[0, 0]
    assert found == pytest.approx(sum(by_hand(lm, row_of(lm, "한마디로 좋다"))), abs=1e-4)
    only = continuation_scores(lm, ["한마디로"], [" 좋다"])[0, 0]
    assert only == pytest.approx(by_hand(lm, row_of(lm, "한마디로 좋다"))[1], abs=1e-4)
    spaced = continuation_scores(lm, ["한마디로 "], ["좋다"])[0, 0]
    assert spaced == pytest.approx(only, abs=1e-6), "the space belongs to the next word's piece"


@settings(max_examples=30)
@given(prompt=st.text(st.sampled_from("가나 \n조용했습니다"), max_size=8),
       continuation=st.text(st.sampled_from("가나 \n조용했습니다"), min_size=1, max_size=8))
def test_prompt_and_continuation_make_up_the_whole(lm, prompt, continuation):
    """With an empty prompt all pieces count; a longer prompt takes pieces away from the front only."""
    whole = continuation_scores(lm, [""], [prompt + continuation])[0, 0]
    scores = by_hand(lm, row_of(lm, prompt + continuation))
    assert whole == pytest.approx(sum(scores), abs=1e-4)
    part = continuation_scores(lm, [prompt], [continuation])[0, 0]
    tails = [sum(scores[start:]) for start in range(len(scores))]
    assert min(abs(part - tail) for tail in tails) < 1e-4


def test_mistakes_are_told(lm):
    with pytest.raises(kh.KlueError, match="목록"):
        log_likelihoods(lm, "봄비")
    with pytest.raises(kh.KlueError, match="목록"):
        continuation_scores(lm, "봄비", ["가"])
    with pytest.raises(kh.KlueError, match="빈 것"):
        continuation_scores(lm, ["봄비"], ["가", ""])
    with pytest.raises(kh.KlueError, match="문맥 64조각"):
        continuation_scores(lm, ["산길은 조용했습니다 " * 30], ["가"])
    assert log_likelihoods(lm, []) == []
    assert continuation_scores(lm, [], ["가"]).shape == (0, 1)


TEMPLATE = Template("문장: {text}\n감정:", (" 부정", " 긍정"))
SHOTS = st.lists(st.tuples(st.text(max_size=30), st.integers(0, 1)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(shots=SHOTS, query=st.text(max_size=20))
def test_prompts_are_built_by_one_form_and_fit(lm, shots, query):
    """Every shot ends with exactly one newline, shot and query agree, and the context is never exceeded."""
    for text, label in shots:
        shot = TEMPLATE.shot(text, label)
        assert shot == f"{TEMPLATE.query(text)}{TEMPLATE.labels[label]}\n" and not shot.endswith("\n\n")
    try:
        prompt = few_shot_prompt(lm, TEMPLATE, shots, query)
    except kh.KlueError:
        return  # the query alone is too long for the context of 64
    assert len(lm.tokenizer(prompt, add_special_tokens=False)["input_ids"]) + 1 + 8 <= lm.tokenizer.model_max_length
    assert prompt.endswith(TEMPLATE.query(query)) and not prompt.endswith((" ", "\n"))
    kept = prompt.removesuffix(TEMPLATE.query(query))
    assert "".join(TEMPLATE.shot(*shot) for shot in shots).endswith(kept), "the first shots go first"


def test_as_many_shots_as_fit_are_kept(lm):
    shots = [(f"국수 {number}그릇", number % 2) for number in range(20)]
    prompt = few_shot_prompt(lm, TEMPLATE, shots, "시원했다")
    kept = prompt.count("문장:") - 1
    assert 0 < kept < 20
    longer = "".join(TEMPLATE.shot(*shot) for shot in shots[-kept - 1:]) + TEMPLATE.query("시원했다")
    assert len(lm.tokenizer(longer, add_special_tokens=False)["input_ids"]) > 64 - 8 - 1
    with pytest.raises(kh.KlueError, match="글을 줄이세요"):
        few_shot_prompt(lm, TEMPLATE, [], "길다 " * 100)


@pytest.mark.parametrize("form", ["감정:", "{text} {text}", "문장: {text} 감정: "])
def test_a_form_that_breaks_the_rules_is_refused(form):
    with pytest.raises(kh.KlueError, match="꼭 한 번"):
        Template(form, ("가", "나"))


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_cached_scores_are_those_without_a_cache(lm, batch_size):
    shots = [("국물이 시원했다", 1), ("면이 불었다", 0)]
    prompts = [few_shot_prompt(lm, TEMPLATE, shots, query) for query in ("좋다", "별로였다", "그냥 그렇다")]
    expected = continuation_scores(lm, prompts, TEMPLATE.labels)
    assert expected.std() > 0.1
    assert np.allclose(label_scores(lm, prompts, TEMPLATE.labels, batch_size=batch_size), expected, rtol=0, atol=1e-5)
    apart = label_scores(lm, ["산길", "국수"], [" 좋다"])
    assert np.allclose(apart, continuation_scores(lm, ["산길", "국수"], [" 좋다"]), atol=1e-4)


def test_what_all_prompts_share_is_read_once(lm):
    """However many batches there are, the ids of the shots go through the network a single time."""
    shots = [("국물이 시원했다", 1), ("면이 불었다", 0)]
    prompts = [few_shot_prompt(lm, TEMPLATE, shots, query) for query in ("좋다", "별로였다", "그냥 그렇다")]
    lengths = []
    handle = lm.model.base_model.register_forward_pre_hook(lambda _, given: lengths.append(tuple(given[0].shape)))
    try:
        label_scores(lm, prompts, TEMPLATE.labels, batch_size=2)
    finally:
        handle.remove()
    first, *others = lengths
    longest = max(len(row_of(lm, prompt + label)) for prompt in prompts for label in TEMPLATE.labels)
    assert first[0] == 1 and first[1] > 1 and [rows for rows, _ in others] == [2, 2, 2]
    assert first[1] + max(length for _, length in others) + 1 == longest, "what was read first is not read again"


def test_shots_are_balanced_and_follow_the_seed():
    texts, labels = [str(number) for number in range(20)], [number % 2 for number in range(20)]
    shots = balanced_shots(texts, labels, 6, seed=1)
    assert sorted(label for _, label in shots) == [0] * 3 + [1] * 3 and len(set(shots)) == 6
    assert all(int(text) % 2 == label for text, label in shots)
    assert shots == balanced_shots(texts, labels, 6, seed=1) != balanced_shots(texts, labels, 6, seed=2)
    with pytest.raises(kh.KlueError, match="보기를 줄이세요"):
        balanced_shots(texts, labels, 30, seed=1)


def test_calibration_takes_the_blank_away():
    assert calibrated(np.array([[-1.0, -2.0]]), np.array([-1.0, -4.0])).tolist() == [[0.0, 2.0]]
