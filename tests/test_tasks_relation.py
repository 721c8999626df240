"""Relations: marks, roles, and which tokens of a long sentence are kept (lecture 5)."""

import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_text import ANY_TEXT
from tiny import save_encoder

import klue_helpers as kh
from klue_helpers.models import load_encoder
from klue_helpers.tasks import collate, load_task
from klue_helpers.tasks.relation import MARKERS, nearest
from klue_helpers.text import normalize
from klue_helpers.training import finetune, load_model

RE = {marker: load_task("re", marker=marker) for marker in MARKERS}
ROW = RE["plain"].row_of(["<obj:LOC>서울</obj>에 사는 <subj:PER>이솔</subj>"])


@pytest.fixture(scope="module")
def tokenizer():
    return load_encoder("klue-mini-bert").tokenizer


def test_marks_stand_around_the_entities():
    assert RE["plain"].marked(ROW) == ("서울에 사는 이솔", [(7, 9), (0, 2)])
    assert RE["entity"].marked(ROW)[0] == "<obj>서울</obj>에 사는 <subj>이솔</subj>"
    text, [subject, thing] = RE["typed"].marked(ROW)
    assert text == "<obj:LOC>서울</obj:LOC>에 사는 <subj:PER>이솔</subj:PER>"
    assert text[slice(*subject)] == "<subj:PER>이솔</subj:PER>" and text[slice(*thing)] == "<obj:LOC>서울</obj:LOC>"


@pytest.mark.parametrize(("subject", "thing", "marked"), [
    ((0, 3), (0, 1), "<subj><obj>한강</obj>대교</subj> 개통"),
    ((2, 3), (0, 3), "<obj>한강<subj>대교</subj></obj> 개통"),
    ((0, 1), (2, 3), "<subj>한강</subj><obj>대교</obj> 개통"),
    ((0, 3), (0, 3), None),
])
def test_entities_may_touch_and_hold_each_other(subject, thing, marked):
    sentence = "한강대교 개통"
    row = {"sentence": sentence, "label": 0, **{
        column: {"word": sentence[start : end + 1], "start_idx": start, "end_idx": end, "type": "LOC"}
        for column, (start, end) in (("subject_entity", subject), ("object_entity", thing))}}
    text, _ = RE["entity"].marked(RE["entity"].check(row))
    assert marked is None or text == marked
    assert all(text.count(mark) == 1 for mark in ("<subj>", "</subj>", "<obj>", "</obj>"))


@given(ANY_TEXT.filter(lambda text: text != "" and "<" not in text), st.data())
def test_marked_text_without_marks_is_the_text(sentence, data):
    spans = [sorted(data.draw(st.tuples(*[st.integers(0, len(sentence) - 1)] * 2))) for _ in range(2)]
    row = {"sentence": sentence, **{
        column: {"word": sentence[start : end + 1], "start_idx": start, "end_idx": end, "type": "POH"}
        for column, (start, end) in zip(("subject_entity", "object_entity"), spans, strict=True)}}
    for marker in MARKERS:
        text, found = RE[marker].marked(RE[marker].check(row, labelled=False))
        for mark in RE[marker].added:
            text = text.replace(mark, "") if marker != "plain" else text
        assert unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", normalize(sentence))
        assert all(start <= end for start, end in found)


def test_the_nearest_tokens_are_kept():
    assert nearest(np.array([0, 1, 0]), 5).tolist() == [0, 1, 2]
    assert nearest(np.array([0, 0, 0, 1, 0, 0, 0, 0, 2]), 5).tolist() == [2, 3, 4, 7, 8]
    assert nearest(np.zeros(6, dtype=int), 2).tolist() == [0, 1]


@pytest.mark.parametrize("marker", MARKERS)
def test_a_sentence_of_100_000_characters_keeps_its_entities(marker, tiny_encoder):
    task = RE[marker]
    tokenizer, model = task.new_model(tiny_encoder)
    row = task.row_of(["봄비가 내린다 " * 6_000 + "<subj>이솔</subj>은 " + "강가에 섰다 " * 8_000 + "<obj>서울</obj>"])
    [feature] = task.encode([{**row, "label": 3}], tokenizer, 32)
    assert feature.cut and len(feature.inputs["input_ids"]) == 32
    kept = tokenizer.convert_ids_to_tokens(feature.inputs["input_ids"])
    assert "서울" in kept and any("이" in token for token in kept)
    if marker == "embedding":
        assert set(feature.inputs["entity_ids"]) == {0, 1, 2}
    with torch.inference_mode():
        outputs = model(**collate([feature.inputs], tokenizer))
    assert outputs.logits.shape == (1, 30) and outputs.loss.isfinite()


@pytest.mark.parametrize(("marker", "tokens"), [("entity", 4), ("typed", 24)])
def test_marks_are_single_tokens_that_training_adds(marker, tokens, tiny_encoder):
    tokenizer, model = RE[marker].new_model(tiny_encoder)
    assert len(RE[marker].added) == tokens
    assert model.get_input_embeddings().num_embeddings == len(tokenizer) == 12_000 + tokens
    assert tokenizer.tokenize(RE[marker].marked(ROW)[0])[0] == RE[marker].added[2 if marker == "entity" else 16]


@pytest.mark.parametrize("kind", ["Roberta", "Electra"])
@pytest.mark.parametrize("marker", ["embedding", "typed"])
def test_roles_reach_other_architectures(kind, marker, tmp_path):
    tokenizer, model = RE[marker].new_model(save_encoder(tmp_path, kind))
    [feature] = RE[marker].encode([{**ROW, "label": 1}], tokenizer, 32)
    with torch.inference_mode():
        assert model(**collate([feature.inputs], tokenizer)).logits.shape == (1, 30)


def test_the_embedding_of_roles_changes_the_answer(tiny_encoder):
    tokenizer, model = RE["embedding"].new_model(tiny_encoder)
    turned = {**ROW, "subject_entity": ROW["object_entity"], "object_entity": ROW["subject_entity"]}
    features = [feature.inputs for feature in RE["embedding"].encode([ROW, turned], tokenizer, 32)]
    assert features[0]["input_ids"] == features[1]["input_ids"] and features[0] != features[1]
    with torch.inference_mode():
        logits = model(**collate(features, tokenizer)).logits
    assert not torch.allclose(logits[0], logits[1], atol=1e-6)


@pytest.mark.parametrize("marker", ["embedding", "typed"])
def test_a_saved_model_answers_as_before(marker, tiny_encoder, tmp_path):
    done = finetune("re", encoder=tiny_encoder, output=tmp_path / "out", say=lambda line: None, marker=marker, epochs=1,
                    max_train=40, max_test=10, rounds=10)
    again = load_model(tmp_path / "out")
    assert again.task.marker == marker and len(done.predictions[0]["probs"]) == 30
    rows = [again.task.check(ROW, labelled=False)]
    assert again.predict(rows).predictions == done.predict([ROW]).predictions


def seoul(start, end, kind):
    return {"subject_entity": {"word": "서울", "start_idx": start, "end_idx": end, "type": kind}}


@pytest.mark.parametrize(("changes", "part"), [
    (seoul(1, 2, "PER"), "1번째부터 2번째까지의 글자가 '서울'"),
    (seoul("0", 1, "PER"), "0부터 세고"),
    (seoul(0, 1, "CITY"), "모르는 개체 종류입니다: 'CITY'"),
    ({"object_entity": None}, "'object_entity' 열에는 word"),
    ({"label": "per:friend"}, "모르는 레이블이 있습니다: 'per:friend'"),
])
def test_wrong_rows_are_told(changes, part):
    with pytest.raises(kh.KlueError, match=part):
        RE["entity"].check({**ROW, "label": 0, **changes})


@pytest.mark.parametrize("texts", [["이솔은 서울에 산다"], ["<subj>이솔</subj>은 산다"], ["<subj>이솔"], ["가", "나"]])
def test_a_typed_sentence_must_mark_both(texts):
    with pytest.raises(kh.KlueError, match=r"<obj>|문장 하나"):
        RE["entity"].row_of(texts)


NESTED = {"sentence": "서울시청 직원이 다녀갔다",
          "subject_entity": {"word": "서울시청", "start_idx": 0, "end_idx": 3, "type": "ORG"},
          "object_entity": {"word": "서울", "start_idx": 0, "end_idx": 1, "type": "LOC"}}


@pytest.mark.parametrize("turned", [False, True])
def test_both_of_nested_entities_are_marked(turned, tiny_encoder):
    """A token of both has both roles, and the network adds both vectors."""
    row = {**NESTED, "subject_entity": NESTED["object_entity"], "object_entity": NESTED["subject_entity"]}
    row = row if turned else NESTED
    tokenizer, model = RE["embedding"].new_model(tiny_encoder)
    [feature] = RE["embedding"].encode([row], tokenizer, 32)
    tokens = tokenizer.convert_ids_to_tokens(feature.inputs["input_ids"])
    roles = dict(zip(tokens, feature.inputs["entity_ids"], strict=True))
    assert set(feature.inputs["entity_ids"]) >= {0, 3}, roles
    outer = 2 if turned else 1
    assert roles["서울"] == 3 and roles["##청"] == outer
    seen = []
    model.model.register_forward_pre_hook(lambda module, args, given: seen.append(given["inputs_embeds"]),
                                          with_kwargs=True)
    batch = collate([feature.inputs], tokenizer)
    with torch.inference_mode():
        model(**batch)
    added = seen[0] - model.model.get_input_embeddings()(batch["input_ids"])  # (1, T, d)
    place = tokens.index("서울")
    assert torch.allclose(added[0, place], model.entity.weight[1] + model.entity.weight[2], atol=1e-6)
