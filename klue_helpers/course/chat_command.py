"""`klue chat`: the two-stage chatbot on the terminal or a page (operations; lectures 6 and 9 teach what it runs)."""

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from klue_helpers.course.report import say
from klue_helpers.errors import KlueError

_LEAVE = ("끝", "quit", "exit")
_ASK = "무엇이든 물어보세요."
_HELLO = f"{_ASK} 끝내려면 ‘끝’이라고 적으세요."


def chat_command(question: str | None, source: str | None = None, data_dir: str | None = None, *,
                 threshold: str = "0.8", page: bool = False, lines: Iterable[str] | None = None) -> int:
    """Answer one question, or lines of the terminal or a page until the user leaves; return exit status 0.

    Parameters
    ----------
    question : answered alone where it is given.
    source, data_dir : of the questions and answers, as for `load_data`; without a source, the folder's files where
        one is named and the samples else.
    threshold : cosine, 0 to 1, below which the chatbot says that it does not know.
    page : talk in the browser instead, which needs gradio.
    lines : what the user writes; standard input if None.

    Raises
    ------
    KlueError : a threshold that is no number from 0 to 1; data that is not there; an empty question; no gradio.
    """
    if not re.fullmatch(r"0|1|0?\.\d+|1\.0+", threshold):
        raise KlueError(f"--threshold는 0과 1 사이의 수여야 합니다: {threshold!r}. 예: --threshold 0.8")
    if question is not None and not question.strip():
        raise KlueError("빈 말에는 답할 수 없습니다. 묻고 싶은 말을 따옴표 안에 적으세요.")
    interface = _interface() if page else None
    bot = _chatbot(source or ("local" if data_dir else "sample"), data_dir, float(threshold))
    if question is not None:
        say(str(bot(question)))
        return 0
    if interface:
        chat_page(bot, interface).launch(server_name="127.0.0.1")
        return 0
    say(_HELLO)
    for line in sys.stdin if lines is None else lines:
        if line.strip() in _LEAVE:
            break
        if line.strip():
            say(str(bot(line)))
    return 0


def chat_page(bot: Callable[[str], object], interface: Callable[..., Any]) -> Any:
    """Return a page that is not open yet, on which the bot answers line by line; nothing of it leaves the machine."""

    def reply(message: str, history: list[Any]) -> str:
        return "\n\n".join(str(bot(message)).splitlines()) if message.strip() else _ASK

    return interface(reply, title="KLUE 챗봇", description=_ASK, analytics_enabled=False)


def _interface() -> Callable[..., Any]:
    try:
        from gradio import ChatInterface
    except ImportError as error:
        raise KlueError("--page에는 gradio가 필요한데 설치되어 있지 않습니다. pip install gradio로 설치하거나 "
                        "--page 없이 터미널에서 이야기하세요.") from error
    return ChatInterface


def _chatbot(source: str, data_dir: str | None, threshold: float) -> Callable[[str], object]:
    from klue_helpers.chatbot import Chatbot, build_index, vectors_of
    from klue_helpers.data import load_data
    from klue_helpers.models import load_encoder
    from klue_helpers.runtime import silence

    silence()
    rows = load_data("chatbot", source, data_dir=data_dir)["train"]
    encode = vectors_of(load_encoder("klue-mini-bert"))
    return Chatbot(build_index(list(zip(rows["Q"], rows["A"], strict=True)), encode), encode, threshold=threshold)
