"""Rows to train and to report on: from a source or a folder, checked, parted, counted (lecture 5)."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from klue_helpers.data import data_set, load_data
from klue_helpers.errors import KlueError
from klue_helpers.options import SOURCES
from klue_helpers.tasks import Task
from klue_helpers.tasks.base import Row
from klue_helpers.text import normalize
from klue_helpers.training.settings import FinetuneSettings

SPLITS = ("train", "validation", "test")
TEST_PART = 5  # without a split of its own, one row in five is reported on


@dataclass(frozen=True)
class Parts:
    """The rows of one training: to learn from, to stop by, to report on.

    `dropped` counts the training rows left out, by reason; `places` are the numbers of the reported rows in the whole.
    """

    train: list[Row]
    held_out: list[Row]
    test: list[Row]
    places: list[int]
    dropped: Counter = field(default_factory=Counter)


def splits_of(task: Task, source: str) -> tuple[str, ...]:
    """Return the splits that a source has, in the order of `SPLITS`."""
    if source in SOURCES:
        known = load_data(task.data) if source == "sample" else data_set(task.data).splits
    else:
        known = [split for split in SPLITS if (Path(source) / f"{split}.jsonl").is_file()]
        if not known:
            raise KlueError(f"{source!r}에서 데이터를 찾지 못했습니다. 데이터 출처에는 {', '.join(SOURCES)} 가운데 "
                            "하나나 train.jsonl과 validation.jsonl(또는 test.jsonl)이 든 폴더를 주세요.")
    return tuple(split for split in SPLITS if split in known)


def load_rows(task: Task, source: str, split: str, *, data_dir: str | None = None) -> list[Row]:
    """Return the checked rows of a split. Taught in lecture 5.

    Parameters
    ----------
    source : ``"sample"``, ``"local"``, ``"hub"`` as for `load_data`, or a folder with JSON-lines files named after the
        splits, one row a line with the columns of the task's data set.

    Raises
    ------
    KlueError : an unknown source or split, an empty file, a row that the task cannot take (with its place).
    """
    if source in SOURCES:
        rows = load_data(task.data, source, data_dir=data_dir, splits=[split])[split].to_list()
        return check_rows(task, rows, f"{task.data} {split}")
    if split not in splits_of(task, source):
        raise KlueError(f"{source} 폴더에 {split}.jsonl이 없습니다. 파일을 넣거나 다른 분할을 고르세요.")
    return read_rows(task, Path(source) / f"{split}.jsonl")


def read_rows(task: Task, path: Path, *, labelled: bool = True) -> list[Row]:
    """Return the checked rows of a JSON-lines file. Raises KlueError with the line that is wrong."""
    rows = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):  # cut off; a number of thousands of digits; thousands of brackets
                row = None
            if not isinstance(row, dict):
                raise KlueError(f"{path} {number:,}행이 JSON 객체가 아닙니다. 한 줄에 {{\"열\": 값}} 하나씩 적으세요.")
            rows.append((f"{path} {number:,}행", row))
    if not rows:
        raise KlueError(f"{path} 파일이 비어 있습니다. 한 줄에 한 행씩 JSON으로 적으세요.")
    return [one for place, row in rows for one in _checked(task, row, place, labelled)]


def read_text(path: Path) -> str:
    """Return the text of a file without a byte order mark. Raises KlueError for one that cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise KlueError(f"{path} 파일을 읽지 못했습니다({error.strerror}). 경로를 확인하세요.") from error
    except UnicodeDecodeError as error:
        raise KlueError(f"{path} 파일에 UTF-8이 아닌 글자가 있습니다. UTF-8로 다시 저장하세요.") from error


def check_rows(task: Task, rows: Sequence[Row], name: str, *, labelled: bool = True) -> list[Row]:
    """Return the rows as the task wants them, a dialogue turn by turn.

    Raises
    ------
    KlueError : no rows, or a wrong one, with its number.
    """
    if not rows:
        raise KlueError(f"{name}에 행이 하나도 없습니다. 다른 분할이나 파일을 쓰세요.")
    return [one for number, row in enumerate(rows, start=1)
            for one in _checked(task, row, f"{name} {number:,}번째 행", labelled)]


def _checked(task: Task, row: Row, place: str, labelled: bool) -> list[Row]:
    try:
        return task.expand(task.check(row, labelled=labelled))
    except KlueError as error:
        raise KlueError(f"{place}: {error}") from error


def deal(task: Task, rows: Sequence[Row], parts: int, *, seed: int) -> list[int]:
    """Return the part of each row, 0 to `parts` - 1: equal shares of every label, equal texts together.

    Taught in lecture 5.
    """
    groups: dict[object, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(_key(task.group(row)), []).append(number)
    if len(groups) < parts:
        raise KlueError(f"서로 다른 글이 {len(groups):,}개뿐이라 {parts}부분으로 나눌 수 없습니다. 행을 늘리거나 "
                        "나누는 수(held_out, folds)를 줄이세요.")
    order = list(groups.values())
    random.Random(seed).shuffle(order)
    order.sort(key=lambda members: str(task.stratum(rows[members[0]])))
    part = [0] * len(rows)
    for place, members in enumerate(order):
        for number in members:
            part[number] = place % parts
    return part


def reported_split(task: Task, source: str, split: str | None) -> str:
    """Return the split to report on: the one asked for, else the last of the source's. Raises KlueError."""
    known = splits_of(task, source)
    if split is not None and split not in known:
        raise KlueError(f"{task.title} 데이터에 없는 분할입니다: {split!r}. 쓸 수 있는 분할: {', '.join(known)}.")
    return split or known[-1]


def reported_rows(task: Task, source: str, split: str, *, data_dir: str | None = None) -> tuple[list[Row], list[Row]]:
    """Return the rows that a split stands for in a report, and what is left of it to train on. Taught in lecture 5.

    Of the training split that is a fifth, the same whatever the seed, and the rest; of another all rows and none.
    """
    rows = load_rows(task, source, split, data_dir=data_dir)
    if split != "train":
        return rows, []
    part = deal(task, rows, TEST_PART, seed=0)
    return ([row for row, at in zip(rows, part, strict=True) if not at],
            [row for row, at in zip(rows, part, strict=True) if at])


def training_parts(task: Task, source: str, settings: FinetuneSettings, *, split: str,
                   data_dir: str | None = None) -> tuple[list[Row], list[Parts]]:
    """Return the reported rows, and the rows of every training: one, or one a fold.

    Parameters
    ----------
    split : the one to report on; where that is the training split and there are no folds, a fifth of it.
    """
    if settings.folds > 1:
        test = _capped(load_rows(task, source, split, data_dir=data_dir), settings.max_test, settings.seed)
        fold = deal(task, test, settings.folds, seed=settings.seed)
        return test, [_parts(task, [row for row, at in zip(test, fold, strict=True) if at != one], test,
                             [number for number, at in enumerate(fold) if at == one], settings)
                      for one in range(settings.folds)]
    test, rest = reported_rows(task, source, split, data_dir=data_dir)
    train = rest or load_rows(task, source, "train", data_dir=data_dir)
    test = _capped(test, settings.max_test, settings.seed)
    return test, [_parts(task, train, test, list(range(len(test))), settings)]


def data_hash(rows: Sequence[Row]) -> str:
    """Return the sha256 of the rows, the same for the same content."""
    return hashlib.sha256(json.dumps(list(rows), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _parts(task: Task, train: list[Row], rows: list[Row], places: list[int], settings: FinetuneSettings) -> Parts:
    """Drop from the training rows what is empty or reported on, and part off those to stop by."""
    test = [rows[place] for place in places]
    known, dropped = {_texts(task, row) for row in test}, Counter()
    kept = []
    for row in _capped(train, settings.max_train, settings.seed):
        reason = "empty" if task.empty(row) else "leaked" if _texts(task, row) in known else ""
        dropped.update([reason] if reason else [])
        kept.extend([] if reason else [row])
    if not kept:
        raise KlueError(f"학습할 행이 남지 않았습니다: 글이 빈 행 {dropped['empty']:,}, 평가에도 있는 행 "
                        f"{dropped['leaked']:,}. 글이 있고 평가와 겹치지 않는 학습 데이터를 쓰세요.")
    if len({str(task.stratum(row)) for row in kept}) == 1 and task.stratum(kept[0]) is not None:
        raise KlueError(f"학습할 {len(kept):,}행의 레이블이 모두 같아 배울 것이 없습니다. 레이블이 둘 이상 든 데이터를 "
                        "쓰세요.")
    part = deal(task, kept, settings.held_out, seed=settings.seed)
    return Parts([row for row, at in zip(kept, part, strict=True) if at],
                 [row for row, at in zip(kept, part, strict=True) if not at], test, places, dropped)


def _capped(rows: list[Row], most: int, seed: int) -> list[Row]:
    """Return a random choice of at most so many rows, in their order; all where `most` is 0."""
    if not most or len(rows) <= most:
        return rows
    return [rows[number] for number in sorted(random.Random(seed).sample(range(len(rows)), most))]


def _key(text: object) -> object:
    """Return what two texts must share to count as the same; of a list the keys of its texts."""
    return "".join(normalize(text).split()) if isinstance(text, str) else tuple(map(_key, text))


def _texts(task: Task, row: Row) -> tuple[object, ...]:
    return tuple(_key(row[column]) for column in task.texts)
