"""What all tasks share: a row becomes features, a batch, a read-out, a prediction (first used in lecture 5)."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from klue_helpers.data.catalogue import data_set
from klue_helpers.errors import KlueError
from klue_helpers.metrics import Scores
from klue_helpers.options import shown
from klue_helpers.tasks.forms import Columns, Form

if TYPE_CHECKING:
    import torch
    from datasets import ClassLabel, Features
    from transformers import PreTrainedTokenizerBase

    from klue_helpers.models import Encoder

Row = dict[str, Any]
Prediction = dict[str, Any]
IGNORED = -100  # the label that the loss leaves out: special tokens, further pieces of a word, padding
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Recipe:
    """How a task is fine-tuned unless the user says otherwise: passes, rate, rows at a time, tokens at most.

    `options` are those of the task that differ from its own defaults.
    """

    epochs: int
    learning_rate: float
    batch_size: int
    max_length: int
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Feature:
    """One input of the network: a row or, where the row is long, a window of it.

    Attributes
    ----------
    inputs : by name a list of whole numbers, not padded, or one number.
    row : which of the encoded rows it belongs to.
    cut : whether a part of the row's text stayed outside of the network.
    note : what decoding needs to find its way back into the text.
    """

    inputs: dict[str, Any]
    row: int
    cut: bool = False
    note: Any = None


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """What a task knows; one subclass a kind. Taught in lecture 5.

    Attributes
    ----------
    name, title : the key in `TASKS`; the name in Korean.
    data : its data set in the catalogue.
    texts : columns with the text that is read, in order.
    label : column with the answer.
    goal : name of the score that decides when to stop; higher is better.
    cpu, gpu : recipe for the mini models and for published ones (KLUE's baseline, where it has the task).
    """

    additive: ClassVar[bool] = False  # whether the score of a set is the mean of its examples' scores
    name: str
    title: str
    data: str
    texts: tuple[str, ...]
    label: str
    goal: str
    cpu: Recipe
    gpu: Recipe

    @property
    def features(self) -> "Features":
        """Columns of the data set with their types."""
        return data_set(self.data).features

    def recipe(self, profile: str) -> Recipe:
        """Return how the task is fine-tuned on a profile."""
        return self.gpu if profile == "gpu" else self.cpu

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row with label names as numbers. Raises KlueError for what is missing or wrong in it."""
        for column in (*self.texts, *([self.label] if labelled else [])):
            if column not in row:
                raise KlueError(f"{column!r} 열이 없습니다. 있는 열: {', '.join(row) or '없음'}. {self.title} 과제에 "
                                f"있어야 하는 열: {', '.join([*self.texts, self.label])}.")
        for column in self.texts:
            require_text(row[column], column)
        return row if labelled else {name: value for name, value in row.items() if name != self.label}

    def expand(self, row: Row) -> list[Row]:
        """Return the rows that a row of the data set holds: itself, or the turns of a dialogue."""
        return [row]

    @property
    @abstractmethod
    def gold_form(self) -> Form:
        """What a line of a gold file holds."""

    @property
    def prediction_form(self) -> Form:
        """What a line of a prediction file holds; the same as the gold's unless the kind of task says otherwise."""
        return self.gold_form

    @abstractmethod
    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return the scores of columns that `score` has checked."""

    def score(self, gold: Columns, predicted: Columns) -> Scores:
        """Return the metrics of predictions. Taught in lecture 5.

        Parameters
        ----------
        gold, predicted : columns of one length, one value for each example, named as in `gold_form` and
            `prediction_form`: ``label`` (numbers), for relations also ``probs`` of the prediction; ``score``;
            ``labels`` (tags by name); ``heads`` and ``types`` (numbers); ``answers`` of the gold and ``answer`` of the
            prediction; ``state``.

        Raises
        ------
        KlueError : no examples, a different number on the two sides.

        Examples
        --------
        >>> from klue_helpers.tasks import load_task
        >>> load_task("nli").score({"label": [0, 1, 2, 2]}, {"label": [0, 1, 2, 0]}).official
        {'accuracy': 75.0}
        """
        sizes = {len(column) for column in (*gold.values(), *predicted.values())}
        if len(sizes) != 1 or 0 in sizes:
            raise KlueError(f"정답과 예측의 개수가 같고 하나 이상이어야 하는데 {sorted(sizes)}입니다. 개수를 맞추세요.")
        return self.metrics(gold, predicted)

    @abstractmethod
    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Return the network's inputs of all rows in order; with labels where the rows have them."""

    @abstractmethod
    def new_model(self, encoder: str, **options: Any) -> "Encoder":
        """Return tokenizer and network: the encoder with the task's head, whose weights are random."""

    @abstractmethod
    def read(self, outputs: Any, batch: dict[str, "torch.Tensor"], features: Sequence[Feature]) -> list[Any]:
        """Return what is to be kept of the network's outputs, one item a feature of the batch."""

    @abstractmethod
    def decode(self, readouts: Sequence[Any], features: Sequence[Feature], rows: Sequence[Row]) -> list[Prediction]:
        """Return one prediction per row, each of the `prediction_form`."""

    @abstractmethod
    def gold(self, row: Row) -> Prediction:
        """Return the right answer, of the `gold_form`."""

    @abstractmethod
    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return the predictions of the best guess that looks at no text, for comparison."""

    def row_of(self, texts: Sequence[str]) -> Row:
        """Return a row to predict on, made of the texts that a user typed."""
        if len(texts) != len(self.texts):
            raise KlueError(f"{self.title} 과제는 글을 {len(self.texts)}개({', '.join(self.texts)}) 받는데 "
                            f"{len(texts)}개를 받았습니다. 글마다 따옴표로 묶어 차례대로 주세요.")
        return dict(zip(self.texts, texts, strict=True))

    def group(self, row: Row) -> Any:
        """Return what rows must share to stay on one side when data are parted: by default the first text."""
        return row[self.texts[0]]

    def stratum(self, row: Row) -> Any:
        """Return what parts of the data should hold in equal shares."""
        return None

    def empty(self, row: Row) -> bool:
        """Say whether the row has no text to learn from."""
        return not any(row[column].strip() for column in self.texts)


def require_texts(value: Any, column: str) -> None:
    """Raise KlueError unless the value is a list of texts."""
    if not isinstance(value, list):
        raise KlueError(f"{column!r} 열에는 글의 목록이 있어야 하는데 {shown(value)}입니다. "
                        "[\"가\", \"나\"] 꼴로 고치세요.")
    for text in value:
        require_text(text, column)


def require_text(value: Any, column: str) -> str:
    """Return the value if it is text that can be written as UTF-8, else raise KlueError."""
    if not isinstance(value, str):
        raise KlueError(f"{column!r} 열에는 글이 있어야 하는데 {shown(value)}입니다. 따옴표로 묶은 글을 넣으세요.")
    if _HALF_CHARACTER.search(value):
        raise KlueError(f"{column!r} 열의 글에 깨진 글자(짝이 없는 서로게이트)가 있습니다. 그 글자를 지우세요.")
    return value


def visible_edges(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Return, for every place in a text, where what is seen from there on begins, and where what is seen before ends.

    The offsets of some tokenizers (DeBERTa-v2, BigBird) count the space before a word to its first token. A token at
    ``start`` to ``end`` shows what stands at ``begins[start]`` to ``ends[end]``: nothing, if that has no length.

    Returns
    -------
    begins, ends : (characters + 1,) whole numbers.

    Examples
    --------
    >>> begins, ends = visible_edges("봄 비")
    >>> begins.tolist(), ends.tolist()
    ([0, 2, 2, 3], [0, 1, 1, 3])
    """
    seen = ~np.fromiter(map(str.isspace, text), dtype=bool, count=len(text))  # (characters,)
    places = np.arange(len(text) + 1)
    begins = np.where(np.append(seen, True), places, len(text))
    ends = np.where(np.insert(seen, 0, True), places, 0)
    return np.minimum.accumulate(begins[::-1])[::-1], np.maximum.accumulate(ends)


def label_number(value: Any, labels: "ClassLabel", column: str) -> int:
    """Return the number of a label given by name or number, else raise KlueError."""
    if isinstance(value, str) and value in labels.names:
        return labels.names.index(value)
    if type(value) is int and 0 <= value < len(labels.names):
        return value
    raise KlueError(f"{column!r} 열에 모르는 레이블이 있습니다: {value!r}. 쓸 수 있는 레이블: "
                    f"{', '.join(labels.names)}. 이름 대신 0부터 {len(labels.names) - 1}까지의 번호를 써도 됩니다.")


def collate(inputs: Sequence[dict[str, Any]], tokenizer: "PreTrainedTokenizerBase", *,
            length: int | None = None) -> dict[str, "torch.Tensor"]:
    """Pad features to the longest of them and stack them. Taught in lecture 5.

    Parameters
    ----------
    inputs : `Feature.inputs` of some features, all with the same names.
    length : pad all to this many tokens instead (slow; for comparison).

    Returns
    -------
    Tensors of shape (B, T) for what the tokenizer gives, with the attention mask; (B, longest) for other lists, padded
    with `IGNORED`; (B,) for single numbers.
    """
    import torch

    names = [name for name in inputs[0] if name in tokenizer.model_input_names]
    padded = tokenizer.pad([{name: one[name] for name in names} for one in inputs], return_tensors="pt",
                           padding="max_length" if length else True, max_length=length, padding_side="right")
    batch = dict(padded)
    for name in inputs[0].keys() - set(names):
        values = [one[name] for one in inputs]
        if isinstance(values[0], list):
            a_token_each = all(len(one[name]) == len(one["input_ids"]) for one in inputs)
            longest = batch["input_ids"].shape[1] if a_token_each else max(map(len, values))
            values = [value + [IGNORED] * (longest - len(value)) for value in values]
        batch[name] = torch.tensor(values)
    return batch
