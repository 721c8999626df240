"""A causal transformer that reads a caption and writes the codes of its picture (taught in lecture 10)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import GPT2Config, GPT2Model, get_linear_schedule_with_warmup

from klue_helpers.errors import KlueError
from klue_helpers.multimodal.codes import PictureCodes
from klue_helpers.multimodal.language import LENGTH, PIECES, Caption, describe, encode_texts
from klue_helpers.multimodal.world import Scene, read_picture, render


class Painter(nn.Module):
    """GPT-2's body over 16 pieces of text and then the codes of a picture. Taught in lecture 10.

    A code goes in and comes out by its vector in the book of the VQ-VAE (plus one of its own), so that what is
    learned of a code helps its neighbours.

    Parameters
    ----------
    codes : a trained VQ-VAE; its weights stay as they are.
    size, layers, heads : of the transformer.
    """

    def __init__(self, codes: PictureCodes, *, size: int = 64, layers: int = 2, heads: int = 4) -> None:
        super().__init__()
        count, code_size = codes.book.shape
        self.places = codes.grid ** 2
        book = codes.book.detach()
        self.register_buffer("book", (book - book.mean(dim=0)) / book.std())
        self.body = GPT2Model(GPT2Config(vocab_size=1, n_positions=LENGTH + self.places, n_embd=size, n_layer=layers,
                                         n_head=heads, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
                                         bos_token_id=0, eos_token_id=0))
        self.pieces = nn.Embedding(len(PIECES), size)
        self.inward, self.outward = nn.Linear(code_size, size), nn.Linear(size, code_size)
        self.own, self.often = nn.Parameter(torch.zeros(count, size)), nn.Parameter(torch.zeros(count))
        nn.init.normal_(self.pieces.weight, std=0.05)

    def forward(self, texts: Tensor, codes: Tensor) -> Tensor:
        """Return the scores of each code, given the caption and the codes before it.

        Parameters
        ----------
        texts : (B, 16) numbers of pieces.
        codes : (B, places) true codes; the last is not read.

        Returns
        -------
        (B, places, count)
        """
        inputs = torch.cat([self.pieces(texts), self._embed(codes[:, :-1])], dim=1)  # (B, 16 + places - 1, size)
        return self._scores(self.body(inputs_embeds=inputs).last_hidden_state[:, LENGTH - 1:])

    @torch.no_grad()
    def write(self, texts: Tensor, *, temperature: float = 0.0, generator: torch.Generator | None = None) -> Tensor:
        """Write the codes of a picture for each caption, one at a time: (B, 16) to (B, places).

        Parameters
        ----------
        temperature : 0 takes the likeliest code, 1 draws as the model's chances are.
        generator : for drawing.
        """
        inputs, past, written = self.pieces(texts), None, []
        for _ in range(self.places):
            output = self.body(inputs_embeds=inputs, past_key_values=past, use_cache=True)
            past, scores = output.past_key_values, self._scores(output.last_hidden_state[:, -1])  # (B, count)
            if temperature:
                written.append(torch.multinomial((scores / temperature).softmax(-1), 1, generator=generator))
            else:
                written.append(scores.argmax(dim=-1, keepdim=True))
            inputs = self._embed(written[-1])
        return torch.cat(written, dim=1)

    def _embed(self, codes: Tensor) -> Tensor:
        return self.inward(self.book[codes]) + self.own[codes]

    def _scores(self, states: Tensor) -> Tensor:
        return self.outward(states) @ self.book.T + states @ self.own.T + self.often


def painting_tensors(scenes: Sequence[Scene], codes: PictureCodes, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return captions (N, 16), drawn anew, and codes (N, places) of scenes. Taught in lecture 10."""
    texts = torch.from_numpy(encode_texts([describe(scene, rng).text for scene in scenes]))
    parts = [torch.from_numpy(np.stack([render(scene) for scene in scenes[begin:begin + 500]]))
             for begin in range(0, len(scenes), 500)]
    return texts, torch.cat([codes.encode(part) for part in parts])


def train_painter(network: Painter, texts: Tensor, codes: Tensor, *, steps: int, batch_size: int = 64,
                  learning_rate: float = 4e-3, seed: int = 0) -> list[float]:
    """Train to write pictures and return the loss of each step (nat a code). Taught in lecture 10.

    Parameters
    ----------
    texts, codes : as `painting_tensors` gives them.
    steps, batch_size : updates, and pictures in each.
    learning_rate : the peak; it rises for a twentieth of the steps and falls to nothing.
    seed : of the order of the pictures.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 20, steps)
    order, losses = torch.Generator().manual_seed(seed), []
    for _ in range(steps):
        rows = torch.randint(len(texts), (batch_size,), generator=order)
        scores = network(texts[rows], codes[rows])
        loss = functional.cross_entropy(scores.flatten(0, 1), codes[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def paint_texts(texts: Sequence[str], network: Painter, codes: PictureCodes, *, temperature: float = 0.0,
                seed: int = 0, batch_size: int = 200) -> np.ndarray:
    """Draw a picture for each caption: (N, 3, 24, 24). Taught in lecture 10.

    Raises
    ------
    KlueError : no caption, or one with a word that the world does not know.
    """
    if not texts:
        raise KlueError("그릴 글이 없습니다. 글을 하나 이상 주세요.")
    rows, generator = torch.from_numpy(encode_texts(texts)), torch.Generator().manual_seed(seed)
    return torch.cat([codes.decode(network.write(part, temperature=temperature, generator=generator))
                      for part in rows.split(batch_size)]).numpy()


def painting_scores(captions: Sequence[Caption], pictures: np.ndarray) -> tuple[float, float]:
    """Return the shares of pictures that are right in shape and colour, and in all that the caption says.

    A picture with a thing too many is wrong in both. Read by `read_picture`. Taught in lecture 10.
    """
    read = [read_picture(picture).things for picture in pictures]
    pairs = list(zip(captions, read, strict=True))
    return (float(np.mean([caption.fits_looks(things) for caption, things in pairs])),
            float(np.mean([caption.fits(things) for caption, things in pairs])))
