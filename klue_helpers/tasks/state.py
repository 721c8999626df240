"""The state of a dialogue after every turn of the user's, slot by slot (taught in lecture 9).

Values are generated slot by slot, not the whole state as one text: an encoder can do it, as KLUE's baseline does, and
names and times are mostly copied from the dialogue.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klue_helpers.data.schemas import SLOTS
from klue_helpers.errors import KlueError
from klue_helpers.metrics.scores import Scores
from klue_helpers.metrics.states import joint_goal_accuracy, slot_f1
from klue_helpers.models import Encoder, load_encoder
from klue_helpers.options import shown
from klue_helpers.tasks.base import IGNORED, Feature, Prediction, Row, Task, require_text
from klue_helpers.tasks.forms import Columns, Form, list_of, read_slot
from klue_helpers.text import normalize

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

GATES = ("none", "dontcare", "yes", "no", "value")  # the last one asks for a value
LENGTH = 12  # most tokens of a value, its end included
ROLES = ("user", "sys")
_COLON = re.compile(r" ?: ?")


@dataclass(frozen=True, kw_only=True)
class DialogueState(Task):
    """All slots that the user has spoken of so far, with their values. Taught in lecture 9.

    A row is a turn of the user's with everything said before; of a long dialogue the beginning is cut.
    """

    def check(self, row: Row, *, labelled: bool = True) -> Row:
        """Return the dialogue if its turns have role and text, and those of the user a state of known slots."""
        turns = row.get(self.label)
        if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
            raise KlueError(f"{self.label!r} 열에는 차례의 목록이 있어야 하는데 {shown(turns)}입니다. 차례마다 role, "
                            "text, state를 적으세요.")
        for turn in turns:
            require_text(turn.get("text"), "text")
            if turn.get("role") not in ROLES:
                raise KlueError(f"role은 {', '.join(ROLES)} 가운데 하나여야 하는데 {turn.get('role')!r}입니다. "
                                "값을 고치세요.")
            if labelled and turn["role"] == ROLES[0]:
                _check_state(turn.get("state"))
        if not any(turn["role"] == ROLES[0] for turn in turns):
            raise KlueError("사용자(user)의 차례가 하나도 없는 대화입니다. 대화를 빼거나 role을 고치세요.")
        kept = ("role", "text", "state") if labelled else ("role", "text")
        return {self.label: [{name: turn[name] for name in kept if name in turn} for turn in turns]}

    def expand(self, row: Row) -> list[Row]:
        """Return a row for every turn of the user's: the texts up to it, and its state where that is known."""
        turns = row[self.label]
        return [{self.label: [one["text"] for one in turns[: at + 1]],
                 **({"state": turn["state"]} if "state" in turn else {})}
                for at, turn in enumerate(turns) if turn["role"] == ROLES[0]]

    def row_of(self, texts: Sequence[str]) -> Row:
        """Return a dialogue in which user and system take turns, the user first."""
        return {self.label: [{"role": ROLES[at % 2], "text": text} for at, text in enumerate(texts)]}

    def group(self, row: Row) -> Any:
        """Return the first text: turns of a dialogue stay together."""
        return row[self.label][0]

    def empty(self, row: Row) -> bool:
        """Say whether nothing was said."""
        return not any(text.strip() for text in row[self.label])

    def encode(self, rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[Feature]:
        """Return one feature a turn, the texts with [SEP] behind each; where the state is known, gates and values."""
        return [self._feature(row, number, tokenizer, max_length) for number, row in enumerate(rows)]

    def _feature(self, row: Row, number: int, tokenizer: "PreTrainedTokenizerBase", max_length: int) -> Feature:
        texts = [normalize(text) for text in row[self.label]]
        ids = [token for one in tokenizer(texts, add_special_tokens=False)["input_ids"]
               for token in (*one, tokenizer.sep_token_id)]
        kept = ids[-(max_length - 1) :]
        inputs: dict[str, Any] = {"input_ids": [tokenizer.cls_token_id, *kept]}
        if "state" in row:
            values = dict(_slot_and_value(item) for item in row["state"])
            named = {SLOTS.index(slot): value for slot, value in values.items() if value not in GATES[:-1]}
            gates = [values.get(slot, GATES[0]) for slot in SLOTS]
            inputs["gates"] = [GATES.index(gate) if gate in GATES[:-1] else len(GATES) - 1 for gate in gates]
            inputs["active"] = list(named)
            inputs["values"] = [token for value in named.values() for token in _value_tokens(value, tokenizer)]
        return Feature(inputs, number, cut=len(kept) < len(ids), note=tokenizer)

    def new_model(self, encoder: str, **options: Any) -> Encoder:
        """Return the encoder with a generator of slot values; a slot begins as the mean of its name's embeddings."""
        import torch

        from klue_helpers.tasks.networks import StateGenerator

        tokenizer, model = load_encoder(encoder, **options)
        table = model.get_input_embeddings().weight.detach()
        names = [table[tokenizer(slot.replace("-", " "), add_special_tokens=False)["input_ids"]].mean(dim=0)
                 for slot in SLOTS]
        return Encoder(tokenizer, StateGenerator(model, torch.stack(names), gates=len(GATES), length=LENGTH,
                                                 end=tokenizer.sep_token_id).eval())

    def read(self, outputs: Any, batch: dict[str, "torch.Tensor"], features: Sequence[Feature]) -> list[Any]:
        """Return for every turn the slots that are not empty: number, gate, tokens."""
        gates, tokens = outputs.gates.cpu().tolist(), outputs.tokens.cpu().tolist()
        return [[(slot, gate, [token for token in tokens[at][slot] if token != IGNORED])
                 for slot, gate in enumerate(gates[at]) if gate] for at in range(len(features))]

    def decode(self, readouts: Sequence[Any], features: Sequence[Feature], rows: Sequence[Row]) -> list[Prediction]:
        """Return ``{"state": ["domain-slot-value", …]}`` for every turn; a slot without a value is left out."""
        predictions = []
        for found, feature in zip(readouts, features, strict=True):
            values = ((SLOTS[slot], GATES[gate] if gate < len(GATES) - 1 else _value(tokens, feature.note))
                      for slot, gate, tokens in found)
            predictions.append({"state": [f"{slot}-{value}" for slot, value in values if value]})
        return predictions

    def gold(self, row: Row) -> Prediction:
        """Return ``{"state": […]}``."""
        return {"state": list(row["state"])}

    @property
    def gold_form(self) -> Form:
        """The slots with their values; a system may invent slots."""
        return Form({"state": list_of(read_slot, empty=True)}, '{"state": ["숙소-지역-서울 중앙"]}')

    def metrics(self, gold: Columns, predicted: Columns) -> Scores:
        """Return joint goal accuracy and slot F1. Corrected: one F1 over all turns, not the mean of the turns'."""
        sides = gold["state"], predicted["state"]
        jga = joint_goal_accuracy(*sides)
        return Scores({"jga": jga, "slot_f1": slot_f1(*sides, by_turn=True)},
                      {"jga": jga, "slot_f1": slot_f1(*sides, by_turn=False)})

    def trivial(self, train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
        """Return the empty state."""
        return [{"state": []} for _ in rows]


def _check_state(state: Any) -> None:
    if not isinstance(state, list):
        raise KlueError(f"사용자 차례의 state는 목록이어야 하는데 {state!r}입니다. 빈 상태는 []로 적으세요.")
    for item in state:
        if not isinstance(item, str) or item.count("-") < 2 or _slot_and_value(item)[0] not in SLOTS:
            raise KlueError(f"state에 모르는 값이 있습니다: {item!r}. “도메인-슬롯-값”으로 적으세요. 슬롯: "
                            f"{', '.join(SLOTS)}.")
        require_text(item, "state")


def _slot_and_value(item: str) -> tuple[str, str]:
    domain, slot, value = item.split("-", 2)
    return f"{domain}-{slot}", value


def _value_tokens(value: str, tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    """Return the tokens of a value and its end, `IGNORED` behind."""
    ids = tokenizer(normalize(value), add_special_tokens=False)["input_ids"][: LENGTH - 1]
    return [*ids, tokenizer.sep_token_id, *[IGNORED] * (LENGTH - 1 - len(ids))]


def _value(tokens: list[int], tokenizer: "PreTrainedTokenizerBase") -> str:
    """Return the text of a value; a time such as 18:30 is one word."""
    return _COLON.sub(":", tokenizer.decode(tokens, skip_special_tokens=True)).strip()
