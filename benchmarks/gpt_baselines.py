"""What the mini GPT is held against on the same pieces: n-gram models, a GRU, and itself from other first weights."""

import csv
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import torch
from kneser_ney import KneserNey
from torch import nn

from klue_helpers.models import CausalLM
from klue_helpers.pretraining.gpt import GPT, GptLoss
from klue_helpers.pretraining.kinds import set_first_weights
from klue_helpers.pretraining.loop import Trainer, Workers
from klue_helpers.pretraining.settings import GptSettings
from klue_helpers.prompting import log_likelihoods

GRU_SIZE = 544  # with two layers as many parameters as the mini GPT
STARTS = {"none": ("normal", "normal"), "positions": ("sinusoidal", "normal"), "tokens": ("normal", "word2vec"),
          "both": ("sinusoidal", "word2vec")}  # of the positions, of the tokens


class GruLanguageModel(nn.Module):
    """Two GRU layers between a table of tokens and its transpose; called as `GptLoss` and `CausalLM` call a GPT-2."""

    device = torch.device("cpu")

    def __init__(self, tokens: torch.Tensor, size: int = GRU_SIZE) -> None:
        super().__init__()
        self.config = SimpleNamespace(vocab_size=len(tokens))  # what `prompting` sizes its batches by
        self.embedding = nn.Embedding.from_pretrained(tokens.clone(), freeze=False)
        self.gru = nn.GRU(tokens.shape[1], size, num_layers=2, batch_first=True)
        self.narrow = nn.Linear(size, tokens.shape[1])
        self.lm_head = nn.Linear(tokens.shape[1], tokens.shape[0], bias=False)
        self.lm_head.weight = self.embedding.weight

    def transformer(self, input_ids: torch.Tensor, **_: object) -> SimpleNamespace:
        """Return the states (rows, length, tokens' size); what stands after a row's end changes nothing before it."""
        states, _ = self.gru(self.embedding(input_ids))
        return SimpleNamespace(last_hidden_state=self.narrow(states))

    def forward(self, input_ids: torch.Tensor, **_: object) -> SimpleNamespace:
        """Return the logits (rows, length, vocabulary)."""
        return SimpleNamespace(logits=self.lm_head(self.transformer(input_ids).last_hidden_state))


def parameters(model: nn.Module) -> int:
    """Return the number of weights, shared ones once."""
    return sum(weight.numel() for weight in model.parameters())


def network_losses(lm: CausalLM, text) -> dict[str, dict[str, float]]:
    """Return nats and targets by register on all held-out documents."""
    losses = {}
    for register in text.held:
        scores = np.concatenate(log_likelihoods(lm, text.texts(register)))
        losses[register] = {"nats": float(-scores.sum()), "targets": len(scores)}
    return losses


def ngram_losses(text, pieces: np.ndarray, starts: np.ndarray, *, order: int) -> list[dict[str, dict[str, float]]]:
    """Return, for each length up to `order`, nats and targets by register, trained on documents laid end to end."""
    model = KneserNey(pieces, starts, vocab_size=len(text.tokenizer), order=order)
    rows = [{} for _ in range(order)]
    for register, corpus in text.examples.held_out.items():
        for row, scores in zip(rows, model.score(corpus.pieces, corpus.sentences), strict=True):
            row[register] = {"nats": float(-scores.sum()), "targets": len(scores)}
    return rows


def documents_read(text, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the training documents of which the mini GPT has read anything after some steps, each once; and starts."""
    plan = text.examples.start_epoch(0)
    if steps >= len(plan):
        return text.examples.pieces, text.starts
    places = text.examples.rows[np.concatenate(plan[:steps]), 0]
    read = np.unique(np.searchsorted(text.starts, places, side="right") - 1)
    lengths = np.diff(text.starts)[read]
    starts = np.cumsum([0, *lengths])
    return text.examples.pieces[np.arange(starts[-1]) + np.repeat(text.starts[read] - starts[:-1], lengths)], starts


def first_weights(text) -> dict[str, torch.Tensor]:
    """Return the positions and tokens that the mini GPT starts from, computed once and kept in the work folder."""
    path = text.work / "first_weights.pt"
    if not path.exists():
        donor = GPT.new_model(GptSettings(), text.tokenizer)
        set_first_weights(GPT, donor, GptSettings(), text.train)
        torch.save({"positions": donor.get_parameter(GPT.positions).detach(),
                    "tokens": donor.get_input_embeddings().weight.detach()}, path)
    return torch.load(path, weights_only=True)


def train(model: nn.Module, text, settings: GptSettings, name: str) -> list[dict[str, str]]:
    """Train with the package's own loop, going on where an earlier run stopped; return the rows of its log."""
    output = text.work / name
    output.mkdir(exist_ok=True)
    examples = GPT.examples(settings, text.tokenizer, text.train, text.held, text.weights)
    Trainer(GptLoss(model), examples, settings, output, Workers(0, 1, torch.device("cpu"))).run()
    with (output / "log.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def train_gru(text, settings: GptSettings) -> tuple[nn.Module, list[dict[str, str]]]:
    """Return a GRU trained on the mini GPT's batches, from its first token vectors."""
    torch.manual_seed(settings.seed)
    model = GruLanguageModel(first_weights(text)["tokens"])
    return model, train(model, text, settings, f"gru-{settings.steps}")


def unigram_losses(text, settings: GptSettings) -> dict[str, float]:
    """Return the loss of the pieces' frequencies by register, on the held-out texts that the training's log uses."""
    counts = np.bincount(text.examples.pieces, minlength=len(text.tokenizer)) + 1
    counts[text.tokenizer.bos_token_id] = 0  # a start is never predicted
    losses = -np.log(np.maximum(counts, 1) / counts.sum())
    targets = {register: [] for register in text.held}
    for register, batch in GPT.examples(settings, text.tokenizer, text.train, text.held, text.weights
                                        ).held_out_batches():
        targets[register].append(batch["labels"][batch["labels"] != -100].numpy())
    return {register: float(losses[np.concatenate(some)].mean()) for register, some in targets.items()}


@torch.no_grad()
def train_from(start: str, text, settings: GptSettings) -> list[dict[str, str]]:
    """Train a GPT from one of `STARTS`; return the rows of its log."""
    positions, tokens = STARTS[start]
    model, ready = GPT.new_model(settings, text.tokenizer), first_weights(text)
    if positions == "sinusoidal":
        model.get_parameter(GPT.positions).copy_(ready["positions"])
    if tokens == "word2vec":
        model.get_input_embeddings().weight.copy_(ready["tokens"])
    with torch.enable_grad():
        return train(model, text, replace(settings, position_start=positions, token_start=tokens), f"start-{start}")
