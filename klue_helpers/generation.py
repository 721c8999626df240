"""Texts drawn from a causal language model, and how diverse they are (taught in lectures 8 and 9)."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from klue_helpers.errors import KlueError
from klue_helpers.text import has_slur

if TYPE_CHECKING:
    from klue_helpers.models import CausalLM

_ROWS = 100  # texts drawn at a time
_TRIES = 20  # draws more than needed before texts without a slur are given up


def sample_texts(lm: "CausalLM", prompt: str = "", *, count: int = 1, max_new_tokens: int = 40,
                 temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, seed: int = 42,
                 allow_slurs: bool = False) -> list[str]:
    """Return texts that the model goes on with by chance, piece by piece. Taught in lectures 8 and 9.

    Parameters
    ----------
    lm : from `load_causal_lm`.
    prompt : how the texts begin; best without a space at its end, which the models read as part of the next word.
    count : number of texts.
    max_new_tokens : most pieces that are added; a text ends before where the model says ``</s>``.
    temperature : below 1 the probable becomes more probable, above 1 less.
    top_k : choose among the k most probable pieces only; 0 for all, 1 for always the first.
    top_p : choose among the most probable pieces that together have this probability.
    seed : the same seed gives the same texts; torch's own generators are left as they were.
    allow_slurs : keep texts with a word of ``slurs.txt``, which are drawn anew otherwise. The list does
        not hold every slur.

    Returns
    -------
    The texts, the prompt included, without special tokens.

    Raises
    ------
    KlueError : options out of bounds; a prompt that leaves too little of the context; slurs in nearly all texts.

    Sources: Fan et al. 2018 (arXiv 1805.04833) for top-k, Holtzman et al. 2020 (arXiv 1904.09751) for top-p.
    """
    import torch

    if count < 1 or max_new_tokens < 1 or temperature <= 0 or top_k < 0 or not 0 < top_p <= 1:
        raise KlueError("count와 max_new_tokens는 1 이상, temperature는 0보다 크게, top_k는 0 이상, top_p는 0보다 크고 "
                        "1 이하여야 합니다. 늘 가장 그럴듯한 조각을 고르려면 top_k=1로 두세요.")
    how = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_k": top_k, "top_p": top_p}
    ids = start_pieces(lm, prompt, max_new_tokens)
    texts: list[str] = []
    device = lm.model.device  # its generator is left as it was too; the CPU's always is
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device], device_type=device.type):
        torch.manual_seed(seed)
        for _ in range(_TRIES + count // _ROWS):
            drawn = _draw(lm, [ids] * min(_ROWS, count - len(texts)), how)
            texts += [text for text in drawn if allow_slurs or not has_slur(text)]
            if len(texts) == count:
                return texts
    raise KlueError(f"뽑은 글에 욕설 목록의 말이 자꾸 들어 있어 {count}건을 채우지 못했습니다. 프롬프트나 seed를 "
                    "바꾸거나, 그런 글까지 받으려면 allow_slurs=True로 두세요.")


def sample_and_rank(lm: "CausalLM", prompt: str, *, count: int = 8, **options: float) -> list[tuple[str, float]]:
    """Return drawn texts with the mean log-probability of a piece, best first. Taught in lectures 9 and 10.

    Parameters
    ----------
    count, **options : as for `sample_texts`. Equal texts are given once.

    Raises
    ------
    KlueError : as `sample_texts` does.

    Source: Adiwardana et al. 2020 (arXiv 2001.09977).
    """
    from klue_helpers.prompting import log_likelihoods

    texts = list(dict.fromkeys(sample_texts(lm, prompt, count=count, **options)))
    skipped = len(lm.tokenizer(prompt, add_special_tokens=False)["input_ids"])
    means = [float(scores[min(skipped, len(scores) - 1):].mean()) for scores in log_likelihoods(lm, texts)]
    return sorted(zip(texts, means, strict=True), key=lambda one: -one[1])


def distinct_n(rows: Sequence[Sequence], n: int) -> float:
    """Return the share of different n-grams among all n-grams of the rows; 0 without any. Taught in lecture 9.

    Source: Li et al. 2016 (arXiv 1510.03055).
    """
    grams = [gram for row in rows for gram in _ngrams(row, n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def bleu(row: Sequence, references: Sequence[Sequence], *, most: int = 4) -> float:
    """Return BLEU of a row, counts of 2-grams and longer ones smoothed by 1. Taught in lecture 9.

    Sources: Papineni et al. 2002; Lin and Och 2004 for the smoothing.
    """
    if not row or not references:
        return 0.0
    logs = 0.0
    for n in range(1, most + 1):
        mine, allowed = Counter(_ngrams(row, n)), Counter()
        for one in references:
            allowed |= Counter(_ngrams(one, n))
        hits, smooth = sum((mine & allowed).values()), int(n > 1)
        if hits + smooth == 0:
            return 0.0
        logs += math.log((hits + smooth) / (sum(mine.values()) + smooth)) / most
    closest = min((abs(len(one) - len(row)), len(one)) for one in references)[1]
    return math.exp(logs + min(0.0, 1 - closest / len(row)))


def self_bleu(rows: Sequence[Sequence]) -> float:
    """Return the mean BLEU of each row against all others: high where they are alike. Taught in lecture 9.

    Source: Zhu et al. 2018 (arXiv 1802.01886).
    """
    rows = list(rows)
    scores = [bleu(row, rows[:place] + rows[place + 1:]) for place, row in enumerate(rows)]
    return sum(scores) / len(scores) if scores else 0.0


def _ngrams(row: Sequence, n: int) -> list[tuple]:
    return [tuple(row[place:place + n]) for place in range(len(row) - n + 1)]


def _draw(lm: "CausalLM", rows: list[list[int]], how: dict[str, float]) -> list[str]:
    """Return one text a row of ids."""
    import torch

    ids = torch.tensor(rows, device=lm.model.device)
    drawn = lm.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True,
                              eos_token_id=lm.tokenizer.eos_token_id, pad_token_id=lm.tokenizer.pad_token_id, **how)
    return lm.tokenizer.batch_decode(drawn, skip_special_tokens=True)


def start_pieces(lm: "CausalLM", prompt: str, added: int) -> list[int]:
    """Return ``<s>`` and the pieces of the prompt, if `added` more fit into the context; else raise KlueError.

    Taught in lecture 8.
    """
    ids = [lm.tokenizer.bos_token_id, *lm.tokenizer(prompt, add_special_tokens=False)["input_ids"]]
    context = lm.tokenizer.model_max_length
    if len(ids) + added > context + 1:  # the last piece is never read
        raise KlueError(f"프롬프트 {len(ids) - 1}조각에 max_new_tokens {added}을(를) 더하면 모델의 문맥 {context}조각"
                        "을 넘습니다. 프롬프트를 줄이거나 max_new_tokens를 줄이세요.")
    return ids
