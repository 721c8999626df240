"""Named entities and parts of speech: tags on tokens and back on characters (lecture 7)."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_text import ANY_TEXT

import klue_helpers as kh
from klue_helpers.data.schemas import NER_TAGS
from klue_helpers.models import load_encoder
from klue_helpers.tasks import load_task
from klue_helpers.tasks.tagging import well_formed
from klue_helpers.training import load_rows, predict_rows

TOKENIZER = load_encoder("klue-mini-bert").tokenizer
NER = {unit: load_task("ner", unit=unit) for unit in ("wordpiece", "syllable")}
POS = load_task("pos")


def numbers(*tags):
    return [NER_TAGS.index(tag) for tag in tags]


def spread(tags):
    """Return a tag a character from ``(text, tag of the first character)`` pairs."""
    return [tag if at == 0 or tag == "O" else f"I-{tag[2:]}" for text, tag in tags for at in range(len(text))]


def decoded(task, row, readouts=None, max_length=256):
    """Return the prediction for a row: of the features' own labels unless given."""
    features = task.encode([row], TOKENIZER, max_length)
    readouts = readouts or [[max(label, 0) for label in feature.inputs["labels"]] for feature in features]
    return task.decode([np.array(one) for one in readouts], features, [row])[0]


def test_a_token_carries_the_tag_of_its_first_character():
    task, text = NER["wordpiece"], "봄비가 내린다"
    row = task.check({"sentence": text, "ner_tags": ["B-DT", "I-DT", "O", "O", "O", "O", "O"]})
    [feature] = task.encode([row], TOKENIZER, 32)
    tokens = TOKENIZER.convert_ids_to_tokens(feature.inputs["input_ids"])
    assert tokens == ["[CLS]", "봄", "##비가", "내", "##린다", "[SEP]"]
    assert feature.inputs["labels"] == [-100, *numbers("B-DT", "I-DT", "O", "O"), -100]
    assert decoded(task, row)["labels"] == ["B-DT", "I-DT", "I-DT", "O", "O", "O", "O"], "the particle is swallowed"
    assert decoded(NER["syllable"], row)["labels"] == ["B-DT", "I-DT", "O", "O", "O", "O", "O"]


@pytest.mark.parametrize("unit", NER)
def test_a_space_within_an_entity_belongs_to_it(unit):
    tags = spread([("반 다이크", "B-PS"), (" 씨 ", "O"), ("서울", "B-LC")])
    row = NER[unit].check({"sentence": "반 다이크 씨 서울", "ner_tags": tags})
    found = decoded(NER[unit], row)
    assert found["labels"] == tags
    assert found["entities"] == [{"text": "반 다이크", "type": "PS", "start": 0, "end": 5},
                                 {"text": "서울", "type": "LC", "start": 8, "end": 10}]


def test_tags_become_well_formed():
    assert well_formed(["I-PS", "I-PS", "O", "I-LC", "I-PS"]) == ["B-PS", "I-PS", "O", "B-LC", "B-PS"]
    assert well_formed(["B-PS", "", "B-PS", "", ""]) == ["B-PS", "O", "B-PS", "O", "O"]
    assert well_formed(["", "I-PS", "", "", "I-PS"]) == ["O", "B-PS", "I-PS", "I-PS", "I-PS"]
    assert well_formed([]) == []


def test_decomposed_text_and_lone_jamo_are_read_as_what_they_look_like():
    text = unicodedata.normalize("NFD", "봄비가") + " \u110f\u110f"
    for task in NER.values():
        [feature] = task.encode([{"sentence": text}], TOKENIZER, 32)
        assert TOKENIZER.unk_token_id not in feature.inputs["input_ids"]
        names = ["B-DT", "I-DT", "I-DT"] if task.unit == "syllable" else ["B-DT", "I-DT"]
        readout = numbers("O", *names, *["O"] * (len(feature.inputs["input_ids"]) - 1 - len(names)))
        [entity] = decoded(task, {"sentence": text}, [readout])["entities"]
        assert unicodedata.normalize("NFC", entity["text"]) == "봄비가" and entity["start"] == 0


@pytest.mark.parametrize("unit", NER)
@given(text=ANY_TEXT, length=st.sampled_from([8, 12, 256]), seed=st.integers(0, 2**32 - 1))
def test_entities_are_substrings_at_their_offsets_for_any_text(unit, text, length, seed):
    task, row = NER[unit], {"sentence": text}
    features = task.encode([row], TOKENIZER, length)
    generator = np.random.default_rng(seed)
    readouts = [generator.integers(len(NER_TAGS), size=len(feature.inputs["input_ids"])) for feature in features]
    found = task.decode(readouts, features, [row])[0]
    assert len(found["labels"]) == len(text) and well_formed(found["labels"]) == found["labels"]
    for entity in found["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["text"] != ""
        assert found["labels"][entity["start"]] == f"B-{entity['type']}"


HANGUL = st.text(st.sampled_from("가나다봄비학교강산"), min_size=1, max_size=40)


@given(text=HANGUL, seed=st.integers(0, 99), length=st.sampled_from([8, 10, 16, 64]))
def test_syllables_give_back_any_tags_through_any_window(text, seed, length):
    chosen = np.random.default_rng(seed).choice(numbers("B-DT", "I-DT", "B-PS", "I-PS", "O"), size=len(text))
    tags = well_formed([NER_TAGS[at] for at in chosen])
    row = NER["syllable"].check({"sentence": text, "ner_tags": tags})
    assert decoded(NER["syllable"], row, max_length=length)["labels"] == tags


@pytest.mark.parametrize("unit", NER)
def test_a_text_of_100_000_characters_is_tagged_to_its_end(unit):
    text = "봄비가 내린다 " * 12_500 + "서울"
    features = NER[unit].encode([{"sentence": text}], TOKENIZER, 256)
    assert len(text) == 100_002 and not any(feature.cut for feature in features)
    readouts = [np.full(len(feature.inputs["input_ids"]), NER_TAGS.index("O")) for feature in features]
    readouts[-1][features[-1].note[-1][0]] = NER_TAGS.index("B-LC")
    found = NER[unit].decode(readouts, features, [{"sentence": text}])[0]
    assert [one["type"] for one in found["entities"]] == ["LC"] and found["entities"][0]["end"] == len(text)


def test_windows_overlap_and_agree_with_one_long_window():
    row = {"sentence": "반 다이크 씨가 서울에서 봄비를 맞았다. " * 4}
    whole = NER["wordpiece"].encode([row], TOKENIZER, 256)
    parts = NER["wordpiece"].encode([row], TOKENIZER, 24)
    assert len(whole) == 1 and len(parts) > 2
    covered = {start: end for part in parts for _, start, end in part.note}
    assert covered == {start: end for _, start, end in whole[0].note}


@pytest.mark.parametrize("unit", NER)
def test_no_text_is_no_tags(unit, tiny_encoder):
    tokenizer, model = NER[unit].new_model(tiny_encoder)
    rows = [{"sentence": text} for text in ("", " ", "\u200b", "봄")]
    found = predict_rows(NER[unit], model, tokenizer, rows, max_length=32).predictions
    assert [len(one["labels"]) for one in found] == [0, 1, 1, 1] and found[1]["labels"] == ["O"]


def test_published_sentences_survive_the_way_there_and_back(published):
    """Syllable by syllable nothing is lost but spaces at an entity's border; KLUE's gold has none there."""
    rows = load_rows(NER["syllable"], "local", "validation", data_dir=str(published))[:300]
    features = NER["syllable"].encode(rows, TOKENIZER, 256)
    readouts = [np.maximum(feature.inputs["labels"], 0) for feature in features]
    predictions = NER["syllable"].decode(readouts, features, rows)
    golds = [NER["syllable"].gold(row)["labels"] for row in rows]
    same = sum(one["labels"] == gold for one, gold in zip(predictions, golds, strict=True))
    assert same >= 0.98 * len(rows)


@pytest.mark.parametrize(("name", "row", "part"), [
    ("ner", {"sentence": "봄비", "ner_tags": ["O"]}, "2개 있어야 하는데 1개"),
    ("ner", {"sentence": "봄비", "ner_tags": "O"}, "2개 있어야 하는데 'O'"),
    ("ner", {"sentence": "", "ner_tags": []}, "하나 이상"),
    ("ner", {"sentence": "봄", "ner_tags": ["B-XX"]}, "모르는 레이블이 있습니다: 'B-XX'"),
    ("ner", {"tokens": ["봄"], "ner_tags": ["O"]}, "'sentence' 열이 없습니다"),
    ("pos", {"text": "봄", "upos": ["NOUN"]}, "'tokens' 열이 없습니다"),
    ("pos", {"text": "봄", "tokens": [1], "upos": ["NOUN"]}, "글이 있어야"),
])
def test_wrong_rows_are_told(name, row, part):
    with pytest.raises(kh.KlueError, match=part):
        load_task(name).check(row)


def test_an_unknown_unit_is_told():
    with pytest.raises(kh.KlueError, match="wordpiece, syllable"):
        load_task("ner", unit="word")


def test_parts_of_speech_stand_on_the_first_token_of_each_word():
    row = POS.check({"text": "봄비가 내린다.", "tokens": ["봄비가", "내린다", "."], "upos": ["NOUN", "VERB", "PUNCT"]})
    [feature] = POS.encode([row], TOKENIZER, 32)
    tags = [label if label < 0 else POS.labels.names[label] for label in feature.inputs["labels"]]
    assert tags == [-100, "NOUN", -100, "VERB", -100, "PUNCT", -100]
    assert decoded(POS, row) == {"labels": ["NOUN", "VERB", "PUNCT"], "tokens": ["봄비가", "내린다", "."]}


def test_a_word_that_the_encoder_does_not_see_is_an_x_and_plain_text_is_split():
    row = {"text": "", "tokens": ["\u200b", "봄"]}
    assert decoded(POS, row, [[0, POS.labels.names.index("NOUN"), 0]])["labels"] == ["X", "NOUN"]
    assert POS.units({"text": "봄비가 내린다. (끝)"}) == ["봄비가", "내린다", ".", "(", "끝", ")"]


@given(words=st.lists(ANY_TEXT, max_size=30), length=st.sampled_from([8, 16, 256]))
def test_every_word_gets_one_tag(words, length):
    row = {"text": "", "tokens": words}
    features = POS.encode([row], TOKENIZER, length)
    assert all(len(feature.inputs["input_ids"]) <= length for feature in features)
    places = [start for feature in features for _, start, _ in feature.note]
    assert len(places) == len(set(places)) or length < 256
    readouts = [np.zeros(len(feature.inputs["input_ids"]), int) for feature in features]
    assert len(POS.decode(readouts, features, [row])[0]["labels"]) == len(words)
