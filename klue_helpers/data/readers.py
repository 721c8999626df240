"""Readers of the published tables and texts, each with its own quirks (lecture 2 shows NSMC's, lecture 5 others')."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from klue_helpers.data.schemas import DIRECTIVES, INTENTS, NLI_LABELS
from klue_helpers.data.tables import AGAIN, QUOTED, decoded, number_in, one_of, read_table, read_utf8, unquote
from klue_helpers.errors import KlueError

Rows = Iterator[dict[str, Any]]
VALIDATION_EVERY = 10  # every tenth document of a corpus is held out
LARGEST_TEXT = 1 << 28  # bytes of one unpacked text file, 256 MB: ten times the largest published one


def read_nsmc(path: Path) -> Rows:
    """Yield reviews. The publisher applied CSV quoting twice, so a review with a quotation mark is unquoted twice."""
    for place, row in read_table(path, columns=("id", "document", "label"), quoting=QUOTED):
        yield {"id": row["id"], "document": unquote(row["document"], place),
               "label": one_of(row["label"], {"0": "negative", "1": "positive"}, place)}


def read_korsts(path: Path) -> Rows:
    """Yield sentence pairs with a score from 0 to 5; quotation marks are text."""
    columns = ("genre", "filename", "year", "id", "score", "sentence1", "sentence2")
    for place, row in read_table(path, columns=columns):
        yield {**row, "score": number_in(row["score"], 0, 5, place)}


def read_kornli(path: Path) -> Rows:
    """Yield premise and hypothesis; quotation marks are text (CSV reading loses rows without a word)."""
    for place, row in read_table(path, columns=("sentence1", "sentence2", "gold_label")):
        yield {**row, "gold_label": one_of(row["gold_label"], {name: name for name in NLI_LABELS}, place)}


def read_chatbot(path: Path) -> Rows:
    """Yield questions and answers; one published label has spaces behind it."""
    names = {"0": "everyday", "1": "breakup", "2": "love"}
    for place, row in read_table(path, columns=("Q", "A", "label"), delimiter=",", quoting=QUOTED):
        yield {**row, "label": one_of(row["label"].strip(), names, place)}


def read_question_pair(path: Path) -> Rows:
    """Yield question pairs. The published column ``is_duplicate`` is inverted: 0 is the same question."""
    train = ("id", "qid1", "qid2", "question1", "question2", "is_duplicate")
    test = ("test_id", "question1", "question2", "is_duplicate", "")  # the last column has no name
    columns = train if "train" in path.name else test
    for place, row in read_table(path, columns=columns, delimiter=",", quoting=QUOTED):
        label = one_of(row["is_duplicate"].strip(), {"0": "same", "1": "different"}, place)
        yield {"question1": row["question1"], "question2": row["question2"], "label": label}


def read_hate(path: Path, titles: Path) -> Rows:
    """Yield comments with the title of the article; the title file has no header and matches line by line."""
    columns = ("comments", "contain_gender_bias", "bias", "hate")
    truth = {"True": True, "False": False}
    bias, hate = ({name: name for name in names} for names in (("none", "gender", "others"),
                                                               ("none", "offensive", "hate")))
    rows = read_table(path, columns=columns, quoting=QUOTED)
    for pair in zip_longest(rows, _lines(titles)):
        if None in pair:
            raise KlueError(f"{path.name}의 댓글 수와 {titles.name}의 제목 수가 다릅니다. {AGAIN}")
        (place, row), title = pair
        yield {"comments": row["comments"], "bias": one_of(row["bias"], bias, place),
               "contain_gender_bias": one_of(row["contain_gender_bias"], truth, place),
               "hate": one_of(row["hate"], hate, place), "news_title": unquote(title, place)}


def read_sarcasm(path: Path) -> Rows:
    """Yield tweets; fields hold newlines and commas, and the first column has no name."""
    names = {"0": "not_sarcastic", "1": "sarcastic"}
    for place, row in read_table(path, columns=("", "tokens", "label"), delimiter=",", quoting=QUOTED):
        yield {"tokens": row["tokens"], "label": one_of(row["label"], names, place)}


def read_intent(path: Path) -> Rows:
    """Yield utterances; the file has no header and the label comes first."""
    for place, row in read_table(path, columns=("label", "text"), header=False):
        yield {"text": row["text"], "label": one_of(row["label"], _numbered(INTENTS), place)}


def read_sae(path: Path) -> Rows:
    """Yield directives with their argument; a byte order mark, CRLF, no header and no final newline."""
    for place, row in read_table(path, columns=("text", "argument", "label"), header=False, quoting=QUOTED):
        yield {**row, "label": one_of(row["label"], _numbered(DIRECTIVES), place)}


def _numbered(names: list[str]) -> dict[str, str]:
    return {str(number): name for number, name in enumerate(names)}


def read_paragraphs(path: Path, split: str) -> Rows:
    """Yield the documents of a text file: a paragraph a line, an empty line between documents.

    Every tenth document belongs to the split ``validation``, the others to ``train``; the column ``register``
    holds the file's name.
    """
    name = path.name.removesuffix(".gz").removesuffix(".txt")
    text = _unpacked(path) if path.suffix == ".gz" else read_utf8(path)
    documents = re.split(r"\n(?:[ \t]*\n)+", text.replace("\r\n", "\n").strip())
    for number, document in enumerate(documents, start=1):
        if document and (number % VALIDATION_EVERY == 0) == (split == "validation"):
            lines = "\n".join(line.strip() for line in document.split("\n"))
            yield {"id": f"{name}-{number:05d}", "register": name, "title": "", "text": lines}


def _unpacked(path: Path) -> str:
    """Return the text of a compressed file; one that unpacks to an unheard-of size is refused while it does."""
    try:
        with gzip.open(path) as file:
            content = file.read(LARGEST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise KlueError(f"{path.name}: 압축이 깨져 읽지 못했습니다. {AGAIN}") from error
    if len(content) > LARGEST_TEXT:
        raise KlueError(f"{path.name}: 풀면 {LARGEST_TEXT >> 20:,} MB가 넘는 파일이라 읽지 않았습니다. 여러 파일로 "
                        "나누어 넣으세요.")
    return decoded(content, path)


def _lines(path: Path) -> list[str]:
    """Return the lines of a file; the last one may lack its end."""
    text = read_utf8(path).replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


TABLES: dict[str, Callable[..., Rows]] = {
    "nsmc": read_nsmc, "korsts": read_korsts, "kornli": read_kornli, "chatbot": read_chatbot,
    "question_pair": read_question_pair, "hate": read_hate, "sarcasm": read_sarcasm, "intent": read_intent,
    "sae": read_sae,
}
