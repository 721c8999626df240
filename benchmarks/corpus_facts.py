"""What a mini model was trained on, for its model card: the sources of the corpus and their share of its tokens.

    python benchmarks/corpus_facts.py MODEL CORPUS [--output FILE]

MODEL is a shipped model or a folder, CORPUS the folder that `klue pretrain corpus` wrote for it. A share is that of the
tokens of an epoch, in which a register comes as often as the model's settings say.
"""

import argparse
import json
from pathlib import Path

import record
from transformers import AutoTokenizer

from klue_helpers.models import model_folder
from klue_helpers.pretraining.corpus import read_documents, register_weights

REASONS = ("evaluation", "repeated", "slurs", "empty")
CHUNK = 10_000  # lines tokenized at a time


def sources(folder, facts, tokenizer, weights):
    """Return a row a source: the corpus holds them one after the other, in the order in which they are counted."""
    names, rows = list(facts["lines"]), []
    for register in facts["registers"]:
        lines = [line for document in read_documents(folder / f"{register}.txt.gz") for line in document]
        while lines:
            name = names.pop(0)
            own, lines = lines[:facts["lines"][name]], lines[facts["lines"][name]:]
            rows.append({"register": register, "source": name, "lines": len(own),
                         "characters": facts["characters"][name], "licence": facts["licences"][name],
                         "tokens": weights[register] * count_tokens(own, tokenizer)})
    total = sum(row["tokens"] for row in rows)
    return [row | {"share": round(row["tokens"] / total, 5)} for row in rows]


def count_tokens(lines, tokenizer):
    chunks = (lines[start:start + CHUNK] for start in range(0, len(lines), CHUNK))
    return sum(len(ids) for chunk in chunks
               for ids in tokenizer(chunk, add_special_tokens=False, verbose=False)["input_ids"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--output", type=Path, help="benchmarks/MODEL.json where nothing else is said")
    options = parser.parse_args()
    output = options.output or Path(__file__).with_name(f"{options.model}.json")
    folder = model_folder(options.model)
    facts = json.loads((options.corpus / "corpus.json").read_text(encoding="utf-8"))
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    weights = register_weights(settings["weights"], facts["registers"])
    record.write(output, "corpus", {
        "sources": sources(options.corpus, facts, AutoTokenizer.from_pretrained(folder), weights),
        "left_out": {reason: sum(facts[reason].values()) for reason in REASONS},
        "missing": facts["missing"],
        "sha256": {name: register["sha256"] for name, register in facts["registers"].items()}})


if __name__ == "__main__":
    main()
