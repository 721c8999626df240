"""Scores of klue-mini-gpt for its model card, written into klue-mini-gpt.json section by section.

    python benchmarks/mini_gpt.py CORPUS --data-dir DATA --work SCRATCH [--model FOLDER] [TASK ...]

CORPUS is what `klue pretrain corpus` wrote. Tasks can be run one by one, in any order and again: a row takes the place
of the one for the same system and register. tokenizer, ngram, gru and ablation need the model's tokenizer only;
held_out, samples, memory and sentiment its weights.

held_out, ngram, gru: bits per character are the negative log-likelihood of the held-out documents, each with its end,
divided by the number of their characters: all of them, spaces and line breaks too, the ends not. The networks read a
document of more than 256 pieces in windows, so that every piece is given at least half a context; they were trained on
blocks of 256. All systems are scored on the same pieces.
"""

import argparse
import csv
import json
import math
import time
from functools import cached_property
from pathlib import Path

import numpy as np
import record
import torch
from gpt_baselines import (
    STARTS,
    documents_read,
    network_losses,
    ngram_losses,
    parameters,
    train_from,
    train_gru,
    unigram_losses,
)
from memorised import Windows
from record import wilson
from transformers import AutoTokenizer

from klue_helpers import runtime
from klue_helpers.data import load_data
from klue_helpers.generation import sample_texts
from klue_helpers.models import CausalLM, load_causal_lm, model_folder
from klue_helpers.pretraining.corpus import Corpus, document_sentences, hold_out, read_registers, to_corpus
from klue_helpers.pretraining.gpt import GPT
from klue_helpers.pretraining.settings import GptSettings
from klue_helpers.prompting import continuation_scores
from klue_helpers.text import has_slur

WEIGHTS = {"reviews": 1, "formal": 2, "spoken": 2}  # those the mini GPT was trained with
SEED = 42
ADDED = 48  # pieces that are added to a prompt at most
CARD_SAMPLING = {"max_new_tokens": ADDED, "temperature": 0.8, "top_p": 0.95, "allow_slurs": True}  # as they come
DRAWN = {"plain": {"max_new_tokens": ADDED, "allow_slurs": True}, "card": CARD_SAMPLING,
         "filtered": CARD_SAMPLING | {"allow_slurs": False}}
TEXTS = 1_000  # drawn in each way
GREEDY = {"reviews": 300, "formal": 100, "spoken": 100}  # training documents to go on with
PREFIX = 10  # pieces of them that are given
CONTINUATIONS = [(" 한마디로 최고다", " 한마디로 최악이다"), (" 정말 재미있다", " 정말 재미없다"),
                 (" 강력 추천합니다", " 절대 비추입니다"), (" 아주 좋았다", " 아주 별로였다"),
                 (" 시간 가는 줄 몰랐다", " 시간이 아깝다")]  # positive, negative; none was tried and left out
UNSEEN = "다음 영화 리뷰를 긍정 또는 부정으로 분류하세요.\n리뷰: {}\n분류:"
UNSEEN_ANSWERS = (" 긍정", " 부정")
SAME = ("system", "register")  # what makes a row of a section


class Text:
    """The corpus of a model: documents, their pieces (kept in the work folder) and the model's tokenizer."""

    def __init__(self, options) -> None:
        self.work, self.weights = options.work, WEIGHTS
        self.tokenizer = AutoTokenizer.from_pretrained(model_folder(options.model))
        self.corpus = options.corpus
        self.train, self.held = self._pieces("train"), self._pieces("held")

    @cached_property
    def documents(self) -> dict[str, dict[str, list[list[str]]]]:
        """Documents by register, those to train on and those held out."""
        return {name: dict(zip(("train", "held"), hold_out(documents), strict=True))
                for name, documents in read_registers(self.corpus).items()}

    @cached_property
    def examples(self):
        """All documents with their starts and ends, as the mini GPT's examples."""
        return GPT.examples(GptSettings(), self.tokenizer, self.train, self.held, WEIGHTS)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each training document starts among the pieces of `examples`; the last entry is their number."""
        return np.cumsum([0, *(length for corpus in self.examples.train.values()
                               for length in np.diff(corpus.sentences))])

    def texts(self, register: str, side: str = "held") -> list[str]:
        """Return the documents of one side, each as one string."""
        return [whole for document in self.documents[register][side] for whole in GPT.texts_of(document)]

    def _pieces(self, side: str) -> dict[str, Corpus]:
        path = self.work / f"{side}.npz"
        if not path.exists():
            corpora = {name: to_corpus(sides[side], self.tokenizer, texts_of=GPT.texts_of)
                       for name, sides in self.documents.items()}
            np.savez(path, **{f"{name}.{field}": values for name, corpus in corpora.items()
                              for field, values in vars(corpus).items()})
        kept = np.load(path)
        names = dict.fromkeys(key.partition(".")[0] for key in kept)  # the order decides over the batches
        return {name: Corpus(**{field: kept[f"{name}.{field}"] for field in Corpus.__dataclass_fields__})
                for name in names}


def report_held_out(options, text, system, losses, **more):
    """Add one row a register: bits a character and perplexity a piece."""
    for register, sums in losses.items():
        characters = sum(map(len, text.texts(register)))
        record.add(options.output, "held_out", {
            "system": system, "register": register, "documents": len(text.held[register]), "characters": characters,
            "targets": sums["targets"], "bits_per_character": round(sums["nats"] / math.log(2) / characters, 4),
            "perplexity": round(math.exp(sums["nats"] / sums["targets"]), 2), **more}, same=SAME)


def held_out(options, text):
    """Held-out scores of the mini GPT itself."""
    lm = load_causal_lm(options.model)
    report_held_out(options, text, options.name, network_losses(lm, text), parameters=parameters(lm.model))


def ngram(options, text):
    """Held-out scores of n-gram models of one to five pieces, and of five on what the mini GPT has read of the text."""
    began = time.process_time()
    models = ngram_losses(text, text.examples.pieces, text.starts, order=5)
    seconds = round(time.process_time() - began)  # for all five
    for length, losses in enumerate(models, start=1):
        report_held_out(options, text, f"kneser-ney-{length}", losses, pieces=len(text.examples.pieces),
                        seconds=seconds)
    steps = json.loads((model_folder(options.model) / "settings.json").read_text(encoding="utf-8"))["steps"]
    pieces, starts = documents_read(text, steps)
    report_held_out(options, text, "kneser-ney-5-read", ngram_losses(text, pieces, starts, order=5)[-1], steps=steps,
                    pieces=len(pieces))


def gru(options, text):
    """Held-out scores of a GRU of the mini GPT's size, and its log's on the 200 texts that the GPT's log uses."""
    model, log = train_gru(text, GptSettings(steps=options.gru_steps, precision="fp32"))
    facts = {"steps": options.gru_steps, "tokens": int(log[-1]["tokens"]), "parameters": parameters(model),
             "log": {row["split"]: float(row["loss"]) for row in log if row["split"] != "train"}}
    losses = network_losses(CausalLM(text.tokenizer, model.eval()), text)
    report_held_out(options, text, f"gru-{options.gru_steps}", losses, **facts)


def ablation(options, text):
    """Held-out loss after a short training from four kinds of first weights, and that of the pieces' frequencies."""
    settings = GptSettings(steps=options.ablation_steps, batch_tokens=1024, precision="fp32")

    def report(system, register, loss, **more):
        record.add(options.output, "ablation", {"system": system, "register": register, "loss": round(loss, 4), **more},
                   same=SAME)

    for register, loss in unigram_losses(text, settings).items():
        report("unigram", register, loss)
    for start in options.starts:
        for row in train_from(start, text, settings):
            if row["split"] != "train":
                report(start, row["split"], float(row["loss"]), steps=settings.steps, tokens=int(row["tokens"]))


def tokenizer(options, text):
    """Pieces a word, characters a piece, unknown pieces and texts that come back unchanged, on held-out documents."""
    for register in text.held:
        texts, pieces = text.texts(register), text.held[register].pieces
        decoded = [text.tokenizer.decode(text.tokenizer(one, verbose=False).input_ids) for one in texts]
        record.add(options.output, "tokenizer", {
            "system": "bpe", "register": register, "texts": len(texts),
            "fertility": round(len(pieces) / sum(len(one.split()) for one in texts), 3),
            "characters_a_piece": round(sum(map(len, texts)) / len(pieces), 3),
            "unknown": round(float((pieces == text.tokenizer.unk_token_id).mean()), 6),
            "unchanged": sum(one == back for one, back in zip(texts, decoded, strict=True))}, same=SAME)


def samples(options, text):
    """Texts for the card, none chosen: 20 reviews from the start alone, one text a prompt of prompts.tsv.

    Every prompt has a seed of its own: from the same random numbers texts would end alike.
    """
    lm = load_causal_lm(options.model)
    with (Path(__file__).parent / "prompts.tsv").open(encoding="utf-8") as file:
        prompts = [(row["register"], row["prompt"]) for row in csv.DictReader(file, delimiter="\t")]
    drawn = [("reviews", "", one) for one in sample_texts(lm, count=20, seed=SEED, **CARD_SAMPLING)]
    drawn += [(register, prompt, *sample_texts(lm, prompt, seed=SEED + number, **CARD_SAMPLING))
              for number, (register, prompt) in enumerate(prompts, start=1)]
    record.write(options.output, "samples", {"settings": {**CARD_SAMPLING, "seed": SEED}, "texts": [
        dict(zip(("register", "prompt", "text"), row, strict=True)) for row in drawn]})


def memory(options, text):
    """Slurs, repetitions and stretches of 30 characters of the training text, in 1,000 drawn texts and 500 greedy ones.

    The drawn texts begin with the start alone; the greedy ones with ten pieces of a training document, which do not
    count: only what the model adds is looked up.
    """
    lm = load_causal_lm(options.model)
    lines = [line for sides in text.documents.values() for document in sides["train"] for line in document]
    windows, known = Windows(lines), set(lines)
    for name, how in DRAWN.items():
        drawn = sample_texts(lm, count=TEXTS, seed=SEED, **how)
        sentences = [one for whole in drawn for one in document_sentences(whole.splitlines())]
        record.add(options.output, "drawn", {
            "system": name, "texts": len(drawn), "characters": sum(map(len, drawn)), "sentences": len(sentences),
            "slurs": sum(map(has_slur, drawn)), "repeated": len(drawn) - len(set(drawn)),
            "training_lines": sum(one in known for one in drawn), **_memorised(windows, drawn)}, same=("system",))
    for register, number in GREEDY.items():
        added, documents = continued(lm, text, register, number)
        own = sum(bool(stretch := windows.longest(one)) and stretch in document
                  for one, document in zip(added, documents, strict=True))
        record.add(options.output, "greedy", {
            "register": register, "texts": number, "characters": sum(map(len, added)), "own_document": own,
            **_memorised(windows, added)}, same=("register",))


def _memorised(windows, texts):
    found = [len(stretch) for one in texts if (stretch := windows.longest(one))]
    return {"memorised": len(found), "interval": wilson(len(found) / len(texts), len(texts)),
            "longest": max(found, default=0)}


@torch.inference_mode()
def continued(lm, text, register, number):
    """Return what the model adds to ten pieces of random training documents, always the likeliest, and these."""
    corpus = text.train[register]
    long_enough = np.flatnonzero(np.diff(corpus.sentences) > PREFIX)
    chosen = np.sort(np.random.default_rng(0).choice(long_enough, number, replace=False))
    places = corpus.sentences[chosen][:, None] + np.arange(PREFIX)
    rows = torch.from_numpy(corpus.pieces[places].astype(np.int64))
    rows = torch.cat([torch.full((number, 1), lm.tokenizer.bos_token_id), rows], dim=1)
    texts = []
    for part in rows.split(100):
        ids = lm.model.generate(part, attention_mask=torch.ones_like(part), do_sample=False, max_new_tokens=ADDED,
                                eos_token_id=lm.tokenizer.eos_token_id, pad_token_id=lm.tokenizer.pad_token_id)
        texts += lm.tokenizer.batch_decode(ids[:, part.shape[1]:], skip_special_tokens=True)
    documents = text.texts(register, "train")
    return texts, [documents[number] for number in chosen]


def sentiment(options, text):
    """Zero-shot accuracy on published test reviews: which of two continuations does the model hold for likelier?

    The plain answer is the sign of the summed differences of log-probabilities; the calibrated one compares them with
    their median on training reviews, whose labels are not looked at (half of them are positive).
    """
    lm = load_causal_lm(options.model)
    data = load_data("nsmc", "local", data_dir=options.data_dir)
    random = {split: np.random.default_rng(0).permutation(len(data[split])) for split in data}
    test, train = data["test"].select(random["test"][:2_000]), data["train"].select(random["train"][:1_000])
    systems = {"natural": ("{}", CONTINUATIONS), "prompt": (UNSEEN, [UNSEEN_ANSWERS])}
    for system, (form, pairs) in systems.items():
        answers = [one for pair in pairs for one in pair]
        test_scores, train_scores = (continuation_scores(lm, [form.format(one) for one in rows["document"]], answers)
                                     for rows in (test, train))
        differences = [scores[:, ::2] - scores[:, 1::2] for scores in (test_scores, train_scores)]
        _report_sentiment(options, system, *(some.sum(1) for some in differences), np.array(test["label"]))
        for number, pair in enumerate(pairs if len(pairs) > 1 else ()):
            _report_sentiment(options, "/".join(pair), *(some[:, number] for some in differences),
                              np.array(test["label"]))


def _report_sentiment(options, system, test, train, labels):
    for name, threshold in (("plain", 0.0), ("calibrated", float(np.median(train)))):
        accuracy = float(((test > threshold) == labels).mean())
        record.add(options.output, "sentiment", {
            "system": system, "threshold": name, "at": round(threshold, 3), "texts": len(labels),
            "positive": round(float((test > threshold).mean()), 4), "accuracy": round(accuracy, 4),
            "interval": wilson(accuracy, len(labels))}, same=("system", "threshold"))


TASKS = {"tokenizer": tokenizer, "ngram": ngram, "gru": gru, "ablation": ablation, "held_out": held_out,
         "samples": samples, "memory": memory, "sentiment": sentiment}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), metavar="task", help=", ".join(TASKS))
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--model", default="klue-mini-gpt", help="name or folder")
    parser.add_argument("--name", default="klue-mini-gpt", help="what the rows call it")
    parser.add_argument("--work", type=Path, required=True, help="folder for pieces, checkpoints and logs")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("klue-mini-gpt.json"))
    parser.add_argument("--gru-steps", type=int, default=1_000)
    parser.add_argument("--ablation-steps", type=int, default=300)
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=list(STARTS))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    runtime.silence()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    text = Text(options)
    for task in options.tasks:
        TASKS[task](options, text)


if __name__ == "__main__":
    main()
