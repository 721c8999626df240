"""How long each lecture's gpu profile takes and what it holds on a T4, counted from configs (operations).

Nothing here was measured on a T4: operations and bytes are counted from the published models' sizes and the lectures'
caps, and divided by what such a card sustains. ``book/settings.md`` shows the table; a test holds it to the limits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from klue_helpers.configure import Settings, settings_for

# The card that Colab lends (NVIDIA's data sheet): peaks of 8.1 TFLOPS in single precision and 65 in float16, 320 GB/s.
SINGLE = 0.4 * 8.1e12  # operations a second sustained; 0.4 of the peak gives BERT-base its usual 6,000 tokens a second
HALF = 0.2 * 65e12  # a smaller share: lectures read short batches
BANDWIDTH = 0.6 * 320e9  # bytes a second
STEP_S = 0.025  # of Python and kernel launches for each piece that a model writes
CARD_GB = 14.7  # of 15 that a program can have
RAM_GB = 12.0  # of Colab's machine
LIMIT_MINUTES = 30
CONTEXT_GB = 0.6  # of CUDA itself
LOADING_S = 60  # for each published model: download, load, move
ACTIVATION = 80  # bytes a token, layer and hidden unit that training keeps: 57 to 62 KB measured with BERT-base
CORES = 2  # of Colab's machine


@dataclass(frozen=True)
class Network:
    """Sizes of a Transformer from its config."""

    hidden: int
    layers: int
    vocabulary: int
    positions: int = 512

    @property
    def blocks(self) -> int:
        """Parameters of the layers: four matrices of attention and two four times as wide."""
        return 12 * self.layers * self.hidden**2

    @property
    def parameters(self) -> int:
        return self.blocks + (self.vocabulary + self.positions) * self.hidden

    def operations(self, length: float, *, scores: bool = False) -> float:
        """Return the floating-point operations of reading one token of a text so long."""
        attention = 4 * self.layers * self.hidden * length
        return 2 * self.blocks + attention + (2 * self.vocabulary * self.hidden if scores else 0)


NETWORKS = {
    "klue/bert-base": Network(768, 12, 32_000), "klue/roberta-base": Network(768, 12, 32_000, 514),
    "klue/roberta-small": Network(768, 6, 32_000, 514), "klue/roberta-large": Network(1024, 24, 32_000, 514),
    "monologg/koelectra-base-v3-discriminator": Network(768, 12, 35_000),
    "monologg/koelectra-small-v3-discriminator": Network(256, 12, 35_000),
    "skt/kogpt2-base-v2": Network(768, 12, 51_200, 1_024),
    "EleutherAI/polyglot-ko-1.3b": Network(2_048, 24, 2 * 30_080, 0),  # two tables: input and output are not tied
    "klue-mini-bert": Network(256, 4, 12_000, 256), "klue-mini-gpt": Network(256, 4, 8_000, 256),
}


@dataclass(frozen=True)
class Work:
    """One thing that a lecture does on the card.

    Attributes
    ----------
    what : in Korean, for the table.
    network : its sizes.
    tokens : how many it trains on, reads or writes in all.
    batch, longest : rows at a time and their length at most, for the memory.
    length : mean length, for the time.
    kind : ``"train"`` (three times the operations of reading), ``"read"`` or ``"write"``.
    half : 16-bit weights.
    scores : whether every token is given scores over the vocabulary.
    """

    what: str
    network: Network
    tokens: float
    batch: int
    longest: int
    length: float = 25
    kind: str = "train"
    half: bool = False
    scores: bool = False

    @property
    def seconds(self) -> float:
        """Seconds on the card."""
        if self.kind == "write":
            reading = (2 if self.half else 4) * self.network.parameters / BANDWIDTH
            return self.tokens / self.batch * max(STEP_S, reading)
        passes = 3 if self.kind == "train" else 1
        operations = self.network.operations(self.length, scores=self.scores)
        return passes * self.tokens * operations / (HALF if self.half else SINGLE)

    @property
    def gigabytes(self) -> float:
        """Memory of weights (with gradients and Adam's two moments when trained), activations and scores."""
        each, places = 2 if self.half else 4, self.batch * self.longest
        weights = self.network.parameters * (16 if self.kind == "train" else each)
        wide = places * self.network.hidden
        kept = ACTIVATION * wide * self.network.layers if self.kind == "train" else 12 * each * wide
        keys = 2 * each * wide * self.network.layers if self.kind == "write" else 0
        scores = 3 * 4 * places * self.network.vocabulary if self.scores and self.kind != "write" else 0
        return (weights + kept + keys + scores) / 1e9


@dataclass(frozen=True)
class Plan:
    """What a lecture does in a profile: works on the card, CPU seconds beside them, models that stay loaded.

    The memory of Colab's machine (`ram_gb`) was measured in lectures 2 and 8, by small caps; the others hold less.
    """

    works: tuple[Work, ...]
    cpu_seconds: float
    held_gb: float = 0.0
    ram_gb: float = 3.0

    @property
    def minutes(self) -> float:
        models = len({work.network for work in self.works if work.network.hidden >= 768})
        return (sum(work.seconds for work in self.works) + self.cpu_seconds + LOADING_S * (1 + models)) / 60

    @property
    def gigabytes(self) -> float:
        """The largest work's memory beside what stays loaded."""
        return CONTEXT_GB + self.held_gb + max((work.gigabytes for work in self.works), default=0.0)


# Mean tokens of the published texts, special tokens included, counted with a vocabulary of 32,000 pieces.
REVIEW, COMMENT, QUESTION, PAIR, QUESTION_PAIR, NLI_PAIR = 22, 22, 12, 28, 16, 36
NER_PIECES, NER_SYLLABLES, POS_TOKENS, RELATION, PARSED, READING = 28, 47, 21, 70, 22, 250
# Rows in the published training files, by which a cap may be out of reach.
ROWS = {"chatbot": 11_823, "hate": 7_896, "sarcasm": 9_000, "sts": 11_668 + 5_749, "question_pair": 6_200,
        "nli": 24_998, "ner": 21_008, "pos": 23_010, "dp": 10_000, "re": 32_470, "korquad": 5_774}


def plan(lecture: int, profile: str = "gpu", **overrides: Any) -> Plan:
    """Return what a lecture does in a profile with these settings. Raises KlueError as `settings_for` does."""
    return _PLANS[lecture](settings_for(lecture, profile, overrides))


def _rows(name: str, cap: int) -> int:
    return min(ROWS[name], cap)


def _own(cfg: Any) -> Network:
    """Return the sizes of the model that lectures 4 and 8 train from scratch."""
    return Network(cfg.hidden_size, cfg.layers, cfg.vocab_size, 256)


def _vectors(cfg: Any) -> Plan:
    return Plan((), cpu_seconds=80)


def _tokens(cfg: Any) -> Plan:
    """CPU only: 218 CPU seconds with 3,000 texts and 302 with 12,000 (measured), so 0.0093 a text; on two cores."""
    return Plan((), cpu_seconds=(190 + 0.0093 * cfg.max_texts * (cfg.vocab_size / 3_000) ** 0.25) / CORES,
                ram_gb=2.9 + cfg.max_texts * 2e-5)


def _bert(cfg: Any) -> Plan:
    bert, passes = NETWORKS[cfg.encoder], 3
    texts = cfg.max_sentences * REVIEW + _rows("chatbot", cfg.max_questions) * QUESTION
    return Plan((Work("문장 벡터", bert, passes * texts, cfg.batch_size, 128, kind="read"),), cpu_seconds=60)


def _pretraining(cfg: Any) -> Plan:
    own, bert = _own(cfg), NETWORKS[cfg.encoder]
    masked = Network(own.hidden, own.layers, round(0.15 * own.vocabulary), own.positions)  # scored places only
    tokens = cfg.steps * cfg.batch_tokens * (1 + 4 * 2 / 3 / 3)  # one long run, four short ones
    rows = (1 + 1 / 4 + 1 / 16) * cfg.max_train * 3 * 2  # three sizes, three seeds, two starts
    works = (Work("사전 학습", masked, tokens, cfg.batch_tokens // 64, 64, scores=True),
             Work("미세 조정", bert, rows * cfg.epochs * REVIEW, 32, 128),
             Work("평가", bert, 18 * cfg.max_test * REVIEW, 100, 128, kind="read"))
    return Plan(works, cpu_seconds=180 + cfg.max_texts * 2e-3 + 3 * cfg.steps * STEP_S, held_gb=0.5)


def _single(cfg: Any) -> Plan:
    bert, cap = NETWORKS[cfg.encoder], cfg.max_train
    runs = 4 if cap >= 1_000 else 2 + 2 * cfg.seeds  # two by hand, the Trainer's, kh.finetune's
    five = (_rows("hate", cap) * 2 + _rows("sarcasm", cap) + 2 * cap) * COMMENT
    works = (Work("리뷰 학습", bert, runs * cap * cfg.epochs * REVIEW, cfg.batch_size, cfg.max_length),
             Work("다섯 과제", bert, five * cfg.table_epochs, 32, 128),
             Work("관계 추출", bert, 2 * _rows("re", cap) * 3 * RELATION, 32, 256, RELATION),  # two markers
             Work("구문 분석", bert, _rows("dp", cap) * cfg.parser_epochs * PARSED, 32, 256),
             Work("평가", bert, 12 * cfg.max_test * REVIEW, 64, 256, kind="read"))
    return Plan(works, cpu_seconds=240, held_gb=1.8)


def _pairs(cfg: Any) -> Plan:
    bert, cap = NETWORKS[cfg.encoder], cfg.max_train
    scorers = 4  # three cross-encoders and the bi-encoder
    works = (Work("STS", bert, 2 * _rows("sts", cap) * min(cfg.epochs, 3) * PAIR, cfg.batch_size, cfg.max_length),
             Work("질문 쌍", bert, scorers * _rows("question_pair", cap) * cfg.epochs * QUESTION_PAIR, cfg.batch_size,
                  cfg.max_length),
             Work("NLI", bert, _rows("nli", cap) * cfg.epochs * NLI_PAIR, cfg.batch_size, cfg.max_length),
             Work("찾기", bert, 5 * cfg.max_test * QUESTION_PAIR + cfg.max_questions * QUESTION, 256, 64, kind="read"))
    return Plan(works, cpu_seconds=240, held_gb=6 * 4 * bert.parameters / 1e9)  # the models trained before stay loaded


def _spans(cfg: Any) -> Plan:
    bert, batch = NETWORKS[cfg.encoder], cfg.batch_size
    ner = _rows("ner", cfg.max_train) * cfg.epochs * (NER_PIECES + NER_SYLLABLES)
    reading = _rows("korquad", cfg.max_questions) * 2 / 3 * cfg.reading_epochs * READING
    window = min(2 * cfg.max_length, 510)
    works = (Work("개체명", bert, ner, batch, window), Work("독해", bert, reading, batch, window, READING),
             Work("품사", bert, _rows("pos", cfg.max_train) * cfg.pos_epochs * POS_TOKENS, batch, window),
             Work("질문 셋 외우기", bert, 12 * cfg.max_length * cfg.reading_steps, 12, cfg.max_length, cfg.max_length),
             Work("평가", bert, 2 * cfg.max_test * (NER_PIECES + NER_SYLLABLES), 64, window, kind="read"))
    return Plan(works, cpu_seconds=120, held_gb=3 * 4 * bert.parameters / 1e9 + 12 * bert.parameters / 1e9)


def _gpt(cfg: Any) -> Plan:
    own, gpt = _own(cfg), NETWORKS[cfg.causal_lm]
    labels = (1 + 1 / 8) * cfg.max_train * 2 * max(cfg.epochs, 3) * REVIEW
    asked = 24 * cfg.max_test * 2 * REVIEW  # ways of asking, two endings each
    works = (Work("사전 학습", own, 2.2 * cfg.steps * cfg.batch_tokens, cfg.batch_tokens // 64, 64, scores=True),
             Work("미세 조정", gpt, labels, 32, 128), Work("말로 묻기", gpt, asked, 64, 64, kind="read"),
             Work("글자당 비트", gpt, 2 * cfg.max_test * REVIEW, 32, 500, kind="read", scores=True),
             Work("글 짓기", gpt, 3_000, 1, 64, kind="write"))
    return Plan(works, cpu_seconds=240 + cfg.max_texts * 2e-3 + 2 * cfg.steps * STEP_S, held_gb=1.0, ram_gb=8.7)


def _generation(cfg: Any) -> Plan:
    asker, mini = NETWORKS[cfg.causal_lm], NETWORKS["klue-mini-gpt"]
    prompt = 30 * cfg.shots + 30  # tokens
    asked = 3 * cfg.prompt_seeds * cfg.max_queries * prompt  # three forms
    batch = 4 * cfg.batch_size
    works = (Work("퓨샷", asker, asked, batch, prompt, prompt, kind="read", half=cfg.half_precision),
             Work("글 짓기", asker, 2_000, 1, prompt, kind="write", half=cfg.half_precision),
             Work("가르치기", mini, 12 * cfg.max_train * 60, cfg.batch_size, 128, scores=True))
    keys = 4 * (1 if cfg.half_precision else 2) * batch * prompt * asker.hidden * asker.layers / 1e9  # for the cache
    return Plan(works, cpu_seconds=120, held_gb=keys)


def _research(cfg: Any) -> Plan:
    bert, gpt = NETWORKS[cfg.encoder], NETWORKS[cfg.causal_lm]
    steps = cfg.vqa_steps + 2 * cfg.vqvae_steps + cfg.image_steps + cfg.t5_steps
    pushed = 3 * 5 * 2 * cfg.steered_pieces * 8  # topics, seeds, with and without; eight passes a piece
    works = (Work("마스킹", bert, 2 * cfg.masked_texts * cfg.masked_epochs * REVIEW, 16, 64, scores=True),
             Work("조종", gpt, pushed * cfg.steered_texts, cfg.steered_texts, 64, kind="write"),
             Work("뽑고 줄 세우기", gpt, 5_000, 16, 64, kind="write"))
    return Plan(works, cpu_seconds=240 + 2 * steps * STEP_S)


_PLANS: dict[int, Callable[[Settings], Plan]] = {
    1: _vectors, 2: _tokens, 3: _bert, 4: _pretraining, 5: _single, 6: _pairs, 7: _spans, 8: _gpt, 9: _generation,
    10: _research}


def table(profile: str = "gpu") -> list[dict[str, str]]:
    """Return one row a lecture (minutes, GB on the card, the longest work) for the documentation page."""
    rows = []
    for lecture in _PLANS:
        one = plan(lecture, profile)
        longest = max(one.works, key=lambda work: work.seconds, default=None)
        rows.append({"lecture": f"{lecture}강", "minutes": f"{one.minutes:.0f}분",
                     "gigabytes": f"{one.gigabytes:.1f} GB" if one.works else "쓰지 않음",
                     "longest": f"{longest.what}({longest.seconds / 60:.0f}분)" if longest else "CPU의 일"})
    return rows
