"""The answer to a question as a span of a text, or none (taught in lecture 7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from klue_helpers.errors import KlueError
from klue_helpers.metrics.answers import BASELINE_SYMBOLS, best, common_substring, rouge_w, same, shared_characters
from klue_helpers.metrics.scores import Scores, without_defects
from klue_helpers.models import Encoder, load_encoder
from klue_helpers.options import option, shown
from klue_helpers.tasks.base import Feature, Prediction, Row, Task, visible_edges
from klue_helpers.tasks.forms import Columns, Form, list_of, read_text
from klue_helpers.text import normalize, normalize_with_starts

if TYPE_CHECKING:
    import torch
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

BEST = 20  # spans kept of each window, as in the SQuAD scripts that KLUE's baseline follows
SHOWN = 5  # spans shown with an answer
LONGEST = 64  # most tokens of an answer
CHUNK = 256  # rows tokenized at a time: enough for all cores, and their offsets do not pile up in memory


class Span(NamedTuple):
    """A possible answer: the sum of the logits of its first and last token, and where it stands in the context."""

    score: float
    start: int
    end: int


@dataclass(frozen=True)
class Window:
    """A part of the context as the encoder reads it.

    Attributes
    ----------
    places : (T, 2) of every token the first and the last + 1 character in the context; -1 for a token of the question,
        a special one and one of white space. An array: KorQuAD has some 30 million tokens.
    """

    places: np.ndarray

    @property
    def spans(self) -> list[tuple[int, int] | None]:
        """The places as pairs, None where there is none."""
        return [(start, end) if end > 0 else None for start, end in self.places.tolist()]


class _Context(NamedTuple):
    """The tokens of a whole context, without special ones, and of each, (N, 2), its place; see `Window`."""

    tokens: "Encoding"
    places: np.ndarray


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
        if len(lists[0]) != len(lists[1]) or not (answers["text"] or self.unanswerable):
            raise KlueError(f"{self.label!r} 열에 답이 하나 이상, 답마다 위치가 하나씩 있어야 합니다. 수를 맞추세요.")
        for text, start in zip(*lists, strict=True):
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
        for begin in range(0, len(rows), CHUNK):
            features += self._features(rows[begin : begin + CHUNK], begin, tokenizer, max_length)
        return features

    def _features(self, rows: Sequence[Row], begin: int, tokenizer: "PreTrainedTokenizerBase",
                  max_length: int) -> list[Feature]:
        """Return the windows of some rows, numbered from `begin`; every text is tokenized once."""
        contexts = _contexts({row[self.texts[0]] for row in rows}, tokenizer)
        questions = _questions([normalize(row[self.texts[1]]) for row in rows], tokenizer, max_length)
        features: list[Feature] = []
        for at, row in enumerate(rows):
            context, (question, cut) = contexts[row[self.texts[0]]], questions[at]
            for window, places in _windows(question, context, tokenizer, max_length):
                inputs = {"input_ids": window.ids}
                if "token_type_ids" in tokenizer.model_input_names:
                    inputs["token_type_ids"] = _segments(window)
                features.append(Feature({**inputs, **self.target(row, places)}, begin + at, cut, Window(places)))
        return features

    def target(self, row: Row, places: np.ndarray) -> dict[str, int]:
        """Return the places of the answer in a window; 0, that of [CLS], where it does not stand there whole.

        `places` are those of `Window`.
        """
        if self.label not in row:
            return {}
        answers = row[self.label]
        if not answers["text"]:
            return {"start_positions": 0, "end_positions": 0}
        start = answers["answer_start"][0]
        end = start + len(answers["text"][0].rstrip())
        inside = np.flatnonzero((places[:, 0] < end) & (places[:, 1] > start))  # tokens that hold a part of the answer
        whole = len(inside) and places[inside[0], 0] <= start and places[inside[-1], 1] >= end
        return {"start_positions": int(inside[0]) if whole else 0, "end_positions": int(inside[-1]) if whole else 0}

    def new_model(self, encoder: str, **options: Any) -> Encoder:
        """Return an ordinary model for question answering."""
        return load_encoder(encoder, head="question-answering", **options)

    def read(self, outputs: Any, batch: dict[str, "torch.Tensor"], features: Sequence[Feature]) -> list[Any]:
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
        kept = sorted(spans, key=lambda key: (-spans[key], key))[:SHOWN]
        shown = [{"text": context[start:end], "start": start, "end": end, "score": round(spans[start, end], 4)}
                 for start, end in kept]
        none = not kept or (self.unanswerable and null - spans[kept[0]] > self.null_threshold)
        answer, place = ("", None) if none else (shown[0]["text"], kept[0][0])
        return {"answer": answer, "start": place, "nbest": shown, "null_score": round(null, 4)}

    def gold(self, row: Row) -> Prediction:
        """Return ``{"answers": [texts]}``, without any for a question that has none."""
        return {"answers": list(row[self.label]["text"])}

    @property
    def gold_form(self) -> Form:
        """The right answers; none where a question may have none."""
        return Form({"answers": list_of(read_text, empty=self.unanswerable)}, '{"answers": ["세종", "세종대왕"]}')

    @property
    def prediction_form(self) -> Form:
        """One answer, empty for "no answer"."""
        return Form({"answer": read_text}, '{"answer": "세종대왕"}')

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return EM and ROUGE-W. Corrected: 《 》 〈 〉 ‘ ’ go, and ROUGE-W is the weighted subsequence."""
        sides = gold["answers"], predicted["answer"]
        return Scores({"em": best(*sides, same, BASELINE_SYMBOLS),
                       "rouge_w": best(*sides, common_substring, BASELINE_SYMBOLS)},
                      {"em": best(*sides, same), "rouge_w": best(*sides, rouge_w)})

    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return "no answer" where that exists, else the first word of the context."""
        return [{"answer": "" if self.unanswerable else (row[self.texts[0]].split() or [""])[0]} for row in rows]


@dataclass(frozen=True, kw_only=True)
class KorQuad(Reading):
    """Reading scored as KorQuAD's own script does: exact match and the F1 of characters. Taught in lecture 7."""

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return EM and F1."""
        sides = gold["answers"], predicted["answer"]
        return without_defects({"em": best(*sides, same), "f1": best(*sides, shared_characters)})


def best_spans(starts: "torch.Tensor", ends: "torch.Tensor", spans: Sequence[tuple[int, int] | None]) -> list[Span]:
    """Return the spans with the highest sum of both logits, best first. Taught in lecture 7.

    Parameters
    ----------
    starts, ends : (T,) logits; padding behind the window's tokens is left out.
    spans : for every token of the context where it stands in it, None for others.

    Returns
    -------
    At most `BEST` spans, of at most `LONGEST` tokens, that begin before they end.
    """
    import torch

    inside = [place for place, span in enumerate(spans) if span]
    if not inside:
        return []
    scores = starts[inside][:, None] + ends[inside][None, :]  # (n, n)
    fits = torch.ones_like(scores, dtype=torch.bool).triu().tril(LONGEST - 1)
    values, places = scores.masked_fill(~fits, -torch.inf).flatten().topk(min(BEST, int(fits.sum())))
    return [Span(float(value), spans[inside[place // len(inside)]][0], spans[inside[place % len(inside)]][1])
            for value, place in zip(values, places.tolist(), strict=True)]


def _tokenized(texts: list[str], tokenizer: "PreTrainedTokenizerBase") -> list["Encoding"]:
    """Return the tokens of texts, whole and without special ones."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return backend.encode_batch(texts, add_special_tokens=False)


def _contexts(texts: set[str], tokenizer: "PreTrainedTokenizerBase") -> dict[str, _Context]:
    """Return every context with its tokens: in KorQuAD six questions share one."""
    normal = {text: normalize_with_starts(text) for text in texts}
    encodings = _tokenized([text for text, _ in normal.values()], tokenizer)
    return {text: _Context(tokens, _places(tokens, read, np.array(starts)))
            for tokens, (text, (read, starts)) in zip(encodings, normal.items(), strict=True)}


def _places(tokens: "Encoding", text: str, starts: np.ndarray) -> np.ndarray:
    """Return the places of a context's tokens, (N, 2); `starts` leads back from the text, its normal form."""
    before, behind = visible_edges(text)
    offsets = np.array(tokens.offsets, dtype=int).reshape(-1, 2)  # (N, 2)
    begins, ends = before[offsets[:, 0]], behind[offsets[:, 1]]  # (N,) each
    first = starts[begins]
    last = np.maximum(starts[ends], first + 1)  # two characters of the normal form may come from one
    return np.where((begins < ends)[:, None], np.stack([first, last], axis=1), -1).astype(np.int32)


def _questions(texts: list[str], tokenizer: "PreTrainedTokenizerBase",
               max_length: int) -> list[tuple["Encoding", bool]]:
    """Return the tokens of questions, cut at half the limit, and whether anything was cut off."""
    most = max(1, max_length // 2 - 3)  # [CLS] and two [SEP] stand in the window as well
    several = _tokenized(texts, tokenizer)
    longer = [at for at, one in enumerate(several) if len(one) > most]
    # Not `Encoding.truncate`: what that cuts off stays with the encoding and would become windows of its own.
    shorter = _tokenized([texts[at][: several[at].offsets[most - 1][1]] for at in longer], tokenizer)
    for at, one in zip(longer, shorter, strict=True):
        several[at] = one
    return [(one, at in longer) for at, one in enumerate(several)]


def _windows(question: "Encoding", context: _Context, tokenizer: "PreTrainedTokenizerBase",
             max_length: int) -> Iterator[tuple["Encoding", np.ndarray]]:
    """Give the overlapping windows that it takes to read a context, and the places of their tokens, (T, 2)."""
    backend = tokenizer.backend_tokenizer
    room = max_length - backend.num_special_tokens_to_add(is_pair=True) - len(question)
    # less than a third of what a window has room for, so that each brings mostly new tokens; 128 as in BERT's SQuAD
    overlap = max(1, min(128, (room - 1) // 3))
    backend.enable_truncation(max_length, stride=overlap, strategy="only_second")
    first = backend.post_process(question, context.tokens)
    backend.no_truncation()
    for number, window in enumerate([first, *first.overflowing]):
        here = _of_context(window)  # (T,)
        begin = number * (room - overlap)
        places = np.full((len(here), 2), -1, dtype=np.int32)
        # Not the window's own offsets: a byte-level tokenizer takes the space off anew each time it is asked.
        places[here] = context.places[begin : begin + here.sum()]
        yield window, places


def _of_context(window: "Encoding") -> np.ndarray:
    """Return which tokens of a window belong to the context, shape (T,)."""
    return np.array([part == 1 for part in window.sequence_ids])


def _segments(window: "Encoding") -> list[int]:
    """Return the segment of every token: 1 for the context, whose tokens were made as those of a first text."""
    return np.where(_of_context(window), 1, window.type_ids).tolist()
