"""`klue chat`: the two-stage chatbot on the terminal (operations; lectures 6 and 9 teach what it runs)."""

import re
import sys
from collections.abc import Callable, Iterable

from klue_helpers.course.report import say
from klue_helpers.errors import KlueError

_LEAVE = ("끝", "quit", "exit")
_HELLO = "무엇이든 물어보세요. 끝내려면 ‘끝’이라고 적으세요."


def chat_command(question: str | None, source: str | None = None, data_dir: str | None = None, *,
                 threshold: str = "0.8", lines: Iterable[str] | None = None) -> int:
    """Answer one question, or lines of the terminal until the user leaves; return exit status 0.

    Parameters
    ----------
    question : answered alone where it is given.
    source, data_dir : of the questions and answers, as for `load_data`; without a source, the folder's files where
        one is named and the samples else.
    threshold : cosine, 0 to 1, below which the chatbot says that it does not know.
    lines : what the user writes; standard input if None.

    Raises
    ------
    KlueError : a threshold that is no number from 0 to 1; data that is not there; an empty question.
    """
    if not re.fullmatch(r"0|1|0?\.\d+|1\.0+", threshold):
        raise KlueError(f"--threshold는 0과 1 사이의 수여야 합니다: {threshold!r}. 예: --threshold 0.8")
    if question is not None and not question.strip():
        raise KlueError("빈 말에는 답할 수 없습니다. 묻고 싶은 말을 따옴표 안에 적으세요.")
    bot = _chatbot(source or ("local" if data_dir else "sample"), data_dir, float(threshold))
    if question is not None:
        say(str(bot(question)))
        return 0
    say(_HELLO)
    for line in sys.stdin if lines is None else lines:
        if line.strip() in _LEAVE:
            break
        if line.strip():
            say(str(bot(line)))
    return 0


def _chatbot(source: str, data_dir: str | None, threshold: float) -> Callable[[str], object]:
    from klue_helpers.chatbot import Chatbot, build_index, vectors_of
    from klue_helpers.data import load_data
    from klue_helpers.models import load_encoder
    from klue_helpers.runtime import silence

    silence()
    rows = load_data("chatbot", source, data_dir=data_dir)["train"]
    encode = vectors_of(load_encoder("klue-mini-bert"))
    return Chatbot(build_index(list(zip(rows["Q"], rows["A"], strict=True)), encode), encode, threshold=threshold)
