"""The publishers' files by hand, from the rows of the samples: each in the form that its reader undoes."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

from datasets import ClassLabel, Dataset

from klue_helpers.data import load_data
from klue_helpers.data.catalogue import DataSet, PublishedFile
from klue_helpers.data.schemas import NER_TAGS, SCHEMAS, UPOS

Row = dict[str, Any]


def contents(data: DataSet) -> dict[str, tuple[bytes, int]]:
    """Return a published set's files by path, filled from its sample, each with its number of rows.

    A split that the sample lacks takes half of the rows of the last split; files of one split share its rows.
    """
    rows = {split: _named(part) for split, part in load_data(data.name).items()}
    if data.name == "question_pair":
        rows["train"] = _again(rows["train"], 6)  # lecture 6 keeps 688 of them for a test
    if data.name == "korquad":
        rows["validation"] += rows["train"]  # lecture 7 parts the articles of this split alone
    for split in data.splits:
        if split not in rows:
            last = list(rows)[-1]
            half = len(rows[last]) // 2
            rows[last], rows[split] = rows[last][:half], rows[last][half:]
    texts = {}
    for split in data.splits:
        files = data.published(split)
        for place, file in enumerate(files):
            own = rows[split] if data.parallel else rows[split][place::len(files)]
            texts[file.path] = WRITERS[data.name](file, own).encode(), len(own)
    return texts


def _named(part: Dataset) -> list[Row]:
    """Return the rows with the names of their labels."""
    labels = {name: kind for name, kind in part.features.items() if isinstance(kind, ClassLabel)}
    return [{name: labels[name].int2str(value) if name in labels else value for name, value in row.items()}
            for row in part]


def _again(rows: list[Row], times: int) -> list[Row]:
    """Return the question pairs several times, each time with another number in both questions."""
    return [{**row, "question1": f"{row['question1']} {n}번", "question2": f"{row['question2']} {n}번"}
            for n in range(times) for row in rows]


def _table(rows: Iterable[Sequence[object]], header: Sequence[str] = (), *, delimiter: str = "\t",
           quoted: bool = False) -> str:
    out = io.StringIO()
    kind = {"quoting": csv.QUOTE_MINIMAL} if quoted else {"quoting": csv.QUOTE_NONE, "quotechar": None}
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", **kind)
    writer.writerows([header, *rows] if header else rows)
    return out.getvalue()


def _number(name: str, row: Row) -> int:
    """Return the number of a row's label in the published file."""
    return SCHEMAS[name]["label"].str2int(row["label"])


def _nsmc(_: PublishedFile, rows: list[Row]) -> str:
    """Write reviews; the publisher applied CSV quoting twice."""
    def once(text: str) -> str:
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if '"' in text else text

    return _table([(row["id"], once(row["document"]), _number("nsmc", row)) for row in rows],
                  ("id", "document", "label"), quoted=True)


def _korsts(_: PublishedFile, rows: list[Row]) -> str:
    columns = ("genre", "filename", "year", "id", "score", "sentence1", "sentence2")
    return _table([[row[name] for name in columns] for row in rows], columns)


def _kornli(_: PublishedFile, rows: list[Row]) -> str:
    columns = ("sentence1", "sentence2", "gold_label")
    return _table([[row[name] for name in columns] for row in rows], columns)


def _chatbot(_: PublishedFile, rows: list[Row]) -> str:
    return _table([(row["Q"], row["A"], _number("chatbot", row)) for row in rows], ("Q", "A", "label"),
                  delimiter=",", quoted=True)


def _question_pair(file: PublishedFile, rows: list[Row]) -> str:
    cells = [(row["question1"], row["question2"], int(row["label"] == "different")) for row in rows]
    if file.split == "train":
        return _table([(n, 2 * n, 2 * n + 1, *cell) for n, cell in enumerate(cells)],
                      ("id", "qid1", "qid2", "question1", "question2", "is_duplicate"), delimiter=",", quoted=True)
    return _table([(n, *cell, "") for n, cell in enumerate(cells)],
                  ("test_id", "question1", "question2", "is_duplicate", ""), delimiter=",", quoted=True)


def _hate(file: PublishedFile, rows: list[Row]) -> str:
    if "title" in file.path:
        return "".join(f"{row['news_title']}\n" for row in rows)
    columns = ("comments", "contain_gender_bias", "bias", "hate")
    return _table([[row[name] for name in columns] for row in rows], columns, quoted=True)


def _sarcasm(_: PublishedFile, rows: list[Row]) -> str:
    return _table([(n, row["tokens"], _number("sarcasm", row)) for n, row in enumerate(rows)],
                  ("", "tokens", "label"), delimiter=",", quoted=True)


def _intent(_: PublishedFile, rows: list[Row]) -> str:
    return _table([(_number("intent", row), row["text"]) for row in rows])


def _sae(_: PublishedFile, rows: list[Row]) -> str:
    return _table([(row["text"], row["argument"], _number("sae", row)) for row in rows], quoted=True)


def _json(_: PublishedFile, rows: list[Row]) -> str:
    return json.dumps(rows, ensure_ascii=False)


def _sts(file: PublishedFile, rows: list[Row]) -> str:
    return _json(file, [{**row, "labels": {**row["labels"], "binary-label": int(row["labels"]["label"] >= 3)}}
                        for row in rows])


def _nli(file: PublishedFile, rows: list[Row]) -> str:
    genre = "genre" if file.split == "train" else "source"
    return _json(file, [{"guid": row["guid"], genre: row["source"], "premise": row["premise"],
                         "hypothesis": row["hypothesis"], "gold_label": row["label"]} for row in rows])


def _wos(file: PublishedFile, rows: list[Row]) -> str:
    """Write dialogues; a turn of the system has no state."""
    def turn(one: Row) -> Row:
        return one if one["role"] == "user" else {"role": one["role"], "text": one["text"]}

    return _json(file, [{**row, "dialogue": [turn(one) for one in row["dialogue"]]} for row in rows])


def _squad(rows: list[Row], article: Sequence[str], question: Callable[[Row], Row]) -> str:
    """Write questions as SQuAD does, each in an article of its own."""
    return json.dumps({"data": [{**{name: row[name] for name in article}, "paragraphs": [
        {"context": row["context"], "qas": [question(row)]}]} for row in rows]}, ensure_ascii=False)


def _answers(row: Row) -> list[Row]:
    starts, texts = row["answers"]["answer_start"], row["answers"]["text"]
    return [{"answer_start": start, "text": text} for start, text in zip(starts, texts, strict=True)]


def _mrc(_: PublishedFile, rows: list[Row]) -> str:
    """Write questions; an unanswerable one has a plausible answer that is none."""
    def question(row: Row) -> Row:
        plausible = [{"answer_start": 0, "text": row["context"][:2]}] if row["is_impossible"] else []
        return {**{name: row[name] for name in ("guid", "question", "question_type", "is_impossible")},
                "answers": _answers(row), "plausible_answers": plausible}

    return _squad(rows, ("title", "news_category", "source"), question)


def _korquad(_: PublishedFile, rows: list[Row]) -> str:
    return _squad(rows, ("title",),
                  lambda row: {"id": row["id"], "question": row["question"], "answers": _answers(row)})


def _ner(_: PublishedFile, rows: list[Row]) -> str:
    """Write characters with tags below a line that has the marked sentence."""
    blocks = []
    for number, row in enumerate(rows):
        lines = [f"## klue-ner-v1_{number:05d}-sample\t<{row['sentence']}:OG>"]
        tags = zip(row["tokens"], row["ner_tags"], strict=True)
        lines += [f"{token}\t{NER_TAGS[tag]}" for token, tag in tags]
        blocks.append("\n".join(lines) + "\n")
    return "## 토큰, 레이블 구분자 : \\t\n" + "\n".join(blocks)


def _dp(_: PublishedFile, rows: list[Row]) -> str:
    names = ("index", "word_form", "lemma", "pos", "head", "deprel")
    blocks = []
    for number, row in enumerate(rows):
        cells = zip(*(row[name] for name in names), strict=True)
        lines = ["\t".join(map(str, cell)) for cell in cells]
        blocks.append("\n".join([f"## klue-dp-v1_{number:05d}-sample\t{row['sentence']}", *lines]) + "\n")
    return "\n".join(blocks)


def _pos(_: PublishedFile, rows: list[Row]) -> str:
    """Write CoNLL-U, of whose ten columns form and tag are told."""
    blocks = []
    for row in rows:
        cells = zip(count(1), row["tokens"], row["upos"], strict=False)
        lines = ["\t".join([str(n), form, "_", UPOS[tag], *"______"]) for n, form, tag in cells]
        blocks.append("\n".join([f"# text = {row['text']}", *lines]) + "\n")
    return "\n".join(blocks) + "\n"


WRITERS: dict[str, Callable[[PublishedFile, list[Row]], str]] = {
    "ynat": _json, "sts": _sts, "nli": _nli, "ner": _ner, "re": _json, "dp": _dp, "mrc": _mrc, "wos": _wos,
    "nsmc": _nsmc, "korquad": _korquad, "korsts": _korsts, "kornli": _kornli, "chatbot": _chatbot,
    "question_pair": _question_pair, "hate": _hate, "sarcasm": _sarcasm, "intent": _intent, "sae": _sae, "pos": _pos,
}
