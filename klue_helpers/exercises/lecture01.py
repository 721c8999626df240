"""Exercises of lecture 1: PPMI, pieces of words, interpolation, perplexity, attention (taught in lecture 1)."""

import math

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''import numpy as np

def ppmi_table(table):
    together = table / table.sum()
    expected = np.outer(together.sum(axis=1), together.sum(axis=0))
    ratio = np.where(together > 0, together / expected, 1)
    return np.maximum(np.log(ratio), 0)'''

q1 = Exercise(
    name="q1",
    title="우연보다 자주 만난 만큼",
    question=(
        "NumPy로 `ppmi_table(table)`을 완성하세요. `table[i, j]`는 낱말 i의 곁에 낱말 j가 나온 "
        "횟수(실수)입니다. 로그(자연로그)를 "
        "취한 점별 상호 정보량에서 음수를 0으로 자른, 같은 모양의 배열을 돌려줍니다. 한 번도 만나지 않은 칸은 0입니다."
    ),
    answer="ppmi_table",
    blank="import numpy as np\n\ndef ppmi_table(table):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "따로 나올 확률의 곱은 둘이 아무 상관이 없을 때 만날 확률입니다. 그보다 자주 만난 칸만 양수로 "
        "남습니다."
    ),
    hints=(
        "전체의 합으로 나누면 함께 나올 확률이 됩니다. 줄의 합과 칸의 합이 따로 나올 확률입니다.",
        "만난 횟수가 0인 칸은 비를 1로 두면 로그가 0이 됩니다.",
    ),
    cases=(
        Case((np.array([[2.0, 0.0], [0.0, 2.0]]),), np.array([[math.log(2), 0.0], [0.0, math.log(2)]]),
             "우연이면 칸마다 1/4일 텐데 대각선은 1/2이므로 log 2입니다. 만나지 않은 칸은 0입니다."),
        Case((np.ones((2, 2)),), np.zeros((2, 2)), "우연과 똑같이 만나면 모두 0입니다."),
        Case((np.array([[3.0, 1.0], [1.0, 3.0]]),), np.array([[math.log(1.5), 0.0], [0.0, math.log(1.5)]]),
             "우연보다 덜 만난 칸의 음수는 0으로 자릅니다."),
        Case((np.array([[6.0, 2.0], [1.0, 1.0]]),), np.array([[math.log(15 / 14), 0.0], [0.0, math.log(5 / 3)]]),
             "흔한 낱말과 드문 낱말은 우연히 만날 확률도 다릅니다. 줄의 합과 칸의 합을 모두 썼는지 살펴보세요."),
    ),
    wrong=(
        (_Q1.replace("np.maximum(np.log(ratio), 0)", "np.log(ratio)"), "음수는 0으로"),
        (_Q1.replace("np.log(ratio)", "ratio"), "log 2입니다"),
        (_Q1.replace("np.log(ratio)", "np.log2(ratio)"), "log 2입니다"),
        (_Q1.replace("np.outer(together.sum(axis=1), together.sum(axis=0))", "1 / table.size"), "줄의 합과 칸의 합"),
        (_Q1.replace("together.sum(axis=0))", "together.sum(axis=1))"), "줄의 합과 칸의 합"),
        (_Q1.replace("np.outer(together.sum(axis=1), together.sum(axis=0))",
                     "np.outer(together.sum(axis=0), together.sum(axis=1))"), "줄의 합과 칸의 합"),
    ),
)

_Q2 = '''def share_pieces(first, second, size):
    def pieces(word):
        marked = f"<{word}>"
        return {marked[start:start + size] for start in range(len(marked) - size + 1)}

    both = pieces(first) | pieces(second)
    return len(pieces(first) & pieces(second)) / len(both) if both else 0.0'''

q2 = Exercise(
    name="q2",
    title="두 낱말이 함께 가진 조각",
    question=(
        "함수 `share_pieces(first, second, size)`를 완성하세요. FastText처럼 낱말의 앞뒤에 `<`와 `>`를 "
        "붙이고 `size`글자씩의 조각을 "
        "모아, 두 집합의 교집합의 크기를 합집합의 크기로 나눈 값을 돌려줍니다. 조각이 하나도 없으면 0입니다."
    ),
    answer="share_pieces",
    blank="def share_pieces(first, second, size):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation="앞뒤의 표시가 있어야 낱말의 처음과 끝에 있는 조각이 가운데의 조각과 구별됩니다.",
    hints=("글자 n개에서 size글자 조각은 n - size + 1개입니다.", "집합으로 만들면 &와 |를 쓸 수 있습니다."),
    cases=(
        Case(("눈", "눈", 2), 1.0, "같은 낱말이면 조각이 모두 같습니다."),
        Case(("눈물", "눈길", 2), 0.2, "<눈이 같고, 눈물·물>·눈길·길>이 다르므로 다섯 가운데 하나입니다."),
        Case(("눈", "눈", 5), 0.0, "낱말이 조각보다 짧으면 조각이 없습니다. 나누기 전에 확인하세요."),
        Case(("꽃나무", "배나무", 3), 0.2,
             "세 글자씩 자르면 나무>만 같습니다. 처음부터가 아니라 자리마다 size글자를 자르세요."),
        Case(("하하하", "하하", 2), 1.0, "되풀이된 조각은 한 번만 셉니다. 집합은 <하, 하하, 하>로 같습니다."),
    ),
    wrong=(
        (_Q2.replace('f"<{word}>"', "word"), "조각이 모두 같습니다"),
        (_Q2.replace(" if both else 0.0", ""), "조각이 없습니다"),
        (_Q2.replace("/ len(both)", "/ len(pieces(first))"), "다섯 가운데 하나"),
        (_Q2.replace("marked[start:start + size]", "marked[:start + size]"), "자리마다 size글자"),
        (_Q2.replace("{marked[start:start + size] for start in range(len(marked) - size + 1)}",
                     "{marked[i:i + 2] for i in range(len(marked) - 1)} if len(marked) >= size else set()"),
         "자리마다 size글자"),
        ("def share_pieces(first, second, size):\n    def pieces(word):\n        word = f'<{word}>'\n"
         "        return [word[i:i + size] for i in range(len(word) - size + 1)]\n\n"
         "    a, b = pieces(first), pieces(second)\n    both = sum(piece in b for piece in a)\n"
         "    return both / (len(a) + len(b) - both) if a and b else 0.0", "한 번만 셉니다"),
    ),
)

_Q3 = '''def interpolate(counts, total, before, after, size, share):
    pair = counts.get((before, after), 0)
    context = sum(count for (left, _), count in counts.items() if left == before)
    alone = sum(count for (_, right), count in counts.items() if right == after)
    lower = share * alone / total + (1 - share) / size
    return share * pair / context + (1 - share) * lower if context else lower'''

q3 = Exercise(
    name="q3",
    title="짧은 문맥과 섞기",
    question=(
        "함수 `interpolate(counts, total, before, after, size, share)`를 완성하세요. "
        "`counts[(앞, 뒤)]`는 두 글자가 이어 나온 횟수이고 "
        "`total`은 그 합, `size`는 어휘의 크기입니다. 2-gram 확률을 `share`만큼, 나머지는 짧은 문맥의 "
        "확률로 섞습니다. 짧은 문맥의 확률은 "
        "뒤 글자의 1-gram 확률을 `share`만큼, 나머지를 1/size로 섞은 것입니다. 앞 글자를 본 적이 "
        "없으면 짧은 문맥의 확률만 씁니다."
    ),
    answer="interpolate",
    blank="def interpolate(counts, total, before, after, size, share):\n    ...  # 여기를 채우세요",
    source=_Q3,
    explanation="1/size까지 섞어 두면 어떤 글자가 와도 확률이 0이 되지 않아 퍼플렉서티가 무한대로 가지 않습니다.",
    hints=("앞 글자로 시작하는 횟수를 모두 더한 것이 2-gram의 분모입니다.", "먼저 짧은 문맥의 확률을 셈해 두세요."),
    cases=(
        Case(({("가", "나"): 3, ("가", "다"): 1}, 4, "가", "나", 4, 0.5), 0.5 * 0.75 + 0.5 * (0.5 * 0.75 + 0.125),
             "2-gram 3/4과 짧은 문맥의 0.5를 절반씩 섞습니다."),
        Case(({("가", "나"): 3, ("가", "다"): 1}, 4, "라", "나", 4, 0.5), 0.5,
             "‘라’를 본 적이 없으면 짧은 문맥의 확률만 씁니다."),
        Case(({("가", "나"): 3, ("가", "다"): 1}, 4, "가", "마", 4, 0.5), 0.0625,
             "처음 보는 글자에도 확률이 남아야 합니다."),
        Case(({("가", "나"): 3, ("가", "다"): 1, ("라", "나"): 4}, 8, "가", "나", 10, 0.8), 0.744,
             "0.8을 2-gram에, 0.2를 짧은 문맥에 줍니다. 2-gram의 분모는 total이 아니라 앞 글자가 나온 횟수 4입니다."),
    ),
    wrong=(
        (_Q3.replace(" + (1 - share) / size", ""), "절반씩"),
        (_Q3.replace(" if context else lower", ""), "본 적이 없으면"),
        (_Q3.replace(" + (1 - share) * lower if", " if"), "절반씩"),
        (_Q3.replace("pair / context", "pair / total"), "total이 아니라"),
        (_Q3.replace("share * pair / context + (1 - share) * lower", "(1 - share) * pair / context + share * lower"),
         "0.8을 2-gram에"),
        (_Q3.replace("/ size", "/ 4"), "0.2를 짧은 문맥에"),
        (_Q3.replace("for (_, right), count in counts.items() if right == after",
                     "for (left, _), count in counts.items() if left == after"), "절반씩"),
    ),
)

_Q4 = '''import math

def perplexity(chances):
    return math.exp(-sum(math.log(chance) for chance in chances) / len(chances))'''

q4 = Exercise(
    name="q4",
    title="몇 갈래 길에서 헤맸습니까",
    question=(
        "함수 `perplexity(chances)`를 완성하세요. `chances`는 모델이 실제로 나온 글자마다 매긴 확률의 "
        "리스트입니다. 글이 아주 길어도 "
        "0이 되거나 넘치지 않게, 곱하지 말고 로그를 더하세요."
    ),
    answer="perplexity",
    blank="import math\n\ndef perplexity(chances):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation="퍼플렉서티는 확률의 기하 평균의 역수입니다. 4라면 글자마다 네 갈래에서 고른 만큼 헷갈린 것입니다.",
    hints=("음의 로그 확률을 평균하세요.", "평균에 exp를 취합니다."),
    cases=(
        Case(([0.25, 0.25, 0.25],), 4.0, "언제나 1/4이면 네 갈래에서 고르는 것과 같습니다."),
        Case(([1.0, 0.25],), 2.0, "산술 평균이 아니라 기하 평균입니다."),
        Case(([0.1] * 2_000,), 10.0, "확률을 그대로 곱하면 2,000글자에서 0이 됩니다."),
    ),
    wrong=(
        ("def perplexity(chances):\n    return len(chances) / sum(chances)", "기하 평균"),
        ("import math\n\ndef perplexity(chances):\n    return math.prod(chances) ** (-1 / len(chances))", "0이 됩니다"),
        (_Q4.replace("math.exp(-", "math.exp("), "네 갈래"),
        (_Q4.replace(" / len(chances)", ""), "네 갈래"),
        (_Q4.replace("math.log(chance)", "math.log2(chance)"), "네 갈래"),
    ),
)

_Q5 = '''import numpy as np

def attend_once(query, keys, values):
    scores = keys @ query / np.sqrt(len(query))
    shares = np.exp(scores - scores.max())
    return shares / shares.sum() @ values'''

q5 = Exercise(
    name="q5",
    title="질의 하나의 어텐션",
    question=(
        "NumPy로 `attend_once(query, keys, values)`를 완성하세요. 모양은 차례로 (d,), (n, d), (n, v)입니다. "
        "내적을 √d로 나누고 소프트맥스를 "
        "취한 비율로 값을 섞은 (v,)를 돌려줍니다. 점수가 아주 커도 넘치지 않아야 합니다."
    ),
    answer="attend_once",
    blank="import numpy as np\n\ndef attend_once(query, keys, values):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation=(
        "어텐션은 하나를 고르는 대신 닮은 정도로 섞습니다. 그래서 미분할 수 있고, 어디를 볼지 배울 수 "
        "있습니다."
    ),
    hints=("keys @ query가 점수 n개입니다.", "소프트맥스 전에 가장 큰 점수를 빼세요."),
    cases=(
        Case((np.zeros(2), np.ones((2, 2)), np.array([[1.0], [3.0]])), np.array([2.0]),
             "점수가 같으면 값의 평균입니다."),
        Case((np.array([2.0, 0, 0, 0]), np.array([[1.0, 0, 0, 0], [2.0, 0, 0, 0]]), np.array([[0.0], [1.0]])),
             np.array([0.731058578]), "내적 2와 4를 √4로 나누면 1과 2입니다."),
        Case((np.array([1e4]), np.array([[1.0], [1.0]]), np.array([[1.0], [3.0]])), np.array([2.0]),
             "점수가 10,000이어도 넘치지 않아야 합니다."),
        Case((np.ones(2), np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([[1.0, 10.0], [3.0, 20.0]])),
             np.array([1.0, 10.0]) + np.array([2.0, 10.0]) / (1 + math.exp(-math.sqrt(2))),
             "값이 두 칸이면 칸마다 따로 섞습니다. 점수는 1/√2과 3/√2이니 //로 소수를 버리면 안 됩니다."),
    ),
    wrong=(
        (_Q5.replace(" / np.sqrt(len(query))", ""), "√4로"),
        (_Q5.replace(" - scores.max()", ""), "넘치지 않아야"),
        (_Q5.replace("shares / shares.sum() @ values", "shares @ values"), "값의 평균"),
        (_Q5.replace("shares / shares.sum() @ values", "np.array([(shares / shares.sum() @ values).sum()])"),
         "칸마다 따로 섞습니다"),
        (_Q5.replace("keys @ query / np", "keys @ query // np"), "소수를 버리면"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5)
