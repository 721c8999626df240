"""Entities in BIO tags and the F1 scores of named entity recognition (taught in lecture 7)."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from klue_helpers.data.schemas import NER_TAGS
from klue_helpers.metrics.counts import Counts, coded, count, macro_f1

Tags = Sequence[Sequence[str]]


class Entity(NamedTuple):
    """The characters from `start` to before `end`, counted through all sequences, and their type."""

    start: int
    end: int
    kind: str


def entities(sequences: Tags) -> list[Entity]:
    """Return the entities of tag sequences, read as strict IOB2. Taught in lecture 7.

    An entity is a ``B-X`` and all ``I-X`` that follow without a gap in the same sequence. An ``I-X`` after anything
    else belongs to no entity.

    Examples
    --------
    >>> entities([["B-PS", "I-PS", "I-LC", "O"], ["I-PS", "B-LC"]])
    [Entity(start=0, end=2, kind='PS'), Entity(start=5, end=6, kind='LC')]
    """
    names, codes = coded(list(chain.from_iterable(sequences)))
    begins, inside = (np.array([name[0] == part for name in names], dtype=bool)[codes] for part in "BI")
    kinds, of_name = coded([name[2:] for name in names])
    kind = of_name[codes]
    goes_on = np.zeros(len(codes), dtype=bool)
    goes_on[1:] = inside[1:] & (kind[1:] == kind[:-1])
    borders = np.cumsum([len(tags) for tags in sequences])[:-1]
    goes_on[borders[borders < len(codes)]] = False
    starts = np.flatnonzero(~goes_on)
    ends = np.append(starts[1:], len(codes))
    chosen = begins[starts]
    return [Entity(start, end, str(kinds[kind[start]]))
            for start, end in zip(starts[chosen].tolist(), ends[chosen].tolist(), strict=True)]


def count_entities(gold: Tags, predicted: Tags) -> Counts:
    """Count entities by type; one is hit where start, end and type are right. Taught in lecture 7."""
    sides = set(entities(gold)), set(entities(predicted))
    hits, golden, claimed = (Counter(entity.kind for entity in side) for side in (sides[0] & sides[1], *sides))
    kinds = sorted(golden | claimed)
    table = np.array([[side[kind] for kind in kinds] for side in (hits, golden, claimed)])
    return Counts(np.array(kinds), *table)


def baseline_tag_f1(gold: Tags, predicted: Tags) -> float:
    """Return the mean F1 × 100 over KLUE's 13 tags, character by character. Taught in lecture 7.

    As in KLUE's baseline: O is one of them, and a tag that neither side has counts as 1, so that a system which finds
    nothing is praised.
    """
    found = count(*_joined(gold, predicted))
    return float((found.f1.sum() + len(NER_TAGS) - len(found.classes)) / len(NER_TAGS) * 100)


def tag_macro_f1(gold: Tags, predicted: Tags) -> float:
    """Return the mean F1 × 100 over the tags of entities, character by character. Taught in lecture 7.

    O is left out, and so is a tag that neither side has: who finds nothing has 0. NaN where there is no such tag.

    Examples
    --------
    >>> gold = [["B-PS", "I-PS", "O", "O"]]
    >>> tag_macro_f1(gold, [["O"] * 4]), tag_macro_f1(gold, [["B-PS", "O", "O", "O"]])
    (0.0, 50.0)
    """
    return macro_f1(count(*_joined(gold, predicted)).without("O"))


def _joined(*sides: Tags) -> list[list[str]]:
    """Return the tags of all sequences in a row, for each side."""
    return [list(chain.from_iterable(side)) for side in sides]
