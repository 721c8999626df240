"""What a causal language model gives a text or a continuation as probability (taught in lectures 8 and 9)."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import DynamicCache

    from klue_helpers.models import CausalLM

# Most scores of pieces at a time: 0.5 GB in single precision, of which the loss makes two more. Thirty-two rows of
# KoGPT2's 1,024 pieces would be 1.7 billion scores, 7 GB and more than a small card has left.
_SCORES = 1 << 27


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
    One float64 array per text: natural logarithms, for its pieces and then for ``</s>``, each given ``<s>`` and all
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
    rows, counts = _joint_rows(lm, prompts, continuations)
    sums = [float(scores[len(scores) - count:].sum()) / (count if normalize else 1)
            for scores, count in zip(_scores(lm, rows, batch_size), counts, strict=True)]
    return np.array(sums).reshape(len(prompts), len(continuations))


def _joint_rows(lm: "CausalLM", prompts: Sequence[str],
                continuations: Sequence[str]) -> tuple[list[list[int]], list[int]]:
    """Return the ids of all pairs, cut into pieces together, and how many of them belong to the continuation."""
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
    return rows, counts


@dataclass(frozen=True)
class Template:
    """One form for shots (with label) and for the query (without), so that the two cannot differ.

    Taught in lecture 9.

    Attributes
    ----------
    form : text with ``{text}`` once; the label follows right behind it.
    labels : what is written for label 0, 1, …; a space at their beginning keeps the pieces natural.

    Raises
    ------
    KlueError : a form without ``{text}`` or one that ends with a space, which models read as part of the next word.
    """

    form: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.form.count("{text}") != 1 or self.form != self.form.rstrip():
            raise KlueError("틀에는 {text}가 꼭 한 번 있고 끝에 빈칸이 없어야 합니다. 예: '문장: {text}\\n감정:'")

    def query(self, text: str) -> str:
        """Return the form with the text on one line, and nothing that depends on a label."""
        return self.form.replace("{text}", " ".join(text.split()))

    def shot(self, text: str, label: int) -> str:
        """Return the query, its label and exactly one newline."""
        return f"{self.query(text)}{self.labels[label]}\n"


def few_shot_prompt(lm: "CausalLM", template: Template, shots: Sequence[tuple[str, int]], query: str, *,
                    answer: int = 8) -> str:
    """Return shots and query; where the context is too short, the first shots are left out. Taught in lecture 9.

    Parameters
    ----------
    shots : (text, label) pairs.
    answer : pieces of the context that are kept free for the answer; one more is for ``<s>``.

    Raises
    ------
    KlueError : a query that does not fit even without shots.
    """
    room = lm.tokenizer.model_max_length - answer - 1
    parts = [*(template.shot(*shot) for shot in shots), template.query(query)]
    for first in range(len(parts)):
        prompt = "".join(parts[first:])
        if len(lm.tokenizer(prompt, add_special_tokens=False, verbose=False)["input_ids"]) <= room:
            return prompt
    raise KlueError(f"보기를 다 빼도 물음이 문맥에 들어가지 않습니다: {query[:20]!r}…. 글을 줄이세요.")


def balanced_shots(texts: Sequence[str], labels: Sequence[int], count: int, *, seed: int) -> list[tuple[str, int]]:
    """Return `count` pairs with as many of each label as possible, in random order. Taught in lecture 9.

    Raises
    ------
    KlueError : fewer texts of a label than needed.
    """
    rng = np.random.default_rng(seed)
    kinds = sorted(set(labels))
    chosen: list[tuple[str, int]] = []
    for turn, kind in enumerate(kinds):
        some = [text for text, label in zip(texts, labels, strict=True) if label == kind]
        wanted = count // len(kinds) + (turn < count % len(kinds))
        if len(some) < wanted:
            raise KlueError(f"레이블 {kind}인 글이 {len(some)}개뿐이라 {wanted}개를 뽑을 수 없습니다. 보기를 줄이세요.")
        chosen += [(some[place], kind) for place in rng.choice(len(some), wanted, replace=False)]
    return [chosen[place] for place in rng.permutation(len(chosen))]


def calibrated(scores: np.ndarray, blank: np.ndarray) -> np.ndarray:
    """Return (n, labels) scores less those of a query without content, (labels,). Taught in lecture 9.

    Source: Zhao et al. 2021 (arXiv 2102.09690), in its logarithmic form.
    """
    return scores - np.asarray(blank)[None, :]


def label_scores(lm: "CausalLM", prompts: Sequence[str], labels: Sequence[str], *, batch_size: int = 32) -> np.ndarray:
    """Return what `continuation_scores` gives, reading what all prompts begin with only once. Taught in lecture 9.

    Parameters
    ----------
    prompts : best with the same shots in front; what they share is kept as keys and values.

    Returns
    -------
    (prompts, labels) float64: sums of natural log-probabilities.

    Raises
    ------
    KlueError : as `continuation_scores` does.
    """
    if isinstance(prompts, str) or isinstance(labels, str):
        raise KlueError("글 하나도 목록으로 주세요: [\"…\"].")
    rows, counts = _joint_rows(lm, prompts, labels)
    shared = min(_common(rows), *(len(row) - count - 1 for row, count in zip(rows, counts, strict=True)))
    if shared < 1:
        return continuation_scores(lm, prompts, labels, batch_size=batch_size)
    known = _prefix(lm, rows[0][:shared])
    lengths = [len(row) - shared for row in rows]
    found = [value for batch in _batches(lengths, lm.model.config.vocab_size, batch_size)
             for value in _tail_scores(lm, rows[batch], known)]
    sums = [float(scores[len(scores) - count:].sum()) for scores, count in zip(found, counts, strict=True)]
    return np.array(sums).reshape(len(prompts), len(labels))


def _common(rows: Sequence[Sequence[int]]) -> int:
    """Return how many ids all rows begin with."""
    together = zip(*rows, strict=False)
    return next((place for place, ids in enumerate(together) if len(set(ids)) > 1), min(map(len, rows)))


def _prefix(lm: "CausalLM", ids: Sequence[int]) -> "DynamicCache":
    """Return the keys and values of ids that all rows begin with."""
    import torch

    row = torch.tensor([ids], device=lm.model.device)
    with torch.inference_mode():
        return lm.model.base_model(row, attention_mask=torch.ones_like(row), use_cache=True).past_key_values


def _tail_scores(lm: "CausalLM", rows: Sequence[Sequence[int]], known: "DynamicCache") -> list[np.ndarray]:
    """Return the log-probabilities of each row's ids behind the first one that is not in the prefix.

    Padding stands behind all ids, where a causal model does not look. The prefix itself is left as it is.
    """
    import torch

    shared = known.get_seq_length()
    tails = [row[shared:] for row in rows]
    ids, _ = _padded(lm, tails)  # (B, T)
    mask = torch.ones((len(rows), shared + ids.shape[1] - 1), dtype=torch.long, device=ids.device)  # prefix and tails
    with torch.inference_mode():
        cache = deepcopy(known)  # a pass adds to it
        cache.batch_repeat_interleave(len(rows))
        output = lm.model(ids[:, :-1], attention_mask=mask, past_key_values=cache, use_cache=True)
    logits = output.logits  # (B, T - 1, V)
    return [scores[:len(tail) - 1] for scores, tail in zip(_log_chances(logits, ids[:, 1:]), tails, strict=True)]


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
    lengths = [window.end - window.begin for window in windows]
    for batch in _batches(lengths, lm.model.config.vocab_size, batch_size):
        ids = [rows[window.row][window.begin:window.end + 1] for window in windows[batch]]
        for window, scores in zip(windows[batch], _batch_scores(lm, ids), strict=True):
            results[window.row][window.first:window.end] = scores[window.first - window.begin:window.end - window.begin]
    return results


def _batches(lengths: Sequence[int], vocab_size: int, most_rows: int) -> Iterator[slice]:
    """Yield the rows that are scored together: `most_rows`, fewer where their padded scores would be too many."""
    first = 0
    for end in range(1, len(lengths) + 1):
        longest = max(lengths[first:end + 1])  # with the row that would come next
        if end == len(lengths) or end - first == most_rows or (end + 1 - first) * longest * vocab_size > _SCORES:
            yield slice(first, end)
            first = end


def _batch_scores(lm: "CausalLM", rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Return (rows, longest - 1) the log-probabilities of all ids but the first, those after a row's end void."""
    import torch

    ids, mask = _padded(lm, rows)  # (B, T)
    with torch.inference_mode():
        logits = lm.model(input_ids=ids[:, :-1], attention_mask=mask[:, :-1], use_cache=False).logits  # (B, T - 1, V)
    return _log_chances(logits, ids[:, 1:])


def _padded(lm: "CausalLM", rows: Sequence[Sequence[int]]) -> "tuple[Tensor, Tensor]":
    """Return the ids, padded behind, and the mask of those that are not padding: both (B, T), on the model's device."""
    import torch

    ids = torch.full((len(rows), max(map(len, rows))), lm.tokenizer.pad_token_id)  # (B, T)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, :len(row)] = torch.tensor(row)
        mask[number, :len(row)] = 1
    return ids.to(lm.model.device), mask.to(lm.model.device)


def _log_chances(logits: "Tensor", ids: "Tensor") -> np.ndarray:
    """Return the log-probability of each id under the scores at its place: (B, T, V) and (B, T) to (B, T) float64."""
    from torch.nn.functional import cross_entropy

    losses = cross_entropy(logits.flatten(0, 1).float(), ids.flatten(), reduction="none")  # (B * T,)
    return -losses.view(ids.shape).cpu().double().numpy()  # in this order: Apple's MPS has no double precision
