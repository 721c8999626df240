"""Heads that transformers lacks: entity roles, compared texts, a biaffine parser, slot values (lectures 5, 6, 9)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import ModelOutput, SequenceClassifierOutput

from klue_helpers.tasks.base import IGNORED


class EntityEmbedding(nn.Module):
    """A classifier that gets a vector added to the embeddings of the subject's and the object's tokens.

    A token of both, where one entity lies in the other, gets both vectors. Taught in lecture 5.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.entity = nn.Embedding(3, model.get_input_embeddings().embedding_dim, padding_idx=0)
        nn.init.normal_(self.entity.weight[1:], std=model.config.initializer_range)

    @property
    def config(self) -> Any:
        """The configuration of the classifier."""
        return self.model.config

    def forward(self, input_ids: torch.Tensor, *, entity_ids: torch.Tensor, attention_mask: torch.Tensor,
                labels: torch.Tensor | None = None) -> ModelOutput:
        """Return the classifier's output; `entity_ids` of shape (B, T): 1 subject, 2 object, 3 both, else 0 or less."""
        roles = entity_ids.clamp(min=0)  # (B, T), 0 for padding
        # The two bits of a role are the rows of the table; row 0 is a vector of zeros.
        entity = self.entity(roles & 1) + self.entity(roles & 2)  # (B, T, d)
        embedded = self.model.get_input_embeddings()(input_ids) + entity  # (B, T, d)
        return self.model(inputs_embeds=embedded, attention_mask=attention_mask, labels=labels)


class BiEncoder(nn.Module):
    """The cosine of two texts' mean vectors as a score, learnt with the squared error (Reimers and Gurevych 2019).

    Taught in lecture 6.

    Parameters
    ----------
    top : the score of a cosine of 1.
    padding : number of the padding token.
    """

    def __init__(self, encoder: nn.Module, *, top: float, padding: int) -> None:
        super().__init__()
        self.encoder, self.top, self.padding = encoder, top, padding

    @property
    def config(self) -> Any:
        """The configuration of the encoder."""
        return self.encoder.config

    def forward(self, input_ids: torch.Tensor, *, attention_mask: torch.Tensor, second_ids: torch.Tensor,
                labels: torch.Tensor | None = None) -> SequenceClassifierOutput:
        """Return scores of shape (B, 1), and the loss where the right ones, (B,), are given.

        `input_ids` of shape (B, T) holds the first texts, `second_ids` of (B, U) the second ones, negative as padding.
        """
        left = self.pooled(input_ids, attention_mask)  # (B, d)
        right = self.pooled(second_ids.where(second_ids >= 0, self.padding), (second_ids >= 0).long())
        cosine = nn.functional.cosine_similarity(left, right)  # (B,)
        loss = None if labels is None else nn.functional.mse_loss(cosine, labels / self.top)
        return SequenceClassifierOutput(loss, self.top * cosine[:, None])

    def pooled(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the mean of the last states of each text, shapes (B, T) to (B, d)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()  # (B, T, d)
        return (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


@dataclass
class Parsed(ModelOutput):
    """What `BiaffineParser` returns: the loss, or None without the right trees; heads and types of shape (B, N)."""

    loss: torch.Tensor | None = None
    heads: torch.Tensor | None = None
    types: torch.Tensor | None = None


class BiaffineParser(nn.Module):
    """Heads and dependency labels of words, scored by pairs (Dozat and Manning 2017). Taught in lecture 5.

    A word is the vectors of its first and its last token. In KLUE's Korean trees a head stands to the right of its
    word, and the last word is the root: with only such arcs allowed, the best arc of every word makes a tree with one
    root.

    Parameters
    ----------
    labels : number of dependency labels.
    size : of the vectors that are compared.
    """

    def __init__(self, encoder: nn.Module, *, labels: int, size: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        self.encoder = encoder
        width = 2 * encoder.config.hidden_size
        self.root = nn.Parameter(torch.zeros(width))
        self.as_head, self.as_word, self.as_labelled_head, self.as_labelled_word = (
            nn.Sequential(nn.Dropout(dropout), nn.Linear(width, size), nn.GELU(), nn.Dropout(dropout))
            for _ in range(4))
        self.arc = nn.Parameter(torch.zeros(size + 1, size))
        self.label = nn.Parameter(torch.zeros(labels, size + 1, size + 1))
        for weight in (self.arc, self.label):
            nn.init.normal_(weight, std=size**-0.5)

    @property
    def config(self) -> Any:
        """The configuration of the encoder."""
        return self.encoder.config

    def forward(self, *, first: torch.Tensor, last: torch.Tensor, heads: torch.Tensor | None = None,
                types: torch.Tensor | None = None, **inputs: torch.Tensor) -> Parsed:
        """Return heads and types of shape (B, N), and the loss where the right ones are given.

        Parameters
        ----------
        first, last : (B, N) places of each word's first and last token; negative where there is no word.
        heads, types : (B, N) numbers of heads, from 1, and of labels; negative where unknown. 0 is the root.
        """
        hidden = self.encoder(**inputs).last_hidden_state  # (B, T, d)
        words = torch.cat([_gather(hidden, first), _gather(hidden, last)], dim=-1)  # (B, N, 2d)
        nodes = torch.cat([self.root.expand(len(words), 1, -1), words], dim=1)  # (B, 1 + N, 2d)
        scores = self.arc_scores(words, nodes).masked_fill(~allowed(first >= 0), -1e4)  # (B, N, 1 + N)
        found = scores.argmax(dim=-1) if scores.shape[1] else first.long()
        loss = None
        if heads is not None:
            loss = _loss(scores, heads) + _loss(self.label_scores(words, nodes, heads), types)
        return Parsed(loss, found, self.label_scores(words, nodes, found).argmax(dim=-1))

    def arc_scores(self, words: torch.Tensor, nodes: torch.Tensor) -> torch.Tensor:
        """Return how well each node would do as the head of each word, shape (B, N, 1 + N)."""
        words, nodes = self.as_word(words), self.as_head(nodes)
        return (_with_one(words) @ self.arc @ nodes.transpose(1, 2)).float()

    def label_scores(self, words: torch.Tensor, nodes: torch.Tensor, heads: torch.Tensor) -> torch.Tensor:
        """Return the scores of the labels of each word's arc to the given head, shape (B, N, labels)."""
        nodes = _gather(self.as_labelled_head(nodes), heads)  # (B, N, size)
        words = self.as_labelled_word(words)
        return torch.einsum("bnx,lxy,bny->bnl", _with_one(words), self.label, _with_one(nodes)).float()


def allowed(is_word: torch.Tensor) -> torch.Tensor:
    """Return which arcs a Korean tree may have: to a word on the right; from the last word to the root.

    Taught in lecture 5.

    Parameters
    ----------
    is_word : (B, N) whether there is a word; words come first.

    Returns
    -------
    (B, N, 1 + N) truth values; column 0 is the root. A place without a word may have the root.

    Examples
    --------
    >>> allowed(torch.tensor([[True, True, False]])).int().tolist()
    [[[0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]]]
    """
    size = is_word.shape[1]
    places = torch.arange(1, size + 1, device=is_word.device)
    right = is_word[:, None, :] & (places[None, :] > places[:, None])  # (B, N, N)
    return torch.cat([~right.any(dim=-1, keepdim=True), right], dim=-1)


def _gather(vectors: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return the vectors at the places, shapes (B, T, d) and (B, N) to (B, N, d)."""
    return vectors.gather(1, places.long().clamp(min=0)[..., None].expand(-1, -1, vectors.shape[-1]))


def _with_one(vectors: torch.Tensor) -> torch.Tensor:
    """Add a 1 to every vector, for the bias of a bilinear form."""
    return torch.cat([vectors, torch.ones_like(vectors[..., :1])], dim=-1)


def _loss(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy over the places that are known; 0 where none is.

    `scores` may be log probabilities: their softmax is themselves.
    """
    known = right >= 0
    total = nn.functional.cross_entropy(scores[known], right[known], reduction="sum")
    return total / known.sum().clamp(min=1)


@dataclass
class Slots(ModelOutput):
    """What `StateGenerator` returns: the loss; gates of shape (B, S); tokens of shape (B, S, L), `IGNORED` behind."""

    loss: torch.Tensor | None = None
    gates: torch.Tensor | None = None
    tokens: torch.Tensor | None = None


class StateGenerator(nn.Module):
    """A gate for every slot and, where it says so, a value that is copied and generated token by token.

    After TRADE (Wu and others 2019), which KLUE's baseline follows. Taught in lecture 9.

    Parameters
    ----------
    slots : (S, e) a vector for each slot to begin with, such as the mean of its name's embeddings.
    gates : number of kinds of gate; the last one asks for a value.
    length : most tokens of a value.
    end : number of the token that ends a value.
    """

    def __init__(self, encoder: nn.Module, slots: torch.Tensor, *, gates: int, length: int, end: int) -> None:
        super().__init__()
        self.encoder, self.length, self.end, self.value_gate = encoder, length, end, gates - 1
        narrow, wide = slots.shape[1], encoder.config.hidden_size
        self.slots = nn.Parameter(slots.clone())
        self.query = nn.Linear(narrow, wide)
        self.gate = nn.Sequential(nn.Linear(2 * wide, wide), nn.GELU(), nn.Linear(wide, gates))
        self.first = nn.Linear(2 * wide, wide)
        self.step = nn.GRUCell(narrow, wide)
        self.word = nn.Linear(wide, narrow)
        self.generates = nn.Linear(2 * wide + narrow, 1)

    @property
    def config(self) -> Any:
        """The configuration of the encoder."""
        return self.encoder.config

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, *, gates: torch.Tensor | None = None,
                active: torch.Tensor | None = None, values: torch.Tensor | None = None,
                **inputs: torch.Tensor) -> Slots:
        """Return gates and values, or only the loss while training.

        Parameters
        ----------
        gates : (B, S) the right gates.
        active : (B, K) the slots that have a value, negative behind.
        values : (B, K * length) the tokens of these values, negative behind.
        """
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **inputs).last_hidden_state
        seen = attention_mask[:, None, :].bool()  # (B, 1, T)
        queries = self.query(self.slots).expand(len(hidden), -1, -1)  # (B, S, d)
        both = torch.cat([_attend(queries, hidden, seen)[0], queries], dim=-1)  # (B, S, 2d)
        scores, starts = self.gate(both).float(), torch.tanh(self.first(both))  # (B, S, gates), (B, S, d)
        loss = None
        if gates is not None:
            rows, places = (active >= 0).nonzero(as_tuple=True)
            right = values.view(len(values), -1, self.length)[rows, places].long()  # (M, length)
            told, _ = self._values(rows, active[rows, places].long(), starts, hidden, seen, input_ids, right)
            loss = _loss(scores, gates) + _loss(told, right)
        if self.training:
            return Slots(loss)
        found = scores.argmax(dim=-1)  # (B, S)
        tokens = torch.full((*found.shape, self.length), IGNORED, device=found.device)
        rows, slots = (found == self.value_gate).nonzero(as_tuple=True)
        tokens[rows, slots] = self._values(rows, slots, starts, hidden, seen, input_ids, None)[1]
        return Slots(loss, found, tokens)

    def _values(self, rows: torch.Tensor, slots: torch.Tensor, starts: torch.Tensor, hidden: torch.Tensor,
                seen: torch.Tensor, input_ids: torch.Tensor,
                right: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return log probabilities (M, length, V) and tokens (M, length) of the values of M slots.

        With the right values each token follows the right one before it; without them the likeliest, and there are
        no log probabilities.
        """
        table = self.encoder.get_input_embeddings().weight  # (V, e)
        state, given, ended = starts[rows, slots], self.slots[slots], torch.zeros_like(rows, dtype=torch.bool)
        told, tokens = [], []
        for at in range(self.length):
            state = self.step(given, state)  # (M, d)
            context, weights = _attend(state[:, None], hidden[rows], seen[rows])  # (M, 1, d), (M, 1, T)
            share = torch.sigmoid(self.generates(torch.cat([state, context[:, 0], given], dim=-1))).float()  # (M, 1)
            made = (self.word(state) @ table.T).float().softmax(dim=-1) * share  # (M, V)
            copied = (weights[:, 0] * (1 - share)).float()
            mixed = made.scatter_add(1, input_ids[rows], copied)
            best = mixed.argmax(dim=-1)
            told.append((mixed + 1e-9).log() if right is not None else best)
            tokens.append(best.masked_fill(ended, IGNORED))
            ended = ended | (best == self.end)
            given = table[best if right is None else right[:, at].clamp(min=0)]
        return torch.stack(told, dim=1), torch.stack(tokens, dim=1)


def _attend(queries: torch.Tensor, hidden: torch.Tensor, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mixture of hidden vectors that each query looks at, (B, Q, d), and its weights, (B, Q, T)."""
    scores = (queries @ hidden.transpose(1, 2)).float() / hidden.shape[-1] ** 0.5
    weights = scores.masked_fill(~seen, -1e4).softmax(dim=-1)
    return (weights.to(hidden.dtype) @ hidden), weights
