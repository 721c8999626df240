"""Exercises and answers that are no answers: nothing escapes `check`, nothing hangs it, nothing fools it."""

import itertools
import pkgutil
import threading
import time
from importlib import import_module

import numpy as np
import pytest
import torch

import klue_helpers.exercises as package
from klue_helpers.exercises import limit
from klue_helpers.exercises.compare import LONGEST, difference, show
from klue_helpers.exercises.frame import Case, Exercise

EXERCISES = [pytest.param(exercise, id=f"{found.name[-2:]}-{exercise.name}")
             for found in pkgutil.iter_modules(package.__path__) if found.name.startswith("lecture")
             for exercise in import_module(f"{package.__name__}.{found.name}").EXERCISES]


def make(*expected: object, args: tuple = (3,), tolerance: float = 1e-6) -> Exercise:
    cases = tuple(Case(args, one, "까닭입니다.") for one in expected)
    return Exercise(name="q9", title="시험", question="시험합니다.", answer="f", blank="", source="def f(x): return x",
                    explanation="그렇습니다.", hints=("하나.", "둘."), cases=cases, wrong=(), tolerance=tolerance)


def defined(code: str) -> object:
    """Return the function `f` that a cell defines."""
    namespace: dict[str, object] = {"time": time, "itertools": itertools, "threading": threading}
    exec(compile(code, "<cell>", "exec"), namespace)
    return namespace["f"]


def raising(error: BaseException) -> object:
    def method(*args: object, **named: object) -> object:
        raise error
    return method


def hostile(method: str, error: type[BaseException] = RuntimeError, base: type = object) -> object:
    """Return an object of which one method raises."""
    return type("Odd", (base,), {method: raising(error("일부러"))})()


class Agreeing:
    """What calls itself equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None


class AgreeingInt(int):
    __eq__ = Agreeing.__eq__
    __hash__ = int.__hash__


class AgreeingText(str):
    __eq__ = Agreeing.__eq__
    __hash__ = str.__hash__


class AgreeingList(list):
    __eq__ = Agreeing.__eq__
    __len__ = raising(RuntimeError("일부러"))


class LyingKind:
    __class__ = property(raising(RuntimeError("일부러")))


def circle() -> list:
    items: list = [1]
    items.append(items)
    return items


METHODS = ("__eq__", "__repr__", "__str__", "__len__", "__iter__", "__getitem__", "__array__", "__float__", "__bool__",
           "__call__", "__getattribute__", "keys", "values", "item", "shape")
ODD = {
    **{f"{base.__name__} {method}": hostile(method, base=base) for method in METHODS for base in (object, list, dict)},
    **{f"{kind.__name__} in repr": hostile("__repr__", kind) for kind in (SystemExit, GeneratorExit, MemoryError)},
    "circle": circle(), "dict circle": {"가": circle()}, "deep": eval("[" * 90 + "]" * 90), "huge": 10**5000,
    "huge in a list": [-10**5000], "meta": torch.empty(3, device="meta"), "sparse": torch.eye(3).to_sparse(),
    "complex": 1j, "objects": np.array([object(), None]), "generator": (one for one in "가나"), "bytes": b"\xff",
    "agreeing": Agreeing(), "agreeing int": AgreeingInt(8), "agreeing text": AgreeingText("나"), "class": LyingKind(),
    "agreeing list": AgreeingList([9]), "list": [3] * 100_000, "set": set(range(100_000)), "half a pair": "\ud800",
    "text": "가" * 10**6, "exception": ValueError("값"), "type": int, "module": np, "lambda": lambda: None,
}
EXPECTED = (3, 0.5, "가", [1, 2], {"가": 1}, {1, 2}, np.array([1.0, 2.0]), np.array([1, 2]), np.array([True]), True,
            (1, "나"))


@pytest.mark.parametrize("name", ODD)
def test_no_odd_result_escapes_or_is_praised(name):
    for expected in EXPECTED:
        text = make(expected).feedback(lambda x: ODD[name])
        assert text.startswith("[q9] 아직 ") and "맞았습니다" not in text and len(text) < 4 * LONGEST


@pytest.mark.parametrize("name", ODD)
def test_no_odd_answer_escapes(name):
    text = make(4).feedback(ODD[name])
    assert text.startswith("[q9] ") and "맞았습니다" not in text


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_exercise_lets_anything_odd_through(exercise):
    for odd in ODD.values():
        for answer in (odd, lambda *args, odd=odd: odd):
            text = exercise.feedback(answer)
            assert text.startswith(f"[{exercise.name}] ") and "맞았습니다" not in text


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), MemoryError(), RecursionError(), StopIteration(1),
                                   BaseExceptionGroup("여럿", [SystemExit()]), KeyError("\ud800"),
                                   type("Mute", (Exception,), {"__str__": raising(RuntimeError())})()],
                         ids=lambda error: type(error).__name__)
def test_no_error_of_the_answer_escapes(error):
    text = make(3).feedback(raising(error))
    assert text.startswith("[q9] 아직 맞지 않습니다.") and "ex.q9.hint()" in text


@pytest.mark.parametrize("answer", [raising(ValueError("\ud800")), lambda x: "\ud800", lambda x: {"\ud800": 1}])
def test_half_a_surrogate_pair_can_be_printed(answer):
    make("가").feedback(answer).encode("utf-8")


def test_an_endless_recursion_is_told_with_its_line():
    text = make(3).feedback(defined("def f(x):\n    return f(x)"))
    assert "RecursionError" in text and "(셀의 2번째 줄)" in text


def test_the_users_interrupt_comes_through():
    with pytest.raises(KeyboardInterrupt):
        make(3).feedback(raising(KeyboardInterrupt()))


def test_an_interrupt_of_the_waiting_thread_stops_the_answer(monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr(limit, "_watch", raising(KeyboardInterrupt()))

    def endless(x: int) -> None:
        try:
            while True:
                pass
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt):
        make(3).feedback(endless)
    assert ended.wait(60)


@pytest.mark.parametrize("loop", ["while True:\n        pass", "while x:\n        x += 1", "[x for x in iter(int, 1)]"])
def test_an_endless_loop_is_stopped_and_told_with_its_line(monkeypatch, loop):
    monkeypatch.setattr(limit, "CPU_SECONDS", 0.05)
    text = make(3, 3).feedback(defined(f"def f(x):\n    {loop}"))
    assert "- 확인한 것: f(3)\n- 오류: 끝나지 않아 멈추었습니다. 셈하는 시간은 10초까지입니다. (셀의 " in text
    assert "되풀이가 언젠가 끝나는지" in text


def test_a_loop_that_swallows_everything_is_left_alone(monkeypatch):
    monkeypatch.setattr(limit, "CPU_SECONDS", 0.05)
    monkeypatch.setattr(limit, "ATTEMPTS", 3)
    go_on = [True]

    def stubborn(x: int) -> None:
        while go_on:
            try:
                sum(range(1000))
            except BaseException:
                continue

    text = make(3).feedback(stubborn)
    go_on.clear()
    assert "커널을 다시 시작해" in text


def test_an_answer_that_only_waits_is_left_behind(monkeypatch):
    monkeypatch.setattr(limit, "IDLE_WAITS", 3)
    monkeypatch.setattr(limit, "ATTEMPTS", 2)
    never = threading.Event()
    text = make(3).feedback(lambda x: never.wait())
    never.set()
    assert "끝나지 않아 멈추었습니다" in text


def test_a_slow_clock_is_no_verdict(monkeypatch):
    monkeypatch.setattr(limit, "CPU_SECONDS", 5.0)
    assert "맞았습니다" in make(3).feedback(lambda x: time.sleep(0.3) or 3)


def test_the_callers_numpy_settings_hold_for_the_answer():
    with np.errstate(divide="raise"):
        assert "FloatingPointError" in make(0.0).feedback(lambda x: np.float64(1) / 0)


# ---- arguments that the answer changes

@pytest.mark.parametrize(("args", "change"), [
    (([3, 1, 2],), "x.sort()"), (([3, 1],), "x.append(0)"), (([[1], [2]],), "x[1].clear()"),
    (({"가": 1},), "x['나'] = 2"), (({1, 2},), "x.discard(1)"), ((np.array([1.0, 2.0]),), "x += 1e-12"),
    ((np.array([1, 2]),), "x[0] = 9"), ((np.array([np.nan, 1.0]),), "x[0] = 0"),
])
def test_a_changed_argument_is_told(args, change):
    text = make(3, args=args).feedback(defined(f"def f(x):\n    {change}\n    return 3"))
    assert "- 다른 점: 결과는 맞지만 받은 인자를 바꾸었습니다. 인자 가운데 1번째: " in text and "베낀 것을" in text


@pytest.mark.parametrize("argument", [[3, 1], np.array([np.nan, 1]), {"가": [1]}, str.split, "가", None, {1}])
def test_an_argument_left_alone_is_no_fault(argument):
    assert "맞았습니다" in make(3, args=(argument,)).feedback(lambda x: 3)


def test_a_wrong_result_is_told_before_a_changed_argument():
    text = make(3, args=([2, 1],)).feedback(lambda x: x.sort() or 4)
    assert "값이 다릅니다" in text and "인자를" not in text


# ---- showing

@pytest.mark.parametrize(("value", "text"), [
    (circle(), "[1, …]"), ([[1], [1]], "[[1], [1]]"), (10**5000, "5001자리쯤 되는 정수"), (2**64, str(2**64)),
    (set(range(5000)), "{원소 5000개}"), (AgreeingText("나"), "'나'"),
], ids=["circle", "twice", "huge", "large", "set", "text"])
def test_show_of_odd_values(value, text):
    assert show(value) == text


def test_showing_looks_at_no_more_than_it_shows():
    class Counting:
        shown = 0

        def __repr__(self) -> str:
            Counting.shown += 1
            return "하나"

    text = show([Counting() for _ in range(10_000)])
    assert Counting.shown < LONGEST and text.startswith("[하나, 하나") and text.endswith(" …")


def test_subclasses_are_taken_for_what_they_are_underneath():
    assert difference(AgreeingInt(8), 3) == "값이 다릅니다." and difference(AgreeingInt(3), 3) == ""
    assert difference(AgreeingText("나"), "가") == "글자가 다릅니다."
    assert "나온 길이: 1" in difference(AgreeingList([9]), [1, 2])
