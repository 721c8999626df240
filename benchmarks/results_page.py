"""Write ``book/results.md`` from ``results/*.json`` and ``published.tsv``.

    python benchmarks/results_page.py

The template is ``cards/results.md``, in Jinja. It sees the results by task, each with its model's name, and the
published scores by task. Every subset of the results makes a page, none of them a page that says so.
"""

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import jinja2
import record
from model_card import interval, number, table

from klue_helpers.data import data_set
from klue_helpers.tasks import TASKS
from klue_helpers.training import score_rows

HERE = Path(__file__).parent
RESULTS, PAGE = HERE.parent / "results", HERE.parent / "book" / "results.md"
# What was reported on; the training rows are the rest of what is named here.
ROWS = {
    "test": "공개된 학습 파일로 배우고 공개된 평가 파일 전체로 쟀습니다.",
    "validation": "공개된 학습 파일로 배우고 공개된 검증 파일 전체로 쟀습니다. 평가 파일은 레이블이 없거나 여기에 "
                  "없어서 쓰지 못했습니다.",
    "fifth": "공개된 평가 파일이 여기에 없어서, 학습 파일에서 글이 겹치지 않게 떼어 낸 5분의 1로 쟀습니다. 나머지로 "
             "배웠습니다.",
    "pairs": "공개된 평가 파일이 여기에 없어서, 학습 파일에서 떼어 낸 질문 쌍으로 쟀습니다. 사전 학습의 말뭉치에서도 "
             "뺀 쌍입니다. 나머지로 배웠습니다.",
    "folds": "KLUE의 학습 파일이 여기에 없어서, 검증 파일 하나를 나누어 교차 학습했습니다. 행마다 그 행이 든 겹을 빼고 "
             "배운 모델이 답했습니다. 첫 글이 같은 행은 한 겹에 모았습니다. 공개된 모델보다 훨씬 적은 행으로 배운 "
             "값입니다.",
}
# What a reader must know to read a task's scores. Of 3i4K the training text was in the corpus of the mini models.
REMARKS = {
    "intent": "평가한 글도 레이블 없이 사전 학습의 말뭉치에 들어 있었습니다. 처음 보는 글에서는 점수가 더 "
              "낮을 수 있습니다.",
    "nli": "찍는 것(33.3)보다 조금 높을 뿐입니다. 가설만 본 단순한 분류기가 같은 행에서 39.7을 받으므로(6강 7.1절), 이 "
           "크기의 모델이 이만큼의 행으로 추론을 배웠다고 할 수 없습니다.",
}
SOURCES = {
    "klue": "[KLUE 저장소의 README](https://github.com/KLUE-benchmark/KLUE)(어느 분할인지는 적혀 있지 않음)",
    "koelectra": "[KoELECTRA 저장소의 README](https://github.com/monologg/KoELECTRA)",
    "tf2": "[텐서플로 2와 머신러닝으로 시작하는 자연어 처리의 저장소](https://github.com/NLP-kr/tensorflow-ml-nlp-tf2)",
    "harness": "[lm-evaluation-harness의 PR 303](https://github.com/EleutherAI/lm-evaluation-harness/pull/303)",
    "koalpaca": "[KoAlpaca 저장소의 README](https://github.com/Beomi/KoAlpaca)",
}
METRICS = {"entity_macro_f1": "개체 macro F1", "char_macro_f1": "글자 macro F1", "accuracy": "정확도", "f1": "F1",
           "pearson": "피어슨", "spearman": "스피어만"}
MODELS = {"klue-mini-bert": "[klue-mini-bert](../klue_helpers/models/klue-mini-bert/README.md)"}
REASONS = {"empty": "글이 빈 행", "leaked": "평가에도 있는 행", "reversed": "평가에 두 글의 차례만 바뀌어 있는 행"}


def read_results(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the results by task, in the order of `TASKS`, and of a task by the name of the model."""
    found = defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        found[one["task"]].append(one)
    return {task: sorted(found[task], key=lambda one: one["model"]["name"]) for task in TASKS if task in found}


def read_published(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the published scores by task: model, source, and pairs of metric and score as printed."""
    rows = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            scores = [tuple(one.split("=")) for one in row["scores"].split(", ")]
            rows[row["task"]].append({**row, "scores": scores})
    return dict(rows)


def model(one: dict[str, Any]) -> str:
    """Return the model's name with its version, as a link where it has a card."""
    facts = one["model"]
    name = MODELS.get(facts["name"], f"`{facts['name']}`")
    return f"{name} {facts['version']}판" if facts["version"] else name


def shown(score: dict[str, Any]) -> str:
    """Return a mean with its interval."""
    if score["mean"] is None:
        return "없음"
    return f"{score['mean']:.2f} ({interval([score['low'], score['high']], 2)})"


def overview(results: dict[str, list[dict[str, Any]]]) -> str:
    """Return a row a result with the score that the task stops by."""
    rows = [[TASKS[task].title, model(one), f"`{TASKS[task].goal}`",
             shown(one["scores"]["official"][TASKS[task].goal]),
             f"{one['baseline']['official'][TASKS[task].goal] or 0:.2f}", number(one["counts"]["test"])]
            for task, several in results.items() for one in several]
    return table(["과제", "모델", "지표", "점수(95% 구간)", "글을 보지 않는 기준", "평가한 행"], rows)


def title(task: str) -> str:
    """Return the heading of a task: its title and the data."""
    return f"{TASKS[task].title}: {data_set(TASKS[task].data).title}"


def scores(one: dict[str, Any]) -> str:
    """Return all scores of a result, of the corrected ones those that differ."""
    return table(["지표", "점수", "95% 구간", "시드별", "글을 보지 않는 기준"],
                 [[f"`{name}`" if " " not in name else "`{}` {}".format(*name.split(" ", 1)), *rest]
                  for name, *rest in score_rows(one["scores"], one["baseline"])])


def facts(one: dict[str, Any]) -> str:
    """Return in words how many rows there were, how it was trained and how long that took."""
    counts, settings = one["counts"], one["settings"]
    folds = len(counts["train"])
    rows = (f"평가 {number(counts['test'])}행, 학습 {number(sum(counts['train']) / folds)}행, "
            f"조기 종료 {number(sum(counts['held_out']) / folds)}행" + (f"(겹마다, {folds}겹)" if folds > 1 else ""))
    dropped = [f"{REASONS[reason]} {number(count)}" for reason, count in counts["dropped"].items()]
    cut = {"train": "학습", "test": "평가"}
    dropped += [f"길어서 일부만 읽은 {cut[kind]} 행 {number(count)}" for kind, count in counts["cut"].items() if count]
    seeds = f"시드 {settings['seed']}" + (f"부터 {settings['seeds']}개" if settings["seeds"] > 1 else " 하나")
    recipe = (f"{seeds}, 최대 {settings['epochs']}에포크, 배치 {settings['batch_size']}, 학습률 "
              f"{settings['learning_rate']:g}, 최대 {settings['max_length']}토큰, {precision(one)}"
              + "".join(f", `{name}={value}`" for name, value in one["options"].items()))
    left = f" 학습에서 뺀 행과 자른 행: {', '.join(dropped)}." if dropped else ""
    return (f"{rows}.{left} {recipe}. {number(one['seconds'] / 60)}분 걸렸습니다. 데이터의 sha256은 "
            f"`{one['data_sha256'][:12]}…`입니다.")


def precision(one: dict[str, Any]) -> str:
    """Return the precision that the settings gave on that machine."""
    asked = one["settings"]["precision"]
    half = asked == "bf16" or (asked == "auto" and one["hardware"]["gpu"])
    return ("bf16" if half else "fp32") + (" GPU" if one["hardware"]["gpu"] else " CPU")


def published_table(rows: list[dict[str, Any]]) -> str:
    """Return the published scores of a task, a row a model."""
    names = list(dict.fromkeys(name for row in rows for name, _ in row["scores"]))
    body = [[row["model"], *(" / ".join(value for metric, value in row["scores"] if metric == name) for name in names),
             SOURCES[row["source"]]] for row in rows]
    return table(["모델", *(METRICS.get(name, name) for name in names), "출처"], body)


def throughput_table(found: dict[str, Any]) -> str:
    """Return the speed of both ways of padding and what they got right."""
    ways = {"dynamic": "길이가 비슷한 것끼리, 가장 긴 글까지",
            "max_length": f"모두 {found['settings']['max_length']}토큰까지"}
    return table(["묶음을 채우는 방법", "CPU 1초에 배우는 리뷰", "시계 1초에 배우는 리뷰", "정확도"],
                 [[title, *(number(found["together"][way][unit], 1) for unit in (
                     "examples_per_cpu_second", "examples_per_second")),
                   f"{found['together'][way]['accuracy']:.2f}"] for way, title in ways.items()])


def render(folder: Path = RESULTS) -> str:
    """Return the text of the page."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "cards"), undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    tools = {tool.__name__: tool for tool in (
        overview, title, model, scores, facts, published_table, throughput_table, number, interval)}
    results, published = read_results(folder), read_published(HERE / "published.tsv")
    return environment.get_template("results.md").render(
        results=results, published=published, rows=ROWS, remarks=REMARKS, **tools,
        throughput=record.read(HERE / "throughput.json"),
        tasks=[task for task in TASKS if task in results or task in published])


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
