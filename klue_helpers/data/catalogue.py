"""What each data set is: title, licence, source, files and schema, read from ``catalogue.yaml`` (lecture 5)."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from datasets import Features

from klue_helpers.data.schemas import SCHEMAS
from klue_helpers.errors import KlueError


@dataclass(frozen=True)
class PublishedFile:
    """One published file: path below the data set's folder, its split, rows, address and git blob id."""

    path: str
    split: str
    rows: int | None
    url: str
    blob: str


@dataclass(frozen=True)
class DataSet:
    """One data set. All its sources give the same splits and features.

    Attributes
    ----------
    name, title, task : the key for `load_data`; name and kind of task in Korean.
    lectures : numbers of the lectures that use it.
    licence, homepage, citation : of the published data.
    folder : name of the folder of published files below the data folder.
    files : the published files in order of splits.
    parallel : whether the files of a split match line by line instead of following each other.
    features : columns in order with their types.
    """

    name: str
    title: str
    task: str
    lectures: tuple[int, ...]
    licence: str
    homepage: str
    citation: str
    folder: str
    files: tuple[PublishedFile, ...]
    parallel: bool
    features: Features

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the published splits in order."""
        return tuple(dict.fromkeys(file.split for file in self.files)) or ("train", "validation")

    def published(self, split: str) -> tuple[PublishedFile, ...]:
        """Return the published files of a split."""
        return tuple(file for file in self.files if file.split == split)

    def published_rows(self, split: str) -> int | None:
        """Return the number of rows of a split as published, None where it is not stated."""
        rows = [file.rows for file in self.published(split)]
        if not rows or None in rows:
            return None
        return rows[0] if self.parallel else sum(rows)


def data_set(name: str) -> DataSet:
    """Return the entry of the catalogue. Taught in lecture 5.

    Raises
    ------
    KlueError : an unknown name.
    """
    if name not in CATALOGUE:
        raise KlueError(f"알 수 없는 데이터입니다: {name!r}. 쓸 수 있는 이름: {', '.join(CATALOGUE)}.")
    return CATALOGUE[name]


def _read_catalogue() -> dict[str, DataSet]:
    import yaml

    text = files("klue_helpers").joinpath("data", "catalogue.yaml").read_text(encoding="utf-8")
    return {name: _entry(name, facts) for name, facts in yaml.safe_load(text).items()}


def _entry(name: str, facts: dict[str, Any]) -> DataSet:
    published = tuple(PublishedFile(path, **file) for path, file in facts.pop("files").items())
    return DataSet(name=name, files=published, lectures=tuple(facts.pop("lectures")),
                   parallel=facts.pop("parallel", False), features=SCHEMAS[name], **facts)


CATALOGUE: dict[str, DataSet] = _read_catalogue()
