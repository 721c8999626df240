"""argparse in Korean (operations, taught nowhere)."""

import argparse
import re
from typing import NoReturn

from klue_helpers.errors import KlueError

# argparse's English (3.11 to 3.14) and our Korean; the first group is the option or the value meant.
_MISTAKES = (
    (r"argument (.+?): expected (?:one|at least one) argument", "{}에는 값이 있어야 합니다."),
    (r"argument (.+?): ignored explicit argument .*", "{}에는 값을 줄 수 없습니다."),
    (r"the following arguments are required: (.+)", "빠진 인자가 있습니다: {}."),
    (r"unrecognized arguments: (.+)", "모르는 옵션이나 인자입니다: {}."),
    (r"argument (.+?): (.+)", "{}: {}"),
)


class _Formatter(argparse.HelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None) -> None:
        super().add_usage(usage, actions, groups, "사용법: " if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """A parser that speaks Korean and knows no abbreviated options."""

    def __init__(self, prog: str, description: str, *, epilog: str = "") -> None:
        super().__init__(prog, description=description, epilog=epilog, add_help=False, allow_abbrev=False,
                         formatter_class=_Formatter)
        self.arguments = self.add_argument_group("인자")
        self.options = self.add_argument_group("옵션")
        self.options.add_argument("-h", "--help", action="help", help="이 도움말을 보여 줍니다")

    def error(self, message: str) -> NoReturn:
        for english, korean in _MISTAKES:
            if found := re.fullmatch(english, message, flags=re.DOTALL):
                message = korean.format(*found.groups())
                break
        raise KlueError(f"{message} 쓰는 법: `{self.prog} --help`")


def whole(text: str) -> int:
    """Return the integer that the word on the command line stands for."""
    if not re.fullmatch(r"-?\d+", text):
        raise argparse.ArgumentTypeError(f"정수여야 합니다: {text!r}.")
    return int(text)


def count(text: str) -> int:
    """Return the integer from 1 that the word on the command line stands for."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"1 이상이어야 합니다: {text!r}.")
    return number
