"""Scores of klue-mini-bert for its model card: fine-tuning against random weights and TF-IDF, on published data.

    python benchmarks/mini_bert.py --data-dir DATA [--model FOLDER] [--systems mini random tfidf] [nsmc pairs sts]

nsmc: accuracy after training on 1,000, 10,000 and all 150,000 published training reviews; a fixed random 10,000 of the
published test reviews for the first two, all 50,000 for the last. What every test review was taken for is kept in an
.npz beside the output, and the mini BERT is compared with the others on the same reviews.
pairs: accuracy on question pairs of the published training file that pre-training never saw (`pair_test_rows`).
sts: Spearman on KorSTS's validation split of the cosine of mean-pooled sentence vectors, before (train 0) and after
training it with the regression objective of Sentence-BERT (Reimers & Gurevych 2019): MSE of cosine and score / 5.

The mini BERT and its random start are fine-tuned alike. The recipe was found on held-out training reviews; nothing is
chosen on the rows that are reported.
"""

import argparse
import time
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import record
import torch
from record import wilson
from scipy.stats import binomtest, spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import cosine_similarity, cross_entropy, mse_loss
from torch.nn.utils.rnn import pad_sequence

from klue_helpers.data import load_data
from klue_helpers.models import load_encoder
from klue_helpers.pretraining.loop import learning_rate_factor
from klue_helpers.pretraining.pairs import plan_batches
from klue_helpers.pretraining.recipe import pair_test_rows
from klue_helpers.runtime import silence
from klue_helpers.tokenizers import maxmatch_dropout

SIZES = (1_000, 10_000, 150_000)
SMALL_TEST = 10_000  # test reviews for the smaller sizes
SETTING = ("task", "train", "system")  # what the seeds of one score have in common


class Texts:
    """Tokenized texts or pairs of texts, with special tokens."""

    def __init__(self, tokenizer, texts, *, max_length):
        self.tokenizer, self.max_length = tokenizer, max_length
        columns = list(zip(*texts, strict=True)) if isinstance(texts[0], tuple) else [texts]
        self.ids = tokenizer(*map(list, columns), verbose=False)["input_ids"]

    def cut(self, how=list):
        """Return the ids of every text, cut anew and not too long: what is loses its end."""
        cut = (how(ids) for ids in self.ids)
        return [ids if len(ids) <= self.max_length else [*ids[:self.max_length - 1], ids[-1]] for ids in cut]

    def batch(self, ids):
        """Return the inputs of the network for some of the texts."""
        ids = pad_sequence(list(map(torch.tensor, ids)), batch_first=True, padding_value=self.tokenizer.pad_token_id)
        mask = (ids != self.tokenizer.pad_token_id).long()
        ends = (ids == self.tokenizer.sep_token_id).long()
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": (ends.cumsum(1) > ends).long() * mask}
        return {name: inputs[name] for name in self.tokenizer.model_input_names}


def lengths(ids):
    return np.array(list(map(len, ids)))


def load(options, name, head, seed, **settings):
    """Return tokenizer and network, trained or from random weights; attention written out is the faster on a CPU."""
    torch.manual_seed(seed)
    return load_encoder(options.model, head=head, random_weights=name == "random", attn_implementation="eager",
                        **settings)


def precision(options):
    """Half precision where it was asked for: the faster one on a CPU with BF16 units only."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.precision == "bf16")


def optimize(model, batches, loss_of, *, examples, learning_rate):
    """Fine-tune in place: AdamW, a tenth of the examples to warm up, then down in a line."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01, fused=True)
    model.train()
    seen = 0
    for rows, *batch in batches:
        factor = learning_rate_factor(seen + len(rows) // 2, steps=examples, warmup=0.1)
        optimizer.param_groups[0]["lr"] = learning_rate * factor
        loss_of(rows, *batch).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seen += len(rows)


def train_classifier(model, texts, labels, *, epochs, batch_tokens, seed, options):
    """Fine-tune on texts whose words are cut anew every epoch."""
    how = maxmatch_dropout(texts.tokenizer, probability=options.dropout, seed=seed) if options.dropout else list
    labels = torch.as_tensor(labels)

    def batches():
        for epoch in range(epochs):
            ids = texts.cut(how)
            for rows in plan_batches(lengths(ids), batch_tokens=batch_tokens, seed=1000 * seed + epoch):
                yield rows, texts.batch([ids[row] for row in rows])

    def loss_of(rows, batch):
        with precision(options):
            scores = model(**batch).logits
        return cross_entropy(scores.float(), labels[rows])

    optimize(model, batches(), loss_of, examples=epochs * len(labels), learning_rate=options.learning_rate)


@torch.inference_mode()
def predict(model, texts, options):
    """Return the label of every text."""
    model.eval()
    ids = texts.cut()
    labels = np.zeros(len(ids), dtype=int)
    for rows in plan_batches(lengths(ids), batch_tokens=16_384, seed=0):
        with precision(options):
            labels[rows] = model(**texts.batch([ids[row] for row in rows])).logits.argmax(1).numpy()
    return labels


def fine_tuned(options, name, train, labels, test, *, seed, epochs, batch_tokens):
    """Return what a network takes the test texts for after fine-tuning on the others."""
    tokenizer, model = load(options, name, "sequence-classification", seed, num_labels=2)
    texts = Texts(tokenizer, train, max_length=96)
    train_classifier(model, texts, labels, epochs=options.epochs or epochs, batch_tokens=batch_tokens, seed=seed,
                     options=options)
    return predict(model, Texts(tokenizer, test, max_length=96), options)


def characters():
    """TF-IDF of character 1- to 4-grams within words."""
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2)


def bag_of_characters(train, labels, test):
    """Return what logistic regression on TF-IDF takes the test texts for."""
    counts = characters().fit(train)
    return LogisticRegression(C=5, max_iter=300).fit(counts.transform(train), labels).predict(counts.transform(test))


def paired(first, second):
    """Return by how much the first is the more accurate, from the rows that only one of the two gets right.

    first, second : (n,) bool, what either gets right. With the 95 % interval of the difference and McNemar's exact
    test.
    """
    only_first, only_second, count = int((first & ~second).sum()), int((second & ~first).sum()), len(first)
    difference = (only_first - only_second) / count
    width = 1.96 * np.sqrt(only_first + only_second - count * difference**2) / count
    p = binomtest(only_first, only_first + only_second).pvalue if only_first + only_second else 1.0
    interval = [round(float(difference + sign * width), 4) for sign in (-1, 1)]
    return {"difference": round(difference, 4), "interval": interval, "only_first": only_first,
            "only_second": only_second, "mcnemar_p": float(f"{p:.2g}")}


def nsmc(options):
    """Accuracy by number of training reviews."""
    data = load_data("nsmc", "local", data_dir=options.data_dir)
    texts, labels = (np.array(data["train"][column]) for column in ("document", "label"))
    test, answers = (np.array(data["test"][column]) for column in ("document", "label"))
    part = np.random.default_rng(0).permutation(len(test))[:SMALL_TEST]
    for size in options.sizes:
        chosen = part if size < len(texts) else np.arange(len(test))
        for seed in range(options.seeds if size < len(texts) else 1):
            rows = np.random.default_rng(seed).permutation(len(texts))[:size]
            for name in options.systems:
                began = time.perf_counter()
                train = texts[rows].tolist(), labels[rows], test[chosen].tolist()
                guess = bag_of_characters(*train) if name == "tfidf" else fine_tuned(
                    options, name, *train, seed=seed, epochs=8 if size <= 1_000 else 4 if size <= 10_000 else 3,
                    batch_tokens=min(2048, max(512, size // 8)))
                row = {"task": "nsmc", "train": size, "seed": seed, "system": name, "test": len(chosen)}
                report_accuracy(options, row, guess == answers[chosen], began)
                if size >= len(texts):
                    compare(options, row, guess, answers)


def report_accuracy(options, row, right, began):
    accuracy = float(right.mean())
    report(options, row | {"metric": "accuracy", "value": round(accuracy, 4), "interval": wilson(accuracy, len(right)),
                           "seconds": round(time.perf_counter() - began)})


def report(options, row):
    """Put a run into the output, and the mean and standard deviation of all its seeds."""
    record.add(options.output, "runs", row, same=(*SETTING, "seed"))
    runs = [one for one in record.read(options.output)["runs"] if all(one[name] == row[name] for name in SETTING)]
    values = [one["value"] for one in runs]
    spread = {"sd": round(stdev(values), 4)} if len(values) > 1 else {"interval": row["interval"]}
    record.add(options.output, "scores", {
        **{name: row[name] for name in (*SETTING, "test", "metric")}, "seeds": len(values),
        "mean": round(fmean(values), 4), **spread}, same=SETTING)


def compare(options, row, guess, answers):
    """Keep what every test review was taken for and compare the mini BERT with each other system kept."""
    path = options.output.with_suffix(".npz")
    kept = dict(np.load(path)) if path.exists() else {}
    kept[row["system"]] = np.packbits(guess.astype(bool))
    np.savez_compressed(path, **kept)
    right = {name: np.unpackbits(bits, count=len(answers)) == answers for name, bits in kept.items()}
    for other in right.keys() - {"mini"} if "mini" in right else ():
        record.add(options.output, "comparisons", {
            "task": row["task"], "train": row["train"], "system": "mini", "against": other,
            **paired(right["mini"], right[other])}, same=("task", "train", "against"))


def networks(options):
    return [name for name in options.systems if name != "tfidf"]


def pairs(options):
    """Accuracy on the question pairs held out from the published training file."""
    data = load_data("question_pair", "local", data_dir=options.data_dir, splits=["train"])["train"]
    texts, labels = list(zip(data["question1"], data["question2"], strict=True)), np.array(data["label"])
    test = pair_test_rows(len(data))
    asked = {tuple(sorted(texts[row])) for row in test}
    train = [row for row in np.setdiff1d(np.arange(len(data)), test) if tuple(sorted(texts[row])) not in asked]
    for seed in range(options.seeds):
        for name in networks(options):
            began = time.perf_counter()
            guess = fine_tuned(options, name, [texts[row] for row in train], labels[train],
                               [texts[row] for row in test], seed=seed, epochs=6, batch_tokens=1024)
            row = {"task": "question_pair", "train": len(train), "seed": seed, "system": name, "test": len(test)}
            report_accuracy(options, row, guess == labels[test], began)


class SentencePairs:
    """Both sentences of every pair and the cosine of their vectors."""

    def __init__(self, tokenizer, data, options):
        self.options = options
        self.texts = Texts(tokenizer, [*data["sentence1"], *data["sentence2"]], max_length=128)
        self.ids, self.count = self.texts.cut(), len(data)
        self.scores = torch.tensor(data["score"][:], dtype=torch.float32)

    def plan(self, *, batch_tokens, seed):
        longest = lengths(self.ids).reshape(2, -1).max(0)
        return plan_batches(2 * longest, batch_tokens=batch_tokens, seed=seed)

    def cosine(self, model, rows):
        """Return the cosine of the mean-pooled vectors of some pairs, (rows,)."""
        batch = self.texts.batch([self.ids[row] for row in [*rows, *(rows + self.count)]])
        with precision(self.options):
            states = model(**batch).last_hidden_state.float()
        mask = batch["attention_mask"][..., None]
        return cosine_similarity(*((states * mask).sum(1) / mask.sum(1)).chunk(2))

    @torch.inference_mode()
    def spearman(self, model):
        model.eval()
        found = torch.zeros(self.count)
        for rows in self.plan(batch_tokens=16_384, seed=0):
            found[rows] = self.cosine(model, rows)
        return float(spearmanr(found, self.scores).statistic)


def fisher(correlation, count):
    """Return the 95 % interval of a rank correlation, after Fisher; 1.06 is its usual correction for ranks."""
    width = 1.96 * np.sqrt(1.06 / (count - 3))
    return [round(float(np.tanh(np.arctanh(correlation) + sign * width)), 4) for sign in (-1, 1)]


def sts(options):
    """Spearman on KorSTS's validation split."""
    data = load_data("korsts", "local", data_dir=options.data_dir, splits=["train", "validation"])

    def report_spearman(name, seed, size, score):
        report(options, {"task": "korsts", "train": size, "seed": seed, "system": name,
                         "test": len(data["validation"]), "metric": "spearman", "value": round(score, 4),
                         "interval": fisher(score, len(data["validation"]))})

    if "tfidf" in options.systems:
        report_spearman("tfidf", 0, len(data["train"]), bag_cosine(data))
    for seed in range(options.seeds):
        for name in networks(options):
            tokenizer, model = load(options, name, "none", seed)
            train, test = (SentencePairs(tokenizer, data[split], options) for split in ("train", "validation"))
            report_spearman(name, seed, 0, test.spearman(model))
            train_cosine(model, train, options=options, seed=seed)
            report_spearman(name, seed, train.count, test.spearman(model))


def train_cosine(model, pairs, *, options, seed):
    """Fine-tune with the regression objective of Sentence-BERT."""
    epochs = options.epochs or 4
    batches = ((rows,) for epoch in range(epochs) for rows in pairs.plan(batch_tokens=1024, seed=1000 * seed + epoch))
    optimize(model, batches, lambda rows: mse_loss(pairs.cosine(model, rows), pairs.scores[rows] / 5),
             examples=epochs * pairs.count, learning_rate=options.learning_rate)


def bag_cosine(data):
    """Return Spearman of the cosine of TF-IDF vectors."""
    counts = characters().fit([*data["train"]["sentence1"], *data["train"]["sentence2"]])
    first, second = (counts.transform(data["validation"][column]) for column in ("sentence1", "sentence2"))
    found = np.asarray(first.multiply(second).sum(1))[:, 0]  # the vectors have length 1
    return float(spearmanr(found, data["validation"]["score"][:]).statistic)


TASKS = {"nsmc": nsmc, "pairs": pairs, "sts": sts}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), metavar="task", help="nsmc, pairs, sts")
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--model", default="klue-mini-bert", help="name or folder")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("klue-mini-bert.json"))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--systems", nargs="+", default=["mini", "random", "tfidf"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="instead of 8, 4, 3 (nsmc), 6 (pairs), 4 (sts)")
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--dropout", type=float, default=0.1, help="of MaxMatch-Dropout, on training texts only")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    silence()
    torch.set_num_threads(options.threads)
    for task in options.tasks:
        TASKS[task](options)


if __name__ == "__main__":
    main()
