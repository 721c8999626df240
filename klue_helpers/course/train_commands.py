"""`klue train`, `klue evaluate`, `klue predict`: tasks from the shell (operations)."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klue_helpers.configure import PROFILES
from klue_helpers.course.report import complain, say, table
from klue_helpers.errors import KlueError
from klue_helpers.options import parse_override

if TYPE_CHECKING:
    from klue_helpers.tasks.base import Row
    from klue_helpers.training import TaskModel

REASONS = {"empty": "글이 비어서 뺀 행", "leaked": "평가에도 있어서 뺀 행"}
OWN_OPTIONS = ("seed", "seeds", "folds", "adapter")  # settings with an option of their own


def train_command(arguments: argparse.Namespace) -> None:
    """Fine-tune a task and print its scores. Raises KlueError for a mistake of the user's."""
    overrides = dict(parse_override(text) for text in arguments.overrides)
    for name in OWN_OPTIONS:
        if name in overrides:
            raise KlueError(f"--set으로는 {name} 값을 정할 수 없습니다. --{name} 옵션을 쓰세요.")
    if arguments.profile not in PROFILES:
        raise KlueError(f"알 수 없는 프로필입니다: {arguments.profile!r}. {', '.join(PROFILES)} 가운데 하나를 쓰세요.")
    output = Path(arguments.output or f"_build/train/{arguments.task}")
    _prepare()
    from klue_helpers.training import finetune, leave, process

    done = finetune(arguments.task, encoder=arguments.encoder, source=arguments.source, split=arguments.split,
                    data_dir=arguments.data_dir, output=output, profile=arguments.profile, say=say,
                    seed=arguments.seed, seeds=arguments.seeds, folds=arguments.folds,
                    adapter=arguments.adapter, **overrides)
    if process()[0] == 0:
        _show_counts(done.results["counts"])
        _show_scores(done.scores, done.results["baseline"])
        say(f"모델(model), 예측(predictions-*.jsonl), 점수(results.json)를 {output} 폴더에 저장했습니다.")
    leave()


def evaluate_command(arguments: argparse.Namespace) -> None:
    """Score a saved model on a split or a file. Raises KlueError for a mistake of the user's."""
    _prepare()
    from klue_helpers import training

    training.join()
    model = training.load_model(arguments.model)
    if arguments.file:
        rows = training.read_rows(model.task, Path(arguments.file))
    else:
        split = training.reported_split(model.task, arguments.source, arguments.split)
        rows, _ = training.reported_rows(model.task, arguments.source, split, data_dir=arguments.data_dir)
    found, scores, baseline = training.evaluate(model, rows)
    training.leave()
    if training.process()[0] > 0:
        return
    if arguments.output:
        training.write_lines(Path(arguments.output), found.predictions)
    say(f"{len(rows):,}행으로 쟀습니다.")
    _tell_cut(found.cut, model)
    _show_scores(scores, baseline)


def predict_command(arguments: argparse.Namespace) -> None:
    """Print a prediction a line for texts or a file. Raises KlueError for a mistake of the user's."""
    if bool(arguments.texts) == bool(arguments.file):
        raise KlueError("예측할 글이나 --file 가운데 하나를 주세요. 예: klue predict 모델 \"예측할 글\"")
    _prepare()
    from klue_helpers.training import check_rows, join, leave, load_model, process, write_lines

    join()
    model = load_model(arguments.model)
    if arguments.file:
        rows = _rows_of(model, Path(arguments.file))
    else:
        rows = check_rows(model.task, [model.task.row_of(arguments.texts)], "predict", labelled=False)
    found = model.predict(rows)
    leave()
    if process()[0] > 0:
        return
    _tell_cut(found.cut, model)
    if arguments.output:
        write_lines(Path(arguments.output), found.predictions)
    else:
        for prediction in found.predictions:
            say(json.dumps(prediction, ensure_ascii=False))


def _rows_of(model: "TaskModel", path: Path) -> list["Row"]:
    """Read rows of JSON, or plain text with a row a line."""
    from klue_helpers.training import check_rows, read_rows, read_text

    if path.suffix in (".jsonl", ".json"):
        return read_rows(model.task, path, labelled=False)
    text = read_text(path)
    if not text.strip():
        raise KlueError(f"{path} 파일이 비어 있습니다. 예측할 글을 한 줄에 하나씩 적으세요.")
    lines = text.removesuffix("\n").split("\n")
    return check_rows(model.task, [model.task.row_of([line.removesuffix("\r")]) for line in lines], str(path),
                      labelled=False)


def _prepare() -> None:
    from klue_helpers import runtime

    runtime.silence()


def _show_counts(counts: dict[str, Any]) -> None:
    folds = len(counts["train"])
    train, held_out = (f"{sum(counts[name]) // folds:,}행" for name in ("train", "held_out"))
    crossed = f", {folds}겹 교차 학습" if folds > 1 else ""
    say(f"학습 {train}, 조기 종료 {held_out}, 평가 {counts['test']:,}행{crossed}")
    for reason, number in counts["dropped"].items():
        say(f"{REASONS[reason]}: {number:,}")
    for kind, korean in (("train", "학습"), ("test", "평가")):
        if counts["cut"][kind]:
            say(f"길어서 일부만 읽은 {korean} 행: {counts['cut'][kind]:,}")


def _show_scores(scores: dict[str, Any], baseline: dict[str, dict[str, float]]) -> None:
    from klue_helpers.training import score_rows

    head = ["지표", "점수", "95% 구간", "시드별", "글을 보지 않는 기준"]
    say(table(head, score_rows(scores, baseline), right=(1, 4)))


def _tell_cut(cut: int, model: "TaskModel") -> None:
    if cut:
        complain(f"klue: {cut:,}행은 {model.max_length}토큰보다 길어서 일부만 읽었습니다.")
