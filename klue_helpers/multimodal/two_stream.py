"""A two-stream model that answers questions about a picture, in the manner of LXMERT (taught in lecture 10)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import get_linear_schedule_with_warmup

from klue_helpers.errors import KlueError
from klue_helpers.multimodal.language import ALL_ANSWERS, ANSWERS, LENGTH, PIECES, Question, encode_texts
from klue_helpers.multimodal.world import CELL, render

REGIONS = 4  # the picture stream sees a vector for each of the picture's four cells
_NUMBER = {answer: number for number, answer in enumerate(ALL_ANSWERS)}


class CrossLayer(nn.Module):
    """One step of both streams: each attends to the other, then to itself, then thinks alone. Taught in lecture 10.

    Parameters
    ----------
    size : vector size of both streams.
    heads : attention heads.
    """

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.to_picture = nn.MultiheadAttention(size, heads, batch_first=True)
        self.to_words = nn.MultiheadAttention(size, heads, batch_first=True)
        self.norm_words, self.norm_picture = nn.LayerNorm(size), nn.LayerNorm(size)
        self.words, self.picture = self_layer(size, heads), self_layer(size, heads)

    def forward(self, words: Tensor, picture: Tensor, blank: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return both streams and how much each word looked at each place.

        Parameters
        ----------
        words : (B, T, size); blank : (B, T), true where the text is filled up.
        picture : (B, places, size).

        Returns
        -------
        words, picture as before, and the shares (B, T, places), averaged over heads.
        """
        asked, seen = self.norm_words(words), self.norm_picture(picture)  # (B, T, size), (B, places, size)
        found, shares = self.to_picture(asked, seen, seen)  # query: words; key and value: the picture
        heard, _ = self.to_words(seen, asked, asked, key_padding_mask=blank, need_weights=False)  # (B, places, size)
        words = self.words(words + found, src_key_padding_mask=blank)  # (B, T, size)
        return words, self.picture(picture + heard), shares


def self_layer(size: int, heads: int) -> nn.TransformerEncoderLayer:
    """Return one layer of self-attention and feed-forward, normalised in front, without dropout."""
    return nn.TransformerEncoderLayer(size, heads, 2 * size, dropout=0.0, activation="gelu", batch_first=True,
                                      norm_first=True)


class TwoStream(nn.Module):
    """Words on one side, the picture's four regions on the other, and answers. Taught in lecture 10.

    Parameters
    ----------
    size : vector size of both streams; must be a multiple of `heads`, KlueError otherwise.
    heads : attention heads.
    layers : number of `CrossLayer`.
    """

    def __init__(self, size: int = 64, *, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        if size % heads:
            raise KlueError(f"크기 {size}을(를) 머리 {heads}개로 나눌 수 없습니다. 크기를 머리의 배수로 정하세요.")
        self.pieces = nn.Embedding(len(PIECES) + 1, size)  # one more: the place where the answer gathers
        self.text_places = nn.Parameter(torch.randn(LENGTH + 1, size) * 0.3)  # smaller than the pieces' own vectors
        self.features = nn.Sequential(nn.Conv2d(3, 2 * size, CELL, stride=CELL), nn.GELU(),
                                      nn.Conv2d(2 * size, size, 1))
        self.norm = nn.LayerNorm(size)
        self.picture_places = nn.Parameter(torch.randn(REGIONS, size))
        self.words, self.picture = self_layer(size, heads), self_layer(size, heads)
        self.layers = nn.ModuleList(CrossLayer(size, heads) for _ in range(layers))
        self.answer = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, len(ALL_ANSWERS)))

    def forward(self, texts: Tensor, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the scores of all answers and, for each cross layer, where the words looked.

        Parameters
        ----------
        texts : (B, 16) numbers of pieces, 0 fills up.
        pictures : (B, 3, 24, 24) from 0 to 1.

        Returns
        -------
        scores (B, answers) and a list of (B, T, 4), T being one more than the longest text's pieces; the first word is
        the place where the answer gathers.
        """
        first = texts.new_full((len(texts), 1), len(PIECES))  # (B, 1)
        longest = int((texts != 0).sum(dim=1).max())
        texts = torch.cat([first, texts[:, :longest]], dim=1)  # (B, T)
        blank = texts == 0  # (B, T)
        words = self.pieces(texts) + self.text_places[:texts.shape[1]]  # (B, T, size)
        words = self.words(words, src_key_padding_mask=blank)  # (B, T, size)
        regions = self.features(1 - pictures).flatten(2).transpose(1, 2)  # white is 0; (B, 4, size)
        picture, maps = self.picture(self.norm(regions) + self.picture_places), []  # (B, 4, size)
        for layer in self.layers:
            words, picture, shares = layer(words, picture, blank)  # (B, T, size), (B, 4, size), (B, T, 4)
            maps.append(shares)
        return self.answer(words[:, 0]), maps


@dataclass(frozen=True)
class QuestionBatch:
    """Questions as tensors: texts (B, 16), pictures (B, 3, 24, 24), numbers of answers (B,)."""

    texts: Tensor
    pictures: Tensor
    answers: Tensor

    def to(self, device: torch.device | str) -> "QuestionBatch":
        """Return the same questions on another device."""
        return QuestionBatch(self.texts.to(device), self.pictures.to(device), self.answers.to(device))


def question_tensors(questions: Sequence[Question]) -> QuestionBatch:
    """Return questions as tensors. Taught in lecture 10."""
    pictures = np.stack([render(question.scene) for question in questions])
    return QuestionBatch(torch.from_numpy(encode_texts([question.text for question in questions])),
                         torch.from_numpy(pictures),
                         torch.tensor([_NUMBER[question.answer] for question in questions]))


def train_two_stream(network: TwoStream, data: QuestionBatch, *, steps: int, batch_size: int = 64,
                     learning_rate: float = 2e-3, blind: bool = False, seed: int = 0) -> list[float]:
    """Train on questions and return the loss of each step (nat a question). Taught in lecture 10.

    Parameters
    ----------
    data : from `question_tensors`; it is moved to the network's device.
    steps, batch_size : updates, and questions in each.
    learning_rate : the peak; it rises for a twentieth of the steps and falls to nothing.
    blind : give white pictures, so that only the question is left to go by.
    seed : of the order of the questions.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 20, steps)
    data = data.to(network.text_places.device)
    draw, losses = torch.Generator().manual_seed(seed), []  # on the CPU: the same order on every device
    network.train()
    for _ in range(steps):
        rows = torch.randint(len(data.texts), (batch_size,), generator=draw)  # (B,)
        pictures = torch.ones_like(data.pictures[rows]) if blind else data.pictures[rows]  # (B, 3, 24, 24)
        scores, _ = network(data.texts[rows], pictures)  # (B, answers)
        loss = functional.cross_entropy(scores, data.answers[rows])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
    network.eval()
    return torch.stack(losses).tolist() if losses else []  # once at the end: each number makes a GPU wait


@torch.no_grad()
def answer_questions(network: TwoStream, data: QuestionBatch, *, batch_size: int = 250) -> list[str]:
    """Return the network's answer to each question, as text. Taught in lecture 10."""
    data = data.to(network.text_places.device)
    chosen = [network(texts, pictures)[0].argmax(dim=-1)  # (B,)
              for texts, pictures in zip(data.texts.split(batch_size), data.pictures.split(batch_size), strict=True)]
    return [ALL_ANSWERS[number] for part in chosen for number in part.tolist()]


def accuracy_by_kind(questions: Sequence[Question], answers: Sequence[str]) -> dict[str, float]:
    """Return the share of right answers for each kind of question and, under ``"모두"``, of all."""
    right = [question.answer == answer for question, answer in zip(questions, answers, strict=True)]
    table = {kind: float(np.mean([hit for hit, question in zip(right, questions, strict=True)
                                  if question.kind == kind])) for kind in ANSWERS}
    return {**table, "모두": float(np.mean(right))}
