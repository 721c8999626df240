"""The gpu profile end to end on a CPU: lectures and tasks against the stand-in for hub and publishers."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from standin.files import contents
from standin.hub import build, path_of, served
from standin.models import REPOSITORIES
from standin.runs import CAPS, DEVICE, lecture_run, run, task_run

from klue_helpers.configure import LECTURES
from klue_helpers.data import CATALOGUE, load_data
from klue_helpers.data.published import read_published

whole_runs = pytest.mark.skipif(
    "KLUE_GPU_PROFILE" not in os.environ,
    reason="whole lectures on the gpu profile take about ten minutes of CPU: set KLUE_GPU_PROFILE=1 to run them")


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    return build(tmp_path_factory.mktemp("standin"))


@pytest.fixture(scope="module")
def served_standin(standin):
    with served(standin) as environment:
        yield standin, environment


@pytest.mark.parametrize("name", [name for name, data in CATALOGUE.items() if data.files])
def test_files_by_hand_are_read_as_the_sample(name, tmp_path):
    """The writers undo the readers, so that what is served has the published form."""
    sample, data = load_data(name), CATALOGUE[name]
    data = replace(data, files=tuple(replace(file, rows=None) for file in data.files))
    for path, (content, _) in contents(data).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    for split in set(data.splits) & set(sample):
        found = read_published(data, tmp_path, split)
        if (name, split) == ("question_pair", "train"):
            assert len(found) == 6 * len(sample[split])
        elif len(data.published(split)) == 1 or data.parallel:
            assert found[: len(sample[split])] == sample[split][: len(found)]


def in_a_process(code, environment):
    """Run code that prints JSON at its end against the stand-in."""
    done = subprocess.run([sys.executable, "-c", f"import json, klue_helpers as kh\n{code}"], capture_output=True,
                          env={"PATH": "/usr/bin:/bin", "PYTHONUTF8": "1", **environment}, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_repository_loads_in_its_kind(served_standin):
    _, environment = served_standin
    code = ("shown = {}\n"
            f"for name in {list(REPOSITORIES)}:\n"
            "    causal = 'gpt' in name or 'olyglot' in name\n"
            "    tokenizer, model = (kh.models.load_causal_lm if causal else kh.models.load_encoder)(name)\n"
            "    ids = tokenizer('봄비가 내립니다.', '우산을 챙기세요.')\n"
            "    shown[name] = [model.config.model_type, tokenizer.model_max_length, list(ids),"
            " tokenizer.pad_token_id, getattr(tokenizer, 'cls_token_id', None)]\n"
            "print(json.dumps(shown))")
    shown = in_a_process(code, environment)
    both, three = ["input_ids", "attention_mask"], ["input_ids", "token_type_ids", "attention_mask"]
    assert shown["klue/bert-base"] == ["bert", 512, three, 0, 2]
    assert shown["klue/roberta-large"] == ["roberta", 512, both, 1, 0]
    assert shown["beomi/kcbert-base"] == ["bert", 300, three, 0, 2]
    assert shown["monologg/koelectra-small-v3-discriminator"] == ["electra", 512, three, 0, 2]
    assert shown["skt/kogpt2-base-v2"][:4] == ["gpt2", 1024, both, 3]
    assert shown["EleutherAI/polyglot-ko-1.3b"][:4] == ["gpt_neox", 2048, both, 0]


@pytest.mark.slow
@whole_runs
@pytest.mark.parametrize("lecture", LECTURES)
def test_a_lecture_runs_in_small(lecture, served_standin):
    end = run(lecture_run(lecture, small=True), *served_standin)
    assert end.status == 0, end.output


@pytest.mark.slow
@whole_runs
@pytest.mark.parametrize(("task", "encoder"), [("ner", "klue/bert-base"), ("mrc", "klue/roberta-base")])
def test_a_task_trains(task, encoder, served_standin):
    """The two that the hub's own form of the data spoiled; `python -m standin` runs all."""
    end = run(task_run(task, encoder), *served_standin)
    assert end.status == 0, end.output


@pytest.mark.slow
@whole_runs
def test_a_lecture_runs_on_the_make_believe_device(served_standin):
    end = run(lecture_run(3, small=True), *served_standin, cuda=True)
    assert end.status == 0, end.output


def test_the_device_fails_where_a_real_one_would():
    code = ("import torch, json\n"
            "there, here, failed = torch.ones(3, device='cuda'), torch.ones(3), []\n"
            "trials = {'mixed': lambda: there + here, 'numpy': lambda: there.numpy(),\n"
            "          'embedding': lambda: torch.nn.Embedding(3, 2)(there.long()),\n"
            "          'mask': lambda: here.masked_fill(there > 0, 0.0), 'index': lambda: here[there.long()],\n"
            "          'draw': lambda: torch.rand(3, generator=torch.Generator(), device='cuda'),\n"
            "          'fine': lambda: (there.cpu() + here, there * torch.tensor(2.0), there[here.long()[:1]])}\n"
            "for name, trial in trials.items():\n"
            "    try:\n        trial()\n    except (RuntimeError, TypeError):\n        failed.append(name)\n"
            "model = torch.nn.Linear(3, 1).to('cuda')\n"
            "model(there).sum().backward()\n"
            "print(json.dumps([failed, str(model.weight.grad.device), str(there.cpu().device)]))")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(DEVICE), "MAKE_BELIEVE_CUDA": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [["mixed", "numpy", "embedding", "mask", "index", "draw"], "cuda:0", "cpu"]


def rename_column(root):
    [file] = [file for file in CATALOGUE["ynat"].files if file.split == "train"]
    path = root / "raw" / path_of(file.url)
    path.write_text(path.read_text(encoding="utf-8").replace('"title"', '"headline"'), encoding="utf-8")


def rename_config_key(root):
    path = root / "models" / "klue" / "bert-base" / "config.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"vocab_size"', '"vocabulary_size"'), encoding="utf-8")


def rename_model(root):
    (root / "models" / "klue" / "bert-base").rename(root / "models" / "klue" / "bert-basic")


@pytest.mark.slow
@whole_runs
@pytest.mark.parametrize(("change", "told"), [(rename_column, "title"), (rename_config_key, "klue/bert-base"),
                                              (rename_model, "klue/bert-base")])
def test_a_change_of_what_is_published_is_noticed(change, told, tmp_path):
    standin = build(tmp_path, change=change)
    with served(standin) as environment:
        end = run(task_run("ynat"), standin, environment)
    assert end.status != 0 and told in end.output and "Traceback" not in end.output, end.output


def test_every_lecture_has_caps():
    assert list(CAPS) == list(LECTURES)
