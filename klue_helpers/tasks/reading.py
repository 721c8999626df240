"""The answer to a question as a span of a text, or none (taught in lecture 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch

from klue_helpers.errors import KlueError
from klue_helpers.models import Encoder, load_encoder
from klue_helpers.options import option, shown
from klue_helpers.tasks.base import Feature, Prediction, Row, Task
from klue_helpers.text import normalize, normalize_with_starts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BEST = 20  # spans kept of each window
SHOWN = 5  # spans shown with an answer
LONGEST = 64  # tokens of an answer


class Span(NamedTuple):
    """A possible answer: the sum of the logits of its first and last token, and where it stands in the context."""

    score: float
    start: int
    end: int


@dataclass(frozen=True)
class Window:
    """A part of the context as the encoder reads it: for every token first and last + 1 character, None outside."""

    spans: list[tuple[int, int] | None]


@dataclass(frozen=True, kw_only=True)
class Reading(Task):
    """The span with the highest score over all windows of the context. Taught in lecture 7.

    A long context is read in overlapping windows; a window without the answer is taught to point to [CLS], and so is
    every window of a question without an answer. A question longer than half the limit is cut at its end.

    Attributes
    ----------
    unanswerable : whether there are questions without an answer.
    null_threshold : how much higher than the best span's score "no answer" must be; higher answers more often.
    """

    scored: ClassVar[tuple[str, ...]] = ("answers", "answer")
    additive: ClassVar[bool] = True
    unanswerable: bool = False
    null_threshold: float = option(0.0, "답이 없다는 점수가 가장 좋은 답보다 이만큼 높아야 없다고 답함", low=-1e3,
                                   high=1e3)

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row if every answer stands at its offset."""
        row = super().check(row, labelled=labelled)
        if not labelled:
            return row
        answers, context = row[self.label], row[self.texts[0]]
        lists = isinstance(answers, dict) and [answers.get(name) for name in ("text", "answer_start")]
        if not lists or not all(isinstance(one, list) for one in lists):
            raise KlueError(f"{self.label!r} 열에는 text와 answer_start 목록이 있어야 하는데 {shown(answers)}입니다. "
                            "SQuAD의 꼴로 고치세요.")
        if len(answers["text"]) != len(answers["answer_start"]) or not (answers["text"] or self.unanswerable):
            raise KlueError(f"{self.label!r} 열에 답이 하나 이상, 답마다 위치가 하나씩 있어야 합니다. 수를 맞추세요.")
        for text, start in zip(answers["text"], answers["answer_start"], strict=True):
            there = isinstance(text, str) and type(start) is int and start >= 0 and text
            if not there or context[start : start + len(text)] != text:
                raise KlueError(f"지문의 {shown(start)}번째 글자에 답 {shown(text)}이(가) 없습니다. 0부터 센 위치로 "
                                "고치세요.")
        return row

    def group(self, row: Row) -> Any:
        """Return the context."""
        return row[self.texts[0]]

    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Return the windows of every row; with the places of the first and the last token of the first answer."""
        features: list[Feature] = []
        for number, row in enumerate(rows):
            context, starts = normalize_with_starts(row[self.texts[0]])
            question, cut = _shortened(normalize(row[self.texts[1]]), tokenizer, max(1, max_length // 2 - 3))
            room = max_length - len(tokenizer(question)["input_ids"]) - 2
            encoded = tokenizer(question, context, truncation="only_second", max_length=max_length,
                                stride=max(1, min(128, room // 3)), return_overflowing_tokens=True)
            for at, window in enumerate(encoded.encodings):
                spans = [(starts[first], max(starts[end], starts[first] + 1)) if part == 1 else None
                         for part, (first, end) in zip(window.sequence_ids, window.offsets, strict=True)]
                inputs = {name: encoded[name][at] for name in tokenizer.model_input_names if name != "attention_mask"}
                features.append(Feature({**inputs, **self.target(row, spans)}, number, cut, Window(spans)))
        return features

    def target(self, row: Row, spans: Sequence[tuple[int, int] | None]) -> dict[str, int]:
        """Return the places of the answer in a window; 0, that of [CLS], where it does not stand there whole."""
        if self.label not in row:
            return {}
        answers = row[self.label]
        if not answers["text"]:
            return {"start_positions": 0, "end_positions": 0}
        start = answers["answer_start"][0]
        end = start + len(answers["text"][0].rstrip())
        inside = [place for place, span in enumerate(spans) if span and span[0] < end and span[1] > start]
        whole = inside and spans[inside[0]][0] <= start and spans[inside[-1]][1] >= end
        return {"start_positions": inside[0] if whole else 0, "end_positions": inside[-1] if whole else 0}

    def new_model(self, encoder: str, **options: Any) -> Encoder:
        """Return an ordinary model for question answering."""
        return load_encoder(encoder, head="question-answering", **options)

    def read(self, outputs: Any, batch: dict[str, torch.Tensor], features: Sequence[Feature]) -> list[Any]:
        """Return of each window the score of [CLS] and the best spans."""
        starts, ends = outputs.start_logits.float().cpu(), outputs.end_logits.float().cpu()  # (B, T)
        return [(float(starts[at, 0] + ends[at, 0]), best_spans(starts[at], ends[at], feature.note.spans))
                for at, feature in enumerate(features)]

    def decode(self, readouts: Sequence[Any], features: Sequence[Feature], rows: Sequence[Row]) -> list[Prediction]:
        """Return the answer, its offset (None for no answer), and the best spans with their scores."""
        nulls: list[float] = [float("inf")] * len(rows)
        found: list[dict[tuple[int, int], float]] = [{} for _ in rows]
        for (null, spans), feature in zip(readouts, features, strict=True):
            nulls[feature.row] = min(nulls[feature.row], null)
            for span in spans:
                key = span.start, span.end
                found[feature.row][key] = max(span.score, found[feature.row].get(key, span.score))
        return [self._answer(row[self.texts[0]], null, spans)
                for row, null, spans in zip(rows, nulls, found, strict=True)]

    def _answer(self, context: str, null: float, spans: dict[tuple[int, int], float]) -> Prediction:
        best = sorted(spans, key=lambda key: (-spans[key], key))[:SHOWN]
        shown = [{"text": context[start:end], "start": start, "end": end, "score": round(spans[start, end], 4)}
                 for start, end in best]
        none = not best or (self.unanswerable and null - spans[best[0]] > self.null_threshold)
        answer, place = ("", None) if none else (shown[0]["text"], best[0][0])
        return {"answer": answer, "start": place, "nbest": shown, "null_score": round(null, 4)}

    def gold(self, row: Row) -> Prediction:
        """Return ``{"answers": [texts]}``, without any for a question that has none."""
        return {"answers": list(row[self.label]["text"])}

    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return "no answer" where that exists, else the first word of the context."""
        return [{"answer": "" if self.unanswerable else (row[self.texts[0]].split() or [""])[0]} for row in rows]


def best_spans(starts: torch.Tensor, ends: torch.Tensor, spans: Sequence[tuple[int, int] | None]) -> list[Span]:
    """Return the spans with the highest sum of both logits, best first. Taught in lecture 7.

    Parameters
    ----------
    starts, ends : (T,) logits; padding behind the window's tokens is left out.
    spans : for every token of the context where it stands in it, None for others.

    Returns
    -------
    At most `BEST` spans, of at most `LONGEST` tokens, that begin before they end.
    """
    inside = [place for place, span in enumerate(spans) if span]
    if not inside:
        return []
    scores = starts[inside][:, None] + ends[inside][None, :]  # (n, n)
    fits = torch.ones_like(scores, dtype=torch.bool).triu().tril(LONGEST - 1)
    values, places = scores.masked_fill(~fits, -torch.inf).flatten().topk(min(BEST, int(fits.sum())))
    return [Span(float(value), spans[inside[place // len(inside)]][0], spans[inside[place % len(inside)]][1])
            for value, place in zip(values, places.tolist(), strict=True)]


def _shortened(question: str, tokenizer: "PreTrainedTokenizerBase", limit: int) -> tuple[str, bool]:
    """Return the question without what lies behind so many tokens, and whether that is anything."""
    offsets = tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return (question, False) if len(offsets) <= limit else (question[: offsets[limit - 1][1]], True)
