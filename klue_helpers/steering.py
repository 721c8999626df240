"""A language model pulled towards a topic while it writes, its weights untouched: PPLM (taught in lecture 10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from klue_helpers.errors import KlueError
from klue_helpers.generation import start_pieces

if TYPE_CHECKING:
    from torch import Tensor

    from klue_helpers.models import CausalLM

States = list[tuple["Tensor", "Tensor"]]  # keys and values of every layer, (B, heads, T, size of a head) each


@dataclass(frozen=True)
class SteeringStrength:
    """How strongly a text is pulled towards its topic. Taught in lecture 10.

    Attributes
    ----------
    step : length of a step along the gradient; 0 leaves the model alone.
    steps : steps for every piece that is written.
    stay : weight of the divergence from the model's own distribution (lambda KL in the article).
    fusion : share of the pulled distribution in the geometric mean with the model's own (gamma gm in the article).
    """

    step: float = 0.5
    steps: int = 3
    stay: float = 0.01
    fusion: float = 0.9


def topic_pieces(lm: "CausalLM", words: Sequence[str]) -> list[int]:
    """Return the numbers of the words that are a single piece inside a sentence. Taught in lecture 10.

    Raises
    ------
    KlueError : no word is a single piece.
    """
    before = lm.tokenizer("말")["input_ids"]
    rows = [lm.tokenizer(f"말 {word}")["input_ids"][len(before):] for word in words]
    pieces = sorted({row[0] for row in rows if len(row) == 1})
    if not pieces:
        raise KlueError(f"주제의 말이 모두 여러 조각으로 나뉩니다: {', '.join(words)}. 더 흔한 말을 넣으세요.")
    return pieces


def steered_rows(lm: "CausalLM", prompt: str, pieces: Sequence[int], *, count: int = 5, length: int = 30,
                 strength: SteeringStrength | None = None, top_k: int = 10, seed: int = 42) -> "Tensor":
    """Return texts that were drawn piece by piece from the pulled distribution. Taught in lecture 10.

    Parameters
    ----------
    lm : a model whose cache holds plain keys and values, as GPT-2's.
    prompt : how the texts begin.
    pieces : numbers of the topic's pieces, from `topic_pieces`.
    count : number of texts; they are drawn side by side and don't see each other.
    length : pieces that are added to each.
    strength : how strongly; by default `SteeringStrength()`.
    top_k : the most probable pieces among which is drawn.
    seed : the same seed gives the same texts; what is drawn is drawn on the CPU, whatever the model's device.

    Returns
    -------
    (count, 1 + prompt + length) numbers of pieces, ``<s>`` first.

    Raises
    ------
    KlueError : a prompt that leaves too little of the context.

    Source: Dathathri et al. 2020 (arXiv 1912.02164), with a topic's words as its attribute model.
    """
    import torch

    rows = torch.tensor([start_pieces(lm, prompt, length)] * count, device=lm.model.device)  # (B, T)
    end = [] if lm.tokenizer.eos_token_id is None else [lm.tokenizer.eos_token_id]
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        states = states_of(lm.model(rows[:, :-1]).past_key_values)
    for _ in range(length):
        scores, states = steered_scores(lm, states, rows[:, -1:], pieces, strength or SteeringStrength())  # (B, V)
        scores[:, end] = float("-inf")  # all texts are equally long
        best = scores.topk(top_k)  # (B, k)
        chosen = torch.multinomial(best.values.softmax(-1).cpu(), 1, generator=draw).to(rows.device)  # (B, 1)
        rows = torch.cat([rows, best.indices.gather(1, chosen)], dim=1)  # (B, T + 1)
    return rows


def steered_scores(lm: "CausalLM", states: States, last: "Tensor", pieces: Sequence[int],
                   strength: SteeringStrength) -> tuple["Tensor", States]:
    """Return the scores of the next piece, and keys and values with the last piece, not pulled.

    Taught in lecture 10.

    Parameters
    ----------
    states : of all pieces but the last.
    last : (B, 1) numbers of the last pieces.

    Returns
    -------
    (B, V) logarithms, not normalised, and the states.
    """
    import torch

    with torch.no_grad():
        own, grown = next_scores(lm, states, last)  # (B, V)
    shifts = [torch.zeros_like(part) for pair in states for part in pair]  # (B, heads, T, size of a head) each
    for _ in range(strength.steps if strength.step else 0):
        shifts = [shift.requires_grad_() for shift in shifts]
        scores, _ = next_scores(lm, shift_states(states, shifts), last)  # (B, V)
        topic = -scores[:, list(pieces)].logsumexp(-1)  # (B,)
        away = (scores.exp() * (scores - own)).sum(-1)  # (B,) divergence from the model's own distribution
        gradients = torch.autograd.grad((topic + strength.stay * away).sum(), shifts)
        shifts = [(shift - strength.step * _unit(gradient)).detach()
                  for shift, gradient in zip(shifts, gradients, strict=True)]
    with torch.no_grad():
        scores, _ = next_scores(lm, shift_states(states, shifts), last)  # (B, V)
        return strength.fusion * scores + (1 - strength.fusion) * own, grown


def _unit(gradient: "Tensor") -> "Tensor":
    """Return each text's part of a gradient with length 1: (B, heads, T, size of a head)."""
    length = gradient.flatten(1).norm(dim=1)  # (B,)
    return gradient / length[:, None, None, None].clamp(min=1e-12)  # no length, no step


def next_scores(lm: "CausalLM", states: States, last: "Tensor") -> tuple["Tensor", States]:
    """Return the log-probabilities of the next piece, (B, V), and keys and values that hold the last piece too.

    Taught in lecture 10.
    """
    from transformers import DynamicCache

    found = lm.model(last, past_key_values=DynamicCache(states))  # a cache of our own: the pass writes into it
    return found.logits[:, -1].float().log_softmax(-1), states_of(found.past_key_values)


def states_of(cache: "Sequence") -> States:
    """Return keys and values of a cache's layers."""
    return [(layer.keys, layer.values) for layer in cache.layers]


def shift_states(states: States, shifts: Sequence["Tensor"]) -> States:
    """Return keys and values with a shift added to each: keys' and values' in turn, layer by layer."""
    pairs = zip(shifts[0::2], shifts[1::2], strict=True)
    return [(key + first, value + second) for (key, value), (first, second) in zip(states, pairs, strict=True)]
