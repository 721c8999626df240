"""The relation of two entities in a sentence, told to the encoder in one of four ways (taught in lecture 5)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from klue_helpers.errors import KlueError
from klue_helpers.metrics.counts import count, micro_f1
from klue_helpers.metrics.relations import auprc
from klue_helpers.metrics.scores import Scores, without_defects
from klue_helpers.models import Encoder
from klue_helpers.options import option, shown
from klue_helpers.tasks.base import Feature, Row
from klue_helpers.tasks.classification import Classification
from klue_helpers.tasks.forms import Columns, Form, label_in, list_of, read_probability
from klue_helpers.text import normalize

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NO_RELATION = "no_relation"  # the label that the F1 leaves out
MARKERS = ("plain", "embedding", "entity", "typed")
ROLES = {"subject_entity": "subj", "object_entity": "obj"}
ROLE_NUMBERS = (1, 2)  # of subject and object; a token of both, where one entity lies in the other, has the sum
TYPES = ("PER", "ORG", "LOC", "DAT", "NOH", "POH")
Span = tuple[int, int]  # first and last + 1
_MARK = re.compile(rf"<(?P<closes>/?)(?P<role>subj|obj)(?::(?P<kind>{'|'.join(TYPES)}))?>")


@dataclass(frozen=True, kw_only=True)
class Relation(Classification):
    """One of 30 relations between two marked entities. Taught in lecture 5.

    Of a sentence that is too long, the tokens nearest to the entities are kept.

    Attributes
    ----------
    marker : ``"plain"``, the sentence alone, which does not say what it asks about; ``"embedding"``, a vector added to
        the entities' tokens; ``"entity"``, KLUE's tokens ``<subj> </subj> <obj> </obj>`` around them; ``"typed"``, the
        same with the entity's type, as in ``<subj:PER>``.
    """

    marker: str = option("entity", "개체를 알리는 법: 없음(plain), 임베딩(embedding), 표지(entity), 종류별 표지(typed)",
                         choices=MARKERS)

    @property
    def added(self) -> list[str]:
        """Tokens that the vocabulary lacks."""
        names = {"entity": ROLES.values(), "typed": [f"{role}:{kind}" for role in ROLES.values() for kind in TYPES]}
        return [mark for name in names.get(self.marker, ()) for mark in (f"<{name}>", f"</{name}>")]

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row if its entities stand where it says."""
        row = super().check(row, labelled=labelled)
        for column in ROLES:
            self._check_entity(row, column)
        return row

    def _check_entity(self, row: Row, column: str) -> None:
        entity = row.get(column)
        if not isinstance(entity, dict) or not {"word", "start_idx", "end_idx", "type"} <= set(entity):
            raise KlueError(f"{column!r} 열에는 word, start_idx, end_idx, type이 있어야 하는데 {shown(entity)}입니다. "
                            "빠진 것을 채우세요.")
        start, end = entity["start_idx"], entity["end_idx"]
        whole = type(start) is int and type(end) is int and 0 <= start <= end
        if not whole or row[self.texts[0]][start : end + 1] != entity["word"]:
            raise KlueError(f"{column!r}: 문장의 {start}번째부터 {end}번째까지의 글자가 {entity['word']!r}이(가) "
                            "아닙니다. 위치를 고치세요. 0부터 세고 끝 글자를 포함합니다.")
        if entity["type"] not in TYPES:
            raise KlueError(f"{column!r}: 모르는 개체 종류입니다: {entity['type']!r}. 쓸 수 있는 종류: "
                            f"{', '.join(TYPES)}.")

    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Return one feature a row; with ``marker="embedding"`` the roles of every token are in ``entity_ids``."""
        return [self._feature(row, number, tokenizer, max_length) for number, row in enumerate(rows)]

    def _feature(self, row: Row, number: int, tokenizer: "PreTrainedTokenizerBase", max_length: int) -> Feature:
        text, spans = self.marked(row)
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        roles = np.array([_role(start, end, spans) for start, end in encoded["offset_mapping"]], dtype=int)
        kept = nearest(roles, max_length - 2)
        ids = np.array(encoded["input_ids"], dtype=int)[kept].tolist()
        inputs = {"input_ids": [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id], **self.target(row)}
        if self.marker == "embedding":
            inputs["entity_ids"] = [0, *roles[kept].tolist(), 0]
        return Feature(inputs, number, cut=len(kept) < len(roles))

    def marked(self, row: Row) -> tuple[str, list[Span]]:
        """Return the sentence, normalised and with its marks, and where in it subject and object stand, marks included.

        Examples
        --------
        >>> from klue_helpers.tasks import load_task
        >>> load_task("re").marked(load_task("re").row_of(["<obj>서울</obj>에 사는 <subj>이솔</subj>"]))
        ('<obj>서울</obj>에 사는 <subj>이솔</subj>', [(18, 33), (0, 13)])
        """
        edges = []
        for number, (column, role) in enumerate(ROLES.items()):
            start, end = row[column]["start_idx"], row[column]["end_idx"] + 1
            name = {"entity": role, "typed": f"{role}:{row[column]['type']}"}.get(self.marker)
            # at one place: closing marks first, the one opened last before the others; then the longer entity
            edges += [(start, 1, -end, number, f"<{name}>" if name else ""),
                      (end, 0, -start, number, f"</{name}>" if name else "")]
        text, done, spans = "", 0, [[0, 0], [0, 0]]
        for place, opens, _, number, mark in sorted(edges):
            text += normalize(row[self.texts[0]][done:place])
            if opens:
                spans[number][0] = len(text)  # the mark belongs to the entity
            text, done = text + mark, place
            if not opens:
                spans[number][1] = len(text)
        return text + normalize(row[self.texts[0]][done:]), [(start, end) for start, end in spans]

    @property
    def prediction_form(self) -> Form:
        """A label and the probability of each of the 30 labels."""
        size = len(self.labels.names)
        return Form({"label": label_in(self.labels.names), "probs": list_of(read_probability, size=size)},
                    f'{{"label": "{NO_RELATION}", "probs": [0.9, 0.01, …]}}(확률 {size}개)')

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return the micro F1 without "no relation", and the area under precision and recall."""
        related = count(gold["label"], predicted["label"]).without(self.labels.names.index(NO_RELATION))
        return without_defects({"micro_f1": micro_f1(related), "auprc": auprc(gold["label"], predicted["probs"])})

    def row_of(self, texts: Sequence[str]) -> Row:
        """Return a row from a sentence with ``<subj>…</subj>`` and ``<obj>…</obj>``, or ``<subj:PER>…</subj>``."""
        if len(texts) != 1:
            raise KlueError(f"{self.title} 과제는 문장 하나를 받는데 {len(texts)}개를 받았습니다. 따옴표로 묶으세요.")
        row: Row = {self.texts[0]: _MARK.sub("", texts[0])}
        columns = {role: column for column, role in ROLES.items()}
        starts: dict[str, tuple[int, str]] = {}
        for found in _MARK.finditer(texts[0]):
            place = len(_MARK.sub("", texts[0][: found.start()]))
            if not found["closes"]:
                starts[found["role"]] = place, found["kind"] or TYPES[-1]
            elif found["role"] in starts:
                start, kind = starts[found["role"]]
                row[columns[found["role"]]] = {"word": row[self.texts[0]][start:place], "start_idx": start,
                                               "end_idx": place - 1, "type": kind}
        if not set(ROLES) <= set(row):
            raise KlueError("관계를 물을 두 개체를 <subj>…</subj>와 <obj>…</obj>로 표시하세요. 예: "
                            "\"<subj:PER>이솔</subj>은 <obj:LOC>서울</obj>에 산다\"")
        return row

    def new_model(self, encoder: str, **options: Any) -> "Encoder":
        """Return a model for sequence classification that knows the marks, or with an embedding of roles before it."""
        tokenizer, model = super().new_model(encoder, **options)
        tokenizer.add_tokens(self.added, special_tokens=True)
        if len(tokenizer) > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(tokenizer))
        if self.marker == "embedding":
            from klue_helpers.tasks.networks import EntityEmbedding

            model = EntityEmbedding(model)
        return Encoder(tokenizer, model.eval())


def nearest(roles: np.ndarray, limit: int) -> np.ndarray:
    """Return the places of at most so many tokens, those nearest to one with a role, in order. Taught in lecture 5.

    Parameters
    ----------
    roles : (T,) numbers, 0 for a token that belongs to no entity.

    Examples
    --------
    >>> nearest(np.array([0, 0, 0, 1, 0, 0, 0, 0, 2]), 5).tolist()
    [2, 3, 4, 7, 8]
    """
    if len(roles) <= limit:
        return np.arange(len(roles))
    marked = np.flatnonzero(roles)
    marked = marked if len(marked) else np.zeros(1, dtype=int)
    places = np.arange(len(roles))
    after = np.searchsorted(marked, places).clip(max=len(marked) - 1)
    distance = np.minimum(np.abs(places - marked[after]), np.abs(places - marked[(after - 1).clip(min=0)]))
    return np.sort(np.argsort(distance, kind="stable")[:limit])


def _role(start: int, end: int, spans: Sequence[Span]) -> int:
    """Return 1 for a token of the subject, 2 for one of the object, 3 for one of both, 0 for one of neither."""
    return sum(role for role, (first, last) in zip(ROLE_NUMBERS, spans, strict=True) if start < last and end > first)
