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
    seed : the same seed hides the same places; a whole number of at least 0, here and below.

    Raises
    ------
    KlueError : a rate or a seed out of bounds.

    Examples
    --------
    >>> mask_tokens("비가 와서 우산을 샀다".split(), rate=0.5, seed=1).tokens
    ('[MASK]', '[MASK]', '우산을', '샀다')
    """
    return replace_spans(tokens, [(at, at + 1) for at in _sample_places(len(tokens), rate, seed)], (MASK,))


def delete_tokens(tokens: Sequence[str], *, rate: float = 0.3, seed: int = 42) -> Edited:
    """Leave out a share of the tokens; nothing shows where. Taught in lecture 10. See `mask_tokens`."""
    return replace_spans(tokens, [(at, at + 1) for at in _sample_places(len(tokens), rate, seed)], ())


def infill(tokens: Sequence[str], *, rate: float = 0.3, mean: float = 3.0, seed: int = 42) -> Edited:
    """Replace spans by one ``[MASK]`` each, so that their lengths are hidden too. Taught in lecture 10.

    Lengths are drawn from a Poisson distribution until a share `rate` of the tokens is covered; a span of length 0 is
    a mask where nothing is missing. Source: Lewis et al. 2020 (arXiv 1910.13461).

    Raises
    ------
    KlueError : a rate outside of 0 to 1, a mean outside of 0.1 to 1,000.
    """
    _check_mean(mean)
    rng, left = _generator(seed), _count(len(tokens), rate)
    lengths: list[int] = []
    while left:  # a Poisson draw may be 0: a mask where nothing is missing
        lengths.append(min(int(rng.poisson(mean)), left))
        left -= lengths[-1]
    kept = len(tokens) - sum(lengths)
    # Kept tokens and spans in a random order: the places of the spans among them, from left to right.
    places = np.sort(rng.permutation(kept + len(lengths))[: len(lengths)])  # (spans,)
    kept_before = places - np.arange(len(lengths))  # (spans,) kept tokens before each span
    hidden_before = np.cumsum([0, *lengths])[: len(lengths)]  # (spans,) tokens in the spans before
    starts = (kept_before + hidden_before).tolist()
    spans = [(start, start + length) for start, length in zip(starts, lengths, strict=True)]
    return replace_spans(tokens, spans, (MASK,))


def permute_sentences(sentences: Sequence[str], *, seed: int = 42) -> Reordered:
    """Put the sentences of a document in a random order. Taught in lecture 10."""
    order = _generator(seed).permutation(len(sentences)).tolist()
    return Reordered(tuple(sentences[at] for at in order), tuple(order))


def rotate(tokens: Sequence[str], *, seed: int = 42) -> Reordered:
    """Let a document begin at a random token, what stood before at its end. Taught in lecture 10."""
    start = int(_generator(seed).integers(max(len(tokens), 1)))  # an empty text has no token to begin with
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
    _check_mean(mean)
    rng = _generator(seed)
    hidden = min(_count(len(tokens), rate), max(len(tokens) - 1, 0))  # at least one token is left to read
    kept = len(tokens) - hidden
    gaps = min(max(round(hidden / mean), 1), hidden, kept)  # each needs a token in it and one before it
    # One more is parted than is kept: behind the last gap there may be nothing.
    kept_sizes = _random_composition(kept + 1, gaps + 1, rng)
    gap_sizes = _random_composition(hidden, gaps, rng)
    ends = np.cumsum(np.add(kept_sizes[:-1], gap_sizes), dtype=int).tolist()  # (gaps,)
    spans = [(end - size, end) for end, size in zip(ends, gap_sizes, strict=True)]
    names = [SENTINEL.format(number) for number in range(gaps + 1)]  # the last one ends the target
    source = replace_spans(tokens, spans, names[:-1])
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
    whole: list[str] = []
    for token in source:
        whole += found.get(token, []) if _SENTINEL.fullmatch(token) else [token]
    return tuple(whole)


def replace_spans(tokens: Sequence[str], spans: Sequence[tuple[int, int]], added: Sequence[str]) -> Edited:
    """Replace spans by one token each or by nothing.

    Parameters
    ----------
    spans : place of the first token and of the one behind the last, from left to right, without overlaps.
    added : one token per span, or one for all of them; empty to replace by nothing.

    Raises
    ------
    KlueError : spans out of order or out of the text, another number of tokens than of spans.
    """
    edges = [0, *(edge for span in spans for edge in span), len(tokens)]
    if edges != sorted(edges):
        raise KlueError(f"구간은 겹치지 않고 왼쪽부터 차례로 0에서 {len(tokens)} 사이에 있어야 합니다: {list(spans)}. "
                        "구간을 고치세요.")
    replacements = _replacements(added, len(spans))
    noisy: list[str] = []
    edits, done = [], 0
    for (start, end), replacement in zip(spans, replacements, strict=True):
        noisy += tokens[done:start]
        edits.append(Edit(len(noisy), replacement, tuple(tokens[start:end])))
        noisy += replacement
        done = end
    return Edited((*noisy, *tokens[done:]), tuple(edits))


def _replacements(added: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """Return what stands in the place of each span: nothing or one token."""
    if not added:
        return [()] * count
    if len(added) == 1:
        return [(added[0],)] * count
    if len(added) != count:
        raise KlueError(f"구간은 {count}개인데 넣을 토큰은 {len(added)}개입니다. 수를 맞추거나 하나만 주세요.")
    return [(token,) for token in added]


def _count(length: int, rate: float) -> int:
    """Return the rounded share of a length; raise KlueError for a share outside [0, 1]."""
    if not 0 <= rate <= 1:
        raise KlueError(f"rate는 0에서 1 사이여야 합니다: {rate}. 바꿀 토큰의 비율이니 값을 고치세요.")
    return round(length * rate)


def _check_mean(mean: float) -> None:
    """Raise KlueError for a mean length that draws almost only empty spans, or that numpy cannot draw from."""
    if not 0.1 <= mean <= 1000:
        raise KlueError(f"mean은 0.1 이상 1000 이하여야 합니다: {mean}. "
                        "가린 구간의 평균 길이이니 BART와 T5처럼 3을 써 보세요.")


def _generator(seed: int) -> np.random.Generator:
    if seed < 0:
        raise KlueError(f"seed는 0 이상의 정수여야 합니다: {seed}. 값을 고치세요.")
    return np.random.default_rng(seed)


def _sample_places(length: int, rate: float, seed: int) -> list[int]:
    """Return random places in order."""
    return sorted(_generator(seed).permutation(length)[: _count(length, rate)].tolist())


def _random_composition(total: int, parts: int, rng: np.random.Generator) -> list[int]:
    """Return so many numbers of at least 1 with this sum, every choice equally likely; none for no parts."""
    if not parts:
        return []
    # Between `total` ones in a row there are total - 1 places to cut.
    cuts = np.sort(rng.permutation(total - 1)[: parts - 1]) + 1
    return np.diff([0, *cuts, total]).tolist()
