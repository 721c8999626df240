"""The cards of the shipped models and the measuring behind them (lectures 3 and 4)."""

import gzip
import json
import math
import sys
from argparse import Namespace

import jinja2
import numpy as np
import pytest
import torch
from conftest import ROOT

import klue_helpers as kh
from klue_helpers.models import MINI_MODELS, load_encoder

sys.path.insert(0, str(ROOT / "benchmarks"))

import corpus_facts
import mini_bert
import model_card
import pretrained_bert
import record


@pytest.fixture(scope="module")
def tokenizer():
    return load_encoder("klue-mini-bert").tokenizer


@pytest.mark.parametrize("name", MINI_MODELS)
def test_the_card_is_what_template_files_and_measurements_give(name):
    written = (model_card.MODELS / name / "README.md").read_text(encoding="utf-8")
    assert written == model_card.render(name), f"run: python benchmarks/model_card.py {name}"
    assert not {"{{", "{%", "}}", "%}"} & set(written.split())


def test_lecture_4_shows_the_corpus_as_the_card_does():
    notebook = json.loads((ROOT / "notebooks" / "04_pretraining_bert.ipynb").read_text(encoding="utf-8"))
    sources = record.read(ROOT / "benchmarks" / "klue-mini-bert.json")["corpus"]["sources"]
    shown = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert sum(model_card.sources_table(sources) in text for text in shown) == 1


def test_a_template_that_names_what_was_not_measured_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "klue-mini-bert.md").write_text("{{ settings.seed }} {{ samples }}", encoding="utf-8")
    monkeypatch.setattr(model_card, "HERE", tmp_path)
    with pytest.raises(jinja2.UndefinedError, match="samples"):
        model_card.render("klue-mini-bert")
    record.write(tmp_path / "klue-mini-bert.json", "samples", "봄비")
    assert model_card.render("klue-mini-bert") == "42 봄비"


def test_parameters_are_counted_as_in_the_network():
    model = load_encoder("klue-mini-bert", head="pretraining").model
    counted = model_card.count_parameters(model_card.MODELS / "klue-mini-bert" / "model.safetensors")
    assert counted == sum(weight.numel() for weight in model.parameters())


def test_tables():
    assert model_card.table(["가", "나"], [["1", ""], ["2", "3"]]) == "| 가 | 나 |\n|---|---|\n| 1 | |\n| 2 | 3 |"
    sources = [{"register": "formal", "source": "korean_law", "lines": 1200, "characters": 9000,
                "licence": "public domain", "share": 0.25},
               {"register": "formal", "source": "rust_book_ko", "lines": 34, "characters": 500, "licence": "MIT",
                "share": 0.7504}]
    *_, law, _, total = model_card.sources_table(sources).splitlines()
    assert law == "| 격식체 | 대한민국 법령 | 1,200 | 9,000 | 보호받지 않는 저작물(저작권법 제7조) | 25.0 % |"
    assert total == "| **격식체 합** | | 1,234 | 9,500 | | **100.0 %** |"
    rows = [{"system": system, "register": register, "bits": 2.345} for system in "가나" for register in
            model_card.REGISTERS]
    shown = model_card.pivot_table(rows, "모델", {"나": "둘째"}, "bits", 1)
    assert shown.splitlines()[2:] == ["| 둘째 | 2.3 | 2.3 | 2.3 |"]
    log = {7: {"train": {"tokens": 12_345.0}, **{name: {"nll": 1.236, "hit": 0.5} for name in model_card.REGISTERS}}}
    assert model_card.log_table(log, [7], loss="nll", accuracy="hit").splitlines()[-1] == (
        "| 7 | 12,345 | 1.24 / 50.0 % | 1.24 / 50.0 % | 1.24 / 50.0 % |")


def test_scores_show_their_spread_or_their_interval():
    scores = [{"task": "nsmc", "train": 10, "system": "mini", "seeds": 3, "mean": 0.8084, "sd": 0.0072},
              {"task": "nsmc", "train": 10, "system": "tfidf", "seeds": 1, "mean": 0.8, "interval": [0.75, 0.8442]}]
    shown = model_card.score_table(scores, "nsmc", {10: "열 건"}, {"mini": "우리", "tfidf": "낱말"})
    assert shown.splitlines()[2:] == ["| 우리 | 0.808 ± 0.007 |", "| 낱말 | 0.8000 (0.750~0.844, 시드 하나) |"]
    with pytest.raises(LookupError, match="2 rows"):
        model_card.find(scores, task="nsmc")


def test_generated_text_is_shown_as_it_is():
    assert model_card.plain("*좋다*_|\n<b>[1]") == r"\*좋다\*\_\| ⏎ \<b\>\[1\]"


def test_the_record_keeps_one_row_a_setting_in_order(tmp_path):
    path = tmp_path / "scores.json"
    for seed, value in ((1, 0.5), (0, 0.25), (1, 0.75)):
        record.add(path, "runs", {"seed": seed, "value": value}, same=("seed",))
    record.write(path, "other", [1])
    assert record.read(path) == {"runs": [{"seed": 0, "value": 0.25}, {"seed": 1, "value": 0.75}], "other": [1]}
    assert record.wilson(0.5, 100) == [0.4038, 0.5962]


def test_seeds_become_a_mean_and_a_deviation(tmp_path):
    options = Namespace(output=tmp_path / "scores.json")
    row = {"task": "t", "train": 5, "system": "mini", "test": 9, "metric": "accuracy", "interval": [0.1, 0.9]}
    mini_bert.report(options, row | {"seed": 0, "value": 0.5})
    assert record.read(options.output)["scores"] == [
        {"task": "t", "train": 5, "system": "mini", "test": 9, "metric": "accuracy", "seeds": 1, "mean": 0.5,
         "interval": [0.1, 0.9]}]
    mini_bert.report(options, row | {"seed": 1, "value": 0.7})
    mini_bert.report(options, row | {"seed": 0, "value": 0.4, "system": "random"})
    score, other = record.read(options.output)["scores"]
    assert (score["seeds"], score["mean"], score["sd"]) == (2, 0.6, round(math.sqrt(0.02), 4))
    assert other["mean"] == 0.4


def test_systems_are_compared_on_the_same_rows(tmp_path):
    first, second = (np.array(list(map(int, bits)), dtype=bool) for bits in ("1111111000", "1111000001"))
    found = mini_bert.paired(first, second)
    assert (found["difference"], found["only_first"], found["only_second"]) == (0.2, 3, 1)
    width = 1.96 * math.sqrt(4 - 10 * 0.2**2) / 10
    assert found["interval"] == [round(0.2 - width, 4), round(0.2 + width, 4)]
    assert found["mcnemar_p"] == 0.62  # 10 of the 16 outcomes of four tosses are at least as uneven
    assert mini_bert.paired(first, first)["mcnemar_p"] == 1.0

    options, answers = Namespace(output=tmp_path / "scores.json"), np.array([1, 0] * 5)
    row = {"task": "nsmc", "train": 10}
    mini_bert.compare(options, row | {"system": "tfidf"}, np.where(second, answers, 1 - answers), answers)
    assert not options.output.exists()
    mini_bert.compare(options, row | {"system": "mini"}, np.where(first, answers, 1 - answers), answers)
    (compared,) = record.read(options.output)["comparisons"]
    assert (compared["against"], compared["difference"]) == ("tfidf", 0.2)


@pytest.mark.slow
def test_every_task_reports_every_system(tmp_path, monkeypatch):
    """On a few rows of the samples: that the scores are good is no matter here."""
    def few(name, source, *, data_dir, splits=("train", "test")):
        rows = kh.load_data("question_pair" if name == "korsts" else name)
        if name == "korsts":  # it has no sample
            rows = {"train": scored(rows["train"]), "validation": scored(rows["test"])}
        return {split: rows[split].shuffle(seed=0).select(range(24)) for split in splits}

    def scored(rows):
        rows = rows.rename_columns({"question1": "sentence1", "question2": "sentence2"})
        return rows.add_column("score", [row % 6.0 for row in range(len(rows))])

    monkeypatch.setattr(mini_bert, "load_data", few)
    monkeypatch.setattr(mini_bert, "pair_test_rows", lambda count: np.arange(4))
    output = tmp_path / "scores.json"
    monkeypatch.setattr(sys, "argv", ["mini_bert.py", "--data-dir", "unused", "--output", str(output), "--epochs", "1",
                                      "--seeds", "2", "--sizes", "12", "24", "--threads", str(torch.get_num_threads())])
    mini_bert.main()
    found = record.read(output)
    scores = {(row["task"], row["train"], row["system"]): row for row in found["scores"]}
    networks = ("mini", "random")
    assert scores.keys() == {*(("nsmc", size, name) for size in (12, 24) for name in (*networks, "tfidf")),
                             *(("question_pair", 20, name) for name in networks), ("korsts", 24, "tfidf"),
                             *(("korsts", size, name) for size in (0, 24) for name in networks)}
    assert {key: row["seeds"] for key, row in scores.items() if row["seeds"] == 1}.keys() == {
        ("korsts", 24, "tfidf"), *(("nsmc", 24, name) for name in (*networks, "tfidf"))}
    assert {row["against"] for row in found["comparisons"]} == {"random", "tfidf"}
    assert scores["korsts", 0, "mini"]["sd"] == 0  # before training the seed is no matter to the trained one


def test_inputs_are_those_of_the_tokenizer(tokenizer):
    for texts in (["봄비가 내립니다.", "각"], [("봄비가 옵니다.", "우산을 챙기세요."), ("가", "나다라")]):
        made = mini_bert.Texts(tokenizer, texts, max_length=96)
        columns = list(zip(*texts, strict=True)) if isinstance(texts[0], tuple) else [texts]
        expected = tokenizer(*map(list, columns), padding=True, return_tensors="pt")
        batch = made.batch(made.cut())
        assert batch.keys() == expected.keys()
        assert all(batch[name].tolist() == expected[name].tolist() for name in batch)
    long = mini_bert.Texts(tokenizer, ["봄 여름 가을 겨울"], max_length=4).cut()
    assert tokenizer.convert_ids_to_tokens(long[0]) == ["[CLS]", "봄", "여름", "[SEP]"]


def test_gaps_are_filled_with_the_rest_of_the_sentence_cut_as_it_was():
    tokenizer, model = load_encoder("klue-mini-bert", head="masked-lm")
    row = {"register": "reviews", "sentence": "끝까지 [MASK]가 좋았다.", "answer": "연기"}
    found = pretrained_bert.filled(row, tokenizer, model)
    assert (found["hidden"], found["sentence"]) == ("연기가", "끝까지 [MASK] 좋았다.")
    assert len(set(found["five"])) == 5


def test_sources_of_a_corpus_get_their_share_of_an_epoch(tmp_path):
    for name, text in (("reviews", "가 나\n\n다\n\n라"), ("formal", "마\n바 사\n\n아 자 차 카")):
        (tmp_path / f"{name}.txt.gz").write_bytes(gzip.compress(text.encode()))
    lines = {"nsmc": 2, "unlabelled": 1, "law": 2, "rust": 1}
    facts = {"registers": {"reviews": {}, "formal": {}}, "lines": lines, "characters": dict.fromkeys(lines, 9),
             "licences": dict.fromkeys(lines, "MIT")}

    def split(lines, **_):
        return {"input_ids": [line.split() for line in lines]}

    rows = corpus_facts.sources(tmp_path, facts, split, {"reviews": 1, "formal": 2})
    assert [(row["register"], row["source"], row["lines"], row["tokens"]) for row in rows] == [
        ("reviews", "nsmc", 2, 3), ("reviews", "unlabelled", 1, 1), ("formal", "law", 2, 6), ("formal", "rust", 1, 8)]
    assert [row["share"] for row in rows] == [round(tokens / 18, 5) for tokens in (3, 1, 6, 8)]


def test_committed_measurements_are_in_the_form_the_record_writes():
    for name in MINI_MODELS:
        path = ROOT / "benchmarks" / f"{name}.json"
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
