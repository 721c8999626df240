"""Published files: row counts and quirks as described beside them, and what is said of damaged ones."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

import klue_helpers as kh
from klue_helpers.data import CATALOGUE, download, schemas
from klue_helpers.data.verify import verify

PRESENT = {  # name: rows by split of the files that lie in the folder of published data
    "sts": {"validation": 519}, "nli": {"validation": 3_000}, "ner": {"validation": 5_000}, "dp": {"validation": 2_000},
    "nsmc": {"train": 150_000, "test": 50_000}, "korquad": {"validation": 5_774},
    "korsts": {"train": 5_749, "validation": 1_500}, "kornli": {"validation": 2_490, "test": 5_010},
    "chatbot": {"train": 11_823}, "question_pair": {"train": 6_888}, "hate": {"train": 7_896, "validation": 471},
    "sarcasm": {"train": 9_000}, "intent": {"train": 55_134}, "pos": {"validation": 2_066},
}


def load(published: Path, name: str, split: str):
    return kh.load_data(name, "local", data_dir=published, splits=[split])[split]


@pytest.mark.parametrize(("name", "split"), [(name, split) for name, splits in PRESENT.items() for split in splits])
def test_rows_and_features(published, name, split):
    rows = load(published, name, split)
    assert len(rows) == PRESENT[name][split]
    assert rows.features == CATALOGUE[name].features


def test_every_published_file_is_in_order_and_others_are_listed(published):
    findings = verify(published)
    assert sum(one.status == "good" for one in findings) == 20
    assert not [one for one in findings if one.status == "bad"]
    assert "koelectra/vocab.txt" in {one.path for one in findings if one.status == "unknown"}


def test_a_file_without_its_partner_is_not_said_to_have_been_read(published, tmp_path):
    comments = tmp_path / "korean_hate_speech" / "labeled" / "dev.tsv"
    comments.parent.mkdir(parents=True)
    shutil.copyfile(published / "korean_hate_speech" / "labeled" / "dev.tsv", comments)
    (finding,) = verify(tmp_path)
    assert finding.status == "good" and "읽지 못했습니다" in finding.detail and "맞습니다" not in finding.detail


def test_ner_keeps_every_space(published):
    rows = load(published, "ner", "validation")
    tags = rows.features["ner_tags"].feature.names
    cells = [(token, tags[tag]) for row in rows for token, tag in zip(row["tokens"], row["ner_tags"], strict=True)]
    assert len(cells) == 285_929
    assert sum(tag.startswith("B-") for _, tag in cells) == 14_257
    assert sum(cell == (" ", "O") for cell in cells) == 57_501
    assert sum(token == " " and tag != "O" for token, tag in cells) == 2_878
    assert sum(token == "#" for token, _ in cells) >= 1
    assert all("".join(row["tokens"]) == row["sentence"] for row in rows)


def test_dp_trees(published):
    rows = load(published, "dp", "validation")
    assert sum(len(row["head"]) for row in rows) == 22_496
    for row in rows:
        assert row["head"].count(0) == 1 and row["index"] == list(range(1, len(row["head"]) + 1))
        assert all(head == 0 or head > index for index, head in zip(row["index"], row["head"], strict=True))


def test_sentence_pairs(published):
    assert Counter(load(published, "nli", "validation")["label"]) == {0: 1000, 1: 1000, 2: 1000}
    korsts = load(published, "korsts", "train")
    pairs = list(zip(korsts["sentence1"], korsts["sentence2"], strict=True))
    assert len(pairs) - len(set(pairs)) == 49 and sum(a == b for a, b in pairs) == 37
    xnli = load(published, "kornli", "validation")
    assert sum('"' in text for text in xnli["sentence1"]) > 0


def test_chatbot(published):
    rows = load(published, "chatbot", "train")
    questions = rows["Q"][:]
    assert len(questions) - len(set(questions)) == 161
    assert sum("," in row["Q"] or "," in row["A"] for row in rows) == 75


def test_question_pair_label_is_turned(published):
    rows = load(published, "question_pair", "train")
    same = rows.filter(lambda row: row["label"] == rows.features["label"].str2int("same"))
    assert rows.features["label"].names[0] == "same"
    equal = [row for row in rows if row["question1"].replace(" ", "") == row["question2"].replace(" ", "")]
    assert equal and sum(row["label"] == 0 for row in equal) / len(equal) > 0.9
    assert 0 < len(same) < len(rows)


def test_hate_comments_stand_beside_their_titles(published):
    rows = load(published, "hate", "train")
    bias = rows.features["bias"].int2str
    assert all((bias(row["bias"]) == "gender") == row["contain_gender_bias"] for row in rows)
    assert not any(title.startswith('"') and title.endswith('"') for title in rows["news_title"])


def test_sarcasm_holds_newlines_and_one_empty_text(published):
    texts = load(published, "sarcasm", "train")["tokens"][:]
    assert sum("\n" in text for text in texts) == 10
    assert [number for number, text in enumerate(texts) if text == ""] == [120]


def test_intent_repeats(published):
    texts = load(published, "intent", "train")["text"][:]
    assert len(texts) - len(set(texts)) == 3_307


def test_korquad_offsets(published):
    rows = load(published, "korquad", "validation")
    assert len(set(rows["title"])) == 140
    assert sum(row["answers"]["text"][0].endswith(" ") for row in rows) == 3


def test_relation_list_is_the_published_one(published):
    text = (published / "klue" / "klue-re-v1.1" / "relation_list.json").read_text(encoding="utf-8")
    assert json.loads(text)["relations"] == schemas.RELATIONS


def test_blob_ids_are_those_of_the_description(published):
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))["files"]
    described = {one["path"]: one["source"]["git_blob"] for one in manifest if one.get("source", {}).get("git_blob")}
    ours = {f"{data.folder}/{file.path}": file.blob for data in CATALOGUE.values() for file in data.files}
    assert {path: ours[path] for path in described if path in ours} == {
        path: blob for path, blob in described.items() if path in ours
    }
    assert download.git_blob_id(published / "chatbot" / "ChatbotData.csv") == ours["chatbot/ChatbotData.csv"]


DAMAGE = [  # data set, file, what to do with its text, what the message must hold
    ("chatbot", "ChatbotData.csv", lambda text: text.replace(",0\r\n", ",7\r\n", 1), "ChatbotData.csv 2행: 레이블"),
    ("chatbot", "ChatbotData.csv", lambda text: text[: text.rindex("\r\n", 0, -1) + 2], "11,823행이어야 하는데"),
    ("nsmc", "ratings_test.txt", lambda text: text.replace("\t1\n", "\n", 1), "3칸이어야 하는데 2칸"),
    ("korsts", "sts-dev.tsv", lambda text: text.replace("\t5.000\t", "\t6.0\t", 1), "sts-dev.tsv 2행: 0에서 5"),
    ("nli", "klue-nli-v1.1/klue-nli-v1.1_dev.json", lambda text: text[: len(text) // 2], "JSON이 끊겼습니다"),
    ("nli", "klue-nli-v1.1/klue-nli-v1.1_dev.json", lambda text: text.replace('gold_label"', 'label"', 1),
     "1번째 항목: gold_label 열이 없습니다"),
    ("sts", "klue-sts-v1.1/klue-sts-v1.1_dev.json",
     lambda text: text.replace('binary-label": 1', 'binary-label": 0', 1), "binary-label이 어긋납니다"),
    ("ner", "klue-ner-v1.1/klue-ner-v1.1_dev.tsv", lambda text: text.replace("\tB-PS", "\tB-XX", 1), "'B-XX'"),
    ("dp", "klue-dp-v1.1/klue-dp-v1.1_dev.tsv", lambda text: text.replace("\tNP_SBJ\n", "\n", 1), "6칸이어야"),
    ("korquad", "KorQuAD_v1.0_dev.json", lambda text: text.replace('"answer_start": 0', '"answer_start": 3', 1),
     "번째 글자에"),
    ("hate", "news_title/train.news_title.txt", lambda text: text[text.index("\n") + 1 :], "제목 수가 다릅니다"),
    ("pos", "ko_kaist-ud-dev.conllu", lambda text: text.replace("\tNOUN\t", "\tNON\t", 1), "'NON'"),
    ("question_pair", "kor_pair_train.csv", lambda text: text.replace("qid1", "qid"), "머리글"),
]


@pytest.mark.parametrize(("name", "file", "damage", "message"), DAMAGE, ids=[f"{d[0]}-{d[3][:12]}" for d in DAMAGE])
def test_damaged_files_are_named_with_the_row(published, tmp_path, name, file, damage, message):
    data = CATALOGUE[name]
    split = next(one.split for one in data.files if one.path == file)
    for one in data.published(split):
        target = tmp_path / data.folder / one.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(published / data.folder / one.path, target)
    path = tmp_path / data.folder / file
    original = path.read_bytes().decode("utf-8")
    assert damage(original) != original
    path.write_bytes(damage(original).encode("utf-8"))
    with pytest.raises(kh.KlueError, match=message):
        load(tmp_path, name, split)
    bad = [one for one in verify(tmp_path) if one.status == "bad"]
    assert {one.path for one in bad} >= {f"{data.folder}/{file}"} and any("git blob" in one.detail for one in bad)


SHAPES = {  # the documented shapes of files that are not at hand, in our own words
    "ynat": ("ynat-v1.1/ynat-v1.1_dev.json", [
        {"guid": "y1", "title": "동네 빵집 줄 선 사연", "predefined_news_category": "사회", "label": "생활문화",
         "annotations": {}, "url": "", "date": ""}]),
    "re": ("klue-re-v1.1/klue-re-v1.1_dev.json", [
        {"guid": "r1", "sentence": "한가람은 나루출판의 대표다.", "label": "per:employee_of", "source": "wikitree",
         "subject_entity": {"word": "한가람", "start_idx": 0, "end_idx": 2, "type": "PER"},
         "object_entity": {"word": "나루출판", "start_idx": 5, "end_idx": 8, "type": "ORG"}}]),
    "mrc": ("klue-mrc-v1.1/klue-mrc-v1.1_dev.json", {"data": [
        {"title": "t", "news_category": None, "source": "news", "paragraphs": [{"context": "비가 사흘 왔다.", "qas": [
            {"guid": "m1", "question": "며칠 왔나?", "question_type": 1, "is_impossible": False,
             "answers": [{"text": "사흘", "answer_start": 3}]},
            {"guid": "m2", "question": "눈은?", "question_type": 3, "is_impossible": True, "answers": [],
             "plausible_answers": [{"text": "사흘", "answer_start": 3}]}]}]}]}),
    "wos": ("wos-v1.1/wos-v1.1_dev.json", [
        {"guid": "w1", "domains": ["숙소"], "dialogue": [
            {"role": "user", "text": "내일 방 있나요?", "state": ["숙소-예약 요일-금요일"]},
            {"role": "sys", "text": "네, 있습니다."}]}]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_documented_shapes_are_read(tmp_path, monkeypatch, name):
    from dataclasses import replace

    file, content = SHAPES[name]
    data = CATALOGUE[name]
    monkeypatch.setitem(CATALOGUE, name, replace(data, files=tuple(replace(one, rows=None) for one in data.files)))
    path = tmp_path / "klue" / file
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    rows = load(tmp_path, name, "validation")
    assert rows.features == data.features and len(rows) == (2 if name == "mrc" else 1)
    if name == "mrc":
        assert rows["answers"][:] == [{"answer_start": [3], "text": ["사흘"]}, {"answer_start": [], "text": []}]
    if name == "wos":
        assert [turn["state"] for turn in rows[0]["dialogue"]] == [["숙소-예약 요일-금요일"], []]


def write(tmp_path, name: str, file: str, text: str, monkeypatch) -> Path:
    from dataclasses import replace

    data = CATALOGUE[name]
    monkeypatch.setitem(CATALOGUE, name, replace(data, files=tuple(replace(one, rows=None) for one in data.files)))
    path = tmp_path / data.folder / file
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("utf-8"))
    return tmp_path


def test_other_published_test_files_are_read(tmp_path, monkeypatch):
    """Test files that are not at hand: a fifth unnamed column, no final newline, CRLF, a byte order mark."""
    pair = "\ufefftest_id,question1,question2,is_duplicate,\r\n0,어디야?,지금 어디?,0,\r\n1,\"비, 와?\",밥 먹었어?,1,1"
    folder = write(tmp_path, "question_pair", "kor_Pair_test.csv", pair, monkeypatch)
    rows = load(folder, "question_pair", "test")
    assert rows["label"][:] == [0, 1] and rows["question1"][1] == "비, 와?"
    folder = write(tmp_path, "intent", "fci_test.txt", "2\t몇 시야\r\n3\t얼른 와", monkeypatch)
    assert load(folder, "intent", "test")["label"][:] == [2, 3]
    directives = "내일 비 오니\t내일 비가 오는지\t0\n뛰지 마\t뛰지 않기\t3\n"
    folder = write(tmp_path, "sae", "sae4k_v1.txt", directives, monkeypatch)
    assert load(folder, "sae", "train")["label"][:] == [0, 3]
