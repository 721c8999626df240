"""Tiny random models in the form of the published repositories: their files, config keys, tokenizer classes and tokens.

Facts of the repositories (seen in their cards, configs and the code that loads them):

- klue/bert-base: no tokenizer class in the config; [PAD] [UNK] [CLS] [SEP] [MASK] = 0 to 4; weights of
  BertForPreTraining, so that pooler and sentence head are there; 512 positions, two segments.
- klue/roberta-*: BertTokenizer; [CLS] [PAD] [SEP] [UNK] [MASK] = 0 to 4; 514 positions, one segment, all
  token_type_ids 0, no pooler.
- monologg/koelectra-*: vocab.txt without a tokenizer.json, a discriminator without a pooler, weights of torch's own
  format. beomi/kcbert-base: a BERT of 300 positions.
- skt/kogpt2-base-v2: config.json, pytorch_model.bin and a bare tokenizer.json; its special tokens lie elsewhere than
  those of the mini GPT; 1,024 positions; NFKC before the pieces.
- polyglot-ko and KoAlpaca: GPT-NeoX, float16, byte-level BPE of which <|endoftext|> is the only special token and
  whose `model_max_length` is not told; 2,048 positions.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers

from klue_helpers.data import load_data
from klue_helpers.models import model_folder

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA_TOKENS = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
KOGPT2_TOKENS = ["<s>", "</s>", "<usr>", "<pad>", "<sys>", "<unk>", "<mask>", "<d>", "</d>"]
END_OF_TEXT = "<|endoftext|>"
ROLES = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
         "mask_token": "[MASK]"}


def bert(folder: Path, *, positions: int = 512) -> None:
    """Write a BERT as klue/bert-base and beomi/kcbert-base are published."""
    vocabulary = _pieces("klue-mini-bert", BERT_TOKENS)
    config = transformers.BertConfig(**TINY, vocab_size=len(vocabulary), max_position_embeddings=positions)
    _save(transformers.BertForPreTraining(config), folder, drop=("transformers_version", "dtype"))
    _write_wordpiece(folder, vocabulary, BERT_TOKENS, segment=1, settings={"model_max_length": positions})


def roberta(folder: Path) -> None:
    """Write a RoBERTa as klue/roberta-* are published."""
    vocabulary = _pieces("klue-mini-bert", ROBERTA_TOKENS)
    config = transformers.RobertaConfig(
        **TINY, vocab_size=len(vocabulary), max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, tokenizer_class="BertTokenizer")
    _save(transformers.RobertaForMaskedLM(config), folder)
    _write_wordpiece(folder, vocabulary, ROBERTA_TOKENS, segment=0, settings={
        "model_max_length": 512, "tokenizer_class": "BertTokenizer", "bos_token": "[CLS]", "eos_token": "[SEP]"})


def electra(folder: Path) -> None:
    """Write a discriminator as monologg/koelectra-* are published."""
    vocabulary = _pieces("klue-mini-bert", BERT_TOKENS)
    config = transformers.ElectraConfig(**TINY, vocab_size=len(vocabulary), embedding_size=16)
    _save(transformers.ElectraForPreTraining(config), folder, pickled=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    _write_json(folder / "tokenizer_config.json", {"do_lower_case": False, "model_max_length": 512})


def kogpt2(folder: Path) -> None:
    """Write a GPT-2 as skt/kogpt2-base-v2 is published."""
    mini = json.loads((model_folder("klue-mini-gpt") / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = _pieces("klue-mini-gpt", KOGPT2_TOKENS)
    merges = [(left, right) for left, right in mini["model"]["merges"] if "\n" not in left + right]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(
        {piece: place for place, piece in enumerate(pieces)}, merges, unk_token="<unk>"))
    tokenizer.normalizer = tokenizers.normalizers.NFKC()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.decoder = tokenizers.decoders.Metaspace()
    tokenizer.add_special_tokens(KOGPT2_TOKENS)
    config = transformers.GPT2Config(
        vocab_size=len(pieces), n_embd=32, n_layer=2, n_head=2, n_positions=1024, bos_token_id=0, eos_token_id=1,
        pad_token_id=3, task_specific_params={"text-generation": {"do_sample": True, "max_length": 50}})
    _save(transformers.GPT2LMHeadModel(config), folder, pickled=True)
    tokenizer.save(str(folder / "tokenizer.json"))


def polyglot(folder: Path) -> None:
    """Write a GPT-NeoX as EleutherAI/polyglot-ko-* and beomi/KoAlpaca-Polyglot-* are published."""
    levels = tokenizers.pre_tokenizers.ByteLevel
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = levels(add_prefix_space=False), tokenizers.decoders.ByteLevel()
    tokenizer.train_from_iterator(load_data("corpus")["train"]["text"], tokenizers.trainers.BpeTrainer(
        vocab_size=3_000, special_tokens=[END_OF_TEXT, "<|sep|>"], initial_alphabet=levels.alphabet(),
        show_progress=False))
    config = transformers.GPTNeoXConfig(**TINY, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=2048,
                                        bos_token_id=0, eos_token_id=0, rotary_pct=0.5)
    _save(transformers.GPTNeoXForCausalLM(config).half(), folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(folder / "tokenizer_config.json", {
        "eos_token": END_OF_TEXT, "pad_token": END_OF_TEXT, "tokenizer_class": "PreTrainedTokenizerFast"})


REPOSITORIES: dict[str, Callable[[Path], None]] = {
    "klue/bert-base": bert, "klue/roberta-small": roberta, "klue/roberta-base": roberta,
    "klue/roberta-large": roberta, "beomi/kcbert-base": lambda folder: bert(folder, positions=300),
    "monologg/koelectra-small-v3-discriminator": electra, "monologg/koelectra-base-v3-discriminator": electra,
    "skt/kogpt2-base-v2": kogpt2, "EleutherAI/polyglot-ko-1.3b": polyglot, "beomi/KoAlpaca-Polyglot-5.8B": polyglot,
}


def write_models(root: Path) -> None:
    """Write every repository below a folder, ``OWNER/NAME``."""
    for name, write in REPOSITORIES.items():
        torch.manual_seed(0)
        write(root / name)


def _pieces(mini: str, first: list[str]) -> list[str]:
    """Return the vocabulary of a mini model with other special tokens, which come first."""
    content = json.loads((model_folder(mini) / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = content["model"]["vocab"]
    special = {*first, *(token["content"] for token in content["added_tokens"])}
    return [*first, *(piece for piece in sorted(vocabulary, key=vocabulary.__getitem__) if piece not in special)]


def _save(model: transformers.PreTrainedModel, folder: Path, *, pickled: bool = False,
          drop: tuple[str, ...] = ("transformers_version",)) -> None:
    """Save a network with the config's published keys; `pickled` in torch's own format."""
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    _write_json(folder / "config.json", {key: value for key, value in config.items() if key not in drop})
    if pickled:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")


def _write_wordpiece(folder: Path, vocabulary: list[str], special: list[str], *, segment: int,
                     settings: dict[str, Any]) -> None:
    """Write vocab.txt, tokenizer.json and its settings; the second text of a pair belongs to `segment`."""
    numbers = {piece: place for place, piece in enumerate(vocabulary)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = tokenizers.decoders.WordPiece()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair=f"[CLS] $A [SEP] $B:{segment} [SEP]:{segment}",
        special_tokens=[(token, numbers[token]) for token in ("[CLS]", "[SEP]")])
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    _write_json(folder / "tokenizer_config.json", {"do_lower_case": False, "strip_accents": None, **ROLES, **settings})
    _write_json(folder / "special_tokens_map.json", ROLES)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2), encoding="utf-8")
