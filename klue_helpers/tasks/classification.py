"""Classes and scores of one text or of a pair, from the vector of [CLS] (taught in lectures 5 and 6)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klue_helpers.errors import KlueError
from klue_helpers.metrics.counts import accuracy, count, macro_f1
from klue_helpers.metrics.scores import Scores, without_defects
from klue_helpers.metrics.similarity import pearson, similar_f1, spearman
from klue_helpers.models import Encoder, load_encoder
from klue_helpers.options import option
from klue_helpers.tasks.base import Feature, Prediction, Row, Task, label_number
from klue_helpers.tasks.forms import Columns, Form, label_in, read_score
from klue_helpers.text import normalize

if TYPE_CHECKING:
    import torch
    from datasets import ClassLabel
    from transformers import PreTrainedTokenizerBase

PAIRINGS = ("cross", "bi")


@dataclass(frozen=True, kw_only=True)
class TextTask(Task):
    """One or two texts in, one answer out: what classes and scores share. The texts are normalised first."""

    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Cut what is too long from the end, of a pair from the longer text, and say so in the feature."""
        if not rows:
            return []
        columns = [[normalize(row[column]) for row in rows] for column in self.texts]
        encoded = tokenizer(*columns, truncation=True, max_length=max_length)
        names = [name for name in tokenizer.model_input_names if name != "attention_mask"]
        return [Feature({**{name: encoded[name][i] for name in names}, **self.target(row)}, i,
                        cut=bool(encoded.encodings[i].overflowing)) for i, row in enumerate(rows)]

    def target(self, row: Row) -> dict[str, Any]:
        """Return the label as the loss takes it; nothing for a row without one."""
        return {"labels": row[self.label]} if self.label in row else {}

    def read(self, outputs: Any, batch: dict[str, "torch.Tensor"], features: Sequence[Feature]) -> list[Any]:
        """Return the logits, shape (labels,) a row."""
        return list(outputs.logits.float().cpu().numpy())


@dataclass(frozen=True, kw_only=True)
class Classification(TextTask):
    """A label for one text, or for a pair of texts. Taught in lectures 5 and 6.

    Attributes
    ----------
    reported : names of the metrics that the set is scored by.
    """

    reported: tuple[str, ...] = ("accuracy", "macro_f1")

    @property
    def labels(self) -> "ClassLabel":
        """The labels with their names."""
        return self.features[self.label]

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row with the number of its label."""
        row = super().check(row, labelled=labelled)
        return {**row, self.label: label_number(row[self.label], self.labels, self.label)} if labelled else row

    def new_model(self, encoder: str, **options: Any) -> Encoder:
        """Return an ordinary model for sequence classification that knows the labels' names."""
        names = dict(enumerate(self.labels.names))
        return load_encoder(encoder, head="sequence-classification", id2label=names,
                            label2id={name: number for number, name in names.items()}, **options)

    def decode(self, readouts: Sequence[Any], features: Sequence[Feature], rows: Sequence[Row]) -> list[Prediction]:
        """Return the likeliest label and the probabilities in the order of the labels."""
        from scipy.special import softmax

        names = self.labels.names
        return [{"label": names[logits.argmax()], "probs": [round(float(p), 6) for p in softmax(logits)]}
                for logits in readouts]

    def gold(self, row: Row) -> Prediction:
        """Return ``{"label": name}``."""
        return {"label": self.labels.names[row[self.label]]}

    @property
    def gold_form(self) -> Form:
        """A label by name or by number."""
        return Form({"label": label_in(self.labels.names)}, f'{{"label": "{self.labels.names[0]}"}}')

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return accuracy and macro F1, or that one of them which is reported."""
        sides = gold["label"], predicted["label"]
        found = {"accuracy": accuracy(*sides), "macro_f1": macro_f1(count(*sides))}
        return without_defects({name: found[name] for name in self.reported})

    def stratum(self, row: Row) -> Any:
        """Return the label."""
        return row[self.label]

    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return the commonest label of the training rows; the probabilities are the labels' shares."""
        counts = Counter(row[self.label] for row in train)
        shares = [counts[number] / len(train) for number in range(len(self.labels.names))]
        return [{"label": self.labels.names[shares.index(max(shares))], "probs": shares} for _ in rows]


@dataclass(frozen=True, kw_only=True)
class Regression(TextTask):
    """A score from 0 to 5 for a pair of texts, learnt with the squared error. Taught in lecture 6.

    Attributes
    ----------
    reported : names of the metrics that the set is scored by.
    inner : name of the score inside the label column, where that holds several.
    pairing : ``"cross"``, both texts in one input, as KLUE's baseline has it; ``"bi"``, each text alone, compared by
        the cosine of their mean vectors (Reimers and Gurevych 2019), which needs far fewer examples.
    """

    reported: tuple[str, ...] = ("pearson", "f1")
    inner: str = ""
    top: float = 5.0
    pairing: str = option("cross", "두 글을 함께 읽음(cross) 또는 따로 읽어 코사인으로 견줌(bi)", choices=PAIRINGS)

    def value(self, row: Row) -> Any:
        """Return the score that stands in the row."""
        value = row[self.label]
        return value[self.inner] if self.inner and isinstance(value, dict) else value

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row if its score is a number from 0 to `top`."""
        row = super().check(row, labelled=labelled)
        if not labelled:
            return row
        missing = self.inner and isinstance(row[self.label], dict) and self.inner not in row[self.label]
        score = None if missing else self.value(row)
        if type(score) not in (int, float) or not 0 <= score <= self.top:
            raise KlueError(f"{self.label!r} 열에는 0에서 {self.top:g} 사이의 수가 있어야 하는데 "
                            f"{row[self.label]!r}입니다. 점수를 고치세요.")
        return row

    def target(self, row: Row) -> dict[str, Any]:
        """Return the score as a float."""
        return {"labels": float(self.value(row))} if self.label in row else {}

    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Return one feature a row; of ``pairing="bi"`` the second text is in ``second_ids``, and both may be cut."""
        if self.pairing == "cross" or not rows:
            return super().encode(rows, tokenizer, max_length)
        left, right = (tokenizer([normalize(row[column]) for row in rows], truncation=True, max_length=max_length)
                       for column in self.texts)
        return [Feature({"input_ids": left["input_ids"][i], "second_ids": right["input_ids"][i], **self.target(row)}, i,
                        cut=any(bool(side.encodings[i].overflowing) for side in (left, right)))
                for i, row in enumerate(rows)]

    def new_model(self, encoder: str, **options: Any) -> Encoder:
        """Return an ordinary model for sequence classification with a single output, or a `BiEncoder`."""
        if self.pairing == "bi":
            from klue_helpers.tasks.networks import BiEncoder

            tokenizer, model = load_encoder(encoder, **options)
            return Encoder(tokenizer, BiEncoder(model, top=self.top, padding=tokenizer.pad_token_id).eval())
        return load_encoder(encoder, head="sequence-classification", num_labels=1, problem_type="regression", **options)

    def decode(self, readouts: Sequence[Any], features: Sequence[Feature], rows: Sequence[Row]) -> list[Prediction]:
        """Return the scores, kept within bounds."""
        return [{"score": round(min(max(float(output[0]), 0.0), self.top), 4)} for output in readouts]

    def gold(self, row: Row) -> Prediction:
        """Return ``{"score": number}``."""
        return {"score": float(self.value(row))}

    @property
    def gold_form(self) -> Form:
        """A number."""
        return Form({"score": read_score}, '{"score": 3.5}')

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return the correlations and the F1 of "similar" that are reported."""
        sides = gold["score"], predicted["score"]
        found = {"pearson": pearson, "f1": similar_f1, "spearman": spearman}
        return without_defects({name: found[name](*sides) for name in self.reported})

    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return the mean score of the training rows."""
        return [{"score": sum(float(self.value(row)) for row in train) / len(train)}] * len(rows)
