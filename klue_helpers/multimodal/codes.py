"""VQ-VAE: a picture as a grid of codes from a learned codebook (taught in lecture 10)."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from klue_helpers.errors import KlueError
from klue_helpers.multimodal.world import SIDE

PAINT_WEIGHT = 20  # of what painting misses: pixels differ by little, and the codes would else outweigh the picture
COMMITMENT = 0.25  # weight of the third loss, which keeps vectors near their codes: beta in van den Oord et al. 2017
SHRINK = 250  # the weaker, the further apart lie the vectors that fill the codebook; too far and steps grow too long
FILL_PICTURES = 400  # pictures whose vectors fill the codebook: 6,400 vectors to choose a few hundred from


class PictureCodes(nn.Module):
    """Encoder, codebook and decoder for pictures of 24 × 24 pixels. Taught in lecture 10.

    Parameters
    ----------
    count : number of codes in the codebook.
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
        self.codebook = nn.Parameter(torch.randn(count, code_size))
        self.decoder = nn.Sequential(nn.Conv2d(code_size, size, 3, padding=1), nn.GELU(),
                                     nn.Conv2d(size, size, 1), nn.GELU(),
                                     nn.ConvTranspose2d(size, 3, patch, stride=patch))

    def vectors(self, pictures: Tensor) -> Tensor:
        """Return a vector for each patch: pictures (B, 3, 24, 24) to (B, places, code_size)."""
        features = self.encoder(1 - pictures)  # (B, code_size, grid, grid); white paper is 0
        return features.flatten(2).transpose(1, 2)  # (B, places, code_size)

    def paint(self, vectors: Tensor) -> Tensor:
        """Return the pictures that vectors stand for: (B, places, code_size) to (B, 3, 24, 24), about 0 to 1."""
        features = vectors.transpose(1, 2).unflatten(2, (self.grid, self.grid))  # (B, code_size, grid, grid)
        return 1 - self.decoder(features)  # (B, 3, 24, 24)

    def nearest(self, vectors: Tensor) -> Tensor:
        """Return the number of the code nearest to each vector: (B, places)."""
        codebook = self.codebook.expand(len(vectors), -1, -1)  # (B, codes, code_size)
        return torch.cdist(vectors, codebook).argmin(dim=-1)  # (B, places)

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        """Return the codes of pictures, wherever they lie: (B, 3, 24, 24) to (B, places) on the network's device."""
        return self.nearest(self.vectors(pictures.to(self.codebook.device)))

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Return the pictures of codes, cut to 0 to 1: (B, places) to (B, 3, 24, 24)."""
        return self.paint(self.codebook[codes]).clamp(0, 1)

    @torch.no_grad()
    def fill_codebook(self, pictures: Tensor) -> None:
        """Put vectors of these pictures into the codebook, each as far as can be from those chosen before."""
        vectors = self.vectors(pictures).flatten(0, 1)  # (B * places, code_size)
        self.codebook[0] = vectors[0]
        gaps = (vectors - vectors[0]).square().sum(dim=-1)  # (B * places,) to the nearest code so far
        for number in range(1, len(self.codebook)):
            self.codebook[number] = vectors[gaps.argmax()]
            gaps = torch.minimum(gaps, (vectors - self.codebook[number]).square().sum(dim=-1))


def straight_through(vectors: Tensor, chosen: Tensor) -> Tensor:
    """Return `chosen` whose gradient goes to `vectors` as if nothing had been chosen. Taught in lecture 10."""
    return vectors + (chosen - vectors).detach()


def code_losses(network: PictureCodes, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three parts of the VQ-VAE loss, each a mean of squares. Taught in lecture 10.

    Returns
    -------
    What painting misses, how far the codebook is from the vectors (moves the codebook), and how far the vectors are
    from the codebook (moves the encoder).

    Source: van den Oord et al. 2017 (arXiv 1711.00937), equation 3.
    """
    vectors = network.vectors(pictures)  # (B, places, code_size)
    chosen = network.codebook[network.nearest(vectors)]  # (B, places, code_size)
    painted = network.paint(straight_through(vectors, chosen))  # (B, 3, 24, 24)
    return (functional.mse_loss(painted, pictures), functional.mse_loss(chosen, vectors.detach()),
            functional.mse_loss(vectors, chosen.detach()))


def train_codes(network: PictureCodes, pictures: Tensor, *, steps: int, batch_size: int = 64,
                learning_rate: float = 4e-3, seed: int = 0, fill: bool = True) -> list[float]:
    """Train a VQ-VAE and return what painting missed at each step (mean square). Taught in lecture 10.

    The first third of the steps goes without the codebook; then `fill_codebook` starts it from what the encoder gives,
    which keeps codes from lying idle.

    Parameters
    ----------
    pictures : (N, 3, 24, 24) from 0 to 1; they are moved to the network's device.
    steps, batch_size : updates, and pictures in each.
    learning_rate : at the start; it falls to a fiftieth.
    seed : of the order of the pictures.
    fill : False leaves the codebook as it came and uses it from the first step on, for comparison.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=steps)
    pictures = pictures.to(network.codebook.device)
    losses, warm = [], steps // 3 if fill else 0
    for step, batch in enumerate(_batches(pictures, steps, batch_size, seed)):  # (B, 3, 24, 24)
        if fill and step == warm:
            network.fill_codebook(pictures[:FILL_PICTURES])
        missed, moved, bound = (_warm_losses if step < warm else code_losses)(network, batch)
        optimizer.zero_grad()
        (PAINT_WEIGHT * missed + moved + COMMITMENT * bound).backward()
        optimizer.step()
        schedule.step()
        losses.append(missed.detach())
    return torch.stack(losses).tolist() if losses else []  # once at the end: each number makes a GPU wait


def _warm_losses(network: PictureCodes, batch: Tensor) -> tuple[Tensor, float, Tensor]:
    """Return the losses without the codebook: what painting misses, nothing, and a weak pull of the vectors to 0."""
    vectors = network.vectors(batch)  # (B, places, code_size)
    return functional.mse_loss(network.paint(vectors), batch), 0.0, vectors.square().mean() / SHRINK


def _batches(pictures: Tensor, steps: int, size: int, seed: int) -> Iterator[Tensor]:
    draw = torch.Generator().manual_seed(seed)  # on the CPU: the same order on every device
    for _ in range(steps):
        yield pictures[torch.randint(len(pictures), (size,), generator=draw)]
