"""Texts made noisy for a model to mend, and the way back: BART's five kinds and T5's spans (taught in lecture 10)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from klue_helpers.errors import KlueError

MASK = "[MASK]"
SENTINEL = "<extra_id_{}>"  # T5's name of the gap of this number
_SENTINEL = re.compile(r"<extra_id_\d+>")


class Edit(NamedTuple):
    """A change: at `start` of the noisy text stand the tokens `added` in place of `removed`."""

    start: int
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Edited:
    """A text of which some spans were replaced; `edits` from left to right."""

    tokens: tuple[str, ...]
    edits: tuple[Edit, ...]

    def restored(self) -> tuple[str, ...]:
        """Return the original tokens."""
        tokens = list(self.tokens)
        for edit in reversed(self.edits):
            tokens[edit.start : edit.start + len(edit.added)] = edit.removed
        return tuple(tokens)


@dataclass(frozen=True)
class Reordered:
    """A text in another order: `tokens[i]` stood at place `order[i]`."""

    tokens: tuple[str, ...]
    order: tuple[int, ...]

    def restored(self) -> tuple[str, ...]:
        """Return the tokens in their original order."""
        return tuple(token for _, token in sorted(zip(self.order, self.tokens, strict=True)))


def mask_tokens(tokens: Sequence[str], *, rate: float = 0.3, seed: int = 42) -> Edited:
    """Replace a share of the tokens by ``[MASK]`` each, as BERT does. Taught in lecture 10.

    Parameters
    ----------
    rate : share of the tokens, from 0 to 1; the number is rounded.

    Examples
    --------
    >>> mask_tokens("비가 와서 우산을 샀다".split(), rate=0.5, seed=1).tokens
    ('[MASK]', '[MASK]', '우산을', '샀다')
    """
    return replace_spans(tokens, [(at, at + 1) for at in _chosen(len(tokens), rate, seed)], (MASK,))


def delete_tokens(tokens: Sequence[str], *, rate: float = 0.3, seed: int = 42) -> Edited:
    """Leave out a share of the tokens; nothing shows where. Taught in lecture 10. See `mask_tokens`."""
    return replace_spans(tokens, [(at, at + 1) for at in _chosen(len(tokens), rate, seed)], ())


def infill(tokens: Sequence[str], *, rate: float = 0.3, mean: float = 3.0, seed: int = 42) -> Edited:
    """Replace spans by one ``[MASK]`` each, so that their lengths are hidden too. Taught in lecture 10.

    Lengths are drawn from a Poisson distribution until a share `rate` of the tokens is covered; a span of length 0 is
    a mask where nothing is missing. Source: Lewis et al. 2020 (arXiv 1910.13461).

    Raises
    ------
    KlueError : a rate outside of 0 to 1, a mean that is not positive.
    """
    if mean <= 0:
        raise KlueError(f"mean은 0보다 커야 합니다: {mean}. 가린 구간의 평균 길이이며 BART는 3을 씁니다.")
    rng, left, lengths = np.random.default_rng(seed), _count(len(tokens), rate), []
    while left:
        lengths.append(min(int(rng.poisson(mean)), left))
        left -= lengths[-1]
    kept = len(tokens) - sum(lengths)
    places = np.sort(rng.permutation(kept + len(lengths))[: len(lengths)])  # among kept tokens and spans
    starts = places - np.arange(len(lengths)) + np.cumsum([0, *lengths[:-1]])[: len(lengths)]
    return replace_spans(tokens, [(int(at), int(at) + size) for at, size in zip(starts, lengths, strict=True)], (MASK,))


def permute_sentences(sentences: Sequence[str], *, seed: int = 42) -> Reordered:
    """Put the sentences of a document in a random order. Taught in lecture 10."""
    order = np.random.default_rng(seed).permutation(len(sentences)).tolist()
    return Reordered(tuple(sentences[at] for at in order), tuple(order))


def rotate(tokens: Sequence[str], *, seed: int = 42) -> Reordered:
    """Let a document begin at a random token, what stood before at its end. Taught in lecture 10."""
    start = int(np.random.default_rng(seed).integers(max(len(tokens), 1)))
    order = [*range(start, len(tokens)), *range(start)]
    return Reordered(tuple(tokens[at] for at in order), tuple(order))


def corrupt_spans(tokens: Sequence[str], *, rate: float = 0.15, mean: float = 3.0,
                  seed: int = 42) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return T5's source and target: gaps with numbered sentinels, and what belongs into them. Taught in lecture 10.

    Parameters
    ----------
    rate : share of the tokens that go into gaps. At least one token is kept before every gap.
    mean : mean length of a gap.

    Returns
    -------
    (source, target); `join_spans` makes the original of them. Without a gap the target is one sentinel, the end.

    Raises
    ------
    KlueError : options out of bounds; a text that holds a sentinel itself.

    Source: Raffel et al. 2020 (arXiv 1910.10683).
    """
    if found := next((token for token in tokens if _SENTINEL.fullmatch(token)), None):
        raise KlueError(f"글에 이미 {found}가 있어 빈칸의 번호와 헷갈립니다. 그 토큰을 지우거나 바꾸세요.")
    if mean <= 0:
        raise KlueError(f"mean은 0보다 커야 합니다: {mean}. 빈칸의 평균 길이이며 T5는 3을 씁니다.")
    rng, hidden = np.random.default_rng(seed), min(_count(len(tokens), rate), max(len(tokens) - 1, 0))
    gaps = min(max(round(hidden / mean), 1), hidden, len(tokens) - hidden)
    kept = _parted(len(tokens) - hidden + 1, gaps + 1, rng)  # one more than is kept: behind the last gap may be nothing
    sizes = _parted(hidden, gaps, rng)
    ends = np.cumsum(np.add(kept[:-1], sizes), dtype=int).tolist()
    names = [SENTINEL.format(number) for number in range(gaps + 1)]
    source = replace_spans(tokens, [(end - size, end) for end, size in zip(ends, sizes, strict=True)], names[:-1])
    target = [part for edit in source.edits for part in (*edit.added, *edit.removed)]
    return source.tokens, (*target, names[-1])


def join_spans(source: Sequence[str], target: Sequence[str]) -> tuple[str, ...]:
    """Return the text of T5's source and target: each sentinel gives way to what follows it in the target.

    Taught in lecture 10. A gap that the target does not name stays empty, as where a model forgot it.

    Examples
    --------
    >>> join_spans(("비가", "<extra_id_0>", "샀다"), ("<extra_id_0>", "와서", "우산을", "<extra_id_1>"))
    ('비가', '와서', '우산을', '샀다')
    """
    found: dict[str, list[str]] = {}
    name = None
    for token in target:
        if _SENTINEL.fullmatch(token):
            name = token
            found.setdefault(name, [])
        elif name is not None:
            found[name].append(token)
    return tuple(part for token in source
                 for part in (found.get(token, []) if _SENTINEL.fullmatch(token) else [token]))


def replace_spans(tokens: Sequence[str], spans: Sequence[tuple[int, int]], added: Sequence[str]) -> Edited:
    """Replace spans, first and last + 1, sorted and apart, by one token each or by nothing.

    Parameters
    ----------
    added : a token a span, or one for all of them; empty to replace by nothing.
    """
    names = list(added) * len(spans) if len(added) == 1 else list(added) or [None] * len(spans)
    noisy: list[str] = []
    edits, done = [], 0
    for (start, end), name in zip(spans, names, strict=True):
        noisy += tokens[done:start]
        edits.append(Edit(len(noisy), () if name is None else (name,), tuple(tokens[start:end])))
        noisy += edits[-1].added
        done = end
    return Edited((*noisy, *tokens[done:]), tuple(edits))


def _count(length: int, rate: float) -> int:
    """Return the rounded share of a length; raise KlueError for a share that is none."""
    if not 0 <= rate <= 1:
        raise KlueError(f"rate는 0에서 1 사이여야 합니다: {rate}. 바꿀 토큰의 비율입니다.")
    return round(length * rate)


def _chosen(length: int, rate: float, seed: int) -> list[int]:
    """Return random places in order."""
    return sorted(np.random.default_rng(seed).permutation(length)[: _count(length, rate)].tolist())


def _parted(total: int, parts: int, rng: np.random.Generator) -> list[int]:
    """Part a number at random into so many numbers of at least 1; into none for no parts."""
    if not parts:
        return []
    cuts = np.sort(rng.permutation(total - 1)[: parts - 1]) + 1
    return np.diff([0, *cuts, total]).tolist()
