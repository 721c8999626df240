"""Fill-mask of klue-mini-bert on sentences written for this purpose, as a table for the model card.

    python benchmarks/fill_mask.py [MODEL] > table.md

`fill_mask.tsv` was written for this purpose; no sentence was changed or taken out after the model had been asked.
"""

import csv
import sys
from pathlib import Path

import torch

from klue_helpers.models import load_encoder


def main(name="klue-mini-bert"):
    tokenizer, model = load_encoder(name, head="masked-lm")
    with (Path(__file__).parent / "fill_mask.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for register, title in (("reviews", "영화 리뷰"), ("formal", "격식체"), ("spoken", "입말")):
        chosen = [row for row in rows if row["register"] == register]
        print(f"\n**{title} {len(chosen)}문장**\n\n| 문장 | 가린 조각 | 모델이 고른 다섯 |\n|---|---|---|")
        found = sum(show(row, tokenizer, model) for row in chosen)
        print(f"\n가린 조각이 다섯 안에 든 것: {len(chosen)}문장 가운데 {found}")


@torch.inference_mode()
def show(row, tokenizer, model):
    """Hide the piece in which the answer starts; print a row; return whether that piece is among the five.

    The whole sentence is cut first, so that what follows the gap stays cut as it was in training (##를, not 를).
    """
    place = row["sentence"].index("[MASK]")
    text = row["sentence"].replace("[MASK]", row["answer"])
    inputs = tokenizer(text, return_tensors="pt")
    gap = inputs.char_to_token(place)
    hidden = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0, gap].item())
    inputs["input_ids"][0, gap] = tokenizer.mask_token_id
    pieces = tokenizer.convert_ids_to_tokens(model(**inputs).logits[0, gap].topk(5).indices)
    start, end = inputs.token_to_chars(gap)
    shown = ", ".join(f"**{piece}**" if piece == hidden else piece for piece in pieces)
    print(f"| {text[:start]}`[MASK]`{text[end:]} | {hidden} | {shown} |")
    return hidden in pieces


if __name__ == "__main__":
    main(*sys.argv[1:])
