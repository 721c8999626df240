"""LoRA beside a frozen encoder: what is trained, what is saved, what comes back (lecture 9)."""

import pytest
import safetensors.torch
import torch

import klue_helpers as kh
from klue_helpers import cli
from klue_helpers.training import adapters, load_model, saved

QUICK = {"epochs": 1, "max_train": 40, "max_test": 10, "rounds": 10, "max_length": 24}


@pytest.mark.parametrize("task", ["nsmc", "sts", "ner", "dp", "re", "korquad", "wos"])
def test_adapters_and_head_are_trained_saved_and_loaded_without_the_encoder(task, tiny_encoder, tmp_path):
    done = kh.finetune(task, encoder=tiny_encoder, output=tmp_path / "out", adapter=2, say=lambda line: None, **QUICK)
    weights = safetensors.torch.load_file(tmp_path / "out" / "model" / saved.ADAPTER)
    assert any("lora_A" in name for name in weights) and not any("base_layer" in name for name in weights)
    assert not (tmp_path / "out" / "model" / saved.WEIGHTS).exists()
    inner = {name.replace("base_layer.", ""): weight for name, weight in
             adapters.encoder_of(done.model).state_dict().items()}
    for name, weight in kh.models.load_encoder(tiny_encoder).model.state_dict().items():
        if name in inner:  # not the pooler, where the task's network has none; a task may add tokens to the table
            assert torch.equal(inner[name][:len(weight)], weight), name
    assert any(weight.abs().max() > 0 for name, weight in weights.items() if "lora_B" in name), "it has learnt"
    again = load_model(tmp_path / "out")
    for name, weight in adapters.free_weights(again.model).items():
        assert torch.equal(weight, weights[name].float())
    rows = kh.training.load_rows(done.trained.task, "sample", "train")[:5]
    assert again.predict(rows).predictions == load_model(tmp_path / "out").predict(rows).predictions


def test_new_adapters_change_nothing(tiny_encoder):
    tokenizer, model = loaded = kh.models.load_encoder(tiny_encoder, head="sequence-classification", num_labels=2)
    inputs = tokenizer("봄이 왔다", return_tensors="pt")
    before = model(**inputs).logits
    adapters.add_adapters(loaded, 4)
    assert torch.allclose(model.eval()(**inputs).logits, before, atol=1e-6)
    free = adapters.free_weights(model)
    assert "classifier.weight" in free and all("lora" in name or "classifier" in name for name in free)


def test_a_damaged_adapter_is_told(tiny_encoder, tmp_path):
    kh.finetune("nsmc", encoder=tiny_encoder, output=tmp_path / "out", adapter=2, say=lambda line: None, **QUICK)
    path = tmp_path / "out" / "model" / saved.ADAPTER
    whole = safetensors.torch.load_file(path)
    for weights in ({}, {name: weight[..., :1] for name, weight in whole.items()}):
        safetensors.torch.save_file({name: weight.contiguous() for name, weight in weights.items()}, path)
        with pytest.raises(kh.KlueError, match="klue train"):
            load_model(tmp_path / "out")


def test_the_command_trains_adapters_and_an_unknown_head_is_told(tiny_encoder, tmp_path, capsys):
    out = tmp_path / "out"
    words = [word for name, value in QUICK.items() for word in ("--set", f"{name}={value}")]
    assert cli.main(["train", "nsmc", "--encoder", tiny_encoder, "--output", str(out), "--adapter", "2", *words]) == 0
    assert cli.main(["predict", str(out), "좋아요"]) == 0 and '"label"' in capsys.readouterr().out
    with pytest.raises(kh.KlueError, match="없는과제"):
        kh.load_finetuned("없는과제")


def test_a_trained_head_in_the_package_is_loaded_by_name(tiny_encoder, tmp_path, monkeypatch, capsys):
    kh.finetune("nsmc", encoder=tiny_encoder, output=tmp_path / "out", adapter=2, say=lambda line: None, **QUICK)
    (tmp_path / "heads").mkdir()
    (tmp_path / "out" / "model").rename(tmp_path / "heads" / "nsmc")
    monkeypatch.setattr(saved, "HEADS", tmp_path / "heads")
    monkeypatch.chdir(tmp_path)  # where no folder of that name lies
    assert saved.shipped_heads() == ["nsmc"] and kh.load_finetuned("nsmc").adapter == 2
    assert cli.main(["predict", "nsmc", "좋아요"]) == 0 and '"label"' in capsys.readouterr().out
