"""Pre-training: pairs, batches, masks, losses, resuming (lecture 4)."""

import csv
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.pretraining.bert import BERT, BertExamples, BertLoss, new_bert
from klue_helpers.pretraining.corpus import (
    Corpus,
    hold_out,
    read_registers,
    register_weights,
    sentences_of,
    to_corpus,
)
from klue_helpers.pretraining.kinds import set_first_weights
from klue_helpers.pretraining.loop import Log, Trainer, Workers, learning_rate_factor, new_optimizers
from klue_helpers.pretraining.pairs import (
    IS_NEXT,
    IS_RANDOM,
    NO_PAIR,
    collate_pairs,
    mask_tokens,
    next_sentence_pairs,
    pair_lengths,
    plan_batches,
)
from klue_helpers.pretraining.run import pretrain
from klue_helpers.pretraining.settings import pretrain_settings

CPU = Workers(0, 1, torch.device("cpu"))
TINY = {"vocab_size": 300, "alphabet": 200, "hidden_size": 16, "layers": 1, "heads": 2, "max_length": 24,
        "batch_tokens": 256, "steps": 12, "save_every": 4, "log_every": 2, "evaluate_every": 6, "dropout": 0.1}
MASK = 4
SPECIALS = {"special_ids": [0, 1, 2, 3, 4], "mask_id": MASK, "vocab_size": 300}


def corpus_of(*documents: list[int]) -> Corpus:
    """A corpus from sentence lengths a document; the pieces are numbered from 10 on."""
    lengths = [length for document in documents for length in document]
    return Corpus(np.arange(10, 10 + sum(lengths), dtype=np.int32), np.cumsum([0, *lengths]),
                  np.cumsum([0, *map(len, documents)]))


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with two small registers of the sample texts."""
    texts = kh.load_data("corpus")["train"]["text"]
    reviews = kh.load_data("nsmc")["train"]["document"]
    target = tmp_path / "말뭉치 폴더"
    target.mkdir()
    (target / "formal.txt").write_text("\n\n".join(texts[:60]), encoding="utf-8")
    (target / "reviews.txt").write_text("\n\n".join(reviews[:150]), encoding="utf-8")
    return target


# -- documents

def test_registers_are_read_in_order_and_every_hundredth_document_is_held_out(tmp_path):
    (tmp_path / "ㄱ.txt").write_text("\n\n".join(f"{n}째 글\n둘째 줄" for n in range(250)), encoding="utf-8")
    documents = read_registers(tmp_path)["ㄱ"]
    assert documents[137] == ["137째 글", "둘째 줄"] and len(documents) == 250
    kept, held = hold_out(documents)
    assert [document[0] for document in held] == ["99째 글", "199째 글"]
    assert len(kept) == 248


def test_a_folder_without_text_is_refused(tmp_path):
    with pytest.raises(kh.KlueError, match="klue pretrain corpus"):
        read_registers(tmp_path)


def test_a_folder_of_empty_files_or_clashing_names_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("\n\n", encoding="utf-8")
    with pytest.raises(kh.KlueError, match="비어 있습니다"):
        read_registers(tmp_path)
    (tmp_path / "train.txt").write_text("글", encoding="utf-8")
    with pytest.raises(kh.KlueError, match="다른 이름"):
        read_registers(tmp_path)


def test_sentences_split_only_where_a_space_follows():
    assert sentences_of("3.5점입니다. 좋네요! ") == ["3.5점입니다.", "좋네요!"]
    assert sentences_of("  ") == []


def test_to_corpus_keeps_documents_and_sentences_apart():
    trained = kh.tokenizers.train_wordpiece(["봄이 왔다. 꽃이 핀다."] * 3, vocab_size=60)
    tokenizer = kh.tokenizers.to_transformers(trained)
    corpus = to_corpus([["봄이 왔다. 꽃이 핀다."], ["꽃이 왔다."]], tokenizer)
    assert corpus.documents.tolist() == [0, 2, 3]
    parts = np.split(corpus.pieces, corpus.sentences[1:-1])
    assert [tokenizer.decode(part) for part in parts] == ["봄이 왔다.", "꽃이 핀다.", "꽃이 왔다."]


@pytest.mark.parametrize("text", ["news=2", "formal=0", "formal=-1", "formal=1.5", "formal"])
def test_wrong_register_weights_are_refused(text):
    with pytest.raises(kh.KlueError, match="formal, reviews"):
        register_weights(text, ["formal", "reviews"])


def test_register_weights_default_to_one():
    assert register_weights("formal=3", ["formal", "reviews"]) == {"formal": 3, "reviews": 1}


# -- pairs

@given(documents=st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=6), min_size=1, max_size=8),
       max_length=st.integers(8, 64), seed=st.integers(0, 1000), short=st.sampled_from([0.0, 0.1, 1.0]))
def test_pairs_stay_within_their_documents_and_the_budget(documents, max_length, seed, short):
    corpus = corpus_of(*documents)
    owner = np.repeat(np.arange(len(documents)), [sum(document) for document in documents])
    pairs = next_sentence_pairs(corpus, max_length=max_length, short=short, seed=seed)
    assert (pair_lengths(pairs) <= max_length).all()
    for a_start, a_end, b_start, b_end, label in pairs.tolist():
        assert 0 <= a_start < a_end
        assert len(set(owner[a_start:a_end])) == 1
        if label == NO_PAIR:
            assert b_start == b_end
            continue
        assert b_start < b_end and len(set(owner[b_start:b_end])) == 1
        assert (owner[b_start] == owner[a_start]) == (label == IS_NEXT)
        if label == IS_NEXT:
            assert b_start == a_end, "B goes on where A stops"


def test_half_of_the_pairs_are_random():
    corpus = corpus_of(*[[6] * 10] * 400)
    labels = next_sentence_pairs(corpus, max_length=40, seed=1)[:, 4]
    paired = labels[labels != NO_PAIR]
    assert abs((paired == IS_RANDOM).mean() - 0.5) < 4 * math.sqrt(0.25 / len(paired))


@given(counts=st.lists(st.integers(2, 8), min_size=2, max_size=8), length=st.integers(1, 9), seed=st.integers(0, 1000),
       max_length=st.integers(24, 64), short=st.sampled_from([0.0, 0.1, 1.0]))
def test_a_random_second_segment_is_made_of_whole_sentences(counts, length, seed, max_length, short):
    corpus = corpus_of(*[[length] * count for count in counts])  # of one length, so that each sentence fits
    pairs = next_sentence_pairs(corpus, max_length=max_length, short=short, single=1.0, seed=seed)
    borders = set(corpus.sentences.tolist())
    assert {place for row in pairs.tolist() if row[4] == IS_RANDOM for place in row[2:4]} <= borders


def test_the_second_segment_alone_does_not_tell_the_labels_apart():
    """The last piece of B, or an input that fills the budget, would give away a random B that is cut off."""
    rng = random.Random(0)
    corpus = corpus_of(*[[rng.randint(3, 14) for _ in range(30)] for _ in range(100)])
    pairs = next_sentence_pairs(corpus, max_length=64, seed=1)
    pairs = pairs[pairs[:, 4] != NO_PAIR]
    follows = pairs[:, 4] == IS_NEXT
    ends_a_sentence = np.isin(pairs[:, 3], corpus.sentences)
    assert len(pairs) > 600 and min(ends_a_sentence[follows].mean(), ends_a_sentence[~follows].mean()) > 0.95
    for rule in (ends_a_sentence, pair_lengths(pairs) < 64):
        assert abs((rule == follows).mean() - 0.5) < 0.1


def test_pairs_without_random_ones_cover_every_sentence_once():
    corpus = corpus_of([5, 5, 5, 5, 5, 5])  # one document: there is no other to take a random B from
    pairs = next_sentence_pairs(corpus, max_length=18, short=0.0, single=1.0, seed=0)
    assert (pairs[:, 4] != IS_RANDOM).all()
    covered = [place for a, b, c, d, _ in pairs.tolist() for place in (*range(a, b), *range(c, d))]
    assert covered == list(range(30))


def test_a_lone_sentence_is_cut_between_words_only():
    corpus = corpus_of([6], [6])
    continues = np.zeros(100, dtype=bool)
    continues[[11, 12, 14, 15, 17, 18, 20, 21]] = True  # words: 10-12, 13-15, 16-18, 19-21
    for seed in range(30):
        pairs = next_sentence_pairs(corpus, single=0.0, continues=continues, seed=seed)
        for a_start, a_end, b_start, b_end, _ in pairs.tolist():
            assert not continues[corpus.pieces[a_start]]
            assert a_end == len(corpus.pieces) or not continues[corpus.pieces[a_end]]
            assert b_start == b_end or not continues[corpus.pieces[b_start]]


def test_the_same_seed_gives_the_same_pairs():
    corpus = corpus_of(*[[4, 7, 3]] * 20)
    assert (next_sentence_pairs(corpus, seed=3) == next_sentence_pairs(corpus, seed=3)).all()
    assert next_sentence_pairs(corpus, seed=3).tolist() != next_sentence_pairs(corpus, seed=4).tolist()


# -- batches and masks

@given(lengths=st.lists(st.integers(4, 64), min_size=1, max_size=300), budget=st.integers(16, 512),
       seed=st.integers(0, 99))
def test_batches_hold_every_example_once_within_the_budget(lengths, budget, seed):
    lengths = np.array(lengths)
    batches = plan_batches(lengths, batch_tokens=budget, seed=seed)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for rows in batches:
        assert len(rows) == 1 or len(rows) * lengths[rows].max() <= budget


def test_collating_pads_and_tells_the_segments_apart():
    batch = collate_pairs(np.array([[0, 2, 5, 6, IS_RANDOM], [1, 2, 2, 2, NO_PAIR]]), np.arange(10, 20), cls=2, sep=3,
                          pad=0)
    assert batch["input_ids"].tolist() == [[2, 10, 11, 3, 15, 3], [2, 11, 3, 0, 0, 0]]
    assert batch["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]]
    assert batch["next_sentence_label"].tolist() == [1, -100]


def test_masking_hides_what_the_paper_says_and_no_special_token():
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 300, (400, 100), generator=generator)
    ids[:, 0], ids[:, -1] = 2, 3
    inputs, labels = mask_tokens(ids, **SPECIALS, probability=0.2, generator=generator)
    chosen = labels != -100
    assert not chosen[:, [0, -1]].any() and (inputs[~chosen] == ids[~chosen]).all()
    assert (labels[chosen] == ids[chosen]).all()
    count = int(chosen.sum())
    shares = [(inputs[chosen] == 4), (inputs[chosen] == ids[chosen]), chosen[:, 1:-1]]
    for share, expected in zip(shares, (0.8, 0.1 + 0.1 / 295, 0.2), strict=True):
        assert abs(share.float().mean().item() - expected) < 4 * math.sqrt(0.25 / count)
    assert inputs[chosen].min() >= 4, "no special token but [MASK] is put in"


def test_masking_has_the_distribution_of_the_library():
    """Shares of [MASK], random and kept tokens against DataCollatorForLanguageModeling."""
    from transformers import DataCollatorForLanguageModeling

    tokenizer = kh.tokenizers.to_transformers(kh.tokenizers.train_wordpiece(
        kh.load_data("nsmc")["train"]["document"], vocab_size=1200, limit_alphabet=300))
    ids = torch.randint(5, len(tokenizer), (300, 80), generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    theirs = collator([{"input_ids": row} for row in ids])
    ours = mask_tokens(ids, special_ids=tokenizer.all_special_ids, mask_id=tokenizer.mask_token_id,
                       vocab_size=len(tokenizer), probability=0.15, generator=torch.Generator().manual_seed(2))
    shares = []
    for inputs, labels in ((theirs["input_ids"], theirs["labels"]), ours):
        chosen = labels != -100
        shares.append([chosen.float().mean().item(), (inputs[chosen] == tokenizer.mask_token_id).float().mean().item(),
                       (inputs[chosen] == ids[chosen]).float().mean().item()])
    assert np.allclose(*shares, atol=0.03)


# -- network and loss

def small_batch(settings, count: int = 6) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    corpus = corpus_of(*[[4, 5, 6]] * count)
    pairs = next_sentence_pairs(corpus, max_length=settings.max_length, seed=1)
    batch = collate_pairs(pairs, corpus.pieces % 295 + 5, cls=2, sep=3, pad=0)
    batch["input_ids"], batch["labels"] = mask_tokens(batch["input_ids"], **SPECIALS, probability=0.3,
                                                      generator=generator)
    return batch


def test_the_loss_equals_that_of_the_library():
    settings = pretrain_settings("bert", {**TINY, "dropout": 0.0})
    model = new_bert(settings, 300).eval()
    batch = small_batch(settings)
    values = BertLoss(model, MASK)(batch)
    theirs = model(**batch).loss
    assert values["loss"].item() == pytest.approx(theirs.item(), abs=1e-5)
    assert values["masked_loss"].item() == pytest.approx(math.log(300), abs=0.2)


def test_the_masked_task_is_reported_for_the_places_that_show_the_mask_only():
    settings = pretrain_settings("bert", {**TINY, "dropout": 0.0})
    model, batch = new_bert(settings, 300).eval(), small_batch(settings)
    unseen = (batch["labels"] != -100) & (batch["input_ids"] == MASK)
    assert 0 < unseen.sum() < (batch["labels"] != -100).sum(), "some places show their token or a random one"
    scores = model(**{name: value for name, value in batch.items() if "label" not in name}).prediction_logits[unseen]
    answers = batch["labels"][unseen]
    values = BertLoss(model, MASK)(batch)
    assert values["masked_loss"].item() == pytest.approx(torch.nn.functional.cross_entropy(scores, answers).item())
    assert values["masked_accuracy"].item() == pytest.approx((scores.argmax(-1) == answers).float().mean().item())


def test_a_batch_without_pairs_or_masks_gives_a_loss_of_zero_there():
    settings = pretrain_settings("bert", TINY)
    batch = small_batch(settings)
    batch["next_sentence_label"][:] = -100
    batch["labels"][:] = -100
    assert BertLoss(new_bert(settings, 300), MASK)(batch)["loss"].item() == 0


def test_first_weights_follow_the_settings():
    corpus = {"a": corpus_of(*[[6, 6]] * 10)}
    plain = new_bert(pretrain_settings("bert", TINY), 300)
    positions = plain.bert.embeddings.position_embeddings.weight.clone()
    settings = pretrain_settings("bert", {**TINY, "position_start": "normal", "token_start": "normal"})
    set_first_weights(BERT, plain, settings, corpus)
    assert torch.equal(plain.bert.embeddings.position_embeddings.weight, positions)
    set_first_weights(BERT, plain, pretrain_settings("bert", TINY), corpus)
    table = kh.embeddings.sinusoidal_positions(24, 16, amplitude=0.05)
    assert np.allclose(plain.bert.embeddings.position_embeddings.weight.detach(), table)
    words = plain.bert.embeddings.word_embeddings.weight
    assert words.std().item() == pytest.approx(0.05, rel=0.1)
    assert plain.cls.predictions.decoder.weight is words, "the output layer shares the table"


def optimizers(**overrides) -> tuple[torch.nn.Module, list[torch.optim.Optimizer]]:
    settings = pretrain_settings("bert", {**TINY, **overrides})
    model = new_bert(settings, 300)
    return model, new_optimizers(model, settings, layers=BertLoss.layers)


def test_only_matrices_and_tables_decay():
    _, (adamw,) = optimizers(optimizer="adamw")
    groups = adamw.param_groups
    assert all(weight.ndim >= 2 for weight in groups[0]["params"]) and groups[0]["weight_decay"] == 0.01
    assert all(weight.ndim == 1 for weight in groups[1]["params"]) and groups[1]["weight_decay"] == 0


def test_muon_has_the_matrices_of_the_layers_and_adamw_all_other_weights_once():
    model, (adamw, muon) = optimizers()
    names = {id(weight): name for name, weight in model.named_parameters()}
    matrices = [names[id(weight)] for weight in muon.param_groups[0]["params"]]
    assert len(matrices) == 6 and all("encoder.layer.0" in name and name.endswith("weight") for name in matrices)
    rest = [names[id(weight)] for group in adamw.param_groups for weight in group["params"]]
    assert sorted(matrices + rest) == sorted(names.values())
    assert "bert.embeddings.word_embeddings.weight" in rest and "bert.pooler.dense.weight" in rest


@given(steps=st.integers(1, 500), warmup=st.floats(0, 1))
def test_the_schedule_rises_then_falls(steps, warmup):
    factors = [learning_rate_factor(step, steps=steps, warmup=warmup) for step in range(steps)]
    top = factors.index(max(factors))
    assert min(factors) > 0 and max(factors) <= 1
    assert factors[:top] == sorted(factors[:top]) and factors[top:] == sorted(factors[top:], reverse=True)


@given(steps=st.integers(20, 500), more=st.integers(0, 500))
def test_a_flat_schedule_does_not_depend_on_its_length_before_it_falls(steps, more):
    def factor(step, steps):
        return learning_rate_factor(step, steps=steps, warmup=0, cooldown=0.25)

    flat = steps - round(0.25 * steps)
    assert {factor(step, steps) for step in range(flat)} == {1.0}
    assert all(factor(step, steps + more) == 1.0 for step in range(flat)) and factor(steps - 1, steps) < 0.5


# -- whole runs

def rows_of(output: Path) -> list[dict[str, str]]:
    with (output / "log.csv").open(encoding="utf-8", newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def test_a_run_writes_a_model_that_loads(folder, tmp_path):
    output = tmp_path / "모델"
    assert pretrain(folder, output, pretrain_settings("bert", TINY))
    tokenizer, model = kh.models.load_encoder(str(output), head="pretraining")
    assert model.dtype == torch.float32 and model.config.hidden_dropout_prob == 0.1
    assert type(model).__name__ == "BertForPreTraining" and len(tokenizer) == model.config.vocab_size
    assert tokenizer.model_max_length == 24
    assert tokenizer.tokenize("학교") == ["학교"] or all(piece.strip("#") for piece in tokenizer.tokenize("학교"))
    import safetensors.torch

    weights = safetensors.torch.load_file(output / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    rows = rows_of(output)
    assert [row["step"] for row in rows if row["split"] == "train"] == ["2", "4", "6", "8", "10", "12"]
    assert {row["split"] for row in rows} == {"train", "formal", "reviews"}


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize(("moment", "every"), [(1, 4), (4, 4), (5, 3), (11, 4)])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(folder, tmp_path, monkeypatch, moment, every):
    settings = pretrain_settings("bert", {**TINY, "save_every": every})
    pretrain(folder, tmp_path / "whole", settings)
    train_on = Trainer._train_on

    def killed(self, rows):
        if self.step == moment:
            raise Killed
        return train_on(self, rows)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Trainer, "_train_on", killed)
        pretrain(folder, tmp_path / "killed", settings)
    done = torch.load(tmp_path / "killed" / "checkpoint.pt", weights_only=True)["step"] if moment >= every else 0
    assert moment - done < settings.save_every, "at most one checkpoint interval is lost"
    pretrain(folder, tmp_path / "killed", settings)
    assert rows_of(tmp_path / "killed") == rows_of(tmp_path / "whole")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]


def test_a_finished_run_is_left_as_it_is(folder, tmp_path):
    settings = pretrain_settings("bert", TINY)
    pretrain(folder, tmp_path / "out", settings)
    before = rows_of(tmp_path / "out")
    pretrain(folder, tmp_path / "out", settings)
    assert rows_of(tmp_path / "out") == before


def test_other_settings_in_the_same_folder_are_refused(folder, tmp_path):
    pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))
    with pytest.raises(kh.KlueError, match="batch_tokens"):
        pretrain(folder, tmp_path / "out", pretrain_settings("bert", {**TINY, "batch_tokens": 512}))


def test_a_run_in_its_flat_part_goes_on_to_more_steps_as_if_it_had_been_longer_from_the_start(folder, tmp_path):
    flat = {**TINY, "warmup": 0.0, "cooldown": 0.25, "accumulate": 2, "diary": True}
    pretrain(folder, tmp_path / "whole", pretrain_settings("bert", {**flat, "steps": 16}))
    pretrain(folder, tmp_path / "parts", pretrain_settings("bert", {**flat, "steps": 8, "cooldown": 0.0}))
    pretrain(folder, tmp_path / "parts", pretrain_settings("bert", {**flat, "steps": 16}))
    whole, parts = (tmp_path / name for name in ("whole", "parts"))
    assert rows_of(whole)[-1]["step"] == "16"
    assert [row for row in rows_of(parts) if row["split"] == "train"] == \
        [row for row in rows_of(whole) if row["split"] == "train"]
    assert (whole / "model.safetensors").read_bytes() == (parts / "model.safetensors").read_bytes()
    assert (whole / "diary.jsonl").read_bytes() == (parts / "diary.jsonl").read_bytes()
    entry = json.loads((whole / "diary.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert entry["step"] == 0 and len(entry["answers"]) == 9 and len(entry["answers"][0]["pieces"]) == 5


def test_a_run_can_start_from_a_saved_model(folder, tmp_path):
    pretrain(folder, tmp_path / "first", pretrain_settings("bert", TINY))
    start = {**TINY, "start": str(tmp_path / "first")}
    still = {**start, "learning_rate": 1e-7, "matrix_rate": 1e-7}
    pretrain(folder, tmp_path / "second", pretrain_settings("bert", still))
    first, second = (kh.models.load_encoder(str(tmp_path / name)) for name in ("first", "second"))
    assert first.tokenizer.get_vocab() == second.tokenizer.get_vocab()
    for mine, theirs in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=2e-3), "half precision, and hardly any learning"
    with pytest.raises(kh.KlueError, match="hidden_size"):
        pretrain(folder, tmp_path / "third", pretrain_settings("bert", {**start, "hidden_size": 32}))


def test_a_step_takes_more_batches_from_epoch_to_epoch_up_to_the_setting(folder, tmp_path):
    settings = pretrain_settings("bert", {**TINY, "accumulate": 3, "steps": 60, "log_every": 1, "batch_tokens": 2_048})
    pretrain(folder, tmp_path / "out", settings)
    rows = [row for row in rows_of(tmp_path / "out") if row["split"] == "train"]
    tokens = np.diff([0, *(int(row["tokens"]) for row in rows)])
    means = [tokens[[row["epoch"] == str(epoch) for row in rows]].mean() for epoch in range(3)]
    assert means[1] == pytest.approx(2 * means[0], rel=0.35) and means[2] == pytest.approx(3 * means[0], rel=0.35)


def test_a_run_whose_rate_falls_cannot_get_other_steps(folder, tmp_path):
    pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))
    before = (tmp_path / "out" / "checkpoint.pt").read_bytes()
    with pytest.raises(kh.KlueError, match="평평한"):
        pretrain(folder, tmp_path / "out", pretrain_settings("bert", {**TINY, "steps": 24}))
    assert (tmp_path / "out" / "checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize("name, content, word", [
    ("settings.json", b"{}", "다른 설정"), ("checkpoint.pt", b"", "망가졌습니다"),
    ("checkpoint.pt", b"junk", "망가졌습니다"),
    ("checkpoint.pt", None, "망가졌습니다"), ("settings.json", b"{", "망가져"), ("settings.json", b"[1]", "망가져")])
def test_damaged_files_of_a_run_are_told(folder, tmp_path, name, content, word):
    pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))
    path = tmp_path / "out" / name
    path.write_bytes(path.read_bytes()[:2_000] if content is None else content)
    with pytest.raises(kh.KlueError, match=word):
        pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))


def test_a_damaged_log_is_gone_on_with(folder, tmp_path):
    pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))
    for content in ("", "step,epo\0\n", "step,tokens\n1\n"):
        (tmp_path / "out" / "log.csv").write_text(content, encoding="utf-8")
        assert pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))


def test_a_folder_with_something_of_the_users_is_not_taken(folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(kh.KlueError, match=r"tokenizer\.json"):
        pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))


def test_another_text_in_the_folder_is_refused(folder, tmp_path):
    pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))
    (folder / "reviews.txt").write_text("다른 글", encoding="utf-8")
    with pytest.raises(kh.KlueError, match="corpus_sha256"):
        pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))


def test_a_kill_while_the_tokenizer_is_written_leaves_nothing_to_trip_over(folder, tmp_path, monkeypatch):
    from transformers import PreTrainedTokenizerFast

    def killed(self, part):
        (Path(part) / "tokenizer.json").write_text("{", encoding="utf-8")
        raise Killed

    settings = pretrain_settings("bert", TINY)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(PreTrainedTokenizerFast, "save_pretrained", killed)
        pretrain(folder, tmp_path / "out", settings)
    assert pretrain(folder, tmp_path / "out", settings)


def test_a_loss_that_is_no_number_stops_the_run(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(BertLoss, "forward", lambda self, batch: {
        "loss": self.model.bert.embeddings.word_embeddings.weight.sum() * float("nan")})
    with pytest.raises(kh.KlueError, match="learning_rate"):
        pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))


def test_the_log_forgets_what_came_after_the_checkpoint(tmp_path):
    log = Log(tmp_path / "log.csv")
    for step in (1, 2, 3):
        log.write({"step": step, "loss": 0.5})
    with (tmp_path / "log.csv").open("a", encoding="utf-8") as file:
        file.write("4")  # killed in the middle of a line
    again = Log(tmp_path / "log.csv")
    again.start(2, write=True)
    again.write({"step": 3, "loss": 0.25})
    assert (tmp_path / "log.csv").read_text(encoding="utf-8") == "step,loss\n1,0.5\n2,0.5\n3,0.25\n"


def test_batches_of_an_epoch_depend_on_the_seed_alone(folder):
    registers = read_registers(folder)
    tokenizer = kh.tokenizers.to_transformers(kh.tokenizers.train_wordpiece(
        (line for documents in registers.values() for document in documents for line in document), vocab_size=300,
        limit_alphabet=200))
    settings = pretrain_settings("bert", TINY)
    corpora = {name: to_corpus(documents, tokenizer) for name, documents in registers.items()}
    makers = [BertExamples(settings, tokenizer, corpora, corpora, {"formal": 2, "reviews": 1}) for _ in range(2)]
    random.random()
    for epoch in (0, 1):
        plans = [maker.start_epoch(epoch) for maker in makers]
        assert all((left == right).all() for left, right in zip(*plans, strict=True))
        batches = [maker.batch(plan[0], 7) for maker, plan in zip(makers, plans, strict=True)]
        assert all(torch.equal(batches[0][name], batches[1][name]) for name in batches[0])


def test_settings_are_checked_and_saved(folder, tmp_path):
    with pytest.raises(kh.KlueError, match="klue pretrain bert에 없는 설정"):
        pretrain_settings("bert", {"stepz": 3})
    pretrain(folder, tmp_path / "out", pretrain_settings("bert", TINY))
    saved = json.loads((tmp_path / "out" / "settings.json").read_text(encoding="utf-8"))
    assert saved["kind"] == "bert" and saved["steps"] == 12
