"""Every task of the course by name (each taught in its lecture, 5, 6, 7 or 9)."""

from dataclasses import replace
from typing import Any

from klue_helpers.errors import KlueError
from klue_helpers.options import check_values
from klue_helpers.tasks.base import Recipe, Task
from klue_helpers.tasks.classification import Classification, Regression
from klue_helpers.tasks.parsing import Parsing
from klue_helpers.tasks.reading import KorQuad, Reading
from klue_helpers.tasks.relation import Relation
from klue_helpers.tasks.state import DialogueState
from klue_helpers.tasks.tagging import NamedEntities, PartsOfSpeech

# Of the KLUE baseline for its eight, with its habits for the others; the mini models want a higher rate.
_SHORT, _PAIR = Recipe(4, 5e-5, 32, 128), Recipe(5, 5e-5, 32, 128)
_MINI = Recipe(10, 3e-4, 16, 128)


def _classes(name: str, title: str, texts: tuple[str, ...], *, data: str | None = None, label: str = "label",
             goal: str = "macro_f1", gpu: Recipe = _SHORT, **more: Any) -> Classification:
    return Classification(name=name, title=title, data=data or name, texts=texts, label=label, goal=goal, cpu=_MINI,
                          gpu=gpu, **more)


def _scores(name: str, title: str, *, label: str, goal: str, **more: Any) -> Regression:
    return Regression(name=name, title=title, data=name, texts=("sentence1", "sentence2"), label=label, goal=goal,
                      cpu=replace(_MINI, options={"pairing": "bi"}), gpu=_SHORT, **more)


TASKS: dict[str, Task] = {task.name: task for task in (
    _classes("ynat", "기사 주제 분류", ("title",), reported=("macro_f1",)),
    _scores("sts", "문장 의미 유사도", label="labels", inner="real-label", goal="pearson"),
    _classes("nli", "자연어 추론", ("premise", "hypothesis"), goal="accuracy", gpu=_PAIR, reported=("accuracy",)),
    _classes("nsmc", "영화 리뷰 감성 분류", ("document",), goal="accuracy"),
    _classes("hate", "혐오 표현 분류", ("comments",), label="hate"),
    _classes("bias", "편견 분류", ("comments",), data="hate", label="bias"),
    _classes("sarcasm", "풍자 판별", ("tokens",)),
    _classes("intent", "발화 의도 분류", ("text",)),
    _classes("sae", "지시 발화의 유형 분류", ("text",)),
    _classes("paraphrase", "같은 질문 판별", ("question1", "question2"), data="question_pair", goal="accuracy",
             gpu=_PAIR),
    _scores("korsts", "문장 의미 유사도(KorSTS)", label="score", goal="spearman",
            reported=("pearson", "f1", "spearman")),
    _classes("kornli", "자연어 추론(KorNLI)", ("sentence1", "sentence2"), label="gold_label", goal="accuracy",
             gpu=_PAIR),
    NamedEntities(name="ner", title="개체명 인식", data="ner", texts=("sentence",), label="ner_tags",
                  goal="entity_macro_f1", cpu=Recipe(15, 5e-4, 8, 256), gpu=Recipe(3, 5e-5, 32, 510)),
    PartsOfSpeech(name="pos", title="품사 태깅", data="pos", texts=("text",), label="upos", goal="accuracy",
                  cpu=Recipe(10, 5e-4, 8, 256), gpu=Recipe(3, 5e-5, 32, 510)),
    Relation(name="re", title="관계 추출", data="re", texts=("sentence",), label="label", goal="micro_f1",
             cpu=Recipe(20, 5e-4, 16, 128), gpu=Recipe(3, 5e-5, 32, 256)),
    Parsing(name="dp", title="의존 구문 분석", data="dp", texts=("sentence",), label="head", goal="las_micro_f1",
            cpu=Recipe(40, 5e-4, 8, 256), gpu=Recipe(10, 5e-5, 32, 256)),
    Reading(name="mrc", title="기계 독해", data="mrc", texts=("context", "question"), label="answers", goal="rouge_w",
            unanswerable=True, cpu=Recipe(3, 3e-4, 8, 256), gpu=Recipe(5, 3e-5, 16, 510)),
    KorQuad(name="korquad", title="기계 독해(KorQuAD 1.0)", data="korquad", texts=("context", "question"),
            label="answers", goal="f1", cpu=Recipe(6, 3e-4, 8, 256), gpu=Recipe(5, 3e-5, 16, 510)),
    DialogueState(name="wos", title="대화 상태 추적", data="wos", texts=("dialogue",), label="dialogue", goal="slot_f1",
                  cpu=Recipe(5, 5e-4, 8, 192), gpu=Recipe(5, 3e-5, 16, 510)),
)}


def load_task(name: str, **options: Any) -> Task:
    """Return a task by name. Taught in lecture 5.

    Parameters
    ----------
    name : key of `TASKS`.
    **options : of the kind of task, such as ``marker="typed"`` for ``"re"``.

    Raises
    ------
    KlueError : an unknown name or option.

    Examples
    --------
    >>> load_task("ynat").labels.names[:2]
    ['IT과학', '경제']
    """
    if name not in TASKS:
        raise KlueError(f"알 수 없는 과제입니다: {name!r}. 쓸 수 있는 과제: {', '.join(TASKS)}.")
    return with_options(TASKS[name], options)


def with_options(task: Task, options: dict[str, Any]) -> Task:
    """Return the task with other options, checked. Raises KlueError as `load_task` does."""
    return replace(task, **check_values(type(task), options, owner=f"{task.name} 과제"))
