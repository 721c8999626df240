"""Scores with intervals, and what one must know to get them again (lecture 5)."""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import klue_helpers
from klue_helpers.files import write_atomically
from klue_helpers.metrics import Scores
from klue_helpers.tasks import Task
from klue_helpers.tasks.base import Prediction
from klue_helpers.tasks.forms import Columns

LIBRARIES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")
KINDS = ("official", "corrected")
LOW, HIGH = 2.5, 97.5  # percentiles of an interval of 95 %
Summary = dict[str, dict[str, dict[str, Any]]]


def scores_of(task: Task, gold: Sequence[Prediction], predictions: Sequence[Prediction]) -> Scores:
    """Return the scores of predictions, the gold of the task's `gold_form`. Taught in lecture 5."""
    return task.score(task.gold_form.columns(gold), task.prediction_form.columns(predictions))


def summary(task: Task, gold: Sequence[Prediction], runs: Sequence[Sequence[Prediction]], *, rounds: int,
            seed: int = 0) -> Summary:
    """Return the mean score over seeds, its interval and each seed's score. Taught in lecture 5.

    Parameters
    ----------
    gold : one right answer an example.
    runs : for each seed one prediction an example.
    rounds : how often as many examples are drawn anew, with repetition and the same ones for all seeds. The interval
        says how far the mean would move with other examples, not with other seeds.

    Returns
    -------
    ``{"official": {name: {"mean", "low", "high", "seeds"}}, "corrected": {…}}``, × 100; None where not defined.
    """
    single = [asdict(scores_of(task, gold, run)) for run in runs]
    drawn = _drawn(task, gold, runs, rounds, np.random.default_rng(seed))
    table: Summary = {kind: {} for kind in KINDS}
    for kind in KINDS:
        for name in single[0][kind]:
            seeds = [scores[kind][name] for scores in single]
            values = np.array([scores[kind][name] for scores in drawn])
            values = values[~np.isnan(values)]
            low, high = np.percentile(values, [LOW, HIGH]) if len(values) else (np.nan, np.nan)
            table[kind][name] = {"mean": _defined(np.mean(seeds)), "low": _defined(low), "high": _defined(high),
                                 "seeds": [_defined(value) for value in seeds]}
    return table


def _drawn(task: Task, gold: Sequence[Prediction], runs: Sequence[Sequence[Prediction]], rounds: int,
           generator: np.random.Generator) -> list[dict[str, dict[str, float]]]:
    """Return the scores of every draw, each the mean over the runs."""
    draw = _by_example(task, gold, runs) if task.additive else _by_set(task, gold, runs)
    return [draw(generator.integers(len(gold), size=len(gold))) for _ in range(rounds)]


def _by_set(task: Task, gold: Sequence[Prediction],
            runs: Sequence[Sequence[Prediction]]) -> Callable[[np.ndarray], dict[str, dict[str, float]]]:
    right = _arrays(task.gold_form.columns(gold))
    guesses = [_arrays(task.prediction_form.columns(run)) for run in runs]

    def draw(places: np.ndarray) -> dict[str, dict[str, float]]:
        drawn = _taken(right, places)
        scores = [asdict(task.score(drawn, _taken(columns, places))) for columns in guesses]
        return {kind: {name: float(np.mean([one[kind][name] for one in scores])) for name in scores[0][kind]}
                for kind in KINDS}

    return draw


def _by_example(task: Task, gold: Sequence[Prediction],
                runs: Sequence[Sequence[Prediction]]) -> Callable[[np.ndarray], dict[str, dict[str, float]]]:
    """Score every example once: where the score of a set is the mean of its examples', this is the same and faster."""
    singles = [[asdict(scores_of(task, [right], [guess])) for right, guess in zip(gold, run, strict=True)]
               for run in runs]
    means = {kind: {name: np.mean([[one[kind][name] for one in run] for run in singles], axis=0)
                    for name in singles[0][0][kind]} for kind in KINDS}

    def draw(places: np.ndarray) -> dict[str, dict[str, float]]:
        return {kind: {name: float(values[places].mean()) for name, values in means[kind].items()} for kind in KINDS}

    return draw


def _arrays(columns: Columns) -> Columns:
    """Make arrays of the columns of numbers: from these the examples of a draw are taken at once."""
    return {name: np.array(values) if isinstance(values[0], int | float) else values
            for name, values in columns.items()}


def _taken(columns: Columns, places: np.ndarray) -> Columns:
    return {name: values[places] if isinstance(values, np.ndarray) else [values[place] for place in places]
            for name, values in columns.items()}


def defined(scores: Scores) -> dict[str, dict[str, float | None]]:
    """Return scores as JSON can hold them: None where one is not defined."""
    return {kind: {name: _defined(value) for name, value in named.items()} for kind, named in asdict(scores).items()}


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)


def environment() -> dict[str, Any]:
    """Return versions and hardware. Taught in lecture 5."""
    import torch

    on_gpu = torch.cuda.is_available()
    return {
        "versions": {"python": platform.python_version(), "klue_helpers": klue_helpers.__version__,
                     **{name: version(name) for name in LIBRARIES}},
        "hardware": {"machine": platform.machine(), "cores": os.cpu_count(), "threads": torch.get_num_threads(),
                     "gpu": torch.cuda.get_device_name() if on_gpu else None,
                     "processes": int(os.environ.get("WORLD_SIZE", 1))},
    }


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, whole or not at all."""
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write JSON lines, one row a line, whole or not at all."""
    write_atomically(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def score_rows(table: Summary, baseline: dict[str, dict[str, float]]) -> list[list[str]]:
    """Return a row of text a score: name, mean, interval, seeds, baseline; of the corrected ones those that differ."""
    rows = []
    for kind in KINDS:
        for name, one in table[kind].items():
            if kind == "official" or one != table["official"][name]:
                rows.append([name if kind == "official" else f"{name} (corrected)", _show(one["mean"]),
                             f"{_show(one['low'])}~{_show(one['high'])}", ", ".join(map(_show, one["seeds"])),
                             _show(baseline[kind][name])])
    return rows


def markdown(table: Summary, baseline: dict[str, dict[str, float]]) -> str:
    """Return the scores as a Markdown table."""
    lines = ["| 지표 | 점수 | 95% 구간 | 시드별 | 글을 보지 않는 기준 |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in score_rows(table, baseline))])


def _show(value: float | None) -> str:
    return "없음" if value is None or np.isnan(value) else f"{value:.2f}"
