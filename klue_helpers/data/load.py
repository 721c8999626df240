"""`load_data`: one call for every data set and source (introduced in lecture 2)."""

import json
import os
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict

from klue_helpers.configure import SOURCES, data_folder
from klue_helpers.data.catalogue import DataSet, data_set
from klue_helpers.data.readers import TABLES, read_paragraphs
from klue_helpers.data.readers_klue import KLUE
from klue_helpers.data.tables import AGAIN
from klue_helpers.errors import KlueError

Row = dict[str, Any]
READERS = {**TABLES, **KLUE}


def load_data(name: str, source: str = "sample", *, data_dir: str | os.PathLike[str] | None = None,
              splits: Iterable[str] | None = None) -> DatasetDict:
    """Load a data set of the course. Taught in lecture 2.

    Parameters
    ----------
    name : key of the catalogue, such as ``"nsmc"`` or ``"corpus"``.
    source : ``"sample"``, the rows shipped with the package (CC0); ``"local"``, the published files in a folder;
        ``"hub"``, the published files from the hub and the publishers' sites, cached.
    data_dir : folder that holds one folder of published files a data set; only for ``"local"``. When not given,
        the environment variable ``KLUE_DATA_DIR``.
    splits : names of the splits wanted; all of the set when not given.

    Returns
    -------
    DatasetDict with the features of the catalogue, the same for every source.

    Raises
    ------
    KlueError : an unknown name, source or split, a missing folder or file, a file that is not as published.

    Examples
    --------
    >>> load_data("nsmc")["train"].features["label"].names
    ['negative', 'positive']
    """
    data = data_set(name)
    if source not in SOURCES:
        raise KlueError(f"알 수 없는 데이터 출처입니다: {source!r}. 쓸 수 있는 값: {', '.join(SOURCES)}.")
    rows = _sample_rows(data) if source == "sample" else None
    known = tuple(split for split in data.splits if split in rows) if rows else data.splits
    wanted = known if splits is None else tuple(splits)
    for split in wanted:
        if split not in known:
            raise KlueError(f"{data.title}에 없는 분할입니다: {split!r}. 쓸 수 있는 분할: {', '.join(known)}.")
    if rows:
        return DatasetDict({split: to_dataset(data, rows[split]) for split in wanted})
    if source == "local":
        folder = _local_folder(data, data_dir)
        return DatasetDict({split: read_published(data, folder, split) for split in wanted})
    from klue_helpers.data.hub import load_from_hub

    return load_from_hub(data, wanted)


def read_published(data: DataSet, folder: Path, split: str) -> Dataset:
    """Read one split from a folder of published files and check its number of rows.

    Raises
    ------
    KlueError : a missing file, a row or a number of rows that is not as published.
    """
    if not data.files:
        return to_dataset(data, _paragraph_rows(folder, split))
    paths = [find_file(folder, file.path) for file in data.published(split)]
    read = READERS[data.name]
    try:
        rows = to_dataset(data, read(*paths) if data.parallel else chain.from_iterable(map(read, paths)))
    except UnicodeDecodeError as error:
        raise KlueError(f"{', '.join(path.name for path in paths)}: UTF-8로 읽을 수 없는 글자가 있습니다. {AGAIN}"
                        ) from error
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


def splits_at_hand(name: str, source: str = "local", *,
                   data_dir: str | os.PathLike[str] | None = None) -> tuple[str, ...]:
    """Return the published splits that a source has: of a folder those whose files are all there. Used in lecture 5.

    A damaged file counts as there, so that `load_data` says what is wrong with it.

    Raises
    ------
    KlueError : an unknown name; no folder is known.
    """
    data = data_set(name)
    if source != "local":
        return data.splits
    folder = _root(data_dir) / data.folder
    return tuple(split for split in data.splits
                 if all((folder / file.path).is_file() for file in data.published(split)))


def find_file(folder: Path, name: str) -> Path:
    """Return the file in the folder; raise KlueError with the way out when it is not there."""
    path = folder / name
    if not path.is_file():
        raise KlueError(f"{folder} 폴더에 {name} 파일이 없습니다. 데이터 폴더를 확인하거나 원본을 내려받아 넣으세요. "
                        "일부 분할만 있다면 splits로 그 분할만 읽을 수 있습니다.")
    return path


def sample_sizes(data: DataSet) -> dict[str, int]:
    """Return the rows of the shipped sample by split."""
    rows = _sample_rows(data)
    return {split: len(rows[split]) for split in data.splits if split in rows}


def _sample_rows(data: DataSet) -> dict[str, list[Row]]:
    file = files("klue_helpers").joinpath("data", "samples", f"{data.name}.jsonl")
    rows: dict[str, list[Row]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        rows.setdefault(row["split"], []).append(row)
    return rows


def _paragraph_rows(folder: Path, split: str) -> Iterator[Row]:
    paths = sorted([*folder.glob("*.txt"), *folder.glob("*.txt.gz")])
    if not paths:
        raise KlueError(f"{folder} 폴더에 .txt 또는 .txt.gz 파일이 없습니다. 데이터 폴더를 확인하세요.")
    return chain.from_iterable(read_paragraphs(path, split) for path in paths)


def _root(data_dir: str | os.PathLike[str] | None) -> Path:
    root = data_folder(data_dir)
    if root is None:
        raise KlueError("원본 데이터 폴더를 모릅니다. --data-dir로 폴더를 주거나 환경 변수 KLUE_DATA_DIR을 "
                        "정하세요. 원본 없이 해 보려면 source를 sample로 두세요.")
    return Path(root).expanduser()


def _local_folder(data: DataSet, data_dir: str | os.PathLike[str] | None) -> Path:
    folder = _root(data_dir) / data.folder
    if not folder.is_dir():
        raise KlueError(f"{data.title} 폴더가 없습니다: {folder}. {data.homepage or '원본'}에서 내려받은 파일을 "
                        "그 폴더에 넣거나 다른 --data-dir을 주세요.")
    return folder
