"""Published files made from our own samples: every set in the shape in which its publisher writes it."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets import ClassLabel, List

import klue_helpers as kh
from klue_helpers.data import CATALOGUE
from klue_helpers.data.download import git_blob_id
from klue_helpers.data.schemas import DIRECTIVES, INTENTS, SCHEMAS

Row = dict[str, Any]
EXTRA = {"ner": "CHAR\tNE_TAG", "dp": "INDEX\tWORD_FORM\tLEMMA\tPOS\tHEAD\tDEPREL"}
COMMENTS = "## 토큰, 레이블 구분자 : \\t\n## 토큰 구분자 : \\n\n## 문장 구분자 : \\n\\n\n## 주석 : ##\n## 컬럼명 : {}\n"


def named(feature: Any, value: Any) -> Any:
    """Replace the numbers of labels by their names, at any depth."""
    if isinstance(feature, ClassLabel):
        return feature.int2str(value)
    if isinstance(feature, List):
        return [named(feature.feature, one) for one in value]
    return {key: named(feature[key], one) for key, one in value.items()} if isinstance(feature, dict) else value


def sample_rows(name: str, split: str, most: int = 12) -> list[Row]:
    """Return the first rows of a sample with the names of labels."""
    return [named(SCHEMAS[name], row) for row in kh.load_data(name, splits=[split])[split].to_list()[:most]]


def _table(rows: Iterable[Iterable[Any]], delimiter: str = "\t", end: str = "\n", **options: Any) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end, **options).writerows(rows)
    return text.getvalue()


def _raw(rows: Iterable[Iterable[Any]], end: str = "\n") -> str:
    return "".join("\t".join(map(str, row)) + end for row in rows)


def _json(rows: list[Any] | dict[str, Any]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _squad(rows: list[Row], question: Callable[[Row], Row], **article: str) -> str:
    paragraphs = [{"title": row["title"], **{key: row[value] for key, value in article.items()},
                   "paragraphs": [{"context": row["context"], "qas": [question(row)]}]} for row in rows]
    return _json({"version": "v1.1", "data": paragraphs})


def _pairs(answers: dict[str, list[Any]]) -> list[Row]:
    return [{"text": text, "answer_start": start}
            for text, start in zip(answers["text"], answers["answer_start"], strict=True)]


def _mrc_question(row: Row) -> Row:
    kept = {name: row[name] for name in ("guid", "question", "question_type", "is_impossible")}
    tempting = {"plausible_answers": [{"text": row["context"][:3], "answer_start": 5}]} if row["is_impossible"] else {}
    return {**kept, "answers": _pairs(row["answers"]), **tempting}


def _sts(row: Row) -> Row:
    labels = row["labels"]
    return {**row, "labels": {**labels, "binary-label": int(labels["binary-label"] == "positive")}, "annotations": {}}


def _annotated(name: str, rows: list[Row], cells: Callable[[Row], Iterable[Iterable[Any]]]) -> str:
    blocks = [f"## klue-{name}-v1_dev_{number:05}_wikitree\t{row['sentence']}\n{_raw(cells(row))}"
              for number, row in enumerate(rows)]
    return COMMENTS.format(EXTRA[name]) + "\n" * (name == "dp") + "\n".join(blocks) + "\n"


def _conllu(rows: list[Row]) -> str:
    return "".join(f"# sent_id = s{number}\n# text = {row['text']}\n" + _raw(
        [at, token, "_", tag, "_", "_", 0, "root", "_", "_"]
        for at, (token, tag) in enumerate(zip(row["tokens"], row["upos"], strict=True), start=1)) + "\n"
        for number, row in enumerate(rows))


def _quoted_twice(text: str) -> str:
    return _table([[text]]).removesuffix("\n")


def _questions(rows: list[Row], train: bool) -> str:
    head = ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"]
    body = [[n, 2 * n, 2 * n + 1, row["question1"], row["question2"], int(row["label"] == "different")]
            for n, row in enumerate(rows)]
    if not train:
        head = ["test_id", *head[3:], ""]
        body = [[line[0], *line[3:], ""] for line in body]
    return "\ufeff" + _table([head, *body], ",", "\r\n").removesuffix("\r\n")


TOPIC = {"predefined_news_category": "사회", "annotations": {}}
CHATS = {"everyday": "0", "breakup": "1", "love": "2   "}
HATE = ("comments", "contain_gender_bias", "bias", "hate")
STS = ("genre", "filename", "year", "id", "score", "sentence1", "sentence2")
NLI = ("sentence1", "sentence2", "gold_label")
WRITERS: dict[str, Callable[[list[Row], str], str]] = {
    "ynat": lambda rows, _: _json([{**row, **TOPIC} for row in rows]),
    "sts": lambda rows, _: _json([_sts(row) for row in rows]).replace("\n", "\r\n"),
    "nli": lambda rows, split: _json([
        {"gold_label" if key == "label" else "genre" if key == "source" and split == "train" else key: value
         for key, value in row.items()} | {"author": row["label"]} for row in rows]),
    "ner": lambda rows, _: _annotated("ner", rows, lambda row: zip(row["tokens"], row["ner_tags"], strict=True)),
    "re": lambda rows, _: _json(rows),
    "dp": lambda rows, _: _annotated("dp", rows, lambda row: zip(
        *(row[name] for name in ("index", "word_form", "lemma", "pos", "head", "deprel")), strict=True)),
    "mrc": lambda rows, _: _squad(rows, _mrc_question, source="source", news_category="news_category"),
    "wos": lambda rows, _: _json([{**row, "dialogue": [
        {key: value for key, value in turn.items() if key != "state" or turn["role"] == "user"}
        for turn in row["dialogue"]]} for row in rows]),
    "nsmc": lambda rows, _: _table([["id", "document", "label"], *(
        [row["id"], _quoted_twice(row["document"]), int(row["label"] == "positive")] for row in rows)]),
    "korquad": lambda rows, _: _squad(rows, lambda row: {
        "id": row["id"], "question": row["question"], "answers": _pairs(row["answers"])}),
    "korsts": lambda rows, _: _raw([STS, *([row[name] for name in STS] for row in rows)]).removesuffix("\n"),
    "kornli": lambda rows, _: _raw([NLI, *([row[name] for name in NLI] for row in rows)]),
    "chatbot": lambda rows, _: _table([["Q", "A", "label"], *(
        [row["Q"], row["A"], CHATS[row["label"]]] for row in rows)], ",", "\r\n"),
    "question_pair": lambda rows, split: _questions(rows, split == "train"),
    "hate": lambda rows, _: _table([HATE, *([row[name] for name in HATE] for row in rows)]),
    "sarcasm": lambda rows, _: _table([["", "tokens", "label"], *(
        [number, row["tokens"], int(row["label"] == "sarcastic")] for number, row in enumerate(rows))], ","),
    "intent": lambda rows, _: _raw(([INTENTS.index(row["label"]), row["text"]] for row in rows), "\r\n")[:-2],
    "sae": lambda rows, _: "\ufeff" + _raw(([row["text"], row["argument"], DIRECTIVES.index(row["label"])]
                                            for row in rows), "\r\n").removesuffix("\r\n"),
    "pos": lambda rows, _: _conllu(rows),
}


def split_text(name: str, split: str, rows: list[Row]) -> list[str]:
    """Return the texts of a split's published files, in the catalogue's order."""
    files = CATALOGUE[name].published(split)
    if CATALOGUE[name].parallel:
        return [WRITERS[name](rows, split), _table(([row["news_title"]] for row in rows), quoting=csv.QUOTE_ALL)]
    parts = [rows[at :: len(files)] for at in range(len(files))]
    return [WRITERS[name](part, split) for part in parts]


def write_set(name: str, root: Path, rows: dict[str, list[Row]], monkeypatch: Any) -> dict[str, Path]:
    """Write a set's files below `root` and let the catalogue know their hashes and rows. Return paths by address."""
    data, entries, paths = CATALOGUE[name], [], {}
    for split in rows:
        files = data.published(split)
        for at, (file, text) in enumerate(zip(files, split_text(name, split, rows[split]), strict=True)):
            path = root / data.folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
            count = len(rows[split]) if data.parallel else len(rows[split][at :: len(files)])
            entries.append(replace(file, rows=count, blob=git_blob_id(path)))
            paths[file.url] = path
    monkeypatch.setitem(CATALOGUE, name, replace(data, files=tuple(entries)))
    return paths
