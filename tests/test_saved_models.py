"""Folders of fine-tuned models with something broken in them: one Korean line, and no code is run (lecture 5)."""

import json
import pickle
import shutil

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import klue_helpers as kh
from klue_helpers import cli
from klue_helpers.training import finetune, load_model


@pytest.fixture(scope="module")
def saved(tiny_encoder, tmp_path_factory):
    output = tmp_path_factory.mktemp("모델") / "out"
    finetune("nsmc", encoder=tiny_encoder, output=output, say=lambda line: None, epochs=1, max_train=20, max_test=10,
             max_length=16, rounds=10)
    return output / "model"


class Payload:
    def __reduce__(self):
        return open, ("executed", "w")


def facts(**changes):
    """Return the text of a task file with some things other than they were."""
    content = {"task": "nsmc", "options": {}, "encoder": "tiny", "max_length": 16, "bf16": False, **changes}
    return json.dumps({name: value for name, value in content.items() if value is not ...}).encode()


WRONG = [
    ("task.json", b""), ("task.json", b"[]"), ("task.json", b"null"), ("task.json", b"1"), ("task.json", b"{" * 10_000),
    ("task.json", facts(options=[])), ("task.json", facts(options=None)), ("task.json", facts(max_length=...)),
    ("task.json", facts(max_length=0)), ("task.json", facts(max_length=10**30)), ("task.json", facts(max_length="16")),
    ("task.json", facts(task=[])), ("task.json", facts(task="mood")), ("task.json", facts(options={"marker": "typed"})),
    ("task.json", facts(task="dp")), ("task.json", facts(encoder=None)),
    ("config.json", b"{"), ("config.json", b"[]"), ("tokenizer.json", b"{"), ("tokenizer_config.json", b"[]"),
    ("model.safetensors", b""), ("model.safetensors", b"\xff" * 100), ("model.safetensors", pickle.dumps(Payload())),
]


@pytest.mark.parametrize(("name", "content"), WRONG)
def test_a_broken_file_is_one_korean_line(name, content, saved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(saved, tmp_path / "모델")
    (tmp_path / "모델" / name).write_bytes(content)
    assert cli.main(["predict", "모델", "좋아요"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("klue: ") and err.count("\n") == 1 and "모델" in err and err.rstrip().endswith("요.")
    assert not (tmp_path / "executed").exists()


def test_pickles_in_the_folder_are_not_read(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(saved, tmp_path / "모델")
    (tmp_path / "모델" / "model.safetensors").unlink()
    torch.save({"a": Payload()}, tmp_path / "모델" / "pytorch_model.bin")
    with pytest.raises(kh.KlueError, match="다시 하세요"):
        load_model("모델")
    assert not (tmp_path / "executed").exists()


@settings(max_examples=25)
@given(data=st.data())
def test_a_configuration_with_one_thing_broken_loads_or_is_told(data, saved, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "config"
    if not folder.exists():
        shutil.copytree(saved, folder)
    config = json.loads((saved / "config.json").read_text(encoding="utf-8"))
    name = data.draw(st.sampled_from(sorted(config)))
    config[name] = data.draw(st.sampled_from([None, "abc", [], {}, 0, -1, 1.5, True, ["x"], {"a": 1}]))
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    try:
        load_model(folder)
    except kh.KlueError as error:
        assert "config" in str(error)
