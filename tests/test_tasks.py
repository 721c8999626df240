"""Classes and scores: rows, features, batches, predictions (lectures 5 and 6)."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import save_encoder

import klue_helpers as kh
from klue_helpers import cli
from klue_helpers.data import CATALOGUE, sample_sizes
from klue_helpers.embeddings import cosine, sentence_vectors
from klue_helpers.metrics.scores import without_defects
from klue_helpers.models import load_encoder
from klue_helpers.tasks import TASKS, collate, load_task
from klue_helpers.tasks.classification import Classification
from klue_helpers.tasks.forms import Form
from klue_helpers.training import check_rows, load_rows, read_rows, reported_split
from klue_helpers.training.results import scores_of
from klue_helpers.training.run import settings_of

CLASSES = [name for name, task in TASKS.items() if type(task).__name__ == "Classification"]
TEXTS = [name for name, task in TASKS.items() if task.goal in ("pearson", "spearman") or name in CLASSES]
LONG = "가나 다라 " * 17_000  # 102,000 characters


@pytest.fixture(scope="module")
def tokenizer():
    return load_encoder("klue-mini-bert").tokenizer


def made_up(task, **values):
    """Return a row with the same text everywhere and the first label."""
    label = {"hate": 0, "score": 2.5, "labels": {"real-label": 2.5}}.get(task.label, 0)
    return {**dict.fromkeys(task.texts, "글입니다"), task.label: label, **values}


def test_an_unknown_task_or_option_names_the_known_ones():
    with pytest.raises(kh.KlueError, match=r"'sentiment'.*ynat.*nsmc"):
        load_task("sentiment")
    with pytest.raises(kh.KlueError, match="marker"):
        load_task("ynat", marker="typed")


@pytest.mark.parametrize("name", TASKS)
def test_tasks_name_columns_that_their_data_have(name):
    task = TASKS[name]
    assert task.name == name and task.data in CATALOGUE
    assert {*task.texts, task.label} <= set(task.features)
    assert task.cpu.epochs and task.gpu.max_length <= 512


@pytest.mark.parametrize("name", TEXTS)
def test_features_end_where_the_network_does_and_say_what_was_cut(name, tokenizer):
    task = TASKS[name]
    rows = [task.check(made_up(task)), task.check(made_up(task, **{task.texts[0]: LONG})),
            task.check(made_up(task, **dict.fromkeys(task.texts, "")))]
    short, long, empty = task.encode(rows, tokenizer, 32)
    assert [len(one.inputs["input_ids"]) for one in (long, empty)] == [32, 1 + len(task.texts)]
    assert [one.cut for one in (short, long, empty)] == [False, True, False]
    assert [one.row for one in (short, long, empty)] == [0, 1, 2]
    text = tokenizer.decode(short.inputs["input_ids"], skip_special_tokens=True)
    assert text == " ".join(["글입니다"] * len(task.texts))
    assert all("labels" in one.inputs for one in (short, long, empty))
    blank = task.check({column: "글" for column in task.texts}, labelled=False)
    assert "labels" not in task.encode([blank], tokenizer, 32)[0].inputs


def test_a_pair_is_cut_at_its_longer_text(tokenizer):
    task = TASKS["nli"]
    row = {"premise": LONG, "hypothesis": "짧은 가설", "label": 1}
    [feature] = task.encode([row], tokenizer, 64)
    second = [token for token, kind in zip(feature.inputs["input_ids"], feature.inputs["token_type_ids"], strict=True)
              if kind]
    assert tokenizer.decode(second, skip_special_tokens=True) == "짧은 가설"


@pytest.mark.parametrize(("kind", "length"), [("Bert", 512), ("Roberta", 512), ("Electra", 512)])
def test_published_architectures_take_the_longest_batch(kind, length, tmp_path):
    """RoBERTa's positions start behind the padding's, and it knows one segment only."""
    task = TASKS["nli"]
    tokenizer, model = task.new_model(save_encoder(tmp_path / kind, kind))
    assert tokenizer.model_max_length == length
    features = task.encode([{"premise": LONG, "hypothesis": "가설", "label": 2}], tokenizer, length)
    assert len(features[0].inputs["input_ids"]) == length
    assert ("token_type_ids" in features[0].inputs) == (kind != "Roberta")
    with torch.inference_mode():
        outputs = model(**collate([features[0].inputs], tokenizer))
    assert outputs.logits.shape == (1, 3) and outputs.loss.isfinite()
    assert model.config.id2label[2] == "contradiction"


def test_a_batch_is_as_long_as_its_longest_text(tokenizer):
    inputs = [{"input_ids": [2, 7, 3], "labels": [5, 6, 7], "heads": [1]},
              {"input_ids": [2, 3], "labels": [8, 9], "heads": [2, 0, 1, 4]}]
    batch = collate(inputs, tokenizer)
    assert batch["input_ids"].tolist() == [[2, 7, 3], [2, 3, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["labels"].tolist() == [[5, 6, 7], [8, 9, -100]]
    assert batch["heads"].tolist() == [[1, -100, -100, -100], [2, 0, 1, 4]]
    wide = collate(inputs, tokenizer, length=5)
    assert wide["input_ids"].shape == wide["labels"].shape == (2, 5) and wide["labels"][0, 3:].tolist() == [-100, -100]
    assert collate([{"input_ids": [2], "labels": 1.5}], tokenizer)["labels"].tolist() == [1.5]


def test_the_likeliest_label_is_predicted_by_name():
    task = TASKS["ynat"]
    [prediction] = task.decode([np.array([0, 0, 0, np.log(4), 0, 0, 0])], [], [{}])
    assert prediction == {"label": "생활문화", "probs": [0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1]}
    assert task.gold({"label": 6}) == {"label": "정치"}


def test_label_0_of_a_question_pair_is_the_same_question():
    task = TASKS["paraphrase"]
    same = next(row for row in load_rows(task, "sample", "train") if task.gold(row)["label"] == "same")
    assert same["label"] == 0
    assert task.decode([np.array([1.0, 0.0])], [], [{}])[0]["label"] == "same"


def test_scores_stay_within_bounds():
    task = TASKS["sts"]
    assert [one["score"] for one in task.decode([np.array([7.0]), np.array([-1.0]), np.array([2.25])], [], [])] == [
        5.0, 0.0, 2.25]
    assert task.gold({"labels": {"label": 3.0, "real-label": 2.97}}) == {"score": 2.97}
    row = {"sentence1": "가", "sentence2": "나", "labels": 4}
    assert task.target(task.check(row)) == {"labels": 4.0}, "a file of one's own may hold the bare score"


def test_texts_read_apart_are_scored_by_the_cosine_of_their_mean_vectors():
    task = load_task("korsts", pairing="bi")
    rows = [{"sentence1": "비가 온다", "sentence2": "아침부터 비가 세차게 내린다", "score": 4.0},
            {"sentence1": "비가 온다", "sentence2": "비가 온다", "score": 5.0}]
    tokenizer, model = task.new_model("klue-mini-bert")
    features = task.encode(rows, tokenizer, 32)
    batch = collate([one.inputs for one in features], tokenizer)
    with torch.inference_mode():
        outputs = model(**batch)
    vectors = [sentence_vectors(load_encoder("klue-mini-bert"), [row[name] for row in rows]) for name in task.texts]
    expected = [5 * cosine(left[None], right[None])[0, 0] for left, right in zip(*vectors, strict=True)]
    assert outputs.logits[:, 0].tolist() == pytest.approx(expected, abs=1e-4) and expected[1] == pytest.approx(5)
    assert outputs.loss.item() == pytest.approx((expected[0] / 5 - 0.8) ** 2 / 2, abs=1e-5)
    assert [one["score"] for one in task.decode(task.read(outputs, batch, features), features, rows)][1] == 5.0
    [cut] = task.encode([{**rows[0], "sentence2": LONG}], tokenizer, 32)
    assert cut.cut and len(cut.inputs["second_ids"]) == 32 > len(cut.inputs["input_ids"])


def test_the_small_profile_reads_the_texts_apart_unless_told_otherwise():
    assert settings_of("sts", {}, "cpu")[0].pairing == "bi"
    assert settings_of("sts", {}, "gpu")[0].pairing == "cross"
    assert settings_of("sts", {"pairing": "cross"}, "cpu")[0].pairing == "cross"
    assert settings_of(load_task("sts", pairing="cross"), {}, "cpu")[0].pairing == "cross"


def test_the_trivial_guess_is_the_commonest_label_and_the_mean_score():
    rows = [{"label": 0}, {"label": 1}, {"label": 1}]
    assert TASKS["nsmc"].trivial(rows, [{}, {}]) == [{"label": "positive", "probs": [1 / 3, 2 / 3]}] * 2
    assert TASKS["korsts"].trivial([{"score": 1.0}, {"score": 4.0}], [{}]) == [{"score": 2.5}]


@pytest.mark.parametrize(("name", "row", "part"), [
    ("ynat", {"text": "제목", "label": "경제"}, "'title' 열이 없습니다. 있는 열: text, label"),
    ("ynat", {"title": "제목"}, "'label' 열이 없습니다"),
    ("ynat", {"title": "제목", "label": "날씨"}, "모르는 레이블이 있습니다: '날씨'. 쓸 수 있는 레이블: IT과학"),
    ("ynat", {"title": "제목", "label": 7}, "모르는 레이블이 있습니다: 7"),
    ("ynat", {"title": "제목", "label": True}, "모르는 레이블이 있습니다: True"),
    ("ynat", {"title": 3, "label": 0}, "글이 있어야 하는데 3"),
    ("ynat", {"title": None, "label": 0}, "글이 있어야 하는데 None"),
    ("ynat", {"title": "\ud83d", "label": 0}, "깨진 글자"),
    ("sts", {"sentence1": "가", "sentence2": "나", "labels": {"label": 3.0}}, "0에서 5 사이의 수"),
    ("sts", {"sentence1": "가", "sentence2": "나", "labels": 5.5}, "0에서 5 사이의 수"),
    ("korsts", {"sentence1": "가", "sentence2": "나", "score": "3"}, "0에서 5 사이의 수"),
    ("korsts", {"sentence1": "가", "sentence2": "나", "score": float("nan")}, "0에서 5 사이의 수"),
])
def test_a_wrong_row_is_told_with_its_place(name, row, part, tmp_path):
    task = TASKS[name]
    with pytest.raises(kh.KlueError) as error:
        check_rows(task, [task.check(made_up(task)), row], "자료")
    assert part in str(error.value) and "자료 2번째 행" in str(error.value)


@pytest.mark.parametrize(("content", "part"), [
    ("", "비어 있습니다"), ("\n \n", "비어 있습니다"), ("{", "1행이 JSON 객체가 아닙니다"),
    ('{"title": "가", "label": 0}\n[1]', "2행이 JSON 객체가 아닙니다"),
    ('\n{"title": "가", "label": "없음"}', "2행: 'label' 열에 모르는"),
])
def test_a_wrong_file_is_told_with_its_line(content, part, tmp_path):
    path = tmp_path / "자료.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(kh.KlueError, match=part):
        read_rows(TASKS["ynat"], path)


def test_files_in_other_encodings_are_refused_and_marks_are_taken_off(tmp_path):
    path = tmp_path / "자료.jsonl"
    path.write_bytes('{"title": "가나", "label": "경제"}'.encode("cp949"))
    with pytest.raises(kh.KlueError, match="UTF-8"):
        read_rows(TASKS["ynat"], path)
    path.write_bytes('\ufeff{"title": "가나\u2028다", "label": "경제"}\r\n'.encode())
    assert read_rows(TASKS["ynat"], path) == [{"title": "가나\u2028다", "label": 1}]
    with pytest.raises(kh.KlueError, match="읽지 못했습니다"):
        read_rows(TASKS["ynat"], tmp_path / "없음.jsonl")


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if sample_sizes(CATALOGUE[task.data])])
def test_gold_and_predictions_are_what_klue_score_reads(name):
    task = TASKS[name]
    train, test = load_rows(task, "sample", "train"), load_rows(task, "sample", reported_split(task, "sample", None))
    sides = [task.gold(row) for row in test], task.trivial(train, test)
    forms = task.gold_form, task.prediction_form
    read = [[form.read(json.dumps(one), "여기") for one in side] for form, side in zip(forms, sides, strict=True)]
    columns = [{name: [row[name] for row in rows] for name in rows[0]} for rows in read]
    ours = scores_of(task, *sides)
    for kind in ("official", "corrected"):
        assert getattr(ours, kind) == pytest.approx(getattr(task.score(*columns), kind), nan_ok=True)
    assert task.goal in ours.official and len(sides[0]) == len(sides[1]) == len(test)


@dataclass(frozen=True, kw_only=True)
class Praise(Classification):
    """A kind of task that the package does not know: its own file form and its own metric."""

    def gold(self, row):
        return {"praise": bool(row[self.label])}

    def decode(self, readouts, features, rows):
        return [{"praise": bool(logits.argmax())} for logits in readouts]

    def trivial(self, train, rows):
        return [{"praise": True}] * len(rows)

    @property
    def gold_form(self):
        return Form({"praise": bool}, '{"praise": true}')

    def metrics(self, gold, predicted):
        same = [one == other for one, other in zip(gold["praise"], predicted["praise"], strict=True)]
        return without_defects({"agreement": 100 * sum(same) / len(same)})


def test_a_new_kind_of_task_needs_its_class_and_one_line_of_the_registry(tiny_encoder, tmp_path, capfd, monkeypatch):
    """CONTRIBUTING's two places: trained, evaluated, predicted with and scored, nothing else knows of it."""
    nsmc = TASKS["nsmc"]
    monkeypatch.setitem(TASKS, "praise", Praise(name="praise", title="칭찬", data="nsmc", texts=nsmc.texts,
                                                label="label", goal="agreement", cpu=nsmc.cpu, gpu=nsmc.gpu))
    out = tmp_path / "out"
    settings = ["epochs=1", "max_train=40", "max_test=10", "max_length=16", "rounds=10"]
    words = [word for item in settings for word in ("--set", item)]
    assert cli.main(["train", "praise", "--encoder", tiny_encoder, "--output", str(out), *words]) == 0
    assert cli.main(["predict", str(out), "좋아요"]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[-1])["praise"] in (True, False)
    assert cli.main(["score", "praise", str(out / "gold.jsonl"), str(out / "predictions-42.jsonl")]) == 0
    agreement = json.loads((out / "results.json").read_text(encoding="utf-8"))["scores"]["official"]["agreement"]
    assert json.loads(capfd.readouterr().out)["official"] == {"agreement": pytest.approx(agreement["mean"], abs=1e-5)}


def test_the_tasks_are_listed_in_the_registry_and_nowhere_else():
    """No dictionary, list or tuple of the package has a place for each task; a few names together are no list."""
    package = Path(kh.__file__).parent
    for path in package.rglob("*.py"):
        if path.parent.name in ("data", "exercises") or path.name in ("registry.py", "recipe.py", "gpu_estimate.py"):
            continue  # these name data sets: readers, schemas, whose rows no model may read, how long texts are
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
            named = {item.value for item in items if isinstance(item, ast.Constant)} & set(TASKS)
            assert len(named) < 6, f"{path.name}, line {node.lineno} lists {named}"


def test_typed_texts_become_a_row():
    assert TASKS["nli"].row_of(["전제", "가설"]) == {"premise": "전제", "hypothesis": "가설"}
    with pytest.raises(kh.KlueError, match=r"2개\(premise, hypothesis\) 받는데 1개"):
        TASKS["nli"].row_of(["전제"])
