"""Readers of the published KLUE files, of KorQuAD and of CoNLL-U (taught with their tasks in lectures 5, 6, 7, 9)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from klue_helpers.data.schemas import NER_TAGS, NLI_LABELS, RELATIONS, TOPICS, UPOS
from klue_helpers.data.tables import AGAIN, blocks, number_in, one_of
from klue_helpers.errors import KlueError

Rows = Iterator[dict[str, Any]]


def read_ynat(path: Path) -> Rows:
    """Yield headlines. Written to the documented shape of the file, not tried on it."""
    for place, row in _items(path, "guid", "title", "label", "url", "date"):
        yield {**row, "label": one_of(row["label"], {name: name for name in TOPICS}, place)}


def read_sts(path: Path) -> Rows:
    """Yield sentence pairs with the mean of several annotators' scores, 0 to 5."""
    for place, row in _items(path, "guid", "source", "sentence1", "sentence2", "labels"):
        score = number_in(row["labels"]["label"], 0, 5, place)
        if row["labels"]["binary-label"] != (score >= 3):
            raise KlueError(f"{place}: label {score}와 binary-label이 어긋납니다. {AGAIN}")
        yield row


def read_nli(path: Path) -> Rows:
    """Yield premise and hypothesis; the train file calls the source ``genre``."""
    for place, row in _items(path, "guid", "premise", "hypothesis", "gold_label", optional=("source", "genre")):
        label = one_of(row.pop("gold_label"), {name: name for name in NLI_LABELS}, place)
        yield {**row, "source": row.get("source", row.get("genre", "")), "label": label}


def read_re(path: Path) -> Rows:
    """Yield sentences with two entities and their relation. Written to the documented shape, not tried on it."""
    for place, row in _items(path, "guid", "sentence", "subject_entity", "object_entity", "label", "source"):
        for entity in (row["subject_entity"], row["object_entity"]):
            if row["sentence"][entity["start_idx"] : entity["end_idx"] + 1] != entity["word"]:
                raise KlueError(f"{place}: 문장의 그 자리에 개체 {entity['word']!r}이(가) 없습니다. {AGAIN}")
        yield {**row, "label": one_of(row["label"], {name: name for name in RELATIONS}, place)}


def read_wos(path: Path) -> Rows:
    """Yield dialogues; a system turn has no state. Written to the documented shape, not tried on it."""
    for _, row in _items(path, "guid", "domains", "dialogue"):
        yield {**row, "dialogue": [{"state": [], **turn} for turn in row["dialogue"]]}


def read_mrc(path: Path) -> Rows:
    """Yield questions with their paragraph. Written to the documented shape, not tried on it.

    An unanswerable question has no answer here; where the file offers a plausible one, it is left out.
    """
    for article, paragraph in _paragraphs(path):
        for question in paragraph["qas"]:
            answers = [] if question["is_impossible"] else question["answers"]
            yield {"title": article.get("title", ""), "context": paragraph["context"],
                   "news_category": article.get("news_category") or "", "source": article["source"],
                   "guid": question["guid"], "is_impossible": question["is_impossible"],
                   "question_type": question["question_type"], "question": question["question"],
                   "answers": _answers(answers, paragraph["context"], f"{path.name} {question['guid']}")}


def read_korquad(path: Path) -> Rows:
    """Yield KorQuAD's questions, with offsets in code points."""
    for article, paragraph in _paragraphs(path):
        for question in paragraph["qas"]:
            place = f"{path.name} {question['id']}"
            yield {"id": question["id"], "title": article["title"], "context": paragraph["context"],
                   "question": question["question"],
                   "answers": _answers(question["answers"], paragraph["context"], place)}


def _paragraphs(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    content = _json(path)
    if not isinstance(content, dict) or "data" not in content:
        raise KlueError(f"{path.name}: SQuAD 형식의 JSON(맨 위에 data)이어야 합니다. {AGAIN}")
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            yield article, paragraph


def _answers(answers: list[dict[str, Any]], context: str, place: str) -> dict[str, list[Any]]:
    for answer in answers:
        start, text = answer["answer_start"], answer["text"]
        if context[start : start + len(text)] != text:
            raise KlueError(f"{place}: 지문의 {start:,}번째 글자에 답 {text!r}이(가) 없습니다. {AGAIN}")
    return {key: [answer[key] for answer in answers] for key in ("answer_start", "text")}


def read_ner(path: Path) -> Rows:
    """Yield sentences as characters with BIO tags; a space is a token, so that no line may be stripped."""
    tags = {name: name for name in NER_TAGS}
    for place, lines in blocks(path):
        header, rows = _annotated(lines)
        if header is None:
            continue
        cells = [row.split("\t") for row in rows]
        if any(len(cell) != 2 for cell in cells):
            raise KlueError(f"{place}: 글자와 태그 두 칸이어야 합니다. {AGAIN}")
        tokens = [token for token, _ in cells]
        yield {"sentence": "".join(tokens), "tokens": tokens,
               "ner_tags": [one_of(tag, tags, place) for _, tag in cells]}


def read_dp(path: Path) -> Rows:
    """Yield sentences as words with head (0 is the root) and dependency label."""
    names = ("index", "word_form", "lemma", "pos", "head", "deprel")
    for place, lines in blocks(path):
        header, rows = _annotated(lines)
        if header is None:
            continue
        cells = [row.split("\t") for row in rows]
        if any(len(cell) != len(names) for cell in cells):
            raise KlueError(f"{place}: {', '.join(names)} 여섯 칸이어야 합니다. {AGAIN}")
        columns: dict[str, list[Any]] = {name: [cell[at] for cell in cells] for at, name in enumerate(names)}
        for name in ("index", "head"):
            columns[name] = [int(number_in(value, 0, len(rows), place)) for value in columns[name]]
        yield {"sentence": header.split("\t", 1)[1], **columns}


def _annotated(lines: list[str]) -> tuple[str | None, list[str]]:
    """Part a block into the sentence's header and its rows; the file's own comments come first of all."""
    headers = [line for line in lines if line.startswith("## klue")]
    start = max((number for number, line in enumerate(lines, start=1) if line.startswith("## ")), default=0)
    return (headers[-1] if headers else None), lines[start:]


def read_conllu(path: Path) -> Rows:
    """Yield sentences of a CoNLL-U file as tokens with universal part-of-speech tags."""
    tags = {name: name for name in UPOS}
    for place, lines in blocks(path):
        text = next((line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")), "")
        cells = [line.split("\t") for line in lines if not line.startswith("#")]
        if any(len(cell) != 10 for cell in cells):
            raise KlueError(f"{place}: CoNLL-U는 열 칸이어야 합니다. {AGAIN}")
        yield {"text": text, "tokens": [cell[1] for cell in cells],
               "upos": [one_of(cell[3], tags, place) for cell in cells]}


def _items(path: Path, *columns: str, optional: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, row) of a JSON list, a row cut down to the columns asked for."""
    content = _json(path)
    if not isinstance(content, list):
        raise KlueError(f"{path.name}: 맨 위가 목록인 JSON이어야 합니다. {AGAIN}")
    for number, item in enumerate(content, start=1):
        place = f"{path.name} {number:,}번째 항목"
        missing = [name for name in columns if name not in item]
        if missing:
            raise KlueError(f"{place}: {', '.join(missing)} 열이 없습니다. {AGAIN}")
        yield place, {name: item[name] for name in (*columns, *optional) if name in item}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise KlueError(f"{path.name} {error.lineno:,}행: JSON이 끊겼습니다. {AGAIN}") from error


KLUE: dict[str, Callable[[Path], Rows]] = {
    "ynat": read_ynat, "sts": read_sts, "nli": read_nli, "ner": read_ner, "re": read_re, "dp": read_dp,
    "mrc": read_mrc, "wos": read_wos, "korquad": read_korquad, "pos": read_conllu,
}
