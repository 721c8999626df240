"""Settings of `klue pretrain`: one dataclass a model, checked like a lecture's settings (lectures 4 and 8)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from klue_helpers.errors import KlueError
from klue_helpers.options import check_values, option

PRECISIONS = ("auto", "fp32", "bf16")
STARTS = ("word2vec", "normal")
POSITIONS = ("sinusoidal", "normal")
OPTIMIZERS = ("muon", "adamw")
# What a graphics card has room for; the defaults are for two CPU cores.
_GPU = {"batch_tokens": 65_536, "accumulate": 1, "learning_rate": 2e-3, "steps": 20_000, "compile": True}


@dataclass(frozen=True)
class PretrainSettings:
    """Settings that the mini BERT and the mini GPT share."""

    kind: ClassVar[str] = ""
    drawn_loss: ClassVar[str] = "loss"  # the column of log.csv that the picture shows
    seed: int = option(42, "난수 시드", low=0, high=2**32 - 1)
    vocab_size: int = option(12_000, "어휘 크기", low=100, high=64_000)
    alphabet: int = option(2_000, "어휘에 낱글자로 넣는 글자의 수 상한", low=10, high=20_000)
    hidden_size: int = option(256, "은닉 벡터의 차원", low=16, high=4_096)
    layers: int = option(4, "층의 수", low=1, high=48)
    heads: int = option(4, "어텐션 헤드의 수", low=1, high=64)
    max_length: int = option(256, "한 입력의 토큰 수 상한", low=8, high=1_024)
    dropout: float = option(0.0, "사전 학습 때의 드롭아웃 비율", low=0.0, high=0.9)
    steps: int = option(12_000, "가중치를 고치는 횟수", low=1, high=10_000_000)
    batch_tokens: int = option(2_048, "한 번에 학습하는 토큰 수 상한(프로세스마다)", low=16, high=10_000_000)
    accumulate: int = option(1, "한 단계에 모으는 배치 수의 상한. 에포크마다 1, 2, 4, …로 늘린다", low=1, high=1_024)
    optimizer: str = option("muon", "층의 행렬을 고치는 방법. 임베딩과 벡터는 언제나 AdamW", choices=OPTIMIZERS)
    learning_rate: float = option(1.2e-3, "AdamW가 쓰는 학습률의 최댓값", low=1e-7, high=1.0)
    matrix_rate: float = option(2e-3, "Muon이 쓰는 학습률의 최댓값", low=1e-7, high=1.0)
    warmup: float = option(0.05, "학습률을 올리는 구간이 전체에서 차지하는 비율", low=0.0, high=1.0)
    cooldown: float = option(1.0, "끝에서 학습률을 내리는 구간의 비율. 1이면 올린 뒤 바로 내린다", low=0.0, high=1.0)
    weight_decay: float = option(0.01, "가중치 감쇠", low=0.0, high=1.0)
    weights: str = option("", "문체마다 한 에포크에 되풀이하는 횟수. 예: formal=2,spoken=2")
    start: str = option("", "가중치와 토크나이저를 물려받아 더 학습할 모델의 이름이나 폴더. 비우면 처음부터")
    position_start: str = option("sinusoidal", "위치 임베딩의 초깃값", choices=POSITIONS)
    token_start: str = option("word2vec", "토큰 임베딩의 초깃값", choices=STARTS)
    precision: str = option("auto", "계산 정밀도. auto는 bf16을 지원하는 GPU에서만 bf16", choices=PRECISIONS)
    compile: bool = option(False, "신경망을 torch.compile로 번역할지. GPU와 C 컴파일러가 있는 곳에서만 빠르다")
    threads: int = option(0, "쓸 CPU 스레드 수. 0이면 torch가 정하는 대로", low=0, high=1_024)
    log_every: int = option(20, "기록을 남기는 간격(단계)", low=1, high=1_000_000)
    evaluate_every: int = option(1_000, "떼어 둔 글로 손실을 재는 간격(단계)", low=1, high=1_000_000)
    evaluate_texts: int = option(200, "손실을 잴 때 문체마다 쓰는 입력 수 상한", low=1, high=1_000_000)
    save_every: int = option(500, "체크포인트를 남기는 간격(단계)", low=1, high=1_000_000)
    diary: bool = option(False, "정해 둔 단계마다 같은 물음에 대한 모델의 답을 diary.jsonl에 남길지")


@dataclass(frozen=True)
class BertSettings(PretrainSettings):
    """Settings of `klue pretrain bert`. Taught in lecture 4."""

    kind: ClassVar[str] = "bert"
    drawn_loss: ClassVar[str] = "masked_loss"
    mask_probability: float = option(0.2, "가리는 토큰의 비율", low=0.01, high=0.9)
    short_pairs: float = option(0.1, "일부러 짧게 만드는 입력의 비율", low=0.0, high=1.0)
    single: float = option(0.5, "한 문장짜리 글을 짝 없이 그대로 두는 비율", low=0.0, high=1.0)


@dataclass(frozen=True)
class GptSettings(PretrainSettings):
    """Settings of `klue pretrain gpt`. Taught in lecture 8."""

    kind: ClassVar[str] = "gpt"
    vocab_size: int = option(8_000, "어휘 크기", low=100, high=64_000)


KINDS: dict[str, type[PretrainSettings]] = {"bert": BertSettings, "gpt": GptSettings}


def pretrain_settings(kind: str, overrides: dict[str, Any] | None = None, *, profile: str = "cpu") -> PretrainSettings:
    """Return checked settings. Raises KlueError for an unknown key, a wrong type or a value out of bounds."""
    values = {**(_GPU if profile == "gpu" else {}), **(overrides or {})}
    settings = KINDS[kind](**check_values(KINDS[kind], values, owner=f"klue pretrain {kind}"))
    if settings.hidden_size % settings.heads:
        raise KlueError(f"hidden_size({settings.hidden_size})는 heads({settings.heads})로 나누어떨어져야 합니다. "
                        "둘 가운데 하나를 바꾸세요.")
    return settings
