"""What is measured and how: n-gram models, memorised text, cards, throughput (lectures 4, 5 and 8)."""

import sys
from collections import Counter, defaultdict
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.models import CausalLM, load_causal_lm
from klue_helpers.pretraining.gpt import GptLoss
from klue_helpers.prompting import log_likelihoods

sys.path.insert(0, str(ROOT / "benchmarks"))

import mini_gpt
import record
import throughput
from gpt_baselines import GruLanguageModel, documents_read, parameters
from kneser_ney import FALLBACK, KneserNey, discounts
from memorised import WINDOW, Windows

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


def test_documents_read_are_those_of_the_first_batches():
    examples = SimpleNamespace(pieces=np.arange(12), rows=np.array([[0, 2], [2, 3], [4, 6], [7, 9], [10, 11]]),
                               start_epoch=lambda epoch: [np.array([3, 1]), np.array([4]), np.array([0, 2])])
    text = SimpleNamespace(examples=examples, starts=np.array([0, 4, 7, 10, 12]))
    pieces, starts = documents_read(text, 1)  # blocks of the first and the third document
    assert (pieces.tolist(), starts.tolist()) == ([0, 1, 2, 3, 7, 8, 9], [0, 4, 7])
    assert documents_read(text, 3)[0].tolist() == list(range(12))


def test_the_gru_is_as_large_as_the_gpt_and_scored_alike():
    lm = load_causal_lm()
    torch.manual_seed(0)
    gru = GruLanguageModel(lm.model.get_input_embeddings().weight.detach()).eval()
    assert abs(parameters(gru) / parameters(lm.model) - 1) < 0.01
    texts = ["봄비가 내립니다.", "각"]
    together = log_likelihoods(CausalLM(lm.tokenizer, gru), texts)  # the shorter one padded
    for text, scores in zip(texts, together, strict=True):
        ids = torch.tensor([[lm.tokenizer.bos_token_id, *lm.tokenizer(text).input_ids, lm.tokenizer.eos_token_id]])
        batch = {"input_ids": ids[:, :-1], "labels": ids[:, 1:], "attention_mask": torch.ones_like(ids[:, :-1])}
        loss = GptLoss(gru)(batch)["loss"].item()
        np.testing.assert_allclose(loss, -scores.mean(), rtol=1e-5)


@pytest.mark.slow
def test_every_task_reports(tmp_path, monkeypatch):
    """On a few lines of the samples: that the scores are good is no matter here."""
    def drawn(lm, prompt="", *, count=1, **_):
        return [f"{prompt}\n{planted}"] * count

    def few(name, source, *, data_dir):
        return {split: rows.select(range(6)) for split, rows in kh.load_data(name).items() if split != "validation"}

    corpus, registers = tmp_path / "corpus", ("reviews", "formal", "spoken")
    corpus.mkdir()
    lines = [row["document"] for row in kh.load_data("nsmc")["train"]]
    planted = "이 줄은 서른 글자가 넘고 처음부터 끝까지 늘 똑같이 적혀 있는 줄입니다."
    for register in registers:
        (corpus / f"{register}.txt").write_text("\n\n".join([planted, *lines]), encoding="utf-8")
    monkeypatch.setattr(mini_gpt, "load_data", few)
    monkeypatch.setattr(mini_gpt, "sample_texts", drawn)
    monkeypatch.setattr(mini_gpt, "TEXTS", 4)
    monkeypatch.setattr(mini_gpt, "GREEDY", dict.fromkeys(registers, 3))
    output = tmp_path / "scores.json"
    monkeypatch.setattr(sys, "argv", [
        "mini_gpt.py", str(corpus), "--data-dir", "unused", "--work", str(tmp_path / "work"), "--output", str(output),
        "--gru-steps", "2", "--ablation-steps", "2", "--threads", str(torch.get_num_threads())])
    mini_gpt.main()
    found = record.read(output)
    systems = {"klue-mini-gpt", "gru-2", "kneser-ney-5-read", *(f"kneser-ney-{order}" for order in range(1, 6))}
    assert {(row["system"], row["register"]) for row in found["held_out"]} == set(product(systems, registers))
    assert len({(row["register"], row["targets"], row["characters"]) for row in found["held_out"]}) == 3
    assert {(row["system"], row["register"]) for row in found["ablation"]} == set(
        product(("none", "positions", "tokens", "both", "unigram"), registers))
    assert len(found["samples"]["texts"]) == 60 and len(found["sentiment"]) == 2 * (2 + len(mini_gpt.CONTINUATIONS))
    for row in found["drawn"]:
        assert (row["memorised"], row["longest"], row["slurs"], row["repeated"]) == (4, len(planted), 0, 3)
    assert {row["texts"] for row in found["greedy"]} == {3} and len(found["tokenizer"]) == 3


@pytest.mark.slow
def test_both_ways_of_padding_are_timed_by_turns_on_the_same_reviews(tmp_path, monkeypatch, tiny_encoder):
    """With a tiny network and a clock that a training step moves by 1 or, padded to 128, by 3, an evaluation by 100."""
    def moving(function, seconds):
        def moved(trainer, *words, **named):
            now[0] += seconds(*words)
            return function(trainer, *words, **named)
        return moved

    now, trainer = [0.0], throughput.loop.JudgingTrainer
    monkeypatch.setattr(throughput, "clocks", lambda: np.array([now[0], now[0] / 2]))
    monkeypatch.setattr(trainer, "training_step", moving(
        trainer.training_step, lambda model, inputs, *_: 3 if inputs["input_ids"].shape[1] == throughput.LENGTH else 1))
    monkeypatch.setattr(trainer, "evaluate", moving(trainer.evaluate, lambda *_: 100))
    output = tmp_path / "throughput.json"
    monkeypatch.setattr(sys, "argv", ["throughput.py", "--model", tiny_encoder, "--train", "40", "--test", "30",
                                      "--threads", str(torch.get_num_threads()), "--output", str(output)])
    throughput.main()
    found = record.read(output)
    assert [(run["padding"], run["seed"]) for run in found["runs"]] == [
        ("dynamic", 42), ("max_length", 42), ("max_length", 43), ("dynamic", 43)]
    assert [(run["examples"], run["seconds"], run["cpu_seconds"]) for run in found["runs"]] == [
        (36, 2, 1), (36, 6, 3), (36, 6, 3), (36, 2, 1)], "36 reviews are two batches"
    assert found["ratio"] == {"examples_per_second": 3, "examples_per_cpu_second": 3}
    assert found["test"] == 30 and found["settings"]["max_length"] == 128 and "padding" not in found["settings"]
    dynamic, padded = (found["together"][padding]["accuracy"] for padding in ("dynamic", "max_length"))
    assert found["accuracy"]["difference"] == pytest.approx((dynamic - padded) / 100, abs=2e-4)
