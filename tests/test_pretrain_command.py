"""`klue pretrain` from the shell, alone and under torchrun (lecture 4)."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import klue_helpers as kh
from klue_helpers import cli
from klue_helpers.pretraining.settings import KINDS

SETTINGS = ("vocab_size=300", "alphabet=200", "hidden_size=16", "layers=1", "heads=2", "max_length=24",
            "batch_tokens=256", "save_every=3", "log_every=1", "evaluate_every=6")


def words(folder: Path, output: Path, steps: int, kind: str = "bert") -> list[str]:
    options = [word for item in (*SETTINGS, f"steps={steps}") for word in ("--set", item)]
    return ["pretrain", kind, str(folder), "--output", str(output), *options]


@pytest.fixture
def folder(tmp_path) -> Path:
    target = tmp_path / "글 폴더"
    target.mkdir()
    texts = kh.load_data("corpus")["train"]["text"][:80]
    (target / "reviews.txt").write_text("\n\n".join(texts), encoding="utf-8")
    return target


@pytest.mark.parametrize("kind", KINDS)
def test_pretrain_leaves_a_model_a_log_and_a_picture(folder, tmp_path, capfd, kind):
    assert cli.main(words(folder, tmp_path / "나온 것", 6, kind)) == 0
    out, err = capfd.readouterr()
    assert "6/6단계" in out and "토큰/초" in out and "남은 시간" in out and err == ""
    names = {path.name for path in (tmp_path / "나온 것").iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "log.csv", "loss.png", "checkpoint.pt"} <= names


@pytest.mark.parametrize(("changed", "part"), [
    (["pretrain", "gpt9", "{folder}", "--output", "{out}"], "corpus, bert, gpt"),
    (["pretrain", "bert", "{folder}/없음", "--output", "{out}"], "폴더가 없습니다"),
    (["pretrain", "bert", "{folder}"], "--output"),
    (["pretrain", "bert", "{folder}", "--output", "{folder}/reviews.txt"], "파일입니다"),
    (["pretrain", "bert", "{folder}", "--output", "{out}", "--set", "step=3"], "'steps'"),
    (["pretrain", "bert", "{folder}", "--output", "{out}", "--set", "steps=많이"], "정수"),
    (["pretrain", "bert", "{folder}", "--output", "{out}", "--set", "weights=news=2"], "reviews"),
    (["pretrain", "bert", "{folder}", "--output", "{out}", "--set", "heads=3"], "나누어떨어져야"),
    (["pretrain", "bert", "{folder}", "--output", "{folder}/reviews.txt/안"], "다른 폴더"),
    (["pretrain", "bert", "{folder}", "--output", "{out}", "--profile", "tpu"], "cpu, gpu"),
    (["pretrain", "corpus", "{folder}", "--output", "{out}"], "폴더"),
    (["pretrain", "corpus", "{folder}", "--output", "{out}", "--set", "steps=1"], "--set"),
])
def test_mistakes_are_one_korean_line_and_leave_nothing(folder, tmp_path, capsys, changed, part):
    out = tmp_path / "out"
    status = cli.main([word.format(folder=folder, out=out) for word in changed])
    _, err = capsys.readouterr()
    assert status == 2 and err.startswith("klue: ") and part in err and err.count("\n") == 1
    assert not out.exists()


def test_a_process_killed_outright_goes_on_to_the_same_end(folder, tmp_path):
    """SIGKILL between two checkpoints; the second start ends with the step count and weights of an unbroken run."""
    command = [sys.executable, "-m", "klue_helpers", *words(folder, tmp_path / "killed", 200)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    checkpoint = tmp_path / "killed" / "checkpoint.pt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    reached = torch.load(checkpoint, weights_only=True)["step"]
    assert 0 < reached < 200 and reached % 3 == 0
    subprocess.run(command, check=True, capture_output=True, env=environment)
    whole = [sys.executable, "-m", "klue_helpers", *words(folder, tmp_path / "whole", 200)]
    subprocess.run(whole, check=True, capture_output=True, env=environment)
    states = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("killed", "whole")]
    assert states[0]["step"] == states[1]["step"] == 200
    assert all(torch.equal(states[0]["model"][name], states[1]["model"][name]) for name in states[0]["model"])


@pytest.mark.slow
def test_two_processes_of_torchrun_train_one_model(folder, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m",
               "klue_helpers", *words(folder, tmp_path / "two", 6)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("6/6단계") == 1, "one process speaks"
    assert kh.models.load_encoder(str(tmp_path / "two"), head="pretraining").model.config.num_hidden_layers == 1
    again = subprocess.run(command, capture_output=True, text=True, env=environment, encoding="utf-8", timeout=300)
    assert again.returncode == 0 and "단계" not in again.stdout, "nothing is left to do"
