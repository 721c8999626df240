"""Dialogue states: turns, gates, values token by token (lecture 9)."""

import json

import pytest
import torch
from tiny import save_encoder

import klue_helpers as kh
from klue_helpers.data.schemas import SLOTS
from klue_helpers.models import load_encoder
from klue_helpers.tasks import TASKS, collate
from klue_helpers.tasks.networks import ReadText
from klue_helpers.tasks.state import GATES, LENGTH, _value, _value_tokens
from klue_helpers.training import check_rows, finetune, load_model, load_rows, predict_rows

WOS = TASKS["wos"]
TOKENIZER = load_encoder("klue-mini-bert").tokenizer
STATE = ["식당-종류-한식당", "식당-예약 시간-18:30", "식당-주차 가능-yes", "숙소-가격대-dontcare"]
DIALOGUE = {"dialogue": [
    {"role": "user", "text": "한식당을 찾아 주세요.", "state": STATE[:1]},
    {"role": "sys", "text": "너른뜰이 있습니다.", "state": []},
    {"role": "user", "text": "18:30에 갈게요. 주차도 되죠?", "state": STATE}]}


def turns():
    return check_rows(WOS, [DIALOGUE], "여기")


def test_a_dialogue_is_a_row_for_every_turn_of_the_users():
    first, last = turns()
    assert first == {"dialogue": ["한식당을 찾아 주세요."], "state": STATE[:1]}
    assert len(last["dialogue"]) == 3 and WOS.gold(last) == {"state": STATE}
    typed = check_rows(WOS, [WOS.row_of(["안녕하세요", "네", "숙소요"])], "여기", labelled=False)
    assert [one["dialogue"] for one in typed] == [["안녕하세요"], ["안녕하세요", "네", "숙소요"]]
    assert len(load_rows(WOS, "sample", "train")) > 20, "turns, not dialogues"


def test_a_state_becomes_gates_and_values():
    [feature] = WOS.encode(turns()[1:], TOKENIZER, 64)
    gates = {SLOTS[slot]: GATES[gate] for slot, gate in enumerate(feature.inputs["gates"]) if gate}
    assert gates == {"식당-종류": "value", "식당-예약 시간": "value", "식당-주차 가능": "yes",
                     "숙소-가격대": "dontcare"}
    assert [SLOTS[slot] for slot in feature.inputs["active"]] == ["식당-종류", "식당-예약 시간"]
    values = [feature.inputs["values"][at : at + LENGTH] for at in (0, LENGTH)]
    assert [_value([token for token in one if token >= 0], TOKENIZER) for one in values] == ["한식당", "18:30"]
    assert feature.inputs["input_ids"].count(TOKENIZER.sep_token_id) == 3


def test_what_was_read_becomes_a_state():
    [feature] = WOS.encode(turns()[1:], TOKENIZER, 64)
    kind, time, parking = (SLOTS.index(slot) for slot in ("식당-종류", "식당-예약 시간", "식당-주차 가능"))
    readout = [(kind, 4, TOKENIZER("한식당", add_special_tokens=False)["input_ids"]), (parking, 2, []), (time, 4, [])]
    assert WOS.decode([readout], [feature], turns()[1:]) == [{"state": ["식당-종류-한식당", "식당-주차 가능-yes"]}]


def test_the_beginning_of_a_long_dialogue_is_cut():
    row = {"dialogue": ["처음 " * 40_000, "네", "마지막 말"]}
    [feature] = WOS.encode([row], TOKENIZER, 32)
    assert feature.cut and len(feature.inputs["input_ids"]) == 32
    assert TOKENIZER.decode(feature.inputs["input_ids"], skip_special_tokens=True).endswith("네 마지막 말")


@pytest.mark.slow
def test_the_network_can_learn_a_state_by_heart(tiny_encoder):
    """Copying and generating: after some steps on one dialogue it says just that."""
    torch.manual_seed(0)  # the head starts from random weights
    tokenizer, model = WOS.new_model(tiny_encoder)
    features = WOS.encode(turns(), tokenizer, 64)
    batch = collate([feature.inputs for feature in features], tokenizer)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    model.train()
    model.encoder.eval()  # no dropout
    first = model(**batch).loss.item()
    for _ in range(60):
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2 < first
    found = predict_rows(WOS, model, tokenizer, turns(), max_length=64).predictions
    assert [set(one["state"]) for one in found] == [set(STATE[:1]), set(STATE)]


def test_the_probabilities_of_a_token_add_up_to_one(tiny_encoder):
    tokenizer, model = WOS.new_model(tiny_encoder)
    [feature] = WOS.encode(turns()[1:], tokenizer, 64)
    batch = collate([feature.inputs], tokenizer)
    hidden = model.encoder(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    rows = torch.tensor([0, 0])
    text = ReadText(hidden, batch["attention_mask"][:, None].bool(), batch["input_ids"])
    told, tokens = model.write(rows, torch.tensor([3, 7]), torch.zeros(1, len(SLOTS), 32), text,
                               torch.full((2, LENGTH), 5))
    assert told.shape == (2, LENGTH, 12_000) and tokens.shape == (2, LENGTH)
    assert told.exp().sum(dim=-1).flatten().tolist() == pytest.approx([1.0] * 2 * LENGTH, abs=1e-3)


@pytest.mark.parametrize("kind", ["Roberta", "Electra"])
def test_other_architectures_track_states(kind, tmp_path):
    tokenizer, model = WOS.new_model(save_encoder(tmp_path, kind))
    found = predict_rows(WOS, model, tokenizer, turns(), max_length=64)
    assert len(found.predictions) == 2 and found.loss > 0


@pytest.mark.slow
def test_a_saved_model_answers_as_before(tiny_encoder, tmp_path):
    done = finetune("wos", encoder=tiny_encoder, output=tmp_path / "out", say=lambda line: None, epochs=1, max_train=30,
                    max_test=8, rounds=10, max_length=64)
    rows = [WOS.row_of(["안녕하세요. 호텔을 찾아요."])]
    assert load_model(tmp_path / "out").predict(check_rows(WOS, rows, "여기", labelled=False)).predictions == (
        done.predict(rows).predictions)


@pytest.mark.parametrize(("turns", "part"), [
    ([], "차례의 목록"), ("안녕", "차례의 목록"), ([{"role": "user", "state": []}], "글이 있어야"),
    ([{"role": "human", "text": "가", "state": []}], "'human'"), ([{"role": "user", "text": "가"}], "목록이어야"),
    ([{"role": "user", "text": "가", "state": ["식당-한식당"]}], "모르는 값이 있습니다: '식당-한식당'"),
    ([{"role": "user", "text": "가", "state": ["병원-이름-봄"]}], "모르는 값이 있습니다: '병원-이름-봄'"),
    ([{"role": "sys", "text": "가"}], "사용자"),
])
def test_wrong_dialogues_are_told(turns, part):
    with pytest.raises(kh.KlueError, match=part):
        WOS.check({"dialogue": turns})


def test_published_slots_are_these_and_their_values_survive_the_tokenizer(published):
    path = published / "klue" / "wos-v1.1" / "ontology.json"
    ontology = json.loads(path.read_text(encoding="utf-8"))
    assert sorted(ontology) == sorted(SLOTS)
    values = [value for several in ontology.values() for value in several]
    same = sum(_value([token for token in _value_tokens(value, TOKENIZER) if token >= 0], TOKENIZER) == value
               for value in values)
    assert same > 0.9 * len(values)
