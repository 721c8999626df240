"""The page of results and the measuring behind it (lectures 5 to 7)."""

import json
import sys

import pytest
from conftest import ROOT

import klue_helpers as kh
from klue_helpers.models import MINI_MODELS
from klue_helpers.tasks import TASKS
from klue_helpers.training import finetune

sys.path.insert(0, str(ROOT / "benchmarks"))

import real_data
import results_page

QUICK = ("epochs=1", "seeds=1", "max_length=24", "max_train=40", "max_test=30", "rounds=20")


@pytest.fixture
def measured(tiny_encoder, tmp_path, monkeypatch):
    """Measure tasks on the samples with a tiny encoder; return the results by the name of their file."""
    def on_sample(task, **options):
        calls.append(task)
        if options["source"] == "local":
            options |= {"source": "sample", "split": None}
        return finetune(task, **options)

    def measure(*words):
        calls.clear()
        settings = [word for item in QUICK for word in ("--set", item)]
        monkeypatch.setattr(sys, "argv", [
            "real_data.py", "unused", *words, "--model", tiny_encoder, *settings, "--results", str(tmp_path / "결과"),
            "--work", str(tmp_path / "학습")])
        real_data.main()
        return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "결과").iterdir()}

    calls = measure.calls = []
    measure.folder = tmp_path / "결과"
    monkeypatch.setattr(real_data, "finetune", on_sample)
    return measure


def test_the_page_is_what_results_and_template_give():
    written = (ROOT / "book" / "results.md").read_text(encoding="utf-8")
    assert written == results_page.render(), "run: python benchmarks/results_page.py"


def test_results_name_known_tasks_rows_and_weights_of_today():
    for path in results_page.RESULTS.glob("*.json"):
        one = json.loads(path.read_text(encoding="utf-8"))
        assert path.stem == f"{one['task']}-{one['model']['name'].replace('/', '-')}"
        assert one["rows"] == real_data.PLANS[one["task"]].rows and one["rows"] in results_page.ROWS
        if one["model"]["name"] in MINI_MODELS:
            weights = real_data.model_facts(one["model"]["name"])["sha256"]
            assert one["model"]["sha256"] == weights, f"measure {path.name} again"


def test_published_scores_belong_to_tasks_and_have_a_source():
    published = results_page.read_published(ROOT / "benchmarks" / "published.tsv")
    assert set(published) <= set(TASKS)
    for row in (row for rows in published.values() for row in rows):
        assert row["source"] in results_page.SOURCES and all(0 < float(value) < 100 for _, value in row["scores"])


def test_a_page_without_results_says_so(tmp_path):
    page = results_page.render(tmp_path)
    assert "아직 잰 것이 없습니다" in page and "89.59" in page and "글을 보지 않는 기준" not in page


@pytest.mark.slow
def test_tasks_are_measured_once_and_shown(measured, tiny_encoder):
    found = measured("hate", "sts")
    assert measured.calls == ["hate", "sts"] and len(found) == 2
    one = next(one for one in found.values() if one["task"] == "hate")
    assert one["rows"] == "validation" and len(one["model"]["sha256"]) == 64 and one["settings"]["epochs"] == 1
    assert str(measured.folder.parent) not in json.dumps(one), "a path of this machine"
    assert len(next(one for one in found.values() if one["task"] == "sts")["counts"]["train"]) == 10
    assert measured("hate") == found and measured.calls == []
    measured("hate", "--set", "batch_size=8")
    assert measured.calls == ["hate"], "other settings are measured anew"
    page = results_page.render(measured.folder)
    score = one["scores"]["official"]["macro_f1"]["mean"]
    assert "아직 잰 것이 없습니다" not in page and f"{score:.2f}" in page and results_page.ROWS["folds"] in page
    assert page.index("문장 의미 유사도: ") < page.index("혐오 표현 분류: ")


def test_unknown_tasks_are_refused(measured, capsys):
    with pytest.raises(SystemExit):
        measured("없는과제")
    assert "unknown task 없는과제" in capsys.readouterr().err


def test_question_pairs_are_parted_without_a_pair_on_both_sides(tmp_path, monkeypatch):
    rows = kh.load_data("question_pair")["train"].select(range(12)).to_list()
    rows[5] = {**rows[0], "question1": rows[0]["question2"], "question2": rows[0]["question1"]}
    data = {"train": type("Rows", (), {"to_list": lambda self: rows})()}
    monkeypatch.setattr(real_data, "load_data", lambda *_, **__: data)
    monkeypatch.setattr(real_data, "pair_test_rows", lambda count: real_data.torch.tensor([0, 7]).numpy())
    assert real_data.part_pairs(tmp_path, tmp_path) == 1
    train, test = ([json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
                   for name in ("train", "test"))
    assert test == [rows[0], rows[7]] and train == [row for at, row in enumerate(rows) if at not in (0, 5, 7)]


def test_facts_tell_of_dropped_rows_seeds_and_precision():
    one = {"counts": {"train": [9, 11], "held_out": [1, 1], "test": 1234, "dropped": {"leaked": 3},
                      "cut": {"train": 0, "test": 2}},
           "settings": {"seed": 42, "seeds": 3, "epochs": 6, "batch_size": 32, "learning_rate": 3e-4, "max_length": 128,
                        "precision": "auto"},
           "options": {"pairing": "bi"}, "hardware": {"gpu": None}, "seconds": 600, "data_sha256": "0123456789abcdef"}
    text = results_page.facts(one)
    assert text.startswith("평가 1,234행, 학습 10행, 조기 종료 1행(겹마다, 2겹). ")
    assert "학습에서 뺀 행과 자른 행: 평가에도 있는 행 3, " in text
    assert "길어서 일부만 읽은 평가 행 2." in text and "시드 42부터 3개, 최대 6에포크" in text
    assert "0.0003, 최대 128토큰, fp32 CPU, `pairing=bi`. 10분" in text and "`0123456789ab…`" in text
