"""Reading the published files of a data set from a folder, for the sources local and hub (lecture 2)."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from datasets import Dataset

from klue_helpers.data.catalogue import DataSet
from klue_helpers.data.readers import TABLES, read_paragraphs
from klue_helpers.data.readers_klue import KLUE
from klue_helpers.data.tables import AGAIN
from klue_helpers.errors import KlueError

Row = dict[str, Any]
READERS = {**TABLES, **KLUE}


def read_published(data: DataSet, folder: Path, split: str) -> Dataset:
    """Read one split from a folder of published files and check its number of rows.

    Raises
    ------
    KlueError : a missing file, a row or a number of rows that is not as published.
    """
    if not data.files:
        rows = to_dataset(data, _paragraph_rows(folder, split))
        if not len(rows) and split == data.splits[0]:  # too few documents for a later split are no mistake
            raise KlueError(f"{folder} 폴더의 글이 비어 있습니다. 글이 든 .txt나 .txt.gz 파일을 넣으세요.")
        return rows
    paths = [find_file(folder, file.path) for file in data.published(split)]
    read = READERS[data.name]
    rows = to_dataset(data, read(*paths) if data.parallel else chain.from_iterable(map(read, paths)))
    expected = data.published_rows(split)
    if expected not in (None, len(rows)):
        raise KlueError(f"{data.title} {split}({', '.join(path.name for path in paths)}): {expected:,}행이어야 하는데 "
                        f"{len(rows):,}행입니다. {AGAIN}")
    return rows


def to_dataset(data: DataSet, rows: Iterable[Row]) -> Dataset:
    """Return the rows as a data set with the catalogue's columns; label names become numbers."""
    columns: dict[str, list[Any]] = {name: [] for name in data.features}
    for row in rows:
        for name, values in columns.items():
            values.append(row[name])
    return Dataset.from_dict(columns, features=data.features)


def find_file(folder: Path, name: str) -> Path:
    """Return the file in the folder; raise KlueError with the way out when it is not there."""
    path = folder / name
    if not path.is_file():
        raise KlueError(f"{folder} 폴더에 {name} 파일이 없습니다. 데이터 폴더를 확인하거나 원본을 내려받아 넣으세요. "
                        "일부 분할만 있다면 splits로 그 분할만 읽을 수 있습니다.")
    return path


def _paragraph_rows(folder: Path, split: str) -> Iterator[Row]:
    paths = sorted([*folder.glob("*.txt"), *folder.glob("*.txt.gz")])
    if not paths:
        raise KlueError(f"{folder} 폴더에 .txt 또는 .txt.gz 파일이 없습니다. 데이터 폴더를 확인하세요.")
    return chain.from_iterable(read_paragraphs(path, split) for path in paths)
