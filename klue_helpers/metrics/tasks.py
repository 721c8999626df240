"""`score`: the metrics of each task by name, official and corrected (lectures 5, 6, 7 and 9)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from klue_helpers.data.schemas import RELATIONS
from klue_helpers.errors import KlueError
from klue_helpers.metrics.answers import BASELINE_SYMBOLS, best, common_substring, rouge_w, same, shared_characters
from klue_helpers.metrics.counts import accuracy, count, macro_f1, micro_f1
from klue_helpers.metrics.relations import auprc
from klue_helpers.metrics.similarity import pearson, similar_f1, spearman
from klue_helpers.metrics.states import joint_goal_accuracy, slot_f1
from klue_helpers.metrics.tags import count_entities, tag_macro_f1
from klue_helpers.metrics.trees import WRONG_HEAD, count_heads, count_labelled, sentence_uas

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Scores:
    """Metrics × 100 by name. NaN where one is not defined, such as the correlation with a constant.

    Attributes
    ----------
    official : equal to KLUE's baseline (or to the set's own script), defects included.
    corrected : the same names with the known defects mended; equal to `official` where there are none.
    """

    official: dict[str, float]
    corrected: dict[str, float]


def score(task: str, gold: Columns, predicted: Columns) -> Scores:
    """Return the metrics of a task. Taught in lecture 5.

    Parameters
    ----------
    task : one of `METRICS`.
    gold, predicted : columns of one length, one value an example: ``label`` (numbers), for re also ``probs`` of the
        prediction; ``score``; ``labels`` (tags by name); ``heads`` and ``types`` (numbers); ``answers`` of the gold
        and ``answer`` of the prediction; ``state``.

    Raises
    ------
    KlueError : an unknown task, no examples, a different number on the two sides.

    Examples
    --------
    >>> score("nli", {"label": [0, 1, 2, 2]}, {"label": [0, 1, 2, 0]}).official
    {'accuracy': 75.0}
    """
    if task not in METRICS:
        raise KlueError(f"점수를 낼 수 없는 과제입니다: {task!r}. 쓸 수 있는 과제: {', '.join(METRICS)}.")
    sizes = {len(column) for column in chain(gold.values(), predicted.values())}
    if len(sizes) != 1 or 0 in sizes:
        raise KlueError(f"정답과 예측의 개수가 같고 하나 이상이어야 하는데 {sorted(sizes)}입니다. 개수를 맞추세요.")
    return METRICS[task](gold, predicted)


def _alike(scores: dict[str, float]) -> Scores:
    """Return the scores of a task whose official metrics have no known defect."""
    return Scores(scores, dict(scores))


def _topic(gold: Columns, predicted: Columns) -> Scores:
    return _alike({"macro_f1": macro_f1(count(gold["label"], predicted["label"]))})


def _inference(gold: Columns, predicted: Columns) -> Scores:
    return _alike({"accuracy": accuracy(gold["label"], predicted["label"])})


def _classes(gold: Columns, predicted: Columns) -> Scores:
    labels = gold["label"], predicted["label"]
    return _alike({"accuracy": accuracy(*labels), "macro_f1": macro_f1(count(*labels))})


def _similarity(gold: Columns, predicted: Columns) -> Scores:
    sides = gold["score"], predicted["score"]
    return _alike({"pearson": pearson(*sides), "f1": similar_f1(*sides)})


def _ranked_similarity(gold: Columns, predicted: Columns) -> Scores:
    sides = gold["score"], predicted["score"]
    return _alike({"pearson": pearson(*sides), "f1": similar_f1(*sides), "spearman": spearman(*sides)})


def _entities(gold: Columns, predicted: Columns) -> Scores:
    """Official: all sequences joined end to end, so that an entity may run on into the next, and O in the mean."""
    sides = gold["labels"], predicted["labels"]
    joined = ([list(chain.from_iterable(side))] for side in sides)
    return Scores(
        {"entity_macro_f1": macro_f1(count_entities(*joined)), "char_macro_f1": tag_macro_f1(*sides)},
        {"entity_macro_f1": macro_f1(count_entities(*sides)), "char_macro_f1": tag_macro_f1(*sides, without=("O",))})


def _tags(gold: Columns, predicted: Columns) -> Scores:
    """Count every token of every sentence once."""
    flat = ({"label": list(chain.from_iterable(side["labels"]))} for side in (gold, predicted))
    return _classes(*flat)


def _relations(gold: Columns, predicted: Columns) -> Scores:
    related = count(gold["label"], predicted["label"]).without(RELATIONS.index("no_relation"))
    return _alike({"micro_f1": micro_f1(related), "auprc": auprc(gold["label"], predicted["probs"])})


def _trees(gold: Columns, predicted: Columns) -> Scores:
    """Corrected: UAS macro is the mean over sentences, LAS macro has no class for wrong heads."""
    heads = count_heads(gold["heads"], predicted["heads"])
    labels = count_labelled(gold["heads"], gold["types"], predicted["heads"], predicted["types"])
    official = {"uas_macro_f1": macro_f1(heads), "uas_micro_f1": micro_f1(heads),
                "las_macro_f1": macro_f1(labels), "las_micro_f1": micro_f1(labels)}
    return Scores(official, official | {"uas_macro_f1": sentence_uas(gold["heads"], predicted["heads"]),
                                        "las_macro_f1": macro_f1(labels.without(WRONG_HEAD))})


def _answers(gold: Columns, predicted: Columns) -> Scores:
    """Corrected: 《 》 〈 〉 ‘ ’ go, and ROUGE-W is the weighted subsequence."""
    sides = gold["answers"], predicted["answer"]
    return Scores({"em": best(*sides, same, BASELINE_SYMBOLS),
                   "rouge_w": best(*sides, common_substring, BASELINE_SYMBOLS)},
                  {"em": best(*sides, same), "rouge_w": best(*sides, rouge_w)})


def _korquad(gold: Columns, predicted: Columns) -> Scores:
    sides = gold["answers"], predicted["answer"]
    return _alike({"em": best(*sides, same), "f1": best(*sides, shared_characters)})


def _states(gold: Columns, predicted: Columns) -> Scores:
    sides = gold["state"], predicted["state"]
    jga = joint_goal_accuracy(*sides)
    return Scores({"jga": jga, "slot_f1": slot_f1(*sides, by_turn=True)},
                  {"jga": jga, "slot_f1": slot_f1(*sides, by_turn=False)})


METRICS: dict[str, Callable[[Columns, Columns], Scores]] = {
    "ynat": _topic, "sts": _similarity, "nli": _inference, "ner": _entities, "re": _relations, "dp": _trees,
    "mrc": _answers, "wos": _states, "nsmc": _classes, "hate": _classes, "bias": _classes, "sarcasm": _classes,
    "intent": _classes, "sae": _classes, "paraphrase": _classes, "korsts": _ranked_similarity, "kornli": _classes,
    "korquad": _korquad, "pos": _tags,
}
