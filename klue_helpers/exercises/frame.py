"""The frame of the exercises: question, blank, check that explains (used in every lecture, taught nowhere)."""

import copy
import itertools
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any

from klue_helpers.exercises.compare import TOLERANCE, difference, one_line, show

LONGEST = 300  # characters of a value that a message shows


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
    tolerance : relative and absolute, for floats and arrays.
    compare : from what came and what was expected to a Korean sentence, "" if right; `difference` if None.
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
    compare: Callable[[Any, Any], str] | None = None
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
        """Print what is right or wrong with an answer; an error in the learner's code is told, not raised."""
        print(self.feedback(answer))

    def hint(self) -> None:
        """Print the next hint; after the last one, where to go, and then the first again."""
        turn = next(self._turns) % (len(self.hints) + 1)
        if turn < len(self.hints):
            print(f"[{self.name}] 힌트 {turn + 1}/{len(self.hints)}: {self.hints[turn]}")
        else:
            print(f"[{self.name}] 힌트는 여기까지입니다. 풀이는 ex.{self.name}.solution()으로 볼 수 있습니다.")

    def solution(self) -> None:
        """Print the solution's code and why it is right."""
        print(f"{self.source}\n\n{self.explanation}")

    def feedback(self, answer: object) -> str:
        """Return what `check` prints."""
        if _is_blank(answer):
            return self._unanswered()
        if self.is_function and not callable(answer):
            return (f"[{self.name}] 함수가 아니라 {type(answer).__name__} 값이 들어왔습니다. "
                    f"괄호 없이 이름만 넣어 ex.{self.name}.check({self.answer})처럼 실행해 보세요.")
        trials = [self._try(answer, case) for case in self.cases]
        problems = [problem for problem, _ in trials if problem]
        if problems and all(blank for _, blank in trials):
            return self._unanswered()
        return problems[0] if problems else f"[{self.name}] 맞았습니다. {self.explanation}"

    def _unanswered(self) -> str:
        missing = "\n채웠는데도 이 말이 나오면 return을 빠뜨리지 않았는지 살펴보세요." if self.is_function else ""
        return (f"[{self.name}] 아직 답이 비어 있습니다. ... 자리를 채우고 셀을 다시 실행해 보세요.{missing}\n"
                f"막히면 ex.{self.name}.hint()를 실행해 보세요.")

    def _try(self, answer: Any, case: Case) -> tuple[str, bool]:
        """Return the report of a failed trial ("" when it went well) and whether nothing came back at all."""
        try:
            got = answer(*copy.deepcopy(case.args)) if self.is_function else reduce(getitem, case.args, answer)
        except Exception as error:  # the learner's error is told in the report
            return self._report(case, ("오류", _error(error, answer))), False
        compare = self.compare or (lambda got, expected: difference(got, expected, tolerance=self.tolerance))
        problem = compare(got, case.expected)
        if not problem:
            return "", False
        shown = ("바른 결과", show(case.expected)) if self.is_function else ("", "")
        return self._report(case, ("나온 결과", show(got)), shown, ("다른 점", problem)), _is_blank(got)

    def _report(self, case: Case, *facts: tuple[str, str]) -> str:
        args = [show(arg) for arg in case.args]
        call = f"({', '.join(args)})" if self.is_function else "".join(f"[{key}]" for key in args)
        lines = [("확인한 것", self.answer + call), *facts, ("힌트", case.why)]
        body = "\n".join(f"- {label}: {text[:LONGEST]}{' …' * (len(text) > LONGEST)}" for label, text in lines if text)
        return (f"[{self.name}] 아직 맞지 않습니다.\n{body}\n"
                f"더 필요하면 ex.{self.name}.hint(), 풀이는 ex.{self.name}.solution()을 실행해 보세요.")


def _is_blank(value: Any) -> bool:
    """Whether nothing was filled in: None, ..., or a list, tuple or dict that still holds a `...`."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return value is None or value is ... or any(item is not None and _is_blank(item) for item in items)


def _error(error: Exception, answer: Any) -> str:
    """Return type, message and the line of the learner's cell."""
    filename = getattr(getattr(answer, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [entry.lineno for entry in frames if entry.filename == filename]
    return one_line(f"{type(error).__name__}: {error}") + (f" (셀의 {lines[-1]}번째 줄)" if lines else "")
