"""Reading: windows, places of answers, best spans, no answer (lecture 7)."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_text import ANY_TEXT
from tiny import save_encoder

import klue_helpers as kh
from klue_helpers.models import load_encoder
from klue_helpers.tasks import TASKS, load_task
from klue_helpers.tasks.reading import BEST, best_spans
from klue_helpers.training import load_rows, predict_rows
from klue_helpers.training.results import scores_of, summary

TOKENIZER = load_encoder("klue-mini-bert").tokenizer
MRC, KORQUAD = TASKS["mrc"], TASKS["korquad"]
CONTEXT = "달여도는 작은 섬이다. 섬에서 가장 높은 곳은 소등산이다. 초등학교는 2004년에 문을 닫았다."


def row_with(answer, context=CONTEXT, question="가장 높은 곳은?"):
    places = [context.index(answer)] if answer else []
    return {"context": context, "question": question, "answers": {"text": [answer] if answer else [],
                                                                  "answer_start": places}}


def pointing(feature, place=None):
    """Return a read-out with all weight on the answer of the labels."""
    size = len(feature.inputs["input_ids"])
    starts, ends = torch.zeros(size), torch.zeros(size)
    starts[feature.inputs["start_positions"]] = ends[feature.inputs["end_positions"]] = 9.0
    return float(starts[0] + ends[0]), best_spans(starts, ends, feature.note.spans)


@pytest.mark.parametrize("length", [40, 64, 256])
@pytest.mark.parametrize("answer", ["소등산", "2004년", "작은 섬"])
def test_the_answer_comes_back_through_any_windows(answer, length):
    row = MRC.check(row_with(answer))
    features = MRC.encode([row], TOKENIZER, length)
    assert any(feature.inputs["start_positions"] for feature in features)
    [found] = MRC.decode([pointing(feature) for feature in features if feature.inputs["start_positions"]],
                         [feature for feature in features if feature.inputs["start_positions"]], [row])
    assert found["answer"] == CONTEXT[found["start"] : found["start"] + len(found["answer"])]
    assert found["answer"].startswith(answer) and MRC.gold(row) == {"answers": [answer]}


def test_a_window_without_the_answer_points_to_cls():
    row = MRC.check(row_with("2004년", context="섬이다. " * 60 + "2004년"))
    features = MRC.encode([row], TOKENIZER, 48)
    assert len(features) > 2 and features[0].inputs["start_positions"] == features[0].inputs["end_positions"] == 0
    assert features[-1].inputs["start_positions"] > 0
    assert all(feature.inputs["input_ids"].count(TOKENIZER.sep_token_id) == 2 for feature in features)


def test_every_token_of_the_context_is_in_a_window():
    row = {"context": CONTEXT * 5, "question": "어디?"}
    parts, [whole] = MRC.encode([row], TOKENIZER, 40), MRC.encode([row], TOKENIZER, 250)
    assert {span for part in parts for span in part.note.spans if span} == {span for span in whole.note.spans if span}


def test_the_best_spans_by_hand():
    """Tokens 2 to 4 are the context: 5 + 1, 5 + 2, 5 + 0, 2.5 + 2, …; a span never ends before it begins."""
    spans = [None, None, (0, 2), (2, 3), (4, 6)]
    found = best_spans(torch.tensor([9.0, 9, 5, 2.5, 0]), torch.tensor([9.0, 9, 1, 2, 0]), spans)
    assert [(one.score, one.start, one.end) for one in found] == [
        (7.0, 0, 3), (6.0, 0, 2), (5.0, 0, 6), (4.5, 2, 3), (2.5, 2, 6), (0.0, 4, 6)]
    assert best_spans(torch.zeros(3), torch.zeros(3), [None] * 3) == []
    assert len(best_spans(torch.zeros(90), torch.zeros(90), [(at, at + 1) for at in range(90)])) == BEST


def test_no_answer_wins_by_the_threshold():
    row = {"context": "봄비가 내린다", "question": "무엇이?"}
    [feature] = MRC.encode([row], TOKENIZER, 32)
    spans = best_spans(torch.zeros(12), torch.zeros(12), feature.note.spans)
    assert MRC.decode([(1.0, spans)], [feature], [row])[0]["answer"] == ""
    assert MRC.decode([(1.0, spans)], [feature], [row])[0]["start"] is None
    assert load_task("mrc", null_threshold=1.5).decode([(1.0, spans)], [feature], [row])[0]["answer"] != ""
    assert KORQUAD.decode([(99.0, spans)], [feature], [row])[0]["answer"] != "", "KorQuAD has an answer to everything"


def test_the_least_sure_window_decides_on_no_answer():
    row = {"context": CONTEXT * 2, "question": "어디?"}
    features = MRC.encode([row], TOKENIZER, 40)[:2]
    spans = [best_spans(torch.zeros(40), torch.zeros(40), feature.note.spans) for feature in features]
    found = MRC.decode([(5.0, spans[0]), (-1.0, spans[1])], features, [row])[0]
    assert found["null_score"] == -1.0 and found["answer"]


@given(context=ANY_TEXT, question=ANY_TEXT, length=st.sampled_from([16, 24, 256]), seed=st.integers(0, 2**32 - 1))
def test_answers_are_substrings_at_their_offsets_for_any_text(context, question, length, seed):
    row = KORQUAD.check({"context": context, "question": question}, labelled=False)
    features = KORQUAD.encode([row], TOKENIZER, length)
    assert all(len(feature.inputs["input_ids"]) <= length for feature in features)
    torch.manual_seed(seed)
    readouts = []
    for feature in features:
        starts, ends = torch.randn(2, len(feature.inputs["input_ids"]))
        readouts.append((float(starts[0] + ends[0]), best_spans(starts, ends, feature.note.spans)))
    [found] = KORQUAD.decode(readouts, features, [row])
    for span in found["nbest"]:
        assert context[span["start"] : span["end"]] == span["text"] != ""
    assert found["answer"] == (found["nbest"][0]["text"] if found["nbest"] else "")


@given(context=ANY_TEXT.filter(bool), length=st.sampled_from([16, 256]), data=st.data())
def test_any_answer_is_found_in_the_window_that_holds_it(context, length, data):
    """What is decoded from the labels covers the answer: tokens may be longer than it, never shorter."""
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(context))] * 2)))
    if start == end or not context[start:end].strip():
        return
    row = KORQUAD.check({"context": context, "question": "?", "answers": {
        "text": [context[start:end]], "answer_start": [start]}})
    for feature in KORQUAD.encode([row], TOKENIZER, length):
        first, last = feature.inputs["start_positions"], feature.inputs["end_positions"]
        assert first <= last
        if first:
            spans = feature.note.spans
            assert spans[first][0] <= start and spans[last][1] >= start + len(context[start:end].rstrip())


def test_a_context_of_100_000_characters_is_read_to_its_end(tiny_encoder):
    tokenizer, model = MRC.new_model(tiny_encoder)
    context = "봄비가 내린다 " * 12_500 + "소등산"
    row = row_with("소등산", context=context)
    features = MRC.encode([row], tokenizer, 256)
    assert features[-1].inputs["end_positions"] > 0 and not any(feature.cut for feature in features)
    assert max(span[1] for span in features[-1].note.spans if span) == len(context)
    long = {"context": "봄비", "question": "무엇이 내리는가? " * 8_000}
    [feature] = MRC.encode([long], tokenizer, 64)
    assert feature.cut and len(feature.inputs["input_ids"]) <= 64 and any(feature.note.spans)
    found = predict_rows(MRC, model, tokenizer, [long, {"context": "", "question": ""}], max_length=64)
    assert found.cut == 1 and found.predictions[1]["answer"] == "" and found.predictions[1]["nbest"] == []


@pytest.mark.parametrize("kind", ["Roberta", "Electra"])
def test_other_architectures_read(kind, tmp_path):
    tokenizer, model = MRC.new_model(save_encoder(tmp_path, kind))
    rows = [row_with("소등산"), row_with("")]
    found = predict_rows(MRC, model, tokenizer, rows, max_length=512)
    assert np.isfinite(found.loss) and len(found.predictions) == 2


def test_scores_of_a_set_are_the_means_of_its_examples():
    """What makes the interval of reading cheap; checked against scoring whole sets."""
    golds = [{"answers": ["세종대왕", "세종"]}, {"answers": []}, {"answers": ["《훈민정음》"]}]
    guesses = [{"answer": "세종"}, {"answer": "없는 답"}, {"answer": "훈민정음"}]
    whole = scores_of(MRC, golds, guesses)
    singles = [scores_of(MRC, [gold], [guess]) for gold, guess in zip(golds, guesses, strict=True)]
    for kind in ("official", "corrected"):
        for name, value in getattr(whole, kind).items():
            assert value == pytest.approx(np.mean([getattr(one, kind)[name] for one in singles]))
    assert summary(MRC, golds, [guesses], rounds=20)["official"]["em"]["mean"] == pytest.approx(100 / 3)


@pytest.mark.parametrize(("name", "answers", "part"), [
    ("mrc", {"text": ["소등산"], "answer_start": [3]}, "지문의 3번째 글자에 답 '소등산'"),
    ("mrc", {"text": ["소등산"], "answer_start": [-1]}, "-1번째"),
    ("mrc", {"text": [""], "answer_start": [0]}, "답 ''"),
    ("mrc", {"text": ["소등산"], "answer_start": []}, "수를 맞추세요"),
    ("mrc", ["소등산"], "text와 answer_start"),
    ("korquad", {"text": [], "answer_start": []}, "하나 이상"),
])
def test_wrong_answers_are_told(name, answers, part):
    with pytest.raises(kh.KlueError, match=part):
        TASKS[name].check({**row_with(""), "answers": answers})


def test_published_answers_are_at_their_offsets_and_found_again(published):
    rows = load_rows(KORQUAD, "local", "validation", data_dir=str(published))
    assert len(rows) == 5_774
    few = rows[::200]
    features = KORQUAD.encode(few, TOKENIZER, 256)
    labelled = [feature for feature in features if feature.inputs["start_positions"]]
    assert {feature.row for feature in labelled} == set(range(len(few))), "every answer stands whole in some window"
    predictions = KORQUAD.decode([pointing(feature) for feature in labelled], labelled, few)
    covered = sum(row["answers"]["text"][0].strip() in one["answer"]
                  for row, one in zip(few, predictions, strict=True))
    assert covered == len(few)
