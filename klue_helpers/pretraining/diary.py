"""What a model answers to the same questions while it learns: the diary of a run (lectures 4 and 8)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from klue_helpers.files import write_atomically

if TYPE_CHECKING:
    from transformers import BertForPreTraining, GPT2LMHeadModel, PreTrainedTokenizerFast

# Close together at first, where a model changes most, then ever further apart.
DIARY_STEPS = frozenset({0, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 50_000, 100_000, 200_000})
BLANKS = (  # three a register: reviews, formal, spoken; none was tried on a model and left out
    "주말에 친구랑 봤는데 시간 가는 줄 [MASK] 봤어요.", "배우들 연기는 [MASK] 이야기가 너무 뻔하다.",
    "이런 영화에 돈을 쓰다니 시간이 [MASK].",
    "이 함수는 목록의 길이를 [MASK].", "이 법은 공포한 [MASK] 시행한다.",
    "다음 예제에서는 모델을 [MASK] 방법을 살펴봅니다.",
    "내일 아침에 일찍 [MASK] 줘.", "한 남자가 기타를 [MASK] 있다.", "요즘 잠이 안 와서 너무 [MASK].",
)
PROMPTS = (
    "이 영화는 처음부터 끝까지", "배우들의 연기가", "솔직히 기대를 많이 했는데",
    "이 함수는 문자열을 받아", "제1조(목적) 이 법은", "내일 날씨가",
)
BEST = 5  # answers to a blank
ADDED = 40  # pieces that a prompt is continued by
SAMPLING = {"do_sample": True, "temperature": 0.8, "top_p": 0.95}
SEED = 42

Answers = list[dict[str, object]]


@torch.no_grad()
def fill_blanks(model: "BertForPreTraining", tokenizer: "PreTrainedTokenizerFast") -> Answers:
    """Return the five likeliest pieces for every blank, with their probabilities. Taught in lecture 4."""
    answers: Answers = []
    for text in BLANKS:
        inputs = tokenizer(text, return_tensors="pt").to(model.device)  # (1, length)
        place = inputs["input_ids"][0].tolist().index(tokenizer.mask_token_id)
        scores = model(**inputs).prediction_logits[0, place].float()  # (vocab,)
        best = scores.softmax(-1).topk(BEST)
        answers.append({"prompt": text, "pieces": tokenizer.convert_ids_to_tokens(best.indices.tolist()),
                        "probabilities": [round(value, 4) for value in best.values.tolist()]})
    return answers


@torch.no_grad()
def continue_prompts(model: "GPT2LMHeadModel", tokenizer: "PreTrainedTokenizerFast") -> Answers:
    """Return for every prompt the likeliest continuation, piece by piece, and a sampled one. Taught in lecture 8."""
    answers: Answers = []
    for text in PROMPTS:
        ids = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]
        inputs = torch.tensor([ids], device=model.device)  # (1, length)
        texts = {}
        for name, options in (("greedy", {"do_sample": False}), ("sampled", SAMPLING)):
            torch.manual_seed(SEED)  # the same draws at every step; training sets its own seed before each step
            written = model.generate(inputs, attention_mask=torch.ones_like(inputs), max_new_tokens=ADDED, **options)
            texts[name] = tokenizer.decode(written[0, len(ids):], skip_special_tokens=True)
        answers.append({"prompt": text, **texts})
    return answers


class Diary:
    """The file ``diary.jsonl``: one line per step of `DIARY_STEPS` with the model's answers at that step."""

    def __init__(self, path: Path, ask: Callable[[], Answers]) -> None:
        self.path, self.ask = path, ask

    def write(self, step: int, tokens: int) -> None:
        """Add the answers of a step; a run that goes on from a checkpoint writes what it wrote before."""
        if step not in DIARY_STEPS:
            return
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        kept = [line for line in lines if json.loads(line)["step"] < step]
        entry = json.dumps({"step": step, "tokens": tokens, "answers": self.ask()}, ensure_ascii=False)
        write_atomically(self.path, "\n".join([*kept, entry]) + "\n")
