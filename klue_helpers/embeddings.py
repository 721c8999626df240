"""Vectors for pieces and positions, and what can be done with sentence vectors (lectures 1, 3 and 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klue_helpers.errors import KlueError
from klue_helpers.extras import require_extra
from klue_helpers.text import check_text

if TYPE_CHECKING:
    from torch import Tensor

    from klue_helpers.models import Encoder


SMALLEST = 1e-12  # in place of a length or variance of 0, which nothing can be divided by


def sinusoidal_positions(length: int, size: int, *, amplitude: float = 1.0) -> np.ndarray:
    """Return the Transformer's fixed position vectors, (length, size) float32. Taught in lectures 1 and 4.

    Even columns hold sines, odd columns cosines, of wavelengths from 2π to 10,000 · 2π.
    Source: Vaswani et al. 2017, section 3.5.
    """
    place = np.arange(length)[:, None]  # (length, 1)
    speed = np.exp(-np.log(10_000.0) * np.arange(0, size, 2) / size)  # (size / 2,)
    table = np.zeros((length, size), dtype=np.float32)
    table[:, 0::2] = np.sin(place * speed)
    table[:, 1::2] = np.cos(place * speed[:size // 2])
    return amplitude * table


def piece_vectors(sentences: Iterable[Sequence[int]], *, vocab_size: int, size: int, epochs: int = 1,
                  seed: int = 42, spread: float = 0.05) -> np.ndarray:
    """Return word2vec vectors of subword pieces (skip-gram, five negative samples). Taught in lecture 4.

    Parameters
    ----------
    sentences : ids of the pieces of each sentence.
    vocab_size, size : shape of the result; pieces that never occur get random vectors of the same spread.
    spread : standard deviation of all numbers in the result; each dimension has mean 0 over the
        pieces that occur.

    Returns
    -------
    (vocab_size, size) float32. One worker, so that the same seed gives the same vectors.

    Raises
    ------
    KlueError : no pieces at all, one outside of the vocabulary; gensim is not installed.

    Source: Mikolov et al. 2013 (arXiv 1310.4546), by gensim.
    """
    require_extra("words", "gensim")
    from gensim.models import Word2Vec

    texts = [[str(piece) for piece in sentence] for sentence in sentences]  # gensim's words are strings
    pieces = {int(piece) for text in texts for piece in text}
    if not pieces:
        raise KlueError("조각이 하나도 없어 벡터를 배울 수 없습니다. 비어 있지 않은 문장을 주세요.")
    if min(pieces) < 0 or max(pieces) >= vocab_size:
        raise KlueError(f"조각의 번호는 0에서 {vocab_size - 1} 사이여야 하는데 "
                        f"{min(pieces)}에서 {max(pieces)}까지 있습니다. vocab_size를 토크나이저의 것과 맞추세요.")
    model = Word2Vec(texts, vector_size=size, sg=1, negative=5, window=5, min_count=1, sample=1e-3, workers=1,
                     epochs=epochs, seed=seed)
    known = np.array([int(key) for key in model.wv.index_to_key])  # (pieces that occur,)
    vectors = model.wv.vectors - model.wv.vectors.mean(axis=0)  # (pieces that occur, size)
    table = np.random.default_rng(seed).normal(0.0, spread, (vocab_size, size))
    table[known] = vectors * (spread / vectors.std())
    return table.astype(np.float32)


def cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return all cosines between the rows of two matrices, (n, size) and (m, size) to (n, m). Taught in lecture 3.

    Raises
    ------
    KlueError : matrices whose rows differ in length.
    """
    left, right = np.atleast_2d(left), np.atleast_2d(right)
    if left.shape[1] != right.shape[1]:
        raise KlueError(f"벡터의 차원이 다릅니다: {left.shape[1]}과 {right.shape[1]}. 같은 모델의 벡터끼리 견주세요.")
    lengths = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=1)[None, :]  # (n, m)
    return (left @ right.T) / np.maximum(lengths, SMALLEST)


def sentence_vectors(encoder: "Encoder", texts: Sequence[str], *, pooling: str = "mean", layer: int = -1,
                     batch_size: int = 64) -> np.ndarray:
    """Return one vector per text from an encoder's hidden states, short texts first in batches. Taught in lecture 3.

    Parameters
    ----------
    encoder : from `load_encoder`, without a head.
    texts : texts to encode, cut to the encoder's length.
    pooling : ``"cls"``, the vector of the first token; ``"mean"``, the mean over all tokens but padding.
    layer : which hidden states: 0 the input embeddings, -1 the last layer.

    Returns
    -------
    (len(texts), hidden size) float32, in the order of `texts`.

    Raises
    ------
    KlueError : another pooling, no texts, a single string, a text with half of a surrogate pair, a batch size below 1.
    """
    import torch

    texts = _checked_texts(texts)
    if pooling not in ("cls", "mean"):
        raise KlueError(f"알 수 없는 풀링입니다: {pooling!r}. cls 또는 mean 가운데 하나를 쓰세요.")
    if batch_size < 1:
        raise KlueError(f"batch_size는 1 이상이어야 합니다: {batch_size}. 값을 고치세요.")
    # Texts of like length share a batch, so that little of it is padding.
    order = np.argsort([len(text) for text in texts], kind="stable")
    parts = []
    for start in range(0, len(order), batch_size):
        chosen = [texts[place] for place in order[start:start + batch_size]]
        inputs = encoder.tokenizer(chosen, padding=True, truncation=True, return_tensors="pt").to(encoder.model.device)
        with torch.inference_mode():
            states = encoder.model(**inputs, output_hidden_states=True).hidden_states[layer]  # (B, T, d)
        parts.append(_pool(states, inputs["attention_mask"], pooling).float().cpu().numpy())
    vectors = np.concatenate(parts)  # (texts, d), in the order of their lengths
    return vectors[np.argsort(order, kind="stable")]  # where each text went: back to the order of `texts`


def _checked_texts(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise KlueError("문장 하나도 목록으로 주세요: [\"…\"].")
    texts = list(texts)
    if not texts:
        raise KlueError("문장이 하나도 없습니다. 문장의 목록을 주세요.")
    for text in texts:
        check_text(text)
    return texts


def _pool(states: "Tensor", mask: "Tensor", pooling: str) -> "Tensor":
    """Return one vector per text, (B, T, d) to (B, d)."""
    if pooling == "cls":
        return states[:, 0]  # (B, d)
    weights = mask.unsqueeze(-1).to(states.dtype)  # (B, T, 1), 0 for padding
    return (states * weights).sum(1) / weights.sum(1)  # (B, d)


@dataclass(frozen=True)
class Whitening:
    """A shift and a rotation with scaling that make vectors' dimensions uncorrelated with variance 1.

    Attributes
    ----------
    mean : (d,); matrix : (d, k). Calling it gives ``(vectors - mean) @ matrix``.
    """

    mean: np.ndarray
    matrix: np.ndarray

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        return (vectors - self.mean) @ self.matrix


def whitening(vectors: np.ndarray, *, size: int | None = None) -> Whitening:
    """Learn a whitening from the vectors of many sentences. Taught in lecture 3.

    Parameters
    ----------
    vectors : (n, d), with n well above `size`.
    size : number of directions kept, those of the largest variance; all d by default.

    Source: Su et al. 2021 (arXiv 2103.15316).

    Raises
    ------
    KlueError : fewer vectors than directions.
    """
    size = vectors.shape[1] if size is None else size
    if len(vectors) <= size:
        raise KlueError(f"벡터 {len(vectors)}개로는 {size}차원의 화이트닝을 배울 수 없습니다. 문장을 늘리거나 "
                        "size를 줄이세요.")
    mean = vectors.mean(axis=0)  # (d,)
    # Columns are the directions of largest variance, (d, d); their variances, (d,), from the largest down.
    directions, spread, _ = np.linalg.svd(np.cov((vectors - mean).T))
    return Whitening(mean, directions[:, :size] / np.sqrt(np.maximum(spread[:size], SMALLEST)))


def anisotropy(vectors: np.ndarray) -> float:
    """Return the mean cosine between different rows: near 0 where directions are used evenly. Taught in lecture 3.

    Source: Ethayarajh 2019 (arXiv 1909.00512).
    """
    if len(vectors) < 2:
        raise KlueError("비교하려면 벡터가 둘 이상 있어야 합니다. 문장을 더 주세요.")
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), SMALLEST)
    count = len(units)
    # The square of the sum holds every pair twice and every row with itself: (n, n) cosines are never made.
    total = float(np.square(units.sum(axis=0)).sum()) - float(np.square(units).sum())
    return total / (count * (count - 1))
