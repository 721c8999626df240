"""What klue-mini-bert can do before any fine-tuning, for its model card.

    python benchmarks/pretrained_bert.py CORPUS [--model FOLDER] [held_out tokenizer fill_mask]

CORPUS is the folder that `klue pretrain corpus` wrote for the model.
held_out: loss and accuracy on masked tokens of all documents held out of training, by register.
tokenizer: pieces a word and unknown pieces on the same documents.
fill_mask: the five likeliest pieces for each gap of `fill_mask.tsv`. Its sentences were written for this purpose; none
was changed or taken out after a model had been asked.
"""

import argparse
import csv
import json
from collections import Counter, defaultdict
from dataclasses import fields
from pathlib import Path

import record
import torch

from klue_helpers.models import load_encoder, model_folder
from klue_helpers.pretraining.bert import BertExamples, BertLoss
from klue_helpers.pretraining.corpus import hold_out, read_registers, to_corpus
from klue_helpers.pretraining.settings import BertSettings
from klue_helpers.runtime import silence

ALL = 1_000_000  # held-out inputs: more than there are


def saved_settings(name):
    """Return the settings a model was trained with, but for the number of held-out inputs."""
    saved = json.loads((model_folder(name) / "settings.json").read_text(encoding="utf-8"))
    known = {one.name: saved[one.name] for one in fields(BertSettings) if one.name in saved}
    return BertSettings(**known | {"evaluate_texts": ALL})


@torch.inference_mode()
def held_out(options, documents):
    """Loss (in nats) and accuracy on the places that show [MASK], by register."""
    tokenizer, model = load_encoder(options.model, head="pretraining", attn_implementation="eager")
    corpora = {name: to_corpus(one, tokenizer) for name, one in documents.items()}
    examples = BertExamples(saved_settings(options.model), tokenizer, corpora, corpora, dict.fromkeys(corpora, 1))
    mask_id = tokenizer.mask_token_id
    loss, sums = BertLoss(model, mask_id).eval(), defaultdict(Counter)
    for register, batch in examples.held_out_batches():
        values = loss(batch)
        masked = int(((batch["labels"] != -100) & (batch["input_ids"] == mask_id)).sum())
        sums[register].update(inputs=len(batch["labels"]), masked=masked, loss=float(values["masked_loss"]) * masked,
                              right=round(float(values["masked_accuracy"]) * masked))
    for register, sum_ in sums.items():
        accuracy = sum_["right"] / sum_["masked"]
        record.add(options.output, "held_out", {
            "register": register, "inputs": sum_["inputs"], "masked": sum_["masked"],
            "loss": round(sum_["loss"] / sum_["masked"], 4), "accuracy": round(accuracy, 4),
            "interval": record.wilson(accuracy, sum_["masked"])}, same=("register",))


def tokenizer(options, documents):
    """Pieces a white-space word and the share of unknown pieces, by register."""
    cut = load_encoder(options.model).tokenizer
    for register, chosen in documents.items():
        pieces = to_corpus(chosen, cut).pieces
        words = sum(len(line.split()) for document in chosen for line in document)
        record.add(options.output, "tokenizer", {
            "register": register, "words": words, "fertility": round(len(pieces) / words, 4),
            "unknown": round(float((pieces == cut.unk_token_id).mean()), 6)}, same=("register",))


def fill_mask(options, _):
    """The five likeliest pieces for each gap."""
    cut, model = load_encoder(options.model, head="masked-lm")
    with Path(__file__).with_name("fill_mask.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    record.write(options.output, "fill_mask", [filled(row, cut, model) for row in rows])


@torch.inference_mode()
def filled(row, cut, model):
    """Hide the piece in which the answer starts; return the sentence, that piece and the five the model would take.

    The whole sentence is cut first, so that what follows the gap stays cut as it was in training (##를, not 를).
    """
    place = row["sentence"].index("[MASK]")
    text = row["sentence"].replace("[MASK]", row["answer"])
    inputs = cut(text, return_tensors="pt")
    gap = inputs.char_to_token(place)
    hidden = cut.convert_ids_to_tokens(inputs["input_ids"][0, gap].item())
    inputs["input_ids"][0, gap] = cut.mask_token_id
    start, end = inputs.token_to_chars(gap)
    return {"register": row["register"], "sentence": f"{text[:start]}[MASK]{text[end:]}", "hidden": hidden,
            "five": cut.convert_ids_to_tokens(model(**inputs).logits[0, gap].topk(5).indices)}


TASKS = {"held_out": held_out, "tokenizer": tokenizer, "fill_mask": fill_mask}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), metavar="task", help=", ".join(TASKS))
    parser.add_argument("--model", default="klue-mini-bert", help="name or folder")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("klue-mini-bert.json"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    silence()
    torch.set_num_threads(options.threads)
    documents = {}
    if set(options.tasks) - {"fill_mask"}:
        documents = {name: hold_out(one)[1] for name, one in read_registers(options.corpus).items()}
    for task in options.tasks:
        TASKS[task](options, documents)


if __name__ == "__main__":
    main()
