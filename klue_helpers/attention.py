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


def permutation_masks(order: Sequence[int]) -> PermutationMasks:
    """Return the two masks of XLNet for an order in which tokens are guessed. Taught in lecture 10.

    Parameters
    ----------
    order : all places once each, the one guessed first in front.

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
    rank = torch.empty(len(order), dtype=torch.long)
    rank[torch.tensor(order, dtype=torch.long)] = torch.arange(len(order))
    return PermutationMasks(rank[None, :] <= rank[:, None], rank[None, :] < rank[:, None])


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mixed values of a head; zeros where a row may see nothing. Taught in lecture 10.

    Parameters
    ----------
    query, key, value : (…, T, d), (…, S, d), (…, S, d).
    mask : (T, S), true where row may see column.
    """
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5  # (…, T, S)
    return scores.masked_fill(~mask, float("-inf")).softmax(dim=-1).nan_to_num(0.0) @ value


class TwoStreamLayer(nn.Module):
    """One layer of XLNet without relative positions: the same weights for both streams. Taught in lecture 10."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.mix = (nn.Linear(size, size) for _ in range(4))
        self.wide = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))
        self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)

    def forward(self, content: torch.Tensor, query: torch.Tensor,
                masks: PermutationMasks) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both streams of shape (B, T, d) anew; keys and values come from the content alone."""
        key, value = self.key(content), self.value(content)
        streams = []
        for stream, mask in ((content, masks.content), (query, masks.query)):
            mixed = self.first(stream + self.mix(attend(self.query(stream), key, value, mask)))
            streams.append(self.second(mixed + self.wide(mixed)))
        return streams[0], streams[1]


def window_mask(length: int, *, window: int, everywhere: Sequence[int] = ()) -> torch.Tensor:
    """Return Longformer's mask, (T, T): neighbours up to `window` places away; some places see and are seen by all.

    Taught in lecture 10.
    """
    place = torch.arange(length)
    mask = (place[:, None] - place[None, :]).abs() <= window
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
    width = 2 * window + 1
    near_keys, near_values = (nn.functional.pad(part, (0, 0, window, window)).unfold(0, width, 1)
                              for part in (key, value))  # (T, d, width)
    scores = torch.einsum("td,tdw->tw", query, near_keys) / query.shape[-1] ** 0.5
    place = torch.arange(len(query))[:, None] + torch.arange(-window, window + 1)[None, :]  # (T, width)
    shares = scores.masked_fill((place < 0) | (place >= len(query)), float("-inf")).softmax(dim=-1)
    return torch.einsum("tw,tdw->td", shares, near_values)


def hash_buckets(vectors: torch.Tensor, *, buckets: int, seed: int = 42) -> torch.Tensor:
    """Return a bucket a vector, so that vectors in like directions often share one. Taught in lecture 10.

    Parameters
    ----------
    vectors : (T, d).
    buckets : an even number; the directions are told apart by a random rotation to half as many axes.

    Raises
    ------
    KlueError : a number of buckets that is odd or not positive.

    Source: Kitaev et al. 2020 (arXiv 2001.04451), after Andoni et al. 2015.
    """
    if buckets < 2 or buckets % 2:
        raise KlueError(f"buckets는 2 이상의 짝수여야 합니다: {buckets}. 축마다 두 방향을 쓰기 때문입니다.")
    rotation = torch.randn(vectors.shape[-1], buckets // 2, generator=torch.Generator().manual_seed(seed))
    turned = vectors @ rotation  # (T, buckets / 2)
    return torch.cat([turned, -turned], dim=-1).argmax(dim=-1)
