"""Train and score klue-mini-painter, the VQ-VAE and text-to-image model of lecture 10.

    python benchmarks/picture_world.py OUTPUT [--painter-steps 5000] [--size 96] [--seed 0]

Writes the model, ``log.csv`` (losses, means of 100 steps) and ``scores.json`` into OUTPUT. Single core, CPU.
"""

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import torch

from klue_helpers.multimodal.codes import PictureCodes, train_codes
from klue_helpers.multimodal.language import describe, single_captions
from klue_helpers.multimodal.painter import Painter, paint_texts, painting_scores, painting_tensors, train_painter
from klue_helpers.multimodal.saved import TrainedPainter, load_painter, save_painter
from klue_helpers.multimodal.world import Scene, all_scenes, draw_scenes, read_picture, render


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--code-steps", type=int, default=1_000)
    parser.add_argument("--painter-steps", type=int, default=5_000)
    parser.add_argument("--scenes", type=int, default=60_000)
    parser.add_argument("--codes", type=int, default=256)
    parser.add_argument("--patch", type=int, default=6)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def pictures_of(scenes: list[Scene]) -> torch.Tensor:
    return torch.from_numpy(np.stack([render(scene) for scene in scenes]))


def train(options: argparse.Namespace, rng: np.random.Generator) -> tuple[TrainedPainter, dict, dict[str, list[float]]]:
    """Return the trained networks, their sizes and the losses of both."""
    sizes = {"codes": {"count": options.codes, "patch": options.patch},
             "painter": {"size": options.size, "layers": options.layers}}
    torch.manual_seed(options.seed)
    codes = PictureCodes(**sizes["codes"])
    first = train_codes(codes, pictures_of(draw_scenes(6_000, rng)), steps=options.code_steps, seed=options.seed)
    trained = TrainedPainter(codes, Painter(codes, **sizes["painter"]))
    texts, written = painting_tensors(draw_scenes(options.scenes, rng, single=0.35), codes, rng)
    second = train_painter(trained.painter, texts, written, steps=options.painter_steps, seed=options.seed,
                           learning_rate=options.learning_rate)
    return trained, sizes, {"codes": first, "painter": second}


def score(trained: TrainedPainter) -> dict[str, dict[str, float]]:
    """Score reconstructions and drawings, held-out pairs of colour and shape apart."""
    rng = np.random.default_rng(10_000)
    singles = list(all_scenes(1))
    pairs = [scene for scene in all_scenes(2) if scene.held_out]
    pairs = [pairs[number] for number in rng.permutation(len(pairs))[:1_000]]
    captions = {"single": single_captions(), "pair": [describe(scene, rng) for scene in
                                                      [*draw_scenes(1_000, rng, single=0.0), *pairs]]}
    table = {}
    for held in (False, True):
        scenes = [scene for scene in singles if scene.held_out == held]
        painted = trained.codes.decode(trained.codes.encode(pictures_of(scenes))).cpu().numpy()
        read = [read_picture(picture) for picture in painted]
        table[f"codes, {'held-out' if held else 'seen'}"] = {
            "n": len(scenes), "read": float(np.mean([r.things == s.things for r, s in zip(read, scenes, strict=True)])),
            "error": float(np.mean([r.error for r in read]))}
        for name, group in captions.items():
            group = [caption for caption in group if caption.held_out == held]
            looks, all_said = painting_scores(group, paint_texts([c.text for c in group], *trained[::-1]))
            table[f"{name}, {'held-out' if held else 'seen'}"] = {"n": len(group), "looks": looks, "all": all_said}
    return table


def main() -> None:
    options, start = parse(), time.process_time()
    torch.set_num_threads(1)
    trained, sizes, losses = train(options, np.random.default_rng(options.seed))
    spent = time.process_time() - start
    save_painter(trained, options.output, sizes)
    with (options.output / "log.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["network", "step", "loss"])
        for name, values in losses.items():
            writer.writerows([name, end, f"{np.mean(values[end - 100:end]):.5f}"]
                             for end in range(100, len(values) + 1, 100))
    result = {"recipe": {key: value for key, value in vars(options).items() if key != "output"},
              "cpu_seconds": round(spent), "scores": score(load_painter(options.output))}
    (options.output / "scores.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
