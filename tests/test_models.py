"""Loading by name, the shipped model and its card (lecture 3)."""

import hashlib
import json
import re
import shutil
import subprocess
import sys

import pytest
import torch
from loopback import serving, stand_in_hub

import klue_helpers as kh
from klue_helpers.models import HEADS, MINI_MODELS, load_encoder, model_folder

BERT = model_folder("klue-mini-bert")


def test_the_shipped_bert_is_an_ordinary_checkpoint_of_half_precision_tensors():
    import safetensors.torch
    from transformers import BertForPreTraining

    model = BertForPreTraining.from_pretrained(BERT)  # as anybody would load it
    assert model.dtype == torch.float32
    weights = safetensors.torch.load_file(BERT / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    assert (BERT / "model.safetensors").stat().st_size <= 16_000_000
    assert all(torch.isfinite(weight).all() for weight in weights.values())


def test_the_card_states_version_and_hashes():
    card = (BERT / "README.md").read_text(encoding="utf-8")
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"):
        assert hashlib.sha256((BERT / name).read_bytes()).hexdigest() in card, f"{name} is not the file of the card"
    steps = json.loads((BERT / "settings.json").read_text(encoding="utf-8"))["steps"]
    assert f"{steps:,}단계" in card and f"steps={steps}" in card
    assert re.search(r"판(?: 번호)?[:|\s]+\**1\.\d", card)


def test_nothing_but_final_files_ships():
    allowed = {"README.md", "ablation.csv", "config.json", "log.csv", "loss.png", "model.safetensors", "settings.json",
               "tokenizer.json", "tokenizer_config.json"}
    assert {path.name for path in BERT.iterdir()} <= allowed


@pytest.mark.parametrize("head", HEADS)
def test_every_head_loads(head):
    tokenizer, model = load_encoder("klue-mini-bert", head=head)
    inputs = tokenizer("봄비가 내립니다.", return_tensors="pt")
    with torch.inference_mode():
        assert model(**inputs)[0].shape[0] == 1
    assert not model.training


def test_random_weights_keep_the_configuration():
    torch.manual_seed(0)
    trained, random = load_encoder("klue-mini-bert"), load_encoder("klue-mini-bert", random_weights=True)
    assert trained.model.config.hidden_size == random.model.config.hidden_size
    assert not torch.equal(*(one.model.embeddings.word_embeddings.weight for one in (trained, random)))


def test_the_shipped_tokenizer_leaves_hangul_whole_and_undoes_itself():
    tokenizer = load_encoder("klue-mini-bert").tokenizer
    assert tokenizer.decode(tokenizer("학교에서 Rust를 배웠습니다.").input_ids, skip_special_tokens=True) == (
        "학교에서 Rust를 배웠습니다.")
    assert tokenizer.model_max_length == 256


def test_a_broken_folder_or_option_is_told_as_such(tmp_path):
    with pytest.raises(kh.KlueError, match="폴더의 모델을 읽지 못했습니다"):
        load_encoder(str(tmp_path))
    with pytest.raises(kh.KlueError, match="옵션"):
        load_encoder("klue-mini-bert", attn_implementation="banana")
    shutil.copytree(BERT, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"half")
    with pytest.raises(kh.KlueError, match="온전한지"):
        load_encoder(str(tmp_path / "model"))


def test_an_unknown_head_is_refused():
    with pytest.raises(kh.KlueError, match="masked-lm"):
        load_encoder("klue-mini-bert", head="lm")


def test_out_of_reach_says_what_to_use_instead(monkeypatch, tmp_path):
    """In a process of its own: huggingface_hub reads its environment once."""
    code = ("import klue_helpers as kh\ntry:\n    kh.models.load_encoder('klue/bert-base')\n"
            "except kh.KlueError as error:\n    print(error)")
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": "/usr/bin:/bin",
                   "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True,
                          encoding="utf-8")
    assert "klue/bert-base" in done.stdout and "klue-mini-bert" in done.stdout and "HF_HUB_OFFLINE" in done.stdout


def saved(kind: str, folder) -> None:
    """Save a tiny random model under a published architecture, with the mini BERT's tokenizer."""
    import transformers

    sizes = {"vocab_size": 12_000, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 32}
    extra = {"bert": {"max_position_embeddings": 512}, "electra": {"embedding_size": 16},
             "roberta": {"type_vocab_size": 1, "max_position_embeddings": 514, "pad_token_id": 1}}[kind]
    config = getattr(transformers, f"{kind.capitalize()}Config")(**{**sizes, **extra})
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer = transformers.BertTokenizerFast.from_pretrained(BERT)
    tokenizer.model_max_length = 512
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize(("kind", "name"), [("bert", "klue/bert-base"), ("roberta", "klue/roberta-small"),
                                            ("electra", "monologg/koelectra-small-v3-discriminator")])
def test_published_encoders_load_by_name(kind, name, tmp_path):
    """Through the hub's own client, from a stand-in on loopback, with real repository names and tiny weights."""
    saved(kind, tmp_path / "repository")
    code = ("import json, klue_helpers as kh\n"
            f"tokenizer, model = kh.models.load_encoder({name!r})\n"
            "inputs = tokenizer('봄비가 내립니다.', '우산을 챙기세요.', return_tensors='pt')\n"
            "print(json.dumps([type(model).__name__, list(inputs), list(model(**inputs)[0].shape)[::2],"
            " tokenizer.model_max_length]))")
    with serving(stand_in_hub(tmp_path / "repository", name, "models")) as address:
        environment = {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin",
                       "HF_HUB_DISABLE_XET": "1", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True,
                              encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    shown = json.loads(done.stdout.splitlines()[-1])
    assert shown[0] == {"bert": "BertModel", "roberta": "RobertaModel", "electra": "ElectraModel"}[kind]
    assert ("token_type_ids" in shown[1]) == (kind != "roberta")
    assert shown[2:] == [[1, 16], 512]


def test_mini_models_are_the_ones_in_the_package():
    folders = {path.name for path in BERT.parent.iterdir() if path.is_dir() and path.name.startswith("klue-")}
    assert folders == set(MINI_MODELS)
