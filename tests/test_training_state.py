"""What a training leaves on the disk: damaged, lost, shared or not to be written, told and mended (lecture 5)."""

import json
import resource
import shutil
from contextlib import contextmanager

import pytest
import torch
import transformers

import klue_helpers as kh
from klue_helpers import cli
from klue_helpers.files import lock_folder
from klue_helpers.tasks import TASKS
from klue_helpers.training import finetune, load_model, load_rows
from klue_helpers.training.loop import _on_one_card
from klue_helpers.training.state import last_checkpoint, read_object

QUICK = {"epochs": 1, "batch_size": 8, "max_length": 24, "max_train": 40, "max_test": 30, "rounds": 20}
JUNK = (b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5_000 + b"}")


class Stop(Exception):
    """Stands for a kill: training ends in its midst."""


def train(encoder, output, lines, *, stop_at="", **changes):
    def say(line):
        lines.append(line)
        if stop_at and stop_at in line:
            raise Stop

    return finetune("nsmc", encoder=encoder, output=output, say=say, **{**QUICK, **changes})


@pytest.fixture(scope="module")
def finished(tiny_encoder, tmp_path_factory):
    """The folder of a finished training."""
    output = tmp_path_factory.mktemp("끝난 것") / "out"
    train(tiny_encoder, output, [])
    return output


@pytest.fixture(scope="module")
def stopped(tiny_encoder, tmp_path_factory):
    """The folder of a training with one checkpoint, at step 5 of 10."""
    output = tmp_path_factory.mktemp("멈춘 것") / "out"
    with pytest.raises(Stop):
        train(tiny_encoder, output, [], stop_at="10/10", epochs=2)
    return output


def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "out")


@pytest.mark.parametrize("content", JUNK)
def test_a_file_without_a_json_object_is_damaged(content, tmp_path):
    (tmp_path / "run.json").write_bytes(content)
    assert read_object(tmp_path / "run.json") is None


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(("damage", "told", "kept"), [
    (lambda out: (out / "settings.json").write_bytes(b"{"), "settings.json",
     ["damaged-settings.json", "damaged-seed-42"]),
    (lambda out: cut(out / "seed-42" / "run.json"), "run.json", ["seed-42/damaged-run.json"]),
    (lambda out: (out / "seed-42" / "run.json").write_text('{"predictions": []}'), "run.json",
     ["seed-42/damaged-run.json"]),
    (lambda out: shutil.rmtree(out / "model"), "모델이 없어", []),
    (lambda out: cut(out / "model" / "model.safetensors"), "model", ["damaged-model"]),
    (lambda out: (out / "model" / "task.json").write_text("[]"), "model", ["damaged-model"]),
])
def test_the_same_command_recovers_from_damage(damage, told, kept, finished, tiny_encoder, tmp_path):
    out = copied(finished, tmp_path)
    before = (out / "predictions-42.jsonl").read_text(encoding="utf-8")
    damage(out)
    (out / "predictions-42.jsonl").unlink()
    lines = []
    done = train(tiny_encoder, out, lines)
    assert any(told in line for line in lines) and all((out / name).exists() for name in kept)
    assert (out / "predictions-42.jsonl").read_text(encoding="utf-8") == before
    rows = load_rows(TASKS["nsmc"], "sample", "test")[:3]
    assert load_model(out).predict(rows).predictions == done.trained.predict(rows).predictions
    lines.clear()
    train(tiny_encoder, out, lines)
    assert not lines, "and once is enough"


def test_what_is_only_a_report_is_written_anew(finished, tiny_encoder, tmp_path):
    out = copied(finished, tmp_path)
    for name in ("results.json", "gold.jsonl"):
        (out / name).write_bytes(b"{")
    lines = []
    done = train(tiny_encoder, out, lines)
    assert not lines and json.loads((out / "results.json").read_text(encoding="utf-8")) == done.results
    assert len((out / "gold.jsonl").read_text(encoding="utf-8").splitlines()) == 30


def test_every_file_of_a_checkpoint_is_looked_at(stopped, tmp_path):
    folder = stopped / "seed-42"
    names = [path.name for path in (folder / "checkpoint-5").iterdir()
             if path.suffix in (".safetensors", ".pt", ".pth") or path.name == "trainer_state.json"]
    assert {"model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth"} <= set(names)
    for number, name in enumerate(names):
        for damaged, content in enumerate((b"", b"junk", b"\x80\x04K\x01.", None)):
            copy = tmp_path / f"{number}-{damaged}"
            shutil.copytree(folder, copy)
            path = copy / "checkpoint-5" / name
            path.write_bytes(path.read_bytes()[:-100] if content is None else content)
            lines = []
            assert last_checkpoint(copy, lines.append) is None and "damaged-checkpoint-5" in lines[0], name
            assert (copy / "damaged-checkpoint-5" / name).exists()
    (folder / "checkpoint-old").mkdir()  # of the user's: neither ours nor in the way
    assert last_checkpoint(folder, print).endswith("checkpoint-5")


def test_a_checkpoint_without_its_best_is_not_gone_on_from(stopped, tmp_path):
    """The trainer would end with the last network in place of the best one, and only warn."""
    folder = shutil.copytree(stopped / "seed-42", tmp_path / "seed-42")
    state = folder / "checkpoint-5" / "trainer_state.json"
    content = json.loads(state.read_text(encoding="utf-8"))
    content["best_model_checkpoint"] = str(folder / "checkpoint-3")
    state.write_text(json.dumps(content), encoding="utf-8")
    assert last_checkpoint(folder, print) is None


def test_a_training_with_a_damaged_checkpoint_ends_like_an_unbroken_one(stopped, tiny_encoder, tmp_path):
    out = copied(stopped, tmp_path)
    cut(out / "seed-42" / "checkpoint-5" / "optimizer.pt")
    lines = []
    broken = train(tiny_encoder, out, lines, epochs=2)
    assert "damaged-checkpoint-5" in lines[0]
    assert broken.predictions == train(tiny_encoder, tmp_path / "whole", [], epochs=2).predictions


def test_a_folder_of_the_users_is_left_alone(tiny_encoder, tmp_path, capsys):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("mine", encoding="utf-8")
    assert cli.main(["train", "nsmc", "--encoder", tiny_encoder, "--output", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "다른 파일(model)" in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "config.json").read_text(encoding="utf-8") == "mine"


def test_a_folder_in_use_is_told(finished, tiny_encoder, tmp_path):
    out = copied(finished, tmp_path)
    with lock_folder(out), pytest.raises(kh.KlueError, match="다른 klue가"):
        train(tiny_encoder, out, [])
    train(tiny_encoder, out, [])


@contextmanager
def file_limit(size):
    """Let no file grow beyond so many bytes: to a writer it is as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [100, 100_000, 1_700_000])
def test_a_full_disk_is_one_korean_line_and_the_same_command_goes_on(size, tiny_encoder, tmp_path, capsys):
    """100 bytes: settings; then the weights of the checkpoint (safetensors) or its optimizer (torch)."""
    words = ["train", "nsmc", "--encoder", tiny_encoder, "--output", str(tmp_path / "out")]
    for name, value in QUICK.items():
        words += ["--set", f"{name}={value}"]
    with file_limit(size):
        assert cli.main(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("klue: ") and err.count("\n") == 1 and str(tmp_path / "out") in err
    assert cli.main(words) == 0


def test_a_process_keeps_to_one_card(tmp_path):
    arguments = transformers.TrainingArguments(str(tmp_path), use_cpu=True, per_device_train_batch_size=8)
    assert arguments.n_gpu == 0 and _on_one_card(arguments).n_gpu == 0
    arguments._n_gpu = 4
    assert arguments.train_batch_size == 32
    assert _on_one_card(arguments).train_batch_size == 8


def test_reports_are_predicted_in_the_precision_that_chose_the_model(tiny_encoder, tmp_path):
    done = train(tiny_encoder, tmp_path / "out", [], precision="bf16")
    model = load_model(tmp_path / "out")
    assert model.bf16 and done.trained.bf16
    with torch.inference_mode():
        rows = load_rows(TASKS["nsmc"], "sample", "test")[:5]
        single = kh.training.TaskModel(**{**vars(model), "bf16": False}).predict(rows).predictions
    assert model.predict(rows).predictions != single
    assert (tmp_path / "out" / "model" / "task.json").read_text(encoding="utf-8").count('"bf16": true') == 1
