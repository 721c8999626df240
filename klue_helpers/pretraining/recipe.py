"""The corpus of the mini models: what goes in, what is weighted, what is left out (lecture 4, model card).

Three registers are written, one file each: reviews, formal text and short spoken text. Left out are lines equal to an
evaluation row of any published set at hand, repeated lines and lines with slurs (``slurs.txt``).
"""

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from klue_helpers.data import load_data
from klue_helpers.data.catalogue import CATALOGUE
from klue_helpers.errors import KlueError
from klue_helpers.pretraining.corpus import read_documents
from klue_helpers.text import has_slur, normalize, strip_invisible

Document = list[str]
LICENCES = {
    "nsmc": "CC0 1.0", "nsmc_unlabelled": "CC0 1.0", "hf_course_ko": "Apache-2.0", "korean_law": "public domain",
    "python_docs_ko": "PSF-2.0", "pytorch_tutorials_ko": "BSD-3-Clause", "react_docs_ko": "CC BY 4.0",
    "rust_book_ko": "MIT OR Apache-2.0", "tensorflow_docs_ko": "Apache-2.0", "chatbot": "MIT", "intent": "CC BY-SA 4.0",
    "question_pair": "MIT", "korsts": "CC BY-SA 4.0",
}
# Evaluation splits: their rows, and whatever else stands in these columns, must not be trained on.
EVALUATION = {
    "nsmc": ("test",), "korsts": ("validation", "test"), "kornli": ("validation", "test"), "hate": ("validation",),
    "question_pair": ("test",), "intent": ("test",), "sarcasm": ("test",), "pos": ("validation", "test"),
    "korquad": ("validation",),
    **dict.fromkeys(("ynat", "sts", "nli", "ner", "re", "dp", "mrc", "wos"), ("validation",)),
}
PAIRS_HELD_OUT = 688  # as many question pairs as the published test file has, which need not be at hand
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass
class Report:
    """What was kept and left out, by source: lines and characters kept, lines dropped by reason.

    `missing` names the evaluation splits that are not at hand, so that nothing could be held against them.
    """

    missing: list[str] = field(default_factory=list)
    lines: Counter = field(default_factory=Counter)
    characters: Counter = field(default_factory=Counter)
    evaluation: Counter = field(default_factory=Counter)
    slurs: Counter = field(default_factory=Counter)
    repeated: Counter = field(default_factory=Counter)
    empty: Counter = field(default_factory=Counter)


def text_key(text: str) -> str:
    """Return what two texts must share to count as equal: letters and digits in lower case. Taught in lecture 4.

    Examples
    --------
    >>> text_key("정말, 재밌다!!") == text_key("정말 재밌다")
    True
    """
    return _NOT_LETTERS.sub("", normalize(strip_invisible(text)).casefold())


def build_corpus(data_dir: Path, output: Path) -> Report:
    """Write ``reviews.txt.gz``, ``formal.txt.gz``, ``spoken.txt.gz`` and ``corpus.json`` from published files.

    Parameters
    ----------
    data_dir : folder of the published data sets, one folder each.
    output : folder to write; made when it is not there.

    Raises
    ------
    KlueError : a training file that is missing or not as published; nothing is written then.
    """
    held, missing = evaluation_keys(data_dir)
    report, seen, contents = Report(missing), set(), {}
    for register, sources in _sources(data_dir).items():
        documents = [document for name, items in sources.items()
                     for document in _kept(name, items, held, seen, report)]
        contents[register] = "\n\n".join("\n".join(document) for document in documents) + "\n"
    output.mkdir(parents=True, exist_ok=True)
    for register, content in contents.items():
        part = output / f"{register}.part"
        part.write_bytes(gzip.compress(content.encode(), mtime=0))
        part.replace(output / f"{register}.txt.gz")
    facts = {"registers": {name: _sizes(content) for name, content in contents.items()},
             "licences": {name: LICENCES[name] for name in report.lines}, "evaluation_keys": len(held), **vars(report)}
    (output / "corpus.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    return report


def evaluation_keys(data_dir: Path) -> tuple[set[str], list[str]]:
    """Return the keys of all evaluation texts at hand, and the names of the splits that are not at hand."""
    keys, missing = set(), []
    for name, splits in EVALUATION.items():
        for split in splits:
            folder = data_dir / CATALOGUE[name].folder
            if not all((folder / file.path).is_file() for file in CATALOGUE[name].published(split)):
                missing.append(f"{name}/{split}")
                continue
            rows = load_data(name, "local", data_dir=data_dir, splits=[split])[split]
            keys.update(text_key(line) for row in rows for text in _texts(row) for line in text.splitlines())
    pairs = load_data("question_pair", "local", data_dir=data_dir, splits=["train"])["train"]
    keys.update(text_key(text) for row in pairs.select(pair_test_rows(len(pairs))) for text in _texts(row))
    kaist = data_dir / "text" / "ud_kaist_ko.txt.gz"
    if kaist.is_file():
        keys.update(text_key(line) for line in _lines(read_documents(kaist)))
    return keys - {""}, missing


def pair_test_rows(count: int) -> np.ndarray:
    """Return which rows of the question pairs' training file serve as a test: the last of a shuffle with seed 0."""
    return np.random.default_rng(0).permutation(count)[-PAIRS_HELD_OUT:]


def _texts(value: object) -> Iterator[str]:
    """Yield every string in a row, however deep it lies."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _lines(documents: Iterable[Document]) -> Iterator[str]:
    return (line for document in documents for line in document)


def _sources(data_dir: Path) -> dict[str, dict[str, Iterable[Document]]]:
    """Return the documents by register and source. Reviews and utterances are documents of one line."""

    def rows(name: str, *columns: str) -> Iterator[Document]:
        for row in load_data(name, "local", data_dir=data_dir, splits=["train"])["train"]:
            yield [row[column] for column in columns]

    def single(documents: Iterable[Document]) -> Iterator[Document]:
        return ([line] for line in _lines(documents))

    unlabelled = data_dir / "nsmc" / "reviews_unlabeled.txt.gz"
    formal = [path for path in sorted((data_dir / "text").glob("*.txt.gz")) if path.name != "ud_kaist_ko.txt.gz"]
    if not unlabelled.is_file() or not formal:
        raise KlueError(f"{data_dir} 폴더에 nsmc/reviews_unlabeled.txt.gz나 text/*.txt.gz가 없습니다. "
                        "폴더를 확인하세요.")
    return {
        "reviews": {"nsmc": rows("nsmc", "document"), "nsmc_unlabelled": single(read_documents(unlabelled))},
        "formal": {path.name.removesuffix(".txt.gz"): read_documents(path) for path in formal},
        "spoken": {"chatbot": rows("chatbot", "Q", "A"), "intent": rows("intent", "text"),
                   "question_pair": single(rows("question_pair", "question1", "question2")),
                   "korsts": single(rows("korsts", "sentence1", "sentence2"))},
    }


def _kept(name: str, documents: Iterable[Document], held: set[str], seen: set[str],
          report: Report) -> Iterator[Document]:
    """Yield the documents without the lines to leave out, counting both."""
    for document in documents:
        kept = []
        for line in document:
            line = re.sub(r"\s+", " ", normalize(strip_invisible(line))).strip()
            key = text_key(line)
            digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
            reason = ("empty" if not key else "evaluation" if key in held else "repeated" if digest in seen
                      else "slurs" if has_slur(line) else "")
            if reason:
                getattr(report, reason)[name] += 1
                continue
            seen.add(digest)
            kept.append(line)
            report.lines[name] += 1
            report.characters[name] += len(line)
        if kept:
            yield kept


def _sizes(content: str) -> dict[str, int | str]:
    return {"documents": content.count("\n\n") + 1, "characters": len(content),
            "sha256": hashlib.sha256(content.encode()).hexdigest()}
