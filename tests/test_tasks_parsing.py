"""Dependency trees: words on tokens, allowed arcs, one root (lecture 5)."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_text import ANY_TEXT
from tiny import save_encoder

import klue_helpers as kh
from klue_helpers.data.schemas import DEPENDENCIES
from klue_helpers.models import load_encoder
from klue_helpers.tasks import TASKS, collate
from klue_helpers.tasks.networks import BiaffineParser, allowed
from klue_helpers.training import load_rows, predict_rows

DP = TASKS["dp"]
ROW = {"sentence": "좁은 길을 천천히 걸었다.", "word_form": ["좁은", "길을", "천천히", "걸었다."], "head": [2, 4, 4, 0],
       "deprel": ["VP_MOD", "NP_OBJ", "AP", "VP"]}


@pytest.fixture(scope="module")
def tokenizer():
    return load_encoder("klue-mini-bert").tokenizer


@pytest.fixture(scope="module")
def parser(tiny_encoder):
    return DP.new_model(tiny_encoder)


def test_every_word_has_its_first_and_last_token(tokenizer):
    [feature] = DP.encode([DP.check(ROW)], tokenizer, 32)
    tokens = tokenizer.convert_ids_to_tokens(feature.inputs["input_ids"])
    first, last = feature.inputs["first"], feature.inputs["last"]
    spans = ["".join(tokens[start : end + 1]).replace("##", "") for start, end in zip(first, last, strict=True)]
    assert spans == ROW["word_form"] and last[-1] == len(tokens) - 2
    assert feature.inputs["heads"] == [2, 4, 4, 0]
    assert [DEPENDENCIES[number] for number in feature.inputs["types"]] == ROW["deprel"]


def test_a_word_that_the_tokenizer_drops_is_unknown(tokenizer):
    [feature] = DP.encode([{"sentence": "", "word_form": ["봄", "\u200b", "비"]}], tokenizer, 32)
    assert feature.inputs["first"] == feature.inputs["last"] == [1, 2, 3]
    assert feature.inputs["input_ids"][2] == tokenizer.unk_token_id


def test_arcs_go_to_the_right_and_the_last_word_to_the_root():
    words = torch.tensor([[True, True, True], [True, False, False]])
    assert allowed(words).int().tolist() == [
        [[0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0]], [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]]


def test_the_biaffine_score_is_the_sum_by_hand(tiny_encoder):
    """With the dropout off: (word, 1) U head, entry by entry."""
    model = BiaffineParser(load_encoder(tiny_encoder).model, labels=2, size=5).eval()
    words, nodes = torch.randn(1, 2, 64), torch.randn(1, 3, 64)
    scores = model.arc_scores(words, nodes)
    word, head = torch.cat([model.arc_dep(words)[0, 1], torch.ones(1)]), model.arc_head(nodes)[0, 2]
    by_hand = sum(word[i] * model.arc_weight[i, j] * head[j] for i in range(len(word)) for j in range(len(head)))
    assert scores[0, 1, 2].item() == pytest.approx(by_hand.item(), abs=1e-4)


def test_loss_is_that_of_the_known_words_and_has_a_gradient_everywhere(tiny_encoder, tokenizer):
    model = BiaffineParser(load_encoder(tiny_encoder).model, labels=38, dropout=0.0)
    features = DP.encode([DP.check(ROW), DP.check({**ROW, "word_form": ["걸었다."], "head": [0], "deprel": ["VP"]})],
                         tokenizer, 32)
    batch = collate([feature.inputs for feature in features], tokenizer)
    outputs = model(**batch)
    outputs.loss.backward()
    assert outputs.loss.isfinite() and outputs.heads.shape == outputs.types.shape == (2, 4)
    for name in ("root", "arc_weight", "label_weight"):
        assert getattr(model, name).grad.abs().sum() > 0 and getattr(model, name).grad.isfinite().all()
    batch["heads"][:], batch["types"][:] = -100, -100
    assert model(**batch).loss.item() == 0.0


@given(words=st.lists(ANY_TEXT, max_size=25), length=st.sampled_from([8, 12, 64]))
def test_any_words_get_a_tree_with_one_root(parser, words, length):
    tokenizer, model = parser
    [found] = predict_rows(DP, model, tokenizer, [{"sentence": "", "word_form": words}], max_length=length).predictions
    heads = found["heads"]
    assert len(heads) == len(found["types"]) == len(words) and heads.count(0) == (1 if words else 0)
    for place, head in enumerate(heads[:-1], start=1):
        assert place < head <= len(words), "a head on the right leads to the root in the end"


def test_a_sentence_of_100_000_characters_is_parsed_to_its_end(parser):
    tokenizer, model = parser
    row = {"sentence": "봄비가 내린다 " * 12_500}
    found = predict_rows(DP, model, tokenizer, [row], max_length=64)
    [prediction] = found.predictions
    assert found.cut == 1 and len(prediction["heads"]) == 25_000 and prediction["heads"][-2:] == [25_000, 0]
    assert prediction["types"][-2:] == ["NP", "VP"]


def test_words_beyond_the_limit_are_not_learnt_from(tokenizer):
    [feature] = DP.encode([DP.check(ROW)], tokenizer, 8)
    seen = feature.note
    assert feature.cut and 0 < seen < 4 and len(feature.inputs["input_ids"]) == 8
    assert feature.inputs["heads"][seen - 1] == feature.inputs["types"][seen - 1] == -100, "its head is not seen"


@pytest.mark.parametrize("kind", ["Roberta", "Electra"])
def test_other_architectures_are_parsed(kind, tmp_path):
    tokenizer, model = DP.new_model(save_encoder(tmp_path, kind))
    [found] = predict_rows(DP, model, tokenizer, [ROW], max_length=64).predictions
    assert len(found["heads"]) == 4 and found["words"] == ROW["word_form"]


def test_the_trivial_tree_is_a_chain():
    [found] = DP.trivial([ROW], [{"sentence": "가 나 다"}])
    assert found["heads"] == [2, 3, 0] and found["types"][-1] == "VP"


@pytest.mark.parametrize(("changes", "part"), [
    ({"head": [2, 4, 4]}, "어절 4개에"), ({"head": "2440"}, "어절 4개에"), ({"word_form": []}, "어절 0개에"),
    ({"head": [2, 4, 4, 4]}, "4번째 값이 4"), ({"head": [0, 4, 4, 0]}, "1번째 값이 0"),
    ({"head": [2, 1, 4, 0]}, "2번째 값이 1"), ({"head": [2, 4, "4", 0]}, "3번째 값이 '4'"),
    ({"deprel": ["VP_MOD", "NP_OBJ", "AP", "목적어"]}, "모르는 레이블이 있습니다: '목적어'"),
    ({"word_form": [1, 2, 3, 4]}, "글이 있어야"),
])
def test_wrong_rows_are_told(changes, part):
    with pytest.raises(kh.KlueError, match=part):
        DP.check({**ROW, **changes})


def test_published_trees_are_of_this_kind(published):
    rows = load_rows(DP, "local", "validation", data_dir=str(published))
    assert len(rows) == 2_000
