"""`klue score`: the metrics of any system's predictions, from two files of JSON lines (operations, taught nowhere)."""

import json
import math
from pathlib import Path
from typing import Any

from klue_helpers.course.report import say
from klue_helpers.errors import KlueError
from klue_helpers.tasks import load_task
from klue_helpers.tasks.forms import Example, Form

BOM = "\ufeff"


def score_command(task: str, gold: str, predicted: str) -> None:
    """Print one JSON object with the official and the corrected metrics; null for one that is not defined.

    Raises
    ------
    KlueError : an unknown task, a file that is missing or not as it should be, with the number of the line.
    """
    known = load_task(task)
    paths, forms = (Path(gold), Path(predicted)), (known.gold_form, known.prediction_form)
    sides = [_rows(path, form) for path, form in zip(paths, forms, strict=True)]
    _compare(paths, sides, known.gold_form.aligned)
    columns = [{name: [row[name] for row in rows] for name in rows[0]} for rows in sides]
    scores = known.score(*columns)
    say(json.dumps({"official": _defined(scores.official), "corrected": _defined(scores.corrected)}))


def _rows(path: Path, form: Form) -> list[Example]:
    """Read a file line by line. Only a line feed ends a line: a string may hold the other separators of Unicode."""
    text = _text(path)
    if text.startswith(BOM):
        raise KlueError(f"{path} 1행: 맨 앞에 BOM이 있습니다. BOM 없는 UTF-8로 다시 저장하세요.")
    if not text.strip():
        raise KlueError(f"{path}: 빈 파일입니다. 한 줄에 문제 하나씩 {form.example}처럼 쓰세요.")
    return [form.read(line, f"{path} {number}행") for number, line in enumerate(text.rstrip().split("\n"), start=1)]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise KlueError(f"파일이 없습니다: {path}. 경로의 철자를 확인하세요.") from error
    except OSError as error:
        raise KlueError(f"{path} 파일을 읽지 못했습니다({error.strerror}). 읽을 수 있는 파일을 주세요.") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise KlueError(f"{path} {line}행: UTF-8이 아닌 글자가 있습니다. UTF-8로 다시 저장하세요.") from error


def _compare(paths: tuple[Path, Path], sides: list[list[Example]], aligned: tuple[str, ...]) -> None:
    """Raise KlueError where the two files do not go together line by line."""
    sizes = [len(rows) for rows in sides]
    if sizes[0] != sizes[1]:
        short = sizes.index(min(sizes))
        raise KlueError(f"{paths[short]} {min(sizes) + 1}행이 없습니다: 정답 {sizes[0]}줄, 예측 {sizes[1]}줄입니다. "
                        "같은 줄이 같은 문제가 되도록 두 파일을 맞추세요.")
    for number, (row, guess) in enumerate(zip(*sides, strict=True), start=1):
        for name in aligned:
            if len(row[name]) != len(guess[name]):
                raise KlueError(f"{paths[1]} {number}행: {name}의 길이가 정답은 {len(row[name])}인데 예측은 "
                                f"{len(guess[name])}입니다. 정답 파일({paths[0]})의 같은 줄에 맞추세요.")


def _defined(scores: dict[str, float]) -> dict[str, Any]:
    return {name: None if math.isnan(value) else value for name, value in scores.items()}
