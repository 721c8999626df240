"""Texts drawn from a causal language model (taught in lectures 8 and 9)."""

from typing import TYPE_CHECKING

from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    from klue_helpers.models import CausalLM

_ROWS = 100  # texts drawn at a time
_TRIES = 20  # draws more than needed before texts without a slur are given up


def sample_texts(lm: "CausalLM", prompt: str = "", *, count: int = 1, max_new_tokens: int = 40,
                 temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, seed: int = 42,
                 allow_slurs: bool = False) -> list[str]:
    """Return texts that the model goes on with by chance, piece by piece. Taught in lectures 8 and 9.

    Parameters
    ----------
    lm : from `load_causal_lm`.
    prompt : how the texts begin; best without a space at its end, which the models read as part of the next word.
    count : number of texts.
    max_new_tokens : most pieces that are added; a text ends before where the model says ``</s>``.
    temperature : below 1 the probable becomes more probable, above 1 less.
    top_k : choose among the k most probable pieces only; 0 for all, 1 for always the first.
    top_p : choose among the most probable pieces that together have this probability.
    seed : the same seed gives the same texts; torch's own generators are left as they were.
    allow_slurs : keep texts with a word of ``pretraining/slurs.txt``, which are drawn anew otherwise. The list does
        not hold every slur.

    Returns
    -------
    The texts, the prompt included, without special tokens.

    Raises
    ------
    KlueError : options out of bounds; a prompt that leaves too little of the context; slurs in nearly all texts.

    Sources: Fan et al. 2018 (arXiv 1805.04833) for top-k, Holtzman et al. 2020 (arXiv 1904.09751) for top-p.
    """
    import torch

    from klue_helpers.pretraining.recipe import has_slur

    if count < 1 or max_new_tokens < 1 or temperature <= 0 or top_k < 0 or not 0 < top_p <= 1:
        raise KlueError("count와 max_new_tokens는 1 이상, temperature는 0보다 크게, top_k는 0 이상, top_p는 0보다 크고 "
                        "1 이하여야 합니다. 늘 가장 그럴듯한 조각을 고르려면 top_k=1로 두세요.")
    how = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_k": top_k, "top_p": top_p}
    ids = _start(lm, prompt, max_new_tokens)
    texts: list[str] = []
    with torch.random.fork_rng(devices=[lm.model.device] if lm.model.device.type == "cuda" else []):
        torch.manual_seed(seed)
        for _ in range(_TRIES + count // _ROWS):
            drawn = _draw(lm, [ids] * min(_ROWS, count - len(texts)), how)
            texts += [text for text in drawn if allow_slurs or not has_slur(text)]
            if len(texts) == count:
                return texts
    raise KlueError(f"뽑은 글에 욕설 목록의 말이 자꾸 들어 있어 {count}건을 채우지 못했습니다. 프롬프트나 seed를 "
                    "바꾸거나, 그런 글까지 받으려면 allow_slurs=True로 두세요.")


def _draw(lm: "CausalLM", rows: list[list[int]], how: dict[str, float]) -> list[str]:
    """Return one text a row of ids."""
    import torch

    ids = torch.tensor(rows, device=lm.model.device)
    drawn = lm.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True,
                              eos_token_id=lm.tokenizer.eos_token_id, pad_token_id=lm.tokenizer.pad_token_id, **how)
    return lm.tokenizer.batch_decode(drawn, skip_special_tokens=True)


def _start(lm: "CausalLM", prompt: str, added: int) -> list[int]:
    """Return ``<s>`` and the pieces of the prompt, if `added` more fit into the context."""
    ids = [lm.tokenizer.bos_token_id, *lm.tokenizer(prompt, add_special_tokens=False)["input_ids"]]
    context = lm.tokenizer.model_max_length
    if len(ids) + added > context + 1:  # the last piece is never read
        raise KlueError(f"프롬프트 {len(ids) - 1}조각에 max_new_tokens {added}을(를) 더하면 모델의 문맥 {context}조각"
                        "을 넘습니다. 프롬프트를 줄이거나 max_new_tokens를 줄이세요.")
    return ids
