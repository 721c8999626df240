"""What a causal language model gives a text or a continuation as probability (taught in lectures 8 and 9)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from klue_helpers.models import CausalLM


def log_likelihoods(lm: "CausalLM", texts: Sequence[str], *, batch_size: int = 32) -> list[np.ndarray]:
    """Return the log-probability of every piece of every text, and of the text's end. Taught in lecture 8.

    Parameters
    ----------
    lm : from `load_causal_lm`.
    texts : texts to score. One that is longer than the context is read in overlapping windows, so that every piece
        is given at least half a context.
    batch_size : how many rows go through the network at a time.

    Returns
    -------
    One float64 array a text: natural logarithms, for its pieces and then for ``</s>``, each given ``<s>`` and all
    pieces before.

    Raises
    ------
    KlueError : a single string in place of the list.
    """
    if isinstance(texts, str):
        raise KlueError("글 하나도 목록으로 주세요: [\"…\"].")
    tokenizer = lm.tokenizer
    encoded = (tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"] for text in texts)
    rows = [[tokenizer.bos_token_id, *ids, tokenizer.eos_token_id] for ids in encoded]
    return _scores(lm, rows, batch_size)


def bits_per_character(lm: "CausalLM", texts: Sequence[str]) -> float:
    """Return the bits a model needs for a character of the texts, their ends included. Taught in lecture 8.

    Models with different vocabularies can be compared by it; an unknown character costs no more than ``<unk>`` does.

    Raises
    ------
    KlueError : texts without a single character.
    """
    characters = sum(map(len, texts))
    if not characters:
        raise KlueError("글자가 하나도 없어 글자당 비트를 셀 수 없습니다. 비어 있지 않은 글을 주세요.")
    nats = -sum(float(scores.sum()) for scores in log_likelihoods(lm, texts))
    return nats / characters / float(np.log(2))


def continuation_scores(lm: "CausalLM", prompts: Sequence[str], continuations: Sequence[str], *,
                        normalize: bool = False, batch_size: int = 32) -> np.ndarray:
    """Return how probable each continuation is after each prompt. Taught in lecture 8.

    Prompt and continuation are cut into pieces together, as the model has learned to read them: cut apart, the same
    characters may give other pieces. A piece that ends after the prompt's last character belongs to the continuation,
    also where it starts before (a space at the prompt's end, as a rule).

    Parameters
    ----------
    lm : from `load_causal_lm`.
    prompts, continuations : all pairs of them are scored.
    normalize : divide by the number of pieces, so that long continuations are not at a disadvantage.

    Returns
    -------
    (prompts, continuations) float64: sums of natural log-probabilities, their means with `normalize`.

    Raises
    ------
    KlueError : an empty continuation; prompt and continuation longer than the context; a single string.

    Source: Brown et al. 2020 (arXiv 2005.14165), section 2.4.
    """
    if isinstance(prompts, str) or isinstance(continuations, str):
        raise KlueError("글 하나도 목록으로 주세요: [\"…\"].")
    rows, counts = [], []
    for prompt, continuation in product(prompts, continuations):
        encoded = lm.tokenizer(prompt + continuation, add_special_tokens=False, return_offsets_mapping=True,
                               verbose=False)
        rows.append([lm.tokenizer.bos_token_id, *encoded["input_ids"]])
        counts.append(sum(end > len(prompt) for _, end in encoded["offset_mapping"]))
        if len(encoded["input_ids"]) > lm.tokenizer.model_max_length:
            raise KlueError(f"{len(encoded['input_ids'])}조각인 글은 모델의 문맥 {lm.tokenizer.model_max_length}조각에 "
                            f"들어가지 않습니다: {prompt[:20]!r}…. 프롬프트를 줄이거나 예시를 빼세요.")
    if 0 in counts:
        raise KlueError("이어질 말 가운데 빈 것이 있습니다. 한 글자 이상의 말을 주세요.")
    sums = [float(scores[len(scores) - count:].sum()) / (count if normalize else 1)
            for scores, count in zip(_scores(lm, rows, batch_size), counts, strict=True)]
    return np.array(sums).reshape(len(prompts), len(continuations))


@dataclass(frozen=True)
class _Window:
    """Part of a row: inputs from `begin` to `end`, of whose targets those from `first` on are scored."""

    row: int
    begin: int
    first: int
    end: int


def _windows(row: int, length: int, context: int) -> Iterator[_Window]:
    """Yield one window for a row of `length` inputs that fits; else windows that move on by half a context."""
    end = min(length, context)
    yield _Window(row, 0, 0, end)
    while end < length:
        first, end = end, min(length, end + (context + 1) // 2)
        yield _Window(row, end - context, first, end)


def _scores(lm: "CausalLM", rows: Sequence[Sequence[int]], batch_size: int) -> list[np.ndarray]:
    """Return the log-probabilities of all ids of each row but its first."""
    context = lm.tokenizer.model_max_length
    windows = [one for number, row in enumerate(rows) for one in _windows(number, len(row) - 1, context)]
    windows.sort(key=lambda window: window.end - window.begin)
    results = [np.zeros(len(row) - 1) for row in rows]
    for start in range(0, len(windows), batch_size):
        batch = windows[start:start + batch_size]
        ids = [rows[window.row][window.begin:window.end + 1] for window in batch]
        for window, scores in zip(batch, _batch_scores(lm, ids), strict=True):
            results[window.row][window.first:window.end] = scores[window.first - window.begin:window.end - window.begin]
    return results


def _batch_scores(lm: "CausalLM", rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Return (rows, longest - 1) the log-probabilities of all ids but the first, those after a row's end void."""
    import torch

    device, padding = lm.model.device, lm.tokenizer.pad_token_id
    ids = torch.full((len(rows), max(map(len, rows))), padding)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, :len(row)] = torch.tensor(row)
        mask[number, :len(row)] = 1
    ids, mask = ids.to(device), mask.to(device)
    with torch.inference_mode():
        logits = lm.model(input_ids=ids[:, :-1], attention_mask=mask[:, :-1], use_cache=False).logits
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none")
    return -losses.view(len(rows), -1).double().cpu().numpy()
