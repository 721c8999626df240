"""Readers of the published KLUE files, of KorQuAD and of CoNLL-U (taught with their tasks in lectures 5, 6, 7, 9)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from klue_helpers.data.schemas import NER_TAGS, NLI_LABELS, RELATIONS, TOPICS, UPOS
from klue_helpers.data.tables import AGAIN, blocks, number_in, one_of, read_json
from klue_helpers.errors import KlueError
from klue_helpers.options import shown

Rows = Iterator[dict[str, Any]]
_ANSWER = {"text": str, "answer_start": int}
_ENTITY = {"word": str, "start_idx": int, "end_idx": int, "type": str}


def read_ynat(path: Path) -> Rows:
    """Yield headlines. Written to the documented shape of the file, not tried on it."""
    shape = {"guid": str, "title": str, "label": str, "url": (str, ""), "date": (str, "")}
    for place, row in _items(path, shape):
        yield {**row, "label": one_of(row["label"], {name: name for name in TOPICS}, place)}


def read_sts(path: Path) -> Rows:
    """Yield sentence pairs with the mean of several annotators' scores, 0 to 5, and whether it is 3 or more."""
    labels = {"label": float, "real-label": float, "binary-label": int}
    shape = {"guid": str, "source": str, "sentence1": str, "sentence2": str, "labels": labels}
    for place, row in _items(path, shape):
        scores = [number_in(row["labels"][name], 0, 5, place) for name in ("label", "real-label")]
        if row["labels"]["binary-label"] not in {int(score >= 3) for score in scores}:
            raise KlueError(f"{place}: label {scores[0]}와 binary-label이 어긋납니다. {AGAIN}")
        yield row


def read_nli(path: Path) -> Rows:
    """Yield premise and hypothesis; the train file calls the source ``genre``."""
    shape = {"guid": str, "source": (str, ""), "genre": (str, ""), "premise": str, "hypothesis": str,
             "gold_label": str}
    for place, row in _items(path, shape):
        label = one_of(row.pop("gold_label"), {name: name for name in NLI_LABELS}, place)
        genre = row.pop("genre")
        yield {**row, "source": row["source"] or genre, "label": label}


def read_re(path: Path) -> Rows:
    """Yield sentences with two entities and their relation. Written to the documented shape, not tried on it."""
    shape = {"guid": str, "sentence": str, "subject_entity": _ENTITY, "object_entity": _ENTITY, "label": str,
             "source": str}
    for place, row in _items(path, shape):
        for entity in (row["subject_entity"], row["object_entity"]):
            start, word = entity["start_idx"], entity["word"]
            if not word or start < 0 or row["sentence"][start : entity["end_idx"] + 1] != word:
                raise KlueError(f"{place}: 문장의 그 자리에 개체 {shown(word)}이(가) 없습니다. {AGAIN}")
        yield {**row, "label": one_of(row["label"], {name: name for name in RELATIONS}, place)}


def read_wos(path: Path) -> Rows:
    """Yield dialogues; a system turn has no state. Written to the documented shape, not tried on it."""
    turn = {"role": str, "text": str, "state": ([str], [])}
    for _, row in _items(path, {"guid": str, "domains": [str], "dialogue": [turn]}):
        yield row


def read_mrc(path: Path) -> Rows:
    """Yield questions with their paragraph. Written to the documented shape, not tried on it.

    An unanswerable question has no answer here; where the file offers a plausible one, it is left out.
    """
    question = {"guid": str, "question": str, "question_type": int, "is_impossible": bool, "answers": [_ANSWER]}
    article = {"title": (str, ""), "news_category": (str, ""), "source": str}
    for row in _squad(path, article, question):
        place = f"{path.name} {row['guid']}"
        yield {**row, "answers": _answers([] if row["is_impossible"] else row["answers"], row["context"], place)}


def read_korquad(path: Path) -> Rows:
    """Yield KorQuAD's questions, with offsets in code points."""
    for row in _squad(path, {"title": str}, {"id": str, "question": str, "answers": [_ANSWER]}):
        yield {**row, "answers": _answers(row["answers"], row["context"], f"{path.name} {row['id']}")}


def _squad(path: Path, article: dict[str, Any], question: dict[str, Any]) -> Rows:
    """Yield every question of a file in SQuAD's shape together with its context and what its article says."""
    paragraph = {"context": str, "qas": [question]}
    content = read_json(path, {"data": [{**article, "paragraphs": [paragraph]}]})
    for one in content["data"]:
        for part in one.pop("paragraphs"):
            for asked in part["qas"]:
                yield {**one, "context": part["context"], **asked}


def _answers(answers: list[dict[str, Any]], context: str, place: str) -> dict[str, list[Any]]:
    for answer in answers:
        start, text = answer["answer_start"], answer["text"]
        if not text or start < 0 or context[start : start + len(text)] != text:
            raise KlueError(f"{place}: 지문의 {start:,}번째 글자에 답 {shown(text)}이(가) 없습니다. {AGAIN}")
    return {key: [answer[key] for answer in answers] for key in ("answer_start", "text")}


def read_ner(path: Path) -> Rows:
    """Yield sentences as characters with BIO tags; a space is a token, so that no line may be stripped."""
    tags = {name: name for name in NER_TAGS}
    for place, _, cells in _annotated(path, ("CHAR", "NE_TAG")):
        tokens = [token for token, _ in cells]
        yield {"sentence": "".join(tokens), "tokens": tokens,
               "ner_tags": [one_of(tag, tags, place) for _, tag in cells]}


def read_dp(path: Path) -> Rows:
    """Yield sentences as words with head (0 is the root) and dependency label."""
    names = ("index", "word_form", "lemma", "pos", "head", "deprel")
    for place, sentence, cells in _annotated(path, names):
        columns: dict[str, list[Any]] = {name: [cell[at] for cell in cells] for at, name in enumerate(names)}
        for name in ("index", "head"):
            columns[name] = [int(number_in(value, 0, len(cells), place)) for value in columns[name]]
        yield {"sentence": sentence, **columns}


def _annotated(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, str, list[list[str]]]]:
    """Yield (place, sentence of the header, cells of the rows) for every sentence; the file's comments come first."""
    for place, lines in blocks(path):
        comments = [number for number, line in enumerate(lines) if line.startswith("## ")]
        headers = [lines[number] for number in comments if lines[number].startswith("## klue")]
        cells = [line.split("\t") for line in lines[comments[-1] + 1 if comments else 0 :]]
        if not headers and not cells:
            continue  # nothing but the file's comments
        if len(headers) != 1 or "\t" not in headers[0] or not cells:
            raise KlueError(f"{place}: 문장마다 '## klue'로 시작하는 줄 하나와 그 아래의 행이 있어야 합니다. {AGAIN}")
        if any(len(cell) != len(columns) for cell in cells):
            raise KlueError(f"{place}: {', '.join(columns)}의 {len(columns)}칸이어야 합니다. {AGAIN}")
        yield place, headers[0].split("\t", 1)[1], cells


def read_conllu(path: Path) -> Rows:
    """Yield sentences of a CoNLL-U file as tokens with universal part-of-speech tags."""
    tags = {name: name for name in UPOS}
    for place, lines in blocks(path):
        texts = [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]
        cells = [line.split("\t") for line in lines if not line.startswith("#")]
        if len(texts) != 1 or not cells or any(len(cell) != 10 for cell in cells):
            raise KlueError(f"{place}: CoNLL-U는 문장마다 '# text = ' 줄 하나와 열 칸짜리 행이 있어야 합니다. {AGAIN}")
        yield {"text": texts[0], "tokens": [cell[1] for cell in cells],
               "upos": [one_of(cell[3], tags, place) for cell in cells]}


def _items(path: Path, shape: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, row) of a JSON list, a row cut down to the shape asked for."""
    for number, row in enumerate(read_json(path, [shape]), start=1):
        yield f"{path.name} {number:,}번째 항목", row


KLUE: dict[str, Callable[[Path], Rows]] = {
    "ynat": read_ynat, "sts": read_sts, "nli": read_nli, "ner": read_ner, "re": read_re, "dp": read_dp,
    "mrc": read_mrc, "wos": read_wos, "korquad": read_korquad, "pos": read_conllu,
}
