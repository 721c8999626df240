"""One settings object from a profile and its overrides (used by every lecture; introduced in lecture 2).

A lecture's settings are a frozen dataclass whose fields carry type, bounds and a Korean description. A profile
(``profiles/cpu.yaml``, ``profiles/gpu.yaml``) holds only what differs from the defaults.
"""

from dataclasses import MISSING, asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, get_type_hints

from klue_helpers.errors import KlueError
from klue_helpers.options import SOURCES, bounds, check_values, option, type_name

PROFILES = ("cpu", "gpu")


@dataclass(frozen=True)
class Settings:
    """Settings that every lecture has; a lecture adds its own in a subclass."""

    uses_torch: ClassVar[bool] = True
    lecture: int
    profile: str = option("cpu", "실행 프로필", choices=PROFILES)
    seed: int = option(42, "난수 시드", low=0, high=2**32 - 1)
    source: str = option("sample", "데이터 출처: 패키지의 표본(sample), 원본 폴더(local), 허브와 공개처(hub)",
                         choices=SOURCES)
    data_dir: str | None = option(None, "원본 데이터 폴더(비우면 환경 변수 KLUE_DATA_DIR)")

    @property
    def is_default(self) -> bool:
        """Whether results are those that the notebook shows: every setting but seed and data folder is the default.

        What a lecture says of its numbers, and the bands within which it checks them, hold only then.
        """
        return all(getattr(self, item.name) == item.default for item in fields(self)
                   if item.metadata and item.name not in ("profile", "seed", "data_dir"))

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (name, value, Korean description) of every setting but the lecture's number."""
        return [(f.name, _shown(getattr(self, f.name)), f.metadata["doc"]) for f in fields(self) if f.metadata]

    def _repr_markdown_(self) -> str:
        lines = [f"**{self.lecture}강 설정**", "", "| 설정 | 값 | 뜻 |", "|---|---|---|"]
        lines += [f"| `{name}` | {value} | {doc} |" for name, value, doc in self.rows()]
        return "\n".join([*lines, "", f"> **참고** {self._origin()}"] if self._origin() else lines)

    def __repr__(self) -> str:
        body = "\n".join(f"  {name} = {value}  # {doc}" for name, value, doc in self.rows())
        return "\n".join(filter(None, [f"{self.lecture}강 설정", body, self._origin()]))

    def _origin(self) -> str:
        """Return what the numbers come from where they are not those that the notebook's text speaks of."""
        if self.is_default:
            return ""
        models = [getattr(self, name) for name in ("encoder", "causal_lm") if hasattr(self, name)]
        using = f"여기서 나오는 수는 {', '.join(models)} 모델의 것이고, " if models else ""
        return (f"기본 설정이 아닙니다. {using}본문에 적힌 수와 그 해석은 기본 설정(cpu 프로필)의 것입니다. "
                "기본 설정에서만 맞는 확인은 건너뜁니다.")


@dataclass(frozen=True, repr=False)
class Lecture01(Settings):
    """Settings of lecture 1, from word vectors to the Transformer."""

    vector_epochs: int = option(20, "Word2Vec이 말뭉치를 되풀이하는 횟수", low=1, high=1_000)
    lm_steps: int = option(600, "순환 신경망 언어 모델을 학습하는 단계 수", low=50, high=1_000_000)
    number_steps: int = option(240, "수를 읽는 모델을 학습하는 단계 수", low=50, high=1_000_000)
    hidden_size: int = option(64, "직접 학습하는 모델의 은닉 벡터 차원", low=16, high=1_024)
    seeds: int = option(3, "seq2seq 둘을 견줄 때 쓰는 시드의 수", low=1, high=20)


@dataclass(frozen=True, repr=False)
class Lecture02(Settings):
    """Settings of lecture 2, preprocessing and tokenization."""

    uses_torch: ClassVar[bool] = False
    max_texts: int = option(2000, "리뷰와 말뭉치에서 각각 쓰는 글의 수 상한", low=100, high=1_000_000)
    vocab_size: int = option(3000, "서브워드 어휘 크기", low=500, high=64_000)
    speed_texts: int = option(100, "속도를 잴 때 쓰는 글의 수", low=5, high=10_000)


@dataclass(frozen=True, repr=False)
class Lecture03(Settings):
    """Settings of lecture 3, the BERT language model."""

    encoder: str = option("klue-mini-bert", "사전 학습 모델의 이름")
    max_sentences: int = option(1_000, "문장 벡터를 살펴볼 때 쓰는 문장 수 상한", low=100, high=100_000)
    max_questions: int = option(2_000, "챗봇이 찾아보는 질문 수 상한", low=50, high=100_000)
    batch_size: int = option(32, "한 번에 부호화하는 문장 수", low=1, high=1_024)


@dataclass(frozen=True, repr=False)
class Lecture04(Settings):
    """Settings of lecture 4, pre-training BERT."""

    encoder: str = option("klue-mini-bert", "미세 조정을 견줄 사전 학습 모델의 이름")
    vocab_size: int = option(4_000, "WordPiece 어휘 크기", low=500, high=64_000)
    max_texts: int = option(20_000, "말뭉치에서 쓰는 글의 수 상한", low=100, high=1_000_000)
    hidden_size: int = option(128, "직접 학습하는 BERT의 은닉 벡터 차원", low=16, high=4_096)
    layers: int = option(2, "직접 학습하는 BERT의 층 수", low=1, high=48)
    steps: int = option(240, "직접 사전 학습하는 단계 수", low=10, high=1_000_000)
    batch_tokens: int = option(2_048, "한 번에 학습하는 토큰 수 상한", low=64, high=1_000_000)
    max_train: int = option(400, "미세 조정에 쓰는 리뷰 수 상한", low=50, high=1_000_000)
    max_test: int = option(1_000, "평가에 쓰는 리뷰 수 상한", low=50, high=1_000_000)
    epochs: int = option(2, "미세 조정에서 학습 데이터를 되풀이하는 횟수", low=1, high=100)


@dataclass(frozen=True, repr=False)
class Lecture05(Settings):
    """Settings of lecture 5, single-sentence classification."""

    encoder: str = option("klue-mini-bert", "미세 조정할 사전 학습 모델의 이름")
    max_train: int = option(2_000, "학습에 쓰는 리뷰 수 상한", low=100, high=1_000_000)
    max_test: int = option(2_000, "평가에 쓰는 리뷰 수 상한", low=100, high=1_000_000)
    max_length: int = option(48, "한 리뷰에서 쓰는 토큰 수 상한", low=8, high=512)
    epochs: int = option(4, "학습 데이터를 되풀이하는 횟수", low=1, high=100)
    batch_size: int = option(16, "한 번에 학습하는 리뷰 수", low=1, high=1_024)
    learning_rate: float = option(3e-4, "학습률의 최댓값", low=1e-7, high=1.0)
    seeds: int = option(3, "사전 학습의 효과를 잴 때 쓰는 시드의 수", low=1, high=20)
    table_epochs: int = option(4, "다섯 과제의 표에서 되풀이하는 횟수", low=1, high=100)
    parser_epochs: int = option(12, "의존 구문 분석에서 되풀이하는 횟수", low=1, high=100)


@dataclass(frozen=True, repr=False)
class Lecture06(Settings):
    """Settings of lecture 6, relations between two sentences."""

    encoder: str = option("klue-mini-bert", "미세 조정할 사전 학습 모델의 이름")
    causal_lm: str = option("klue-mini-gpt", "챗봇이 찾지 못했을 때 글을 짓는 모델의 이름")
    max_train: int = option(1_000, "과제마다 학습에 쓰는 쌍의 수 상한", low=50, high=1_000_000)
    max_test: int = option(1_000, "과제마다 평가에 쓰는 쌍의 수 상한", low=50, high=1_000_000)
    max_questions: int = option(20_000, "챗봇의 색인에 넣는 질문 수 상한", low=50, high=1_000_000)
    max_length: int = option(96, "두 문장을 이은 입력의 토큰 수 상한", low=16, high=512)
    epochs: int = option(4, "학습 데이터를 되풀이하는 횟수", low=1, high=100)
    batch_size: int = option(16, "한 번에 학습하는 쌍의 수", low=2, high=1_024)
    learning_rate: float = option(3e-4, "학습률의 최댓값", low=1e-7, high=1.0)
    top: int = option(10, "챗봇의 첫 단계가 찾는 질문의 수", low=1, high=1_000)


@dataclass(frozen=True, repr=False)
class Lecture07(Settings):
    """Settings of lecture 7, a label for every token and answers as spans."""

    encoder: str = option("klue-mini-bert", "미세 조정할 사전 학습 모델의 이름")
    max_train: int = option(2_000, "학습에 쓰는 문장 수 상한", low=50, high=1_000_000)
    max_test: int = option(1_000, "평가에 쓰는 문장 수 상한", low=50, high=1_000_000)
    epochs: int = option(8, "개체명 학습 데이터를 되풀이하는 횟수", low=1, high=100)
    pos_epochs: int = option(4, "품사 학습 데이터를 되풀이하는 횟수", low=1, high=100)
    batch_size: int = option(8, "한 번에 학습하는 문장 수", low=1, high=1_024)
    learning_rate: float = option(5e-4, "학습률의 최댓값", low=1e-7, high=1.0)
    max_length: int = option(128, "한 창에서 읽는 토큰 수 상한", low=32, high=512)
    reading_steps: int = option(30, "질문 몇 개를 외우게 하는 독해 학습의 단계 수", low=1, high=10_000)
    max_questions: int = option(300, "독해 학습과 평가에 쓰는 KorQuAD 질문 수 상한", low=30, high=100_000)
    reading_epochs: int = option(2, "KorQuAD 학습 질문을 되풀이하는 횟수", low=1, high=100)


@dataclass(frozen=True, repr=False)
class Lecture08(Settings):
    """Settings of lecture 8, the GPT language model."""

    causal_lm: str = option("klue-mini-gpt", "글을 쓰는 사전 학습 모델의 이름")
    vocab_size: int = option(3_000, "직접 학습하는 BPE 토크나이저의 어휘 크기", low=500, high=64_000)
    max_texts: int = option(20_000, "말뭉치에서 쓰는 글의 수 상한", low=100, high=1_000_000)
    hidden_size: int = option(64, "직접 학습하는 GPT의 은닉 벡터 차원", low=16, high=4_096)
    layers: int = option(2, "직접 학습하는 GPT의 층 수", low=1, high=48)
    steps: int = option(100, "직접 사전 학습하는 단계 수", low=10, high=1_000_000)
    batch_tokens: int = option(1_024, "한 번에 학습하는 토큰 수 상한", low=64, high=1_000_000)
    max_train: int = option(400, "미세 조정에 쓰는 리뷰 수 상한", low=50, high=1_000_000)
    max_test: int = option(400, "말로 물어보고 평가에 쓰는 리뷰 수 상한", low=50, high=1_000_000)
    epochs: int = option(2, "미세 조정에서 학습 데이터를 되풀이하는 횟수", low=1, high=100)


@dataclass(frozen=True, repr=False)
class Lecture09(Settings):
    """Settings of lecture 9, text generation."""

    causal_lm: str = option("klue-mini-gpt", "이어 쓰고, 미세 조정하고, 물어볼 언어 모델의 이름")
    half_precision: bool = option(False, "물어볼 때 모델을 16비트로 불러올지")
    encoder: str = option("klue-mini-bert", "검색 챗봇의 문장 벡터를 만드는 모델의 이름")
    shots: int = option(10, "프롬프트에 넣는 보기의 수(문맥을 넘으면 줄어듭니다)", low=2, high=100)
    max_queries: int = option(40, "프롬프트로 물어보는 리뷰 수 상한", low=10, high=100_000)
    prompt_seeds: int = option(5, "보기를 새로 뽑아 재는 횟수", low=2, high=20)
    max_train: int = option(240, "미세 조정에 쓰는 리뷰나 문답의 수 상한", low=50, high=100_000)
    max_test: int = option(100, "미세 조정한 모델을 재는 리뷰 수 상한", low=20, high=100_000)
    batch_size: int = option(16, "한 번에 학습하거나 채점하는 글의 수", low=1, high=1_024)


@dataclass(frozen=True, repr=False)
class Lecture10(Settings):
    """Settings of lecture 10, recent research."""

    causal_lm: str = option("klue-mini-gpt", "여러 글을 뽑아 줄 세울 언어 모델의 이름")
    encoder: str = option("klue-mini-bert", "이어 학습하고 검색에 쓰는 모델의 이름")
    masked_texts: int = option(64, "빈칸을 뚫어 이어 학습하는 리뷰의 수", low=16, high=10_000)
    masked_epochs: int = option(5, "그 리뷰를 되풀이하는 횟수", low=1, high=100)
    learning_rate: float = option(5e-4, "그때의 학습률", low=1e-7, high=1.0)
    t5_steps: int = option(200, "작은 T5를 학습하는 단계 수", low=10, high=100_000)
    steered_texts: int = option(4, "주제와 시드마다 조종해 쓰는 글의 수", low=1, high=1_000)
    steered_pieces: int = option(16, "조종해 쓰는 글의 조각 수", low=4, high=200)
    vqa_steps: int = option(500, "그림을 보고 답하는 모델을 학습하는 단계 수", low=10, high=1_000_000)
    vqvae_steps: int = option(400, "그림을 코드로 바꾸는 모델을 학습하는 단계 수", low=10, high=1_000_000)
    image_steps: int = option(300, "글을 읽고 그리는 모델을 학습하는 단계 수", low=10, high=1_000_000)
    dpo_steps: int = option(12, "선호를 배우는 단계 수", low=1, high=10_000)


LECTURES: dict[int, type[Settings]] = {1: Lecture01, 2: Lecture02, 3: Lecture03, 4: Lecture04, 5: Lecture05,
                                     6: Lecture06, 7: Lecture07, 8: Lecture08, 9: Lecture09, 10: Lecture10}


def configure(lecture: int, *, profile: str = "cpu", seed: int = 42, **overrides: Any) -> Settings:
    """Check the settings of a lecture, then set up seeds, fonts and silence for it.

    Parameters
    ----------
    lecture : the lecture's number, 1 to 10.
    profile : ``"cpu"`` or ``"gpu"``.
    seed : seed of Python's, NumPy's and torch's generators.
    **overrides : single settings that differ from the profile's.

    Raises
    ------
    KlueError : an unknown lecture, profile or key, a wrong type or a value out of bounds.

    Examples
    --------
    >>> from klue_helpers.configure import settings_for
    >>> settings_for(2, "cpu", {"vocab_size": 4000}).vocab_size
    4000
    """
    settings = settings_for(lecture, profile, {"seed": seed, **overrides})
    from klue_helpers import runtime

    runtime.silence()
    runtime.seed_everything(settings.seed, with_torch=settings.uses_torch)
    runtime.use_korean_font()
    return settings


def settings_for(lecture: int, profile: str = "cpu", overrides: dict[str, Any] | None = None) -> Settings:
    """Return the checked settings without any side effect. Raises KlueError as `configure` does."""
    if type(lecture) is not int:
        raise KlueError(f"강의 번호는 정수여야 합니다: {lecture!r}. 예: lecture=2")
    if lecture not in LECTURES:
        known = ", ".join(str(number) for number in sorted(LECTURES))
        raise KlueError(f"{lecture}강의 설정이 없습니다. 지금 준비된 강의는 {known}강입니다.")
    if profile not in PROFILES:
        raise KlueError(f"알 수 없는 프로필입니다: {profile!r}. cpu 또는 gpu 가운데 하나를 쓰세요.")
    kind = LECTURES[lecture]
    values = {**_profile(profile).get(f"lecture{lecture:02d}", {}), **(overrides or {})}
    return kind(lecture=lecture, profile=profile, **check_values(kind, values, owner=f"{lecture}강"))


def options_table(lecture: int) -> list[dict[str, str]]:
    """Return one row a setting (name, type, cpu, gpu, bounds, doc) for the documentation page."""
    kind = LECTURES[lecture]
    hints, both = get_type_hints(kind), {name: asdict(settings_for(lecture, name)) for name in PROFILES}
    rows = []
    for item in fields(kind):
        if item.metadata and item.default is not MISSING:
            values = {name: _shown(both[name][item.name]) for name in PROFILES}
            rows.append({"name": item.name, "type": type_name(hints[item.name]), **values,
                         "bounds": bounds(item), "doc": item.metadata["doc"]})
    return rows


@cache
def _profile(name: str) -> dict[str, dict[str, Any]]:
    import yaml

    text = files("klue_helpers").joinpath("profiles", f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text) or {}


def _shown(value: Any) -> str:
    """Return a setting as the tables show it."""
    return "없음" if value is None else str(value)
