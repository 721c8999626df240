"""The embedded samples: sizes, balance, uniqueness, valid spans, tags and trees, nothing taken from published files."""

import gzip
import re
import unicodedata
from collections import Counter

import pytest
from compare import squashed

import klue_helpers as kh
from klue_helpers.data import CATALOGUE, schemas

SIZES = {  # rows by split
    "nsmc": {"train": 400, "test": 200}, "ynat": {"train": 280, "validation": 140}, "chatbot": {"train": 400},
    "question_pair": {"train": 200, "test": 100}, "hate": {"train": 160, "validation": 80},
    "sarcasm": {"train": 140, "test": 60}, "intent": {"train": 196, "test": 84}, "sae": {"train": 200},
    "ner": {"train": 200, "validation": 100}, "pos": {"train": 200, "validation": 100},
    "re": {"train": 210, "validation": 90}, "sts": {"train": 140, "validation": 60},
    "nli": {"train": 210, "validation": 90}, "dp": {"train": 56, "validation": 24},
    "wos": {"train": 20, "validation": 10}, "mrc": {"train": 120, "validation": 60},
    "korquad": {"train": 42, "validation": 18}, "korsts": {"train": 120, "validation": 40, "test": 40},
    "kornli": {"train": 180, "validation": 60, "test": 60},
}
TEXTS = {  # the columns that hold whole texts
    "nsmc": ["document"], "ynat": ["title"], "chatbot": ["Q", "A"], "question_pair": ["question1", "question2"],
    "hate": ["comments", "news_title"], "sarcasm": ["tokens"], "intent": ["text"], "sae": ["text", "argument"],
    "ner": ["sentence"], "pos": ["text"], "re": ["sentence"],
    "sts": ["sentence1", "sentence2"], "nli": ["premise", "hypothesis"], "dp": ["sentence"], "wos": ["dialogue"],
    "mrc": ["context", "question"], "korquad": ["context", "question"], "korsts": ["sentence1", "sentence2"],
    "kornli": ["sentence1", "sentence2"],
}
BALANCED = {"nsmc": 1.0, "ynat": 1.0, "question_pair": 1.0, "sarcasm": 1.0, "intent": 1.0, "sae": 1.05, "re": 1.0,
            "nli": 1.0, "kornli": 1.0}
LABEL = {"kornli": "gold_label"}  # the column of the labels where it is not called label


def strings(value: object) -> list[str]:
    """Return all strings in a row."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


def rows_of(name: str) -> list[dict]:
    return [row for split in kh.load_data(name).values() for row in split]


def test_every_set_has_a_sample():
    assert set(SIZES) | {"corpus"} == set(CATALOGUE)


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_schema(name):
    data = kh.load_data(name)
    assert {split: len(rows) for split, rows in data.items()} == SIZES[name]
    assert all(rows.features == CATALOGUE[name].features for rows in data.values())
    assert set(data) <= set(CATALOGUE[name].splits)


@pytest.mark.parametrize("name", BALANCED)
def test_labels_are_balanced_in_every_split(name):
    label = LABEL.get(name, "label")
    for rows in kh.load_data(name).values():
        counts = Counter(rows[label])
        assert len(counts) == rows.features[label].num_classes
        assert max(counts.values()) / min(counts.values()) <= BALANCED[name]


@pytest.mark.parametrize("name", SIZES)
def test_rows_are_unique_and_clean(name):
    keys = [squashed(" ".join(strings([row[column] for column in TEXTS[name]]))) for row in rows_of(name)]
    assert len(set(keys)) == len(keys)
    for row in rows_of(name):
        for text in strings([value for column, value in row.items() if column != "tokens" or name == "sarcasm"]):
            assert text == unicodedata.normalize("NFC", text).strip() == kh.text.strip_invisible(text)


@pytest.fixture(scope="module")
def published_texts(published) -> set[str]:
    """Every field and line of the published text files, without spaces and punctuation."""
    found = set()
    for path in published.rglob("*"):
        if path.suffix in {".txt", ".tsv", ".csv", ".json", ".conllu", ".gz"} and path.name != "vocab.txt":
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            text = raw.decode("utf-8-sig")
            found |= {squashed(part) for part in re.split(r'[\n\t]|",|"?: "', text)}
            found |= {squashed(part) for part in re.split(r"[\n,]", text)} if path.suffix == ".csv" else set()
    return found


@pytest.mark.parametrize("name", SIZES)
def test_no_text_is_a_published_one(published_texts, name):
    texts = [text for row in rows_of(name) for column in TEXTS[name] for text in strings(row[column])]
    ours = {squashed(text) for text in texts if name != "wos" or len(text.split()) > 2}  # not roles and states
    assert not ours & published_texts


def test_hate_sample_follows_its_scheme():
    rows = kh.load_data("hate")["train"]
    bias = rows.features["bias"].int2str
    assert all((bias(row["bias"]) == "gender") == row["contain_gender_bias"] for row in rows_of("hate"))
    assert Counter(row["hate"] for row in rows_of("hate")) == {0: 100, 1: 80, 2: 60}


def test_ner_tags_are_well_formed_and_every_type_is_frequent():
    names = schemas.NER_TAGS
    counts = Counter()
    for row in rows_of("ner"):
        tags = [names[tag] for tag in row["ner_tags"]]
        assert row["tokens"] == list(row["sentence"]) and len(tags) == len(row["tokens"])
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:], f"{tag} follows {before}: {row['sentence']}"
        starts = [place for place, tag in enumerate(tags) if tag != "O" and (place == 0 or tags[place - 1] == "O")]
        assert all(row["tokens"][place] != " " for place in starts)
        counts.update(tag[2:] for tag in tags if tag.startswith("B-"))
    assert set(counts) == set(schemas.ENTITY_TYPES) and min(counts.values()) >= 100


def test_pos_tokens_make_up_the_same_sentences_as_ner():
    tagged, entities = rows_of("pos"), rows_of("ner")
    assert [row["text"] for row in tagged] == [row["sentence"] for row in entities]
    for row in tagged:
        assert "".join(row["tokens"]) == row["text"].replace(" ", "") and len(row["tokens"]) == len(row["upos"])


def test_relations_point_at_their_entities():
    for row in rows_of("re"):
        for entity in (row["subject_entity"], row["object_entity"]):
            assert row["sentence"][entity["start_idx"] : entity["end_idx"] + 1] == entity["word"]
        relation = schemas.RELATIONS[row["label"]]
        assert relation == "no_relation" or relation[:3].upper() == row["subject_entity"]["type"]
        assert row["subject_entity"]["type"] in {"PER", "ORG"}
        assert row["object_entity"]["type"] in {"PER", "ORG", "LOC", "DAT", "POH", "NOH"}


def test_pairs_of_scores_agree():
    for row in rows_of("sts"):
        label, real, binary = (row["labels"][key] for key in ("label", "real-label", "binary-label"))
        assert 0 <= label <= 5 and abs(label - real) <= 0.051 and binary == (label >= 3)


@pytest.mark.parametrize(("name", "premise", "label"), [
    ("nli", "premise", "label"), ("kornli", "sentence1", "gold_label"),
])
def test_every_premise_has_one_hypothesis_of_each_label_in_one_split(name, premise, label):
    seen = set()
    for rows in kh.load_data(name).values():
        labels = {}
        for row in rows:
            labels.setdefault(row[premise], []).append(row[label])
        assert all(sorted(found) == [0, 1, 2] for found in labels.values())
        assert not seen & set(labels)
        seen |= set(labels)


def test_scores_of_korsts_fill_all_bands_in_every_split():
    for rows in kh.load_data("korsts").values():
        bands = Counter(min(int(score), 4) for score in rows["score"])
        assert set(bands.values()) == {len(rows) // 5} and len(bands) == 5
        assert all(0 <= score <= 5 and round(score * 5, 6).is_integer() for score in rows["score"])  # steps of 0.2
        assert set(rows["genre"]) == {"main-captions", "main-news", "main-forums"}


def test_no_sentence_of_the_pairs_is_repeated():
    texts = [text for name in ("korsts", "kornli") for row in rows_of(name) for text in strings([
        row["sentence2"], row["sentence1"] if name == "korsts" or row["gold_label"] == 0 else []])]
    others = {squashed(text) for name in set(SIZES) - {"korsts", "kornli"} for row in rows_of(name)
              for column in TEXTS[name] for text in strings(row[column])}
    ours = [squashed(text) for text in texts]
    assert len(set(ours)) == len(ours) == 800 and not others & set(ours)


def test_trees_are_projective_with_one_root():
    for row in rows_of("dp"):
        heads = row["head"]
        assert heads.count(0) == 1 and row["index"] == list(range(1, len(heads) + 1))
        assert row["sentence"] == " ".join(row["word_form"])
        arcs = [(place, head) for place, head in enumerate(heads, start=1) if head]
        assert all(place < head <= len(heads) for place, head in arcs)
        assert not [(a, b, c, d) for a, b in arcs for c, d in arcs if a < c < b < d]
        for lemma, tags in zip(row["lemma"], row["pos"], strict=True):
            assert len(lemma.split()) == tags.count("+") + 1


@pytest.mark.parametrize("name", ["mrc", "korquad"])
def test_answers_stand_where_they_are_said_to(name):
    for row in rows_of(name):
        for start, text in zip(row["answers"]["answer_start"], row["answers"]["text"], strict=True):
            assert row["context"][start : start + len(text)] == text and text == text.strip()


def test_reading_comprehension_has_the_three_types_and_long_contexts():
    rows = rows_of("mrc")
    assert Counter(row["question_type"] for row in rows) == {1: 60, 2: 60, 3: 60}
    assert all(row["is_impossible"] == (row["question_type"] == 3) == (not row["answers"]["text"]) for row in rows)
    assert len({row["context"] for row in rows}) == 60 and sum(len(row["context"]) > 1_400 for row in rows) == 18


def test_dialogues_alternate_and_states_grow_from_the_ontology(published):
    import json

    ontology = json.loads((published / "klue" / "wos-v1.1" / "ontology.json").read_text(encoding="utf-8"))
    for row in rows_of("wos"):
        assert [turn["role"] for turn in row["dialogue"]] == ["user", "sys"] * (len(row["dialogue"]) // 2)
        for turn in row["dialogue"]:
            slots = ["-".join(state.split("-")[:2]) for state in turn["state"]]
            assert len(set(slots)) == len(slots) and set(slots) <= set(ontology)
            assert {slot.split("-")[0] for slot in slots} <= set(row["domains"])
