"""The metrics of every task: worked by hand, against slow references, and each defect of KLUE's baseline."""

import re
from collections import Counter
from difflib import SequenceMatcher
from itertools import chain
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as reference

import klue_helpers as kh
from klue_helpers.data.schemas import DEPENDENCIES, NER_TAGS, RELATIONS, TOPICS, UPOS
from klue_helpers.metrics.answers import (
    BASELINE_SYMBOLS,
    common_substring,
    normalise,
    rouge_w,
    shared_characters,
    weighted_lcs,
)
from klue_helpers.metrics.relations import auprc
from klue_helpers.metrics.tags import Entity, entities
from klue_helpers.tasks import TASKS, load_task

near = pytest.approx
# Where KLUE's baseline has a known defect; everywhere else the two versions are one.
DEFECTS = {"ner": {"entity_macro_f1", "char_macro_f1"}, "dp": {"uas_macro_f1", "las_macro_f1"},
           "mrc": {"em", "rouge_w"}, "wos": {"slot_f1"}}
KEYS = {"ynat": ["macro_f1"], "nli": ["accuracy"], "sts": ["pearson", "f1"],
        "ner": ["entity_macro_f1", "char_macro_f1"], "re": ["micro_f1", "auprc"],
        "dp": ["uas_macro_f1", "uas_micro_f1", "las_macro_f1", "las_micro_f1"], "mrc": ["em", "rouge_w"],
        "wos": ["jga", "slot_f1"], "korsts": ["pearson", "f1", "spearman"], "korquad": ["em", "f1"]}


def score(task, gold, predicted):
    return load_task(task).score(gold, predicted)


def labels(*values):
    return {"label": list(values)}


def both(task, key, gold, predicted):
    scores = score(task, gold, predicted)
    return scores.official[key], scores.corrected[key]


# Worked by hand

def test_topics_average_over_the_classes_that_occur():
    # class 0: 1 hit, 2 gold, 1 predicted: 2/3; class 1: 1, 1, 3: 2/4; class 2: 0; the other four occur nowhere.
    assert both("ynat", "macro_f1", labels(0, 0, 1, 2), labels(0, 1, 1, 1)) == near((350 / 9, 350 / 9))


def test_classification_gives_accuracy_and_macro_f1():
    # class 0: 1 hit, 2 gold, 1 predicted: 2/3; class 1: 1, 1, 2: 2/3.
    assert score("nsmc", labels(0, 0, 1), labels(0, 1, 1)).official == near({"accuracy": 200 / 3, "macro_f1": 200 / 3})
    assert score("nli", labels(0, 1, 2, 2), labels(0, 1, 2, 0)).official == {"accuracy": 75}


def test_similarity():
    # deviations −2.5 −1.5 1.5 2.5 and −1.5 −2.5 2.5 1.5: r = 15/17. Ranks 1 2 3 4 and 2 1 4 3: 1 − 6·4/60.
    scores = score("korsts", {"score": [0, 1, 4, 5]}, {"score": [1, 0, 5, 4]}).official
    assert scores == near({"pearson": 1500 / 17, "f1": 100, "spearman": 60})


def test_similar_begins_at_three_on_both_sides():
    # gold: 1st and 3rd; predicted: 2nd and 3rd; one hit of 2 and 2.
    gold, predicted = {"score": [3.0, 2.999, 4, 0]}, {"score": [2.999, 3.0, 5, -1]}
    assert both("sts", "f1", gold, predicted) == near((50, 50))


def test_equal_scores_share_their_rank():
    # ranks 1.5 1.5 3 and 1 2 3: deviations −.5 −.5 1 and −1 0 1: 1.5 / sqrt(1.5 · 2).
    scores = score("korsts", {"score": [1, 1, 2]}, {"score": [1, 2, 9]}).official
    assert scores["spearman"] == near(100 * 1.5 / 3**0.5)


@pytest.mark.parametrize("scores", [[0.1] * 5, [3]])
def test_a_correlation_with_a_constant_is_not_defined(scores):
    gold = {"score": list(range(len(scores)))}
    assert isnan(score("sts", gold, {"score": scores}).official["pearson"])


def test_entities_are_strict():
    # PS right; LC one character too long; DT not found.
    gold = [["B-PS", "I-PS", "O", "B-LC", "O", "B-DT"]]
    predicted = [["B-PS", "I-PS", "O", "B-LC", "I-LC", "O"]]
    assert both("ner", "entity_macro_f1", {"labels": gold}, {"labels": predicted}) == near((100 / 3, 100 / 3))


@pytest.mark.parametrize(("tags", "found"), [
    ("O O", []),
    ("B-PS", [(0, 1, "PS")]),
    ("B-PS I-PS I-PS", [(0, 3, "PS")]),
    ("B-PS B-PS", [(0, 1, "PS"), (1, 2, "PS")]),
    ("I-PS I-PS", []),
    ("O I-PS B-PS", [(2, 3, "PS")]),
    ("B-PS I-LC I-PS", [(0, 1, "PS")]),
    ("B-PS O I-PS", [(0, 1, "PS")]),
    ("B-PS I-PS | I-PS B-LC | I-LC", [(0, 2, "PS"), (3, 4, "LC")]),
    ("O | | B-QT I-QT |", [(1, 3, "QT")]),
])
def test_which_tags_are_an_entity(tags, found):
    assert entities([part.split() for part in tags.split("|")]) == [Entity(*one) for one in found]


def test_without_any_entity_their_f1_is_not_defined():
    official, corrected = both("ner", "entity_macro_f1", {"labels": [["O", "O"]]}, {"labels": [["I-PS", "O"]]})
    assert isnan(official) and isnan(corrected)


def test_defect_entities_run_on_over_the_border_of_sentences():
    # Joined, the predicted PS is one character too long; sentence by sentence the stray I-PS is no entity.
    gold, predicted = [["O", "B-PS"], ["O", "B-LC"]], [["O", "B-PS"], ["I-PS", "B-LC"]]
    assert both("ner", "entity_macro_f1", {"labels": gold}, {"labels": predicted}) == near((50, 100))


def test_nothing_stands_between_joined_sentences():
    # Only where the sentences touch is the joined prediction the gold's own entity of two characters.
    gold, predicted = [["B-PS", "I-PS"], ["O"]], [["B-PS", "I-PS"], ["I-PS"]]
    assert both("ner", "entity_macro_f1", {"labels": gold}, {"labels": predicted}) == near((0, 100))


def test_defect_characters_outside_entities_count():
    # B-PS 0; O 3 hits of 3 and 4: 6/7; eleven tags that nobody has: 1 each. Corrected: B-PS alone.
    gold, predicted = {"labels": [["B-PS", "O", "O", "O"]]}, {"labels": [["O"] * 4]}
    assert both("ner", "char_macro_f1", gold, predicted) == near((100 * (6 / 7 + 11) / 13, 0))


def test_who_finds_nothing_has_nothing():
    # The corrected scores of a system that says O everywhere; the baseline gives it 10 tags that nobody has and O.
    gold = {"labels": [["B-PS", "I-PS", "O"], ["O", "B-LC", "O"]]}
    scores = score("ner", gold, {"labels": [["O"] * 3] * 2})
    assert scores.corrected == {"entity_macro_f1": 0, "char_macro_f1": 0}
    # O: 3 hits of 3 and 6, 2/3; B-PS, I-PS, B-LC 0; nine absent tags 1.
    assert scores.official == near({"entity_macro_f1": 0, "char_macro_f1": 100 * (2 / 3 + 9) / 13})


def test_where_there_is_nothing_to_find_the_tags_are_not_defined():
    official, corrected = both("ner", "char_macro_f1", {"labels": [["O"]]}, {"labels": [["O"]]})
    assert official == 100 and isnan(corrected)


def test_relations_leave_no_relation_out():
    # relations 1 and 2: 2 hits, 3 gold, 3 predicted.
    gold, predicted = labels(0, 1, 1, 2), {**labels(1, 1, 0, 2), "probs": np.full((4, 30), 1 / 30)}
    assert RELATIONS[0] == "no_relation" and len(RELATIONS) == 30
    assert both("re", "micro_f1", gold, predicted) == near((200 / 3, 200 / 3))


def test_relations_without_any_relation_score_zero():
    assert both("re", "micro_f1", labels(0), {**labels(0), "probs": [[1 / 30] * 30]}) == (0, 0)


def test_area_under_precision_and_recall():
    # class 1, ordered .9 yes .8 no .7 yes: (0, 1) (½, 1) (½, ½) (1, ⅔): ½ + ½ · (½ + ⅔)/2 = 19/24.
    # class 0, ordered .3 no .2 yes .1 no: (0, 1) (0, 0) (1, ½) (1, ⅓): ½ · ½ = ¼.
    probabilities = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    assert auprc([1, 0, 1], probabilities) == near(100 * (19 / 24 + 1 / 4) / 2)


def test_equal_probabilities_are_one_point_and_an_empty_class_is_a_half():
    # class 0: (0, 1) (1, ½): ¾; class 1 the same; class 2 has no gold: from (0, 1) to (1, 0): ½.
    assert auprc([0, 1], np.full((2, 3), 1 / 3)) == near(100 * (3 / 4 + 3 / 4 + 1 / 2) / 3)


def three_labels_of_ten():
    heads, types = [[*range(2, 31), 0]], [[0] * 10 + [1] * 10 + [2] * 10]
    return {"heads": heads, "types": types}


def test_defect_a_wrong_head_is_a_class_of_its_own():
    # KLUE.md: one wrong head in 30 gives micro 96.7, macro 73.7. The label that loses a word: 9 hits, 10 gold, 9
    # predicted: 18/19; two labels 1; class −2: 0. Corrected: the same without class −2.
    gold, predicted = three_labels_of_ten(), three_labels_of_ten()
    predicted["heads"][0][4] = 1
    assert both("dp", "las_micro_f1", gold, predicted) == near((2900 / 30, 2900 / 30))
    official, corrected = both("dp", "las_macro_f1", gold, predicted)
    assert (official, corrected) == near((100 * (18 / 19 + 2) / 4, 100 * (18 / 19 + 2) / 3))
    assert round(official, 1) == 73.7 and round(2900 / 30, 1) == 96.7


def test_rare_labels_are_one_class():
    gold = {"heads": [[2, 0]], "types": [[15, 14]]}
    right = score("dp", gold, {"heads": [[2, 0]], "types": [[37, 14]]})
    assert right.official["las_micro_f1"] == right.corrected["las_macro_f1"] == 100
    assert score("dp", gold, {"heads": [[2, 0]], "types": [[14, 14]]}).official["las_micro_f1"] == 50
    assert DEPENDENCIES.index("VP_CMP") == 15 and len(set(DEPENDENCIES)) == 38


def test_defect_positions_of_long_sentences_weigh_as_much_as_any():
    # Heads 0 (2 of 2), 2 (2 of 2), 3 (1 of 1) right, 4 never found, 1 never right: 3/5; words: 5/6.
    # Corrected: sentences 2/2 and 3/4.
    gold = {"heads": [[2, 0], [2, 3, 4, 0]], "types": [[0, 0], [0, 0, 0, 0]]}
    predicted = {**gold, "heads": [[2, 0], [2, 3, 1, 0]]}
    assert both("dp", "uas_macro_f1", gold, predicted) == near((60, 87.5))
    assert both("dp", "uas_micro_f1", gold, predicted) == near((500 / 6, 500 / 6))


def answers(golds, *predicted):
    return {"answers": golds}, {"answer": list(predicted)}


def test_an_answer_counts_with_its_best_gold():
    # “한라산” against “백두산”: 산, 2·1/6; against “제주 한라산”: 2·3/9.
    assert both("mrc", "rouge_w", *answers([["백두산", "제주 한라산"]], "한라산")) == near((200 / 3, 200 / 3))
    assert both("mrc", "em", *answers([["백두산", "한라산"]], "한라산")) == (100, 100)


def test_unanswerable_questions_want_the_empty_answer():
    assert score("mrc", *answers([[], []], "", "한라산")).official == {"em": 50, "rouge_w": 50}
    assert score("mrc", *answers([["한라산"]], "")).official == {"em": 0, "rouge_w": 0}


def test_letters_punctuation_and_spaces_are_made_alike():
    assert score("mrc", *answers([["K-Pop,  그룹 \n"]], "kpop 그룹")).official == {"em": 100, "rouge_w": 100}


@pytest.mark.parametrize("marked", ["《토지》", "〈토지〉", "‘토지’"])
def test_defect_quotation_marks_survive(marked):
    # Official: substring of 2, lengths 2 and 4: 2·2/6. ASCII marks go in both, as punctuation.
    assert both("mrc", "em", *answers([["토지"]], marked)) == (0, 100)
    assert both("mrc", "rouge_w", *answers([["토지"]], marked)) == near((200 / 3, 100))
    assert both("mrc", "em", *answers([["토지"]], "<(\"토지')>")) == (100, 100)


def test_the_baselines_expression_matches_what_nobody_writes():
    assert normalise("가'()‘’나", BASELINE_SYMBOLS) == "가 나" and normalise("‘가’", BASELINE_SYMBOLS) == "‘가’"


def test_defect_rouge_w_sees_one_run_only():
    # 서울…시: official, run of 2, lengths 5 and 3: 2·2/8. Corrected: runs of 2 and 1 weigh 2^1.2 + 1.
    weight = 2**1.2 + 1
    assert both("mrc", "rouge_w", *answers([["서울특별시"]], "서울시")) == near((50, 100 * 2 * weight ** (1 / 1.2) / 8))


@pytest.mark.parametrize(("length", "seen"), [(198, True), (200, False), (300, False)])
def test_defect_long_answers_lose_their_frequent_characters(length, seen):
    # Two characters, each half of the gold: from 200 characters on difflib looks for neither, and finds only what the
    # two strings begin with. The answer lacks the first character: 2 · (n − 1) / (2n − 1), or nothing.
    gold = "가나" * (length // 2)
    expected = 200 * (length - 1) / (2 * length - 1)
    assert both("mrc", "rouge_w", *answers([[gold]], gold[1:])) == near((expected if seen else 0, expected))
    assert both("mrc", "rouge_w", *answers([[gold]], gold)) == (100, 100)


def test_a_run_is_not_lost_when_its_last_character_comes_again():
    # The table of the ROUGE paper pairs the second 일 and finds 1 + 1 instead of 2^1.2.
    assert weighted_lcs("3일", "3일 1일") == near(2**1.2)


def test_korquad_counts_characters_in_any_order():
    # 4 characters against 3, 3 in common: 6/7. Spaces and marks do not count.
    scores = score("korquad", *answers([["《대한 민국》"]], "국민한"))
    assert scores.official == scores.corrected == near({"em": 0, "f1": 600 / 7})
    assert score("korquad", *answers([["바다", "푸른 바다"]], "푸른바다")).official == near({"em": 0, "f1": 100})


def test_defect_slot_f1_is_a_mean_over_turns():
    # Turn 1: 1 found, 1 missed: 2/3; turn 2: nothing wanted, nothing said: 1. Corrected: 2·1/(2·1 + 1) over both.
    gold, predicted = [["숙소-지역-북쪽", "숙소-종류-호텔"], []], [["숙소-지역-북쪽"], []]
    assert both("wos", "slot_f1", {"state": gold}, {"state": predicted}) == near((500 / 6, 200 / 3))
    assert both("wos", "jga", {"state": gold}, {"state": predicted}) == (50, 50)


def test_slots_in_any_order_and_inventions():
    gold, predicted = [["a-b-1", "a-c-2"], [], ["a-b-1"]], [["a-c-2", "a-b-1"], ["a-b-1"], ["a-b-2"]]
    # Turns: 1, 0, 0. Over all: 2 found; 1 invented, then 1 invented and 1 missed: 4/7.
    assert score("wos", {"state": gold}, {"state": predicted}).official == near({"jga": 100 / 3, "slot_f1": 100 / 3})
    assert score("wos", {"state": gold}, {"state": predicted}).corrected["slot_f1"] == near(400 / 7)


def test_no_slot_anywhere_is_right():
    assert score("wos", {"state": [[]]}, {"state": [[]]}).corrected == {"jga": 100, "slot_f1": 100}


def test_parts_of_speech_count_every_token_once():
    # 4 of 5 tokens. NOUN 3 hits of 3 and 4: 6/7; VERB 1 of 2 and 1: 2/3.
    scores = score("pos", {"labels": [["NOUN"], ["NOUN", "NOUN", "VERB", "VERB"]]},
                   {"labels": [["NOUN"], ["NOUN", "NOUN", "NOUN", "VERB"]]}).official
    assert scores == near({"accuracy": 80, "macro_f1": 100 * (6 / 7 + 2 / 3) / 2})


@pytest.mark.parametrize(("task", "gold", "predicted", "part"), [
    ("ynet", labels(0), labels(0), "ynat, sts, nli"), ("ynat", labels(0), labels(0, 1), "[1, 2]"),
    ("ynat", labels(), labels(), "[0]")])
def test_mistakes_are_told(task, gold, predicted, part):
    with pytest.raises(kh.KlueError, match=re.escape(part)):
        score(task, gold, predicted)


# Any data, against slow references

def draw(task, seed, size=60):
    """Return random gold and predictions that agree in about half of the examples."""
    rng = np.random.default_rng(seed)
    make = MAKERS.get(task, make_label)
    gold = [make(rng) for _ in range(size)]
    predicted = [dict(row) if rng.random() < 0.5 else make(rng, like=row) for row in gold]
    columns = [{name: [row[name] for row in rows] for name in rows[0]} for rows in (gold, predicted)]
    if task in ("mrc", "korquad"):
        columns[0] = {"answers": [[text, "다른 답"] if text else [] for text in columns[0].pop("answer")]}
    return columns


def make_label(rng, like=None):
    return {"label": int(rng.integers(0, 2))}


def make_topic(rng, like=None):
    return {"label": int(rng.integers(0, len(TOPICS)))}


def make_score(rng, like=None):
    return {"score": float(rng.choice([0, 1.4, 3, 3.5, 5]))}


def make_tags(rng, like=None, names=NER_TAGS):
    size = len(like["labels"]) if like else int(rng.integers(1, 12))
    return {"labels": [str(tag) for tag in rng.choice(names, size)]}


def make_relation(rng, like=None):
    return {"label": int(rng.integers(0, 30)), "probs": list(rng.dirichlet(np.ones(30)).round(2))}


def make_tree(rng, like=None):
    size = len(like["heads"]) if like else int(rng.integers(1, 12))
    return {"heads": rng.integers(0, size + 1, size).tolist(), "types": rng.integers(0, 38, size).tolist()}


def make_answer(rng, like=None):
    if like and rng.random() < 0.3:
        return {"answer": f"《{like['answer']}》"}
    return {"answer": "".join(rng.choice(list("가나다라 ‘’《》()a.'"), int(rng.integers(0, 12)))).strip("‘’《》()a.' ")}


def make_state(rng, like=None):
    return {"state": [f"숙소-{slot}-{rng.integers(0, 2)}" for slot in range(3) if rng.random() < 0.6]}


MAKERS = {"ynat": make_topic, "intent": make_topic, "sts": make_score, "korsts": make_score, "ner": make_tags,
          "pos": lambda rng, like=None: make_tags(rng, like, UPOS), "re": make_relation, "dp": make_tree,
          "mrc": make_answer, "korquad": make_answer, "wos": make_state}
everywhere = pytest.mark.parametrize("task", TASKS)
seeds = st.integers(0, 2**32)
few = settings(max_examples=25)


@everywhere
def test_names_bounds_and_where_the_versions_differ(task):
    differ = set()
    for seed in range(5):
        scores = score(task, *draw(task, seed))
        assert list(scores.official) == list(scores.corrected) == KEYS.get(task, ["accuracy", "macro_f1"])
        for key, value in [*scores.official.items(), *scores.corrected.items()]:
            assert (-100 if key in ("pearson", "spearman") else 0) <= value <= 100
        differ |= {key for key in scores.official if scores.official[key] != scores.corrected[key]}
    assert differ == DEFECTS.get(task, set())


@everywhere
def test_the_gold_itself_scores_a_hundred(task):
    gold, _ = draw(task, 0)
    predicted = gold
    if task == "re":
        gold = labels(*range(30), *range(30))
        predicted = {**gold, "probs": np.eye(30)[gold["label"]]}
    if "answers" in gold:
        predicted = {"answer": [golds[0] if golds else "" for golds in gold["answers"]]}
    scores = score(task, gold, predicted)
    expected = dict.fromkeys(scores.official, 100)
    if task == "korquad":  # the script gives no F1 to an empty answer
        expected["f1"] = 100 * np.mean([bool(golds) for golds in gold["answers"]])
    assert scores.official == near(expected) and scores.corrected == near(expected)


@everywhere
def test_the_order_of_the_examples_does_not_matter(task):
    gold, predicted = draw(task, 1)
    order = np.random.default_rng(0).permutation(len(next(iter(gold.values()))))
    moved = [{name: [values[at] for at in order] for name, values in side.items()} for side in (gold, predicted)]
    before, after = score(task, gold, predicted), score(task, *moved)
    if task == "ner":  # the official entities run on into whatever sentence comes next
        del before.official["entity_macro_f1"], after.official["entity_macro_f1"]
    assert after.official == near(before.official) and after.corrected == near(before.corrected)


@few
@given(seeds)
def test_classes_equal_scikit_learn(seed):
    gold, predicted = draw("ynat", seed, size=12)
    sides = gold["label"], predicted["label"]
    assert score("intent", gold, predicted).official == near({
        "accuracy": 100 * reference.accuracy_score(*sides),
        "macro_f1": 100 * reference.f1_score(*sides, average="macro")})
    assert score("ynat", gold, predicted).official == near(
        {"macro_f1": 100 * reference.f1_score(*sides, average="macro")})


@few
@given(seeds)
def test_correlations_equal_scipy(seed):
    rng = np.random.default_rng(seed)
    sides = rng.uniform(0, 5, 9).round(), rng.uniform(0, 5, 9).round(1)
    scores = score("korsts", *({"score": side} for side in sides)).official
    if len(set(sides[0])) > 1:
        assert scores["pearson"] == near(100 * stats.pearsonr(*sides).statistic)
        assert scores["spearman"] == near(100 * stats.spearmanr(*sides).statistic)
    cut = [side >= 3 for side in sides]
    assert scores["f1"] == near(100 * reference.f1_score(*cut, zero_division=0))


def slow_entities(tags):
    """Read strict IOB2 tag by tag."""
    found, at = set(), 0
    while at < len(tags):
        end = at + 1
        if tags[at].startswith("B-"):
            while end < len(tags) and tags[end] == f"I-{tags[at][2:]}":
                end += 1
            found.add((at, end, tags[at][2:]))
        at = end
    return found


def slow_entity_f1(gold, predicted):
    scores = []
    for kind in {one[-1] for one in gold | predicted}:
        mine, other = ({one for one in side if one[-1] == kind} for side in (gold, predicted))
        scores.append(2 * len(mine & other) / (len(mine) + len(other)))
    return 100 * sum(scores) / len(scores) if scores else float("nan")


@few
@given(seeds)
def test_entities_equal_a_slow_reading(seed):
    gold, predicted = draw("ner", seed, size=6)
    sides = gold["labels"], predicted["labels"]
    joined = [slow_entities(list(chain.from_iterable(side))) for side in sides]
    apart = [{(number, *one) for number, tags in enumerate(side) for one in slow_entities(tags)} for side in sides]
    scores = score("ner", gold, predicted)
    assert scores.official["entity_macro_f1"] == near(slow_entity_f1(*joined), nan_ok=True)
    assert scores.corrected["entity_macro_f1"] == near(slow_entity_f1(*apart), nan_ok=True)
    flat = [list(chain.from_iterable(side)) for side in sides]
    occurring = sorted({*flat[0], *flat[1]} - {"O"})
    for version, names in ((scores.official, NER_TAGS), (scores.corrected, occurring)):
        expected = reference.f1_score(*flat, labels=names, average="macro", zero_division=True)
        assert version["char_macro_f1"] == near(100 * expected)


@few
@given(seeds)
def test_relations_equal_scikit_learn(seed):
    gold, predicted = draw("re", seed, size=25)
    micro = reference.f1_score(gold["label"], predicted["label"], average="micro", zero_division=0,
                               labels=[number for number in range(30) if number != RELATIONS.index("no_relation")])
    truth, probabilities = np.eye(30)[gold["label"]], np.array(predicted["probs"])
    areas = []
    for number in range(30):
        if truth[:, number].any():
            precision, recall, _ = reference.precision_recall_curve(truth[:, number], probabilities[:, number])
            areas.append(reference.auc(recall, precision))
        else:
            areas.append(0.5)
    assert score("re", gold, predicted).official == near({"micro_f1": 100 * micro, "auprc": 100 * np.mean(areas)})


@pytest.mark.filterwarnings("ignore:No positive class")
def test_an_empty_class_is_a_half_in_scikit_learn():
    precision, recall, _ = reference.precision_recall_curve([0, 0, 0], [0.1, 0.5, 0.5])
    assert reference.auc(recall, precision) == 0.5


@few
@given(seeds)
def test_trees_equal_scikit_learn(seed):
    gold, predicted = draw("dp", seed, size=6)
    heads, guesses = (list(chain.from_iterable(side["heads"])) for side in (gold, predicted))
    types, names = ([min(kind, 15) for kind in chain.from_iterable(side["types"])] for side in (gold, predicted))
    names = [name if head == guess else -2 for name, head, guess in zip(names, heads, guesses, strict=True)]
    expected = {f"{name}_{average}_f1": 100 * reference.f1_score(*sides, average=average)
                for name, sides in (("uas", (heads, guesses)), ("las", (types, names)))
                for average in ("macro", "micro")}
    scores = score("dp", gold, predicted)
    assert scores.official == near(expected)
    kept = sorted({*types, *names} - {-2})
    assert scores.corrected["las_macro_f1"] == near(
        100 * reference.f1_score(types, names, labels=kept, average="macro"))


texts = st.text(alphabet="가나다 ab", max_size=9)
anything = st.text(max_size=30)


def slow_substring(left, right):
    return max((end - start for start in range(len(left)) for end in range(start + 1, len(left) + 1)
                if left[start:end] in right), default=0)


@given(texts, texts)
def test_substrings_equal_a_slow_search(gold, answer):
    expected = 2 * slow_substring(gold, answer) / (len(gold) + len(answer)) if gold else float(not answer)
    assert common_substring(gold, answer) == near(expected)


@given(st.text(alphabet="가나다라마바사", min_size=190, max_size=230), st.integers(0, 60), st.integers(1, 200))
def test_long_answers_equal_difflib(gold, start, size):
    answer = gold[start : start + size]
    longest = SequenceMatcher(None, answer, gold).find_longest_match().size
    precision, recall = longest / len(answer), longest / len(gold)
    expected = 2 * precision * recall / (precision + recall) if longest else 0
    assert common_substring(gold, answer) == near(expected)


def slow_weight(left, right):
    """Try every way to begin: skip a character of either, or take a run."""
    if not left or not right:
        return 0.0
    best = max(slow_weight(left[1:], right), slow_weight(left, right[1:]))
    for size in range(1, min(len(left), len(right)) + 1):
        if left[:size] != right[:size]:
            break
        best = max(best, size**1.2 + slow_weight(left[size:], right[size:]))
    return best


@given(st.text(alphabet="가나다", max_size=6), st.text(alphabet="가나다", max_size=6))
def test_weighted_subsequences_equal_trying_everything(left, right):
    assert weighted_lcs(left, right) == near(slow_weight(left, right))


@given(anything, anything)
def test_rouge_w_of_any_text(gold, answer):
    value = rouge_w(gold, answer)
    assert value == near(rouge_w(answer, gold)) and 0 <= value <= 1 + 1e-12
    assert value >= common_substring(gold, answer) - 1e-12
    assert (value == near(1)) == (gold == answer)
    assert rouge_w(gold, gold + answer) >= 2 * len(gold) / (2 * len(gold) + len(answer) or 1) - 1e-12


def test_rouge_w_of_a_hundred_thousand_characters():
    long = "서울특별시 종로구 " * 10_000
    assert rouge_w("종로구", long) == near(6 / (3 + len(long)))
    assert rouge_w(long, long) == 1


@given(anything, anything)
def test_shared_characters_equal_a_slow_count(gold, answer):
    gold, answer = normalise(gold), normalise(answer)
    left, right = list("".join(gold.split())), list("".join(answer.split()))
    common = sum(min(left.count(letter), right.count(letter)) for letter in set(left))
    assert shared_characters(gold, answer) == near(2 * common / (len(left) + len(right)) if common else 0)


@given(anything)
def test_normalising_twice_changes_nothing_more(text):
    once = normalise(text)
    assert normalise(once) == once
    assert not set(once) & set("'\"《》<>〈〉()‘’!,.\n")


@given(st.lists(st.tuples(*[st.lists(st.sampled_from(["a-b-1", "a-b-2", "a-c-1"]), max_size=4)] * 2), min_size=1))
def test_states_equal_a_slow_count(turns):
    right, by_turn, totals = 0, [], Counter()
    for state, guess in turns:
        right += set(state) == set(guess)
        counts = Counter(found=sum(value in guess for value in state),
                         missed=sum(value not in guess for value in state),
                         invented=sum(value not in state for value in guess))
        totals += counts
        precision = counts["found"] / max(counts["found"] + counts["invented"], 1)
        recall = counts["found"] / max(counts["found"] + counts["missed"], 1)
        empty = not state and not guess
        by_turn.append(1 if empty else 2 * precision * recall / (precision + recall) if counts["found"] else 0)
    scores = score("wos", *({"state": side} for side in zip(*turns, strict=True)))
    assert scores.official == near({"jga": 100 * right / len(turns), "slot_f1": 100 * np.mean(by_turn)})
    all_turns = 2 * totals["found"] + totals["missed"] + totals["invented"]
    assert scores.corrected["slot_f1"] == near(200 * totals["found"] / all_turns if all_turns else 100)


def test_labels_are_those_of_the_published_files(published):
    trees = kh.load_data("dp", "local", data_dir=published, splits=["validation"])["validation"]
    types = [[DEPENDENCIES.index(name) for name in row] for row in trees["deprel"]]
    gold = {"heads": trees["head"], "types": types}
    assert set(score("dp", gold, gold).official.values()) == {100}
    shares = Counter(min(kind, 15) for row in types for kind in row)
    assert 0 < shares[15] < 0.02 * shares.total(), "the labels from 15 on are rare"
