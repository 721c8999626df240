"""Analyzers of pretence for the tests of workers: one that never returns, one that dies, one that talks."""

import os
import time
from collections.abc import Callable
from typing import Any

from klue_helpers.errors import KlueError
from klue_helpers.workers import Worker


def load(name: str) -> Callable[[str], Any]:
    return globals()[name]


def echo(text: str) -> str:
    return text


def number(text: str) -> int:
    return os.getpid()


def never(text: str) -> None:
    while True:
        time.sleep(1)


def die(text: str) -> None:
    os._exit(3)


def fail(text: str) -> None:
    raise ValueError("java.lang.NullPointerException\n\tat kr.co.Analyzer")


def tell(text: str) -> None:
    raise KlueError("이유입니다. 이렇게 하세요.")


def talk(text: str) -> str:
    os.write(1, b"a banner on standard output\n")
    os.write(2, b"a warning on standard error\n")
    return text


def again(text: str) -> Any:
    return Worker("toy_analyzers:load").ask("echo", text)
