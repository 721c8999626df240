"""Loading by name, the shipped model and its card (lecture 3)."""

import hashlib
import json
import pickle
import re
import shutil
import subprocess
import sys

import pytest
import torch
from loopback import faulty_hub, faulty_site, serving, stand_in_hub

import klue_helpers as kh
from klue_helpers.models import HEADS, MINI_MODELS, load_causal_lm, load_encoder, model_folder
from klue_helpers.multimodal.saved import SHIPPED

BERT = model_folder("klue-mini-bert")


@pytest.mark.parametrize(("name", "kind"), [("klue-mini-bert", "BertForPreTraining"),
                                            ("klue-mini-gpt", "GPT2LMHeadModel")])
def test_a_shipped_model_is_an_ordinary_checkpoint_of_half_precision_tensors(name, kind):
    import safetensors.torch
    import transformers

    folder = model_folder(name)
    model = getattr(transformers, kind).from_pretrained(folder)  # as anybody would load it
    assert model.dtype == torch.float32
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    assert (folder / "model.safetensors").stat().st_size <= 16_000_000
    assert all(torch.isfinite(weight).all() for weight in weights.values())


@pytest.mark.parametrize("name", MINI_MODELS)
def test_the_card_states_version_and_hashes(name):
    folder = model_folder(name)
    card = (folder / "README.md").read_text(encoding="utf-8")
    for path in [*folder.glob("*.json"), folder / "model.safetensors"]:
        if path.name != "settings.json":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest in card, f"{path.name} is not the file of the card"
    steps = json.loads((folder / "settings.json").read_text(encoding="utf-8"))["steps"]
    assert f"{steps:,}단계" in card and f"steps={steps}" in card
    assert re.search(r"판(?: 번호)?[:|\s]+\**1\.\d", card)


@pytest.mark.parametrize("name", MINI_MODELS)
def test_nothing_but_final_files_ships(name):
    allowed = {"README.md", "ablation.csv", "config.json", "generation_config.json", "log.csv", "loss.png",
               "model.safetensors", "settings.json", "tokenizer.json", "tokenizer_config.json"}
    assert {path.name for path in model_folder(name).iterdir()} <= allowed


def test_the_shipped_gpt_goes_on_with_a_text():
    tokenizer, model = load_causal_lm()
    assert not model.training and tokenizer.model_max_length == model.config.n_positions == 256
    assert (model.config.bos_token_id, model.config.eos_token_id, model.config.pad_token_id) == (
        tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id)
    inputs = tokenizer("<s>이 영화는", return_tensors="pt")
    text = tokenizer.decode(model.generate(**inputs, do_sample=False, max_new_tokens=8)[0], skip_special_tokens=True)
    assert text.startswith("이 영화는 ") and len(text) > len("이 영화는 ")


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


def in_a_process(code: str, address: str, cache) -> list:
    """Run code that prints JSON at its end with the hub at another address; huggingface_hub reads it once."""
    environment = {"HF_ENDPOINT": address, "HF_HOME": str(cache), "PATH": "/usr/bin:/bin",
                   "HF_HUB_DISABLE_XET": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", f"import json, klue_helpers as kh\n{code}"], env=environment,
                          capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("kind", "name"), [("bert", "klue/bert-base"), ("roberta", "klue/roberta-small"),
                                            ("electra", "monologg/koelectra-small-v3-discriminator")])
def test_published_encoders_load_by_name(kind, name, tmp_path):
    """Through the hub's own client, from a stand-in on loopback, with real repository names and tiny weights."""
    saved(kind, tmp_path / "repository")
    code = (f"tokenizer, model = kh.models.load_encoder({name!r})\n"
            "inputs = tokenizer('봄비가 내립니다.', '우산을 챙기세요.', return_tensors='pt')\n"
            "print(json.dumps([type(model).__name__, list(inputs), list(model(**inputs)[0].shape)[::2],"
            " tokenizer.model_max_length]))")
    with serving(stand_in_hub(tmp_path / "repository", name, "models")) as address:
        shown = in_a_process(code, address, tmp_path / "cache")
    assert shown[0] == {"bert": "BertModel", "roberta": "RobertaModel", "electra": "ElectraModel"}[kind]
    assert ("token_type_ids" in shown[1]) == (kind != "roberta")
    assert shown[2:] == [[1, 16], 512]


def saved_causal(name: str, folder) -> None:
    """Save a tiny random model with the architecture and the files of a published repository."""
    import transformers

    texts = kh.load_data("corpus")["train"]["text"][:50]
    tokenizer = kh.tokenizers.to_transformers(kh.tokenizers.train_bpe(texts, vocab_size=500, limit_alphabet=300))
    if name == "skt/kogpt2-base-v2":  # a bare tokenizer.json, and weights in torch's own format
        config = transformers.GPT2Config(vocab_size=500, n_embd=16, n_layer=1, n_head=2, bos_token_id=0,
                                         eos_token_id=1, pad_token_id=3)
        config.save_pretrained(folder)
        tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
        torch.save(transformers.GPT2LMHeadModel(config).state_dict(), folder / "pytorch_model.bin")
        return
    config = transformers.GPTNeoXConfig(vocab_size=500, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                                        intermediate_size=32, max_position_embeddings=2048)
    transformers.GPTNeoXForCausalLM(config).half().save_pretrained(folder)
    bare = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, eos_token="</s>")
    bare.save_pretrained(folder)


@pytest.mark.parametrize(("name", "expected"), [
    ("skt/kogpt2-base-v2", ["GPT2LMHeadModel", "</s>", "</s>", "<pad>", "<unk>", "<mask>", 1024]),
    pytest.param("EleutherAI/polyglot-ko-1.3b", ["GPTNeoXForCausalLM", "</s>", "</s>", "</s>", None, None, 2048],
                 marks=pytest.mark.slow),
])
def test_published_causal_models_load_by_name(name, expected, tmp_path):
    (tmp_path / "repository").mkdir()
    saved_causal(name, tmp_path / "repository")
    code = (f"lm = tokenizer, model = kh.models.load_causal_lm({name!r})\n"
            "inputs = tokenizer('봄비가 내립니다.', return_tensors='pt')\n"
            "roles = [getattr(tokenizer, f'{role}_token') for role in ('bos', 'eos', 'pad', 'unk', 'mask')]\n"
            "scores = kh.prompting.log_likelihoods(lm, ['그는 이', '그는 이 고'])\n"
            "text = kh.generation.sample_texts(lm, '그는 이', max_new_tokens=5)[0]\n"
            "print(json.dumps([[type(model).__name__, *roles, tokenizer.model_max_length], list(inputs),"
            " str(model.dtype), len(scores), text[:4]]))")
    with serving(stand_in_hub(tmp_path / "repository", name, "models")) as address:
        shown = in_a_process(code, address, tmp_path / "cache")
    # In a second process the hub is gone: the cached files serve.
    assert in_a_process(code, address, tmp_path / "cache") == shown
    assert shown == [expected, ["input_ids", "attention_mask"], "torch.float32", 2, "그는 이"]


def test_a_hub_that_does_not_answer_is_asked_twice(tmp_path):
    """The library's own way is to ask for every file again and again, for most of a minute."""
    site = faulty_site({}, [503] * 50)
    code = ("told = []\n"
            "for load, name in ((kh.models.load_encoder, 'klue/bert-base'),"
            " (kh.models.load_causal_lm, 'skt/kogpt2-base-v2')):\n"
            "    try:\n        load(name)\n    except kh.KlueError as error:\n        told.append(str(error))\n"
            "print(json.dumps(told))")
    with serving(site) as address:
        encoder, causal = in_a_process(code, address, tmp_path)
    assert [path for path, _ in site.requests if "klue/bert" in path or "kogpt2" in path] == [
        "/api/models/klue/bert-base", "/api/models/klue/bert-base", "/api/models/skt/kogpt2-base-v2",
        "/api/models/skt/kogpt2-base-v2"]
    assert "503" in encoder and "철자" not in encoder, "a name that is right is not called misspelt"
    assert "klue/bert-base" in encoder and 'load_encoder("klue-mini-bert")' in encoder
    assert "skt/kogpt2-base-v2" in causal and 'load_causal_lm("klue-mini-gpt")' in causal


MANY = """
kh.runtime.silence()
kh.models.hub.PAUSE = 0.0
told = []
for name in {names}:
    for turn in range(2):
        try:
            told.append(type(kh.models.load_encoder(name).model).__name__)
        except kh.KlueError as error:
            told.append(str(error))
print(json.dumps(told))
"""
LOADS, AGAIN = "BertModel", "지웠습니다. 인터넷에 이어진 채로 다시 실행하면 새로 내려받습니다."


def test_the_hubs_faults_are_told_and_a_second_try_succeeds(tmp_path):
    """For each fault what the first and the second try give; all in one process, which reads the address once."""
    saved("bert", tmp_path / "model")
    weights = (tmp_path / "model" / "model.safetensors").read_bytes()
    page = b"<" * (tmp_path / "model" / "config.json").stat().st_size
    zeros, one_byte = bytes(len(weights)), weights[:-1] + bytes([weights[-1] ^ 1])
    file, always = "model.safetensors", ...
    cases = {  # name: (faults, first, second); a fault None is the answer to the HEAD before a file
        "x/busy-once": ({"api": [429]}, LOADS, LOADS), "x/broken-once": ({"api": [500]}, LOADS, LOADS),
        "x/busy": ({"api": [429, 429]}, "요청이 너무 많다고 합니다(429)", LOADS),
        "x/broken": ({"api": [500, 502]}, "답하지 못합니다(502)", LOADS),
        "x/private": ({"api": [401]}, "비공개입니다(401)", LOADS), "x/unknown": ({"api": [404]}, "없거나", LOADS),
        "x/gated": ({"api": [403]}, "사용 허락", LOADS),
        "x/file-broken-once": ({file: [None, 500]}, LOADS, LOADS),
        "x/file-broken": ({file: [None, 500, None, 500]}, "답하지 못합니다(500)", LOADS),
        "x/file-gone": ({file: [always, 404]}, "파일이 다 있지 않습니다(404)", "(404)"),
        "x/cut-once": ({file: [None, ("cut", 1000)]}, LOADS, LOADS),
        "x/one-byte": ({file: [None, one_byte]}, f"{file} 파일이 망가져 있어 {AGAIN}", LOADS),
        "x/zeros": ({file: [None, zeros]}, f"{file} 파일이 망가져 있어 {AGAIN}", LOADS),
        "x/odd-settings": ({"config.json": [None, page]}, f"config.json 파일이 망가져 있어 {AGAIN}", LOADS),
    }
    with serving(faulty_hub({name: (tmp_path / "model", faults) for name, (faults, _, _) in cases.items()})) as address:
        told = in_a_process(MANY.format(names=list(cases)), address, tmp_path / "cache")
    for (name, (_, *expected)), shown in zip(cases.items(), zip(told[::2], told[1::2], strict=True), strict=True):
        for part, line in zip(expected, shown, strict=True):
            assert part in line and "\n" not in line, (name, line)
            assert line == LOADS or ("klue-mini-bert" in line) != (AGAIN in line), (name, line)


def test_a_model_that_was_fetched_loads_without_the_hub_and_a_lost_hub_is_told(tmp_path):
    saved("bert", tmp_path / "model")
    with serving(faulty_hub({"x/plain": (tmp_path / "model", {})})) as address:
        assert in_a_process(MANY.format(names=["x/plain"]), address, tmp_path / "cache") == [LOADS, LOADS]
    kept, lost = in_a_process(MANY.format(names=["x/plain", "x/other"]), address, tmp_path / "cache")[::2]
    assert kept == LOADS and "닿지 않거나 끊겼습니다" in lost and 'load_encoder("klue-mini-bert")' in lost


class Evil:
    """Bytes that would write a file if they were unpickled."""

    def __reduce__(self):
        return open, ("was-run", "w")


def edited(name: str, **changes: object):
    def spoil(folder):
        facts = json.loads((folder / name).read_text(encoding="utf-8")) | changes
        (folder / name).write_text(json.dumps(facts), encoding="utf-8")
    return spoil


def written(name: str, body: bytes):
    return lambda folder: (folder / name).write_bytes(body)


def pickled(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))


def torch_saved(folder):
    (folder / "model.safetensors").unlink()
    torch.save({"embeddings": Evil()}, folder / "pytorch_model.bin")


@pytest.mark.parametrize(("spoil", "named"), [
    (edited("config.json", hidden_size="abc"), ""), (edited("config.json", hidden_size=0), ""),
    (edited("config.json", num_hidden_layers=None), ""), (edited("config.json", hidden_size=48), ""),
    (edited("config.json", id2label=[]), ""), (edited("config.json", hidden_act="banana"), ""),
    (edited("config.json", dtype="banana"), ""), (edited("config.json", model_type="banana"), ""),
    (written("config.json", b"[]"), "config.json"), (written("config.json", b"\xff\xfe"), "config.json"),
    (written("tokenizer_config.json", b"[]"), "tokenizer_config.json"),
    (written("tokenizer.json", b"{"), "tokenizer.json"), (written("model.safetensors", b""), "model.safetensors"),
    (written("model.safetensors", bytes(5_000)), "model.safetensors"),
    (pickled, "pytorch_model.bin"), (torch_saved, "pytorch_model.bin"),
], ids=range(16))
def test_a_hostile_folder_runs_nothing_and_is_told_in_one_line(spoil, named, tmp_path, monkeypatch):
    """The file is named where it cannot be read at all; else the library says what does not fit."""
    saved("bert", tmp_path / "model")
    spoil(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kh.KlueError) as caught:
        load_encoder(str(tmp_path / "model"), head="token-classification")
    assert "폴더의 모델을 읽지 못했습니다" in str(caught.value) and "\n" not in str(caught.value)
    assert not named or f" {named} 파일을 읽을 수 없습니다." in str(caught.value)
    assert not (tmp_path / "was-run").exists()


def test_an_encoder_is_no_causal_model():
    with pytest.raises(kh.KlueError, match=r"인코더\(bert\).*load_encoder"):
        load_causal_lm("klue-mini-bert")


def test_a_causal_model_with_random_weights_keeps_its_configuration(tmp_path):
    (tmp_path / "모델").mkdir()
    saved_causal("EleutherAI/polyglot-ko-1.3b", tmp_path / "모델")
    trained, random = (load_causal_lm(str(tmp_path / "모델"), random_weights=flag) for flag in (False, True))
    assert trained.model.config.hidden_size == random.model.config.hidden_size
    assert trained.model.dtype == random.model.dtype == torch.float32, "saved in half precision"
    assert not torch.equal(*(one.model.gpt_neox.embed_in.weight for one in (trained, random)))
    assert load_causal_lm(str(tmp_path / "모델"), dtype=torch.bfloat16).model.dtype == torch.bfloat16


def test_mini_models_and_the_painter_are_the_ones_in_the_package():
    folders = {path.name for path in BERT.parent.iterdir() if path.is_dir() and path.name.startswith("klue-")}
    assert folders == {*MINI_MODELS, SHIPPED}
