"""Documents as arrays of pieces: reading a folder of text, cutting it up, holding some of it out (lectures 4 and 8)."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from klue_helpers.data.readers import read_paragraphs
from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

HELD_OUT_EVERY = 100  # every hundredth document is never trained on
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=\S)")
_CHUNK = 10_000  # texts tokenized at a time


@dataclass(frozen=True)
class Corpus:
    """Tokenized documents of one register, laid end to end.

    Attributes
    ----------
    pieces : (N,) int32, ids of all pieces.
    sentences : (S + 1,) int64, where each sentence starts in `pieces`; the last entry is N.
    documents : (D + 1,) int64, where each document starts in `sentences`; the last entry is S.
    """

    pieces: np.ndarray
    sentences: np.ndarray
    documents: np.ndarray

    def __len__(self) -> int:
        return len(self.documents) - 1


def read_registers(folder: Path) -> dict[str, list[list[str]]]:
    """Return the documents of every ``.txt`` and ``.txt.gz`` file of a folder by register, each a list of lines.

    A line is a paragraph, an empty line stands between documents. The register is the file's name.

    Raises
    ------
    KlueError : no such file in the folder, no text in them, names that clash, a file that is not readable text.
    """
    paths = sorted(path for path in [*folder.glob("*.txt"), *folder.glob("*.txt.gz")] if path.is_file())
    names = [path.name.removesuffix(".gz").removesuffix(".txt") for path in paths]
    if not paths:
        raise KlueError(f"{folder} 폴더에 .txt 또는 .txt.gz 파일이 없습니다. 한 줄에 한 문단, 글 사이에 빈 줄을 둔 "
                        "텍스트 파일을 넣거나 `klue pretrain corpus`로 말뭉치를 만드세요.")
    if "train" in names or len(set(names)) < len(names):
        raise KlueError(f"{folder}의 파일 이름이 겹치거나 train입니다(기록에서 학습을 뜻합니다): {', '.join(names)}. "
                        "파일마다 다른 이름을 붙이세요.")
    registers = {name: read_documents(path) for name, path in zip(names, paths, strict=True)}
    if not any(line.strip() for documents in registers.values() for document in documents for line in document):
        raise KlueError(f"{folder}의 텍스트 파일이 비어 있습니다. 글을 넣고 다시 하세요.")
    return registers


def read_documents(path: Path) -> list[list[str]]:
    """Return all documents of a text file in order, each a list of lines. Raises KlueError for a broken file."""
    rows = [row for split in ("train", "validation") for row in read_paragraphs(path, split)]
    rows.sort(key=lambda row: int(row["id"].rpartition("-")[2]))
    return [row["text"].splitlines() for row in rows]


def hold_out(documents: Sequence[list[str]]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the documents to train on and those held out: every hundredth, at least one.

    A single document is in both.
    """
    every = min(HELD_OUT_EVERY, len(documents))
    held = [document for number, document in enumerate(documents, start=1) if number % every == 0]
    kept = [document for number, document in enumerate(documents, start=1) if number % every]
    return (kept, held) if kept else (held, held)


def sentences_of(line: str) -> list[str]:
    """Split a paragraph after ., !, ? and …; good enough to tell neighbours apart. Lecture 2 compares better ways.

    Examples
    --------
    >>> sentences_of("봄이 왔습니다. 꽃이 핍니다.")
    ['봄이 왔습니다.', '꽃이 핍니다.']
    """
    return [part for part in _SENTENCE_END.split(line.strip()) if part]


def document_sentences(document: Sequence[str]) -> list[str]:
    """Return the sentences of all lines of a document."""
    return [part for line in document for part in sentences_of(line)]


def to_corpus(documents: Iterable[Sequence[str]], tokenizer: "PreTrainedTokenizerFast", *,
              texts_of: Callable[[Sequence[str]], list[str]] | None = None) -> Corpus:
    """Cut documents into sentences and pieces, without special tokens. Taught in lecture 4.

    `texts_of` cuts a document into what stands in the place of sentences, in lecture 8 the whole document.
    """
    texts_of = texts_of or document_sentences
    sentences, counts = [], []
    for document in documents:
        parts = texts_of(document)
        sentences += parts
        counts.append(len(parts))
    ids: list[np.ndarray] = []
    for start in range(0, len(sentences), _CHUNK):
        encoded = tokenizer(sentences[start:start + _CHUNK], add_special_tokens=False, return_attention_mask=False,
                            return_token_type_ids=False, verbose=False)["input_ids"]
        ids += [np.asarray(one, dtype=np.int32) for one in encoded]
    pieces = np.concatenate(ids) if ids else np.zeros(0, dtype=np.int32)
    return Corpus(pieces, np.cumsum([0, *map(len, ids)]), np.cumsum([0, *counts]))


def register_weights(text: str, registers: Iterable[str]) -> dict[str, int]:
    """Return how often each register is repeated an epoch, from ``formal=2,spoken=2``; 1 where nothing is said.

    Raises
    ------
    KlueError : a register that is not in the folder, or a weight that is no positive whole number.
    """
    weights = dict.fromkeys(registers, 1)
    for item in filter(None, text.split(",")):
        name, _, value = (part.strip() for part in item.partition("="))
        if name not in weights or not value.isdecimal() or int(value) < 1:
            raise KlueError(f"weights의 값이 잘못되었습니다: {item!r}. formal=2처럼 문체 이름({', '.join(weights)} "
                            "가운데 하나)과 1 이상의 정수를 쓰세요.")
        weights[name] = int(value)
    return weights
