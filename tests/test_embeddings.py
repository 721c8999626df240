"""Vectors of positions, pieces and sentences (lectures 1, 3 and 4)."""

import math

import numpy as np
import pytest
import torch

import klue_helpers as kh
from klue_helpers.embeddings import (
    anisotropy,
    cosine,
    piece_vectors,
    sentence_vectors,
    sinusoidal_positions,
    whitening,
)


def test_sinusoids_are_those_of_the_paper():
    table = sinusoidal_positions(50, 8, amplitude=2.0)
    assert table.shape == (50, 8) and table.dtype == np.float32
    for place, column in ((0, 0), (3, 2), (49, 7)):
        angle = place / 10_000 ** (2 * (column // 2) / 8)
        assert table[place, column] == pytest.approx(2 * (math.cos if column % 2 else math.sin)(angle), abs=1e-5)


def test_an_odd_size_has_one_cosine_less():
    assert sinusoidal_positions(4, 5).shape == (4, 5)


def test_pieces_of_like_contexts_get_like_vectors():
    rng = np.random.default_rng(0)
    groups = [([5, 6], [20, 21]), ([7, 8], [30, 31])]
    sentences = [[int(rng.choice(words)), *context] for _ in range(1500) for words, context in groups]
    vectors = piece_vectors(sentences, vocab_size=40, size=16, epochs=3, seed=1)
    assert vectors.shape == (40, 16) and vectors.std() == pytest.approx(0.05, rel=0.15)
    alike = cosine(vectors, vectors)
    assert alike[5, 6] > alike[5, 7] + 0.3
    assert np.array_equal(vectors, piece_vectors(sentences, vocab_size=40, size=16, epochs=3, seed=1))


def test_cosines_by_hand():
    assert cosine(np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([1.0, 0.0])).tolist() == [[1.0], [0.6]]
    assert cosine(np.zeros(2), np.ones(2)).tolist() == [[0.0]]
    with pytest.raises(kh.KlueError, match="2과 3"):
        cosine(np.ones(2), np.ones(3))


def test_sentence_vectors_do_not_depend_on_the_batch():
    encoder = kh.models.load_encoder("klue-mini-bert")
    texts = ["비가 옵니다.", "오늘은 하루 종일 집에서 책을 읽었습니다.", "네", "열 사람의 한 걸음이 빠릅니다"]
    together = sentence_vectors(encoder, texts)
    assert together.shape == (4, encoder.model.config.hidden_size)
    alone = np.concatenate([sentence_vectors(encoder, [text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-4)
    inputs = encoder.tokenizer(texts[0], return_tensors="pt")
    with torch.inference_mode():
        states = encoder.model(**inputs).last_hidden_state[0]
    assert np.allclose(together[0], states.mean(0), atol=1e-4)
    assert np.allclose(sentence_vectors(encoder, texts[:1], pooling="cls")[0], states[0], atol=1e-4)


def test_sentence_vectors_refuse_what_they_cannot_do():
    encoder = kh.models.load_encoder("klue-mini-bert", random_weights=True)
    with pytest.raises(kh.KlueError, match="cls 또는 mean"):
        sentence_vectors(encoder, ["비"], pooling="max")
    with pytest.raises(kh.KlueError, match="목록"):
        sentence_vectors(encoder, "봄비가 옵니다")
    with pytest.raises(kh.KlueError, match="하나도"):
        sentence_vectors(encoder, [])
    with pytest.raises(kh.KlueError, match="batch_size"):
        sentence_vectors(encoder, ["비"], batch_size=0)
    with pytest.raises(kh.KlueError, match=r"U\+D800"):
        sentence_vectors(encoder, ["비", "\ud800"])


def test_sentence_vectors_of_texts_from_the_wild_are_numbers():
    encoder = kh.models.load_encoder("klue-mini-bert", random_weights=True)
    wild = ["", "\0", "\ufeff\u2028\x85", "ㄷ" * 1000, "가" * 100_000]
    for pooling in ("cls", "mean"):
        assert np.isfinite(sentence_vectors(encoder, wild, pooling=pooling)).all()


@pytest.mark.parametrize(("sentences", "part"), [
    ([], "하나도"), ([[]], "하나도"), ([[1, 40]], "40까지"), ([[-1]], "-1에서"),
])
def test_piece_vectors_tell_what_they_cannot_take(sentences, part):
    with pytest.raises(kh.KlueError, match=part):
        piece_vectors(sentences, vocab_size=40, size=4)


def test_whitening_leaves_no_correlation_and_unit_variance():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6)) + 3
    white = whitening(vectors)(vectors)
    assert np.allclose(white.mean(0), 0, atol=1e-8)
    assert np.allclose(np.cov(white.T), np.eye(6), atol=1e-6)
    assert whitening(vectors, size=2)(vectors).shape == (500, 2)
    with pytest.raises(kh.KlueError, match="size를 줄이세요"):
        whitening(vectors[:4])


def test_anisotropy_is_the_mean_cosine_of_different_rows():
    vectors = np.random.default_rng(1).normal(size=(30, 5)) + 0.5
    all_pairs = cosine(vectors, vectors)
    assert anisotropy(vectors) == pytest.approx((all_pairs.sum() - 30) / (30 * 29))
    assert anisotropy(np.ones((4, 3))) == pytest.approx(1.0)
    with pytest.raises(kh.KlueError, match="둘 이상"):
        anisotropy(np.ones((1, 3)))
