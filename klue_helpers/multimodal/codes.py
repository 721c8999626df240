"""VQ-VAE: a picture as a grid of codes from a learned book (taught in lecture 10)."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from klue_helpers.errors import KlueError
from klue_helpers.multimodal.world import SIDE


class PictureCodes(nn.Module):
    """Encoder, book of codes and decoder for pictures of 24 × 24 pixels. Taught in lecture 10.

    Parameters
    ----------
    count : number of codes in the book.
    patch : pixels along the side of the patch that a code stands for; must divide 24, KlueError otherwise.
    size : vector size inside encoder and decoder.
    code_size : vector size of a code.
    """

    def __init__(self, count: int = 128, *, patch: int = 6, size: int = 96, code_size: int = 16) -> None:
        super().__init__()
        if SIDE % patch:
            raise KlueError(f"조각 {patch}픽셀로는 {SIDE}픽셀을 나눌 수 없습니다. 3, 4, 6, 8 가운데 하나를 쓰세요.")
        self.grid = SIDE // patch
        self.encoder = nn.Sequential(nn.Conv2d(3, size, patch, stride=patch), nn.GELU(),
                                     nn.Conv2d(size, size, 1), nn.GELU(), nn.Conv2d(size, code_size, 1))
        self.book = nn.Parameter(torch.randn(count, code_size))
        self.decoder = nn.Sequential(nn.Conv2d(code_size, size, 3, padding=1), nn.GELU(),
                                     nn.Conv2d(size, size, 1), nn.GELU(),
                                     nn.ConvTranspose2d(size, 3, patch, stride=patch))

    def vectors(self, pictures: Tensor) -> Tensor:
        """Return a vector for each patch: pictures (B, 3, 24, 24) to (B, places, code_size)."""
        return self.encoder(1 - pictures).flatten(2).transpose(1, 2)  # white paper is 0

    def paint(self, vectors: Tensor) -> Tensor:
        """Return the pictures that vectors stand for: (B, places, code_size) to (B, 3, 24, 24), about 0 to 1."""
        return 1 - self.decoder(vectors.transpose(1, 2).unflatten(2, (self.grid, self.grid)))

    def nearest(self, vectors: Tensor) -> Tensor:
        """Return the number of the code nearest to each vector: (B, places)."""
        return torch.cdist(vectors, self.book.expand(len(vectors), -1, -1)).argmin(dim=-1)

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        """Return the codes of pictures: (B, 3, 24, 24) to (B, places)."""
        return self.nearest(self.vectors(pictures))

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Return the pictures of codes, cut to 0 to 1: (B, places) to (B, 3, 24, 24)."""
        return self.paint(self.book[codes]).clamp(0, 1)

    @torch.no_grad()
    def fill_book(self, pictures: Tensor) -> None:
        """Put vectors of these pictures into the book, each as far as can be from those chosen before."""
        vectors = self.vectors(pictures).flatten(0, 1)
        self.book[0], gaps = vectors[0], (vectors - vectors[0]).square().sum(dim=-1)
        for number in range(1, len(self.book)):
            self.book[number] = vectors[gaps.argmax()]
            gaps = torch.minimum(gaps, (vectors - self.book[number]).square().sum(dim=-1))


def straight_through(vectors: Tensor, chosen: Tensor) -> Tensor:
    """Return `chosen` whose gradient goes to `vectors` as if nothing had been chosen. Taught in lecture 10."""
    return vectors + (chosen - vectors).detach()


def code_losses(network: PictureCodes, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three parts of the VQ-VAE loss, each a mean of squares. Taught in lecture 10.

    Returns
    -------
    What painting misses, how far the book is from the vectors (moves the book), and how far the vectors are from the
    book (moves the encoder).
    """
    vectors = network.vectors(pictures)
    chosen = network.book[network.nearest(vectors)]
    painted = network.paint(straight_through(vectors, chosen))
    return (functional.mse_loss(painted, pictures), functional.mse_loss(chosen, vectors.detach()),
            functional.mse_loss(vectors, chosen.detach()))


def train_codes(network: PictureCodes, pictures: Tensor, *, steps: int, batch_size: int = 64,
                learning_rate: float = 4e-3, seed: int = 0, fill: bool = True) -> list[float]:
    """Train a VQ-VAE and return what painting missed at each step (mean square). Taught in lecture 10.

    The first third of the steps goes without the book; then `fill_book` starts it from what the encoder gives, which
    keeps codes from lying idle.

    Parameters
    ----------
    pictures : (N, 3, 24, 24) from 0 to 1.
    steps, batch_size : updates, and pictures in each.
    learning_rate : at the start; it falls to a fiftieth.
    seed : of the order of the pictures.
    fill : False leaves the book as it came and uses it from the first step on, for comparison.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=steps)
    losses, warm = [], steps // 3 if fill else 0
    for step, batch in enumerate(_batches(pictures, steps, batch_size, seed)):
        if fill and step == warm:
            network.fill_book(pictures[:400])
        if step < warm:
            vectors = network.vectors(batch)
            missed, book, bound = functional.mse_loss(network.paint(vectors), batch), 0.0, vectors.square().mean() / 250
        else:
            missed, book, bound = code_losses(network, batch)
        optimizer.zero_grad()
        (20 * missed + book + bound / 4).backward()
        optimizer.step()
        schedule.step()
        losses.append(missed.item())
    return losses


def _batches(pictures: Tensor, steps: int, size: int, seed: int) -> Iterator[Tensor]:
    order = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        yield pictures[torch.randint(len(pictures), (size,), generator=order)]
