"""What each data set is: schema, splits, licence, source, and how its published files are read (lecture 2 on)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Features, Value

from klue_helpers.data import readers

Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class DataSet:
    """One data set. All its sources give the same splits and features.

    Attributes
    ----------
    name, title : the key for `load_data`, and the name in Korean.
    features : columns in order with their types.
    splits : names of the splits in order.
    read : yields the rows of a split from a folder of published files.
    folder : name of the folder of published files below the data folder.
    published_rows : rows a split as published; empty where the files vary.
    licence, homepage, citation : of the published data.
    """

    name: str
    title: str
    features: Features
    splits: tuple[str, ...]
    read: Callable[[Path, str], Rows]
    folder: str
    published_rows: dict[str, int]
    licence: str
    homepage: str
    citation: str


NSMC = DataSet(
    name="nsmc",
    title="네이버 영화 리뷰 감성 말뭉치",
    features=Features({"id": Value("string"), "document": Value("string"),
                       "label": ClassLabel(names=["negative", "positive"])}),
    splits=("train", "test"),
    read=readers.read_nsmc,
    folder="nsmc",
    published_rows={"train": 150_000, "test": 50_000},
    licence="CC0 1.0",
    homepage="https://github.com/e9t/nsmc",
    citation="Lucy Park, Naver Sentiment Movie Corpus v1.0",
)

CORPUS = DataSet(
    name="corpus",
    title="여러 문체의 짧은 글",
    features=Features({name: Value("string") for name in ("id", "register", "title", "text")}),
    splits=("train", "validation"),
    read=readers.read_paragraph_files,
    folder="text",
    published_rows={},
    licence="파일마다 다름",
    homepage="",
    citation="",
)

CATALOGUE: dict[str, DataSet] = {data.name: data for data in (NSMC, CORPUS)}
