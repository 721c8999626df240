"""`load_data`: one call for every data set and source (introduced in lecture 2)."""

import json
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict

from klue_helpers.configure import SOURCES, data_folder
from klue_helpers.data.catalogue import CATALOGUE, DataSet
from klue_helpers.data.readers import AGAIN
from klue_helpers.errors import KlueError


def load_data(
    name: str, source: str = "sample", *, data_dir: str | os.PathLike[str] | None = None
) -> DatasetDict:
    """Load a data set of the course. Taught in lecture 2.

    Parameters
    ----------
    name : key of the catalogue, such as ``"nsmc"`` or ``"corpus"``.
    source : ``"sample"``, the rows shipped with the package (CC0), or ``"local"``, the published files in a folder.
    data_dir : folder that holds one folder of published files a data set; only for ``"local"``. When not given,
        the environment variable ``KLUE_DATA_DIR``.

    Returns
    -------
    DatasetDict with the splits and features of the catalogue, the same for every source.

    Raises
    ------
    KlueError : an unknown name or source, a missing folder or file, a file that is not as published.

    Examples
    --------
    >>> load_data("nsmc")["train"].features["label"].names
    ['negative', 'positive']
    """
    if name not in CATALOGUE:
        raise KlueError(f"알 수 없는 데이터입니다: {name!r}. 쓸 수 있는 이름: {', '.join(CATALOGUE)}.")
    if source not in SOURCES:
        raise KlueError(f"알 수 없는 데이터 출처입니다: {source!r}. 쓸 수 있는 값: {', '.join(SOURCES)}.")
    data = CATALOGUE[name]
    read = _read_sample(data) if source == "sample" else _read_local(data, data_dir)
    return DatasetDict({split: read(split) for split in data.splits})


def _read_sample(data: DataSet) -> Any:
    text = files("klue_helpers").joinpath("data", "samples", f"{data.name}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return lambda split: _to_dataset(data, (row for row in rows if row["split"] == split))


def _read_local(data: DataSet, data_dir: str | os.PathLike[str] | None) -> Any:
    root = data_folder(data_dir)
    if root is None:
        raise KlueError("원본 데이터 폴더를 모릅니다. --data-dir로 폴더를 주거나 환경 변수 KLUE_DATA_DIR을 "
                        "정하세요. 원본 없이 해 보려면 source를 sample로 두세요.")
    where = Path(root).expanduser() / data.folder
    if not where.is_dir():
        raise KlueError(f"{data.title} 폴더가 없습니다: {where}. {data.homepage or '원본'}에서 내려받은 파일을 "
                        "그 폴더에 넣거나 다른 --data-dir을 주세요.")
    return lambda split: _checked(data, split, _to_dataset(data, data.read(where, split)))


def _to_dataset(data: DataSet, rows: Iterator[dict[str, Any]]) -> Dataset:
    columns: dict[str, list[Any]] = {name: [] for name in data.features}
    for row in rows:
        for name, values in columns.items():
            values.append(row[name])
    return Dataset.from_dict(columns, features=data.features)


def _checked(data: DataSet, split: str, rows: Dataset) -> Dataset:
    expected = data.published_rows.get(split, len(rows))
    if len(rows) != expected:
        raise KlueError(f"{data.title} {split}: {expected:,}행이어야 하는데 {len(rows):,}행입니다. {AGAIN}")
    return rows
