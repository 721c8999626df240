"""Attention that sees less than everything: permutations, windows, hashing (taught in lecture 10)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from klue_helpers.errors import KlueError


class PermutationMasks(NamedTuple):
    """Who may look at whom when tokens are guessed in some order; both (T, T), true where row may see column.

    `content` lets a place see itself and what came before it in the order; `query` only what came before.
    """

    content: torch.Tensor
    query: torch.Tensor


def permutation_masks(order: Sequence[int], *, device: torch.device | str | None = None) -> PermutationMasks:
    """Return the two masks of XLNet for an order in which tokens are guessed. Taught in lecture 10.

    Parameters
    ----------
    order : all places once each, the one guessed first in front.
    device : where the masks are to lie: that of the tokens. The CPU if None.

    Raises
    ------
    KlueError : a place twice or missing.

    Source: Yang et al. 2019 (arXiv 1906.08237).

    Examples
    --------
    >>> permutation_masks([2, 0, 1]).query.int().tolist()
    [[0, 0, 1], [1, 0, 1], [0, 0, 0]]
    """
    if sorted(order) != list(range(len(order))):
        raise KlueError(f"순서에는 0부터 {len(order) - 1}까지의 자리가 한 번씩 있어야 합니다: {list(order)}.")
    rank = torch.tensor(order, dtype=torch.long, device=device).argsort()  # (T,) when each place is guessed
    return PermutationMasks(content=rank[None, :] <= rank[:, None], query=rank[None, :] < rank[:, None])  # (T, T)


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mixed values of a head; zeros where a row may see nothing. Taught in lecture 10.

    Parameters
    ----------
    query, key, value : (…, T, d), (…, S, d), (…, S, d).
    mask : (T, S), true where row may see column, on the device of the others.

    Returns
    -------
    (…, T, d)
    """
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5  # (…, T, S)
    shares = scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)  # (…, T, S)
    return shares.nan_to_num(0.0) @ value  # (…, T, d); a row of -inf alone has become NaN and mixes nothing


class TwoStreamLayer(nn.Module):
    """One layer of XLNet without relative positions: the same weights for both streams. Taught in lecture 10.

    In the article's letters h is the content stream, which knows the token of its own place, and g the query stream,
    which knows the place alone. Norms stand behind attention and feed-forward, as in BERT.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(size, size) for _ in range(4))
        self.feed_forward = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)

    def forward(self, h: torch.Tensor, g: torch.Tensor, masks: PermutationMasks) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both streams anew, h and g of shape (…, T, d); keys and values come from the content alone."""
        key, value = self.key(h), self.value(h)  # (…, T, d)
        return self._stream(h, key, value, masks.content), self._stream(g, key, value, masks.query)

    def _stream(self, stream: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
                mask: torch.Tensor) -> torch.Tensor:
        mixed = self.output(attend(self.query(stream), key, value, mask))  # (…, T, d)
        stream = self.norm1(stream + mixed)  # (…, T, d)
        return self.norm2(stream + self.feed_forward(stream))  # (…, T, d)


def window_mask(length: int, *, window: int, everywhere: Sequence[int] = (),
                device: torch.device | str | None = None) -> torch.Tensor:
    """Return Longformer's mask, (T, T): neighbours up to `window` places away; some places see and are seen by all.

    It lies on `device`, which is that of the tokens; on the CPU if None. Taught in lecture 10.
    """
    place = torch.arange(length, device=device)  # (T,)
    mask = (place[:, None] - place[None, :]).abs() <= window  # (T, T)
    mask[list(everywhere)] = True
    mask[:, list(everywhere)] = True
    return mask


def window_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *, window: int) -> torch.Tensor:
    """Return attention to neighbours at a cost that grows with the length, not with its square. Taught in lecture 10.

    Equal to `attend` with `window_mask`, without the (T, T) scores.

    Parameters
    ----------
    query, key, value : (T, d).
    window : places to each side.

    Source: Beltagy et al. 2020 (arXiv 2004.05150).
    """
    near_keys, near_values = (_neighbours(part, window) for part in (key, value))  # (T, d, width)
    scores = torch.einsum("td,tdw->tw", query, near_keys) / query.shape[-1] ** 0.5  # (T, width)
    row = torch.arange(len(query), device=query.device)  # (T,)
    step = torch.arange(-window, window + 1, device=query.device)  # (width,)
    place = row[:, None] + step[None, :]  # (T, width)
    outside = (place < 0) | (place >= len(query))  # (T, width) where padding stands
    shares = scores.masked_fill(outside, float("-inf")).softmax(dim=-1)  # (T, width)
    return torch.einsum("tw,tdw->td", shares, near_values)  # (T, d)


def _neighbours(part: torch.Tensor, window: int) -> torch.Tensor:
    """Return each place's neighbours side by side, zeros where there are none: (T, d) to (T, d, 2 * window + 1)."""
    padded = nn.functional.pad(part, (0, 0, window, window))  # (window + T + window, d)
    return padded.unfold(0, 2 * window + 1, 1)  # a view: nothing is copied


def hash_buckets(vectors: torch.Tensor, *, buckets: int, seed: int = 42) -> torch.Tensor:
    """Return the bucket of each vector, so that vectors in like directions often share one. Taught in lecture 10.

    Parameters
    ----------
    vectors : (T, d).
    buckets : an even number; the directions are told apart by a random rotation to half as many axes.
    seed : of the rotation, which is drawn on the CPU so that it is the same on every device.

    Returns
    -------
    (T,) numbers from 0 to buckets - 1, on the device of the vectors.

    Raises
    ------
    KlueError : a number of buckets that is odd or not positive.

    Source: Kitaev et al. 2020 (arXiv 2001.04451), after Andoni et al. 2015.
    """
    if buckets < 2 or buckets % 2:
        raise KlueError(f"buckets는 2 이상의 짝수여야 합니다: {buckets}. 축마다 두 방향을 쓰기 때문입니다.")
    draw = torch.Generator().manual_seed(seed)
    rotation = torch.randn(vectors.shape[-1], buckets // 2, generator=draw).to(vectors)  # (d, buckets / 2)
    turned = vectors @ rotation  # (T, buckets / 2)
    return torch.cat([turned, -turned], dim=-1).argmax(dim=-1)  # (T,): each axis has two ends
