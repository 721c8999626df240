"""Readers of the published files, each with its own quirks of quoting and layout (lecture 2 shows NSMC's)."""

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from klue_helpers.errors import KlueError

AGAIN = "파일이 잘렸거나 바뀌었을 수 있으니 원본을 다시 내려받으세요."
VALIDATION_EVERY = 10  # every tenth document of a corpus is held out


def read_nsmc(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    """Yield the reviews of ``ratings_train.txt`` or ``ratings_test.txt`` (tab-separated, with a header).

    The publisher wrote these files twice with CSV quoting, so a review that holds a quotation mark is
    unquoted twice. Empty reviews are kept as empty strings. Taught in lecture 2.

    Raises
    ------
    KlueError : a missing file, a wrong header, a row without three columns or with another label than 0 or 1.
    """
    path = find_file(folder, f"ratings_{split}.txt")
    with path.open(encoding="utf-8", newline="") as lines:
        header = next(lines, "").rstrip("\r\n").split("\t")
        if header != ["id", "document", "label"]:
            raise KlueError(f"{path.name} 1행: 머리글이 id, document, label이어야 하는데 {header}입니다. {AGAIN}")
        for number, line in enumerate(lines, start=2):
            row = next(csv.reader([line], delimiter="\t"))
            if len(row) != 3 or row[2] not in ("0", "1"):
                raise KlueError(f"{path.name} {number}행: id, document, label(0 또는 1) 세 칸이어야 하는데 "
                                f"{row}입니다. {AGAIN}")
            yield {"id": row[0], "document": _unquote(row[1]), "label": int(row[2])}


def _unquote(value: str) -> str:
    """Undo one layer of CSV quoting around a single value."""
    return next(csv.reader([value], delimiter="\t"))[0] if '"' in value else value


def read_paragraph_files(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    """Yield documents of all ``*.txt`` and ``*.txt.gz`` files: a paragraph a line, an empty line between documents.

    Every tenth document of a file belongs to the split ``validation``, the others to ``train``; the column
    ``register`` holds the file's name. Taught in lecture 2.
    """
    paths = sorted([*folder.glob("*.txt"), *folder.glob("*.txt.gz")])
    if not paths:
        raise KlueError(f"{folder.name} 폴더에 .txt 또는 .txt.gz 파일이 없습니다. 데이터 폴더를 확인하세요.")
    for path in paths:
        name = path.name.removesuffix(".gz").removesuffix(".txt")
        for number, text in enumerate(_documents(path), start=1):
            if (number % VALIDATION_EVERY == 0) == (split == "validation"):
                yield {"id": f"{name}-{number:05d}", "register": name, "title": "", "text": text}


def _documents(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    for document in re.split(r"\n(?:[ \t]*\n)+", text.replace("\r\n", "\n").strip()):
        yield "\n".join(line.strip() for line in document.split("\n"))


def find_file(folder: Path, name: str) -> Path:
    """Return the file in the data set's folder; raise KlueError with the places searched when it is not there."""
    path = folder / name
    if not path.is_file():
        raise KlueError(f"{folder} 폴더에 {name} 파일이 없습니다. 데이터 폴더를 확인하거나 원본을 내려받아 넣으세요.")
    return path
