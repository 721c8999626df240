"""A limit on how long an answer may compute (used by every exercise, taught nowhere).

The answer runs in a thread of its own. Signals would be simpler but exist on POSIX's main thread only; this way works
in a notebook on Linux, Windows and macOS. A loop of Python is stopped for good; a single call into C that never
returns (`time.sleep`) is left behind; one that keeps the interpreter to itself (`sum(itertools.count())`) cannot be
stopped from within the process.
"""

import contextlib
import contextvars
import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

CPU_SECONDS = 10.0  # of the process: the slowest solution takes 0.1, importing torch in the answer about 4
WAIT = 0.1          # seconds between two looks at the clock
IDLE_WAITS = 3_000  # looks (five minutes or more) in which nothing is computed: it sleeps, or waits for a lock
IDLE_SECONDS = 1.0  # less than this in IDLE_WAITS looks is nothing; a starved computation gets more
ATTEMPTS = 20       # at stopping an answer that swallows TimeIsUp


class TimeIsUp(BaseException):
    """Raised inside an answer that computes too long; no Exception, so that `except Exception` lets it through."""


def run_limited(call: Callable[[], Any]) -> Any:
    """Return what `call()` returns or raise what it raises; stop it when its time is up.

    What counts is the processor time of the process, not the clock: a busy machine changes no verdict.

    Raises
    ------
    TimeIsUp : if the call used more than `CPU_SECONDS`, or did nothing at all for long, and was stopped.
    """
    ended: list[tuple[Any, BaseException | None]] = []
    context = contextvars.copy_context()  # numpy's error state is the caller's

    def work() -> None:
        with contextlib.suppress(TimeIsUp):  # a second one may come while the first is being noted
            try:
                ended.append((context.run(call), None))
            except BaseException as error:  # handed over to the thread that waits
                ended.append((None, error))

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        _watch(worker)
    except BaseException:  # the user's interrupt reaches the waiting thread: the answer must not run on
        _stop(worker)
        raise
    if not ended:
        raise TimeIsUp
    result, error = ended[0]
    if error is not None:
        raise error
    return result


def _watch(worker: threading.Thread) -> None:
    begun, looks = time.process_time(), 0
    while worker.is_alive():
        worker.join(WAIT)
        looks, used = looks + 1, time.process_time() - begun
        if used > CPU_SECONDS or (looks > IDLE_WAITS and used < IDLE_SECONDS):
            return _stop(worker)


def _stop(worker: threading.Thread) -> None:
    for _ in range(ATTEMPTS):
        if not worker.is_alive():
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(TimeIsUp))
        worker.join(WAIT)
