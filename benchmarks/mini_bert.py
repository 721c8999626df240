"""Scores of klue-mini-bert for its model card: fine-tuning against random weights and TF-IDF, on published data.

    python benchmarks/mini_bert.py --data-dir DATA --output results.json [nsmc pairs sts]

NSMC: trained on 1,000, 10,000 and all 150,000 published training reviews. Question pairs: the published test file is
not assumed to be at hand, so the last 688 of the shuffled training rows are held out; the texts of these questions, not
their labels, are in the corpus of pre-training. KorSTS: Spearman on the published validation split, while published
scores are on the test split. Nothing is chosen on the rows that are reported.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from klue_helpers.data import load_data
from klue_helpers.models import load_encoder
from klue_helpers.pretraining.loop import learning_rate_factor
from klue_helpers.pretraining.pairs import plan_batches

SMALL_TEST = 10_000  # test rows for the runs on 1,000 and 10,000 reviews: a random part of the 50,000
PAIR_TEST = 688  # as many as the published test file holds


class Rows:
    """Tokenized texts or pairs with their labels."""

    def __init__(self, tokenizer, texts, labels, *, max_length):
        columns = list(zip(*texts, strict=True)) if isinstance(texts[0], tuple) else [texts]
        encoded = tokenizer(*map(list, columns), truncation=True, max_length=max_length)
        self.encoded = {name: encoded[name] for name in tokenizer.model_input_names}
        self.labels, self.pad = np.asarray(labels), tokenizer.pad
        self.lengths = np.array([len(ids) for ids in self.encoded["input_ids"]])

    def batch(self, rows):
        return self.pad({name: [values[row] for row in rows] for name, values in self.encoded.items()},
                        return_tensors="pt")


def train(model, rows, *, epochs, learning_rate, batch_tokens, seed, regression=False):
    """Fine-tune in place: AdamW, a tenth of the steps to warm up, then down in a line."""
    torch.manual_seed(seed)
    plans = [batch for epoch in range(epochs)
             for batch in plan_batches(rows.lengths, batch_tokens=batch_tokens, seed=1000 * seed + epoch)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: learning_rate_factor(min(step, len(plans) - 1), steps=len(plans), warmup=0.1))
    model.train()
    for batch in plans:
        answers = torch.from_numpy(rows.labels[batch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = model(**rows.batch(batch)).logits.float()
        loss = (torch.nn.functional.mse_loss(scores[:, 0], answers.float()) if regression
                else torch.nn.functional.cross_entropy(scores, answers))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()


@torch.inference_mode()
def predict(model, rows):
    """Return the scores of all rows, (n, labels)."""
    model.eval()
    result = None
    for batch in plan_batches(rows.lengths, batch_tokens=16_384, seed=0):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = model(**rows.batch(batch)).logits.float().numpy()
        result = np.zeros((len(rows.lengths), scores.shape[1])) if result is None else result
        result[batch] = scores
    return result


def wilson(share, count):
    """Return the 95 % interval of a share."""
    z = 1.96
    middle, width = share + z * z / (2 * count), z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return [round(float((middle + sign * width) / (1 + z * z / count)), 4) for sign in (-1, 1)]


def bag_of_characters():
    """TF-IDF of character 1- to 4-grams within words, with logistic regression."""
    return make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2),
                         LogisticRegression(C=5, max_iter=300))


def nsmc(options, report):
    """Accuracy by number of training reviews, for the mini BERT, its random start and TF-IDF."""
    data = load_data("nsmc", "local", data_dir=options.data_dir)
    texts, labels = np.array(data["train"]["document"]), np.array(data["train"]["label"])
    test_texts, test_labels = np.array(data["test"]["document"]), np.array(data["test"]["label"])
    part = np.random.default_rng(0).permutation(len(test_texts))[:SMALL_TEST]
    for size in options.sizes:
        chosen = part if size < len(texts) else np.arange(len(test_texts))
        for seed in range(options.seeds if size < len(texts) else 1):
            rows = np.random.default_rng(seed).permutation(len(texts))[:size]
            for name in options.systems:
                began = time.perf_counter()
                if name == "tfidf":
                    guess = bag_of_characters().fit(texts[rows], labels[rows]).predict(test_texts[chosen])
                else:
                    guess = fine_tuned(options, name, texts[rows].tolist(), labels[rows],
                                       test_texts[chosen].tolist(), size, seed).argmax(1)
                accuracy = float((guess == test_labels[chosen]).mean())
                report({"task": "nsmc", "train": size, "test": len(chosen), "seed": seed, "system": name,
                        "accuracy": round(accuracy, 4), "interval": wilson(accuracy, len(chosen)),
                        "seconds": round(time.perf_counter() - began)})


def fine_tuned(options, name, texts, labels, test_texts, size, seed):
    """Return the test scores of one fine-tuning on reviews."""
    torch.manual_seed(seed)
    tokenizer, model = load_encoder(options.model, head="sequence-classification", num_labels=2,
                                    random_weights=name == "random")
    epochs = options.epochs or (8 if size <= 1_000 else 4 if size <= 10_000 else 2)
    train(model, Rows(tokenizer, texts, labels, max_length=96), epochs=epochs, seed=seed,
          learning_rate=options.learning_rate, batch_tokens=min(2048, max(512, size // 8)))
    return predict(model, Rows(tokenizer, test_texts, np.zeros(len(test_texts)), max_length=96))


def networks(options):
    """Return the systems that are networks."""
    return [name for name in options.systems if name != "tfidf"]


def pairs(options, report):
    """Accuracy on question pairs held out from the published training file."""
    data = load_data("question_pair", "local", data_dir=options.data_dir, splits=["train"])["train"]
    order = np.random.default_rng(0).permutation(len(data))
    texts = list(zip(data["question1"], data["question2"], strict=True))
    labels = np.array(data["label"])
    known = {tuple(sorted(texts[row])) for row in order[:-PAIR_TEST]}
    test = [row for row in order[-PAIR_TEST:] if tuple(sorted(texts[row])) not in known]
    for seed in range(options.seeds):
        for name in networks(options):
            torch.manual_seed(seed)
            tokenizer, model = load_encoder(options.model, head="sequence-classification", num_labels=2,
                                            random_weights=name == "random")
            rows = [Rows(tokenizer, [texts[row] for row in part], labels[part], max_length=96)
                    for part in (order[:-PAIR_TEST], test)]
            train(model, rows[0], epochs=options.epochs or 6, learning_rate=options.learning_rate, batch_tokens=1024,
                  seed=seed)
            accuracy = float((predict(model, rows[1]).argmax(1) == labels[test]).mean())
            report({"task": "question_pair", "train": len(order) - PAIR_TEST, "test": len(test), "seed": seed,
                    "system": name, "accuracy": round(accuracy, 4), "interval": wilson(accuracy, len(test))})


def sts(options, report):
    """Spearman on KorSTS's validation split."""
    data = load_data("korsts", "local", data_dir=options.data_dir, splits=["train", "validation"])
    for seed in range(options.seeds):
        for name in networks(options):
            torch.manual_seed(seed)
            tokenizer, model = load_encoder(options.model, head="sequence-classification", num_labels=1,
                                            random_weights=name == "random")
            rows = {split: Rows(tokenizer, list(zip(part["sentence1"], part["sentence2"], strict=True)),
                                np.array(part["score"]), max_length=128) for split, part in data.items()}
            train(model, rows["train"], epochs=options.epochs or 8, learning_rate=options.learning_rate,
                  batch_tokens=1024, seed=seed, regression=True)
            score = spearmanr(predict(model, rows["validation"])[:, 0], rows["validation"].labels).statistic
            report({"task": "korsts", "train": len(data["train"]), "test": len(data["validation"]), "seed": seed,
                    "system": name, "spearman": round(float(score), 4)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=["nsmc", "pairs", "sts"])
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--model", default="klue-mini-bert")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 150_000])
    parser.add_argument("--systems", nargs="+", default=["mini", "random", "tfidf"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    options = parser.parse_args()
    results = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else []

    def report(row):
        print(json.dumps(row), flush=True)
        same = ("task", "train", "seed", "system")
        results[:] = [old for old in results if any(old[name] != row[name] for name in same)] + [row]
        options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    for task in options.tasks:
        {"nsmc": nsmc, "pairs": pairs, "sts": sts}[task](options, report)


if __name__ == "__main__":
    main()
