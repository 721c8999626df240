"""Samples and published files: schema, uniqueness, splits, quirks, and what is refused."""

import gzip
import json
import re
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from compare import squashed

import klue_helpers as kh
from klue_helpers.data import CATALOGUE, splits_at_hand

REVIEW_HEADER = "id\tdocument\tlabel\n"


def texts_of(name: str, source: str = "sample", **where) -> list[str]:
    column = "document" if name == "nsmc" else "text"
    return [text for split in kh.load_data(name, source, **where).values() for text in split[column]]


@pytest.mark.parametrize("name", ["nsmc", "corpus"])
def test_sample_has_the_catalogue_schema(name):
    data = kh.load_data(name)
    assert tuple(data) == CATALOGUE[name].splits
    assert all(split.features == CATALOGUE[name].features and len(split) for split in data.values())


@pytest.mark.parametrize("name", ["nsmc", "corpus"])
def test_sample_rows_are_unique_and_splits_do_not_overlap(name):
    keys = [squashed(text) for text in texts_of(name)]
    assert len(set(keys)) == len(keys)
    ids = [row for split in kh.load_data(name).values() for row in split["id"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", ["nsmc", "corpus"])
def test_sample_text_is_clean_korean(name):
    for text in texts_of(name):
        assert text == unicodedata.normalize("NFC", text).strip() and "\t" not in text
        assert kh.text.strip_invisible(text) == text


def test_sample_reviews_are_balanced():
    data = kh.load_data("nsmc")
    assert {name: len(split) for name, split in data.items()} == {"train": 400, "test": 200}
    assert all(sum(split["label"]) * 2 == len(split) for split in data.values())
    assert all(5 <= len(text) <= 140 for text in texts_of("nsmc"))


def test_corpus_is_large_and_in_several_registers():
    data = kh.load_data("corpus")
    texts = texts_of("corpus")
    assert len(texts) >= 200 and sum(map(len, texts)) >= 60_000
    assert len(set(data["train"]["register"])) >= 8
    assert set(data["train"]["register"]) == set(data["validation"]["register"])


def test_corpus_repeats_no_sentence():
    sentences = [part for text in texts_of("corpus") for part in re.split(r"(?<=[.!?])\s+|\n", text) if len(part) > 15]
    assert len(set(sentences)) == len(sentences)


def test_no_sample_row_is_a_published_row(published: Path):
    ours = {squashed(text) for name in ("nsmc", "corpus") for text in texts_of(name)}
    ours |= {squashed(line) for text in texts_of("corpus") for line in text.split("\n") if len(line) >= 10}
    for path in [p for p in published.rglob("*") if p.suffix in {".txt", ".tsv", ".csv", ".json", ".conllu", ".gz"}]:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        theirs = {squashed(part) for part in re.split(r'[\n\t]|",|"?: "', raw.decode("utf-8-sig")) if part}
        assert not ours & theirs, f"{path.name} holds a row of the samples"


def test_published_reviews_agree_with_their_description(published: Path):
    table = kh.audit_splits(kh.load_data("nsmc", "local", data_dir=published))
    assert list(table["rows"]) == [150_000, 50_000, 200_000]
    assert list(table["empty"]) == [5, 3, 8]
    assert list(table["quoted"]) == [623, 233, 856]
    assert (table.at["all", "leaked"], table.at["test", "leaked"]) == (797, 1_571)
    assert (table.at["all", "conflicting"], table.at["all", "no_hangul"]) == (222, 1_685)


def test_published_reviews_have_published_labels_and_features(published: Path):
    data = kh.load_data("nsmc", "local", data_dir=published)
    assert sum(data["train"]["label"]) == 74_827 and sum(data["test"]["label"]) == 25_173
    assert data["train"].features == kh.load_data("nsmc")["train"].features


def test_published_paragraphs(published: Path):
    data = kh.load_data("corpus", "local", data_dir=published)
    lines = sum(text.count("\n") + 1 for split in data.values() for text in split["text"])
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    assert lines == 65_557, "paragraphs as the description of the files says"
    assert manifest and "korean_law" in data["train"]["register"]


def write_reviews(folder: Path, train: str, test: str = "1\t좋다\t1\n") -> Path:
    (folder / "nsmc").mkdir()
    (folder / "nsmc" / "ratings_train.txt").write_text(REVIEW_HEADER + train, encoding="utf-8")
    (folder / "nsmc" / "ratings_test.txt").write_text(REVIEW_HEADER + test, encoding="utf-8")
    return folder


@pytest.fixture
def small_nsmc(monkeypatch):
    """Let a handful of rows pass for the published number."""
    files = tuple(replace(file, rows=None) for file in CATALOGUE["nsmc"].files)
    monkeypatch.setitem(CATALOGUE, "nsmc", replace(CATALOGUE["nsmc"], files=files))


def test_twice_quoted_review_is_unquoted_twice(tmp_path, small_nsmc):
    stored = '7\t"""그는 """"가자"""" 했다"""\t1\n8\t\t0\n9\t1 < 2 그리고 \'홑따옴표\'\t0\n'
    rows = kh.load_data("nsmc", "local", data_dir=write_reviews(tmp_path, stored))["train"]
    assert rows["document"] == ['그는 "가자" 했다', "", "1 < 2 그리고 '홑따옴표'"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7\t좋다\t2\n", r"ratings_train.txt 2행: .*레이블이 0, 1"),
        ("7\t좋다\n", "ratings_train.txt 2행"),
        ("7\t좋다\t1\n8\t둘\t1\t더\n", "ratings_train.txt 3행"),
    ],
)
def test_broken_rows_are_named(tmp_path, line, message):
    with pytest.raises(kh.KlueError, match=message):
        kh.load_data("nsmc", "local", data_dir=write_reviews(tmp_path, line))


def test_missing_row_header_file_and_folder_are_named(tmp_path, published, monkeypatch):
    with pytest.raises(kh.KlueError, match=r"150,000행이어야 하는데 1행"):
        kh.load_data("nsmc", "local", data_dir=write_reviews(tmp_path, "7\t좋다\t1\n"))
    (tmp_path / "nsmc" / "ratings_train.txt").write_text("7\t좋다\t1\n", encoding="utf-8")
    with pytest.raises(kh.KlueError, match="머리글"):
        kh.load_data("nsmc", "local", data_dir=tmp_path)
    (tmp_path / "nsmc" / "ratings_train.txt").unlink()
    with pytest.raises(kh.KlueError, match=r"ratings_train\.txt 파일이 없습니다"):
        kh.load_data("nsmc", "local", data_dir=tmp_path)
    shutil.rmtree(tmp_path / "nsmc")
    with pytest.raises(kh.KlueError, match="폴더가 없습니다"):
        kh.load_data("nsmc", "local", data_dir=tmp_path)
    monkeypatch.delenv("KLUE_DATA_DIR", raising=False)
    with pytest.raises(kh.KlueError, match="KLUE_DATA_DIR"):
        kh.load_data("nsmc", "local")


def test_unknown_name_and_source_are_refused():
    with pytest.raises(kh.KlueError, match="ynat, sts"):
        kh.load_data("nmsc")
    with pytest.raises(kh.KlueError, match="sample, local, hub"):
        kh.load_data("nsmc", "web")


def test_documents_are_split_at_empty_lines(tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("\n\n하나\n둘\r\n\n \n셋\n" + "\n글\n" * 8, encoding="utf-8")
    (tmp_path / "text" / "b.txt.gz").write_bytes(gzip.compress("넷\n".encode()))
    data = kh.load_data("corpus", "local", data_dir=tmp_path)
    assert data["train"]["text"][:2] == ["하나\n둘", "셋"]
    assert data["train"][-1] == {"id": "b-00001", "register": "b", "title": "", "text": "넷"}
    assert data["validation"]["id"] == ["a-00010"]


def test_audit_counts_a_hand_made_case():
    from datasets import Dataset, DatasetDict

    data = DatasetDict(
        train=Dataset.from_dict({
            "document": ["좋다", "좋다", "싫다", "", '"굿"', "good"], "label": [1, 0, 0, 0, 1, 1],
        }),
        test=Dataset.from_dict({"document": ["좋다", "그저 그래", "싫다", "싫다"], "label": [1, 0, 0, 0]}),
    )
    table = kh.audit_splits(data)
    assert table.loc["train"].to_dict() == {
        "rows": 6, "empty": 1, "repeated": 1, "conflicting": 1, "leaked": 3, "quoted": 1, "no_hangul": 2,
    }
    assert table.loc["test", ["repeated", "conflicting", "leaked"]].tolist() == [1, 0, 3]
    assert table.loc["all", ["rows", "repeated", "conflicting", "leaked"]].tolist() == [10, 4, 1, 2]


def test_splits_at_hand_are_those_whose_files_are_all_there(tmp_path, monkeypatch):
    """A damaged file counts, so that loading it fails instead of a sample standing in for it."""
    paths = {split: CATALOGUE["nsmc"].published(split) for split in CATALOGUE["nsmc"].splits}
    assert splits_at_hand("nsmc", "sample") == splits_at_hand("nsmc", "hub") == tuple(paths)
    assert splits_at_hand("nsmc", data_dir=tmp_path) == ()
    for file in paths["test"]:
        (tmp_path / CATALOGUE["nsmc"].folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / CATALOGUE["nsmc"].folder / file.path).write_text("깨진 파일", encoding="utf-8")
    assert splits_at_hand("nsmc", data_dir=tmp_path) == ("test",)
    with pytest.raises(kh.KlueError):
        kh.load_data("nsmc", "local", data_dir=tmp_path, splits=["test"])
    monkeypatch.delenv("KLUE_DATA_DIR", raising=False)
    with pytest.raises(kh.KlueError, match="--data-dir"):
        splits_at_hand("nsmc")
