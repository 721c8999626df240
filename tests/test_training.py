"""`finetune`: parts of the data, order of predictions, stopping, going on, results (lecture 5)."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers.files import LOCK
from klue_helpers.tasks import TASKS, load_task
from klue_helpers.training import (
    finetune,
    finetune_settings,
    load_model,
    load_rows,
    predict_rows,
    reported_split,
    training_parts,
)
from klue_helpers.training.loop import TIE
from klue_helpers.training.predict import Predictor
from klue_helpers.training.results import summary
from klue_helpers.training.rows import data_hash, deal
from klue_helpers.training.state import last_checkpoint

QUICK = {"epochs": 2, "batch_size": 8, "max_length": 24, "max_train": 40, "max_test": 30, "rounds": 20}
NSMC, NLI = TASKS["nsmc"], TASKS["nli"]


def settings(**changes):
    return replace(finetune_settings(NSMC), **changes)


def reviews(*texts, label=None):
    return [{"id": str(at), "document": text, "label": at % 2 if label is None else label}
            for at, text in enumerate(texts)]


def write(folder, **splits):
    folder.mkdir(exist_ok=True)
    for split, rows in splits.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    return str(folder)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=60), st.integers(2, 5),
       st.integers(0, 99))
def test_parts_hold_equal_texts_together_and_share_the_labels(pairs, parts, seed):
    rows = [{"document": f"글 {text}", "label": label} for text, label in pairs]
    texts = {row["document"] for row in rows}
    if len(texts) < parts:
        with pytest.raises(kh.KlueError, match="나눌 수 없습니다"):
            deal(NSMC, rows, parts, seed=seed)
        return
    part = deal(NSMC, rows, parts, seed=seed)
    assert part == deal(NSMC, rows, parts, seed=seed) and set(part) == set(range(parts))
    for text in texts:
        assert len({at for row, at in zip(rows, part, strict=True) if row["document"] == text}) == 1
    first = {text: next(row["label"] for row in rows if row["document"] == text) for text in texts}
    for label in (0, 1):
        shares = Counter(dict(zip((row["document"] for row in rows), part, strict=True))[text]
                         for text in texts if first[text] == label)
        assert max(shares.values(), default=0) - min((shares[at] for at in range(parts)), default=0) <= 1


def test_rows_that_are_reported_or_empty_are_left_out_and_counted(tmp_path):
    train = reviews("좋아요", "별로예요", " ", "두 번 봤어요", "아까워요", "최고", "최악", "글쎄요", "볼만해요",
                    "졸려요")
    source = write(tmp_path / "own", train=train, test=reviews("두번 봤어요", "졸려요", ""))
    rows, [parts] = training_parts(NSMC, source, settings(held_out=4), split="test")
    assert parts.dropped == {"empty": 1, "leaked": 2}
    assert len(parts.train) + len(parts.held_out) == 7 and len(rows) == len(parts.test) == 3
    assert not {row["document"] for row in parts.train} & {row["document"] for row in parts.held_out}


def test_nothing_reported_is_trained_or_stopped_on():
    rows, [parts] = training_parts(NLI, "sample", finetune_settings(NLI), split="validation")
    assert rows == load_rows(NLI, "sample", "validation") == parts.test
    assert not {row["guid"] for row in rows} & {row["guid"] for row in [*parts.train, *parts.held_out]}
    premises = [{row["premise"] for row in part} for part in (parts.train, parts.held_out)]
    assert not premises[0] & premises[1], "three hypotheses of a premise stay on one side"


def test_folds_predict_every_row_once_from_the_others():
    rows, folds = training_parts(NLI, "sample", replace(finetune_settings(NLI), folds=3), split="validation")
    assert sorted(place for fold in folds for place in fold.places) == list(range(len(rows)))
    for fold in folds:
        assert [rows[place] for place in fold.places] == fold.test
        known = {row["premise"] for row in [*fold.train, *fold.held_out]}
        assert not known & {row["premise"] for row in fold.test}
        assert len(fold.train) + len(fold.held_out) + len(fold.test) == len(rows)


def test_without_a_split_of_its_own_a_fifth_is_reported_on_whatever_the_seed():
    task = TASKS["sae"]
    first, [parts] = training_parts(task, "sample", settings(seed=1), split="train")
    again, _ = training_parts(task, "sample", settings(seed=2), split="train")
    assert first == again and len(first) == 40 and len(parts.train) + len(parts.held_out) == 160


@pytest.mark.parametrize(("splits", "part"), [
    ({"train": reviews("가", "나", "다", label=1), "test": reviews("라")}, "레이블이 모두 같아"),
    ({"train": reviews("가", "나"), "test": reviews("라")}, "나눌 수 없습니다"),
    ({"train": [], "test": reviews("라")}, "비어 있습니다"),
    ({"train": reviews("라", " ", "라"), "test": reviews("라")}, "글이 빈 행 1, 평가에도 있는 행 2"),
    ({"train": reviews("가", "나"), "test": []}, "비어 있습니다"),
    ({}, "데이터를 찾지 못했습니다"),
])
def test_data_that_cannot_be_learnt_from_are_refused(splits, part, tmp_path):
    source = write(tmp_path / "own", **splits)
    with pytest.raises(kh.KlueError, match=part):
        training_parts(NSMC, source, settings(), split=reported_split(NSMC, source, None))


def test_a_reported_split_of_one_class_is_scored(tmp_path, tiny_encoder):
    """Stated behaviour: the score is that of the one class, and the guess that reads nothing may reach 100."""
    source = write(tmp_path / "own", train=reviews(*(f"글 {at}" for at in range(20))),
                   test=reviews("하나", "둘", label=0))
    done = finetune("nsmc", source=source, encoder=tiny_encoder, say=lambda line: None, **QUICK)
    assert done.baseline["official"]["accuracy"] in (0, 100) and len(done.predictions) == 2
    assert done.scores["official"]["accuracy"]["mean"] in (0, 50, 100)


@pytest.mark.parametrize(("changes", "part"), [
    ({"source": "cloud"}, "'cloud'에서 데이터를 찾지"), ({"split": "dev"}, "없는 분할입니다: 'dev'"),
    ({"encoder": "klue-maxi-bert"}, "klue-mini-bert"), ({"epoch": 3}, "'epochs'"), ({"epochs": 0}, "epochs의 범위"),
    ({"held_out": 1000}, "나눌 수 없습니다"), ({"task": "mood"}, "'mood'"),
])
def test_mistakes_are_told(changes, part, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(kh.KlueError, match=part):
        finetune(**{"task": "nsmc", "say": lambda line: None, **changes})


def test_predictions_keep_the_order_of_the_rows(tiny_encoder):
    tokenizer, model = NSMC.new_model(tiny_encoder)
    rows = [{"document": text * times} for times in (9, 1, 5, 2) for text in ("좋아요 ", "별로 ", "ㅋㅋ")]
    whole = predict_rows(NSMC, model, tokenizer, rows, max_length=64)
    alone = [predict_rows(NSMC, model, tokenizer, [row], max_length=64).predictions[0] for row in rows]
    assert len({str(one) for one in alone}) > 6, "the rows must differ for their order to matter"
    assert whole.loss is None and whole.cut == 0
    for one, other in zip(whole.predictions, alone, strict=True):
        assert one["probs"] == pytest.approx(other["probs"], abs=1e-5)


def test_loss_and_cut_rows_are_counted(tiny_encoder):
    tokenizer, model = NSMC.new_model(tiny_encoder)
    found = Predictor(NSMC, tokenizer, reviews("짧다", "길다 " * 100), 16)(model)
    assert found.cut == 1 and 0.3 < found.loss < 1.5


def test_the_interval_is_of_the_rows_and_the_mean_of_the_seeds():
    gold = [{"label": "positive"}] * 50 + [{"label": "negative"}] * 50
    right = [{**one, "probs": []} for one in gold]
    half = [{"label": "positive"}] * 100
    one = summary(NSMC, gold, [right, half], rounds=200)["official"]["accuracy"]
    assert one["seeds"] == [100.0, 50.0] and one["mean"] == 75.0
    assert 68 < one["low"] < 72 and 78 < one["high"] < 82  # half of ± 10, the interval of 50 of 100
    assert summary(NSMC, gold, [right], rounds=200)["official"]["accuracy"]["low"] == 100.0


def test_an_undefined_score_is_none():
    gold = [{"score": 1.0}, {"score": 2.0}]
    table = summary(TASKS["sts"], gold, [[{"score": 3.0}] * 2], rounds=10)
    assert table["official"]["pearson"] == {"mean": None, "low": None, "high": None, "seeds": [None]}


def test_finetune_leaves_model_predictions_and_results(tmp_path, tiny_encoder):
    lines = []
    done = finetune("nsmc", encoder=tiny_encoder, output=tmp_path / "나온 것", say=lines.append, seeds=2, **QUICK)
    assert {path.name for path in (tmp_path / "나온 것").iterdir()} == {
        "gold.jsonl", "model", "predictions-42.jsonl", "predictions-43.jsonl", "results.json", "seed-42", "seed-43",
        "settings.json", LOCK}
    results = json.loads((tmp_path / "나온 것" / "results.json").read_text(encoding="utf-8"))
    assert results == done.results and len(results["data_sha256"]) == 64
    assert results["versions"]["transformers"] and results["hardware"]["processes"] == 1
    assert {name: results["counts"][name] for name in ("train", "held_out", "test", "dropped")} == {
        "train": [36], "held_out": [4], "test": 30, "dropped": {}}
    assert len(results["scores"]["official"]["accuracy"]["seeds"]) == 2
    assert len(done.predictions) == 30 and [row["epoch"] for row in done.history] == [1.0, 2.0]
    assert "accuracy" in done._repr_markdown_() and any("시드 43" in line for line in lines)
    again = load_model(tmp_path / "나온 것")
    rows = load_rows(NSMC, "sample", "test")[:5]
    assert again.predict(rows).predictions == done.predict([{"document": row["document"]} for row in rows]).predictions
    assert again.encoder == tiny_encoder and again.max_length == 24


def test_a_stopped_run_goes_on_and_a_finished_one_is_only_shown(tmp_path, tiny_encoder):
    class Stop(Exception):
        pass

    def stop(line):
        if "10/" in line:  # the second evaluation; the checkpoint of the first is there
            raise Stop

    def run(name, say):
        return finetune("nsmc", encoder=tiny_encoder, output=tmp_path / name, say=say, **{**QUICK, "epochs": 4})

    with pytest.raises(Stop):
        run("broken", stop)
    folder = tmp_path / "broken" / "seed-42"
    assert last_checkpoint(folder, print).endswith("checkpoint-5")
    (folder / "checkpoint-7").mkdir()  # as a kill in the midst of writing leaves it
    lines = []
    broken = run("broken", lines.append)
    assert "10/20" in lines[0] and not (folder / "checkpoint-7").exists()
    whole = run("whole", lambda line: None)
    assert broken.predictions == whole.predictions and broken.history == whole.history
    kept, new = (safetensors.torch.load_file(tmp_path / name / "model" / "model.safetensors")
                 for name in ("broken", "whole"))
    assert all(torch.equal(kept[name], new[name]) for name in kept)
    lines.clear()
    assert run("broken", lines.append).predictions == whole.predictions and not lines
    with pytest.raises(kh.KlueError, match=r"다르게 시작한 학습이 있습니다: settings"):
        finetune("nsmc", encoder=tiny_encoder, output=tmp_path / "broken", **{**QUICK, "epochs": 5})


def test_training_stops_when_the_held_out_score_no_longer_rises(tiny_encoder):
    """A rate of 1 ruins the network: two evaluations after the best one, nothing better having come, is the end."""
    done = finetune("nsmc", encoder=tiny_encoder, say=lambda line: None, learning_rate=1.0, patience=2,
                    **{**QUICK, "epochs": 12})
    ranks = [row["held_out"] - TIE * row["held_out_loss"] for row in done.history]
    assert len(ranks) == ranks.index(max(ranks)) + 3 < 12 and done.results["best"] == "seed-42"


@pytest.mark.slow
def test_dynamic_padding_trains_like_padding_to_the_limit(tiny_encoder):
    """The same first loss within rounding: padding is masked everywhere."""
    losses = [finetune("nsmc", encoder=tiny_encoder, padding=padding, say=lambda line: None, learning_rate=1e-7,
                       **{**QUICK, "epochs": 1, "batch_size": 64}).history[0]["held_out_loss"]
              for padding in ("dynamic", "max_length")]
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)


def test_the_hash_is_of_the_content():
    rows = reviews("가", "나")
    assert data_hash(rows) == data_hash([dict(reversed(row.items())) for row in rows])
    assert data_hash(rows) != data_hash(reviews("가", "다"))


def test_a_task_with_options_is_told_by_its_folder(tmp_path):
    with pytest.raises(kh.KlueError, match="미세 조정한 모델이 없습니다"):
        load_model(tmp_path)
    assert load_task("nsmc") == NSMC and np.isfinite(NSMC.gpu.learning_rate)
