"""Settings of `finetune` and `klue train`, checked like a lecture's (lecture 5)."""

from dataclasses import asdict, dataclass
from typing import Any

from klue_helpers.options import check_values, option
from klue_helpers.tasks import Task

PRECISIONS = ("auto", "fp32", "bf16")
PADDINGS = ("dynamic", "max_length")


@dataclass(frozen=True)
class FinetuneSettings:
    """How a task is fine-tuned. `batch_size` counts the rows of all processes together."""

    epochs: int = option(4, "학습 데이터를 되풀이하는 횟수의 상한", low=1, high=1_000)
    learning_rate: float = option(5e-5, "학습률의 최댓값", low=1e-7, high=1.0)
    batch_size: int = option(32, "한 번에 학습하는 입력 수(모든 프로세스를 합쳐)", low=1, high=4_096)
    max_length: int = option(128, "한 입력의 토큰 수 상한", low=8, high=100_000)
    seed: int = option(42, "첫 난수 시드", low=0, high=2**31 - 1)
    seeds: int = option(1, "되풀이할 시드의 수", low=1, high=100)
    warmup: float = option(0.1, "학습률을 올리는 구간이 전체에서 차지하는 비율", low=0.0, high=0.99)
    weight_decay: float = option(0.01, "가중치 감쇠", low=0.0, high=1.0)
    held_out: int = option(10, "학습 데이터를 이만큼으로 나누어 하나를 조기 종료에 씀", low=2, high=1_000)
    patience: int = option(5, "점수가 이 횟수만큼 오르지 않으면 멈춤", low=1, high=1_000)
    evaluate_every: int = option(0, "조기 종료 점수를 재는 간격(단계). 0이면 에포크마다", low=0, high=10_000_000)
    folds: int = option(1, "2 이상이면 평가 분할 하나를 이만큼으로 나누어 교차 학습", low=1, high=100)
    max_train: int = option(0, "학습에 쓰는 행 수 상한. 0이면 모두", low=0, high=100_000_000)
    max_test: int = option(0, "평가에 쓰는 행 수 상한. 0이면 모두", low=0, high=100_000_000)
    padding: str = option("dynamic", "묶음을 채우는 길이: 가장 긴 입력(dynamic) 또는 max_length", choices=PADDINGS)
    precision: str = option("auto", "계산 정밀도. auto는 bf16을 지원하는 GPU에서만 bf16", choices=PRECISIONS)
    adapter: int = option(0, "0보다 크면 인코더를 얼리고 이 계수의 LoRA와 머리만 학습", low=0, high=256)
    rounds: int = option(500, "구간을 구할 때 평가 데이터를 다시 뽑는 횟수", low=10, high=1_000_000)


def finetune_settings(task: Task, overrides: dict[str, Any] | None = None, *, profile: str = "cpu") -> FinetuneSettings:
    """Return checked settings: the task's recipe for the profile, changed by `overrides`.

    Raises
    ------
    KlueError : an unknown key, a wrong type, a value out of bounds.
    """
    recipe = asdict(task.recipe(profile))
    del recipe["options"]
    values = {**recipe, **(overrides or {})}
    return FinetuneSettings(**check_values(FinetuneSettings, values, owner="미세 조정"))
