"""`load_data`: one call for every data set and source (introduced in lecture 2)."""

import json
import os
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from datasets import DatasetDict

from klue_helpers.data.catalogue import DataSet, data_set
from klue_helpers.data.download import fetch
from klue_helpers.data.published import Row, read_published, to_dataset
from klue_helpers.errors import KlueError
from klue_helpers.options import SOURCES, data_folder


def load_data(name: str, source: str = "sample", *, data_dir: str | os.PathLike[str] | None = None,
              splits: Iterable[str] | None = None) -> DatasetDict:
    """Load a data set of the course. Taught in lecture 2.

    Parameters
    ----------
    name : key of the catalogue, such as ``"nsmc"`` or ``"corpus"``.
    source : ``"sample"``, the rows shipped with the package (CC0); ``"local"``, the published files in a folder;
        ``"hub"``, the published files from their publishers' repositories, cached; of the corpus, which nobody else
        publishes, the sample.
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
    own = source == "sample" or (source == "hub" and not data.files)  # nobody publishes what is only ours
    rows = _sample_rows(data) if own else None
    known = tuple(split for split in data.splits if split in rows) if rows else data.splits
    wanted = known if splits is None else tuple(splits)
    for split in wanted:
        if split not in known:
            raise KlueError(f"{data.title}에 없는 분할입니다: {split!r}. 쓸 수 있는 분할: {', '.join(known)}.")
    if rows:
        return DatasetDict({split: to_dataset(data, rows[split]) for split in wanted})
    folder = fetch(data, wanted) if source == "hub" else _local_folder(data, data_dir)
    return DatasetDict({split: read_published(data, folder, split) for split in wanted})


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
