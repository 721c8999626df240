"""The frame of the exercises: question, blank, check that explains (used in every lecture, taught nowhere)."""

import copy
import itertools
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any

from klue_helpers.exercises.compare import TOLERANCE, cut, difference, one_line, show
from klue_helpers.exercises.limit import CPU_SECONDS, TimeIsUp, run_limited


@dataclass(frozen=True)
class Case:
    """One trial of an answer.

    Attributes
    ----------
    args : arguments of the learner's function; for a value the keys that lead into it, () for all of it.
    expected : what the trial must give.
    why : Korean sentence for a learner whose answer fails here.
    """

    args: tuple[Any, ...]
    expected: Any
    why: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Exercise:
    """A question whose answer is a function or a value, with everything the notebook and the tests need.

    Attributes
    ----------
    name, title, question : name in the lecture's module (q1), Korean title, Korean Markdown.
    answer : the name that the blank and the solution bind.
    blank, source : code of the blank and of the solution, each self-contained.
    explanation, hints : Korean; the explanation says why the solution is right.
    cases : trials, most basic first: the first failure is reported.
    wrong : typical wrong answers as (code, words the message must hold), for the tests.
    tolerance : absolute, for floats and arrays of floats; `klue_helpers.exercises.compare.difference` compares.

    A function must leave its arguments as they were: every trial checks it.
    """

    name: str
    title: str
    question: str
    answer: str
    blank: str
    source: str
    explanation: str
    hints: tuple[str, ...]
    cases: tuple[Case, ...]
    wrong: tuple[tuple[str, str], ...]
    tolerance: float = TOLERANCE
    _turns: Iterator[int] = field(default_factory=itertools.count, init=False)

    @property
    def is_function(self) -> bool:
        """Whether the answer is a function, which the check calls."""
        return f"def {self.answer}(" in self.source

    @property
    def cell(self) -> str:
        """The notebook's code cell: the blank and its check."""
        return f"{self.blank}\n\nex.{self.name}.check({self.answer})"

    @property
    def folded(self) -> str:
        """The notebook's Markdown cell with the solution folded."""
        return (f"<details><summary>풀이 보기</summary>\n\n```python\n{self.source}\n```\n\n"
                f"{self.explanation}\n\n</details>")

    def __repr__(self) -> str:
        return f"[{self.name}] {self.title}"

    def check(self, answer: object) -> None:
        """Print what is right or wrong with an answer; whatever the learner's code does is told, not raised.

        Only the user's own interrupt comes through. An answer that computes longer than
        `klue_helpers.exercises.limit.CPU_SECONDS` is stopped.
        """
        print(self.feedback(answer))

    def hint(self) -> None:
        """Print the next hint; after the last one, where to go, and then the first again."""
        turn = next(self._turns) % (len(self.hints) + 1)
        if turn < len(self.hints):
            print(f"[{self.name}] 힌트 {turn + 1}/{len(self.hints)}: {_spoken(self.hints[turn])}")
        else:
            print(f"[{self.name}] 힌트는 여기까지입니다. 풀이는 ex.{self.name}.solution()으로 볼 수 있습니다.")

    def solution(self) -> None:
        """Print the solution's code and why it is right."""
        print(f"{self.source}\n\n{_spoken(self.explanation)}")

    def feedback(self, answer: object) -> str:
        """Return what `check` prints."""
        try:
            return run_limited(lambda: self._judge(answer))
        except KeyboardInterrupt:
            raise
        except TimeIsUp:  # neither stopped within a trial nor at the first attempt
            return self._failed(f"{_TOO_LONG} 컴퓨터가 계속 바쁘면 커널을 다시 시작해 주세요.")
        except BaseException:  # an object of the answer that cannot even be looked at, or whose error cannot be told
            return self._failed("답을 살펴볼 수 없습니다. 수, 글, 리스트, 배열처럼 평범한 값을 돌려주세요.")

    def _judge(self, answer: Any) -> str:
        if _is_blank(answer):
            return self._unanswered()
        if self.is_function and not callable(answer):
            return (f"[{self.name}] 함수가 아니라 {type(answer).__name__} 값이 들어왔습니다. "
                    f"괄호 없이 이름만 넣어 ex.{self.name}.check({self.answer})처럼 실행해 보세요.")
        first, nothing_came = "", True
        for case in self.cases:
            problem, blank = self._try(answer, case)
            first, nothing_came = first or problem, nothing_came and blank
            if problem and not blank:
                return first
        if first:
            return self._unanswered() if nothing_came else first
        return f"[{self.name}] 맞았습니다. {_spoken(self.explanation)}"

    def _unanswered(self) -> str:
        missing = "\n채웠는데도 이 말이 나오면 return을 빠뜨리지 않았는지 살펴보세요." if self.is_function else ""
        return (f"[{self.name}] 아직 답이 비어 있습니다. ... 자리를 채우고 셀을 다시 실행해 보세요.{missing}\n"
                f"막히면 ex.{self.name}.hint()를 실행해 보세요.")

    def _try(self, answer: Any, case: Case) -> tuple[str, bool]:
        """Return the report of a failed trial ("" when it went well) and whether nothing came back at all."""
        args = copy.deepcopy(case.args)
        try:
            got = answer(*args) if self.is_function else reduce(getitem, args, answer)
            problem, hint = difference(got, case.expected, tolerance=self.tolerance), case.why
            if not problem:
                problem, hint = self._changed(args, case), _COPY
            if not problem:
                return "", False
            shown = ("바른 결과", show(case.expected)) if self.is_function else ("", "")
            return self._report(case, hint, ("나온 결과", show(got)), shown, ("다른 점", problem)), _is_blank(got)
        except KeyboardInterrupt:
            raise
        except TimeIsUp as error:
            return self._report(case, _ENDLESS, ("오류", _TOO_LONG + _place(error, answer))), False
        except BaseException as error:  # the learner's error, or one of an object that the answer gave
            return self._report(case, case.why, ("오류", _error(error, answer))), False

    def _changed(self, args: tuple[Any, ...], case: Case) -> str:
        """Say in Korean how a call changed its arguments; "" if it did not."""
        change = difference(args, case.args, tolerance=0) if self.is_function else ""
        return f"결과는 맞지만 받은 인자를 바꾸었습니다. 인자 가운데 {change}" if change else ""

    def _report(self, case: Case, hint: str, *facts: tuple[str, str]) -> str:
        args = [show(arg) for arg in case.args]
        call = f"({', '.join(args)})" if self.is_function else "".join(f"[{key}]" for key in args)
        lines = [("확인한 것", self.answer + call), *facts, ("힌트", _spoken(hint))]
        return self._failed(*(f"- {label}: {text}" for label, text in lines if text))

    def _failed(self, *lines: str) -> str:
        return "\n".join([f"[{self.name}] 아직 맞지 않습니다.", *lines,
                          f"더 필요하면 ex.{self.name}.hint(), 풀이는 ex.{self.name}.solution()을 실행해 보세요."])


_COPY = "부른 쪽의 값이 함께 바뀝니다. list(x)나 x.copy()로 베낀 것을 고쳐 돌려주세요."
_TOO_LONG = f"끝나지 않아 멈추었습니다. 셈하는 시간은 {CPU_SECONDS:g}초까지입니다."
_ENDLESS = "되풀이가 언젠가 끝나는지, 되풀이할 때마다 바뀌어야 할 변수가 바뀌는지 살펴보세요."
_DEPTH = 3  # of lists in lists in which a blank is looked for; the deepest blank is a tuple in a dict
_WIDTH = 100  # items of each that are looked at; a result may be long


def _is_blank(value: Any, depth: int = _DEPTH) -> bool:
    """Whether nothing was filled in: None, ..., or a list, tuple or dict that still holds a `...`."""
    if value is None or value is ... or depth == 0:
        return value is None or value is ...
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(item is not None and _is_blank(item, depth - 1) for item in itertools.islice(items, _WIDTH))


def _error(error: BaseException, answer: Any) -> str:
    """Return type, message and the line of the learner's cell."""
    return cut(one_line(f"{type(error).__name__}: {error}")) + _place(error, answer)


def _place(error: BaseException, answer: Any) -> str:
    """Return the line of the learner's cell that an error came from, in brackets; "" if it came from elsewhere."""
    filename = getattr(getattr(answer, "__code__", None), "co_filename", None)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == filename]
    return f" (셀의 {lines[-1]}번째 줄)" if lines else ""


def _spoken(text: str) -> str:
    """Return Markdown as plain text: a notebook prints what the site renders."""
    return re.sub(r"\*\*(.+?)\*\*|`([^`]+)`", lambda found: found[1] or found[2], text)
