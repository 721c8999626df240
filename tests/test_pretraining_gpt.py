"""Pre-training the mini GPT: rows of documents, loss, first weights, resuming (lecture 8)."""

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.pretraining.corpus import Corpus, read_registers, to_corpus
from klue_helpers.pretraining.gpt import GPT, GptExamples, GptLoss, new_gpt
from klue_helpers.pretraining.kinds import set_first_weights
from klue_helpers.pretraining.loop import Trainer
from klue_helpers.pretraining.run import pretrain
from klue_helpers.pretraining.settings import pretrain_settings

TINY = {"vocab_size": 300, "alphabet": 200, "hidden_size": 16, "layers": 1, "heads": 2, "max_length": 24,
        "batch_tokens": 256, "steps": 12, "save_every": 4, "log_every": 2, "evaluate_every": 6, "dropout": 0.1}
BOS, EOS, PAD = 0, 1, 2
DOCUMENTS = [["봄비가 내린 뒤의 산길은 조용했다.", "흙냄새가 났다."], ["좋다"],
             ["아침마다 차를 한 잔 마신다.", "그러고 나서 일을 시작한다."]]


class Names:
    """Stands for a tokenizer where only the ids of its special tokens count."""

    bos_token_id, eos_token_id, pad_token_id = BOS, EOS, PAD


def corpus_of(*lengths: int) -> Corpus:
    """A corpus from the lengths of its documents; the pieces are numbered from 10 on."""
    starts = np.cumsum([0, *lengths])
    return Corpus(np.arange(10, 10 + sum(lengths), dtype=np.int32), starts, np.arange(len(lengths) + 1))


@pytest.fixture(scope="module")
def tokenizer():
    texts = kh.load_data("nsmc")["train"]["document"][:] + kh.load_data("corpus")["train"]["text"][:]
    return kh.tokenizers.to_transformers(kh.tokenizers.train_bpe(texts, vocab_size=1500, limit_alphabet=1000))


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with two small registers of the sample texts."""
    target = tmp_path / "말뭉치 폴더"
    target.mkdir()
    texts = {"formal": kh.load_data("corpus")["train"]["text"][:60],
             "reviews": kh.load_data("nsmc")["train"]["document"][:150]}
    for name, documents in texts.items():
        (target / f"{name}.txt").write_text("\n\n".join(documents), encoding="utf-8")
    return target


# -- rows

@given(lengths=st.lists(st.integers(0, 40), min_size=1, max_size=12), max_length=st.integers(8, 32),
       budget=st.integers(16, 128))
def test_rows_hold_one_document_and_every_piece_is_a_target_once(lengths, max_length, budget):
    settings = pretrain_settings("gpt", {"max_length": max_length, "batch_tokens": budget})
    corpus = corpus_of(*lengths)
    examples = GptExamples(settings, Names(), {"a": corpus}, {"a": corpus}, {"a": 1})
    documents = [[BOS, *part.tolist(), EOS] for part in np.split(corpus.pieces, corpus.sentences[1:-1])]
    pairs = sorted(pair for document in documents for pair in itertools.pairwise(document))
    found = []
    for rows in examples.start_epoch(0):
        batch = examples.batch(rows, 0)
        assert batch["input_ids"].shape[1] <= max_length
        assert len(rows) == 1 or batch["input_ids"].numel() <= budget
        for inputs, labels, mask in zip(*(batch[name] for name in ("input_ids", "labels", "attention_mask")),
                                        strict=True):
            size = int(mask.sum())
            assert mask[:size].all() and (inputs[size:] == PAD).all() and (labels[size:] == -100).all()
            block = [*inputs[:size].tolist(), int(labels[size - 1])]
            assert labels[:size].tolist() == block[1:]
            assert any(block == document[place:place + len(block)] for document in documents
                       for place in range(len(document))), "a block is a stretch of one document"
            assert BOS not in block[1:] and EOS not in block[:-1]
            found += itertools.pairwise(block)
    assert sorted(found) == pairs


def test_a_long_document_is_cut_at_the_length():
    """``<s>`` and 18 pieces are 19 inputs: three blocks. ``<s>`` and 3 pieces are 4; ``</s>`` is no input."""
    settings = pretrain_settings("gpt", {"max_length": 8})
    examples = GptExamples(settings, Names(), {"a": corpus_of(18, 3)}, {}, {"a": 1})
    examples.start_epoch(0)
    assert examples.rows.tolist() == [[0, 8], [8, 16], [16, 19], [20, 24]]
    assert examples.pieces[[0, 1, 18, 19, 20, 24]].tolist() == [BOS, 10, 27, EOS, BOS, EOS]


def test_lines_of_a_document_stay_together(tokenizer):
    corpus = to_corpus(DOCUMENTS, tokenizer, texts_of=GPT.texts_of)
    settings = pretrain_settings("gpt", {"max_length": 100, "batch_tokens": 100})
    examples = GptExamples(settings, tokenizer, {"a": corpus}, {"a": corpus}, {"a": 1})
    rows = [row[row >= 0] for rows in examples.start_epoch(0) for row in examples.batch(rows, 0)["labels"]]
    texts = {tokenizer.decode(row, skip_special_tokens=True) for row in rows}
    assert texts == {"\n".join(document) for document in DOCUMENTS}
    assert all(row[-1] == tokenizer.eos_token_id for row in rows)


def test_registers_are_repeated_and_batches_depend_on_the_seed_alone(folder, tokenizer):
    settings = pretrain_settings("gpt", TINY)
    corpora = {name: to_corpus(documents, tokenizer, texts_of=GPT.texts_of)
               for name, documents in read_registers(folder).items()}
    makers = [GptExamples(settings, tokenizer, corpora, corpora, {"formal": 2, "reviews": 1}) for _ in range(2)]
    plans = [maker.start_epoch(3) for maker in makers]
    assert all((left == right).all() for left, right in zip(*plans, strict=True))
    formal = len(makers[0]._rows(makers[0].train["formal"], 0))
    reviews = len(makers[0]._rows(makers[0].train["reviews"], 0))
    assert len(makers[0].rows) == 2 * formal + reviews
    begins = makers[0].pieces[makers[0].rows[:, 0]] == BOS
    assert begins.sum() == 2 * len(corpora["formal"]) + len(corpora["reviews"]), "places count from the right register"


def test_held_out_batches_are_the_same_few_texts_of_every_register(folder, tokenizer):
    settings = pretrain_settings("gpt", {**TINY, "evaluate_texts": 20})
    corpora = {name: to_corpus(documents, tokenizer, texts_of=GPT.texts_of)
               for name, documents in read_registers(folder).items()}
    examples = GptExamples(settings, tokenizer, corpora, corpora, {"formal": 1, "reviews": 1})
    first, again = list(examples.held_out_batches()), list(examples.held_out_batches())
    counts = {name: sum(len(batch["labels"]) for register, batch in first if register == name) for name in corpora}
    assert counts == {"formal": 20, "reviews": 20}
    assert all(torch.equal(one["labels"], two["labels"]) for (_, one), (_, two) in zip(first, again, strict=True))


# -- network and loss

def test_the_configuration_comes_from_the_tokenizer(tokenizer):
    model = new_gpt(pretrain_settings("gpt", {"layers": 2}), tokenizer)
    config = model.config
    assert (config.bos_token_id, config.eos_token_id, config.pad_token_id) == (BOS, EOS, PAD)
    assert (config.vocab_size, config.n_positions, config.n_layer) == (len(tokenizer), 256, 2)
    assert model.lm_head.weight is model.transformer.wte.weight, "the output layer is the table of tokens"


def test_the_loss_equals_that_of_the_library(tokenizer):
    settings = pretrain_settings("gpt", {**TINY, "dropout": 0.0, "max_length": 64})
    model = new_gpt(settings, tokenizer).eval()
    corpus = to_corpus(DOCUMENTS, tokenizer, texts_of=GPT.texts_of)
    examples = GptExamples(settings, tokenizer, {"a": corpus}, {"a": corpus}, {"a": 1})
    (rows,) = examples.start_epoch(0)
    values = GptLoss(model)(examples.batch(rows, 0))
    texts = ["<s>" + "\n".join(document) + "</s>" for document in DOCUMENTS]
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
    with torch.no_grad():
        theirs = model(**inputs, labels=labels)
    assert values["loss"].item() == pytest.approx(theirs.loss.item(), abs=1e-5)
    known = labels[:, 1:] != -100
    right = (theirs.logits[:, :-1].argmax(-1) == labels[:, 1:])[known].float().mean()
    assert values["accuracy"].item() == pytest.approx(right.item(), abs=1e-6)


def test_padding_changes_no_loss(tokenizer):
    settings = pretrain_settings("gpt", {**TINY, "dropout": 0.0, "max_length": 64})
    loss = GptLoss(new_gpt(settings, tokenizer)).eval()
    corpus = to_corpus(DOCUMENTS, tokenizer, texts_of=GPT.texts_of)
    examples = GptExamples(settings, tokenizer, {"a": corpus}, {"a": corpus}, {"a": 1})
    (rows,) = examples.start_epoch(0)
    sizes = examples._lengths(examples.rows[rows])
    alone = [loss(examples.batch(np.array([row]), 0))["loss"].item() for row in rows]
    assert loss(examples.batch(rows, 0))["loss"].item() == pytest.approx(np.average(alone, weights=sizes), abs=1e-5)


def test_first_weights_follow_the_settings(tokenizer):
    corpora = {"a": to_corpus(DOCUMENTS * 5, tokenizer, texts_of=GPT.texts_of)}
    plain = pretrain_settings("gpt", {**TINY, "position_start": "normal", "token_start": "normal"})
    model = new_gpt(plain, tokenizer)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    set_first_weights(GPT, model, plain, corpora)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    set_first_weights(GPT, model, pretrain_settings("gpt", TINY), corpora)
    table = kh.embeddings.sinusoidal_positions(24, 16, amplitude=0.05)
    assert np.allclose(model.transformer.wpe.weight.detach(), table)
    assert model.transformer.wte.weight.std().item() == pytest.approx(0.05, rel=0.1)
    assert model.lm_head.weight is model.transformer.wte.weight


# -- whole runs

def rows_of(output: Path) -> list[dict[str, str]]:
    with (output / "log.csv").open(encoding="utf-8", newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def test_a_run_writes_a_model_that_loads(folder, tmp_path):
    output = tmp_path / "모델"
    assert pretrain(folder, output, pretrain_settings("gpt", TINY))
    tokenizer, model = kh.models.load_causal_lm(str(output))
    assert type(model).__name__ == "GPT2LMHeadModel" and model.dtype == torch.float32
    assert model.config.resid_pdrop == model.config.embd_pdrop == model.config.attn_pdrop == 0.1
    assert len(tokenizer) == model.config.vocab_size == 300 and tokenizer.model_max_length == 24
    assert tokenizer.decode(tokenizer(" 이\n 가다")["input_ids"]) == " 이\n 가다"
    rows = rows_of(output)
    assert list(rows[0])[-2:] == ["loss", "accuracy"]
    assert {row["split"] for row in rows} == {"train", "formal", "reviews"}
    held = [float(row["loss"]) for row in rows if row["split"] == "formal"]
    assert held[-1] < held[0], "it learns"


def test_settings_are_those_of_the_mini_gpt():
    settings = pretrain_settings("gpt")
    assert (settings.vocab_size, settings.layers, settings.hidden_size, settings.max_length) == (8_000, 4, 256, 256)
    assert settings.steps == 12_000 and settings.dropout == 0
    with pytest.raises(kh.KlueError, match="mask_probability"):
        pretrain_settings("gpt", {"mask_probability": 0.2})


class Killed(Exception):
    """Stands for the end of the process."""


def test_a_killed_run_goes_on_as_if_nothing_had_happened(folder, tmp_path, monkeypatch):
    settings = pretrain_settings("gpt", TINY)
    pretrain(folder, tmp_path / "whole", settings)
    train_on = Trainer._train_on

    def killed(self, rows):
        if self.step == 6:
            raise Killed
        return train_on(self, rows)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Trainer, "_train_on", killed)
        pretrain(folder, tmp_path / "killed", settings)
    pretrain(folder, tmp_path / "killed", settings)
    states = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "killed")]
    assert all(torch.equal(states[0]["model"][name], value) for name, value in states[1]["model"].items())
    assert rows_of(tmp_path / "whole") == rows_of(tmp_path / "killed")
    saved = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert saved[0] == saved[1]
    assert json.loads((tmp_path / "killed" / "settings.json").read_text(encoding="utf-8"))["kind"] == "gpt"
