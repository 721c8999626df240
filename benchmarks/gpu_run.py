"""What a CUDA card makes of the course: all lectures in both profiles, bf16 against fp32, throughput of BERT-base.

    python benchmarks/gpu_run.py [--lectures 1-10] [--output FILE]

For a machine with one card and no network (the mini models and the samples serve; BERT-base is of random weights).
About half an hour on a recent card. Writes ``gpu_run.json`` with the hardware and the versions.

**Not run yet**: no machine with a card was at hand when this was written, so that there is no ``gpu_run.json``. On a
CPU it ran with ``--smoke``, which only shows that it works.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from throughput import timed_trainings

from klue_helpers.models import model_folder
from klue_helpers.runtime import device, silence
from klue_helpers.training import finetune
from klue_helpers.training.results import environment, write_json

ROOT = Path(__file__).resolve().parent.parent
# The gpu profile with what ships in the package: its caps and steps, but not its models and data.
SHIPPED = ("source=sample", "encoder=klue-mini-bert", "causal_lm=klue-mini-gpt")
LENGTH, ROWS, EPOCHS = 128, 320, 6  # every row is padded to the length, so that the tokens are known
# Dense peaks in operations a second by the makers' data sheets: (bfloat16 or float16, single precision).
PEAKS = {"T4": (65e12, 8.1e12), "V100": (125e12, 15.7e12), "L4": (121e12, 30.3e12), "A10": (125e12, 31.2e12),
         "A100": (312e12, 19.5e12), "H100": (989e12, 67e12), "H200": (989e12, 67e12)}


def card() -> dict[str, object]:
    """Return what the numbers depend on beside versions and cores: the card."""
    if device().type != "cuda":
        return {"name": "none"}
    facts = torch.cuda.get_device_properties(0)
    return {"name": facts.name, "memory_gb": round(facts.total_memory / 1e9, 1), "cuda": torch.version.cuda,
            "capability": [facts.major, facts.minor]}


def lectures(wanted: str) -> list[dict[str, object]]:
    """Run the lectures in both profiles with what ships, one at a time. Return a row a lecture and profile."""
    rows = []
    for profile in ("cpu", "gpu"):
        more = [word for setting in SHIPPED for word in ("--set", setting)] if profile == "gpu" else []
        subprocess.run([sys.executable, "-m", "klue_helpers", "run", wanted, "--profile", profile, "--jobs", "1",
                        "--force", *more], cwd=ROOT, check=False)
        newest = max((ROOT / "_build" / "executed").glob(f"{profile}*/results.json"), key=lambda at: at.stat().st_mtime)
        rows += [{"profile": profile, **{name: one[name] for name in ("lecture", "status", "seconds", "peak_mb")}}
                 for one in json.loads(newest.read_text(encoding="utf-8"))["lectures"]]
    return rows


def save_base(folder: Path, layers: int) -> str:
    """Save a BERT of random weights in BERT-base's sizes with the mini BERT's tokenizer. Return the folder."""
    config = transformers.BertConfig(vocab_size=32_000, num_hidden_layers=layers)
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder("klue-mini-bert"))
    tokenizer.model_max_length = config.max_position_embeddings
    tokenizer.save_pretrained(folder)
    return str(folder)


def training(encoder: str, precision: str, **settings: object) -> dict[str, object]:
    """Fine-tune the sample reviews; return seconds of training alone, accuracy, tokens and memory."""
    if device().type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with timed_trainings() as times:
        done = finetune("nsmc", encoder=encoder, profile="gpu", precision=precision, patience=1_000, say=lambda _: None,
                        **settings)
    rows, epochs = done.results["counts"]["train"][0], done.results["settings"]["epochs"]
    peak = torch.cuda.max_memory_allocated() / 1e9 if device().type == "cuda" else 0.0
    return {"precision": precision, "seconds": times[0]["seconds"], "rows": rows, "epochs": epochs,
            "accuracy": done.scores["official"]["accuracy"]["mean"], "peak_gb": round(peak, 2)}


def throughput(layers: int, epochs: int) -> list[dict[str, object]]:
    """Return tokens a second and the share of the card's peak of `klue train nsmc` with BERT-base's sizes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        encoder = save_base(Path(folder), layers)
        blocks = layers * (12 * 768**2 + 2 * LENGTH * 768)  # multiplications a token, attention included
        for place, precision in enumerate(("bf16", "fp32")):
            row = training(encoder, precision, epochs=epochs, max_train=ROWS, max_length=LENGTH, padding="max_length")
            speed = row["rows"] * row["epochs"] * LENGTH / row["seconds"]
            peak = next((peaks[place] for name, peaks in PEAKS.items() if name in card()["name"].split()), None)
            rows.append({**row, "tokens_per_second": round(speed),  # training: three times two a multiplication
                         "share_of_peak": round(6 * blocks * speed / peak, 3) if peak else None})
    return rows


def main() -> None:
    """Measure what is asked for and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lectures", default="1-10")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "gpu_run.json")
    parser.add_argument("--smoke", action="store_true", help="without lectures, with one layer: does it work at all?")
    asked = parser.parse_args()
    silence()
    if device().type != "cuda" and not asked.smoke:
        parser.error("there is no CUDA card here")
    layers, epochs = (1, 1) if asked.smoke else (12, EPOCHS)
    found = {"card": card(), **environment(), "throughput": throughput(layers, epochs),
             "precision": [training("klue-mini-bert", precision, epochs=4, learning_rate=3e-4)
                           for precision in ("fp32", "bf16")]}
    write_json(asked.output, found)  # before the lectures: what is measured is kept
    if not asked.smoke:
        write_json(asked.output, {**found, "lectures": lectures(asked.lectures)})
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
