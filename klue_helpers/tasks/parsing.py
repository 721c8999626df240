"""The dependency tree of a sentence: a head and a label for every word (taught in lecture 5)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klue_helpers.data.schemas import DEPENDENCIES
from klue_helpers.errors import KlueError
from klue_helpers.metrics.counts import macro_f1, micro_f1
from klue_helpers.metrics.scores import Scores
from klue_helpers.metrics.trees import WRONG_HEAD, count_heads, count_labelled, sentence_uas
from klue_helpers.models import Encoder, load_encoder
from klue_helpers.tasks.base import IGNORED, Feature, Prediction, Row, Task, require_texts
from klue_helpers.tasks.forms import Columns, Form, label_in, list_of, read_heads
from klue_helpers.text import normalize

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

REST, ROOT = "NP", "VP"  # the commonest labels, of a word and of the last one: for words that the encoder never sees


@dataclass(frozen=True, kw_only=True)
class Parsing(Task):
    """KLUE's dependency trees: heads stand to the right, the last word is the root. Taught in lecture 5.

    Of a sentence that is too long, the words that do not fit get the next word as their head, and the last word that
    fits the first that does not.
    """

    def words(self, row: Row) -> list[str]:
        """Return the words: those given, else what stands between spaces."""
        return row["word_form"] if "word_form" in row else row[self.texts[0]].split()

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the row with the numbers of its labels if its heads make a tree of KLUE's kind."""
        row = super().check(row, labelled=labelled)
        require_texts(row.get("word_form", []), "word_form")
        if not labelled:
            return row
        words, heads, types = self.words(row), row["head"], row.get("deprel")
        if not isinstance(heads, list) or not isinstance(types, list) or not len(words) == len(heads) == len(types) > 0:
            raise KlueError(f"어절 {len(words)}개에 'head'와 'deprel'이 하나씩 있어야 합니다. 수를 맞추세요.")
        for place, head in enumerate(heads, start=1):
            if type(head) is not int or not (place < head <= len(words) or (place == len(words) and head == 0)):
                raise KlueError(f"'head' 열의 {place}번째 값이 {head!r}입니다. 지배소는 그 어절보다 오른쪽이어야 하고, "
                                "마지막 어절만 뿌리(0)입니다. 값을 고치세요.")
        for name in types:
            if name not in DEPENDENCIES:
                raise KlueError(f"'deprel' 열에 모르는 레이블이 있습니다: {name!r}. 쓸 수 있는 레이블: "
                                f"{', '.join(DEPENDENCIES)}.")
        return row

    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Return one feature a row with the first and the last token of every word that begins within the limit."""
        return [self._feature(row, number, tokenizer, max_length) for number, row in enumerate(rows)]

    def _feature(self, row: Row, number: int, tokenizer: "PreTrainedTokenizerBase", max_length: int) -> Feature:
        limit = max_length - 2
        ids, of_word = _tokens([normalize(word) for word in self.words(row)], tokenizer)
        first, last = {}, {}
        for place, word in enumerate(of_word[:limit], start=1):  # place 0 is [CLS]
            first.setdefault(word, place)
            last[word] = place
        inputs = {"input_ids": [tokenizer.cls_token_id, *ids[:limit], tokenizer.sep_token_id],
                  "first": list(first.values()), "last": list(last.values())}
        if "head" in row:
            seen = len(first)
            heads = [head if head <= seen else IGNORED for head in row["head"][:seen]]
            inputs["heads"] = heads
            inputs["types"] = [IGNORED if head == IGNORED else DEPENDENCIES.index(name)
                               for head, name in zip(heads, row["deprel"], strict=False)]
        return Feature(inputs, number, cut=len(ids) > limit, note=len(first))

    def new_model(self, encoder: str, **options: Any) -> Encoder:
        """Return the encoder with a biaffine parser on it."""
        from klue_helpers.tasks.networks import BiaffineParser

        tokenizer, model = load_encoder(encoder, **options)
        return Encoder(tokenizer, BiaffineParser(model, labels=len(DEPENDENCIES)).eval())

    def read(self, outputs: Any, batch: dict[str, "torch.Tensor"], features: Sequence[Feature]) -> list[Any]:
        """Return heads and labels of every word that was seen, as numbers."""
        heads, types = outputs.heads.cpu().tolist(), outputs.types.cpu().tolist()
        return [(heads[at][: one.note], types[at][: one.note]) for at, one in enumerate(features)]

    def decode(self, readouts: Sequence[Any], features: Sequence[Feature], rows: Sequence[Row]) -> list[Prediction]:
        """Return heads (from 1, 0 the root), labels by name and the words."""
        predictions = []
        for (heads, types), feature in zip(readouts, features, strict=True):
            words = self.words(rows[feature.row])
            size, names = len(words), [DEPENDENCIES[number] for number in types]
            if len(heads) < size:
                heads = [*(head or len(heads) + 1 for head in heads), *range(len(heads) + 2, size + 1), 0]
                names += [REST] * (size - len(names) - 1) + [ROOT]
            predictions.append({"heads": heads, "types": names, "words": list(words)})
        return predictions

    @property
    def gold_form(self) -> Form:
        """A head and a label for every word."""
        return Form({"heads": read_heads, "types": list_of(label_in(DEPENDENCIES))},
                    '{"heads": [2, 0], "types": ["NP_SBJ", "VP"]}', aligned=("heads", "types"))

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return UAS and LAS. Corrected: UAS macro is a mean over sentences, LAS macro has no class of wrong heads."""
        heads = count_heads(gold["heads"], predicted["heads"])
        labels = count_labelled(gold["heads"], gold["types"], predicted["heads"], predicted["types"])
        official = {"uas_macro_f1": macro_f1(heads), "uas_micro_f1": micro_f1(heads),
                    "las_macro_f1": macro_f1(labels), "las_micro_f1": micro_f1(labels)}
        return Scores(official, official | {"uas_macro_f1": sentence_uas(gold["heads"], predicted["heads"]),
                                            "las_macro_f1": macro_f1(labels.without(WRONG_HEAD))})

    def gold(self, row: Row) -> Prediction:
        """Return ``{"heads": […], "types": […]}``."""
        return {"heads": row["head"], "types": row["deprel"]}

    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return the next word as every head, with the commonest label of a word and of a root."""
        inner, roots = (Counter(name for row in train for name in row["deprel"][part])
                        for part in (slice(None, -1), slice(-1, None)))
        names = [(counts.most_common(1) or [(ROOT, 0)])[0][0] for counts in (inner, roots)]
        sizes = [len(self.words(row)) for row in rows]
        return [{"heads": [*range(2, size + 1), 0], "types": [names[0]] * (size - 1) + [names[1]]} for size in sizes]


def _tokens(words: list[str], tokenizer: "PreTrainedTokenizerBase") -> tuple[list[int], list[int]]:
    """Return the tokens of all words and the number of the word of each; a word that leaves nothing is unknown."""
    if not words:
        return [], []
    encoded = tokenizer(words, is_split_into_words=True, add_special_tokens=False)
    if missing := set(range(len(words))) - set(encoded.word_ids()):
        words = [tokenizer.unk_token if number in missing else word for number, word in enumerate(words)]
        encoded = tokenizer(words, is_split_into_words=True, add_special_tokens=False)
    return encoded["input_ids"], encoded.word_ids()
