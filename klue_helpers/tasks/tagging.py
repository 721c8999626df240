"""A tag for every character (named entities) or token (parts of speech) of a text (taught in lecture 7)."""

import json
import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from klue_helpers.errors import KlueError
from klue_helpers.metrics.counts import accuracy, count, macro_f1
from klue_helpers.metrics.scores import Scores, without_defects
from klue_helpers.metrics.tags import baseline_tag_f1, count_entities, entities, tag_macro_f1
from klue_helpers.models import load_encoder
from klue_helpers.options import option
from klue_helpers.tasks.base import IGNORED, Feature, Prediction, Row, Task, label_number, require_texts, visible_edges
from klue_helpers.tasks.forms import Columns, Form, label_in, list_of
from klue_helpers.text import normalize, normalize_with_starts

if TYPE_CHECKING:
    import torch
    from datasets import ClassLabel
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

    from klue_helpers.models import Encoder

UNITS = ("wordpiece", "syllable")
OVERLAP = 4  # one token in four of a window stands in the next one too
OUTSIDE = "O"
_TOKEN = re.compile(r"\w+|[^\w\s]+")

Piece = tuple[int, int, int]  # a token that carries a tag: its place in the window; first and last + 1 of its units


@dataclass(frozen=True, kw_only=True)
class Tagging(Task):
    """Tags of a row's units: what named entities and parts of speech share. Taught in lecture 7.

    The first token of a unit carries its tag, and none that shows nothing, as ``▁`` alone. A text that is too long is
    read in overlapping windows, so that nothing is cut; where two windows hold a token, that one is believed in which
    it stands further from the border.
    """

    @property
    def labels(self) -> "ClassLabel":
        """The tags with their names."""
        return self.features[self.label].feature

    @abstractmethod
    def units(self, row: Row) -> Sequence[str]:
        """Return what gets a tag each."""

    @abstractmethod
    def reading(self, row: Row) -> tuple[str | list[str], list[int]]:
        """Return what the tokenizer reads, a text or words, and at which unit each of its items starts, and the end."""

    @abstractmethod
    def tags(self, found: dict[int, tuple[int, str]], units: Sequence[str]) -> list[str]:
        """Return a tag for every unit from those of the tokens: by their first unit the last one + 1 and the tag."""

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row with the numbers of its tags, of which every unit must have one."""
        row = super().check(row, labelled=labelled)
        if not labelled:
            return row
        units, tags = self.units(row), row[self.label]
        if not isinstance(tags, list) or len(tags) != len(units) or not units:
            size = f"{len(tags)}개" if isinstance(tags, list) else repr(tags)
            raise KlueError(f"{self.label!r} 열에는 태그가 하나 이상, {len(units)}개 있어야 하는데 {size}입니다. "
                            "글과 태그의 수를 맞추세요.")
        return {**row, self.label: [label_number(tag, self.labels, self.label) for tag in tags]}

    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Return one feature a row, or several windows of a long one, with `IGNORED` on further tokens of a unit."""
        if not rows:
            return []
        texts, starts = zip(*map(self.reading, rows), strict=True)
        encoded = tokenizer(list(texts), is_split_into_words=not isinstance(texts[0], str), truncation=True,
                            max_length=max_length, stride=(max_length - 2) // OVERLAP, return_overflowing_tokens=True)
        features: list[Feature] = []
        for at, row in enumerate(encoded["overflow_to_sample_mapping"]):
            goes_on = bool(features) and features[-1].row == row
            if not goes_on:
                edges = visible_edges(texts[row]) if isinstance(texts[row], str) else None
            pieces = _pieces(encoded.encodings[at], edges, starts[row], goes_on)
            inputs = {name: encoded[name][at] for name in tokenizer.model_input_names if name != "attention_mask"}
            if self.label in rows[row]:
                inputs["labels"] = [IGNORED] * len(inputs["input_ids"])
                for place, start, _ in pieces:
                    inputs["labels"][place] = rows[row][self.label][start]
            features.append(Feature(inputs, row, note=pieces))
        return features

    def new_model(self, encoder: str, **options: Any) -> "Encoder":
        """Return an ordinary model for token classification that knows the tags' names."""
        names = dict(enumerate(self.labels.names))
        return load_encoder(encoder, head="token-classification", id2label=names,
                            label2id={name: number for number, name in names.items()}, **options)

    def read(self, outputs: Any, batch: dict[str, "torch.Tensor"], features: Sequence[Feature]) -> list[Any]:
        """Return the likeliest tag of every token, as numbers."""
        numbers = outputs.logits.argmax(dim=-1).cpu().numpy()  # (B, T)
        return [row[: len(feature.inputs["input_ids"])] for row, feature in zip(numbers, features, strict=True)]

    def decode(self, readouts: Sequence[Any], features: Sequence[Feature], rows: Sequence[Row]) -> list[Prediction]:
        """Return ``{"labels": [tag of each unit]}`` and what `readable` adds."""
        best: list[dict[int, tuple[int, int, str]]] = [{} for _ in rows]  # by start: margin, end, tag
        for numbers, feature in zip(readouts, features, strict=True):
            for place, start, end in feature.note:
                margin = min(place, len(numbers) - 1 - place)
                if margin >= best[feature.row].get(start, (-1,))[0]:
                    best[feature.row][start] = margin, end, self.labels.names[numbers[place]]
        predictions = []
        for row, found in zip(rows, best, strict=True):
            tags = self.tags({start: (end, tag) for start, (_, end, tag) in found.items()}, self.units(row))
            predictions.append({"labels": tags, **self.readable(row, tags)})
        return predictions

    @abstractmethod
    def readable(self, row: Row, tags: list[str]) -> dict[str, Any]:
        """Return what makes a prediction readable."""

    @property
    def gold_form(self) -> Form:
        """A tag by name for every unit."""
        names = self.labels.names
        return Form({"labels": list_of(label_in(names, numbers=False))},
                    json.dumps({"labels": names[:3]}, ensure_ascii=False), aligned=("labels",))

    def gold(self, row: Row) -> Prediction:
        """Return ``{"labels": [tag of each unit]}``."""
        return {"labels": [self.labels.names[number] for number in row[self.label]]}

    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return the commonest tag everywhere."""
        [(commonest, _)] = Counter(chain.from_iterable(row[self.label] for row in train)).most_common(1)
        return [{"labels": [self.labels.names[commonest]] * len(self.units(row))} for row in rows]


@dataclass(frozen=True, kw_only=True)
class NamedEntities(Tagging):
    """Entities as BIO tags of characters (code points). Taught in lecture 7.

    A token's tag is that of its first character; spread over its characters, ``B-X`` becomes ``B-X I-X I-X …``. A space
    between two tokens of one entity belongs to it. An ``I-X`` with nothing of X before it begins an entity.

    Attributes
    ----------
    unit : ``"wordpiece"``, the encoder's own tokens, which may straddle the border of an entity; ``"syllable"``, every
        character a token of its own, which cannot.
    """

    unit: str = option("wordpiece", "개체명의 토큰: 서브워드(wordpiece) 또는 글자(syllable)", choices=UNITS)

    def units(self, row: Row) -> Sequence[str]:
        """Return the characters."""
        return row[self.texts[0]]

    def reading(self, row: Row) -> tuple[str | list[str], list[int]]:
        """Return the text in its normal form, in which lone jamo and decomposed syllables are known to a tokenizer."""
        text, starts = normalize_with_starts(row[self.texts[0]])
        return (text if self.unit == "wordpiece" else list(text)), starts

    def tags(self, found: dict[int, tuple[int, str]], units: Sequence[str]) -> list[str]:
        """Spread the tags over the characters and make them well-formed."""
        tags = [""] * len(units)
        for start, (end, tag) in sorted(found.items()):
            tags[start:end] = [tag, *([inside(tag)] * (end - start - 1))]
        return well_formed(tags)

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return the macro F1 of the entities and that of the characters' tags.

        Official: all texts joined end to end, so that an entity may run on into the next one; in the mean over tags O,
        and each tag that occurs nowhere as 1. Corrected: text by text, over the tags of entities that occur, so that
        finding nothing is worth 0.
        """
        sides = gold["labels"], predicted["labels"]
        joined = ([list(chain.from_iterable(side))] for side in sides)
        return Scores(
            {"entity_macro_f1": macro_f1(count_entities(*joined)), "char_macro_f1": baseline_tag_f1(*sides)},
            {"entity_macro_f1": macro_f1(count_entities(*sides)), "char_macro_f1": tag_macro_f1(*sides)})

    def readable(self, row: Row, tags: list[str]) -> dict[str, Any]:
        """Return the entities with their offsets."""
        text = row[self.texts[0]]
        return {"entities": [{"text": text[one.start : one.end], "type": one.kind, "start": one.start, "end": one.end}
                             for one in entities([tags])]}


@dataclass(frozen=True, kw_only=True)
class PartsOfSpeech(Tagging):
    """A part of speech for every token; a token of which the encoder sees nothing is an X. Taught in lecture 7."""

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row; tokens that are not given are words and runs of other signs."""
        if labelled and "tokens" not in row:
            raise KlueError(f"'tokens' 열이 없습니다. 있는 열: {', '.join(row)}. 품사마다 토큰이 하나씩 있어야 합니다.")
        require_texts(row.get("tokens", []), "tokens")
        return super().check(row, labelled=labelled)

    def units(self, row: Row) -> Sequence[str]:
        """Return the tokens."""
        return row["tokens"] if "tokens" in row else _TOKEN.findall(row[self.texts[0]])

    def reading(self, row: Row) -> tuple[str | list[str], list[int]]:
        """Return the tokens, each in its normal form."""
        units = self.units(row)
        return [normalize(unit) for unit in units], list(range(len(units) + 1))

    def tags(self, found: dict[int, tuple[int, str]], units: Sequence[str]) -> list[str]:
        """Return the tags as they are."""
        return [found[at][1] if at in found else "X" for at in range(len(units))]

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return accuracy and macro F1 over all tokens, each counted once."""
        sides = [list(chain.from_iterable(side["labels"])) for side in (gold, predicted)]
        return without_defects({"accuracy": accuracy(*sides), "macro_f1": macro_f1(count(*sides))})

    def readable(self, row: Row, tags: list[str]) -> dict[str, Any]:
        """Return the tokens."""
        return {"tokens": list(self.units(row))}


def inside(tag: str) -> str:
    """Return the tag of the characters that follow one with this tag in the same token.

    Examples
    --------
    >>> inside("B-PS"), inside("O")
    ('I-PS', 'O')
    """
    return f"I-{tag[2:]}" if tag != OUTSIDE else tag


def well_formed(tags: Sequence[str]) -> list[str]:
    """Return BIO tags without gaps (empty tags) and without an ``I-X`` that follows nothing. Taught in lecture 7.

    Examples
    --------
    >>> well_formed(["B-LC", "", "I-LC", "", "I-PS"])
    ['B-LC', 'I-LC', 'I-LC', 'O', 'B-PS']
    """
    result, after = list(tags), OUTSIDE
    for at in range(len(result) - 1, -1, -1):  # a gap looks like what follows it
        if not result[at]:
            result[at] = after if after[0] == "I" else OUTSIDE
        after = result[at]
    before = OUTSIDE
    for at, tag in enumerate(result):
        if tag[0] == "I" and before[2:] != tag[2:]:
            result[at] = OUTSIDE if not tags[at] else f"B-{tag[2:]}"
        before = result[at]
    return result


def _pieces(window: "Encoding", edges: tuple[np.ndarray, np.ndarray] | None, starts: list[int],
            goes_on: bool) -> list[Piece]:
    """Return the first token of every unit of a window; without the first unit where that began in the one before.

    A token begins at its first visible character: one of white space alone carries no tag. `edges` are the visible ones
    of the text that was read; None where words were read.
    """
    pieces: list[Piece] = []
    seen = None
    for place, (word, (first, last)) in enumerate(zip(window.word_ids, window.offsets, strict=True)):
        if word is None:  # a special token
            continue
        begin, end = (word, word + 1) if edges is None else (edges[0][first], edges[1][last])
        if begin >= end:
            continue
        start = starts[begin]
        piece = place, start, max(starts[end], start + 1)
        if start != seen and not (goes_on and seen is None):
            pieces.append(piece)
        elif pieces and start == pieces[-1][1] and piece[2] > pieces[-1][2]:
            pieces[-1] = piece  # the one before was a lone ▁, to which some tokenizers give the next letter's place
        seen = start
    return pieces
