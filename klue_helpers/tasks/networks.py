"""Heads that transformers lacks: entity roles, compared texts, a biaffine parser, slot values (lectures 5, 6, 9)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers.modeling_outputs import ModelOutput, SequenceClassifierOutput

from klue_helpers.tasks.base import IGNORED

FORBIDDEN = -1e4  # a score that no softmax sees; -inf would make NaN of a row in which everything is forbidden
TINY = 1e-9  # keeps the logarithm of a probability of 0, of a token that is neither made nor copied, finite


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
        is_token = second_ids >= 0  # (B, U)
        right = self.pooled(second_ids.where(is_token, self.padding), is_token.long())  # (B, d)
        cosine = nn.functional.cosine_similarity(left, right)  # (B,)
        loss = None if labels is None else nn.functional.mse_loss(cosine, labels / self.top)  # both within ±1
        return SequenceClassifierOutput(loss, self.top * cosine[:, None])

    def pooled(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the mean of the last states of each text, shapes (B, T) to (B, d)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()  # (B, T, d)
        totals = (states * mask[..., None]).sum(dim=1)  # (B, d), without padding
        return totals / mask.sum(dim=1, keepdim=True)  # (B, d)


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
    root. The names are the article's: a word is seen as a dependent (dep) and as a head, for the arc and for its label.

    Parameters
    ----------
    labels : number of dependency labels.
    size : of the vectors that are compared; the article has 500 for arcs and 100 for labels of a larger treebank.
    """

    def __init__(self, encoder: nn.Module, *, labels: int, size: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        self.encoder = encoder
        width = 2 * encoder.config.hidden_size
        self.root = nn.Parameter(torch.zeros(width))  # stands before the words as the head of the last one
        self.arc_head, self.arc_dep, self.label_head, self.label_dep = (
            nn.Sequential(nn.Dropout(dropout), nn.Linear(width, size), nn.GELU(), nn.Dropout(dropout))
            for _ in range(4))
        self.arc_weight = nn.Parameter(torch.zeros(size + 1, size))  # its last row is the heads' own score
        self.label_weight = nn.Parameter(torch.zeros(labels, size + 1, size + 1))
        for weight in (self.arc_weight, self.label_weight):
            nn.init.normal_(weight, std=size**-0.5)  # keeps the variance of a product of `size` terms

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
        scores = self.arc_scores(words, nodes).masked_fill(~allowed(first >= 0), FORBIDDEN)  # (B, N, 1 + N)
        found = scores.argmax(dim=-1) if scores.shape[1] else first.long()  # (B, N); a batch may have no words
        loss = None
        if heads is not None:
            loss = _loss(scores, heads) + _loss(self.label_scores(words, nodes, heads), types)
        return Parsed(loss, found, self.label_scores(words, nodes, found).argmax(dim=-1))

    def arc_scores(self, words: torch.Tensor, nodes: torch.Tensor) -> torch.Tensor:
        """Return how well each node would do as the head of each word, shape (B, N, 1 + N)."""
        deps, heads = self.arc_dep(words), self.arc_head(nodes)  # (B, N, size), (B, 1 + N, size)
        weighted = _with_one(deps) @ self.arc_weight  # (B, N, size)
        return (weighted @ heads.transpose(1, 2)).float()  # (B, N, 1 + N)

    def label_scores(self, words: torch.Tensor, nodes: torch.Tensor, heads: torch.Tensor) -> torch.Tensor:
        """Return the scores of the labels of each word's arc to the given head, shape (B, N, labels)."""
        of_heads = _gather(self.label_head(nodes), heads)  # (B, N, size)
        deps = self.label_dep(words)  # (B, N, size)
        scores = torch.einsum("bnx,lxy,bny->bnl", _with_one(deps), self.label_weight, _with_one(of_heads))
        return scores.float()  # (B, N, labels)


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
    places = torch.arange(1, size + 1, device=is_word.device)  # (N,)
    right = is_word[:, None, :] & (places[None, :] > places[:, None])  # (B, N, N)
    is_last = ~right.any(dim=-1, keepdim=True)  # (B, N, 1)
    return torch.cat([is_last, right], dim=-1)  # (B, N, 1 + N)


def _gather(vectors: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return the vectors at the places, shapes (B, T, d) and (B, N) to (B, N, d)."""
    index = places.long().clamp(min=0)[..., None]  # (B, N, 1)
    return vectors.gather(1, index.expand(-1, -1, vectors.shape[-1]))  # (B, N, d)


def _with_one(vectors: torch.Tensor) -> torch.Tensor:
    """Add a 1 to every vector, for the bias of a bilinear form."""
    return torch.cat([vectors, torch.ones_like(vectors[..., :1])], dim=-1)


def _loss(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy over the places that are known; 0 where none is.

    `scores` may be log probabilities: their softmax is themselves.
    """
    known = right >= 0  # (B, N)
    total = nn.functional.cross_entropy(scores[known], right[known], reduction="sum")
    return total / known.sum().clamp(min=1)


@dataclass
class Slots(ModelOutput):
    """What `StateGenerator` returns: the loss; gates of shape (B, S); tokens of shape (B, S, L), `IGNORED` behind."""

    loss: torch.Tensor | None = None
    gates: torch.Tensor | None = None
    tokens: torch.Tensor | None = None


class ReadText(NamedTuple):
    """What the encoder made of texts: states (B, T, d), which of them are tokens (B, 1, T), and the tokens (B, T)."""

    states: torch.Tensor
    is_token: torch.Tensor
    ids: torch.Tensor


class StateGenerator(nn.Module):
    """A gate for every slot and, where it says so, a value that is copied and generated token by token.

    After TRADE (Wu and others 2019), which KLUE's baseline follows, with the pointer-generator of See and others
    (2017), whose names the code has: p_gen, p_vocab and the attention that copies. Taught in lecture 9.

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
        narrow, wide = slots.shape[1], encoder.config.hidden_size  # e, that of the embeddings, and d
        self.slots = nn.Parameter(slots.clone())
        self.query = nn.Linear(narrow, wide)
        self.gate = nn.Sequential(nn.Linear(2 * wide, wide), nn.GELU(), nn.Linear(wide, gates))
        self.first_state = nn.Linear(2 * wide, wide)
        self.decoder = nn.GRUCell(narrow, wide)
        self.to_embedding = nn.Linear(wide, narrow)
        self.p_gen = nn.Linear(2 * wide + narrow, 1)

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
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **inputs).last_hidden_state
        text = ReadText(states, attention_mask[:, None, :].bool(), input_ids)  # (B, T, d), (B, 1, T), (B, T)
        queries = self.query(self.slots).expand(len(states), -1, -1)  # (B, S, d)
        both = torch.cat([_attend(queries, states, text.is_token)[0], queries], dim=-1)  # (B, S, 2d)
        scores, starts = self.gate(both).float(), torch.tanh(self.first_state(both))  # (B, S, gates), (B, S, d)
        loss = None
        if gates is not None:
            loss = _loss(scores, gates) + self._value_loss(starts, text, active, values)
        if self.training:
            return Slots(loss)
        found = scores.argmax(dim=-1)  # (B, S)
        tokens = torch.full((*found.shape, self.length), IGNORED, device=found.device)  # (B, S, length)
        rows, slots = (found == self.value_gate).nonzero(as_tuple=True)  # (M,) each
        tokens[rows, slots] = self.write(rows, slots, starts, text)[1]
        return Slots(loss, found, tokens)

    def _value_loss(self, starts: torch.Tensor, text: ReadText, active: torch.Tensor,
                    values: torch.Tensor) -> torch.Tensor:
        rows, places = (active >= 0).nonzero(as_tuple=True)  # (M,) each
        right = values.view(len(values), -1, self.length)[rows, places].long()  # (M, length)
        log_probs, _ = self.write(rows, active[rows, places].long(), starts, text, right)
        return _loss(log_probs, right)

    def write(self, rows: torch.Tensor, slots: torch.Tensor, starts: torch.Tensor, text: ReadText,
              right: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return log probabilities, (M, length, V), and tokens, (M, length), of the values of M slots.

        With the right values each token follows the right one before it (teacher forcing); without them the likeliest,
        and in place of log probabilities there are the tokens as they came.

        Parameters
        ----------
        rows, slots : (M,) whose row of the batch and which slot a value belongs to.
        starts : (B, S, d) the decoder's first states.
        right : (M, length) the right tokens, negative behind.
        """
        table = self.encoder.get_input_embeddings().weight  # (V, e)
        state, step_input = starts[rows, slots], self.slots[slots]  # (M, d), (M, e)
        texts = ReadText(*(part[rows] for part in text))  # one for each of the M values
        ended = torch.zeros_like(rows, dtype=torch.bool)  # (M,)
        outputs, tokens = [], []
        for position in range(self.length):
            state = self.decoder(step_input, state)  # (M, d)
            probs = self.token_probabilities(state, step_input, table, texts)  # (M, V)
            best = probs.argmax(dim=-1)  # (M,)
            outputs.append((probs + TINY).log() if right is not None else best)
            tokens.append(best.masked_fill(ended, IGNORED))
            ended = ended | (best == self.end)
            step_input = table[best if right is None else right[:, position].clamp(min=0)]  # (M, e)
        return torch.stack(outputs, dim=1), torch.stack(tokens, dim=1)

    def token_probabilities(self, state: torch.Tensor, step_input: torch.Tensor, table: torch.Tensor,
                            text: ReadText) -> torch.Tensor:
        """Return the probabilities of the next token: p_gen of it made from the vocabulary, the rest copied.

        Shapes (M, d), (M, e), (V, e) and M texts to (M, V). A token that stands in the text has a share of both.
        """
        context, attention = _attend(state[:, None], text.states, text.is_token)  # (M, 1, d), (M, 1, T)
        p_gen = torch.sigmoid(self.p_gen(torch.cat([state, context[:, 0], step_input], dim=-1))).float()  # (M, 1)
        p_vocab = (self.to_embedding(state) @ table.T).float().softmax(dim=-1)  # (M, V)
        copied = (1 - p_gen) * attention[:, 0]  # (M, T)
        return (p_gen * p_vocab).scatter_add(1, text.ids, copied.float())  # (M, V)


def _attend(queries: torch.Tensor, states: torch.Tensor, is_token: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mixture of states that each query looks at, (B, Q, d), and its weights, (B, Q, T)."""
    scores = (queries @ states.transpose(1, 2)).float() / states.shape[-1] ** 0.5  # (B, Q, T)
    weights = scores.masked_fill(~is_token, FORBIDDEN).softmax(dim=-1)  # (B, Q, T)
    return weights.to(states.dtype) @ states, weights
