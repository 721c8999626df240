"""Exercises: solutions pass, blanks do not, wrong answers fail usefully; how the frame meets odd answers."""

import contextlib
import io
import os
import pkgutil
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from fractions import Fraction
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import klue_helpers.exercises as package
from klue_helpers.exercises import lecture02
from klue_helpers.exercises.compare import difference, show
from klue_helpers.exercises.frame import Case, Exercise

LECTURES = [import_module(f"{package.__name__}.{found.name}")
            for found in pkgutil.iter_modules(package.__path__) if found.name.startswith("lecture")]
EXERCISES = [pytest.param(exercise, id=f"{lecture.__name__[-2:]}-{exercise.name}")
             for lecture in LECTURES for exercise in lecture.EXERCISES]
WRONG = [pytest.param(exercise, code, words, id=f"{lecture.__name__[-2:]}-{exercise.name}-{number}")
         for lecture in LECTURES for exercise in lecture.EXERCISES
         for number, (code, words) in enumerate(exercise.wrong)]
HANGUL = re.compile("[가-힣]")


def answer_of(exercise: Exercise, code: str) -> object:
    """Run a cell's code as a notebook would and return what it binds."""
    namespace: dict[str, object] = {}
    exec(compile(code, "<cell>", "exec"), namespace)
    return namespace[exercise.answer]


def printed(call, *args) -> str:
    """Return what a call prints; it must return None, so that a notebook shows nothing else."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert call(*args) is None
    assert err.getvalue() == ""
    return out.getvalue()


def spoken(text: str) -> str:
    """Return a Markdown text as it is printed."""
    return text.replace("**", "").replace("`", "")


def make(source: str = "def f(x):\n    return x", cases: tuple[Case, ...] = (), **more) -> Exercise:
    answer = "f" if source.startswith("def f") else "answer"
    return Exercise(name="q9", title="시험", question="시험합니다.", answer=answer, blank="", source=source,
                    explanation="그렇습니다.", hints=("하나.", "둘."), cases=cases, wrong=(), **more)


# ---- every exercise of every lecture

@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.__name__[-2:])
def test_lectures_list_their_exercises_under_their_names(lecture):
    assert [exercise.name for exercise in lecture.EXERCISES] == [f"q{i + 1}" for i in range(len(lecture.EXERCISES))]
    assert all(getattr(lecture, exercise.name) is exercise for exercise in lecture.EXERCISES)
    assert len(lecture.EXERCISES) >= 5


@pytest.mark.parametrize("exercise", EXERCISES)
def test_solution_passes_and_says_why(exercise):
    text = printed(exercise.check, answer_of(exercise, exercise.source))
    assert text == f"[{exercise.name}] 맞았습니다. {spoken(exercise.explanation)}\n"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_blank_cell_runs_and_gets_a_friendly_line(exercise):
    text = printed(exec, exercise.cell, {"ex": SimpleNamespace(**{exercise.name: exercise})})
    assert text.startswith(f"[{exercise.name}] 아직 답이 비어 있습니다.")
    assert "여기를 채우세요" in exercise.blank and "오류" not in text


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("nothing", [None, ...])
def test_nothing_at_all_is_a_blank(exercise, nothing):
    assert "아직 답이 비어 있습니다" in printed(exercise.check, nothing)


@pytest.mark.parametrize(("exercise", "code", "words"), WRONG)
def test_wrong_answer_is_told_what_is_wrong(exercise, code, words):
    assert code != exercise.source
    text = printed(exercise.check, answer_of(exercise, code))
    assert text.startswith(f"[{exercise.name}] 아직 맞지 않습니다.\n- 확인한 것: {exercise.answer}")
    assert words in text and "- 힌트: " in text and ("- 나온 결과: " in text or "- 오류: " in text)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_there_are_enough_wrong_answers_hints_and_cases(exercise):
    assert len(exercise.wrong) >= 4 and len({code for code, _ in exercise.wrong}) == len(exercise.wrong)
    assert len(exercise.hints) >= 2 and len(exercise.cases) >= 3


@pytest.mark.parametrize("exercise", EXERCISES)
def test_hints_come_one_after_another_and_begin_again(exercise):
    rounds = [printed(exercise.hint) for _ in range(2 * (len(exercise.hints) + 1))]
    half = len(rounds) // 2
    assert rounds[:half] == rounds[half:]
    for number, hint in enumerate(exercise.hints):
        assert rounds[number] == f"[{exercise.name}] 힌트 {number + 1}/{len(exercise.hints)}: {spoken(hint)}\n"
    assert f"ex.{exercise.name}.solution()" in rounds[half - 1]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_solution_shows_code_and_explanation(exercise):
    assert printed(exercise.solution) == f"{exercise.source}\n\n{spoken(exercise.explanation)}\n"
    assert exercise.source in exercise.folded and exercise.folded.startswith("<details><summary>풀이 보기</summary>")


@pytest.mark.parametrize("exercise", EXERCISES)
def test_everything_a_learner_reads_is_polite_korean(exercise):
    texts = [exercise.question, exercise.explanation, *exercise.hints, *(case.why for case in exercise.cases)]
    for text in texts:
        assert HANGUL.search(text) and re.search(r"(니다|세요|요|까)[.?]$", text), text
        assert unicodedata.is_normalized("NFC", text)
    for code in (exercise.blank, exercise.source):
        assert max(map(len, code.split("\n"))) <= 88 and len(code.split("\n")) <= 15


def test_feedback_is_the_same_in_every_process():
    code = ("from klue_helpers.exercises import lecture02 as ex\n"
            "for q in ex.EXERCISES:\n"
            "    for source in (q.source, q.blank, *(w for w, _ in q.wrong)):\n"
            "        names = {}\n        exec(source, names)\n        q.check(names[q.answer])\n"
            "ex.q1.check(lambda train, test: set('가나다'))\n"
            "ex.q1.check(lambda train, test: (t for t in test))\n"
            "ex.q5.check(lambda word, vocab: 1 / 0)\n"
            "ex.q6.check(lambda f, train, test: object())\n")
    outputs = [subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True,
                              env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}) for seed in ("1", "2")]
    assert outputs[0].stdout == outputs[1].stdout and outputs[0].stderr == ""
    assert " at 0x" not in outputs[0].stdout and outputs[0].stdout.count("맞았습니다") == len(lecture02.EXERCISES)


# ---- lecture 2: other right answers, and the solutions against independent ones

@pytest.mark.parametrize(("exercise", "code"), [
    (lecture02.q1, "import re\nfrom unicodedata import normalize as n\ndef leaked(train, test):\n"
                   "    k = lambda t: re.sub(r'\\s', '', n('NFC', t))\n"
                   "    return list(filter(lambda t: k(t) in map(k, train), test))"),
    (lecture02.q2, "import re\ndef find_prices(s):\n    p = r'(?:[\\d,]+[만천]?\\s?)*[\\d,]+[만천]?\\s?원'\n"
                   "    p += r'(?=[^가-힣]|$|[은이을에의도만]|짜리|입니다)'\n"
                   "    return [m.group() for m in re.finditer(p, s)]"),
    (lecture02.q3, "from itertools import groupby\ndef squeeze(text):\n"
                   "    runs = [(c, len(list(g))) for c, g in groupby(text)]\n"
                   "    return ''.join(c * (min(n, 2) if c in 'ㅋㅎㅠㅜ!?' else n) for c, n in runs)"),
    (lecture02.q4, "import unicodedata\ndef attach(noun, a, b):\n    last = unicodedata.normalize('NFD', noun)[-1]\n"
                   "    return unicodedata.normalize('NFC', noun) + (a if '\\u11a8' <= last <= '\\u11c2' else b)"),
    (lecture02.q6, "from collections import Counter\nimport numpy as np\ndef unknown_rate(f, train, test):\n"
                   "    seen = Counter(t for s in train for t in f(s))\n"
                   "    got = Counter(t for s in test for t in f(s))\n"
                   "    return np.float32(sum(n for t, n in got.items() if t not in seen) / max(got.total(), 1))"),
    (lecture02.q7, "from unicodedata import normalize\nanswer = {\n"
                   "    t: [len(normalize(f, t)) for f in ('NFC', 'NFD', 'NFKC')]\n"
                   "    for t in ('바다', '닭', 'ㅋㅋㅋ', '㎏', 'ㅎㅏ')}"),
])
def test_other_right_answers_pass(exercise, code):
    assert "맞았습니다" in printed(exercise.check, answer_of(exercise, code))


@given(st.text(alphabet="가나무꾼", min_size=1, max_size=8),
       st.sets(st.text(alphabet="가나무꾼", min_size=1, max_size=3), max_size=8),
       st.sets(st.text(alphabet="가나무꾼", min_size=1, max_size=3), max_size=8))
def test_wordpiece_solution_is_the_librarys(word, first, later):
    from tokenizers.models import WordPiece

    vocab = ["[UNK]", *sorted(first), *sorted(f"##{piece}" for piece in later)]
    model = WordPiece({piece: i for i, piece in enumerate(vocab)}, unk_token="[UNK]")
    expected = [token.value for token in model.tokenize(word)]
    assert answer_of(lecture02.q5, lecture02.q5.source)(word, set(vocab)) == expected


@given(st.integers(0, 11171))
def test_attach_solution_agrees_with_decomposition(number):
    syllable = chr(0xAC00 + number)
    attach = answer_of(lecture02.q4, lecture02.q4.source)
    has_final = len(unicodedata.normalize("NFD", syllable)) == 3
    assert attach(syllable, "을", "를") == syllable + ("을" if has_final else "를")


@given(st.text(alphabet="ㅋㅎㅠㅜ!?0가.\n ", max_size=30))
def test_squeeze_solution_leaves_no_run_of_three_and_nothing_else_changed(text):
    got = answer_of(lecture02.q3, lecture02.q3.source)(text)
    assert not re.search(r"ㅋㅋㅋ|ㅎㅎㅎ|ㅠㅠㅠ|ㅜㅜㅜ|!!!|\?\?\?", got)
    assert re.sub("[ㅋㅎㅠㅜ!?]", "", got) == re.sub("[ㅋㅎㅠㅜ!?]", "", text)


# ---- the frame

def test_value_instead_of_function_is_told():
    text = printed(lecture02.q4.check, "서울을")
    assert "함수가 아니라 str 값이" in text and "ex.q4.check(attach)" in text


def test_error_in_the_answer_is_reported_with_its_line():
    function = answer_of(lecture02.q4, "def attach(noun, a, b):\n    last = noun[-1]\n    return last + 1")
    text = printed(lecture02.q4.check, function)
    assert '- 오류: TypeError: can only concatenate str (not "int") to str (셀의 3번째 줄)' in text


def test_wrong_number_of_parameters_is_reported():
    assert "- 오류: TypeError:" in printed(lecture02.q4.check, lambda noun: noun)


def test_interrupting_the_kernel_still_works():
    def endless(word, vocab):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lecture02.q5.check(endless)


def test_none_in_one_branch_only_is_wrong_and_not_a_blank():
    text = printed(lecture02.q1.check, lambda train, test: ["결말이 아쉽다"] if "결말이 아쉽다" in train else None)
    assert "아직 맞지 않습니다" in text and "return이 있는지" in text


def test_error_after_none_is_not_a_blank():
    exercise = make(cases=(Case((0,), 1, "하나입니다."), Case((1,), 1, "하나입니다.")))
    assert "아직 맞지 않습니다" in exercise.feedback(lambda x: 1 / 0 if x else None)


def test_expected_none_is_right_and_no_blank():
    exercise = make(cases=(Case((1,), None, "없습니다."),))
    assert "맞았습니다" in exercise.feedback(lambda x: None)
    assert "아직 맞지 않습니다" in exercise.feedback(lambda x: 3)


def test_mutated_arguments_reach_neither_later_cases_nor_the_message():
    shared = [3, 1, 2]
    exercise = make(cases=(*[Case((shared,), 3, "셋입니다.")] * 2, Case((shared,), 9, "아홉입니다.")))

    def emptying(x):
        size = len(x)
        x.clear()
        return size

    text = exercise.feedback(emptying)
    assert "확인한 것: f([3, 1, 2])" in text and "나온 결과: 3" in text and shared == [3, 1, 2]


def test_one_result_object_used_again_is_judged_when_it_comes():
    result = []

    def growing(x):
        result.append(x)
        return result

    exercise = make(cases=(Case((1,), [1], "하나입니다."), Case((2,), [2], "앞의 것이 남았습니다.")))
    assert "나온 결과: [1, 2]" in exercise.feedback(growing)


def test_half_filled_value_is_a_blank():
    half = {"바다": (2, 4, 2), "닭": (1, ..., 1), "ㅋㅋㅋ": (3, 3, 3), "㎏": (1, 1, 2), "ㅎㅏ": (2, 2, 1)}
    assert "아직 답이 비어 있습니다" in printed(lecture02.q7.check, half)


def test_wrong_value_does_not_give_the_right_one_away():
    exercise = make("answer = 17", cases=(Case((), 17, "다시 세어 보세요."),))
    text = exercise.feedback(18)
    assert "17" not in text and "나온 결과: 18" in text and "확인한 것: answer\n" in text
    assert "맞았습니다" in exercise.feedback(np.int64(17))


@pytest.mark.parametrize("odd", [3, "닭", [], {}, {"바다": None}, object(), len, {1, 2}])
def test_odd_values_are_told_and_not_raised(odd):
    assert re.match(r"\[q7\] 아직 (맞지 않습니다|답이 비어)", printed(lecture02.q7.check, odd))


def test_long_results_are_cut():
    text = make(cases=(Case((1,), "짧다", "짧습니다."),)).feedback(lambda x: "길" * 5000)
    assert len(text) < 700 and " …" in text


def test_repr_does_not_spoil():
    assert repr(lecture02.q1) == "[q1] 학습 자료에서 새어 나온 글 찾기"


# ---- comparing

@pytest.mark.parametrize(("got", "expected"), [
    (0.1 + 0.2, 0.3), (3, 3.0), (Fraction(1, 2), 0.5), (np.float32(0.5), 0.5), (np.int64(3), 3),
    (float("nan"), float("nan")),
    (float("inf"), float("inf")), (10**400, 10**400), (np.True_, True), ((1, 2), [1, 2]),
    ({"가": [1]}, {"가": (1.0,)}), (Counter("가가"), {"가": 2}),
    (np.array([1, 2]), np.array([1.0, 2.0])), (np.array([1, 2], dtype=np.uint8), np.array([1, 2])),
    (np.array([np.nan, 1]), np.array([np.nan, 1])),
    (np.zeros((0, 3)), np.zeros((0, 3))), (np.array(["가"]), np.array(["가"])),
    ({1, 2}, {2, 1}), (None, None), ("", ""),
])
def test_equal_enough(got, expected):
    assert difference(got, expected) == ""


@pytest.mark.parametrize(("got", "expected", "words"), [
    (0.31, 0.3, "허용 오차 1e-06"), (float("nan"), 0.3, "유한한 수가 아닙니다"),
    (float("-inf"), 0.3, "유한한 수가 아닙니다"), (10**400, 0.5, "유한한 수가 아닙니다"),
    (4, 3, "값이 다릅니다"), (3.0, 3, "정수여야 하는데 float입니다"), (3.0000001, 3, "//를 씁니다"),
    (np.float32(3), 3, "정수여야"), (Fraction(3), 3, "정수여야"), (10**18 + 1, 10**18, "값이 다릅니다"),
    ([1, 2.0], [1, 2], "2번째: 정수여야"), (47.5, 47.0, "허용 오차"),
    (True, 1, "나온 자료형: bool, 필요한 자료형: int"),
    ("3", 3, "나온 자료형: str"), (None, 3, "돌아온 값이 없습니다"), ({1}, [1], "나온 자료형: set"),
    ([1], [1, 2], "나온 길이: 1, 필요한 길이: 2"), ([1, 3], [1, 2], "2번째: 값이 다릅니다"),
    ("\u1100\u1161", "가", "유니코드 정규형"), (" 가", "가", "공백만"), ("나", "가", "글자가"),
    ({"가": 1}, {"나": 1}, "빠진 키: ['나'], 남는 키: ['가']"), ({"가": 1}, {"가": 2}, "키 '가': 값이 다릅니다"),
    ({1}, {2}, "모자란 원소가 1개, 남는 원소가 1개"),
    (np.zeros((2, 3)), np.zeros((3, 2)), "나온 모양: (2, 3), 필요한 모양: (3, 2)"),
    ([1, 2], np.array([1, 2]), "나온 자료형: list, 필요한 자료형: array 또는 tensor"),
    (np.array([[1, 2], [3, 9]]), np.array([[1, 2], [3, 4]]),
     "4개 가운데 1개가 다릅니다. 첫 자리: [1, 1]."),
    (np.array([1, np.nan]), np.array([1.0, 2.0]), "nan이나 inf가 1개"),
    (np.array(["나"]), np.array(["가"]), "배열의 값이"),
    (np.array([1.0, 2.0]), np.array([1, 2]), "나온 자료형: float64, 필요한 자료형: 정수"),
    (np.array([1, 0]), np.array([True, False]), "필요한 자료형: 참·거짓(bool)"),
    (np.array([10**15 + 1]), np.array([10**15]), "1개 가운데 1개가 다릅니다. 첫 자리: [0]."),
])
def test_different(got, expected, words):
    assert words in difference(got, expected)


def test_tolerance_is_the_exercises_own_and_absolute():
    exercise = make(cases=(Case((1,), 47.292, "사십칠입니다."),), tolerance=1e-2)
    assert "맞았습니다" in exercise.feedback(lambda x: 47.3)
    assert "허용 오차 0.01보다" in exercise.feedback(lambda x: 47.0)


def test_tensors_of_every_kind_are_compared_as_arrays():
    import torch

    expected = np.array([[0.5, 1.0]])
    for tensor in (torch.tensor([[0.5, 1.0]]), torch.tensor([[0.5, 1.0]], dtype=torch.bfloat16),
                   torch.tensor([[0.5, 1.0]], requires_grad=True) * 1):
        assert difference(tensor, expected) == "" and difference(expected, tensor) == ""
        assert show(tensor) == "[[0.5, 1. ]]"
    assert difference(torch.tensor(3), 3) == "" and show(torch.tensor(0.25)) == "0.25"
    assert "나온 모양: (2,)" in difference(torch.tensor([0.5, 1.0]), expected)


@pytest.mark.parametrize(("value", "text"), [
    ({"나", "가"}, "{'가', '나'}"), (set(), "set()"), ((1,), "(1,)"), ((), "()"),
    ({"가": [1, 2.50]}, "{'가': [1, 2.5]}"),
    (str.split, "str.split"), (list, "list"), (np.float64(0.5), "0.5"), (1 / 3, "0.33333333"), (float("nan"), "nan"),
    ("\u1100\u1161", "'\u1100\u1161' (NFC가 아님, 2자)"), ("가\n", "'가\\n'"), (object(), "<object object>"),
])
def test_show(value, text):
    assert show(value) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8)


@given(VALUES, VALUES)
def test_comparing_any_values_never_raises_and_a_value_equals_itself(got, expected):
    assert difference(got, got) == ""
    assert isinstance(difference(got, expected), str) and "\n" not in show(got)
