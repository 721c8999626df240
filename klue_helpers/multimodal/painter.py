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

ENCODED = 500  # pictures encoded at a time: 3.5 MB of pixels
PIECE_STD = 0.05  # of the first vectors of pieces: as large as what `inward` makes of a code


class Painter(nn.Module):
    """GPT-2's body over 16 pieces of text and then the codes of a picture. Taught in lecture 10.

    A code goes in and comes out by its vector in the codebook of the VQ-VAE (plus one of its own), so that what is
    learned of a code helps its neighbours.

    Parameters
    ----------
    codes : a trained VQ-VAE; its weights stay as they are.
    size, layers, heads : of the transformer.
    """

    def __init__(self, codes: PictureCodes, *, size: int = 64, layers: int = 2, heads: int = 4) -> None:
        super().__init__()
        count, code_size = codes.codebook.shape
        self.places = codes.grid ** 2
        codebook = codes.codebook.detach()
        self.register_buffer("codebook", (codebook - codebook.mean(dim=0)) / codebook.std())  # (count, code_size)
        self.body = GPT2Model(GPT2Config(vocab_size=1, n_positions=LENGTH + self.places, n_embd=size, n_layer=layers,
                                         n_head=heads, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
                                         bos_token_id=0, eos_token_id=0))
        self.pieces = nn.Embedding(len(PIECES), size)
        self.inward, self.outward = nn.Linear(code_size, size), nn.Linear(size, code_size)
        self.code_embedding = nn.Parameter(torch.zeros(count, size))  # what a code is beyond its vector
        self.code_bias = nn.Parameter(torch.zeros(count))  # how often a code comes
        nn.init.normal_(self.pieces.weight, std=PIECE_STD)

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
        states = self.body(inputs_embeds=inputs).last_hidden_state  # (B, 16 + places - 1, size)
        return self._scores(states[:, LENGTH - 1:])  # from the text's last place on: it foretells the first code

    @torch.no_grad()
    def write(self, texts: Tensor, *, temperature: float = 0.0, generator: torch.Generator | None = None) -> Tensor:
        """Write the codes of a picture for each caption, one at a time: (B, 16) to (B, places).

        Parameters
        ----------
        texts : on the network's device.
        temperature : 0 takes the likeliest code, 1 draws as the model's chances are.
        generator : for drawing, which is done on the CPU, so that a seed gives the same picture on every device.
        """
        inputs, past, written = self.pieces(texts), None, []  # (B, 16, size)
        for _ in range(self.places):
            output = self.body(inputs_embeds=inputs, past_key_values=past, use_cache=True)
            past, scores = output.past_key_values, self._scores(output.last_hidden_state[:, -1])  # (B, count)
            if temperature:
                chances = (scores / temperature).softmax(-1)  # (B, count)
                chosen = torch.multinomial(chances.cpu(), 1, generator=generator).to(chances.device)  # (B, 1)
            else:
                chosen = scores.argmax(dim=-1, keepdim=True)  # (B, 1)
            written.append(chosen)
            inputs = self._embed(chosen)  # (B, 1, size)
        return torch.cat(written, dim=1)

    def _embed(self, codes: Tensor) -> Tensor:
        """Return the vectors that go in: (B, T) codes to (B, T, size)."""
        return self.inward(self.codebook[codes]) + self.code_embedding[codes]

    def _scores(self, states: Tensor) -> Tensor:
        """Return the scores of all codes: (…, size) to (…, count)."""
        by_vector = self.outward(states) @ self.codebook.T  # (…, count)
        return by_vector + states @ self.code_embedding.T + self.code_bias


def painting_tensors(scenes: Sequence[Scene], codes: PictureCodes, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return captions (N, 16), drawn anew, and codes (N, places) of scenes, on the device of the VQ-VAE.

    Taught in lecture 10.
    """
    texts = torch.from_numpy(encode_texts([describe(scene, rng).text for scene in scenes]))  # (N, 16)
    parts = [torch.from_numpy(np.stack([render(scene) for scene in scenes[begin:begin + ENCODED]]))
             for begin in range(0, len(scenes), ENCODED)]  # (≤ 500, 3, 24, 24)
    return texts.to(codes.codebook.device), torch.cat([codes.encode(part) for part in parts])


def train_painter(network: Painter, texts: Tensor, codes: Tensor, *, steps: int, batch_size: int = 64,
                  learning_rate: float = 4e-3, seed: int = 0) -> list[float]:
    """Train to write pictures and return the loss of each step (nat a code). Taught in lecture 10.

    Parameters
    ----------
    texts, codes : as `painting_tensors` gives them; they are moved to the network's device.
    steps, batch_size : updates, and pictures in each.
    learning_rate : the peak; it rises for a twentieth of the steps and falls to nothing.
    seed : of the order of the pictures.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 20, steps)
    texts, codes = texts.to(network.codebook.device), codes.to(network.codebook.device)
    draw, losses = torch.Generator().manual_seed(seed), []  # on the CPU: the same order on every device
    for _ in range(steps):
        rows = torch.randint(len(texts), (batch_size,), generator=draw)  # (B,)
        scores = network(texts[rows], codes[rows])  # (B, places, count)
        loss = functional.cross_entropy(scores.flatten(0, 1), codes[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
    return torch.stack(losses).tolist() if losses else []  # once at the end: each number makes a GPU wait


def paint_texts(texts: Sequence[str], network: Painter, codes: PictureCodes, *, temperature: float = 0.0,
                seed: int = 0, batch_size: int = 200) -> np.ndarray:
    """Draw a picture for each caption: (N, 3, 24, 24). Taught in lecture 10.

    Raises
    ------
    KlueError : no caption, or one with a word that the world does not know.
    """
    if not texts:
        raise KlueError("그릴 글이 없습니다. 글을 하나 이상 주세요.")
    rows = torch.from_numpy(encode_texts(texts)).to(network.codebook.device)  # (N, 16)
    draw = torch.Generator().manual_seed(seed)
    written = [network.write(part, temperature=temperature, generator=draw) for part in rows.split(batch_size)]
    return torch.cat([codes.decode(part) for part in written]).cpu().numpy()  # (N, 3, 24, 24)


def painting_scores(captions: Sequence[Caption], pictures: np.ndarray) -> tuple[float, float]:
    """Return the shares of pictures that are right in shape and colour, and in all that the caption says.

    A picture with a thing too many is wrong in both. Read by `read_picture`. Taught in lecture 10.
    """
    read = [read_picture(picture).things for picture in pictures]
    pairs = list(zip(captions, read, strict=True))
    return (float(np.mean([caption.fits_looks(things) for caption, things in pairs])),
            float(np.mean([caption.fits(things) for caption, things in pairs])))
