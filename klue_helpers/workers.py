"""A process of its own, with a time limit, for analyzers that may never return (lecture 2).

Python cannot interrupt a call into Java, so an analyzer that does not come back is ended together with its process. The
process is started by the first question, answers one after the other, and ends when this one does.
"""

import atexit
import faulthandler
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import IO, Any

from klue_helpers.errors import KlueError

# For one line of text, loading not counted. An ordinary line takes milliseconds: a busy machine stays far below.
TIME_LIMIT_S = 60.0
_PATIENCE_S = 5.0  # for the process to clean up behind itself before it is killed
_MARK = "KLUE_WORKER"  # in the environment of such a process
# The path of the process that asks, once Python runs: in PYTHONPATH a learner's enum.py would keep it from starting.
_START = f"import sys; sys.path[:] = sys.argv[2:]; from {__name__} import serve; serve(sys.argv[1])"


class Worker:
    """Answers about texts from another Python process, which is started anew whenever it has ended.

    Parameters
    ----------
    loader : ``"module:function"``; from an analyzer's name the function makes what is called with each text. Loaded
        once a process. Its values are passed on as JSON, so that tuples arrive as lists.
    limit_s : seconds for one text.
    """

    def __init__(self, loader: str, *, limit_s: float = TIME_LIMIT_S) -> None:
        self._loader, self._limit_s = loader, limit_s
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()  # questions and answers of two threads must not mix
        atexit.register(self.stop)

    def ask(self, analyzer: str, text: str) -> Any:
        """Return what the analyzer says of the text.

        Raises
        ------
        KlueError : the analyzer fails, needs longer than the limit, or brings its process down.
        """
        with self._lock:
            started = time.monotonic()
            line = self._exchange([analyzer, text, self._limit_s])
            if not line:
                status = self.stop()
                late = status == 1 and time.monotonic() - started >= self._limit_s
                raise KlueError(_too_slow(analyzer, text, self._limit_s) if late else _died(analyzer, text, status))
        answer = json.loads(line)
        if "error" in answer:
            raise KlueError(answer["error"] if answer["told"] else _failed(analyzer, text, answer["error"]))
        return answer["value"]

    def stop(self) -> int | None:
        """End the process, if it runs, and return its exit status."""
        process, self._process = self._process, None
        if process is None or os.getpid() != self._owner:  # a forked copy of this process must not end its parent's
            return None
        process.stdin.close()
        process.stdout.close()
        try:
            return process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _exchange(self, question: list[Any]) -> bytes:
        """Send one line and read one; an empty one where the process has ended."""
        process = self._running()
        try:
            process.stdin.write(json.dumps(question).encode("ascii") + b"\n")
            process.stdin.flush()
            return process.stdout.readline()
        except OSError:
            return b""
        except BaseException:  # an interrupt: the answer still to come would be taken for the next question's
            process.kill()
            self.stop()
            raise

    def _running(self) -> "subprocess.Popen[bytes]":
        if os.getpid() != self._owner:
            self._process, self._owner = None, os.getpid()
        if self._process is None or self._process.poll() is not None:
            if _MARK in os.environ:  # a learner's kss.py in place of the package would start one after the other
                raise KlueError("분석기의 프로세스가 분석기를 다시 불렀습니다. 작업 폴더에 kss.py나 konlpy.py처럼 "
                                "분석기와 이름이 같은 파일이 있으면 이름을 바꾸세요.")
            self._process = subprocess.Popen([sys.executable, "-c", _START, self._loader, *sys.path],
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             env={**os.environ, _MARK: "1"})
        return self._process


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= 20 else text[:20] + "…")


def _too_slow(analyzer: str, text: str, limit_s: float) -> str:
    return (f"{analyzer}가 {len(text):,}글자인 글 {_excerpt(text)}을(를) {limit_s:g}초 안에 끝내지 못해 멈췄습니다. "
            "같은 글자가 길게 되풀이되면 줄이고, 긴 글이면 나누어 주세요.")


def _died(analyzer: str, text: str, status: int | None) -> str:
    return (f"{analyzer}의 프로세스가 글 {_excerpt(text)}을(를) 읽다가 끝났습니다(종료 코드 {status}). "
            "남은 메모리를 확인하고 다시 해 보세요. 되풀이되면 이 글을 빼거나 다른 분석기를 쓰세요.")


def _failed(analyzer: str, text: str, error: str) -> str:
    return f"{analyzer}가 글 {_excerpt(text)}을(를) 처리하지 못했습니다({error}). 이 글을 빼거나 다른 분석기를 쓰세요."


def serve(loader: str) -> None:
    """Answer every line of standard input with one on standard output, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the process that asks decides
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "wb") as nowhere:
        for stream in (1, 2):  # what libraries print would be taken for answers, or stand in a notebook's output
            os.dup2(nowhere.fileno(), stream)
        module, name = loader.split(":")
        load = cache(getattr(import_module(module), name))
        for line in sys.stdin.buffer:
            answers.write(json.dumps(_answer(load, *json.loads(line), nowhere)).encode("ascii") + b"\n")


def _answer(load: Callable[[str], Callable[[str], Any]], analyzer: str, text: str, limit_s: float,
            nowhere: IO[bytes]) -> dict[str, Any]:
    try:
        analyze = load(analyzer)
        faulthandler.dump_traceback_later(limit_s, exit=True, file=nowhere)  # ends the process from outside of Python
        return {"value": analyze(text)}
    except Exception as error:  # passed on to the process that asks, which raises it
        if isinstance(error, KlueError):
            return {"error": str(error), "told": True}
        reason = next(iter(str(error).splitlines()), "")  # Java adds its stack
        return {"error": f"{type(error).__name__}: {reason[:100]}", "told": False}
    finally:
        faulthandler.cancel_dump_traceback_later()
